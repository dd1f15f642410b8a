"""The question whether a token that holds was revoked."""

from cpython.object cimport PyObject

from cyjwt._engine.revocationtable cimport RevocationTable

cdef class Revocation:
    cdef object store
    cdef object ask             # its is_revoked; None where it is a container of jtis
    cdef RevocationTable table  # the store, where it is a table that answers as tables do; else None
    cdef bint accept            # what to do where it cannot tell

# A Status: VALID, REVOKED, REVOCATION_UNKNOWN, or RAISED for what no store may keep to itself (Ctrl-C), with
# that error set. claims is a dict. failure, where not NULL, gets what the store raised where that is why, a
# new reference.
cdef int check_revoked(Revocation revocation, PyObject* claims, object key, PyObject** failure) noexcept
