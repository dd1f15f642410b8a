"""Objects made of the scanner's notes, so that little is left to do under the interpreter lock.

The scanner works without the lock, and says of a text that it is one object, no member of which stands
twice, and where the members are. Where they are those of the shape that is guessed, in its order, the object
is made of a copy of the shape's model, as the reader would make it, and only the values are still to be made.
Else the reader reads the text.
"""

from libc.stdint cimport int64_t

from cyjwt._engine.jsonlex cimport INTEGER, STRING
from cyjwt._engine.jsonmemory cimport (
    STEADY,
    KnownText,
    Shape,
    ascii_text,
    has_shape,
    is_next,
    known_number,
    known_value,
)
from cyjwt._engine.jsonread cimport memory_of, read_any, read_value_in
from cyjwt._engine.jsonreader cimport Reader, any_text, close_reader, fail, open_reader
from cyjwt._engine.jsonscan cimport Member
from cyjwt._engine.jsonshape cimport trust_shape
from cyjwt._engine.pyraw cimport Py_DECREF, Py_INCREF, PyDict_Copy, PyDict_SetItem
from cyjwt._engine.status cimport JSON_MEMORY
from cyjwt._engine.withheld cimport withhold

cdef enum:
    EXACT = 15          # characters of an integer that a double holds


cdef inline PyObject* make_value(Reader* r, const Member* value, bint recurs) noexcept:
    if value.kind == INTEGER and value.length <= EXACT:
        return known_number(r.memory, True, <int64_t>value.value)
    if value.kind != STRING:
        return read_any(r, value.start, 1, NULL, recurs)
    if value.flags:
        return any_text(r, value.start, value.length, value.flags)
    if recurs:
        return known_value(r.memory, True, value.start, value.length)
    return ascii_text(value.start, value.length)


cdef bint set_value(
    Reader* r, PyObject* made, const KnownText* name, const KnownText* kept, const Member* value
) noexcept:
    """Puts the value of a member into what is made, unless it is there already."""
    cdef PyObject* key = name.text
    cdef PyObject* there = kept.text
    cdef PyObject* item
    cdef bint done
    if kept.size and value.kind == STRING and is_next(kept, value.start):
        return True
    # The model has a reference to both texts, whatever becomes of the shape meanwhile.
    item = make_value(r, value, name.recurs)
    done = item != NULL and (item == there or PyDict_SetItem(made, key, item) == 0)
    if item != NULL:
        Py_DECREF(item)
    if not done:
        fail(r, JSON_MEMORY)
    return done


cdef PyObject* make_alike(Reader* r, const Notes* notes, Shape* shape) noexcept:
    """NULL without an error where the object turns out to be another."""
    cdef PyObject* model = shape.model
    cdef PyObject* made
    cdef int i = 0
    # As long as the model is held, no other one has its address. What collects garbage may run code that
    # reads tokens itself and replaces the shape.
    Py_INCREF(model)
    made = PyDict_Copy(model)
    if made == NULL:
        fail(r, JSON_MEMORY)
    else:
        while i < notes.count and shape.model == model and is_next(&shape.names[i], notes.first[i].name):
            if not set_value(r, made, &shape.names[i], &shape.values[i], &notes.first[i].value):
                break
            i += 1
        if i < notes.count or shape.model != model:
            Py_DECREF(made)
            made = NULL
    Py_DECREF(model)
    return made


cdef PyObject* read_noted(
    int stripe, const uint8_t* text, size_t size, const Notes* notes, bint withheld, void** hint, int* error
) noexcept:
    cdef Reader r
    cdef PyObject* made
    cdef Shape* shape
    open_reader(&r, memory_of(stripe), size, True, withheld)
    if hint != NULL and hint[0] != NULL and has_shape(r.memory, hint[0]):
        shape = <Shape*>hint[0]
        if shape.steady >= STEADY and shape.model != NULL and shape.count == notes.count:
            made = make_alike(&r, notes, shape)
            close_reader(&r)
            if made != NULL:
                trust_shape(shape, True)
                if withheld:
                    withhold(made)
            if made != NULL or r.error:
                error[0] = r.error
                return made
    return read_value_in(stripe, text, size, NULL, NULL, True, withheld, hint, error)
