"""PyJWT 2.15's public surface over cyjwt's engine: ``from cyjwt import jwt`` in place of ``import jwt``.

Where it is stricter than PyJWT, docs/migrating.md says so and why.

Example:
    >>> from cyjwt import jwt
    >>> token = jwt.encode({"sub": "42"}, "a secret of thirty-two octets or more", algorithm="HS256")
    >>> jwt.decode(token, "a secret of thirty-two octets or more", algorithms=["HS256"])
    {'sub': '42'}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyjwt.jwt._install import install_as_jwt
from cyjwt.jwt.api_jwk import PyJWK, PyJWKSet
from cyjwt.jwt.api_jws import (
    PyJWS,
    get_algorithm_by_name,
    get_unverified_header,
    register_algorithm,
    unregister_algorithm,
)
from cyjwt.jwt.api_jwt import PyJWT, decode, decode_complete, encode
from cyjwt.jwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from cyjwt.jwt.warnings import InsecureKeyLengthWarning

if TYPE_CHECKING:
    from cyjwt.jwt import jwk_set_cache as jwk_set_cache
    from cyjwt.jwt import jwks_client as jwks_client
    from cyjwt.jwt.jwks_client import PyJWKClient
else:
    # Not for the checker, which would take any name to be there.

    #: Modules that are imported when they are first asked for: urllib and ssl are dear.
    _LATER = ("jwk_set_cache", "jwks_client")

    def __getattr__(name):
        from importlib import import_module

        if name == "PyJWKClient":
            return import_module("cyjwt.jwt.jwks_client").PyJWKClient
        if name in _LATER:
            return import_module(f"cyjwt.jwt.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: The release of PyJWT whose surface this is.
__version__ = "2.15.1"

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InsecureKeyLengthWarning",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "MissingRequiredClaimError",
    "PyJWK",
    "PyJWKClient",
    "PyJWKClientConnectionError",
    "PyJWKClientError",
    "PyJWKError",
    "PyJWKSet",
    "PyJWKSetError",
    "PyJWS",
    "PyJWT",
    "PyJWTError",
    "decode",
    "decode_complete",
    "encode",
    "get_algorithm_by_name",
    "get_unverified_header",
    "install_as_jwt",
    "register_algorithm",
    "unregister_algorithm",
]
