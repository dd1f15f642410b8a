"""Key: every form that a key is made from.

The rules that refuse a key live in ``_strength`` and ``_material``, the formats in ``_keyobjects`` and
``_jwk``; what a key may serve is decided in ``_classified``, and ``_written`` gives a key out again.
"""

from __future__ import annotations

import os
from _collections_abc import Collection, Mapping

from cyjwt._arguments import algorithm_row, allowances, key_name, octets, octets_or_text, password_octets
from cyjwt._classified import handle
from cyjwt._engine.pkey import NativeKey
from cyjwt._lazy import LazyModule
from cyjwt._strength import check_secret_size
from cyjwt._written import WritableKey
from cyjwt.algorithms import ALGORITHMS, RSA_PSS
from cyjwt.errors import InvalidKeyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cyjwt import _jwk, _keyobjects, _material
    from cyjwt._arguments import BytesLike
    from cyjwt._keyobjects import Loaded
else:
    _jwk = LazyModule("cyjwt._jwk")
    _keyobjects = LazyModule("cyjwt._keyobjects")
    _material = LazyModule("cyjwt._material")

__all__ = ["Key"]

_PSS_ALGORITHMS = frozenset(row.name for row in ALGORITHMS.values() if row.family == RSA_PSS)


def _secret(value: bytes) -> NativeKey:
    """The handle of a secret, unless it is short, or a key in disguise."""
    kind = _material.disguised(value)
    if kind is not None:
        raise InvalidKeyError(f"{kind.value} is no HMAC secret (RFC 8725 section 3.1)")
    check_secret_size(len(value))
    return NativeKey.from_secret(value)


def _alg(algorithm: str | None) -> str | None:
    """The name of the algorithm that the caller binds a key to, once it is known to exist."""
    return None if algorithm is None else algorithm_row(algorithm).name


class Key(WritableKey):
    """One key, immutable, safe to share between threads, and ready for use.

    Make one with ``from_pem``, ``from_der``, ``from_jwk``, ``from_secret``, ``from_file``,
    ``from_cryptography`` or ``generate``. A pickled private key or secret holds its material in the clear.

    Attributes:
        kty: ``"oct"``, ``"RSA"``, ``"EC"`` or ``"OKP"`` (RFC 7518 section 6.1, RFC 8037 section 2).
        curve: the JWK ``crv``, or None.
        bits: the size of the modulus, the curve's field or the secret.
        private: whether it holds private or secret material.
        kid: its name in a key set, or None.
        use: ``"sig"`` where a JWK said so, or None.
        key_ops: the operations that a JWK allowed, or None.
        alg: the one algorithm that it was bound to by a JWK or the caller, or None.
        algorithms: the algorithms that it may serve, all told.
        sign_algorithms, verify_algorithms: those that it may sign with, and verify with.
        native: the engine's handle; None for Ed448, which ``cryptography`` serves.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("ES256", kid="2026")
        >>> key
        <Key EC P-256 private kid='2026' ES256>
        >>> key.public().verify(b"data", key.sign(b"data"))
    """

    __slots__ = ()

    # --- made from material ------------------------------------------------------------------------

    @classmethod
    def from_secret(
        cls, secret: BytesLike | str, *, algorithm: str | None = None, kid: str | None = None
    ) -> Key:
        """Make an HMAC key.

        Args:
            secret: the secret's octets; a ``str`` stands for its UTF-8.
            algorithm: the one algorithm to bind the key to; without it, every HS algorithm whose hash is
                no longer than the secret.
            kid: the key's name in a key set.

        Returns:
            The key.

        Raises:
            InvalidKeyError: the secret is empty or shorter than the hash (RFC 7518 section 3.2), or it is
                a key or certificate in disguise, which is no secret (RFC 8725 section 3.1).
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm.

        Example:
            >>> import cyjwt
            >>> sorted(cyjwt.Key.from_secret(bytes(range(48))).algorithms)
            ['HS256', 'HS384']
        """
        alg, name = _alg(algorithm), key_name(kid)
        return cls._make(_secret(octets_or_text("secret", secret)), kid=name, alg=alg)

    @classmethod
    def from_pem(
        cls,
        pem: BytesLike | str,
        *,
        password: bytes | str | None = None,
        algorithm: str | None = None,
        kid: str | None = None,
        allow: Collection[str] = (),
    ) -> Key:
        """Make a key from PEM text (RFC 7468): PKCS#1, PKCS#8, SPKI, SEC1 or an X.509 certificate.

        A certificate stands for its public key; its dates, names and issuer are not looked at.

        Args:
            pem: the text, with one key or certificate in it.
            password: what an encrypted private key is decrypted with.
            algorithm: the one algorithm to bind the key to.
            kid: the key's name in a key set.
            allow: rules to relax by name: ``"small-exponent"`` admits an RSA exponent under 65,537.

        Returns:
            The key, private if the text holds a private one.

        Raises:
            InvalidKeyError: unreadable, encrypted otherwise, unsupported, weak, or unfit for ``algorithm``.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm or allowance.

        Example:
            >>> import cyjwt
            >>> pem = cyjwt.Key.generate("ES256").to_pem()
            >>> cyjwt.Key.from_pem(pem)
            <Key EC P-256 public kid=None ES256>
        """
        alg, name = _alg(algorithm), key_name(kid)
        text = octets_or_text("pem", pem)
        loaded = _keyobjects.load_pem(text, password_octets(password), allowances(allow))
        return cls._of_loaded(loaded, name, alg)

    @classmethod
    def from_der(
        cls,
        der: BytesLike,
        *,
        password: bytes | str | None = None,
        algorithm: str | None = None,
        kid: str | None = None,
        allow: Collection[str] = (),
    ) -> Key:
        """Make a key from DER: what ``from_pem`` reads, without its armour. See there.

        Example:
            >>> import cyjwt
            >>> der = cyjwt.Key.generate("Ed25519").to_der()
            >>> cyjwt.Key.from_der(der, algorithm="EdDSA")
            <Key OKP Ed25519 public kid=None EdDSA>
        """
        alg, name = _alg(algorithm), key_name(kid)
        loaded = _keyobjects.load_der(octets("der", der), password_octets(password), allowances(allow))
        return cls._of_loaded(loaded, name, alg)

    @classmethod
    def from_jwk(
        cls,
        jwk: Mapping[str, object] | BytesLike | str,
        *,
        algorithm: str | None = None,
        kid: str | None = None,
        allow: Collection[str] = (),
    ) -> Key:
        """Make a key from a JWK (RFC 7517): RSA, EC, OKP (RFC 8037) or oct.

        Args:
            jwk: the members, or their JSON text, in which no member may occur twice.
            algorithm: the one algorithm to bind the key to; it must not contradict the JWK's ``alg``.
            kid: the key's name in a key set, in place of the JWK's.
            allow: as for ``from_pem``.

        Returns:
            The key, private if the JWK has private members.

        Raises:
            InvalidKeyError: a member is missing, malformed, not canonical or contradicts another, or the
                key is weak, unsupported, or not for signatures.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm or allowance.

        Example:
            >>> import cyjwt
            >>> jwk = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
            >>> cyjwt.Key.from_jwk(jwk).thumbprint()
            'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
        """
        alg, name, relaxed = _alg(algorithm), key_name(kid), allowances(allow)
        members: Any = jwk
        if not isinstance(jwk, Mapping):
            members = _jwk.parse(octets_or_text("jwk", jwk), _keyobjects.MOST_OCTETS)
            if not isinstance(members, dict):
                raise InvalidKeyError("a JWK is a JSON object")
        read = _jwk.read(members, relaxed)
        if read.alg is not None and alg is not None and read.alg != alg:
            raise InvalidKeyError(f'the "alg" of the JWK is not {alg}')
        return cls._make(
            _secret(read.material) if isinstance(read.material, bytes) else handle(read.material),
            kid=name if name is not None else read.kid,
            use=read.use,
            key_ops=read.key_ops,
            alg=alg if alg is not None else read.alg,
        )

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        password: bytes | str | None = None,
        algorithm: str | None = None,
        kid: str | None = None,
        allow: Collection[str] = (),
    ) -> Key:
        """Make a key from a file that holds PEM, DER or a JWK; its content decides which, not its name.

        A raw secret has no form to know it by: read the file and pass it to ``from_secret``.

        Args:
            path: the file.
            password: what an encrypted private key is decrypted with.
            algorithm: the one algorithm to bind the key to.
            kid: the key's name in a key set.
            allow: as for ``from_pem``.

        Returns:
            The key.

        Raises:
            OSError: the file cannot be read.
            InvalidKeyError: as for ``from_pem`` and ``from_jwk``, or the content is none of these.
        """
        with open(os.fspath(path), "rb") as file:
            content = file.read(_keyobjects.MOST_OCTETS + 1)
        if len(content) > _keyobjects.MOST_OCTETS:
            raise InvalidKeyError(
                f"the file is too large: {_keyobjects.MOST_OCTETS} octets is the most for one key"
            )
        kind = _material.classify(content)
        if kind is _material.Material.PEM:
            return cls.from_pem(content, password=password, algorithm=algorithm, kid=kid, allow=allow)
        if kind is _material.Material.JWK:
            if password is not None:
                raise InvalidKeyError("a password was given, but the key is not encrypted")
            return cls.from_jwk(content, algorithm=algorithm, kid=kid, allow=allow)
        if kind is _material.Material.JWKS:
            raise InvalidKeyError("the file holds a JWK Set: use KeySet.from_file")
        if kind is _material.Material.SSH:
            raise InvalidKeyError("the file holds an SSH key: convert it with ssh-keygen -e -m PKCS8")
        if kind is None:
            raise InvalidKeyError(
                "the file holds neither PEM, DER nor a JWK; for a secret, use Key.from_secret"
            )
        return cls.from_der(content, password=password, algorithm=algorithm, kid=kid, allow=allow)

    @classmethod
    def from_cryptography(
        cls,
        key: object,
        *,
        algorithm: str | None = None,
        kid: str | None = None,
        allow: Collection[str] = (),
    ) -> Key:
        """Make a key from a key object or a certificate of the package ``cryptography``.

        Args:
            key: an RSA, elliptic curve, Ed25519 or Ed448 key, private or public, or an X.509 certificate.
            algorithm: the one algorithm to bind the key to.
            kid: the key's name in a key set.
            allow: as for ``from_pem``.

        Returns:
            The key.

        Raises:
            InvalidKeyError: the key is weak, or of a type that cannot sign.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm or allowance.
        """
        alg, name = _alg(algorithm), key_name(kid)
        return cls._of_loaded(_keyobjects.adopt(key, allowances(allow)), name, alg)

    @classmethod
    def generate(cls, algorithm: str, *, bits: int | None = None, kid: str | None = None) -> Key:
        """Make a new private key, or secret, for one algorithm.

        Args:
            algorithm: the algorithm to make it for and bind it to; ``"EdDSA"`` gives Ed25519.
            bits: the size of an RSA modulus, 2048 unless stated; no other type has a choice.
            kid: the key's name in a key set.

        Returns:
            The key. A secret has the size of the algorithm's hash (RFC 7518 section 3.2).

        Raises:
            InvalidKeyError: ``bits`` is too small or too large.
            TypeError, ValueError: an unknown algorithm, or ``bits`` for another type than RSA.

        Example:
            >>> import cyjwt
            >>> cyjwt.Key.generate("HS512").bits
            512
        """
        row, name = algorithm_row(algorithm), key_name(kid)
        if bits is not None and row.kty != "RSA":
            raise ValueError(f"{row.name} leaves no choice of bits")
        if row.kty == "oct":
            return cls._make(NativeKey.from_secret(os.urandom(row.hash_bits // 8)), kid=name, alg=row.name)
        return cls._make(
            handle(_keyobjects.generate(row, 2048 if bits is None else bits)), kid=name, alg=row.name
        )

    @classmethod
    def _of_loaded(cls, loaded: Loaded, kid: str | None, alg: str | None) -> Key:
        return cls._make(
            handle(loaded.key), kid=kid, alg=alg, limit=_PSS_ALGORITHMS if loaded.pss_only else None
        )
