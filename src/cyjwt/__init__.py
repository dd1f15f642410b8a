"""cyjwt: a native-accelerated JWT engine. The public names, and nothing else."""

from cyjwt.api import decode, encode
from cyjwt.batch import Batch
from cyjwt.cacheinfo import CacheInfo
from cyjwt.errors import (
    CyJWTError,
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidClaimsError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    JWKSError,
    JWKSUnavailableError,
    KeyNotFoundError,
    MissingRequiredClaimError,
    RevocationUnknownError,
    RevokedTokenError,
)
from cyjwt.info import __version__, build_info
from cyjwt.keys import Key
from cyjwt.keyset import KeySet, KeySetWarning
from cyjwt.signer import Signer
from cyjwt.token import Token, read_unverified
from cyjwt.verifier import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cyjwt.jwks import JWKSClient
    from cyjwt.multiverifier import MultiVerifier
else:
    from cyjwt._lazy import late_names

    __getattr__, __dir__ = late_names(
        globals(),
        {"JWKSClient": "cyjwt.jwks", "MultiVerifier": "cyjwt.multiverifier"},
        ("arrow", "duckdb", "jwks", "jwt", "pandas", "polars", "revocation", "spark"),
    )
    del late_names

del TYPE_CHECKING

__all__ = [
    "Batch",
    "CacheInfo",
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
    "JWKSClient",
    "JWKSError",
    "JWKSUnavailableError",
    "Key",
    "KeyNotFoundError",
    "KeySet",
    "KeySetWarning",
    "MissingRequiredClaimError",
    "MultiVerifier",
    "RevocationUnknownError",
    "RevokedTokenError",
    "Signer",
    "Token",
    "Verifier",
    "__version__",
    "build_info",
    "decode",
    "encode",
    "read_unverified",
]
