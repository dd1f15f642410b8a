"""The one-shot functions: a token signed or verified with a key in whatever form it is at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from cyjwt._arguments import algorithm_row, octets_or_text, type_name
from cyjwt._lazy import LazyModule
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from cyjwt.keyset import KeySet
from cyjwt.policy import names
from cyjwt.signer import Signer
from cyjwt.verifier import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from cyjwt import _material
    from cyjwt.policy import VerifierOptions
else:
    _material = LazyModule("cyjwt._material")

__all__ = ["decode", "encode"]

_OPTIONS = frozenset(Verifier.__new__.__kwdefaults__ or ())


def encode(
    claims: dict[str, Any],
    key: object,
    algorithm: str | None = None,
    *,
    headers: Mapping[str, Any] | None = None,
    type: str | None = "JWT",
    default: Callable[[Any], Any] | None = None,
) -> str:
    """Sign a claims set with one call. Where many are signed, a ``Signer`` does the preparation once.

    Args:
        claims: the claims, as for ``Signer.sign``.
        key: a ``Key``; or PEM, DER, a JWK, the octets of a secret, or an object of ``cryptography``, which
            is read as the kind of key that ``algorithm`` calls for and as nothing else.
        algorithm: the algorithm. May be left out for a ``Key`` that is fit for one alone.
        headers: further header members.
        type: the ``typ`` of the header; ``None`` leaves it out.
        default: as for ``Signer``.

    Returns:
        The token.

    Raises:
        InvalidKeyError: the key cannot be read as what the algorithm needs, or may not sign with it.
        TypeError, ValueError: an option or a claim that can mean nothing.

    Example:
        >>> import cyjwt
        >>> token = cyjwt.encode({"sub": "42"}, bytes(range(32)), algorithm="HS256")
        >>> cyjwt.decode(token, bytes(range(32)), algorithms=["HS256"], required=())
        {'sub': '42'}
    """
    if not isinstance(key, Key):
        if algorithm is None:
            raise TypeError("encode needs algorithm unless key is a Key: raw material does not say its own")
        made = read_material(key, (algorithm_row(algorithm).name,))
        if isinstance(made, KeySet):
            raise TypeError("encode needs one key, not a set")
        key = made
    signer = Signer(key, algorithm=algorithm, headers=headers, type=type, default=default)
    return signer.sign(claims)


def decode(
    token: str | bytes | bytearray | memoryview,
    key: object,
    algorithms: Collection[str] | None = None,
    **options: Unpack[VerifierOptions],
) -> dict[str, Any]:
    """Verify a token with one call. Where many are verified, a ``Verifier`` does the preparation once.

    Args:
        token: as for ``Verifier.verify``.
        key: a ``Key`` or ``KeySet``; or PEM, DER, a JWK or JWK Set, the octets of a secret, or an object of
            ``cryptography``, which is read as the kind of key that ``algorithms`` call for and as nothing
            else, never by what the token says.
        algorithms: the algorithms to allow. May be left out for a ``Key`` or ``KeySet``.
        options: the keyword arguments of ``Verifier``.

    Returns:
        The claims.

    Raises:
        InvalidTokenError: the token must not be trusted.
        InvalidKeyError: the key cannot be read as what the algorithms need.
        TypeError: ``algorithms`` is missing beside raw material, or an option has the wrong type.
        ValueError: an option that can mean nothing.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("ES256")
        >>> token = cyjwt.encode({"sub": "42"}, key)
        >>> cyjwt.decode(token, key.public().to_pem(), algorithms=["ES256"], required=())
        {'sub': '42'}
    """
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise TypeError(f"decode() has no option {unknown[0]!r}: its options are those of Verifier")
    if not isinstance(key, Key | KeySet):
        if algorithms is None:
            raise TypeError("decode needs algorithms unless key is a Key or KeySet (RFC 8725 section 3.1)")
        allowed = names("algorithms", algorithms)
        if not allowed:
            raise ValueError("algorithms must not be empty")
        key = read_material(key, allowed)
    return Verifier(key, algorithms=algorithms, **options).verify(token)


def read_material(material: object, algorithms: tuple[str, ...]) -> Key | KeySet:
    """The key that raw material holds, read as the one kind that the algorithms call for."""
    kinds = {algorithm_row(name).kty for name in algorithms}
    if "oct" in kinds and len(kinds) > 1:
        # Material that could be either is what algorithm confusion is made of.
        raise ValueError("algorithms mix HMAC with public-key algorithms: make the key with Key.from_...")
    key = _read_secret(material) if kinds == {"oct"} else _read_pair(material)
    held = (key,) if isinstance(key, Key) else key
    if not any(item.kty in kinds for item in held):
        raise InvalidKeyError(f"the key is not of the kind that {', '.join(algorithms)} needs")
    return key


def _read_secret(material: object) -> Key:
    if isinstance(material, Mapping):
        return Key.from_jwk(material)
    if isinstance(material, str | bytes | bytearray | memoryview):
        return Key.from_secret(material)
    raise TypeError(f"a secret must be bytes, str or a JWK, not {type_name(material)}")


def _read_pair(material: object) -> Key | KeySet:
    if isinstance(material, Mapping):
        return KeySet.from_jwks(material) if "keys" in material else Key.from_jwk(material)
    if not isinstance(material, str | bytes | bytearray | memoryview):
        try:
            return Key.from_cryptography(material)
        except TypeError:
            raise TypeError(
                "key must be a Key or KeySet, PEM, DER, a JWK or JWK Set, or an object of cryptography, "
                f"not {type_name(material)} (a file: see Key.from_file)"
            ) from None
    octets = octets_or_text("key", material)
    kind = _material.classify(octets)
    if kind is _material.Material.PEM:
        return Key.from_pem(octets)
    if kind is _material.Material.JWK:
        return Key.from_jwk(octets)
    if kind is _material.Material.JWKS:
        return KeySet.from_jwks(octets)
    if kind is None or kind is _material.Material.SSH or isinstance(material, str):
        raise InvalidKeyError("the key is neither PEM, DER nor a JWK, which its algorithms call for")
    return Key.from_der(octets)
