"""Instances of the type that claims are wanted as."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

# An instance made of a payload's octets by claims_type (cyjwt._claimstype), a new reference. NULL where
# there is none: status is CLAIMS_TYPE, and detail, which is given as NULL, gets what exception_for wants of
# it; or RAISED.
cdef PyObject* make_instance(
    object claims_type, const uint8_t* text, size_t size, int* status, PyObject** detail
) noexcept
