"""WritableKey: every form that a key goes out in: PEM, DER, JWK, key object, public part, thumbprint.

Public material is what every method gives unless the private one is asked for by name.
"""

from __future__ import annotations

from cyjwt._arguments import password_octets
from cyjwt._classified import ClassifiedKey
from cyjwt._engine import base64url
from cyjwt._engine.jsonwrite import dumps
from cyjwt._lazy import LazyModule
from cyjwt.errors import InvalidKeyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from cyjwt import _jwk, _keyobjects
    from cyjwt._keyobjects import KeyObject
else:
    _jwk = LazyModule("cyjwt._jwk")
    _keyobjects = LazyModule("cyjwt._keyobjects")

__all__ = ["WritableKey"]


class WritableKey(ClassifiedKey):
    """The part of ``Key`` that gives it out. See there."""

    __slots__ = ()

    def public(self) -> Self:
        """Give the public part, as a key that verifies; a public key gives itself.

        Raises:
            InvalidKeyError: a secret has no public part.

        Example:
            >>> import cyjwt
            >>> cyjwt.Key.generate("Ed25519").public().private
            False
        """
        if not self.private:
            return self
        if self.kty == "oct":
            raise InvalidKeyError("a secret has no public part")
        material = self.native.public() if self.native is not None else self._foreign.public_key()
        # What the private part signs, the public part verifies (RFC 7517 section 4.3).
        ops = None if self.key_ops is None else ("verify",)
        return self._make(material, kid=self.kid, use=self.use, key_ops=ops, alg=self.alg, limit=self._fit)

    def to_pem(self, *, private: bool = False, password: bytes | str | None = None) -> str:
        """Write the key as PEM text: SPKI, or PKCS#8 if ``private``.

        Args:
            private: write the private key and not its public part.
            password: encrypt the private key with it.

        Returns:
            The text, with a final newline.

        Raises:
            InvalidKeyError: a public key was asked for its private part, or a secret for PEM.
            TypeError, ValueError: a password of the wrong type, empty, or for a public key.
        """
        return self._dump(True, private, password).decode("ascii")

    def to_der(self, *, private: bool = False, password: bytes | str | None = None) -> bytes:
        """Write the key in DER: SPKI, or PKCS#8 if ``private``. See ``to_pem``."""
        return self._dump(False, private, password)

    def to_jwk(self, *, private: bool = False) -> dict[str, Any]:
        """Write the key as the members of a JWK (RFC 7517), with its ``kid``, ``use``, ``key_ops`` and ``alg``.

        Args:
            private: write the private or secret members too.

        Returns:
            A new dict.

        Raises:
            InvalidKeyError: a public key was asked for its private part, or a secret for a public one.

        Example:
            >>> import cyjwt
            >>> sorted(cyjwt.Key.generate("ES256", kid="1").to_jwk())
            ['alg', 'crv', 'kid', 'kty', 'x', 'y']
        """
        key = self if private else self.public()
        members: dict[str, Any] = {}
        if private and key.kty != "oct":
            members |= _jwk.write(key._object(private=True))
        else:
            members |= key._required()
        ops = list(key.key_ops) if key.key_ops is not None else None
        extra = {"kid": key.kid, "use": key.use, "key_ops": ops, "alg": key.alg}
        return members | {name: value for name, value in extra.items() if value is not None}

    def to_cryptography(self) -> KeyObject:
        """Give the key as an object of the package ``cryptography``, private if the key is.

        Raises:
            InvalidKeyError: a secret has no such object.
        """
        key: KeyObject = self._object(private=self.private)
        return key

    def thumbprint(self, hash_name: str = "sha256") -> str:
        """Compute the JWK thumbprint (RFC 7638), the same for a private key and its public part.

        That of a secret helps whoever guesses at the secret: do not publish it (RFC 7638 section 7).

        Args:
            hash_name: ``"sha256"``, ``"sha384"`` or ``"sha512"``.

        Returns:
            The digest in base64url.

        Raises:
            ValueError: another hash.

        Example:
            >>> import cyjwt
            >>> len(cyjwt.Key.generate("HS256").thumbprint())
            43
        """
        if hash_name not in ("sha256", "sha384", "sha512"):
            raise ValueError('hash_name must be "sha256", "sha384" or "sha512"')
        import hashlib

        text = dumps(dict(sorted(self._required().items())))
        return base64url.encode(hashlib.new(hash_name, text).digest()).decode("ascii")

    def _required(self) -> dict[str, str]:
        """The members that a thumbprint is made of (RFC 7638 section 3.2)."""
        if self.kty == "oct":
            return {"kty": "oct", "k": base64url.encode(self._material()).decode("ascii")}
        return _jwk.required(self._object(private=False))

    def _object(self, *, private: bool) -> Any:
        """The private or the public key object."""
        if self.kty == "oct":
            raise InvalidKeyError("a secret has neither a PEM nor a DER form, nor a key object")
        if private and not self.private:
            raise InvalidKeyError("a public key has no private part to give")
        if self.native is None:
            return self._foreign if private or not self.private else self._foreign.public_key()
        der = self.native.pkcs8() if private else self.native.spki()
        return _keyobjects.load_trusted(der, private=private)

    def _dump(self, pem: bool, private: bool, password: bytes | str | None) -> bytes:
        octets = password_octets(password)
        if octets is not None and not private:
            raise ValueError("a password protects a private key: pass private=True")
        if octets == b"":
            raise ValueError("an empty password protects nothing")
        return _keyobjects.dump(self._object(private=private), pem=pem, password=octets)
