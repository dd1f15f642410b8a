"""The strict base64url codec (RFC 4648 section 5 without padding), its SIMD route chosen at import.

The route is the fastest that the CPU has, or the one that the environment variable ``CYJWT_SIMD`` names.
All routes accept the same texts and report the same offsets.
"""

import os

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_Check, PyBytes_FromStringAndSize, PyBytes_GET_SIZE,
)
from cpython.unicode cimport PyUnicode_Check, PyUnicode_GET_LENGTH

from cyjwt.errors import DecodeError

cdef extern from "Python.h" nogil:
    bint PyUnicode_IS_ASCII(object s) noexcept
    unsigned char* PyUnicode_1BYTE_DATA(object s) noexcept

cdef extern from "base64url_simd.h" nogil:
    ctypedef struct Route "cyjwt_b64_route":
        const char* name
        int (*available)() noexcept nogil
        Py_ssize_t (*encode)(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil
        Py_ssize_t (*decode)(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil
    const Route* ROUTES "cyjwt_b64_routes"
    const int ROUTE_COUNT "CYJWT_B64_ROUTE_COUNT"

# One pointer names both functions, so a change of route is one store.
cdef const Route* route = &ROUTES[ROUTE_COUNT - 1]


cdef Py_ssize_t encode(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil:
    return route.encode(src, n, dst)


cdef Py_ssize_t decode(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil:
    return route.decode(src, n, dst)


cdef object _fault(Py_ssize_t n, Py_ssize_t offset, bint foreign):
    # The text itself stays out of the message: it may be a secret.
    if foreign:
        reason = "is not in the alphabet"
    elif n & 3 == 1:
        reason = "stands alone behind the last quad"
    else:
        reason = "has trailing bits that are not zero"
    return DecodeError(f"Invalid base64url: the character at offset {offset} {reason}")


cdef bint _foreign(unsigned char c) noexcept nogil:
    return not (0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A or c == 0x2D or c == 0x5F)


cdef bytes _decode(const unsigned char* src, Py_ssize_t n):
    cdef bytes out = PyBytes_FromStringAndSize(NULL, decoded_size(n))
    cdef Py_ssize_t size = route.decode(src, n, <unsigned char*>PyBytes_AS_STRING(out))
    if size < 0:
        raise _fault(n, -1 - size, _foreign(src[-1 - size]))
    return out


cdef bytes _encode(const unsigned char* src, Py_ssize_t n):
    cdef bytes out = PyBytes_FromStringAndSize(NULL, encoded_size(n))
    route.encode(src, n, <unsigned char*>PyBytes_AS_STRING(out))
    return out


cdef bytes _decode_other(text):
    cdef Py_buffer view
    cdef Py_ssize_t i = 0
    if PyUnicode_Check(text):
        while (<str>text)[i] < 0x80 and not _foreign(<unsigned char>(<str>text)[i]):
            i += 1  # ends at the latest at the character that is not ASCII
        raise _fault(len(text), i, True)
    PyObject_GetBuffer(text, &view, PyBUF_SIMPLE)
    try:
        return _decode(<const unsigned char*>view.buf, view.len)
    finally:
        PyBuffer_Release(&view)


cdef bytes _encode_other(data):
    cdef Py_buffer view
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        return _encode(<const unsigned char*>view.buf, view.len)
    finally:
        PyBuffer_Release(&view)


# The module's Python functions share their names with the C functions above, which Cython allows only
# from another scope; and as static methods without binding they are plain built-in functions, the
# kind that is cheapest to call. The first lines of a docstring are what inspect.signature reads.
@cython.auto_pickle(False)
@cython.binding(False)
@cython.embedsignature(False)
@cython.internal
cdef class _Functions:
    @staticmethod
    def decode(text, /):
        """decode(text, /)\n--\n\nDecode strict base64url: no padding, no white space, no stray trailing bits.

        Args:
            text: a str, bytes, or another contiguous object of the buffer protocol.

        Returns:
            The octets, as bytes.

        Raises:
            DecodeError: the text is not canonical base64url. The message names the offset.
            TypeError: the argument is neither text nor octets.

        Example:
            >>> from cyjwt._engine import base64url
            >>> base64url.decode("A-z_4ME")
            b'\\x03\\xec\\xff\\xe0\\xc1'
        """
        if PyUnicode_Check(text) and PyUnicode_IS_ASCII(text):
            return _decode(PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text))
        if PyBytes_Check(text):
            return _decode(<const unsigned char*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        return _decode_other(text)

    @staticmethod
    def encode(data, /):
        """encode(data, /)\n--\n\nEncode as base64url without padding.

        Args:
            data: bytes, or another contiguous object of the buffer protocol.

        Returns:
            The text, as ASCII bytes.

        Raises:
            TypeError: the argument is not octets.

        Example:
            >>> from cyjwt._engine import base64url
            >>> base64url.encode(bytes([3, 236, 255, 224, 193]))
            b'A-z_4ME'
        """
        if PyBytes_Check(data):
            return _encode(<const unsigned char*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        return _encode_other(data)


globals().update(decode=_Functions.decode, encode=_Functions.encode)


def levels():
    """Name the routes that this CPU can run, the fastest first.

    Returns:
        A tuple of some of "avx2", "ssse3", "neon", and always "scalar".

    Example:
        >>> from cyjwt._engine import base64url
        >>> base64url.levels()[-1]
        'scalar'
    """
    return tuple([ROUTES[i].name.decode("ascii") for i in range(ROUTE_COUNT) if ROUTES[i].available()])


def level():
    """Name the route in use, one of ``levels()``."""
    return route.name.decode("ascii")


def use_level(name, /):
    """Choose the route for the whole process: a hook for tests.

    The choice is one store of a pointer, so other threads may be coding meanwhile: each call runs on
    the old route or on the new one, and both give the same result.

    Args:
        name: one of ``levels()``.

    Raises:
        ValueError: there is no such route, or this CPU cannot run it.
    """
    global route
    for i in range(ROUTE_COUNT):
        if ROUTES[i].name.decode("ascii") == name and ROUTES[i].available():
            route = &ROUTES[i]
            return
    raise ValueError(f"no base64url route {name!r} here; available: {', '.join(levels())}")


use_level(os.environ.get("CYJWT_SIMD") or levels()[0])
