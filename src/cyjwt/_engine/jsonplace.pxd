"""Where in a value the JSON writer is: read only to word an error. A part of ``jsonwrite``."""

from cpython.object cimport PyObject

cdef struct Place:
    const Place* up
    PyObject* name          # of a member; NULL for an element
    Py_ssize_t index        # of an element


cdef inline object path_of(const char* root, const Place* place):
    """Such as ``claims.address.lines[2]``."""
    cdef list parts = []
    while place != NULL:
        if place.name == NULL:
            parts.append(f"[{place.index}]")
        else:
            # A subclass may format itself by code of its own.
            parts.append("." + str.__str__(<object>place.name))
        place = place.up
    parts.append(root.decode("ascii"))
    return "".join(reversed(parts))
