"""The only map from a status to the exception and the words that stand for it."""

from cpython.object cimport PyObject

from cyjwt._engine.pyraw cimport Py_DECREF, PyErr_NoMemory, PyErr_SetObject

from cyjwt import errors

cdef extern from *:
    """
    /* kind.__new__(kind, *args): what calling the class would do, without a second tuple of arguments.
     * The classes of cyjwt.errors define no __init__, and BaseException's sets the same args again. */
    static PyObject *cyjwt_new_error(PyObject *kind, PyObject *args) {
        return ((PyTypeObject *)kind)->tp_new((PyTypeObject *)kind, args, NULL);
    }
    """
    PyObject* cyjwt_new_error(PyObject* kind, PyObject* args) noexcept

_JSON = {
    JSON_SYNTAX: ("invalid_json", "is not JSON"),
    JSON_UTF8: ("invalid_utf8", "is not UTF-8"),
    JSON_SURROGATE: ("lone_surrogate", "holds a lone surrogate"),
    JSON_DUPLICATE: ("duplicate_member", "holds a member twice in one object"),
    JSON_DEPTH: ("too_deep", "is nested too deeply"),
    JSON_NUMBER: ("number_range", "holds a number that is too long or too large"),
}

# Status -> exception class, code (None: the class's own), claim, message.
_TABLE = {
    TOKEN_TYPE: (errors.DecodeError, "token_type", None, "The token is not text or bytes"),
    TOKEN_TOO_LARGE: (errors.DecodeError, "too_large", None, "The token exceeds max_token_size"),
    TOKEN_SEGMENTS: (
        errors.DecodeError, "segments", None,
        "The token is not three segments with two dots between them",
    ),
    TOKEN_TEXT: (errors.DecodeError, "invalid_base64", None, "The token holds a character that is not ASCII"),
    HEADER_BASE64: (errors.DecodeError, "invalid_base64", None, "The header is not canonical base64url"),
    PAYLOAD_BASE64: (errors.DecodeError, "invalid_base64", None, "The payload is not canonical base64url"),
    SIGNATURE_BASE64: (
        errors.DecodeError, "invalid_base64", None, "The signature is not canonical base64url",
    ),
    HEADER_NOT_OBJECT: (errors.DecodeError, "not_an_object", None, "The header is not a JSON object"),
    PAYLOAD_NOT_OBJECT: (errors.DecodeError, "not_an_object", None, "The payload is not a JSON object"),
    ALG_TYPE: (errors.InvalidAlgorithmError, None, None, "The header has no alg that is a string"),
    ALG_UNKNOWN: (errors.InvalidAlgorithmError, None, None, "The header's alg is not a known algorithm"),
    ALG_NONE: (errors.InvalidAlgorithmError, None, None, "An unsecured token (alg none) is never verified"),
    ALG_REFUSED: (errors.InvalidAlgorithmError, None, None, "The header's alg is not an allowed algorithm"),
    KID_TYPE: (errors.DecodeError, "invalid_header", None, "The header's kid is not a string"),
    TYP_TYPE: (errors.DecodeError, "invalid_header", None, "The header's typ is not a string"),
    TYP_REFUSED: (errors.InvalidTokenError, "invalid_type", None, "The header's typ is not the one expected"),
    CRIT_MALFORMED: (errors.DecodeError, "invalid_crit", None, "The header's crit is malformed"),
    CRIT_UNKNOWN: (
        errors.InvalidTokenError, "unsupported_crit", None,
        "The header's crit names an extension that is not understood",
    ),
    B64_REFUSED: (
        errors.DecodeError, "unencoded_payload", None, "A JWT's payload is always base64url: b64 is refused",
    ),
    KEY_NOT_FOUND: (
        errors.KeyNotFoundError, None, None, "No key of the set serves the header's kid and alg",
    ),
    KEY_AMBIGUOUS: (
        errors.KeyNotFoundError, "key_ambiguous", None, "More than one key of the set would serve the token",
    ),
    KEY_UNFIT: (errors.InvalidAlgorithmError, None, None, "The key given does not serve the header's alg"),
    KEYS_UNAVAILABLE: (errors.JWKSUnavailableError, None, None, "No keys of the key server may serve now"),
    SIGNATURE_INVALID: (errors.InvalidSignatureError, None, None, "Signature verification failed"),
    EXP_MALFORMED: (errors.DecodeError, "invalid_exp", "exp", "The exp claim is not a NumericDate"),
    NBF_MALFORMED: (errors.DecodeError, "invalid_nbf", "nbf", "The nbf claim is not a NumericDate"),
    IAT_MALFORMED: (errors.InvalidIssuedAtError, None, "iat", "The iat claim is not a NumericDate"),
    ISS_MALFORMED: (errors.InvalidIssuerError, None, "iss", "The iss claim is not a string"),
    AUD_MALFORMED: (
        errors.InvalidAudienceError, None, "aud", "The aud claim is not a string or a list of strings",
    ),
    SUB_MALFORMED: (errors.InvalidSubjectError, None, "sub", "The sub claim is not a string"),
    JTI_MALFORMED: (errors.InvalidJTIError, None, "jti", "The jti claim is not a string"),
    EXPIRED: (errors.ExpiredSignatureError, None, "exp", "The token has expired"),
    IMMATURE_NBF: (errors.ImmatureSignatureError, None, "nbf", "The token is not valid yet (nbf)"),
    IMMATURE_IAT: (errors.ImmatureSignatureError, None, "iat", "The token is issued in the future (iat)"),
    TOO_OLD: (errors.ExpiredSignatureError, "too_old", "iat", "The token is older than max_age"),
    ISSUER_REFUSED: (errors.InvalidIssuerError, None, "iss", "The iss claim is not the issuer expected"),
    AUDIENCE_REFUSED: (errors.InvalidAudienceError, None, "aud", "The aud claim does not name the audience"),
    AUDIENCE_UNEXPECTED: (
        errors.InvalidAudienceError, None, "aud",
        "The token is for an audience (aud), and the verifier states none",
    ),
    SUBJECT_REFUSED: (errors.InvalidSubjectError, None, "sub", "The sub claim is not the subject expected"),
    REVOKED: (errors.RevokedTokenError, None, None, "The token was revoked"),
    REVOCATION_UNKNOWN: (
        errors.RevocationUnknownError, None, None, "Whether the token was revoked cannot be told",
    ),
    CLAIMS_TYPE: (errors.InvalidClaimsError, None, None, "The claims are not of the type asked for"),
}


def _add_json() -> None:
    for kind, (code, words) in _JSON.items():
        _TABLE[HEADER_JSON + kind] = (errors.DecodeError, code, None, f"The header {words}")
        _TABLE[PAYLOAD_JSON + kind] = (errors.DecodeError, code, None, f"The payload {words}")


_add_json()


def reason_of_json(int error):
    """The code of a JSONError, ``None`` for none, ``"not_an_object"`` for JSON of another kind."""
    if error == JSON_MEMORY:
        raise MemoryError
    if error < 0:
        return "not_an_object"
    return None if error == JSON_OK else _JSON[error][0]


def message_of_json(int error):
    """What is wrong with a JSON text, in words that follow "the text"."""
    return _JSON[error][1]


cdef object exception_for(int status, object detail):
    cdef object kind, code, at_fault, message, error
    if status == NO_MEMORY:
        return MemoryError()
    if status == CLAIM_MISSING:
        return errors.MissingRequiredClaimError(detail)
    if status == CLAIMS_TYPE and detail is not None:
        claim, message = detail
        error = errors.InvalidClaimsError(message)
        error.claim = claim
        return error
    kind, code, at_fault, message = _TABLE[status]
    error = kind(message)
    if code is not None:
        error.code = code
    if at_fault != error.claim:
        error.claim = at_fault
    if status == REVOCATION_UNKNOWN:
        error.__cause__ = detail
    return error


cdef int raise_status(int status) except -1:
    set_error(status, None)
    return -1


cdef void set_error(int status, object detail) noexcept:
    cdef object error, kind
    cdef PyObject* made
    if status == RAISED:
        return
    if _plain_kind[status] != NULL and detail is None:
        # The common refusals (a bad signature) differ in nothing but class and message.
        made = cyjwt_new_error(_plain_kind[status], _plain_args[status])
        if made != NULL:
            PyErr_SetObject(_plain_kind[status], made)
            Py_DECREF(made)
        return
    try:
        error = exception_for(status, detail)
    except BaseException:
        PyErr_NoMemory()
        return
    kind = type(error)
    PyErr_SetObject(<PyObject*>kind, <PyObject*>error)


cdef enum:
    STATUSES = 128

cdef PyObject* _plain_kind[STATUSES]
cdef PyObject* _plain_args[STATUSES]
cdef list _kept = []


def _fill_plain() -> None:
    for status, row in _TABLE.items():
        if row[1] is None and row[2] == row[0].claim:
            _plain_kind[<int>status] = <PyObject*>row[0]
            args = (row[3],)
            _kept.append((row[0], args))
            _plain_args[<int>status] = <PyObject*>args


_fill_plain()
