"""Asks a store whether a token was revoked, once its signature and its claims hold."""

from cpython.object cimport PyObject

from cyjwt._engine.pyraw cimport PyErr_SetObject, Py_INCREF
from cyjwt._engine.status cimport RAISED, REVOCATION_UNKNOWN, REVOKED, VALID


cdef class Revocation:
    """A store, and what to do where it fails. Options come validated.

    Args:
        store: an object with ``is_revoked(claims, key, /)``, or else a container of ``jti``s.
        accept: whether a token is accepted where the store fails.
    """

    def __cinit__(self, store, bint accept):
        self.store = store
        self.ask = getattr(store, "is_revoked", None)
        self.accept = accept
        if isinstance(store, RevocationTable) and self.ask == RevocationTable.is_revoked.__get__(store):
            # Asked without a call from Python to Python between.
            self.table = store
        if self.ask is None and not hasattr(store, "__contains__"):
            raise TypeError("neither a store nor a container")


cdef int check_revoked(Revocation revocation, PyObject* claims, object key, PyObject** failure) noexcept:
    cdef dict members = <dict>claims
    cdef bint revoked
    try:
        if revocation.table is not None:
            revoked = revocation.table.revokes(members, key)
        elif revocation.ask is not None:
            revoked = revocation.ask(members, key)
        else:
            jti = members.get("jti")
            # What has no name of its own cannot be in a list of names.
            revoked = jti is not None and jti in revocation.store
    except Exception as error:
        if revocation.accept:
            return VALID
        if failure != NULL:
            failure[0] = <PyObject*>error
            Py_INCREF(failure[0])
        return REVOCATION_UNKNOWN
    except BaseException as error:
        kind = type(error)
        PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
        return RAISED
    return REVOKED if revoked else VALID
