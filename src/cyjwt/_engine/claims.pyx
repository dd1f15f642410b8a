"""The claim checks of RFC 7519 section 4.1, over the text of the claims, without Python objects.

The order of checks decides which error a token with several faults gets: required claims, the types of
the three dates, the dates, the issuer, the audience, the subject, the ``jti``.
"""

cimport cython
from libc.math cimport INFINITY
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp

from cyjwt._engine.clock cimport LAST_SECOND
from cyjwt._engine.jsonlex cimport (
    ABSENT,
    ARRAY,
    CYJWT_JSON_SLACK,
    ESCAPED,
    FRACTION,
    INTEGER,
    NULL_VALUE,
    STRING,
    skip_space,
    unescape,
)
from cyjwt._engine.jsonscan cimport add_name, take_string
from cyjwt._engine.status cimport (
    AUD_MALFORMED,
    AUDIENCE_REFUSED,
    AUDIENCE_UNEXPECTED,
    CLAIM_MISSING,
    EXP_MALFORMED,
    EXPIRED,
    IAT_MALFORMED,
    IMMATURE_IAT,
    IMMATURE_NBF,
    ISS_MALFORMED,
    ISSUER_REFUSED,
    JTI_MALFORMED,
    NBF_MALFORMED,
    SUB_MALFORMED,
    SUBJECT_REFUSED,
    TOO_OLD,
    VALID,
)

LAST_DATE = LAST_SECOND
REGISTERED = ("exp", "nbf", "iat", "iss", "aud", "sub", "jti")


cdef Text keep_text(str value, list texts) except *:
    return keep_octets(value.encode(), texts)


cdef Text keep_octets(bytes raw, list texts) except *:
    cdef bytes padded = raw + bytes(CYJWT_JSON_SLACK)
    cdef Text text
    texts.append(padded)
    text.start = <const uint8_t*>padded
    text.length = <size_t>len(raw)
    return text


cdef Text* keep_texts(tuple values, list texts) except NULL:
    cdef Text* kept = <Text*>malloc((len(values) + 1) * sizeof(Text))
    cdef size_t i = 0
    if kept == NULL:
        raise MemoryError
    try:
        for value in values:
            kept[i] = keep_text(value, texts)
            i += 1
    except BaseException:
        free(kept)
        raise
    return kept


@cython.no_gc
cdef class ClaimRules:
    """What a token's claims must satisfy, in the form that the check reads. Options come validated.

    Args:
        required: names of claims that must be present and not null.
        issuers: the issuers that will do; empty where any will.
        audiences: the audiences that this verifier answers to; empty where it has none.
        subject: the subject expected, or ``None``.
        leeway: seconds by which clocks may differ.
        max_age: seconds since ``iat``, or a negative number.
        unchecked: names of registered claims that are as good as absent. They may still be required.

    Raises:
        ValueError: more required claims than there is room for.
    """

    def __cinit__(
        self, tuple required, tuple issuers, tuple audiences, str subject, double leeway, double max_age,
        tuple unchecked=(),
    ):
        cdef Text text
        cdef int i
        if len(required) > MAX_NAMES:
            raise ValueError(f"at most {MAX_NAMES} claims can be required")
        self._texts = []
        placed = tuple(None if name in unchecked else name for name in REGISTERED)
        self._names = placed + tuple(name for name in required if name not in placed)
        for i, name in enumerate(self._names):
            # No member has a name that is not UTF-8, so that nothing is ever found for a claim unchecked.
            if name is None:
                text = keep_octets(bytes((0xFF, i)), self._texts)
            else:
                text = keep_text(name, self._texts)
            if add_name(&self.names, text.start, text.length) < 0:
                raise ValueError(f"at most {MAX_NAMES - REGISTERED_COUNT} private claims can be required")
        for i, name in enumerate(required):
            self.required[i] = self._names.index(name)
        self.required_count = <int>len(required)
        self.issuers = keep_texts(issuers, self._texts)
        self.issuer_count = <size_t>len(issuers)
        self.audiences = keep_texts(audiences, self._texts)
        self.audience_count = <size_t>len(audiences)
        if subject is not None:
            self.subject = keep_text(subject, self._texts)
        self.leeway = leeway
        self.max_age = max_age

    def __dealloc__(self):
        free(self.issuers)
        free(self.audiences)


cdef object claim_name(ClaimRules rules, int index):
    return rules._names[index]


cdef bint text_equals(const Member* member, const uint8_t* value, size_t length) noexcept nogil:
    cdef const uint8_t* p = member.start
    cdef const uint8_t* end = p + member.length
    cdef uint8_t[8] piece
    cdef size_t unit, size
    if not member.flags & ESCAPED:
        return member.length == length and memcmp(p, value, length) == 0
    # Decoded piece by piece, so that it needs no memory however long the text is.
    while p < end:
        unit = 1
        if p[0] == 0x5C:
            unit = 2
            if p[1] == 0x75:
                unit = 12 if p[2] | 0x20 == 0x64 and p[3] | 0x20 in (0x38, 0x39, 0x61, 0x62) else 6
        size = unescape(p, unit, piece)
        if size > length or memcmp(piece, value, size) != 0:
            return False
        value += size
        length -= size
        p += unit
    return length == 0


cdef bint is_one_of(const Member* member, const Text* texts, size_t count) noexcept nogil:
    cdef size_t i
    for i in range(count):
        if text_equals(member, texts[i].start, texts[i].length):
            return True
    return False


cdef inline bint read_date(const Member* member, double* value) noexcept nogil:
    """The NumericDate of RFC 7519 section 2, from 1970 to 9999; fractions are legal."""
    if member.kind != INTEGER and member.kind != FRACTION:
        return False
    value[0] = member.value
    return 0 <= member.value <= <double>LAST_SECOND


cdef int read_dates(const Member* members, Dates* out) noexcept nogil:
    """A Status."""
    out.exp = INFINITY
    out.nbf = out.iat = 0
    if members[EXP].kind != ABSENT and not read_date(&members[EXP], &out.exp):
        return EXP_MALFORMED
    if members[NBF].kind != ABSENT and not read_date(&members[NBF], &out.nbf):
        return NBF_MALFORMED
    if members[IAT].kind != ABSENT and not read_date(&members[IAT], &out.iat):
        return IAT_MALFORMED
    return VALID


cdef void note_dates(const Member* members, Dates* out) noexcept nogil:
    read_dates(members, out)


cdef inline int judge_span(ClaimRules rules, const Dates* dates, double now) noexcept nogil:
    if now >= dates.exp + rules.leeway:
        return EXPIRED
    if dates.nbf > now + rules.leeway:
        return IMMATURE_NBF
    if dates.iat > now + rules.leeway:
        return IMMATURE_IAT
    return VALID


cdef inline int judge_age(ClaimRules rules, const Dates* dates, double now) noexcept nogil:
    if rules.max_age >= 0 and now > dates.iat + rules.max_age + rules.leeway:
        return TOO_OLD
    return VALID


cdef int judge_dates(ClaimRules rules, const Dates* dates, double now) noexcept nogil:
    cdef int status = judge_span(rules, dates, now)
    return judge_age(rules, dates, now) if status == VALID else status


cdef int check_dates(ClaimRules rules, const Member* members, double now, int* absent) noexcept nogil:
    cdef Dates dates
    cdef int status = read_dates(members, &dates)
    if status == VALID:
        status = judge_span(rules, &dates, now)
    if status == VALID and rules.max_age >= 0 and members[IAT].kind == ABSENT:
        absent[0] = IAT
        return CLAIM_MISSING
    return judge_age(rules, &dates, now) if status == VALID else status


cdef int check_audience(ClaimRules rules, const Member* aud) noexcept nogil:
    """RFC 7519 section 4.1.3. Every member of a list must be a string, whichever one matches."""
    cdef const uint8_t* p
    cdef Member name
    cdef bint found = False
    if aud.kind == STRING:
        found = is_one_of(aud, rules.audiences, rules.audience_count)
    elif aud.kind == ARRAY:
        p = skip_space(aud.start + 1)
        if p[0] == 0x5D:
            return AUD_MALFORMED
        while p[0] != 0x5D:
            p = take_string(p, &name)
            if p == NULL:
                return AUD_MALFORMED
            found = found or is_one_of(&name, rules.audiences, rules.audience_count)
    else:
        return AUD_MALFORMED
    if found:
        return VALID
    # A token for somebody is not for a verifier that is nobody.
    return AUDIENCE_REFUSED if rules.audience_count else AUDIENCE_UNEXPECTED


cdef int check_claims(ClaimRules rules, const Member* members, double now, int* absent) noexcept nogil:
    cdef int i, status
    for i in range(rules.required_count):
        if members[rules.required[i]].kind <= NULL_VALUE:
            absent[0] = rules.required[i]
            return CLAIM_MISSING
    status = check_dates(rules, members, now, absent)
    if status != VALID:
        return status
    if members[ISS].kind == ABSENT:
        if rules.issuer_count:
            absent[0] = ISS
            return CLAIM_MISSING
    elif members[ISS].kind != STRING:
        return ISS_MALFORMED
    elif rules.issuer_count and not is_one_of(&members[ISS], rules.issuers, rules.issuer_count):
        return ISSUER_REFUSED
    if members[AUD].kind != ABSENT:
        status = check_audience(rules, &members[AUD])
        if status != VALID:
            return status
    elif rules.audience_count:
        absent[0] = AUD
        return CLAIM_MISSING
    if members[SUB].kind == ABSENT:
        if rules.subject.start != NULL:
            absent[0] = SUB
            return CLAIM_MISSING
    elif members[SUB].kind != STRING:
        return SUB_MALFORMED
    elif rules.subject.start != NULL:
        if not text_equals(&members[SUB], rules.subject.start, rules.subject.length):
            return SUBJECT_REFUSED
    if members[JTI].kind != ABSENT and members[JTI].kind != STRING:
        return JTI_MALFORMED
    return VALID
