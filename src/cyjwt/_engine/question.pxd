"""What a memory is asked for, written as a flat row of nodes."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

cdef extern from "Python.h":
    ctypedef struct PyMappingMethods:
        void* mp_subscript
    ctypedef struct PySequenceMethods:
        void* sq_item
        void* sq_contains
    ctypedef struct PyBufferProcs:
        void* bf_getbuffer
    ctypedef struct PyTypeObject:
        void* tp_iter
        PyMappingMethods* tp_as_mapping
        PySequenceMethods* tp_as_sequence
        PyBufferProcs* tp_as_buffer

cdef enum:
    LARGEST = 1 << 17       # octets of one row
    MOST_VALUES = 48        # of one question
    NODES_AT_HAND = 64      # nodes for which no memory is asked

cdef enum Kind:
    # What is told by its address alone: what has no content, or none that may change what it stands for.
    IDENTITY
    # What never changes, so that the same object is the same content.
    TEXT
    OCTETS
    INTEGER
    REAL
    DURATION
    # What may have changed since, or may hold what has.
    BUFFER
    LIST
    TUPLE
    SET
    DICT

cdef struct Node:
    Kind kind
    PyTypeObject* type
    PyObject* object        # the value itself; NULL, where it is kept, of a container
    const char* data        # of a BUFFER
    Py_ssize_t size         # of a container its members, of a BUFFER its octets

# Arguments: the values, those that have names behind those that have none, and these names. All are borrowed.
cdef struct Question:
    Py_ssize_t places       # values without a name
    Py_ssize_t names        # values with one
    PyObject* value[MOST_VALUES]
    PyObject* name[MOST_VALUES]

# A question's nodes, in the order of its values, its names behind them. They borrow.
cdef struct Row:
    Node* node
    Py_ssize_t used, room, places
    int sets                # the members of its sets, in tuples that are owned
    PyObject* members[MOST_VALUES]
    PyObject* copies        # without a GIL: a list of what was copied because it may change; or NULL
    Node[NODES_AT_HAND] at_hand

cdef void open_row(Row* row) noexcept
cdef void close_row(Row* row) noexcept

# Whether a question can be remembered; the row then has its nodes. Values whose names are live, and objects
# of immutable types, are told by identity.
cdef bint write_question(Row* row, const Question* question, tuple live, tuple immutable) noexcept

# The hash of a row, by Python's own hashes of texts and octets.
cdef uint64_t hash_row(const Row* row) noexcept

# Whether so many kept nodes are those that are asked for. A container that is kept has no object.
cdef bint same_nodes(const Node* kept, const Node* asked, Py_ssize_t count) noexcept

# What keeping a row takes, near enough to bound it.
cdef Py_ssize_t octets_of(const Row* row) noexcept
