"""CPython's C API over borrowed and owned raw pointers; declarations only.

The readers and the verify pass keep objects as ``PyObject*`` so that each reference is counted once,
by hand, where it is made or given away.
"""

from cpython.object cimport PyObject

cdef extern from "Python.h":
    PyObject* Py_None
    PyObject* Py_True
    PyObject* Py_False
    void Py_INCREF(PyObject* o) noexcept nogil
    void Py_DECREF(PyObject* o) noexcept
    void Py_XINCREF(PyObject* o) noexcept nogil
    void Py_XDECREF(PyObject* o) noexcept
    Py_ssize_t PyObject_Hash(PyObject* o) noexcept
    int PySequence_Contains(PyObject* o, PyObject* item) noexcept

    PyObject* PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar) noexcept
    PyObject* PyUnicode_DecodeUTF8(const char* s, Py_ssize_t size, const char* errors) noexcept
    PyObject* PyUnicode_FromOrdinal(int c) noexcept
    const char* PyUnicode_AsUTF8AndSize(PyObject* s, Py_ssize_t* size) noexcept
    unsigned char* PyUnicode_1BYTE_DATA(PyObject* s) noexcept nogil
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* s) noexcept nogil
    bint PyUnicode_IS_ASCII(PyObject* s) noexcept nogil
    bint PyUnicode_Check(PyObject* o) noexcept nogil

    bint PyBytes_Check(PyObject* o) noexcept nogil
    char* PyBytes_AS_STRING(PyObject* o) noexcept nogil
    Py_ssize_t PyBytes_GET_SIZE(PyObject* o) noexcept nogil
    PyObject* PyBytes_FromStringAndSize(const char* s, Py_ssize_t n) noexcept

    PyObject* PyLong_FromLongLong(long long v) noexcept
    bint PyLong_Check(PyObject* o) noexcept nogil
    bint PyLong_CheckExact(PyObject* o) noexcept nogil
    long long PyLong_AsLongLongAndOverflow(PyObject* o, int* overflow) noexcept
    PyObject* PyFloat_FromDouble(double d) noexcept
    bint PyFloat_Check(PyObject* o) noexcept nogil
    double PyFloat_AS_DOUBLE(PyObject* o) noexcept nogil

    PyObject* PyDict_New() noexcept
    PyObject* PyDict_Copy(PyObject* d) noexcept
    int PyDict_SetItem(PyObject* d, PyObject* k, PyObject* v) noexcept
    PyObject* PyDict_GetItemWithError(PyObject* d, PyObject* k) noexcept
    Py_ssize_t PyDict_Size(PyObject* d) noexcept
    bint PyDict_Check(PyObject* o) noexcept nogil
    bint PyDict_CheckExact(PyObject* o) noexcept nogil
    int PyDict_Next(PyObject* d, Py_ssize_t* pos, PyObject** k, PyObject** v) noexcept

    PyObject* PyList_New(Py_ssize_t n) noexcept
    void PyList_SET_ITEM(PyObject* l, Py_ssize_t i, PyObject* v) noexcept
    bint PyList_Check(PyObject* o) noexcept nogil
    bint PyList_CheckExact(PyObject* o) noexcept nogil
    PyObject* PyList_GetSlice(PyObject* l, Py_ssize_t low, Py_ssize_t high) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject* l) noexcept nogil
    PyObject* PyList_GET_ITEM(PyObject* l, Py_ssize_t i) noexcept nogil
    bint PyTuple_Check(PyObject* o) noexcept nogil
    Py_ssize_t PyTuple_GET_SIZE(PyObject* l) noexcept nogil
    PyObject* PyTuple_GET_ITEM(PyObject* l, Py_ssize_t i) noexcept nogil

    void PyErr_SetObject(PyObject* type, PyObject* value) noexcept
    void PyErr_NoMemory() noexcept
    void PyErr_Clear() noexcept
    PyObject* PyErr_Occurred() noexcept
    bint PyErr_ExceptionMatches(PyObject* kind) noexcept
