"""What the JSON reader remembers: texts that many tokens share, and the memory itself.

Each memory has a fixed size, a newcomer takes the slot of what was there, and only text that a key of ours
signed adds to them. All references in a Memory are owned. Each stripe has one. The interpreter lock guards
them, and every function leaves a Memory whole before it does anything that could run other Python code.
Without a GIL it is the stripe's holder's alone; who holds none has NULL, and all is made anew.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport CYJWT_UNLIKELY, cyjwt_copy, cyjwt_first8, cyjwt_load64
from cyjwt._engine.stripes cimport FREE_THREADED
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_INCREF,
    PyLong_FromLongLong,
    PyObject_Hash,
    PySequence_Contains,
    PyUnicode_1BYTE_DATA,
    PyUnicode_FromOrdinal,
    PyUnicode_GET_LENGTH,
    PyUnicode_New,
)

cdef enum:
    NAME_SLOTS_LOG = 10
    NAME_SLOTS = 1 << NAME_SLOTS_LOG
    VALUE_SLOTS_LOG = 12
    VALUE_SLOTS = 1 << VALUE_SLOTS_LOG
    DATE_SLOTS_LOG = 8
    DATE_SLOTS = 1 << DATE_SLOTS_LOG
    TEXT_MAX = 64           # longer texts are made each time
    SHAPE_SLOTS = 128       # a power of two
    SHAPE_LEAST = 2
    SHAPE_MOST = 64
    GUESS_DEPTHS = 4        # how deep the names of an object are guessed
    PATIENCE = 16           # how many newcomers a shape outlasts since it was last of use
    STEADY = 2              # the trust in a guess from which on an object is read as what is guessed
    MOST_STEADY = 4
    COMPACT_AFTER = 64      # uses after which a model's table is shared with its copies

# A str that is kept, of ASCII; first and last are its first and last eight bytes.
cdef struct KnownText:
    PyObject* text
    uint64_t first
    uint64_t last
    Py_ssize_t size
    bint recurs             # of a name: values under it are kept too

# An int that is kept.
cdef struct KnownNumber:
    int64_t value
    PyObject* number

# An order of names. The dict has recurring values, else None, and owns every text that is listed.
cdef struct Shape:
    Py_ssize_t count
    int patience
    int steady                  # the trust in it as a guess, up to MOST_STEADY
    int uses                    # up to COMPACT_AFTER
    PyObject* model
    KnownText names[SHAPE_MOST]
    KnownText values[SHAPE_MOST]    # text is the value; size is 0 where it is no text

cdef struct Memory:
    PyObject* recurring         # a frozenset of the names under which values are kept
    KnownText names[NAME_SLOTS]
    KnownText values[VALUE_SLOTS]
    KnownNumber dates[DATE_SLOTS]
    Shape shapes[SHAPE_SLOTS]
    Shape* last[GUESS_DEPTHS]   # by depth, the shape of the object that was read last


cdef inline bint has_shape(const Memory* memory, const void* shape) noexcept nogil:
    """Whether a guess is one at a shape of this memory, and not at another stripe's."""
    return memory != NULL and <size_t>(<const char*>shape - <const char*>memory) < sizeof(Memory)


cdef inline PyObject* ascii_text(const uint8_t* p, Py_ssize_t size) noexcept:
    cdef PyObject* text
    if CYJWT_UNLIKELY(size == 1):
        return PyUnicode_FromOrdinal(p[0])
    text = PyUnicode_New(size, 127)
    if text != NULL:
        cyjwt_copy(PyUnicode_1BYTE_DATA(text), p, <size_t>size)
    return text


cdef inline bint is_text(const KnownText* known, const uint8_t* p, Py_ssize_t size) noexcept nogil:
    """Whether the text is the one at p; its first and last eight bytes are known to match."""
    return size <= 16 or memcmp(PyUnicode_1BYTE_DATA(known.text) + 8, p + 8, size - 16) == 0


cdef inline bint is_next(const KnownText* known, const uint8_t* p) noexcept nogil:
    """Whether this very text stands at p, with a quote behind it."""
    cdef Py_ssize_t size = known.size
    if known.first != cyjwt_first8(p, size) or p[size] != 0x22:
        return False
    return size <= 8 or (known.last == cyjwt_load64(p + size - 8) and is_text(known, p, size))


cdef inline PyObject* known_text(
    Memory* memory, KnownText* table, int slots_log, bint trusted, const uint8_t* p, Py_ssize_t size,
    bint* recurs
) noexcept:
    """The str of a text without escapes, all ASCII; from the table where it is known.

    recurs is set where it is a name whose values are kept too.
    """
    cdef uint64_t first, last, h
    cdef KnownText* slots
    cdef PyObject* text
    cdef int i
    if CYJWT_UNLIKELY(not 0 < size <= TEXT_MAX):
        return ascii_text(p, size)
    first = cyjwt_first8(p, size)
    last = cyjwt_load64(p + size - 8) if size > 8 else 0
    h = (first ^ (last << 7 | last >> 57)) * <uint64_t>0x9E3779B97F4A7C15 + <uint64_t>size
    # A pair of slots, so that two texts which meet do not drive each other out with every token.
    slots = &table[((h ^ h >> 29) * <uint64_t>0xBF58476D1CE4E5B9 >> (64 - slots_log)) & ~<uint64_t>1]
    for i in range(2):
        if slots[i].first == first and slots[i].last == last and slots[i].size == size:
            if is_text(&slots[i], p, size):
                recurs[0] = slots[i].recurs
                Py_INCREF(slots[i].text)
                return slots[i].text
    text = ascii_text(p, size)
    if text != NULL and trusted:
        PyObject_Hash(text)
        Py_INCREF(text)
        if slots[1].text != NULL:
            Py_DECREF(slots[1].text)
        slots[1] = slots[0]
        fill_text(memory, &slots[0], text)
        recurs[0] = slots[0].recurs
    return text


cdef inline void fill_text(Memory* memory, KnownText* known, PyObject* text) noexcept:
    """Describes a text that the caller keeps alive. The str is ASCII, of 1 to TEXT_MAX characters."""
    cdef uint8_t[TEXT_MAX + 8] padded
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    memset(padded, 0, sizeof(padded))
    memcpy(padded, PyUnicode_1BYTE_DATA(text), size)
    known.text = text
    known.size = size
    known.first = cyjwt_first8(padded, size)
    known.last = cyjwt_load64(padded + size - 8) if size > 8 else 0
    known.recurs = PySequence_Contains(memory.recurring, text) == 1


cdef inline PyObject* known_name(
    Memory* memory, bint trusted, const uint8_t* p, Py_ssize_t size, bint* recurs
) noexcept:
    """The str of a member's name. recurs is set where values under it are kept too."""
    if FREE_THREADED and memory == NULL:
        return ascii_text(p, size)
    return known_text(memory, memory.names, NAME_SLOTS_LOG, trusted, p, size, recurs)


cdef inline PyObject* known_value(Memory* memory, bint trusted, const uint8_t* p, Py_ssize_t size) noexcept:
    """The str of a value that recurs."""
    cdef bint recurs = True
    if FREE_THREADED and memory == NULL:
        return ascii_text(p, size)
    return known_text(memory, memory.values, VALUE_SLOTS_LOG, trusted, p, size, &recurs)


cdef inline PyObject* known_number(Memory* memory, bint trusted, int64_t value) noexcept:
    """The int of a value. Dates recur: tokens are issued many in one second, and shown many times."""
    cdef KnownNumber* slot
    cdef PyObject* number
    # From 2001 to 2286.
    if not <int64_t>1000000000 <= value <= <int64_t>9999999999 or (FREE_THREADED and memory == NULL):
        return PyLong_FromLongLong(value)
    slot = &memory.dates[<uint64_t>value * <uint64_t>0x9E3779B97F4A7C15 >> (64 - DATE_SLOTS_LOG)]
    if slot.value == value:
        Py_INCREF(slot.number)
        return slot.number
    number = PyLong_FromLongLong(value)
    if number != NULL and trusted:
        Py_INCREF(number)
        if slot.number != NULL:
            Py_DECREF(slot.number)
        slot.value = value
        slot.number = number
    return number
