"""The one pass: from the text of a token to its claims, or to the reason why not.

Segments, header memory, signature, payload, claims, in this order and each once. No Python object is made
of the token's text before its signature held.
"""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from cyjwt._engine.base64url cimport decode, decoded_size
from cyjwt._engine.claims cimport Dates, check_claims, claim_name, note_dates
from cyjwt._engine.clock cimport read_clock
from cyjwt._engine.compact cimport (
    Borrowed,
    Headers,
    Remembered,
    Segments,
    borrow,
    guess_of,
    headers_of,
    recall,
    release,
    remember,
    split,
)
from cyjwt._engine.header cimport read_header
from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK
from cyjwt._engine.jsonscan cimport MAX_NAMES, NOT_OBJECT, Member, scan_object
from cyjwt._engine.jsonread cimport read_value_in
from cyjwt._engine.keysource cimport KeySource
from cyjwt._engine.pkey cimport Native, NativeKey, Row, is_quick, row_by_id, verify_signature
from cyjwt._engine.pyraw cimport Py_DECREF, PyDict_CheckExact, PyErr_NoMemory, Py_XDECREF
from cyjwt._engine.revocation cimport Revocation, check_revoked
from cyjwt._engine.stripes cimport hold_stripe, leave_stripe
from cyjwt._engine.status cimport (
    CLAIM_MISSING,
    HEADER_BASE64,
    JSON_MEMORY,
    NO_MEMORY,
    PAYLOAD_BASE64,
    PAYLOAD_JSON,
    PAYLOAD_NOT_OBJECT,
    RAISED,
    SIGNATURE_BASE64,
    SIGNATURE_INVALID,
    TOKEN_SEGMENTS,
    VALID,
    raise_status,
    set_error,
)
from cyjwt._engine.tokencache cimport Found, TokenCache, forget_made, is_kept, note_made
from cyjwt._engine.typedclaims cimport make_instance

from cyjwt._engine.jsontext import loads

cdef extern from "turn.h" nogil:
    void cyjwt_let_go() noexcept
    void cyjwt_await_turn() noexcept
    void cyjwt_taken() noexcept

# The functions that set an error are called by pointers of such types, so that a refusal adds no traceback
# entries of ours: they would double its cost.
ctypedef PyObject* (*Pass)(Engine, const Segments*, uint8_t*, Found*) noexcept
ctypedef int (*Reading)(
    Engine, int, const Segments*, uint8_t*, Found*, PyObject**, int*, size_t*
) noexcept

cdef enum:
    ROOM_AT_HAND = 8192     # octets of a token for which no memory is asked


@cython.no_gc_clear
cdef class Engine:
    """A verifier's compiled form. ``cyjwt.Verifier`` is its face; options come validated.

    Args:
        header_rules: what headers must satisfy.
        claim_rules: what claims must satisfy.
        natives: of each key its ``NativeKey``, or ``None`` where it has none.
        keys: the keys themselves, in the same order.
        max_size: the most octets of a token.
        padding: whether trailing ``=`` are admitted.
        clock: a callable that returns seconds since 1970, or ``None`` for the system's clock.
        revocation: what is asked whether a token was revoked, or ``None``.
        claims_type: what makes instances of verified claims (``cyjwt._claimstype``), or ``None``.
        cache: where verified tokens are kept, or ``None``; with a source, only what is counted there.
        source: where the keys come from, or ``None`` where these are all.
        compile: with a source, what makes the engine of a ``KeySet``: one of the same rules, without a
            source.
    """

    def __cinit__(
        self,
        HeaderRules header_rules not None,
        ClaimRules claim_rules not None,
        tuple natives not None,
        tuple keys not None,
        Py_ssize_t max_size,
        bint padding,
        object clock,
        Revocation revocation,
        object claims_type,
        TokenCache cache,
        KeySource source,
        object compile,
    ):
        self.header_rules = header_rules
        self.claim_rules = claim_rules
        self.memory = HeaderMemory()
        self.natives = natives
        self.native = <const Native**>calloc(len(natives) + 1, sizeof(Native*))
        if self.native == NULL:
            raise MemoryError
        for i, native in enumerate(natives):
            if native is not None:
                self.native[<Py_ssize_t>i] = &(<NativeKey?>native).native
        self.keys = keys
        self.max_size = <size_t>max_size
        self.padding = padding
        self.clock = clock
        self.revocation = revocation
        self.source = source
        self.compile = compile
        self.claims_type = claims_type
        self.cache = cache
        self.finishes = revocation is not None or claims_type is not None

    def __dealloc__(self):
        free(self.native)

    def _held(self, token, /):
        """The token where its text cannot change, else a copy of it that cannot."""
        cdef Borrowed text
        cdef int status
        if isinstance(token, (str, bytes)):
            return token
        status = borrow(<PyObject*>token, self.max_size, &text)
        try:
            if status != VALID:
                raise_status(status)
            return (<const char*>text.start)[:text.size]
        finally:
            release(&text)

    @property
    def _cache(self):
        """Where verified tokens are kept now, or ``None``."""
        cdef Engine current = serving_now(self)
        return self.cache if current is None else current.cache

    def _keeps(self, token, /):
        """Whether the token, a ``str`` or ``bytes``, is kept, so that to verify it takes no time."""
        cdef TokenCache cache = self._cache
        cdef Borrowed text
        if cache is None or not isinstance(token, (str, bytes)):
            return False
        if borrow(<PyObject*>token, self.max_size, &text) != VALID:
            return False
        return is_kept(cache, text.start, text.size)

    def _header_and_signature(self, token, /):
        """The header's members and the signature's octets of a token that ``verify`` accepted."""
        cdef Borrowed text
        cdef Segments segments
        cdef size_t header_size, signature_size
        # By its memory, not its methods, which a subclass of str may have made its own.
        if not isinstance(token, (str, bytes)) or borrow(<PyObject*>token, self.max_size, &text) != VALID:
            raise TypeError("not what verify accepted")
        if not split(text.start, text.size, &segments):
            raise ValueError("not what verify accepted")
        header_size = unpadded(segments.header, segments.header_size, self.padding)
        signature_size = unpadded(segments.signature, segments.signature_size, self.padding)
        header = bytearray(decoded_size(header_size))
        signature = bytearray(decoded_size(signature_size))
        decode(segments.header, header_size, <uint8_t*><char*>header)
        decode(segments.signature, signature_size, <uint8_t*><char*>signature)
        return loads(header), bytes(signature)


cdef Engine serving_now(Engine engine):
    with cython.critical_section(engine):
        return engine.current


cdef int choose_key(
    Engine engine, const Segments* segments, uint8_t* room, int* row, int* key
) noexcept nogil:
    """The algorithm and key that a header segment which is not remembered stands for."""
    cdef size_t size = unpadded(segments.header, segments.header_size, engine.padding)
    if decode(segments.header, size, room) < 0:
        return HEADER_BASE64
    size = decoded_size(size)
    memset(room + size, 0, CYJWT_JSON_SLACK)
    return read_header(engine.header_rules, room, size, row, key)


cdef object kid_of(Engine engine, const Segments* segments):
    cdef size_t size = unpadded(segments.header, segments.header_size, engine.padding)
    header = bytearray(decoded_size(size))
    decode(segments.header, size, <uint8_t*><char*>header)
    return loads(header).get("kid")


cdef int check_foreign(Engine engine, int key, const Segments* segments, bytes signature) except -1:
    cdef bytes data = segments.token[:segments.signing_size]
    return VALID if engine.keys[key]._verify_foreign(data, signature) else SIGNATURE_INVALID


cdef int check_signature(
    Engine engine, const Segments* segments, uint8_t* room, int row_id, int key
) except -1:
    """A Status. The signature is decoded into room. May raise what ``cryptography`` may raise of memory."""
    cdef size_t size = unpadded(segments.signature, segments.signature_size, engine.padding)
    cdef const Row* row = row_by_id(row_id)
    cdef const Native* native = engine.native[key]
    cdef int holds
    if decode(segments.signature, size, room) < 0:
        return SIGNATURE_BASE64
    size = decoded_size(size)
    if native == NULL:
        return check_foreign(engine, key, segments, room[:size])
    if is_quick(row, segments.signing_size):
        holds = verify_signature(native, row, segments.token, segments.signing_size, room, size)
    else:
        with nogil:
            cyjwt_let_go()
            holds = verify_signature(native, row, segments.token, segments.signing_size, room, size)
            cyjwt_await_turn()
        cyjwt_taken()
    if holds < 0:
        raise MemoryError("libcrypto failed")
    return VALID if holds else SIGNATURE_INVALID


# Functions without the interpreter lock, because these count no references: threads that share an engine
# would wait for each other's counts.
cdef inline int judge(Engine engine, const Member* members, double now, int* absent) noexcept nogil:
    return check_claims(engine.claim_rules, members, now, absent)


cdef inline Headers* headers_by(Engine engine, int stripe) noexcept nogil:
    return headers_of(engine.memory, stripe)


cdef int scan_claims(
    Engine engine, const uint8_t* text, size_t size, double now, Member* members, int* absent
) noexcept:
    """A Status: the same checks as of claims that are read, without making objects of them."""
    cdef int error = scan_object(text, size, &engine.claim_rules.names, members, NULL, 0, NULL)
    if error == JSON_MEMORY:
        return NO_MEMORY
    if error:
        return PAYLOAD_NOT_OBJECT if error == NOT_OBJECT else PAYLOAD_JSON + error
    return judge(engine, members, now, absent)


cdef PyObject* read_claims(
    Engine engine, int stripe, Remembered* known, const uint8_t* text, size_t size, double now, bint withheld,
    Dates* dates, int* status, int* absent
) noexcept:
    cdef Member[MAX_NAMES] members
    cdef PyObject* claims = NULL
    cdef int error = 0
    if engine.claims_type is not None and engine.revocation is None:
        status[0] = scan_claims(engine, text, size, now, members, absent)
    else:
        claims = read_value_in(
            stripe, text, size, &engine.claim_rules.names, members, True, withheld,
            NULL if known == NULL else guess_of(known, stripe), &error
        )
        if claims == NULL:
            status[0] = RAISED if error == JSON_MEMORY else PAYLOAD_JSON + error
            return NULL
        status[0] = PAYLOAD_NOT_OBJECT
        if PyDict_CheckExact(claims):
            status[0] = judge(engine, members, now, absent)
    if status[0] != VALID:
        Py_XDECREF(claims)
        return NULL
    if dates != NULL:
        note_dates(members, dates)
    return claims


cdef PyObject* finish_claims(
    Engine engine, PyObject* claims, const uint8_t* text, size_t size, int key, int* status, PyObject** detail
) noexcept:
    if engine.revocation is not None:
        status[0] = check_revoked(engine.revocation, claims, engine.keys[key], detail)
        if status[0] != VALID:
            Py_DECREF(claims)
            return NULL
    if engine.claims_type is not None:
        Py_XDECREF(claims)
        claims = make_instance(engine.claims_type, text, size, status, detail)
    return claims


cdef PyObject* finish_one(
    Engine engine, PyObject* claims, const uint8_t* text, size_t size, int key
) except NULL:
    cdef PyObject* detail = NULL
    cdef int status = VALID
    claims = finish_claims(engine, claims, text, size, key, &status, &detail)
    if claims == NULL:
        set_error(status, None if detail == NULL else <object>detail)
        Py_XDECREF(detail)
    return claims


cdef int read_segments(
    Engine engine, int stripe, const Segments* segments, uint8_t* room, Found* made, PyObject** claims,
    int* key, size_t* size
) except RAISED:
    """As ``read_claims``, with the index of the key and the size of the payload, which is decoded into room.
    Where the status it returns is not VALID, that error is set."""
    cdef Headers* memory = headers_by(engine, stripe)
    cdef Remembered* known = recall(memory, segments.header, segments.header_size)
    cdef double now
    cdef int row = 0, status, absent = 0
    if known == NULL:
        status = choose_key(engine, segments, room, &row, key)
        if status != VALID:
            set_error(status, None)
            return status
    else:
        row = known.row
        key[0] = known.key
    status = check_signature(engine, segments, room, row, key[0])
    if status != VALID:
        set_error(status, None)
        return status
    if known == NULL:
        remember(memory, segments.header, segments.header_size, row, key[0])
    size[0] = unpadded(segments.payload, segments.payload_size, engine.padding)
    if decode(segments.payload, size[0], room) < 0:
        set_error(PAYLOAD_BASE64, None)
        return PAYLOAD_BASE64
    size[0] = decoded_size(size[0])
    memset(room + size[0], 0, CYJWT_JSON_SLACK)
    # Before there are claims to let go of: a caller's clock may raise.
    now = read_clock(engine.clock)
    # Another header may have taken the slot meanwhile, for which its guess is a worse one and no more.
    claims[0] = read_claims(
        engine, stripe, known, room, size[0], now, False, NULL if made == NULL else &made.dates, &status,
        &absent
    )
    if status != VALID:
        set_error(status, claim_name(engine.claim_rules, absent) if status == CLAIM_MISSING else None)
    return status


cdef PyObject* verify_segments(
    Engine engine, const Segments* segments, uint8_t* room, Found* made
) except NULL:
    """As ``verify_borrowed``, of a token that is split."""
    cdef PyObject* claims = NULL
    cdef size_t size = 0
    cdef int key = 0, stripe = hold_stripe()
    cdef int status = (<Reading>read_segments)(engine, stripe, segments, room, made, &claims, &key, &size)
    leave_stripe(stripe)
    if status != VALID:
        return NULL
    if made != NULL:
        made.key = key
        note_made(claims, engine.claims_type is not None, room, size, made)
    if engine.finishes:
        claims = (<Finish>finish_one)(engine, claims, room, size, key)
        if claims == NULL and made != NULL:
            forget_made(made)
    return claims


cdef PyObject* verify_borrowed(Engine engine, const Borrowed* text, Found* made) except NULL:
    cdef uint8_t[ROOM_AT_HAND] at_hand
    cdef uint8_t* room = at_hand
    cdef Segments segments
    cdef PyObject* claims = NULL
    if text.size > ROOM_AT_HAND - CYJWT_JSON_SLACK:
        room = <uint8_t*>malloc(text.size + CYJWT_JSON_SLACK)
    if room == NULL:
        PyErr_NoMemory()
    elif not split(text.start, text.size, &segments):
        set_error(TOKEN_SEGMENTS, None)
    else:
        claims = (<Pass>verify_segments)(engine, &segments, room, made)
    if room != at_hand:
        free(room)
    return claims
