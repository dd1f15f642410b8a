"""Borrows the text of a token, splits it into its segments, and remembers header segments.

Tokens of one issuer share their header byte for byte, so that its base64url and JSON are read once. The
memory has a fixed size, and a header gets in only after a signature under it held; one that shares the
slot of another takes its place.
"""

from cpython.buffer cimport (
    PyBUF_FULL_RO,
    PyBuffer_Release,
    PyBuffer_ToContiguous,
    PyObject_CheckBuffer,
    PyObject_GetBuffer,
)
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memchr, memcmp, memcpy, memset

from cyjwt._engine.pyraw cimport (
    PyBytes_AS_STRING,
    PyBytes_Check,
    PyBytes_GET_SIZE,
    PyErr_Clear,
    PyErr_SetObject,
    PyUnicode_1BYTE_DATA,
    PyUnicode_Check,
    PyUnicode_GET_LENGTH,
    PyUnicode_IS_ASCII,
)
from cyjwt._engine.stripes cimport FREE_THREADED, STRIPES
from cyjwt._engine.status cimport NO_MEMORY, RAISED, TOKEN_TEXT, TOKEN_TOO_LARGE, TOKEN_TYPE, VALID


cdef int borrow(PyObject* token, size_t most, Borrowed* out) noexcept:
    out.copy = NULL
    out.start = NULL
    out.size = 0
    if PyUnicode_Check(token):
        if not PyUnicode_IS_ASCII(token):
            return TOKEN_TEXT
        out.start = PyUnicode_1BYTE_DATA(token)
        out.size = <size_t>PyUnicode_GET_LENGTH(token)
        return VALID if out.size <= most else TOKEN_TOO_LARGE
    if PyBytes_Check(token):
        out.start = <const uint8_t*>PyBytes_AS_STRING(token)
        out.size = <size_t>PyBytes_GET_SIZE(token)
        return VALID if out.size <= most else TOKEN_TOO_LARGE
    if not PyObject_CheckBuffer(<object>token):
        return TOKEN_TYPE
    return copy_buffer(token, most, out)


cdef int copy_buffer(PyObject* token, size_t most, Borrowed* out) noexcept:
    cdef Py_buffer view
    cdef int status = VALID
    try:
        PyObject_GetBuffer(<object>token, &view, PyBUF_FULL_RO)
    except Exception:
        return TOKEN_TYPE
    except BaseException as error:
        # Such as a KeyboardInterrupt while a buffer written in Python was asked for.
        kind = type(error)
        PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
        return RAISED
    out.size = <size_t>view.len
    if out.size > most:
        status = TOKEN_TOO_LARGE
    else:
        out.copy = <uint8_t*>malloc(out.size + 1)
        out.start = out.copy
        if out.copy == NULL or PyBuffer_ToContiguous(out.copy, &view, view.len, b"C") < 0:
            PyErr_Clear()
            free(out.copy)
            out.copy = NULL
            status = NO_MEMORY
    PyBuffer_Release(&view)
    return status


cdef bint split(const uint8_t* token, size_t size, Segments* out) noexcept nogil:
    cdef const uint8_t* end = token + size
    cdef const uint8_t* dot = <const uint8_t*>memchr(token, 0x2E, size)
    if dot == NULL or dot == token:
        return False
    out.token = token
    out.header = token
    out.header_size = dot - token
    out.payload = dot + 1
    dot = <const uint8_t*>memchr(out.payload, 0x2E, end - out.payload)
    if dot == NULL:
        return False
    out.payload_size = dot - out.payload
    out.signature = dot + 1
    out.signing_size = dot - token
    out.signature_size = end - out.signature
    return memchr(out.signature, 0x2E, out.signature_size) == NULL


cdef class HeaderMemory:
    """A table of header segments by their text, each with its algorithm and key."""

    def __cinit__(self):
        self.own.slots = <Remembered*>calloc(MEMORY_SLOTS, sizeof(Remembered))
        if self.own.slots == NULL:
            raise MemoryError
        self.own.last = self.own.slots
        if FREE_THREADED:
            self.copies = <Headers**>calloc(STRIPES, sizeof(Headers*))
            if self.copies == NULL:
                raise MemoryError

    def __dealloc__(self):
        cdef int stripe
        free(self.own.slots)
        if self.copies != NULL:
            for stripe in range(STRIPES):
                free(self.copies[stripe])
            free(self.copies)


cdef Headers* make_copy(HeaderMemory memory, int stripe) noexcept nogil:
    cdef Headers* made = memory.copies[stripe]
    if made == NULL:
        # In one piece, so that no two copies share a cache line.
        made = <Headers*>calloc(1, sizeof(Headers) + MEMORY_SLOTS * sizeof(Remembered))
        if made != NULL:
            made.slots = made.last = <Remembered*>(made + 1)
            memory.copies[stripe] = made
    return made


cdef inline Remembered* slot_of(Headers* memory, const uint8_t* text, size_t size) noexcept nogil:
    cdef uint64_t h = size, word
    cdef size_t i = 0
    while i + 8 <= size:
        memcpy(&word, text + i, 8)
        h = (h ^ word) * <uint64_t>0x9E3779B97F4A7C15
        h ^= h >> 32
        i += 8
    while i < size:
        h = (h ^ text[i]) * <uint64_t>0x9E3779B97F4A7C15
        i += 1
    return &memory.slots[(h ^ h >> 32) & (MEMORY_SLOTS - 1)]


cdef Remembered* recall(Headers* memory, const uint8_t* text, size_t size) noexcept nogil:
    cdef Remembered* slot
    if FREE_THREADED and memory == NULL:
        return NULL
    slot = memory.last
    if slot.size == size and memcmp(slot.text, text, size) == 0:
        return slot
    if size > MEMORY_HEADER_SIZE:
        return NULL
    slot = slot_of(memory, text, size)
    if slot.size == size and memcmp(slot.text, text, size) == 0:
        memory.last = slot
        return slot
    return NULL


cdef void remember(Headers* memory, const uint8_t* text, size_t size, int row, int key) noexcept nogil:
    cdef Remembered* slot
    if size > MEMORY_HEADER_SIZE or (FREE_THREADED and memory == NULL):
        return
    slot = slot_of(memory, text, size)
    slot.size = <uint32_t>size
    slot.row = row
    slot.key = key
    memset(slot.guesses, 0, sizeof(slot.guesses))
    memcpy(slot.text, text, size)
    memory.last = slot
