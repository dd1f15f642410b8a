"""Copies of what the JSON reader made: dicts and lists anew, what cannot change shared.

A dict is copied with its table, which costs a fraction of filling a new one; then the few members that are
lists or dicts themselves are replaced by their copies. The reader makes nothing that holds itself and nests
no deeper than its cap, so that neither does this.
"""

from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    PyDict_CheckExact,
    PyDict_Copy,
    PyDict_Next,
    PyDict_SetItem,
    PyList_CheckExact,
    PyList_GET_ITEM,
    PyList_GET_SIZE,
    PyList_GetSlice,
    PyList_SET_ITEM,
)


cdef inline bint is_container(PyObject* value) noexcept:
    return PyDict_CheckExact(value) or PyList_CheckExact(value)


cdef Py_ssize_t count_containers(PyObject* members) noexcept:
    cdef Py_ssize_t place = 0, count = 0
    cdef PyObject* name
    cdef PyObject* value
    while PyDict_Next(members, &place, &name, &value):
        count += is_container(value)
    return count


cdef PyObject* copy_members(PyObject* members, Py_ssize_t containers) noexcept:
    cdef PyObject* copy = PyDict_Copy(members)
    cdef PyObject* name
    cdef PyObject* value
    cdef PyObject* own
    cdef Py_ssize_t place = 0
    # That the values of a dict are replaced while it is walked is allowed; its names stay.
    while copy != NULL and containers and PyDict_Next(copy, &place, &name, &value):
        if not is_container(value):
            continue
        containers -= 1
        own = copy_container(value)
        if own == NULL or PyDict_SetItem(copy, name, own) < 0:
            if own != NULL:
                Py_DECREF(own)
            Py_DECREF(copy)
            return NULL
        Py_DECREF(own)
    return copy


cdef PyObject* copy_container(PyObject* value) noexcept:
    cdef PyObject* copy
    cdef PyObject* item
    cdef Py_ssize_t i
    if PyDict_CheckExact(value):
        return copy_members(value, count_containers(value))
    copy = PyList_GetSlice(value, 0, PyList_GET_SIZE(value))
    if copy == NULL:
        return NULL
    for i in range(PyList_GET_SIZE(copy)):
        item = PyList_GET_ITEM(copy, i)
        if is_container(item):
            item = copy_container(item)
            if item == NULL:
                Py_DECREF(copy)
                return NULL
            # In place of what it is a copy of, which the list has held.
            Py_DECREF(PyList_GET_ITEM(copy, i))
            PyList_SET_ITEM(copy, i, item)
    return copy


def copy(dict members not None):
    """Copy what the reader made, lists and dicts within it too.

    Example:
        >>> claims = {"sub": "42", "roles": ["admin"]}
        >>> copy(claims) == claims, copy(claims)["roles"] is claims["roles"]
        (True, False)
    """
    cdef PyObject* made = copy_members(<PyObject*>members, count_containers(<PyObject*>members))
    if made == NULL:
        raise MemoryError
    result = <object>made
    Py_DECREF(made)
    return result
