"""The header checks of RFC 7515 section 4.1 and RFC 8725, and the choice of the key.

The header only selects among what the verifier was given: which of the allowed algorithms, which of its
keys. Members that carry or locate keys (``jwk``, ``jku``, ``x5u``, ``x5c``) are not looked at.
"""

cimport cython
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp

from cyjwt._engine.claims cimport keep_text, text_equals
from cyjwt._engine.jsonlex cimport (
    ABSENT,
    ARRAY,
    STRING,
    TRUE_VALUE,
    skip_space,
    unescape,
)
from cyjwt._engine.jsonscan cimport MAX_NAMES, NOT_OBJECT, Member, add_name, scan_object, take_string
from cyjwt._engine.pkey cimport ROWS
from cyjwt._engine.status cimport (
    ALG_NONE,
    ALG_REFUSED,
    ALG_TYPE,
    ALG_UNKNOWN,
    B64_REFUSED,
    CRIT_MALFORMED,
    CRIT_UNKNOWN,
    HEADER_JSON,
    HEADER_NOT_OBJECT,
    JSON_MEMORY,
    JSON_OK,
    KEY_AMBIGUOUS,
    KEY_NOT_FOUND,
    KEY_UNFIT,
    KID_TYPE,
    NO_MEMORY,
    TYP_REFUSED,
    TYP_TYPE,
    VALID,
)

from cyjwt.algorithms import ALGORITHMS

cdef enum:
    ALG = 0
    KID = 1
    TYP = 2
    CRIT = 3
    B64 = 4
    UNDERSTOOD = 5          # the first of the critical names that the caller understands
    TYPE_SIZE = 256         # octets of the longest typ that can be insisted on
    TYPE_TEXT = 6 * (TYPE_SIZE + 12)    # the same after "application/", each written as \uXXXX

cdef list _kept = []
cdef Text _alg_names[ROWS]      # by row id; start is NULL where there is no such row
# RFC 7515 section 4.1.11: crit must not name what the specification itself defines.
REGISTERED = ("alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit")
cdef Text _registered[16]
cdef int _registered_count = 0


def _fill() -> None:
    global _registered_count
    for row in ALGORITHMS.values():
        _alg_names[<int>row.id] = keep_text(row.name, _kept)
    for name in REGISTERED:
        _registered[_registered_count] = keep_text(name, _kept)
        _registered_count += 1


_fill()


@cython.no_gc
cdef class HeaderRules:
    """What a header must satisfy. Options come validated.

    Args:
        keys: of each key the ``kid`` or ``None``, and the ids of the algorithms that it may verify with.
        lone: whether there is one key that serves whatever ``kid`` the header names.
        allowed: the ids of the algorithms that may be used.
        type: the normal form of the ``typ`` to insist on, or ``None``.
        critical: the names of header members whose critical use the caller understands.

    Raises:
        ValueError: more critical names, or a longer type, than there is room for.
    """

    def __cinit__(self, tuple keys, bint lone, tuple allowed, str type, tuple critical):
        cdef Text text
        cdef int i
        self._texts = []
        for name in ("alg", "kid", "typ", "crit", "b64") + critical:
            text = keep_text(name, self._texts)
            if add_name(&self.names, text.start, text.length) < 0:
                raise ValueError(f"at most {MAX_NAMES - UNDERSTOOD} critical names can be understood")
        self.keys = <KeyEntry*>calloc(len(keys) + 1, sizeof(KeyEntry))
        if self.keys == NULL:
            raise MemoryError
        for i, (kid, rows) in enumerate(keys):
            if kid is not None:
                self.keys[i].kid = keep_text(kid, self._texts)
            for row in rows:
                self.keys[i].rows |= <uint32_t>1 << <int>row
        self.key_count = <int>len(keys)
        self.lone = lone
        for row in allowed:
            self.allowed |= <uint32_t>1 << <int>row
        if type is not None:
            self.type = keep_text(type, self._texts)
            if self.type.length > TYPE_SIZE:
                raise ValueError(f"type must have at most {TYPE_SIZE} octets")

    def __dealloc__(self):
        free(self.keys)


cdef int find_row(const Member* alg) noexcept nogil:
    """The id of the algorithm by its exact name, 0 for none of that name."""
    cdef int i
    for i in range(ROWS):
        if _alg_names[i].start != NULL:
            if text_equals(alg, _alg_names[i].start, _alg_names[i].length):
                return i
    return 0


cdef bint is_none(const Member* alg) noexcept nogil:
    cdef const uint8_t* p = alg.start
    return (
        alg.length == 4 and p[0] | 0x20 == 0x6E and p[1] | 0x20 == 0x6F
        and p[2] | 0x20 == 0x6E and p[3] | 0x20 == 0x65
    )


cdef bint same_type(const Member* typ, const Text* wanted) noexcept nogil:
    """RFC 7515 section 4.1.9: case does not count, nor "application/" where no other slash follows."""
    cdef uint8_t[TYPE_TEXT] given
    cdef const uint8_t* p = given
    cdef size_t size = 0, i
    cdef bint slash = False
    if typ.length > TYPE_TEXT:
        return False
    size = unescape(typ.start, typ.length, given)
    for i in range(size):
        if 0x41 <= given[i] <= 0x5A:
            given[i] |= 0x20
    if size > 12 and memcmp(p, b"application/", 12) == 0:
        for i in range(12, size):
            slash = slash or p[i] == 0x2F
        if not slash:
            p += 12
            size -= 12
    return size == wanted.length and memcmp(p, wanted.start, size) == 0


cdef int check_critical(HeaderRules rules, const Member* members) noexcept nogil:
    cdef const uint8_t* p
    cdef Member name
    cdef unsigned int seen = 0
    cdef int i
    cdef int status = VALID
    if members[CRIT].kind != ARRAY:
        return CRIT_MALFORMED
    p = skip_space(members[CRIT].start + 1)
    if p[0] == 0x5D:
        return CRIT_MALFORMED
    while p[0] != 0x5D:
        p = take_string(p, &name)
        if p == NULL:
            return CRIT_MALFORMED
        for i in range(_registered_count):
            if text_equals(&name, _registered[i].start, _registered[i].length):
                return CRIT_MALFORMED
        for i in range(UNDERSTOOD, rules.names.count):
            if text_equals(&name, rules.names.text[i], rules.names.length[i]):
                break
        else:
            i = -1
        if i < 0:
            status = CRIT_UNKNOWN
        elif seen >> i & 1 or members[i].kind == ABSENT:
            return CRIT_MALFORMED
        else:
            seen |= <unsigned int>1 << i
    return status


cdef int find_key(HeaderRules rules, const Member* kid, int row, int* key) noexcept nogil:
    """The one key that has the kid, where there is one, and may verify with the algorithm."""
    cdef KeyEntry* entry
    cdef int i, found = -1
    if rules.lone:
        key[0] = 0
        return VALID if rules.keys[0].rows >> row & 1 else KEY_UNFIT
    for i in range(rules.key_count):
        entry = &rules.keys[i]
        if not entry.rows >> row & 1:
            continue
        if kid.kind != ABSENT:
            if entry.kid.start == NULL or not text_equals(kid, entry.kid.start, entry.kid.length):
                continue
        if found >= 0:
            return KEY_AMBIGUOUS
        found = i
    key[0] = found
    return VALID if found >= 0 else KEY_NOT_FOUND


cdef int read_header(
    HeaderRules rules, const uint8_t* text, size_t size, int* row, int* key
) noexcept nogil:
    cdef Member[MAX_NAMES] members
    cdef int status = scan_object(text, size, &rules.names, members, NULL, 0, NULL)
    if status != JSON_OK:
        if status == JSON_MEMORY:
            return NO_MEMORY
        return HEADER_NOT_OBJECT if status == NOT_OBJECT else HEADER_JSON + status
    # RFC 7797 section 7: a JWT is never unencoded, whether crit names b64 or not.
    if members[B64].kind != ABSENT and members[B64].kind != TRUE_VALUE:
        return B64_REFUSED
    if members[CRIT].kind != ABSENT:
        status = check_critical(rules, members)
        if status != VALID:
            return status
    if members[ALG].kind != STRING:
        return ALG_TYPE
    row[0] = find_row(&members[ALG])
    if row[0] == 0:
        return ALG_NONE if is_none(&members[ALG]) else ALG_UNKNOWN
    if not rules.allowed >> row[0] & 1:
        return ALG_REFUSED
    if members[TYP].kind != ABSENT and members[TYP].kind != STRING:
        return TYP_TYPE
    if members[KID].kind != ABSENT and members[KID].kind != STRING:
        return KID_TYPE
    if rules.type.start != NULL:
        if members[TYP].kind == ABSENT or not same_type(&members[TYP], &rules.type):
            return TYP_REFUSED
    return find_key(rules, &members[KID], row[0], key)
