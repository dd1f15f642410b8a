"""What a memory is asked for: arguments, written as a flat row of nodes, told by type and content.

Comparing, hashing and keeping read the same row, so that they cannot see different things. Types are exact:
``True``, ``1`` and ``1.0`` are three values.

Nothing here runs Python code, or lets go of the GIL, between reading the arguments and the end of their use.
Without a GIL other threads may change lists, dicts and buffers meanwhile: there their copies are read.
"""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

from cyjwt._engine.stripes cimport FREE_THREADED

from datetime import timedelta

cdef extern from "Python.h":
    PyTypeObject PyUnicode_Type, PyBytes_Type, PyLong_Type, PyFloat_Type, PyBool_Type, PyList_Type
    PyTypeObject PyTuple_Type, PyDict_Type, PySet_Type, PyFrozenSet_Type, PyByteArray_Type, PyMemoryView_Type
    PyTypeObject* Py_TYPE(PyObject* o) noexcept
    ctypedef struct Py_buffer:
        void* buf
        Py_ssize_t len
        Py_ssize_t itemsize
        int ndim
        const char* format
    int PyBUF_FULL_RO
    int PyObject_GetBuffer(PyObject* o, Py_buffer* view, int flags) noexcept
    int PyBuffer_IsContiguous(const Py_buffer* view, char order) noexcept
    void PyBuffer_Release(Py_buffer* view) noexcept
    char* PyByteArray_AS_STRING(PyObject* o) noexcept
    Py_ssize_t PyByteArray_GET_SIZE(PyObject* o) noexcept
    void* PyUnicode_DATA(PyObject* o) noexcept
    int PyUnicode_KIND(PyObject* o) noexcept
    int PyObject_RichCompareBool(PyObject* a, PyObject* b, int operation) noexcept
    int Py_EQ
    PyObject* PySequence_Tuple(PyObject* o) noexcept
    PyObject* PyList_AsTuple(PyObject* o) noexcept
    int PyList_Append(PyObject* o, PyObject* item) noexcept

from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_None,
    Py_XDECREF,
    PyBytes_AS_STRING,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
    PyDict_Copy,
    PyDict_Next,
    PyDict_Size,
    PyErr_Clear,
    PyFloat_AS_DOUBLE,
    PyList_GET_ITEM,
    PyList_GET_SIZE,
    PyList_New,
    PyObject_Hash,
    PyTuple_GET_ITEM,
    PyTuple_GET_SIZE,
    PyUnicode_Check,
    PyUnicode_GET_LENGTH,
)

cdef enum:
    MOST_NODES = 1 << 12    # of one question
    DEEPEST = 8             # containers in containers

cdef PyTypeObject* _duration = <PyTypeObject*><PyObject*>timedelta


# --- writing -----------------------------------------------------------------------------


cdef void open_row(Row* row) noexcept:
    row.node = row.at_hand
    row.used = 0
    row.room = NODES_AT_HAND
    row.sets = 0
    row.copies = NULL


cdef void close_row(Row* row) noexcept:
    if row.node != row.at_hand:
        free(row.node)
    while row.sets:
        row.sets -= 1
        Py_DECREF(row.members[row.sets])
    Py_XDECREF(row.copies)


cdef PyObject* hold(Row* row, PyObject* copy) noexcept:
    """Takes over a copy, for as long as the row; NULL where there is none, or no room."""
    cdef bint held = False
    if copy != NULL and row.copies == NULL:
        row.copies = PyList_New(0)
    if copy != NULL:
        held = row.copies != NULL and PyList_Append(row.copies, copy) == 0
        Py_DECREF(copy)
    if held:
        return copy
    PyErr_Clear()
    return NULL


cdef Node* new_node(Row* row, Kind kind, PyObject* value) noexcept:
    """The next node, or NULL where there is no room for it. It may move the others."""
    cdef Node* larger
    cdef Node* node
    if row.used == row.room:
        larger = <Node*>malloc(2 * row.room * sizeof(Node)) if row.room < MOST_NODES else NULL
        if larger == NULL:
            return NULL
        memcpy(larger, row.node, row.used * sizeof(Node))
        if row.node != row.at_hand:
            free(row.node)
        row.node = larger
        row.room *= 2
    node = &row.node[row.used]
    row.used += 1
    node.kind = kind
    node.type = Py_TYPE(value)
    node.object = value
    node.data = NULL
    node.size = 0
    return node


cdef bint stands_for_itself(PyTypeObject* type, PyObject* value, tuple immutable) noexcept:
    """Whether an object of a type that is not known here may be told by its address.

    Not a container or a buffer, whose content may change while its address does not, unless its type is
    known to be immutable. A ``str`` of a subclass has a content that does not change.
    """
    cdef Py_ssize_t i
    for i in range(len(immutable)):
        if <PyTypeObject*>PyTuple_GET_ITEM(<PyObject*>immutable, i) == type:
            return True
    if PyUnicode_Check(value):
        return True
    return not (
        type.tp_iter != NULL
        or (type.tp_as_mapping != NULL and type.tp_as_mapping.mp_subscript != NULL)
        or (type.tp_as_sequence != NULL and type.tp_as_sequence.sq_item != NULL)
        or (type.tp_as_sequence != NULL and type.tp_as_sequence.sq_contains != NULL)
        or (type.tp_as_buffer != NULL and type.tp_as_buffer.bf_getbuffer != NULL)
    )


cdef bint write_view(Row* row, PyObject* value) noexcept:
    """A memoryview of plain octets. Its memory stays where it is for as long as it is exported."""
    cdef Py_buffer view
    cdef Node* node = NULL
    if PyObject_GetBuffer(value, &view, PyBUF_FULL_RO) < 0:
        PyErr_Clear()
        return False
    if (
        view.ndim == 1 and view.itemsize == 1 and view.len <= LARGEST and PyBuffer_IsContiguous(&view, b"C")
        and (view.format == NULL or (view.format[0] == b"B" and view.format[1] == 0))
    ):
        node = new_octets(row, value, <const char*>view.buf, view.len)
    PyBuffer_Release(&view)
    return node != NULL


cdef Node* new_octets(Row* row, PyObject* value, const char* data, Py_ssize_t size) noexcept:
    """The next node, of a buffer, or NULL."""
    cdef PyObject* copy
    cdef Node* node
    if FREE_THREADED:
        copy = hold(row, PyBytes_FromStringAndSize(data, size))
        if copy == NULL:
            return NULL
        data = PyBytes_AS_STRING(copy)
    node = new_node(row, BUFFER, value)
    if node != NULL:
        node.data = data
        node.size = size
    return node


cdef bint write_dict(Row* row, PyObject* value, tuple immutable, int depth) noexcept:
    """In the order of its members, which may matter: the header of a token is written in it."""
    cdef Py_ssize_t position = 0
    cdef PyObject* name
    cdef PyObject* item
    cdef Node* node = new_node(row, DICT, value)
    if node != NULL and FREE_THREADED:
        value = hold(row, PyDict_Copy(value))
    if node == NULL or value == NULL:
        return False
    node.size = PyDict_Size(value)
    while PyDict_Next(value, &position, &name, &item):
        # The hash and equality of any other name might be Python code.
        if Py_TYPE(name) != &PyUnicode_Type or not write_value(row, name, immutable, depth):
            return False
        if not write_value(row, item, immutable, depth + 1):
            return False
    return True


cdef bint write_items(
    Row* row, Kind kind, PyObject* value, PyObject* items, tuple immutable, int depth
) noexcept:
    """A sequence; or what else has its items in a tuple, such as a set."""
    cdef bint is_list = not FREE_THREADED and kind == LIST
    cdef Py_ssize_t i
    cdef Py_ssize_t size = PyList_GET_SIZE(items) if is_list else PyTuple_GET_SIZE(items)
    cdef Node* node = new_node(row, kind, value)
    if node == NULL:
        return False
    node.size = size
    for i in range(size):
        if not write_value(
            row, PyList_GET_ITEM(items, i) if is_list else PyTuple_GET_ITEM(items, i), immutable, depth + 1
        ):
            return False
    return True


cdef bint write_value(Row* row, PyObject* value, tuple immutable, int depth) noexcept:
    """Whether the value can be remembered; its nodes then are the row's last."""
    cdef PyTypeObject* type = Py_TYPE(value)
    cdef PyObject* items
    if type == &PyUnicode_Type:
        return PyUnicode_GET_LENGTH(value) <= LARGEST and new_node(row, TEXT, value) != NULL
    if type == &PyBytes_Type:
        return PyBytes_GET_SIZE(value) <= LARGEST and new_node(row, OCTETS, value) != NULL
    if value == Py_None or type == &PyBool_Type:
        return new_node(row, IDENTITY, value) != NULL
    if type == &PyLong_Type:
        return new_node(row, INTEGER, value) != NULL
    if type == &PyFloat_Type:
        return new_node(row, REAL, value) != NULL
    if type == _duration:
        return new_node(row, DURATION, value) != NULL
    if type == &PyByteArray_Type:
        with cython.critical_section(<object>value):
            if PyByteArray_GET_SIZE(value) > LARGEST:
                return False
            return new_octets(row, value, PyByteArray_AS_STRING(value), PyByteArray_GET_SIZE(value)) != NULL
    if type == &PyMemoryView_Type:
        return write_view(row, value)
    if depth < DEEPEST:
        if type == &PyList_Type:
            items = hold(row, PyList_AsTuple(value)) if FREE_THREADED else value
            return items != NULL and write_items(row, LIST, value, items, immutable, depth)
        if type == &PyTuple_Type:
            return write_items(row, TUPLE, value, value, immutable, depth)
        if type == &PyDict_Type:
            return write_dict(row, value, immutable, depth)
    return stands_for_itself(type, value, immutable) and new_node(row, IDENTITY, value) != NULL


cdef bint is_set(PyObject* value) noexcept:
    return Py_TYPE(value) == &PySet_Type or Py_TYPE(value) == &PyFrozenSet_Type


cdef bint is_live(const Question* question, Py_ssize_t i, tuple names) noexcept:
    """Whether the construction keeps the value itself and asks it later, so that it stands for itself."""
    cdef PyObject* name
    cdef PyObject* live
    cdef Py_ssize_t k
    if i < question.places:
        return False
    name = question.name[i - question.places]
    for k in range(len(names)):
        live = PyTuple_GET_ITEM(<PyObject*>names, k)
        if name == live or same_text(name, live):
            return True
    return False


cdef bint write_question(Row* row, const Question* question, tuple live, tuple immutable) noexcept:
    cdef Py_ssize_t count = question.places + question.names
    cdef Py_ssize_t i
    cdef int sets = 0
    cdef PyObject* members
    row.places = question.places
    # Whatever asks for an object of Python's comes first: a collection of garbage that it sets off may run
    # code, and nothing is borrowed yet.
    for i in range(count):
        if is_set(question.value[i]) and not is_live(question, i, live):
            members = PySequence_Tuple(question.value[i])
            if members == NULL:
                PyErr_Clear()
                return False
            row.members[row.sets] = members
            row.sets += 1
    for i in range(count):
        if is_live(question, i, live):
            if new_node(row, IDENTITY, question.value[i]) == NULL:
                return False
        elif is_set(question.value[i]):
            # In the order that it gives its members in, as the construction will see them.
            if not write_items(row, SET, question.value[i], row.members[sets], immutable, 0):
                return False
            sets += 1
        elif not write_value(row, question.value[i], immutable, 0):
            return False
    for i in range(question.names):
        if not write_value(row, question.name[i], immutable, 0):
            return False
    return True


# --- comparing -------------------------------------------------------------------------------------------


cdef bint same_text(PyObject* a, PyObject* b) noexcept:
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(a)
    cdef int width = PyUnicode_KIND(a)
    if length != PyUnicode_GET_LENGTH(b) or width != PyUnicode_KIND(b):
        return False
    return memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), <size_t>(length * width)) == 0


cdef bint same_content(const Node* a, const Node* b) noexcept:
    """Of two nodes of one kind and type, but for the address of what they stand for."""
    cdef double real_a, real_b
    if a.kind == TEXT:
        return same_text(a.object, b.object)
    if a.kind == OCTETS:
        if PyBytes_GET_SIZE(a.object) != PyBytes_GET_SIZE(b.object):
            return False
        return memcmp(
            PyBytes_AS_STRING(a.object), PyBytes_AS_STRING(b.object), <size_t>PyBytes_GET_SIZE(a.object)
        ) == 0
    if a.kind == INTEGER or a.kind == DURATION:
        return PyObject_RichCompareBool(a.object, b.object, Py_EQ) == 1
    if a.kind == REAL:
        # By bits: 0.0 is not -0.0, and a NaN is itself.
        real_a = PyFloat_AS_DOUBLE(a.object)
        real_b = PyFloat_AS_DOUBLE(b.object)
        return memcmp(&real_a, &real_b, sizeof(double)) == 0
    if a.kind == BUFFER:
        return a.size == b.size and memcmp(a.data, b.data, <size_t>a.size) == 0
    # A container is told by its type, its size, and the nodes behind it.
    return a.kind != IDENTITY and a.size == b.size


cdef bint same_nodes(const Node* kept, const Node* asked, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    for i in range(count):
        if kept[i].kind != asked[i].kind or kept[i].type != asked[i].type:
            return False
        # The address of a container tells nothing.
        if (kept[i].object == NULL or kept[i].object != asked[i].object) and not same_content(
            &kept[i], &asked[i]
        ):
            return False
    return True


cdef uint64_t stir(uint64_t state, uint64_t word) noexcept:
    state = (state ^ word) * <uint64_t>0x9E3779B97F4A7C15
    return state ^ state >> 29


cdef uint64_t hash_row(const Row* row) noexcept:
    # Python's own hashes of texts and octets are keyed (PEP 456), and kept by the objects.
    cdef uint64_t state = <uint64_t>row.places
    cdef const Node* node
    cdef PyObject* copied
    cdef Py_ssize_t i
    for i in range(row.used):
        node = &row.node[i]
        state = stir(state, <uint64_t><uintptr_t>node.type)
        if node.kind == IDENTITY:
            state = stir(state, <uint64_t><uintptr_t>node.object)
        elif node.kind < BUFFER:
            state = stir(state, <uint64_t>PyObject_Hash(node.object))
        elif node.kind == BUFFER:
            copied = PyBytes_FromStringAndSize(node.data, node.size)
            if copied == NULL:
                PyErr_Clear()
            else:
                state = stir(state, <uint64_t>PyObject_Hash(copied))
                Py_DECREF(copied)
        else:
            state = stir(state, <uint64_t>node.size)
    return state


cdef Py_ssize_t octets_of(const Row* row) noexcept:
    cdef Py_ssize_t size = row.used * <Py_ssize_t>sizeof(Node)
    cdef const Node* node
    cdef Py_ssize_t i
    for i in range(row.used):
        node = &row.node[i]
        if node.kind == TEXT:
            size += PyUnicode_GET_LENGTH(node.object) * PyUnicode_KIND(node.object)
        elif node.kind == OCTETS:
            size += PyBytes_GET_SIZE(node.object)
        elif node.kind == BUFFER:
            size += node.size
    return size
