"""What the JSON reader remembers: texts and shapes that many tokens share.

Each memory has a fixed size, a newcomer takes the slot of what was there, and only text that a key of ours
signed adds to them. All references in a Memory are owned. The interpreter lock guards it, and every
function leaves it whole before it does anything that could run other Python code.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport CYJWT_UNLIKELY, cyjwt_copy, cyjwt_first8, cyjwt_load64
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_False,
    Py_INCREF,
    Py_None,
    Py_True,
    PyDict_Copy,
    PyDict_GetItemWithError,
    PyDict_New,
    PyDict_SetItem,
    PyDict_Size,
    PyObject_Hash,
    PySequence_Contains,
    PyUnicode_1BYTE_DATA,
    PyUnicode_Check,
    PyUnicode_FromOrdinal,
    PyUnicode_GET_LENGTH,
    PyUnicode_IS_ASCII,
    PyUnicode_New,
)
from cyjwt._engine.status cimport JSON_DUPLICATE, JSON_MEMORY

cdef enum:
    NAME_SLOTS_LOG = 10
    NAME_SLOTS = 1 << NAME_SLOTS_LOG
    VALUE_SLOTS_LOG = 12
    VALUE_SLOTS = 1 << VALUE_SLOTS_LOG
    TEXT_MAX = 64           # longer texts are made each time
    SHAPE_SLOTS = 128       # a power of two
    SHAPE_LEAST = 2
    SHAPE_MOST = 64
    GUESS_DEPTHS = 4        # how deep the names of an object are guessed
    PATIENCE = 16           # how many newcomers a shape outlasts since it was last of use

# A str that is kept, of ASCII; first and last are its first and last eight bytes.
cdef struct KnownText:
    PyObject* text
    uint64_t first
    uint64_t last
    Py_ssize_t size
    bint recurs             # of a name: values under it are kept too

# An order of names. The dict has recurring values, else None, and owns every text that is listed.
cdef struct Shape:
    Py_ssize_t count
    int patience
    PyObject* model
    KnownText names[SHAPE_MOST]
    PyObject* values[SHAPE_MOST]

cdef struct Memory:
    PyObject* recurring         # a frozenset of the names under which values are kept
    KnownText names[NAME_SLOTS]
    KnownText values[VALUE_SLOTS]
    Shape shapes[SHAPE_SLOTS]
    Shape* last[GUESS_DEPTHS]   # by depth, the shape of the object that was read last


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
    if CYJWT_UNLIKELY(size > TEXT_MAX or size == 0):
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


cdef inline bint is_plain(PyObject* name) noexcept:
    """Whether JSON can write a name only as it is, but for escapes that nobody needs.

    is_next compares a name with the text of the next token, so that a name which has to be written with
    an escape must not be among those it guesses: its value, found as text, would be something else.
    """
    cdef const uint8_t* p = PyUnicode_1BYTE_DATA(name)
    cdef Py_ssize_t i, size = PyUnicode_GET_LENGTH(name)
    if not PyUnicode_IS_ASCII(name) or not 0 < size <= TEXT_MAX:
        return False
    for i in range(size):
        if p[i] < 0x20 or p[i] == 0x22 or p[i] == 0x5C:
            return False
    return True


cdef inline bint keep_shape(
    Memory* memory, PyObject** pairs, Py_ssize_t count, Shape* shape
) noexcept:
    """Remembers the order of an object's names; False where there was no memory."""
    cdef PyObject* model
    cdef PyObject* value
    cdef KnownText* name
    cdef Py_ssize_t i
    for i in range(count):
        if not is_plain(pairs[2 * i]):
            return True
    model = PyDict_New()
    if model == NULL:
        return False
    for i in range(count):
        # Only what cannot change may be shared, and only what names no person is kept.
        value = pairs[2 * i + 1]
        if value != Py_True and value != Py_False:
            if not PyUnicode_Check(value) or PyUnicode_GET_LENGTH(value) > TEXT_MAX:
                value = Py_None
            elif PySequence_Contains(memory.recurring, pairs[2 * i]) != 1:
                value = Py_None
        if PyDict_SetItem(model, pairs[2 * i], value) < 0:
            Py_DECREF(model)
            return False
    if shape.model != NULL:
        Py_DECREF(shape.model)
    shape.model = model
    shape.count = count
    shape.patience = PATIENCE
    for i in range(count):
        name = &shape.names[i]
        fill_text(memory, name, pairs[2 * i])
        shape.values[i] = PyDict_GetItemWithError(model, name.text)
    return True


cdef inline bint is_shape(const Shape* shape, PyObject** pairs, Py_ssize_t count) noexcept nogil:
    """Whether the names of the pairs are those of the shape, in its order."""
    cdef Py_ssize_t i
    if shape.count != count:
        return False
    for i in range(count):
        if shape.names[i].text != pairs[2 * i]:
            return False
    return True


cdef inline Shape* find_shape(
    Memory* memory, PyObject** pairs, Py_ssize_t count, Shape* guess, bint* same
) noexcept nogil:
    """The shape of the names if it is known; else the slot that it may take, or NULL for not yet."""
    cdef uint64_t h = <uint64_t>count
    cdef Py_ssize_t i
    cdef Shape* one
    cdef Shape* other
    same[0] = guess != NULL and is_shape(guess, pairs, count)
    if same[0]:
        guess.patience = PATIENCE
        return guess
    for i in range(count):
        h = (h ^ <uint64_t>pairs[2 * i]) * <uint64_t>0x9E3779B97F4A7C15
        h ^= h >> 32
    one = &memory.shapes[h & (SHAPE_SLOTS - 1)]
    other = &memory.shapes[(h >> 32) & (SHAPE_SLOTS - 1)]
    if is_shape(other, pairs, count):
        one = other
        same[0] = True
    else:
        same[0] = is_shape(one, pairs, count)
    if same[0]:
        one.patience = PATIENCE
        return one
    if other.patience < one.patience:
        one = other
    # To learn a shape costs more than to do without; one that is of use is not given up at once.
    one.patience -= 1
    return one if one.patience < 0 else NULL


cdef inline PyObject* copy_shape(Shape* shape, PyObject** pairs, Py_ssize_t count) noexcept:
    """A dict of a shape's names with the values of the pairs, or NULL with an error set."""
    cdef PyObject* model = shape.model
    cdef PyObject* made
    cdef Py_ssize_t i
    cdef bint unchanged
    # Making a dict may collect garbage, and so run code that reads tokens and replaces the shape.
    Py_INCREF(model)
    made = PyDict_Copy(model)
    unchanged = shape.model == model
    Py_DECREF(model)
    if made == NULL:
        return NULL
    for i in range(count):
        if unchanged and shape.values[i] == pairs[2 * i + 1]:
            continue
        if PyDict_SetItem(made, pairs[2 * i], pairs[2 * i + 1]) < 0:
            Py_DECREF(made)
            return NULL
    return made


cdef inline PyObject* new_dict(PyObject** pairs, Py_ssize_t count, int* error) noexcept:
    """A dict of the pairs; duplicate names are refused."""
    cdef PyObject* made = PyDict_New()
    cdef Py_ssize_t i
    if made == NULL:
        error[0] = JSON_MEMORY
        return NULL
    for i in range(count):
        if PyDict_SetItem(made, pairs[2 * i], pairs[2 * i + 1]) < 0:
            Py_DECREF(made)
            error[0] = JSON_MEMORY
            return NULL
    if PyDict_Size(made) != count:
        Py_DECREF(made)
        error[0] = JSON_DUPLICATE
        return NULL
    return made


cdef inline PyObject* make_dict(
    Memory* memory, PyObject** pairs, Py_ssize_t count, Shape* guess, int depth, bint trusted,
    int* error
) noexcept:
    """A dict of the pairs, whose references stay with the caller; or NULL with a JSONError."""
    cdef PyObject* made
    cdef Shape* shape
    cdef bint same = False
    if count < SHAPE_LEAST or count > SHAPE_MOST:
        return new_dict(pairs, count, error)
    shape = find_shape(memory, pairs, count, guess, &same)
    if same:
        made = copy_shape(shape, pairs, count)
        if made == NULL:
            error[0] = JSON_MEMORY
    else:
        made = new_dict(pairs, count, error)
        if made != NULL and trusted and shape != NULL and not keep_shape(memory, pairs, count, shape):
            Py_DECREF(made)
            error[0] = JSON_MEMORY
            return NULL
    if depth <= GUESS_DEPTHS and trusted and made != NULL and shape != NULL and shape.model != NULL:
        memory.last[depth - 1] = shape
    return made
