"""The JSON writer: compact UTF-8 text (RFC 8259) of exactly the types that a JWT can hold.

``str``, ``int``, ``float``, ``bool``, ``None``, ``list``, ``tuple``, ``dict`` with ``str`` names, and aware
``datetime`` as a NumericDate (RFC 7519 section 2). Anything else goes to the ``default`` hook, or is an
error that names its path.
"""

from cpython.list cimport PyList_AsTuple
from cpython.mem cimport PyMem_Free
from cpython.object cimport PyObject
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, strlen

from cyjwt._engine.jsonlex cimport MAX_DEPTH, cyjwt_copy
from cyjwt._engine.jsonplace cimport Place, path_of
from cyjwt._engine.stripes cimport FREE_THREADED
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_False,
    Py_INCREF,
    Py_None,
    Py_True,
    Py_XDECREF,
    Py_XINCREF,
    PyDict_Check,
    PyDict_CheckExact,
    PyDict_Next,
    PyErr_Clear,
    PyErr_ExceptionMatches,
    PyFloat_AS_DOUBLE,
    PyFloat_Check,
    PyList_Check,
    PyList_GET_ITEM,
    PyList_GET_SIZE,
    PyLong_AsLongLongAndOverflow,
    PyLong_Check,
    PyLong_CheckExact,
    PyTuple_Check,
    PyTuple_GET_ITEM,
    PyTuple_GET_SIZE,
    PyUnicode_1BYTE_DATA,
    PyUnicode_AsUTF8AndSize,
    PyUnicode_Check,
    PyUnicode_GET_LENGTH,
    PyUnicode_IS_ASCII,
)

import datetime

cdef extern from "jsonwrite_simd.h" nogil:
    size_t cyjwt_write_digits(uint8_t* dst, unsigned long long value) noexcept
    bint cyjwt_copy_plain(uint8_t* dst, const uint8_t* src, size_t n) noexcept
    size_t cyjwt_plain_run(const uint8_t* src, size_t n) noexcept

cdef extern from "math.h" nogil:
    bint isfinite(double x) noexcept

cdef extern from "Python.h":
    enum: Py_DTSF_ADD_DOT_0
    char* PyOS_double_to_string(double v, char code, int precision, int flags, int* kind) except NULL

cdef object _datetime = datetime.datetime
cdef object _timezone = datetime.timezone
cdef object _EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
cdef const char* HEX = b"0123456789abcdef"


class _OtherCode(Exception):
    """Code that is not ours is about to run, and what is written is no copy: begin anew with one."""


cdef void open_text(Text* text, const char* root) noexcept nogil:
    text.root = root
    text.data = text.at_hand
    text.used = 0
    text.room = WRITE_AT_HAND
    text.bare = False


cdef void close_text(Text* text) noexcept nogil:
    if text.data != text.at_hand:
        free(text.data)


cdef int meet_other_code(Text* text) except -1:
    """Before code runs that could change a dict which is being written, and have a name written twice."""
    if not text.careful:
        raise _OtherCode
    return 0


cdef int grow(Text* text, size_t more) except -1:
    cdef size_t room = 2 * (text.room + more)
    cdef uint8_t* data
    if text.data == text.at_hand:
        data = <uint8_t*>malloc(room)
        if data != NULL:
            memcpy(data, text.data, text.used)
    else:
        data = <uint8_t*>realloc(text.data, room)
    if data == NULL:
        raise MemoryError
    text.data = data
    text.room = room
    return 0


cdef inline int reserve(Text* text, size_t more) except -1:
    return grow(text, more) if text.room - text.used < more else 0


cdef int append(Text* text, const uint8_t* data, size_t size) except -1:
    reserve(text, size)
    cyjwt_copy(text.data + text.used, data, size)
    text.used += size
    return 0


cdef inline int append_octet(Text* text, uint8_t octet) except -1:
    reserve(text, 1)
    text.data[text.used] = octet
    text.used += 1
    return 0


cdef int append_integer(Text* text, long long value) except -1:
    cdef unsigned long long rest = <unsigned long long>value
    reserve(text, 21)
    if value < 0:
        rest = 0 - rest
        text.data[text.used] = 0x2D
        text.used += 1
    text.used += cyjwt_write_digits(text.data + text.used, rest)
    return 0


cdef int append_escaped(Text* text, uint8_t c) except -1:
    reserve(text, 6)
    cdef uint8_t* p = text.data + text.used
    p[0] = 0x5C
    text.used += 2
    if c == 0x22 or c == 0x5C:
        p[1] = c
    elif c == 0x0A:
        p[1] = 0x6E
    elif c == 0x0D:
        p[1] = 0x72
    elif c == 0x09:
        p[1] = 0x74
    elif c == 0x08:
        p[1] = 0x62
    elif c == 0x0C:
        p[1] = 0x66
    else:
        memcpy(p + 1, b"u00", 3)
        p[4] = <uint8_t>HEX[c >> 4]
        p[5] = <uint8_t>HEX[c & 15]
        text.used += 4
    return 0


cdef int write_other_text(Text* text, PyObject* value, const Place* place) except -1:
    """A string with characters beyond ASCII, or that must be escaped."""
    cdef Py_ssize_t size
    cdef const uint8_t* p = <const uint8_t*>PyUnicode_AsUTF8AndSize(value, &size)
    cdef const uint8_t* end
    cdef size_t run
    if p == NULL:
        if PyErr_ExceptionMatches(<PyObject*>MemoryError):
            return -1
        PyErr_Clear()
        raise ValueError(f"{path_of(text.root, place)} holds a lone surrogate, which has no UTF-8")
    end = p + size
    append_octet(text, 0x22)
    while True:
        run = cyjwt_plain_run(p, <size_t>(end - p))
        append(text, p, run)
        p += run
        if p == end:
            return append_octet(text, 0x22)
        append_escaped(text, p[0])
        p += 1


cdef inline int write_text(Text* text, PyObject* value, const Place* place) except -1:
    """Most strings are plain ASCII, and are copied at once; any other costs a second look."""
    cdef size_t size
    cdef uint8_t* p
    if PyUnicode_IS_ASCII(value):
        size = <size_t>PyUnicode_GET_LENGTH(value)
        reserve(text, size + 2)
        p = text.data + text.used
        if cyjwt_copy_plain(p + 1, PyUnicode_1BYTE_DATA(value), size):
            p[0] = p[size + 1] = 0x22
            text.used += size + 2
            return 0
    return write_other_text(text, value, place)


cdef int write_float(Text* text, PyObject* value, const Place* place) except -1:
    cdef double number = PyFloat_AS_DOUBLE(value)
    cdef char* digits
    if not isfinite(number):
        raise ValueError(f"{path_of(text.root, place)} is not finite, and JSON has only finite numbers")
    digits = PyOS_double_to_string(number, b"r", 0, Py_DTSF_ADD_DOT_0, NULL)
    try:
        append(text, <const uint8_t*>digits, strlen(digits))
    finally:
        PyMem_Free(digits)
    return 0


cdef int write_integer(Text* text, PyObject* value, const Place* place) except -1:
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    cdef bytes digits
    if not overflow:
        return append_integer(text, number)
    meet_other_code(text)   # That which writes huge numbers is in Python.
    try:
        digits = int.__repr__(<object>value).encode()
    except ValueError:
        raise ValueError(f"{path_of(text.root, place)} has too many digits") from None
    return append(text, <const uint8_t*>digits, <size_t>len(digits))


cdef int write_held(Text* text, PyObject* value, object default, const Place* place, int depth) except -1:
    """Writes a value, held together with its name, which other code might take out of their container."""
    Py_INCREF(value)
    Py_XINCREF(place.name)
    try:
        return write_any(text, value, default, place, depth)
    finally:
        Py_XDECREF(place.name)
        Py_DECREF(value)


cdef inline int write_part(
    Text* text, PyObject* value, object default, const Place* place, int depth
) except -1:
    """Writes a member's value or an element. To write what need not be held runs no code but ours."""
    if PyUnicode_Check(value):
        return write_text(text, value, place)
    if PyLong_CheckExact(value):
        return write_integer(text, value, place)
    if value == Py_None or value == Py_True or value == Py_False:
        return write_any(text, value, default, place, depth)
    return write_held(text, value, default, place, depth)


cdef int write_members(Text* text, PyObject* value, object default, const Place* up, int depth) except -1:
    """An object without its closing brace."""
    cdef Py_ssize_t position = 0, count = 0
    cdef PyObject* name
    cdef PyObject* item
    cdef Place place
    place.up = up
    append_octet(text, 0x7B)
    while PyDict_Next(value, &position, &name, &item):
        if not PyUnicode_Check(name):
            kind = type(<object>name).__name__
            raise TypeError(f"{path_of(text.root, up)} has a name of type {kind}; JSON names are str")
        if count:
            append_octet(text, 0x2C)
        count += 1
        place.name = name
        write_text(text, name, &place)
        append_octet(text, 0x3A)
        write_part(text, item, default, &place, depth)
    return 0


cdef int write_dict(Text* text, PyObject* value, object default, const Place* up, int depth) except -1:
    if not text.careful:
        if PyDict_CheckExact(value):
            return write_members(text, value, default, up, depth)
        meet_other_code(text)   # A subclass tells of its members itself.
    snapshot = dict(<object>value)
    return write_members(text, <PyObject*>snapshot, default, up, depth)


cdef int write_list(Text* text, PyObject* value, object default, const Place* up, int depth) except -1:
    """write_elements of a list that another thread may change where there is no GIL."""
    if not FREE_THREADED:
        return write_elements(text, value, default, up, depth)
    snapshot = PyList_AsTuple(<object>value)
    return write_elements(text, <PyObject*>snapshot, default, up, depth)


cdef int write_elements(Text* text, PyObject* value, object default, const Place* up, int depth) except -1:
    cdef bint is_list = PyList_Check(value)
    cdef PyObject* item
    cdef Place place
    place.up = up
    place.name = NULL
    place.index = 0
    append_octet(text, 0x5B)
    while place.index < (PyList_GET_SIZE(value) if is_list else PyTuple_GET_SIZE(value)):
        if place.index:
            append_octet(text, 0x2C)
        item = PyList_GET_ITEM(value, place.index) if is_list else PyTuple_GET_ITEM(value, place.index)
        write_part(text, item, default, &place, depth)
        place.index += 1
    return append_octet(text, 0x5D)


cdef int write_any(Text* text, PyObject* value, object default, const Place* place, int depth) except -1:
    if PyUnicode_Check(value):
        return write_text(text, value, place)
    if value == Py_None:
        return append(text, b"null", 4)
    if value == Py_True:
        return append(text, b"true", 4)
    if value == Py_False:
        return append(text, b"false", 5)
    if PyLong_Check(value):
        return write_integer(text, value, place)
    if PyFloat_Check(value):
        return write_float(text, value, place)
    if PyDict_Check(value) or PyList_Check(value) or PyTuple_Check(value):
        if depth == MAX_DEPTH:
            raise ValueError(
                f"{text.root.decode('ascii')} are nested more than {MAX_DEPTH} deep, or hold themselves"
            )
        if PyList_Check(value):
            return write_list(text, value, default, place, depth + 1)
        if PyTuple_Check(value):
            return write_elements(text, value, default, place, depth + 1)
        write_dict(text, value, default, place, depth + 1)
        return append_octet(text, 0x7D)
    return write_other(text, <object>value, default, place, depth)


cdef int write_other(Text* text, object value, object default, const Place* place, int depth) except -1:
    cdef long long seconds
    if not text.bare and type(value) is _datetime and type(value.tzinfo) is _timezone:
        # All of this is CPython's own.
        since = value - _EPOCH
        seconds = since.days * 86400
        return append_integer(text, seconds + <long long>since.seconds)
    meet_other_code(text)
    if not text.bare and isinstance(value, _datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{path_of(text.root, place)} is a datetime without a time zone")
        # Whole seconds, as PyJWT writes them; cut before the float that could round them up.
        return append_integer(text, <long long>value.replace(microsecond=0).timestamp())
    if default is None:
        raise TypeError(
            f"{path_of(text.root, place)} is of type {type(value).__name__}, which JSON has no form for"
        )
    if depth == MAX_DEPTH:
        raise ValueError(f"default gave more than {MAX_DEPTH} values, each in need of it again")
    replaced = default(value)
    return write_any(text, <PyObject*>replaced, default, place, depth + 1)


cdef int write_value(Text* text, object value, object default) except -1:
    cdef size_t start = text.used
    text.careful = FREE_THREADED or default is not None
    try:
        return write_any(text, <PyObject*>value, default, NULL, 0)
    except _OtherCode:
        text.used = start
        text.careful = True
    return write_any(text, <PyObject*>value, default, NULL, 0)


cdef dict write_open_object(Text* text, object members, object default):
    cdef size_t start = text.used
    cdef dict written
    text.careful = FREE_THREADED or default is not None
    written = <dict>members if type(members) is dict and not text.careful else dict(members)
    try:
        write_members(text, <PyObject*>written, default, NULL, 1)
        return written
    except _OtherCode:
        text.used = start
        text.careful = True
    written = dict(written)
    write_members(text, <PyObject*>written, default, NULL, 1)
    return written


def dumps(value, /, default=None, *, str root="claims"):
    """Writes a value as compact JSON in UTF-8.

    Args:
        value: the value.
        default: a callable that gets each object of another type and returns one that can be written.
        root: what errors call the value.

    Returns:
        The text, ``bytes``.

    Raises:
        TypeError: a value of a type that JSON has no form for, by its path.
        ValueError: a value that JSON cannot hold (NaN, a lone surrogate, too deep), by its path.

    Example:
        >>> dumps({"sub": "42", "roles": ("admin",)})
        b'{"sub":"42","roles":["admin"]}'
    """
    cdef Text text
    cdef bytes name = root.encode("ascii")
    open_text(&text, name)
    try:
        write_value(&text, value, default)
        return (<char*>text.data)[:text.used]
    finally:
        close_text(&text)
