"""The parts of a token, read as strictly as the verifier reads them, with nothing verified."""

from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from cyjwt._engine.base64url cimport decode, decoded_size
from cyjwt._engine.claims cimport Text, keep_text
from cyjwt._engine.compact cimport Borrowed, Segments, borrow, release, split
from cyjwt._engine.jsonlex cimport ABSENT, CYJWT_JSON_SLACK, ESCAPED, STRING, unescape
from cyjwt._engine.jsonread cimport read_value
from cyjwt._engine.jsonscan cimport NOT_OBJECT, Member, Names, add_name, scan_object
from cyjwt._engine.pyraw cimport Py_DECREF, PyDict_CheckExact, PyTuple_GET_ITEM
from cyjwt._engine.status cimport (
    HEADER_BASE64,
    HEADER_JSON,
    HEADER_NOT_OBJECT,
    ISS_MALFORMED,
    ISSUER_REFUSED,
    JSON_MEMORY,
    JSON_OK,
    NO_MEMORY,
    PAYLOAD_BASE64,
    PAYLOAD_JSON,
    PAYLOAD_NOT_OBJECT,
    RAISED,
    SIGNATURE_BASE64,
    TOKEN_SEGMENTS,
    VALID,
    raise_status,
)
from cyjwt._engine.verify cimport unpadded


cdef object read_object(
    const uint8_t* segment, size_t size, uint8_t* room, int bad_base64, int bad_json, int not_object
):
    cdef PyObject* value
    cdef int error = 0
    if decode(segment, size, room) < 0:
        raise_status(bad_base64)
    size = decoded_size(size)
    memset(room + size, 0, CYJWT_JSON_SLACK)
    value = read_value(room, size, False, &error)
    if value == NULL:
        raise_status(RAISED if error == JSON_MEMORY else bad_json + error)
    read = <object>value
    Py_DECREF(value)
    if not PyDict_CheckExact(value):
        raise_status(not_object)
    return read


cdef object read_parts(const Borrowed* text, uint8_t* room):
    cdef Segments parts
    cdef size_t size
    if not split(text.start, text.size, &parts):
        raise_status(TOKEN_SEGMENTS)
    header = read_object(
        parts.header, parts.header_size, room, HEADER_BASE64, HEADER_JSON, HEADER_NOT_OBJECT
    )
    claims = read_object(
        parts.payload, parts.payload_size, room, PAYLOAD_BASE64, PAYLOAD_JSON, PAYLOAD_NOT_OBJECT
    )
    if decode(parts.signature, parts.signature_size, room) < 0:
        raise_status(SIGNATURE_BASE64)
    size = decoded_size(parts.signature_size)
    return header, claims, (<char*>room)[:size]


def read(token, Py_ssize_t most, /):
    """The header's members, the claims and the signature's octets of a token of at most ``most`` octets.

    Raises:
        DecodeError: the token is not well formed.
    """
    cdef Borrowed text
    cdef uint8_t* room = NULL
    cdef int status = borrow(<PyObject*>token, <size_t>most, &text)
    try:
        if status != VALID:
            raise_status(status)
        room = <uint8_t*>malloc(text.size + CYJWT_JSON_SLACK)
        if room == NULL:
            raise MemoryError
        return read_parts(&text, room)
    finally:
        free(room)
        release(&text)


cdef enum:
    ROOM_AT_HAND = 8192     # octets of a payload for which no memory is asked
    STEP = 1024             # tokens between two looks for signals


cdef class Issuers:
    """The issuers that a token may name, found by its ``iss`` before anything of it is verified.

    What it finds is a guess by an unverified text: whoever is asked next must insist on that issuer.

    Args:
        issuers: the issuers, distinct.
        max_size: the most octets of a token.
        padding: whether trailing ``=`` are admitted.
    """

    cdef Names names
    cdef list texts
    cdef dict places            # by the octets of each issuer
    cdef size_t max_size
    cdef bint padding

    def __cinit__(self, tuple issuers not None, Py_ssize_t max_size, bint padding):
        cdef Text name
        self.texts = []
        name = keep_text("iss", self.texts)
        add_name(&self.names, name.start, name.length)
        self.places = {(<str?>issuer).encode(): place for place, issuer in enumerate(issuers)}
        self.max_size = <size_t>max_size
        self.padding = padding

    def find(self, token, /):
        """The place of the issuer that a token names.

        Raises:
            DecodeError: the token is not well formed.
            InvalidIssuerError: it names none of them.
        """
        cdef int place = -1
        cdef int status = self.read(<PyObject*>token, &place)
        if status != VALID:
            raise_status(status)
        return place

    def sort(self, tuple tokens not None, bytearray statuses not None):
        """Sort tokens by the issuer that they name.

        Args:
            tokens: the tokens.
            statuses: as many octets; those of the tokens for which ``find`` would raise get their status.

        Returns:
            For each issuer the places of its tokens.
        """
        cdef Py_ssize_t i
        cdef int place = -1, status
        cdef list found = [[] for _ in self.places]
        if len(statuses) != len(tokens):
            raise ValueError("a status for each token is needed")
        for i in range(len(tokens)):
            status = self.read(PyTuple_GET_ITEM(<PyObject*>tokens, i), &place)
            if status == RAISED or status == NO_MEMORY:
                raise_status(status)
            if status == VALID:
                (<list>found[place]).append(i)
            statuses[i] = <uint8_t>status
            if i % STEP == STEP - 1:
                PyErr_CheckSignals()
        return found

    cdef int read(self, PyObject* token, int* place) except -1:
        """A Status, and where it is VALID the place of the issuer."""
        cdef uint8_t[ROOM_AT_HAND] at_hand
        cdef uint8_t* room = at_hand
        cdef Borrowed text
        cdef Segments parts
        cdef int status = borrow(token, self.max_size, &text)
        try:
            if status == VALID and not split(text.start, text.size, &parts):
                status = TOKEN_SEGMENTS
            if status != VALID:
                return status
            if parts.payload_size > ROOM_AT_HAND - CYJWT_JSON_SLACK:
                room = <uint8_t*>malloc(parts.payload_size + CYJWT_JSON_SLACK)
                if room == NULL:
                    return NO_MEMORY
            return self.place_of(parts.payload, parts.payload_size, room, place)
        finally:
            if room != at_hand:
                free(room)
            release(&text)

    cdef int place_of(self, const uint8_t* payload, size_t size, uint8_t* room, int* place) except -1:
        cdef Member[1] iss
        cdef int error
        size = unpadded(payload, size, self.padding)
        if decode(payload, size, room) < 0:
            return PAYLOAD_BASE64
        size = decoded_size(size)
        memset(room + size, 0, CYJWT_JSON_SLACK)
        # Nothing is remembered of a text that nobody has signed.
        error = scan_object(room, size, &self.names, iss, NULL, 0, NULL)
        if error == JSON_MEMORY:
            return NO_MEMORY
        if error != JSON_OK:
            return PAYLOAD_NOT_OBJECT if error == NOT_OBJECT else PAYLOAD_JSON + error
        if iss[0].kind == ABSENT:
            return ISSUER_REFUSED
        if iss[0].kind != STRING:
            return ISS_MALFORMED
        size = iss[0].length
        if iss[0].flags & ESCAPED:
            size = unescape(iss[0].start, size, room)
            found = self.places.get((<char*>room)[:size])
        else:
            found = self.places.get((<const char*>iss[0].start)[:size])
        if found is None:
            return ISSUER_REFUSED
        place[0] = found
        return VALID
