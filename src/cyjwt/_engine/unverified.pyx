"""The parts of a token, read as strictly as the verifier reads them, with nothing verified."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from cyjwt._engine.base64url cimport decode, decoded_size
from cyjwt._engine.compact cimport Borrowed, Segments, borrow, release, split
from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK
from cyjwt._engine.jsonread cimport read_value
from cyjwt._engine.pyraw cimport Py_DECREF, PyDict_CheckExact
from cyjwt._engine.status cimport (
    HEADER_BASE64,
    HEADER_JSON,
    HEADER_NOT_OBJECT,
    JSON_MEMORY,
    PAYLOAD_BASE64,
    PAYLOAD_JSON,
    PAYLOAD_NOT_OBJECT,
    RAISED,
    SIGNATURE_BASE64,
    TOKEN_SEGMENTS,
    VALID,
    raise_status,
)


cdef object read_object(
    const uint8_t* segment, size_t size, uint8_t* room, int bad_base64, int bad_json, int not_object
):
    cdef PyObject* value
    cdef int error = 0
    if decode(segment, size, room) < 0:
        raise_status(bad_base64)
    size = decoded_size(size)
    memset(room + size, 0, CYJWT_JSON_SLACK)
    value = read_value(room, size, NULL, NULL, False, NULL, &error)
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
