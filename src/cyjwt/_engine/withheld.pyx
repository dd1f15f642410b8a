"""Containers that the garbage collector need not walk, for nobody has them yet.

The claims of a batch are many dicts and lists, and for as long as only the batch has them they are part of no
cycle. For the collector to walk them took an eighth of a batch's time, with the interpreter lock held. So
they are out of its sight from when they are made to when they are handed out; from then on they are like any
other. In a build without a GIL nothing is withheld: threads might hand out the same object at one time.
"""

cimport cython
from cpython.object cimport PyObject

from cyjwt._engine.pyraw cimport (
    PyDict_CheckExact,
    PyDict_Next,
    PyList_CheckExact,
    PyList_GET_ITEM,
    PyList_GET_SIZE,
)

cdef extern from "Python.h":
    const int PY_VERSION_HEX
    void PyObject_GC_Track(PyObject* container) noexcept
    bint PyObject_GC_IsTracked(PyObject* container) noexcept


cdef void track(PyObject* value) noexcept:
    """Shows the collector a list or dict, and those within it: one that it sees, it sees with all of them."""
    cdef PyObject* name
    cdef PyObject* item
    cdef Py_ssize_t place = 0, i
    # Before 3.14 CPython itself shows it a dict only with the first member that could be part of a cycle.
    cdef bint shown = PY_VERSION_HEX >= 0x030E0000
    if PyDict_CheckExact(value) and not PyObject_GC_IsTracked(value):
        while PyDict_Next(value, &place, &name, &item):
            if PyDict_CheckExact(item) or PyList_CheckExact(item):
                track(item)
                shown = True
        if shown:
            PyObject_GC_Track(value)
    elif PyList_CheckExact(value) and not PyObject_GC_IsTracked(value):
        for i in range(PyList_GET_SIZE(value)):
            track(PyList_GET_ITEM(value, i))
        PyObject_GC_Track(value)


cdef inline void show(PyObject* results) noexcept:
    """Shows it the list alone: who has one of the results may make it part of a cycle with the list."""
    if not PyObject_GC_IsTracked(results):
        PyObject_GC_Track(results)


@cython.boundscheck(True)
@cython.wraparound(True)
def hand_out(list results not None, Py_ssize_t index, /):
    """Take one of a batch's results, to be given away.

    Args:
        results: the list of ``Work.results``.
        index: the place; a negative one counts from the end.

    Returns:
        The result, which the garbage collector sees from now on, as it does the list.

    Raises:
        IndexError: there is no such place.
    """
    show(<PyObject*>results)
    result = results[index]
    track(<PyObject*>result)
    return result


def hand_out_all(list results not None, /):
    """Take all of a batch's results, to be given away.

    Args:
        results: the list of ``Work.results``.

    Returns:
        The results in another list, seen by the garbage collector from now on.
    """
    show(<PyObject*>results)
    for result in results:
        track(<PyObject*>result)
    return list(results)
