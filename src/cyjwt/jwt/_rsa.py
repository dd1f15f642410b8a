"""The algorithms of RSA: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 sections 3.3 and 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast, overload

from cyjwt._strength import check_rsa_numbers
from cyjwt.algorithms import RSA_PKCS1, RSA_PSS
from cyjwt.jwt._algorithm import HashedAlgorithm, LazyTypes, jwk_text, members_of
from cyjwt.jwt._native import find_row, native_of
from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.utils import from_base64url_uint, to_base64url_uint

if TYPE_CHECKING:
    from typing import TypeAlias

    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from cyjwt.jwt.types import JWKDict

    AllowedRSAKeys: TypeAlias = RSAPrivateKey | RSAPublicKey

__all__ = ["RSAAlgorithm", "RSAPSSAlgorithm"]

_CRT_MEMBERS = ("p", "q", "dp", "dq", "qi")


def _types() -> tuple[type, ...]:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    return RSAPrivateKey, RSAPublicKey


class RSAAlgorithm(HashedAlgorithm):
    """RSASSA-PKCS1-v1_5. Its prepared keys are the objects of ``cryptography``."""

    _crypto_key_types = LazyTypes(_types)
    _ssh = b"ssh-rsa"
    _family: ClassVar[int] = RSA_PKCS1
    _MIN_KEY_SIZE: ClassVar[int] = 2048

    def check_key_length(self, key: AllowedRSAKeys) -> str | None:
        """Say so where the modulus is below 2048 bits."""
        if key.key_size >= self._MIN_KEY_SIZE:
            return None
        return (
            f"The RSA key is {key.key_size} bits long, which is below the minimum recommended size of "
            f"{self._MIN_KEY_SIZE} bits. See NIST SP 800-131A."
        )

    def prepare_key(self, key: AllowedRSAKeys | str | bytes) -> AllowedRSAKeys:
        """Read PEM or the one-line form of SSH, or take a key object as it is.

        Raises:
            TypeError: it is none of these.
            InvalidKeyError: it cannot be read, is of another type, or has unsafe numbers.
        """
        return _checked(cast("AllowedRSAKeys", self._read_key(key)))

    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: Literal[True]) -> JWKDict: ...
    @overload
    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    def to_jwk(key_obj: AllowedRSAKeys, as_dict: bool = False) -> JWKDict | str:
        """Write a key object as a JWK (RFC 7518 section 6.3)."""
        if not isinstance(key_obj, _types()):
            raise InvalidKeyError("Not a public or private key")
        private = cast("RSAPrivateKey", key_obj).private_numbers() if _is_private(key_obj) else None
        public = _public(key_obj).public_numbers()
        numbers = {"n": public.n, "e": public.e}
        if private is not None:
            numbers |= {"d": private.d, "p": private.p, "q": private.q}
            numbers |= {"dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
        members: JWKDict = {"kty": "RSA", "key_ops": ["verify" if private is None else "sign"]}
        members |= {name: to_base64url_uint(number).decode() for name, number in numbers.items()}
        return jwk_text(members, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> AllowedRSAKeys:
        """Read a JWK into a key object; without p, q and the rest they are computed.

        Raises:
            InvalidKeyError: a member is missing, or the key has unsafe numbers.
            TypeError, ValueError: a member is malformed.
        """
        from cryptography.hazmat.primitives.asymmetric import rsa

        members = members_of(jwk)
        if members.get("kty") != "RSA":
            raise InvalidKeyError("Not an RSA key")
        if "n" not in members or "e" not in members:
            raise InvalidKeyError("Not a public or private key")
        n, e = from_base64url_uint(members["n"]), from_base64url_uint(members["e"])
        public = rsa.RSAPublicNumbers(e, n)
        if "d" not in members:
            return _checked(public.public_key())
        if "oth" in members:
            raise InvalidKeyError("Unsupported RSA private key: > 2 primes not supported")
        d = from_base64url_uint(members["d"])
        given = [name for name in _CRT_MEMBERS if name in members]
        if len(given) == len(_CRT_MEMBERS):
            p, q, dp, dq, qi = (from_base64url_uint(members[name]) for name in _CRT_MEMBERS)
        elif given:
            raise InvalidKeyError("RSA key must include all parameters if any are present besides d")
        else:
            p, q = rsa.rsa_recover_prime_factors(n, e=e, d=d)
            dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        numbers = rsa.RSAPrivateNumbers(p=p, q=q, d=d, dmp1=dp, dmq1=dq, iqmp=qi, public_numbers=public)
        return _checked(numbers.private_key())

    def sign(self, msg: bytes, key: RSAPrivateKey) -> bytes:
        """Sign octets with a private key object."""
        if not hasattr(key, "sign"):
            raise InvalidKeyError("A private key is needed to sign.")
        row, native = find_row(self._family, None, self._hash_bits), native_of(key)
        if row is not None and native is not None:
            return native.sign(row.id, msg)
        return key.sign(msg, self._padding(), self.hash_alg())

    def verify(self, msg: bytes, key: AllowedRSAKeys, sig: bytes) -> bool:
        """Tell whether a signature holds under a key object."""
        row, native = find_row(self._family, None, self._hash_bits), native_of(key)
        if row is not None and native is not None:
            return native.verify(row.id, msg, sig)
        from cryptography.exceptions import InvalidSignature

        try:
            _public(key).verify(sig, msg, self._padding(), self.hash_alg())
        except InvalidSignature:
            return False
        return True

    def _padding(self) -> AsymmetricPadding:
        from cryptography.hazmat.primitives.asymmetric import padding

        return padding.PKCS1v15()


class RSAPSSAlgorithm(RSAAlgorithm):
    """RSASSA-PSS with MGF1 over the same hash, and a salt of the hash's size (RFC 7518 section 3.5)."""

    _family = RSA_PSS

    def _padding(self) -> AsymmetricPadding:
        from cryptography.hazmat.primitives.asymmetric import padding

        return padding.PSS(mgf=padding.MGF1(self.hash_alg()), salt_length=self.hash_alg().digest_size)


def _is_private(key: AllowedRSAKeys) -> bool:
    return hasattr(key, "public_key")


def _public(key: Any) -> RSAPublicKey:
    public: RSAPublicKey = key.public_key() if _is_private(key) else key
    return public


def _checked(key: AllowedRSAKeys) -> AllowedRSAKeys:
    numbers = _public(key).public_numbers()
    check_rsa_numbers(numbers.n, numbers.e)
    return key
