"""The algorithms of secrets: HMAC, and none at all."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NoReturn, overload

from cyjwt import _material
from cyjwt._material import Material
from cyjwt.jwt._algorithm import Algorithm, jwk_text, members_of
from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.utils import base64url_decode, base64url_encode, force_bytes, is_pem_format, is_ssh_key

if TYPE_CHECKING:
    from cyjwt.jwt.types import HashlibHash, JWKDict

__all__ = ["HMACAlgorithm", "NoneAlgorithm"]

_ESCAPE: Final = re.compile(r"\\u00([0-7][0-9A-Fa-f])")


class NoneAlgorithm(Algorithm):
    """No signature at all (RFC 7518 section 3.6). Such a token can be made, but is never verified."""

    def prepare_key(self, key: str | None) -> None:
        """Refuse any key but None or an empty string."""
        if key is not None and key != "":
            raise InvalidKeyError('When alg = "none", key value must be None.')

    def sign(self, msg: bytes, key: None) -> bytes:
        """The empty signature."""
        return b""

    def verify(self, msg: bytes, key: None, sig: bytes) -> bool:
        """Never."""
        return False

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        """There is no such JWK."""
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> NoReturn:
        """There is no such JWK."""
        raise NotImplementedError


class HMACAlgorithm(Algorithm):
    """HMAC with a hash of SHA-2 (RFC 7518 section 3.2). Its prepared keys are ``bytes``.

    Attributes:
        SHA256, SHA384, SHA512: the hashes to choose from.
        hash_alg: the one that was chosen.
    """

    SHA256: ClassVar[HashlibHash] = hashlib.sha256
    SHA384: ClassVar[HashlibHash] = hashlib.sha384
    SHA512: ClassVar[HashlibHash] = hashlib.sha512

    def __init__(self, hash_alg: HashlibHash) -> None:
        self.hash_alg = hash_alg

    def prepare_key(self, key: str | bytes) -> bytes:
        """The secret's octets.

        Raises:
            TypeError: it is neither ``str`` nor ``bytes``.
            InvalidKeyError: it is empty, or a key in disguise (RFC 8725 section 3.1).
        """
        octets = force_bytes(key)
        if not octets:
            raise InvalidKeyError("HMAC key must not be empty.")
        _refuse_disguised(octets)
        return octets

    @overload
    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: Literal[True]) -> JWKDict: ...
    @overload
    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    def to_jwk(key_obj: str | bytes, as_dict: bool = False) -> JWKDict | str:
        """Write a secret as a JWK (RFC 7518 section 6.4)."""
        return jwk_text({"k": base64url_encode(force_bytes(key_obj)).decode(), "kty": "oct"}, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> bytes:
        """The secret of a JWK.

        Raises:
            InvalidKeyError: it is no JWK of a secret, or the secret is empty.
        """
        members = members_of(jwk)
        if members.get("kty") != "oct" or "k" not in members:
            raise InvalidKeyError("Not an HMAC key")
        octets = base64url_decode(members["k"])
        if not octets:
            raise InvalidKeyError("HMAC key must not be empty.")
        return octets

    def check_key_length(self, key: bytes) -> str | None:
        """Say so where the secret is shorter than the hash (RFC 7518 section 3.2)."""
        digest = self.hash_alg()
        if len(key) >= digest.digest_size:
            return None
        return (
            f"The HMAC key is {len(key)} bytes long, which is below the minimum recommended length of "
            f"{digest.digest_size} bytes for {digest.name.upper()}. See RFC 7518 Section 3.2."
        )

    def sign(self, msg: bytes, key: bytes) -> bytes:
        """The tag of octets under a secret."""
        return hmac.new(key, msg, self.hash_alg).digest()

    def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
        """Compare the tag in constant time."""
        return hmac.compare_digest(sig, self.sign(msg, key))


def _refuse_disguised(octets: bytes) -> None:
    if is_pem_format(octets) or is_ssh_key(octets):
        raise _asymmetric()
    kind = _material.disguised(octets)
    if kind in (Material.JWK, Material.JWKS) or (kind is None and _hides_jwk(octets)):
        raise InvalidKeyError(
            "The specified key looks like a JWK and should not be used directly as an HMAC secret. "
            "Load it via PyJWK / HMACAlgorithm.from_jwk first."
        )
    if kind is Material.PEM and b"-----BEGIN" in octets and b"-----END" not in octets:
        # Half an armour protects nothing, and PyJWT's users may have such a secret.
        return
    if kind is not None:
        raise _asymmetric()


def _asymmetric() -> InvalidKeyError:
    return InvalidKeyError(
        "The specified key is an asymmetric key or x509 certificate and should not be used as an HMAC secret."
    )


def _hides_jwk(octets: bytes) -> bool:
    """Whether a JWK whose member names are escaped lies deeper than a JSON reader goes."""
    text = octets.replace(b"\0", b"").decode("utf-8", "replace")
    if "\\u00" not in text or not text.lstrip("\ufeff\ufffd \t\r\n").startswith(("{", "[")):
        return False
    plain = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return _material.classify(plain.encode()) in (Material.JWK, Material.JWKS)
