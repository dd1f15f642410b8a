"""One token: the method ``verify`` of every verifier, over keys that are fixed or that change."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from cyjwt._engine.cached cimport Kept, verify_kept
from cyjwt._engine.compact cimport Borrowed, Segments, borrow, release, split
from cyjwt._engine.jsonlex cimport CYJWT_JSON_SLACK
from cyjwt._engine.live cimport ask_for, current_engine
from cyjwt._engine.pyraw cimport PyErr_Clear, PyErr_ExceptionMatches
from cyjwt._engine.status cimport KEY_NOT_FOUND, VALID, set_error
from cyjwt._engine.verify cimport Engine, Whole, choose_key, kid_of, verify_borrowed

from cyjwt.errors import KeyNotFoundError

cdef extern from "Python.h":
    ctypedef struct PyMethodDef:
        const char* ml_name
        void* ml_meth
        int ml_flags
        const char* ml_doc
    int METH_O
    ctypedef struct PyTypeObject:
        pass
    object PyDescr_NewMethod(PyTypeObject* type, PyMethodDef* method)


cdef enum:
    MOST_TRIES = 4      # of one token, however often its keys are swapped meanwhile


cdef object missing_kid(Engine engine, const Borrowed* text):
    """A tuple of the kid for which the engine has no key; an empty one where something else is wrong."""
    cdef Segments segments
    cdef uint8_t* room
    cdef int row, key, status
    if not split(text.start, text.size, &segments):
        return ()
    room = <uint8_t*>malloc(text.size + CYJWT_JSON_SLACK)
    if room == NULL:
        raise MemoryError
    status = choose_key(engine, &segments, room, &row, &key)
    free(room)
    return (kid_of(engine, &segments),) if status == KEY_NOT_FOUND else ()


cdef PyObject* verify_live(Engine engine, const Borrowed* text) except NULL:
    """As ``verify_kept``, for an engine with a source: a key that is not found is asked for, once."""
    cdef Engine current
    cdef PyObject* claims
    cdef int left = MOST_TRIES
    while True:
        current = current_engine(engine, True)
        claims = (<Kept>verify_kept)(current, text)
        left -= 1
        if claims != NULL or left == 0 or not PyErr_ExceptionMatches(<PyObject*>KeyNotFoundError):
            return claims
        PyErr_Clear()
        if engine.source.snapshot is current.snapshot:
            missing = missing_kid(current, text)
            if missing:
                ask_for(engine, current, missing[0])
            # Once more in any case: by other keys, or for the error.
            left = 1


def at_hand(Engine engine not None, /):
    """What verifies by the keys that a verifier has now, and waits for none.

    Raises:
        JWKSUnavailableError: it has none.
    """
    return engine if engine.source is None else current_engine(engine, False)


cdef PyObject* verify_method(PyObject* self, PyObject* token) noexcept:
    cdef Borrowed text
    cdef PyObject* claims = NULL
    cdef int status = borrow(token, (<Engine>self).max_size, &text)
    if status != VALID:
        set_error(status, None)
    elif (<Engine>self).source is not None:
        claims = (<Kept>verify_live)(<Engine>self, &text)
    elif (<Engine>self).cache is not None:
        claims = (<Kept>verify_kept)(<Engine>self, &text)
    else:
        claims = (<Whole>verify_borrowed)(<Engine>self, &text, NULL)
    release(&text)
    return claims


cdef PyMethodDef _verify_method
_verify_method.ml_name = b"verify"
_verify_method.ml_meth = <void*>verify_method
_verify_method.ml_flags = METH_O
_verify_method.ml_doc = b"""verify($self, token, /)
--

Verify one token (RFC 7519 section 7.2).

Args:
    token: the compact serialization, ``str``, ``bytes`` or any object with the buffer protocol. A buffer
        is copied first, so that what is verified cannot change meanwhile.

Returns:
    The claims, a new dict; with ``claims_type`` an instance of it.

Raises:
    DecodeError: the token is not well formed.
    InvalidAlgorithmError: its ``alg`` may not be used.
    KeyNotFoundError: no key, or more than one, would serve it.
    InvalidSignatureError: its signature does not hold.
    ExpiredSignatureError, ImmatureSignatureError: its time has passed, or not come.
    MissingRequiredClaimError, InvalidIssuerError, InvalidAudienceError, InvalidSubjectError,
    InvalidJTIError, InvalidClaimsError: a claim is not what the options ask for.
    RevokedTokenError, RevocationUnknownError: it was revoked, or nobody can tell.
    InvalidTokenError: the root of all of these.
    JWKSUnavailableError: no keys may serve now; only where they come from a key server.

Example:
    >>> import cyjwt
    >>> key = cyjwt.Key.generate("ES256")
    >>> token = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
    >>> cyjwt.Verifier(key.public()).verify(token)["sub"]
    '42'
"""

# A method descriptor made by hand: a compiled ``def`` would add a traceback entry to each refusal, which
# costs as much again as the refusal itself.
verify = PyDescr_NewMethod(<PyTypeObject*>Engine, &_verify_method)
