"""The algorithms of ECDSA (RFC 7518 section 3.4, RFC 8812 section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from cyjwt.algorithms import EC
from cyjwt.jwt._algorithm import HashedAlgorithm, LazyTypes, jwk_text, members_of
from cyjwt.jwt._native import find_row, native_of
from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.utils import (
    base64url_decode,
    der_to_raw_signature,
    raw_to_der_signature,
    to_base64url_uint,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurve,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from cyjwt.jwt.types import JWKDict

    AllowedECKeys: TypeAlias = EllipticCurvePrivateKey | EllipticCurvePublicKey

__all__ = ["ECAlgorithm"]

#: The JWK ``crv`` of a curve by the name that ``cryptography`` gives it, and its class there.
_CURVES = {
    "secp256r1": ("P-256", "SECP256R1"),
    "secp384r1": ("P-384", "SECP384R1"),
    "secp521r1": ("P-521", "SECP521R1"),
    "secp256k1": ("secp256k1", "SECP256K1"),
}
_CLASSES = dict(_CURVES.values())


def _types() -> tuple[type, ...]:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

    return EllipticCurvePrivateKey, EllipticCurvePublicKey


def _curve_class(name: str) -> type[EllipticCurve]:
    from cryptography.hazmat.primitives.asymmetric import ec

    found: type[EllipticCurve] = getattr(ec, name)
    return found


class ECAlgorithm(HashedAlgorithm):
    """ECDSA with a hash of SHA-2. Its prepared keys are the objects of ``cryptography``.

    Attributes:
        expected_curve: the class of the one curve that its keys may be on; None for any.
    """

    _crypto_key_types = LazyTypes(_types)
    _ssh = b"ecdsa-sha2-"
    #: Written past __setattr__, to which it would be a change.
    _curve: type[EllipticCurve] | str | None

    def __init__(
        self, hash_alg: type[HashAlgorithm] | str, expected_curve: type[EllipticCurve] | str | None = None
    ) -> None:
        super().__init__(hash_alg)
        self.__dict__["_curve"] = expected_curve

    @property
    def expected_curve(self) -> type[EllipticCurve] | None:
        """The class of the curve."""
        if isinstance(self._curve, str):
            self.__dict__["_curve"] = _curve_class(self._curve)
        return self._curve  # type: ignore[return-value]

    @expected_curve.setter
    def expected_curve(self, curve: type[EllipticCurve] | None) -> None:
        self._curve = curve

    def prepare_key(self, key: AllowedECKeys | str | bytes) -> AllowedECKeys:
        """Read PEM or the one-line form of SSH, or take a key object as it is.

        Raises:
            TypeError: it is none of these.
            InvalidKeyError: it cannot be read, is of another type, or on another curve.
        """
        prepared = cast("AllowedECKeys", self._read_key(key))
        wanted = self.expected_curve
        if wanted is not None and not isinstance(prepared.curve, wanted):
            raise InvalidKeyError(
                f"The key's curve '{prepared.curve.name}' does not match the expected curve "
                f"'{wanted.name}' for this algorithm"
            )
        return prepared

    def _row(self, key: AllowedECKeys) -> Any:
        crv, _ = _CURVES.get(key.curve.name, (None, None))
        return find_row(EC, crv, self._hash_bits)

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey) -> bytes:
        """Sign octets with a private key object; r and s side by side."""
        if not hasattr(key, "sign"):
            raise InvalidKeyError("A private key is needed to sign.")
        row, native = self._row(key), native_of(key)
        if row is not None and native is not None:
            return native.sign(row.id, msg)
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

        return der_to_raw_signature(key.sign(msg, ECDSA(self.hash_alg())), key.curve)

    def verify(self, msg: bytes, key: AllowedECKeys, sig: bytes) -> bool:
        """Tell whether a signature, r and s side by side, holds under a key object."""
        row, native = self._row(key), native_of(key)
        if row is not None and native is not None:
            return native.verify(row.id, msg, sig)
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

        public = key.public_key() if hasattr(key, "public_key") else key
        try:
            public.verify(raw_to_der_signature(sig, key.curve), msg, ECDSA(self.hash_alg()))
        except (InvalidSignature, ValueError):
            return False
        return True

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: Literal[True]) -> JWKDict: ...
    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    def to_jwk(key_obj: AllowedECKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key object as a JWK (RFC 7518 section 6.2)."""
        if not isinstance(key_obj, _types()):
            raise InvalidKeyError("Not a public or private key")
        curve = key_obj.curve
        crv, _ = _CURVES.get(curve.name, (None, None))
        if crv is None:
            raise InvalidKeyError(f"Invalid curve: {curve.name}")
        public = key_obj.public_key() if hasattr(key_obj, "public_key") else key_obj
        numbers = public.public_numbers()
        coordinates = {"x": numbers.x, "y": numbers.y}
        if hasattr(key_obj, "private_numbers"):
            coordinates["d"] = key_obj.private_numbers().private_value
        members: JWKDict = {"kty": "EC", "crv": crv}
        for name, number in coordinates.items():
            members[name] = to_base64url_uint(number, bit_length=curve.key_size).decode()
        return jwk_text(members, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedECKeys:
        """Read a JWK into a key object.

        Raises:
            InvalidKeyError: a member is missing, of the wrong size, or names another curve.
            TypeError, ValueError: a member is malformed, or the point is not on its curve.
        """
        from cryptography.hazmat.primitives.asymmetric import ec

        members = members_of(jwk)
        if members.get("kty") != "EC" or "x" not in members or "y" not in members:
            raise InvalidKeyError("Not an Elliptic curve key")
        crv = members.get("crv")
        if not isinstance(crv, str) or crv not in _CLASSES:
            raise InvalidKeyError("Invalid curve: the JWK's crv is not one that is supported")
        curve = _curve_class(_CLASSES[crv])()
        size = (curve.key_size + 7) // 8
        x, y = base64url_decode(members["x"]), base64url_decode(members["y"])
        if not len(x) == len(y) == size:
            raise InvalidKeyError(f"Coords should be {size} bytes for curve {crv}")
        public = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve)
        if "d" not in members:
            return public.public_key()
        d = base64url_decode(members["d"])
        if len(d) != size:
            raise InvalidKeyError(f"D should be {size} bytes for curve {crv}")
        return ec.EllipticCurvePrivateNumbers(int.from_bytes(d, "big"), public).private_key()
