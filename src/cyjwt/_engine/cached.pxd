"""One token, by way of the memory of verified tokens where there is one."""

from cpython.object cimport PyObject

from cyjwt._engine.compact cimport Borrowed
from cyjwt._engine.verify cimport Engine

# As verify_borrowed, and without a traceback entry where it is called by a pointer of type Kept.
cdef PyObject* verify_kept(Engine engine, const Borrowed* text) except NULL
ctypedef PyObject* (*Kept)(Engine, const Borrowed*) noexcept
