"""Copies of what the JSON reader made, so that a caller may do as it likes with its own."""

from cpython.object cimport PyObject

# How many members of a dict are lists or dicts.
cdef Py_ssize_t count_containers(PyObject* members) noexcept

# A dict that shares no list or dict with this one, which the reader made; a new reference, or NULL with a
# Python error set. containers is what count_containers said of it.
cdef PyObject* copy_members(PyObject* members, Py_ssize_t containers) noexcept
