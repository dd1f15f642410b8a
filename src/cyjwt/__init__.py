"""cyjwt: a native-accelerated JWT engine. The public names, and nothing else."""

from cyjwt.api import decode, encode
from cyjwt.batch import Batch
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

__all__ = [
    "Batch",
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
    "Key",
    "KeyNotFoundError",
    "KeySet",
    "KeySetWarning",
    "MissingRequiredClaimError",
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
