"""Instances of the type that claims are wanted as, made by the library that knows the type."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.pyraw cimport Py_INCREF, PyErr_SetObject
from cyjwt._engine.status cimport CLAIMS_TYPE, RAISED


cdef PyObject* make_instance(
    object claims_type, const uint8_t* text, size_t size, int* status, PyObject** detail
) noexcept:
    cdef PyObject* made
    try:
        payload = (<const char*>text)[:size]
        try:
            instance = claims_type.read(payload)
        except Exception as error:
            fault = claims_type.fault(error, payload)
            status[0] = CLAIMS_TYPE
            detail[0] = <PyObject*>fault
            Py_INCREF(detail[0])
            return NULL
    except BaseException as error:
        kind = type(error)
        PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
        status[0] = RAISED
        return NULL
    made = <PyObject*>instance
    Py_INCREF(made)
    return made
