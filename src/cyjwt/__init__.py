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
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    KeyNotFoundError,
    MissingRequiredClaimError,
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
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "Key",
    "KeyNotFoundError",
    "KeySet",
    "KeySetWarning",
    "MissingRequiredClaimError",
    "Signer",
    "Token",
    "Verifier",
    "__version__",
    "build_info",
    "decode",
    "encode",
    "read_unverified",
]
