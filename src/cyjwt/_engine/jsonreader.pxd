"""What the JSON reader carries along: the text's state, and a stack of what is open."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK, CYJWT_UNLIKELY, ESCAPED, NON_ASCII, Number, unescape
from cyjwt._engine.jsonmemory cimport Memory, ascii_text
from cyjwt._engine.jsonnames cimport Names
from cyjwt._engine.jsonscan cimport Member
from cyjwt._engine.pyraw cimport Py_DECREF, Py_INCREF, PyErr_NoMemory, PyErr_SetObject, PyUnicode_DecodeUTF8
from cyjwt._engine.status cimport JSON_MEMORY, JSON_OK

cdef enum:
    STACK_AT_HAND = 128

cdef struct Reader:
    int error
    bint trusted
    bint withheld           # whether the lists and dicts that are made are to be
    Memory* memory          # of the stripe that is held; NULL where there is none, which with a GIL never is
    size_t size
    const Names* names
    Member* out
    uint8_t* scratch        # for strings written with escapes; made on the first
    PyObject** stack        # owned references: names and values of what is open, innermost last
    Py_ssize_t top
    Py_ssize_t room
    PyObject* at_hand[STACK_AT_HAND]
    const uint8_t* end      # where the value just read ends


cdef inline void open_reader(
    Reader* r, Memory* memory, size_t size, bint trusted, bint withheld
) noexcept nogil:
    """For a text of that size, no member of which is wanted."""
    r.error = JSON_OK
    r.trusted = trusted
    r.withheld = withheld
    r.memory = memory
    r.size = size
    r.names = NULL
    r.out = NULL
    r.scratch = NULL
    r.stack = r.at_hand
    r.top = 0
    r.room = STACK_AT_HAND


cdef inline void close_reader(Reader* r) noexcept:
    """Lets go of what is still open, too."""
    while r.top > 0:
        r.top -= 1
        Py_DECREF(r.stack[r.top])
    if r.stack != r.at_hand:
        free(r.stack)
    free(r.scratch)


cdef inline PyObject* fail(Reader* r, int error) noexcept:
    r.error = error
    return NULL


cdef inline PyObject* no_memory(Reader* r) noexcept:
    PyErr_NoMemory()
    return fail(r, JSON_MEMORY)


cdef inline bint more_room(Reader* r) noexcept:
    cdef Py_ssize_t room = 4 * r.room
    cdef PyObject** stack
    if r.stack == r.at_hand:
        stack = <PyObject**>malloc(room * sizeof(PyObject*))
        if stack != NULL:
            memcpy(stack, r.at_hand, r.top * sizeof(PyObject*))
    else:
        stack = <PyObject**>realloc(r.stack, room * sizeof(PyObject*))
    if stack == NULL:
        no_memory(r)
        return False
    r.stack = stack
    r.room = room
    return True


cdef inline bint push(Reader* r, PyObject* owned) noexcept:
    """Takes the reference in any case."""
    if CYJWT_UNLIKELY(r.top == r.room) and not more_room(r):
        Py_DECREF(owned)
        return False
    r.stack[r.top] = owned
    r.top += 1
    return True


cdef inline PyObject* any_text(Reader* r, const uint8_t* p, Py_ssize_t size, int flags) noexcept:
    """The str of a scanned string that has escapes or is not ASCII."""
    cdef PyObject* text
    if flags & ESCAPED:
        if r.scratch == NULL:
            r.scratch = <uint8_t*>malloc(r.size + CYJWT_JSON_SLACK)
            if r.scratch == NULL:
                return no_memory(r)
        size = <Py_ssize_t>unescape(p, size, r.scratch)
        p = r.scratch
    text = PyUnicode_DecodeUTF8(<const char*>p, size, NULL) if flags & NON_ASCII else ascii_text(p, size)
    if text == NULL:
        r.error = JSON_MEMORY
    return text


cdef inline object wide_integer(const Number* number, const uint8_t* p):
    """An int of more digits than a machine word holds, eighteen at a time; MAX_DIGITS bounds it."""
    cdef int64_t chunk, weight
    cdef int i
    cdef object total = 0
    p += number.negative
    for start in range(0, number.digits, 18):
        chunk = 0
        weight = 1
        for i in range(start, min(start + 18, number.digits)):
            chunk = chunk * 10 + (p[i] - 0x30)
            weight *= 10
        total = total * weight + chunk
    return -total if number.negative else total


cdef inline PyObject* read_wide_integer(Reader* r, const Number* number, const uint8_t* p) noexcept:
    try:
        total = wide_integer(number, p)
    except BaseException as error:
        # The arithmetic of int looks for signals, so that what a handler raises may come out of it.
        kind = type(error)
        PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
        return fail(r, JSON_MEMORY)
    Py_INCREF(<PyObject*>total)
    return <PyObject*>total
