"""Containers that the garbage collector need not walk, for nobody has them yet."""

from cpython.object cimport PyObject

from cyjwt._engine.stripes cimport FREE_THREADED

cdef extern from "Python.h":
    void PyObject_GC_UnTrack(PyObject* container) noexcept


cdef inline void withhold(PyObject* container) noexcept:
    """Takes a list or dict, not what is in it, out of the collector's sight, until it is handed out.

    Whoever holds it meanwhile gives it to nobody: what could be changed could become part of a cycle.
    """
    if not FREE_THREADED:
        PyObject_GC_UnTrack(container)
