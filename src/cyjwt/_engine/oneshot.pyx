"""One-shot functions: what a call needs besides its subject is prepared once, and found again in a memory.

A function such as ``decode(token, key, ...)`` is written in Python, whole: it asks a memory for what is
prepared, and calls a method of that with its first argument. Here it gets a front that binds the arguments as
the function would, asks the same memory, and calls the same method. Whatever it does not find, or cannot
bind, is the function's.
"""

cimport cython
from cpython.object cimport PyObject

from cyjwt._engine.memo cimport Memo, recall
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_INCREF,
    PyTuple_GET_ITEM,
    PyTuple_GET_SIZE,
)
from cyjwt._engine.question cimport MOST_VALUES, Question

from sys import intern

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        unsigned long tp_flags
        Py_ssize_t tp_vectorcall_offset
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    void PyType_Modified(PyTypeObject* type) noexcept
    Py_ssize_t PyVectorcall_NARGS(size_t count) noexcept
    PyObject* PyObject_Vectorcall(PyObject* f, PyObject** args, size_t count, PyObject* names) noexcept
    PyObject* PyObject_VectorcallMethod(
        PyObject* name, PyObject** args, size_t count, PyObject* names
    ) noexcept
    object PyMethod_New(object function, object instance)

# Called by a pointer of this type, since the caller says by NULL what it raised.
ctypedef PyObject* (*Retry)(Front, PyObject*, PyObject*) noexcept

cdef enum:
    VARIABLE_NAMES = 8      # CO_VARKEYWORDS of a code object's flags

# Stands for the default of a parameter that has none. Nothing is remembered of it.
cdef object _required = object()


# It has no docstring of its own, so that what reads its instances' finds the function's.
@cython.final
cdef class Front:
    cdef void* call
    cdef Memo memo
    cdef object method
    cdef object function
    cdef tuple parameters       # their names; the first is the subject
    cdef tuple defaults         # by parameter
    cdef Py_ssize_t places      # parameters that may be given by place
    cdef bint variable          # whether the function takes options of any name
    cdef object retry           # what the method may raise that is not the last word, or None
    cdef object otherwise       # what is called with the found, the subject and what was raised then
    cdef bint free              # whether it is no method where it is an attribute of a class
    cdef dict __dict__

    def __call__(self, *args, **options):
        return self.function(*args, **options)

    def __get__(self, instance, owner):
        return self if instance is None or self.free else PyMethod_New(self, instance)

    def __reduce__(self):
        return self.function.__qualname__

    def __repr__(self):
        return f"<function {self.function.__module__}.{self.function.__qualname__}>"


cdef bint bind(
    Front front, PyObject** args, Py_ssize_t given, PyObject* names, Question* question, PyObject** subject
) noexcept:
    """Whether the arguments are what the function takes, as far as this can tell without an error."""
    cdef Py_ssize_t count = PyTuple_GET_SIZE(<PyObject*>front.parameters)
    cdef Py_ssize_t named = 0 if names == NULL else PyTuple_GET_SIZE(names)
    cdef Py_ssize_t i, k, extra = 0
    cdef PyObject* name
    cdef PyObject* value
    if given > front.places or count + named > MOST_VALUES:
        return False
    subject[0] = args[0] if given else NULL
    for i in range(1, count):
        question.value[i - 1] = args[i] if i < given else NULL
    for k in range(named):
        name = PyTuple_GET_ITEM(names, k)
        value = args[given + k]
        i = given
        # Names of arguments are interned. One that is not looks like an option of that name, of which nothing
        # is remembered.
        while i < count and name != PyTuple_GET_ITEM(<PyObject*>front.parameters, i):
            i += 1
        if i == 0:
            subject[0] = value
        elif i < count:
            question.value[i - 1] = value
        elif front.variable:
            question.name[extra] = name
            question.value[count - 1 + extra] = value
            extra += 1
        else:
            return False
    for i in range(1, count):
        if question.value[i - 1] == NULL:
            question.value[i - 1] = PyTuple_GET_ITEM(<PyObject*>front.defaults, i)
    question.places = count - 1
    question.names = extra
    return subject[0] != NULL


cdef PyObject* call_front(PyObject* self, PyObject** args, size_t count, PyObject* names) noexcept:
    cdef Question question
    cdef PyObject* pair[2]
    cdef PyObject* result
    if bind(<Front>self, args, PyVectorcall_NARGS(count), names, &question, &pair[1]):
        pair[0] = recall((<Front>self).memo, &question)
        if pair[0] != NULL:
            result = PyObject_VectorcallMethod(<PyObject*>(<Front>self).method, pair, 2, NULL)
            if result == NULL and (<Front>self).retry is not None:
                result = (<Retry>retry)(<Front>self, pair[0], pair[1])
            Py_DECREF(pair[0])
            return result
    return PyObject_Vectorcall(<PyObject*>(<Front>self).function, args, count, names)


cdef int reraise() except -1:
    """Takes up an error that is set already."""
    return -1


cdef PyObject* retry(Front front, PyObject* found, PyObject* subject) except NULL:
    """What there is instead of an error that is set; a new reference."""
    cdef object raised
    try:
        reraise()
    except front.retry as error:
        raised = error
    # Outside of the handler: what is raised now did not happen while that was handled.
    result = front.otherwise(<object>found, <object>subject, raised)
    Py_INCREF(<PyObject*>result)
    return <PyObject*>result


cdef Front new_front(Memo memo, str method, object function, object retry, object otherwise, bint free):
    cdef Front front = Front.__new__(Front)
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    defaults = [_required] * code.co_argcount
    given = function.__defaults__ or ()
    defaults[code.co_argcount - len(given):] = given
    named = function.__kwdefaults__ or {}
    front.parameters = tuple([intern(name) for name in code.co_varnames[:count]])
    defaults += [named.get(name, _required) for name in front.parameters[code.co_argcount:]]
    front.defaults = tuple(defaults)
    front.places = code.co_argcount
    front.variable = code.co_flags & VARIABLE_NAMES != 0
    front.memo = memo
    front.method = intern(method)
    front.function = function
    front.retry = retry
    front.otherwise = otherwise
    front.free = free
    front.call = <void*>call_front
    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        setattr(front, name, getattr(function, name))
    front.__wrapped__ = function
    return front


def one_shot(Memo memo not None, str method not None, /, *, type retry=None, otherwise=None, bint free=False):
    """A decorator that gives a function a compiled front.

    Args:
        memo: the memory that the function asks, with its arguments but for the first: those that have
            parameters in the order of these, others by name.
        method: the method of what is found that gets the first argument, and gives the result.
        retry: what that method may raise that is not the last word.
        otherwise: is called then with what was found, the first argument and what was raised, and has it.
        free: as an attribute of a class it stays what it is, as a bound method does.

    Returns:
        The decorator. What it gives has the function's name, docstring and signature, and does what it does.

    Example:
        >>> from cyjwt._engine.memo import Memo
        >>> memo = Memo(lambda first, /, **others: (first, *others.items()), 8)
        >>> @one_shot(memo, "count")
        ... def count(value, first=0, **others):
        ...     return memo.find(first, **others).count(value)
        >>> count("a", "a", b="c"), count(first="a", value="a", b="c"), memo.info()["hits"]
        (1, 1, 1)
    """
    return lambda function: new_front(memo, method, function, retry, otherwise, free)


cdef void show_vectorcall(Front any) noexcept:
    """Tells the interpreter where instances have the function that is called."""
    cdef PyTypeObject* type = <PyTypeObject*><PyObject*>Front
    type.tp_vectorcall_offset = <char*>&any.call - <char*><PyObject*>any
    type.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL
    PyType_Modified(type)


show_vectorcall(Front.__new__(Front))
