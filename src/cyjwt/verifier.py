"""Verifier: a policy and the keys to check it with, ready for any number of tokens."""

from __future__ import annotations

from _collections_abc import Callable, Collection, Iterable
from datetime import timedelta

from cyjwt._batching import BatchVerifier
from cyjwt._compiled import Keys, allowed_algorithms, engine_arguments
from cyjwt._engine import single as _single
from cyjwt._engine.keysource import KeySource
from cyjwt.batch import Claims
from cyjwt.cacheinfo import CacheInfo
from cyjwt.keys import Key
from cyjwt.keyset import KeySet
from cyjwt.policy import DEFAULT_TOKEN_SIZE, Policy, read_policy
from cyjwt.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self, TypeVar, Unpack, overload

    from cyjwt.policy import Revoked, VerifierOptions

    Kind = TypeVar("Kind")

__all__ = ["Verifier"]


class Verifier(BatchVerifier[Claims]):
    """Verifies tokens: immutable, safe to share between threads, picklable, cheap to use.

    Every option is checked here, once. A token is accepted if its signature holds under one of the keys
    and an allowed algorithm, and its claims satisfy every option.

    Args:
        keys: a ``Key``, which serves whatever ``kid`` a token names; or a ``KeySet`` or an iterable of
            ``Key``, in which the token's ``kid`` is looked up. Without a ``kid`` exactly one key of a
            set must be fit for the token's algorithm. Or a ``JWKSClient``, whose keys may change.
        algorithms: the names of the algorithms to allow. Left out, each key serves the algorithms that it
            is fit for. A token's header only ever selects among these (RFC 8725 section 3.1).
        issuer: the ``iss`` to insist on, or several of which one must match exactly.
        audience: the ``aud`` that this verifier answers to, or several. Without it a token that has an
            ``aud`` is refused (RFC 7519 section 4.1.3).
        subject: the ``sub`` to insist on.
        leeway: seconds, or a timedelta, by which the clocks may differ.
        required: names of claims that must be present and not null. ``exp`` is checked wherever it is
            present, required or not.
        type: the ``typ`` to insist on, such as ``"at+jwt"`` (RFC 8725 section 3.11).
        max_age: seconds, or a timedelta, since ``iat``, after which a token has expired. It makes ``iat``
            required.
        max_token_size: the most octets of a token.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.
        allow_padding: admit trailing ``=`` on segments, as some load balancers issue them.
        critical: names of header extensions whose ``crit`` use the caller understands and handles (RFC
            7515 section 4.1.11).
        revoked: what tells which tokens were revoked: an object with a method ``is_revoked(claims, key)``, which
            gets the verified claims, not to be changed, and the ``Key`` that verified them; or a container of
            ``jti``, such as a set. It is asked last, of tokens that hold in every other respect.
        revocation_failure: what to do with a token where ``revoked`` raises an exception: ``"refuse"`` it with a
            ``RevocationUnknownError``, or ``"accept"`` it.
        cache: how many verified tokens to keep, so that one that comes again is not verified anew; its times and
            whether it was revoked are checked each time. ``None`` or 0 for none.
        claims_type: the type that claims are given as: a ``msgspec.Struct``, a dataclass, a ``TypedDict`` or a
            pydantic model. A token whose claims are not of it is refused with an ``InvalidClaimsError``.

    Raises:
        TypeError: an option of the wrong type, or keys that were not made into ``Key`` objects, such as PEM.
        ValueError: an option that can mean nothing, or no key that is fit for the allowed algorithms.
        ImportError: the library that makes instances of ``claims_type`` is not installed.
        InvalidKeyError: an empty set of keys.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("ES256")
        >>> verifier = cyjwt.Verifier(key.public(), issuer="https://issuer.example/", audience="orders")
        >>> signer = cyjwt.Signer(key, issuer="https://issuer.example/", audience="orders", lifetime=900)
        >>> verifier.verify(signer.sign({"sub": "42"}))["sub"]
        '42'
    """

    __slots__ = ("__weakref__", "_keys", "_policy")

    _keys: Keys
    _policy: Policy

    if TYPE_CHECKING:

        @overload
        def __new__(
            cls,
            keys: Key | KeySet | KeySource | Iterable[Key],
            *,
            algorithms: Collection[str] | None = None,
            cache: int | None = None,
            claims_type: type[Kind],
            **options: Unpack[VerifierOptions],
        ) -> Verifier[Kind]: ...
        @overload
        def __new__(
            cls,
            keys: Key | KeySet | KeySource | Iterable[Key],
            *,
            algorithms: Collection[str] | None = None,
            cache: int | None = None,
            claims_type: None = None,
            **options: Unpack[VerifierOptions],
        ) -> Self: ...

    def __new__(
        cls,
        keys: Key | KeySet | KeySource | Iterable[Key],
        *,
        algorithms: Collection[str] | None = None,
        issuer: str | Collection[str] | None = None,
        audience: str | Collection[str] | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        required: Collection[str] = ("exp",),
        type: str | None = None,
        max_age: float | timedelta | None = None,
        max_token_size: int = DEFAULT_TOKEN_SIZE,
        clock: Callable[[], float] | float | None = None,
        allow_padding: bool = False,
        critical: Collection[str] = (),
        revoked: Revoked | None = None,
        revocation_failure: str = "refuse",
        cache: int | None = None,
        claims_type: Any = None,
    ) -> Any:
        """Check every option, and compile them. See the class for what they mean."""
        policy = read_policy(
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            subject=subject,
            leeway=leeway,
            required=required,
            type=type,
            max_age=max_age,
            max_token_size=max_token_size,
            clock=clock,
            allow_padding=allow_padding,
            critical=critical,
            revoked=revoked,
            revocation_failure=revocation_failure,
            cache=cache,
            claims_type=claims_type,
        )
        return cls._build(keys if isinstance(keys, Key | KeySet | KeySource) else KeySet(keys), policy)

    @classmethod
    def _build(cls, keys: Keys, policy: Policy) -> Self:
        self = BatchVerifier.__new__(cls, *engine_arguments(keys, policy))
        object.__setattr__(self, "_keys", keys)
        object.__setattr__(self, "_policy", policy)
        object.__setattr__(self, "_waiting", None)
        return self

    if TYPE_CHECKING:

        def verify(self, token: str | bytes | bytearray | memoryview, /) -> Claims:
            """Verify one token; see the method's docstring at run time."""

    else:
        verify = _single.verify

    def verify_complete(self, token: str | bytes | bytearray | memoryview, /) -> Token[Claims]:
        """Verify one token and give its header and signature too.

        Args:
            token: as for ``verify``.

        Returns:
            The three parts, of which every one is verified.

        Raises:
            InvalidTokenError: as for ``verify``.

        Example:
            >>> import cyjwt
            >>> key = cyjwt.Key.generate("ES256", kid="a")
            >>> token = cyjwt.encode({"sub": "42"}, key, algorithm="ES256")
            >>> cyjwt.Verifier(key, required=()).verify_complete(token).header["kid"]
            'a'
        """
        # A buffer may change between the two readings; what is verified must be what is given.
        held = self._held(token)
        claims = self.verify(held)
        header, signature = self._header_and_signature(held)
        return Token(header, claims, signature)

    def cache_info(self) -> CacheInfo:
        """Tell what came of the option ``cache`` so far.

        Returns:
            How many tokens were found, how many not, and how many are kept; all zeros where none are.

        Example:
            >>> import cyjwt
            >>> key = cyjwt.Key.generate("HS256")
            >>> cyjwt.Verifier(key, cache=1000).cache_info().capacity
            1000
        """
        cache = self._cache
        return CacheInfo(0, 0, 0, 0, 0) if cache is None else CacheInfo(*cache.info())

    def clear_cache(self) -> None:
        """Forget all tokens that the option ``cache`` has kept."""
        cache = self._cache
        if cache is not None:
            cache.clear()

    @property
    def keys(self) -> Keys:
        """The key, the set of keys, or the source of keys, that tokens are verified with."""
        return self._keys

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that a token may be signed with."""
        return frozenset(allowed_algorithms(self._keys, self._policy))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self._keys, self._policy)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Verifier is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Verifier is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self._policy.said().items()]
        return f"<Verifier {self._keys!r} {' '.join(said)}>"


def _rebuild(cls: type[Verifier[Any]], keys: Keys, policy: Policy) -> Verifier[Any]:
    return cls._build(keys, policy)
