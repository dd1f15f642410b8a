"""A bounded memory of what a costly construction made, found again by what it was made from."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from cyjwt._engine.question cimport Question

cdef class Memo:
    cdef object build
    cdef tuple live
    cdef tuple immutable
    cdef dict table             # by hash: the first Entry that has it
    cdef PyObject* newest       # the entries by their last use; borrowed from the table
    cdef PyObject* oldest
    cdef Py_ssize_t capacity, count, octets, hits, misses
    cdef uint64_t epoch     # grows when what was being made may no longer be kept

# What the memo holds for the question: a new reference, or NULL, without an error, where it holds nothing.
cdef PyObject* recall(Memo memo, const Question* question) noexcept
