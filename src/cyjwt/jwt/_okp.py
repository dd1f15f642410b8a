"""The algorithm of Edwards curves: EdDSA with Ed25519 and Ed448 (RFC 8037)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from cyjwt._strength import check_edwards
from cyjwt.algorithms import OKP
from cyjwt.jwt._algorithm import Algorithm, LazyTypes, UnreadableKeyError, jwk_text, members_of
from cyjwt.jwt._native import find_row, native_of
from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.utils import base64url_decode, base64url_encode, force_bytes

if TYPE_CHECKING:
    from typing import TypeAlias

    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from cyjwt.jwt.types import JWKDict

    AllowedOKPKeys: TypeAlias = Ed25519PrivateKey | Ed25519PublicKey | Ed448PrivateKey | Ed448PublicKey

__all__ = ["OKPAlgorithm"]


def _types() -> tuple[type, ...]:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    return Ed25519PrivateKey, Ed25519PublicKey, Ed448PrivateKey, Ed448PublicKey


class OKPAlgorithm(Algorithm):
    """EdDSA. Its prepared keys are the objects of ``cryptography``."""

    _crypto_key_types = LazyTypes(_types)

    def __init__(self, **kwargs: Any) -> None:
        """Nothing can be chosen: the key's curve decides."""

    def prepare_key(self, key: AllowedOKPKeys | str | bytes) -> AllowedOKPKeys:
        """Read PEM or the one-line form of SSH, or take a key object as it is.

        Raises:
            InvalidKeyError: it is none of these, cannot be read, or is a point of low order.
        """
        prepared = self._read(force_bytes(key)) if isinstance(key, str | bytes) else key
        self.check_crypto_key_type(prepared)
        return _checked(cast("AllowedOKPKeys", prepared))

    def _read(self, octets: bytes) -> Any:
        from cryptography.exceptions import InternalError, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization as s

        try:
            # What is no text is refused with this error, whatever it holds.
            octets.decode()
            if b"-----BEGIN PUBLIC" in octets:
                return s.load_pem_public_key(octets)
            if b"-----BEGIN PRIVATE" in octets:
                return s.load_pem_private_key(octets, password=None)
            if octets.startswith(b"ssh-"):
                return s.load_ssh_public_key(octets)
        except (ValueError, UnsupportedAlgorithm, InternalError):
            raise UnreadableKeyError("Could not parse the provided key.") from None
        raise InvalidKeyError("Not a public or private key")

    def sign(self, msg: str | bytes, key: Ed25519PrivateKey | Ed448PrivateKey) -> bytes:
        """Sign octets with a private key object."""
        if not hasattr(key, "sign"):
            raise InvalidKeyError("A private key is needed to sign.")
        native, row = native_of(key), find_row(OKP, "Ed25519", 0)
        if native is not None and row is not None:
            return native.sign(row.id, force_bytes(msg))
        return key.sign(force_bytes(msg))

    def verify(self, msg: str | bytes, key: AllowedOKPKeys, sig: str | bytes) -> bool:
        """Tell whether a signature holds under a key object."""
        native, row = native_of(_checked(key)), find_row(OKP, "Ed25519", 0)
        if native is not None and row is not None:
            return native.verify(row.id, force_bytes(msg), force_bytes(sig))
        from cryptography.exceptions import InvalidSignature

        try:
            _public(key).verify(force_bytes(sig), force_bytes(msg))
        except InvalidSignature:
            return False
        return True

    @overload
    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: Literal[True]) -> JWKDict: ...
    @overload
    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    def to_jwk(key: AllowedOKPKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key object as a JWK (RFC 8037 section 2)."""
        if not isinstance(key, _types()):
            raise InvalidKeyError("Not a public or private key")
        members: JWKDict = {
            "x": base64url_encode(_public(key).public_bytes_raw()).decode(),
            "kty": "OKP",
            "crv": _curve(key),
        }
        if hasattr(key, "private_bytes_raw"):
            members["d"] = base64url_encode(key.private_bytes_raw()).decode()
        return jwk_text(members, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedOKPKeys:
        """Read a JWK into a key object.

        Raises:
            InvalidKeyError: a member is missing or malformed, names another curve, does not belong to the
                others, or is a point of low order.
        """
        members = members_of(jwk)
        if members.get("kty") != "OKP":
            raise InvalidKeyError("Not an Octet Key Pair")
        if members.get("crv") not in ("Ed25519", "Ed448"):
            raise InvalidKeyError("Invalid curve: the JWK's crv is not one that is supported")
        if "x" not in members:
            raise InvalidKeyError('OKP should have "x" parameter')
        private25519, public25519, private448, public448 = cast("tuple[Any, ...]", _types())
        plain = members["crv"] == "Ed25519"
        x = base64url_decode(members["x"])
        try:
            if "d" not in members:
                return _checked((public25519 if plain else public448).from_public_bytes(x))
            d = base64url_decode(members["d"])
            key: AllowedOKPKeys = (private25519 if plain else private448).from_private_bytes(d)
        except ValueError:
            raise InvalidKeyError("Invalid key parameter") from None
        if _public(key).public_bytes_raw() != x:
            raise InvalidKeyError("Public key does not match private key")
        return key


def _public(key: Any) -> Any:
    return key.public_key() if hasattr(key, "public_key") else key


def _curve(key: object) -> str:
    return "Ed25519" if isinstance(key, _types()[:2]) else "Ed448"


def _checked(key: AllowedOKPKeys) -> AllowedOKPKeys:
    if not hasattr(key, "public_key"):
        # A signature under a point of low order can be made by anybody (RFC 8032 section 5.1.7).
        check_edwards(_curve(key), _public(key).public_bytes_raw())
    return key
