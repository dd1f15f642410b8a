"""The one pass of signing, for the runs of tokens beside it."""

from cpython.object cimport PyObject

from cyjwt._engine.jsonwrite cimport Text
from cyjwt._engine.pkey cimport NativeKey, Row


cdef class SignEngine:
    cdef bytes _header                  # the encoded header and the dot behind it
    cdef NativeKey _native
    cdef object _key
    cdef str _algorithm
    cdef const Row* _row
    cdef tuple _members
    cdef long long _lifetime
    cdef object _clock
    cdef object _default
    cdef bint _bare
    cdef readonly tuple _compiled       # what a copy is made from

# The moment that tokens are stamped with, seconds since 1970; 0 where the signer stamps none.
cdef long long moment(SignEngine engine) except -1

# Writes a claims set, the signer's own claims behind it, to a text that was opened.
cdef int write_claims(SignEngine engine, Text* text, object claims, long long now) except -1

# A new str of the signing input, with room behind it for a dot and the form of so many octets of signature.
# Nobody else may see it until these are written.
cdef PyObject* unsigned_token(SignEngine engine, const Text* payload, Py_ssize_t signature_octets) except NULL

# A whole token.
cdef object make_token(SignEngine engine, Text* payload)
