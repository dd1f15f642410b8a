"""Shapes: the orders in which the objects of many tokens have their names, and the dicts that are made of
them.

An object of a shape that is known begins as a copy of the shape's model, which spares the growth of its
table. The model of a shape that is of use is a dict as objects of a class have: their copies share one
table of names, which spares most of their memory.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t

from cyjwt._engine.jsonmemory cimport (
    COMPACT_AFTER,
    GUESS_DEPTHS,
    MOST_STEADY,
    PATIENCE,
    SHAPE_LEAST,
    SHAPE_MOST,
    SHAPE_SLOTS,
    STEADY,
    TEXT_MAX,
    KnownText,
    Memory,
    Shape,
    fill_text,
)
from cyjwt._engine.stripes cimport FREE_THREADED
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
    PySequence_Contains,
    PyUnicode_1BYTE_DATA,
    PyUnicode_Check,
    PyUnicode_GET_LENGTH,
    PyUnicode_IS_ASCII,
)
from cyjwt._engine.status cimport JSON_DUPLICATE, JSON_MEMORY


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
    cdef PyObject* kept
    cdef KnownText* name
    cdef KnownText* value
    cdef Py_ssize_t i
    for i in range(count):
        if not is_plain(pairs[2 * i]):
            return True
    model = PyDict_New()
    if model == NULL:
        return False
    for i in range(count):
        # Only what cannot change may be shared, and only what names no person is kept.
        kept = pairs[2 * i + 1]
        if kept != Py_True and kept != Py_False:
            if not PyUnicode_Check(kept) or PyUnicode_GET_LENGTH(kept) > TEXT_MAX:
                kept = Py_None
            elif PySequence_Contains(memory.recurring, pairs[2 * i]) != 1:
                kept = Py_None
        if PyDict_SetItem(model, pairs[2 * i], kept) < 0:
            Py_DECREF(model)
            return False
    if shape.model != NULL:
        Py_DECREF(shape.model)
    shape.model = model
    shape.count = count
    shape.patience = PATIENCE
    shape.steady = 0
    shape.uses = 0
    for i in range(count):
        name = &shape.names[i]
        value = &shape.values[i]
        fill_text(memory, name, pairs[2 * i])
        kept = PyDict_GetItemWithError(model, name.text)
        if PyUnicode_Check(kept) and is_plain(kept):
            fill_text(memory, value, kept)
        else:
            value.text = kept
            value.size = 0
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
        guess.steady += guess.steady < MOST_STEADY
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
        if unchanged and shape.values[i].text == pairs[2 * i + 1]:
            continue
        if PyDict_SetItem(made, pairs[2 * i], pairs[2 * i + 1]) < 0:
            Py_DECREF(made)
            return NULL
    return made


cdef inline dict shared_table(dict model):
    """The same dict, with its names in a table that its copies share; or the model itself."""
    cdef dict made
    kind = type("Claims", (), {})
    made = vars(kind())
    for name in model:
        made[name] = None
    # Each object of a class that is made leaves room in the table for one name less, and with it in the
    # copies.
    for _ in range(SHAPE_MOST):
        kind()
    made = vars(kind())
    for name, value in model.items():
        made[name] = value
    made = made.copy()
    smaller = made.__sizeof__() < model.__sizeof__()
    return made if smaller and list(made.items()) == list(model.items()) else model


cdef inline void use_shape(Shape* shape) noexcept:
    """Counts one more use, and makes the model of a shape that is of use a compact one. May collect
    garbage."""
    cdef PyObject* model = shape.model
    cdef dict made
    if shape.uses == COMPACT_AFTER:
        return
    shape.uses += 1
    if shape.uses < COMPACT_AFTER:
        return
    Py_INCREF(model)
    try:
        made = shared_table(<dict>model)
        if shape.model == model:
            Py_INCREF(<PyObject*>made)
            shape.model = <PyObject*>made
            Py_DECREF(model)
    except Exception:
        pass    # The model that there is will do.
    Py_DECREF(model)


cdef inline void trust_shape(Shape* shape, bint right) noexcept:
    """Takes account of a guess. A wrong one counts for two: it costs more than a right one saves."""
    if right:
        shape.patience = PATIENCE
        shape.steady += shape.steady < MOST_STEADY
        use_shape(shape)
    else:
        shape.steady = shape.steady - 2 if shape.steady > 2 else 0


cdef inline Py_ssize_t resume_guess(const Shape* guess, Py_ssize_t next, const PyObject* name) noexcept nogil:
    """The place of the next guess, after a name that was not guessed: members may be absent, or come in
    addition."""
    cdef Py_ssize_t i
    if guess != NULL:
        for i in range(next, guess.count):
            if guess.names[i].text == name:
                return i + 1
    return next


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
    if count < SHAPE_LEAST or count > SHAPE_MOST or (FREE_THREADED and memory == NULL):
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
        # What turns up once in a while does not take the place of a guess that is mostly right.
        if guess == NULL or guess.steady < STEADY:
            memory.last[depth - 1] = shape
        if same:
            use_shape(shape)
    return made
