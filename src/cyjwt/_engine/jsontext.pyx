"""The strict JSON reader for Python: ``loads`` over text that is at hand as an object."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK
from cyjwt._engine.jsonread cimport read_value
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_GET_SIZE,
    PyErr_Clear,
    PyErr_ExceptionMatches,
    PyUnicode_AsUTF8AndSize,
    PyUnicode_Check,
)
from cyjwt._engine.status cimport JSON_MEMORY, JSON_OK, JSON_UTF8, RAISED, raise_status

from cyjwt._engine.status import message_of_json, reason_of_json
from cyjwt.errors import DecodeError


cdef object load(data, bint trusted):
    cdef PyObject* raw = <PyObject*>data
    cdef PyObject* value
    cdef const char* source
    cdef Py_ssize_t size
    cdef uint8_t[2048] at_hand
    cdef uint8_t* text = at_hand
    cdef int error = JSON_OK
    if PyBytes_Check(raw):
        source = PyBytes_AS_STRING(raw)
        size = PyBytes_GET_SIZE(raw)
    elif PyUnicode_Check(raw):
        source = PyUnicode_AsUTF8AndSize(raw, &size)
        if source == NULL:
            if PyErr_ExceptionMatches(<PyObject*>MemoryError):
                raise_status(RAISED)
            PyErr_Clear()
            raise _error(JSON_UTF8)
    elif isinstance(data, (bytearray, memoryview)):
        # Copied by its memory: what __bytes__ of a subclass gives may be anything.
        return load(bytes(memoryview(data)), trusted)
    else:
        raise TypeError("JSON text must be bytes or str")
    if size > <Py_ssize_t>sizeof(at_hand) - CYJWT_JSON_SLACK:
        text = <uint8_t*>malloc(size + CYJWT_JSON_SLACK)
        if text == NULL:
            raise MemoryError
    memcpy(text, source, size)
    memset(text + size, 0, CYJWT_JSON_SLACK)
    value = read_value(text, size, trusted, &error)
    if text != at_hand:
        free(text)
    if value == NULL:
        if error == JSON_MEMORY:
            raise_status(RAISED)
        raise _error(error)
    result = <object>value
    Py_DECREF(value)
    return result


def _error(int kind):
    error = DecodeError(f"The text {message_of_json(kind)}")
    error.code = reason_of_json(kind)
    return error


def loads(data, /):
    """Reads JSON text strictly (RFC 8259).

    Args:
        data: UTF-8 ``bytes``, or ``str``, from a source that is trusted: its member names may be kept.

    Returns:
        The value, as ``json.loads`` would give it.

    Raises:
        DecodeError: not JSON, not UTF-8, a duplicate member, or past a cap. Its ``code`` says which.
        TypeError: ``data`` is neither.

    Example:
        >>> loads(b'{"sub":"42","roles":["admin"]}')
        {'sub': '42', 'roles': ['admin']}
    """
    return load(data, True)


def loads_unsigned(data, /):
    """``loads`` for text that nobody vouches for: nothing of it is kept."""
    return load(data, False)
