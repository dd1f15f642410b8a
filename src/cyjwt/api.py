"""The one-shot functions: a token signed or verified with a key in whatever form it is at hand."""

from __future__ import annotations

from _collections_abc import Callable, Collection, Mapping

from cyjwt import caches
from cyjwt._arguments import algorithm_row
from cyjwt._engine.keysource import KeySource
from cyjwt._engine.memo import Memo
from cyjwt._engine.oneshot import one_shot
from cyjwt._keycache import key_for
from cyjwt.keys import Key
from cyjwt.keyset import KeySet
from cyjwt.policy import names
from cyjwt.signer import Signer
from cyjwt.verifier import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from cyjwt.policy import VerifierOptions

__all__ = ["decode", "encode"]

_OPTIONS = frozenset(Verifier.__new__.__kwdefaults__ or ())


def _make_signer(
    key: object,
    algorithm: str | None,
    headers: Mapping[str, Any] | None,
    type: str | None,
    default: Callable[[Any], Any] | None,
) -> Signer:
    if not isinstance(key, Key):
        if algorithm is None:
            raise TypeError("encode needs algorithm unless key is a Key: raw material does not say its own")
        made = key_for(key, (algorithm_row(algorithm).name,))
        if isinstance(made, KeySet):
            raise TypeError("encode needs one key, not a set")
        key = made
    return Signer(key, algorithm=algorithm, headers=headers, type=type, default=default)


def _make_verifier(
    key: object, algorithms: Collection[str] | None, /, **options: Unpack[VerifierOptions]
) -> Verifier:
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise TypeError(f"decode() has no option {unknown[0]!r}: its options are those of Verifier")
    if not isinstance(key, Key | KeySet | KeySource):
        if algorithms is None:
            raise TypeError(
                "decode needs algorithms unless key is a Key, KeySet or JWKSClient (RFC 8725 section 3.1)"
            )
        allowed = names("algorithms", algorithms)
        if not allowed:
            raise ValueError("algorithms must not be empty")
        key = key_for(key, allowed)
    return Verifier(key, algorithms=algorithms, **options)


# What was compiled from a key and options is found again by their types and contents, without a second look
# at whether they are any good. Nothing of a token is ever asked for here, and nothing that failed is kept.
_signers = Memo(_make_signer, caches.DEFAULT_SIZE)
_verifiers = Memo(_make_verifier, caches.DEFAULT_SIZE, live=("revoked",), immutable=(KeySet,))
caches.register("signers", _signers)
caches.register("verifiers", _verifiers)


@one_shot(_signers, "sign")
def encode(
    claims: dict[str, Any],
    key: object,
    algorithm: str | None = None,
    *,
    headers: Mapping[str, Any] | None = None,
    type: str | None = "JWT",
    default: Callable[[Any], Any] | None = None,
) -> str:
    """Sign a claims set with one call.

    The preparation that a ``Signer`` does once is remembered for the same key and options: see ``cyjwt.caches``.

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
    return _signers.find(key, algorithm, headers, type, default).sign(claims)


@one_shot(_verifiers, "verify")
def decode(
    token: str | bytes | bytearray | memoryview,
    key: object,
    algorithms: Collection[str] | None = None,
    **options: Unpack[VerifierOptions],
) -> dict[str, Any]:
    """Verify a token with one call.

    The preparation that a ``Verifier`` does once is remembered for the same key and options: see
    ``cyjwt.caches``.

    Args:
        token: as for ``Verifier.verify``.
        key: a ``Key``, ``KeySet`` or ``JWKSClient``; or PEM, DER, a JWK or JWK Set, the octets of a secret,
            or an object of ``cryptography``, which is read as the kind of key that ``algorithms`` call for
            and as nothing else, never by what the token says.
        algorithms: the algorithms to allow. May be left out for a ``Key``, ``KeySet`` or ``JWKSClient``.
        options: the keyword arguments of ``Verifier``. ``cache`` and ``claims_type`` work here as well, but
            checkers of types know them of a ``Verifier`` alone.

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
    return _verifiers.find(key, algorithms, **options).verify(token)
