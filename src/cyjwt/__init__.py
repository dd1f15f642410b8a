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
    # Not for the checker, which would take any name to be there.

    #: Names that are imported when they are first used, and the modules that they are in.
    _LATER = {"JWKSClient": "cyjwt.jwks", "MultiVerifier": "cyjwt.multiverifier"}

    def __getattr__(name):
        if name not in _LATER:
            raise AttributeError(f"module 'cyjwt' has no attribute {name!r}")
        value = getattr(__import__(_LATER[name], fromlist=[name]), name)
        globals()[name] = value
        return value

    def __dir__():
        return [*globals(), *_LATER]


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
