"""The one exception tree of cyjwt.

Names and the tree below ``InvalidTokenError`` are PyJWT's, so that existing ``except`` clauses keep their
meaning; ``InvalidIssuedAtError`` is a ``DecodeError`` besides, and ``KeyNotFoundError``, ``RevokedTokenError``,
``RevocationUnknownError`` and ``InvalidClaimsError`` are new. The errors of key servers, of which no token is
guilty, stand beside that tree, under ``JWKSError``. Every class has a stable ``code`` (a short string fit for logs and metrics), and an instance may carry a finer one.
Where one claim is at fault, ``claim`` names it. No message ever repeats the token.
"""

from __future__ import annotations

__all__ = [
    "CyJWTError",
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidClaimsError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "JWKSError",
    "JWKSUnavailableError",
    "KeyNotFoundError",
    "MissingRequiredClaimError",
    "RevocationUnknownError",
    "RevokedTokenError",
]


class CyJWTError(Exception):
    """The root of every error that cyjwt raises about a token or a key.

    Attributes:
        code: a stable, machine-readable reason, such as ``"expired"``.
        claim: the claim at fault, or ``None``.

    Example:
        >>> import cyjwt
        >>> issubclass(cyjwt.ExpiredSignatureError, cyjwt.CyJWTError)
        True
    """

    code: str = "error"
    claim: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # The message alone rebuilds the error; ``code`` and ``claim`` travel in the instance state.
        return (type(self), self.args, self.__dict__ or None)


class InvalidKeyError(CyJWTError):
    """A key that cannot be read, is too weak, or is not fit for what is asked of it."""

    code = "invalid_key"


class JWKSError(CyJWTError):
    """A key server's document could not be had, or cannot be used. No token is at fault."""

    code = "jwks"


class JWKSUnavailableError(JWKSError):
    """No keys may serve: they could never be fetched, or those that there were are too old by now."""

    code = "keys_unavailable"


class InvalidTokenError(CyJWTError):
    """A token that must not be trusted. The root of every verification failure."""

    code = "invalid_token"


class DecodeError(InvalidTokenError):
    """A token that is not well formed: its segments, base64url, JSON, header or claim types."""

    code = "malformed"


class InvalidSignatureError(DecodeError):
    """The signature does not hold over the token's header and payload. A ``DecodeError``, as in PyJWT."""

    code = "invalid_signature"


class InvalidAlgorithmError(InvalidTokenError):
    """The header's ``alg`` is missing, unknown, or not one that may be used (RFC 8725 section 3.1)."""

    code = "invalid_algorithm"


class KeyNotFoundError(InvalidTokenError):
    """No key of the set serves the token, or more than one does (RFC 7515 section 4.1.4)."""

    code = "key_not_found"


class ExpiredSignatureError(InvalidTokenError):
    """The token's ``exp`` has passed, or it is older than ``max_age`` (RFC 7519 section 4.1.4)."""

    code = "expired"
    claim = "exp"


class ImmatureSignatureError(InvalidTokenError):
    """The token's ``nbf`` or ``iat`` lies in the future (RFC 7519 sections 4.1.5 and 4.1.6)."""

    code = "immature"


class InvalidIssuerError(InvalidTokenError):
    """The ``iss`` claim is not the issuer expected (RFC 7519 section 4.1.1)."""

    code = "invalid_issuer"
    claim = "iss"


class InvalidAudienceError(InvalidTokenError):
    """The ``aud`` claim does not name this audience (RFC 7519 section 4.1.3)."""

    code = "invalid_audience"
    claim = "aud"


class InvalidSubjectError(InvalidTokenError):
    """The ``sub`` claim is not a string, or not the one expected (RFC 7519 section 4.1.2)."""

    code = "invalid_subject"
    claim = "sub"


class InvalidJTIError(InvalidTokenError):
    """The ``jti`` claim is not a string (RFC 7519 section 4.1.7)."""

    code = "invalid_jti"
    claim = "jti"


class InvalidIssuedAtError(DecodeError):
    """The ``iat`` claim is not a NumericDate (RFC 7519 section 4.1.6)."""

    code = "invalid_iat"
    claim = "iat"


class MissingRequiredClaimError(InvalidTokenError):
    """A required claim is absent or null; ``claim`` names it. It is made of that name, as PyJWT's is."""

    code = "missing_claim"

    def __init__(self, claim: str | None = None, *more: object) -> None:
        super().__init__(*(() if claim is None else (claim, *more)))
        if claim is not None:
            self.claim = claim

    def __str__(self) -> str:
        return f'Token is missing the "{self.claim}" claim'


class InvalidClaimsError(InvalidTokenError):
    """The claims are not of the type that ``claims_type`` asks for; ``claim`` names the member at fault.

    The name is that of the member and those around it: ``"sub"``, ``"address.street"``, ``"roles[0]"``.
    """

    code = "claims_type"


class RevokedTokenError(InvalidTokenError):
    """The token was revoked: what ``revoked`` holds names it, its subject or its key."""

    code = "revoked"


class RevocationUnknownError(InvalidTokenError):
    """Whether the token was revoked cannot be told, and it was chosen to refuse it then.

    ``__cause__`` is what the store raised.
    """

    code = "revocation_unknown"
