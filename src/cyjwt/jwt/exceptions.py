"""The exceptions of this surface: those of ``cyjwt.errors`` where the name is the same, and those of JWKs."""

from __future__ import annotations

from cyjwt.errors import (
    CyJWTError as PyJWTError,
)
from cyjwt.errors import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingCryptographyError",
    "MissingRequiredClaimError",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSetError",
    "PyJWTError",
]


class PyJWKError(PyJWTError):
    """A JWK for which there is no algorithm."""

    code = "jwk"


class MissingCryptographyError(PyJWKError):
    """A JWK whose algorithm needs the package ``cryptography``, which is not installed."""

    code = "missing_cryptography"


class PyJWKSetError(PyJWTError):
    """A JWK Set that is none, or has no key that can be used."""

    code = "jwk_set"


class PyJWKClientError(PyJWTError):
    """A key server's answer, or a client's option, that is of no use."""

    code = "jwk_client"


class PyJWKClientConnectionError(PyJWKClientError):
    """A key server that could not be asked."""

    code = "jwk_client_connection"
