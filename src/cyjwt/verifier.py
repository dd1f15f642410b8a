"""Verifier: a policy and the keys to check it with, ready for any number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta

from cyjwt._engine import verify as _verify
from cyjwt._engine.claims import ClaimRules
from cyjwt._engine.header import HeaderRules
from cyjwt._lazy import LazyModule
from cyjwt.algorithms import ALGORITHMS
from cyjwt.batch import Batch, verify_batch, verify_stream
from cyjwt.keys import Key
from cyjwt.keyset import KeySet
from cyjwt.policy import DEFAULT_TOKEN_SIZE, Policy, read_policy
from cyjwt.token import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, NoReturn, Self, TypedDict, overload

    from cyjwt import _turns
    from cyjwt.batch import Tokens

    class VerifierOptions(TypedDict, total=False):
        """The options of a ``Verifier`` but for ``algorithms``, for the checker of ``cyjwt.decode``."""

        issuer: str | Collection[str] | None
        audience: str | Collection[str] | None
        subject: str | None
        leeway: float | timedelta
        required: Collection[str]
        type: str | None
        max_age: float | timedelta | None
        max_token_size: int
        clock: Callable[[], float] | float | None
        allow_padding: bool
        critical: Collection[str]
else:
    # It imports asyncio.
    _turns = LazyModule("cyjwt._turns")


__all__ = ["Verifier"]


class Verifier(_verify.Engine):
    """Verifies tokens: immutable, safe to share between threads, picklable, cheap to use.

    Every option is checked here, once. A token is accepted if its signature holds under one of the keys
    and an allowed algorithm, and its claims satisfy every option.

    Args:
        keys: a ``Key``, which serves whatever ``kid`` a token names; or a ``KeySet`` or an iterable of
            ``Key``, in which the token's ``kid`` is looked up. Without a ``kid`` exactly one key of a
            set must be fit for the token's algorithm.
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
        max_age: seconds, or a timedelta, since ``iat``, after which a token has expired.
        max_token_size: the most octets of a token.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.
        allow_padding: admit trailing ``=`` on segments, as some load balancers issue them.
        critical: names of header extensions whose ``crit`` use the caller understands and handles (RFC
            7515 section 4.1.11).

    Raises:
        TypeError: an option of the wrong type.
        ValueError: an option that can mean nothing, or no key that is fit for the allowed algorithms.
        InvalidKeyError: an empty set of keys.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("ES256")
        >>> verifier = cyjwt.Verifier(key.public(), issuer="https://issuer.example/", audience="orders")
        >>> signer = cyjwt.Signer(key, issuer="https://issuer.example/", audience="orders", lifetime=900)
        >>> verifier.verify(signer.sign({"sub": "42"}))["sub"]
        '42'
    """

    __slots__ = ("__weakref__", "_keys", "_policy", "_waiting")

    _keys: Key | KeySet
    _policy: Policy
    _waiting: _turns.Turns | None

    def __new__(
        cls,
        keys: Key | KeySet | Iterable[Key],
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
    ) -> Self:
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
        )
        return cls._build(keys if isinstance(keys, Key | KeySet) else KeySet(keys), policy)

    @classmethod
    def _build(cls, keys: Key | KeySet, policy: Policy) -> Self:
        held = (keys,) if isinstance(keys, Key) else tuple(dict.fromkeys(keys))
        allowed = _allowed(held, policy)
        header_rules = HeaderRules(
            tuple((key.kid, _ids(key.verify_algorithms)) for key in held),
            isinstance(keys, Key),
            _ids(allowed),
            policy.type,
            policy.critical,
        )
        claim_rules = ClaimRules(
            policy.required,
            policy.issuers,
            policy.audiences,
            policy.subject,
            policy.leeway,
            -1.0 if policy.max_age is None else policy.max_age,
        )
        self = _verify.Engine.__new__(
            cls,
            header_rules,
            claim_rules,
            tuple(key.native for key in held),
            held,
            policy.max_token_size,
            policy.allow_padding,
            policy.clock,
        )
        object.__setattr__(self, "_keys", keys)
        object.__setattr__(self, "_policy", policy)
        object.__setattr__(self, "_waiting", None)
        return self

    if TYPE_CHECKING:

        def verify(self, token: str | bytes | bytearray | memoryview, /) -> dict[str, Any]:
            """Verify one token; see the method's docstring at run time."""

    else:
        verify = _verify.verify

    def verify_complete(self, token: str | bytes | bytearray | memoryview, /) -> Token:
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

    if TYPE_CHECKING:

        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Literal[False]
        ) -> Batch[None]: ...
        @overload
        def verify_batch(
            self,
            tokens: Tokens,
            /,
            *,
            threads: int | None = None,
            claims: Literal[True] | Collection[str] = True,
        ) -> Batch[dict[str, Any]]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: bool | Collection[str]
        ) -> Batch[Any]: ...

    def verify_batch(
        self, tokens: Tokens, /, *, threads: int | None = None, claims: bool | Collection[str] = True
    ) -> Batch[Any]:
        """Verify many tokens at once, each with the verdict that ``verify`` gives.

        Signatures are verified several at a time where the CPU allows (``cyjwt.build_info()["lanes"]``), and
        by several threads, without the interpreter lock. All are judged by one moment: the clock is read
        once, when the call begins.

        Args:
            tokens: any iterable of tokens. One that is no ``str``, ``bytes`` or buffer is a token that
                fails, as any other bad one does. Or an Arrow array or stream of string or binary (an object
                with ``__arrow_c_array__`` or ``__arrow_c_stream__``, such as a column of pyarrow or
                polars), which is read where it lies; a null is a token that fails.
            threads: the most threads to use; as many as there are cores when left out.
            claims: ``True`` for the claims of each valid token, a new dict each; names of claims, for dicts
                of no more than these; ``False`` for statuses alone, which makes no object for a token.

        Returns:
            The statuses, and the claims that were asked for, in the order of the tokens.

        Raises:
            TypeError: tokens is no iterable, or a lone token; an option of the wrong type.
            ValueError: threads is less than 1, or too many claims are asked for.
            KeyboardInterrupt: Ctrl-C ends a batch within a second.

        Example:
            >>> import cyjwt
            >>> key = cyjwt.Key.generate("ES256")
            >>> signer = cyjwt.Signer(key, lifetime=900)
            >>> tokens = [signer.sign({"sub": str(n)}) for n in range(3)]
            >>> batch = cyjwt.Verifier(key.public()).verify_batch([*tokens, "garbage"])
            >>> batch.valid, batch.counts()
            (3, {'valid': 3, 'segments': 1})
            >>> batch[2]["sub"]
            '2'
        """
        return verify_batch(self, tokens, threads, claims)

    if TYPE_CHECKING:

        @overload
        def verify_stream(
            self, tokens: Tokens, /, *, size: int = 10_000, threads: int | None = None, claims: Literal[False]
        ) -> Iterator[Batch[None]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: Literal[True] | Collection[str] = True,
        ) -> Iterator[Batch[dict[str, Any]]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: bool | Collection[str],
        ) -> Iterator[Batch[Any]]: ...

    def verify_stream(
        self,
        tokens: Tokens,
        /,
        *,
        size: int = 10_000,
        threads: int | None = None,
        claims: bool | Collection[str] = True,
    ) -> Iterator[Batch[Any]]:
        """Verify tokens as they come, batch after batch, in memory that does not grow with their number.

        Args:
            tokens: any iterable of tokens, which may be endless; or an Arrow array or stream.
            size: how many tokens make a batch; the last one may have fewer.
            threads: as for ``verify_batch``.
            claims: as for ``verify_batch``.

        Returns:
            An iterator of batches. Each is verified when it is asked for, as of that moment.

        Raises:
            TypeError: as for ``verify_batch``.
            ValueError: as for ``verify_batch``, or size is less than 1.

        Example:
            >>> import cyjwt
            >>> key = cyjwt.Key.generate("HS256")
            >>> signer, verifier = cyjwt.Signer(key, lifetime=900), cyjwt.Verifier(key)
            >>> tokens = (signer.sign({"sub": str(n)}) for n in range(25))
            >>> [len(batch) for batch in verifier.verify_stream(tokens, size=10)]
            [10, 10, 5]
        """
        return verify_stream(self, tokens, size, threads, claims)

    async def verify_async(self, token: str | bytes | bytearray | memoryview, /) -> dict[str, Any]:
        """Verify one token, together with those of other tasks that ask in the same turn of the event loop.

        Signatures are verified several at a time where the CPU allows (``cyjwt.build_info()["lanes"]``): with many
        callers at once each costs less than by ``verify``. A lone caller is served at once, and so is every caller
        if the CPU has no lanes, or the verifier allows nothing but ``HS256`` and its like. What would stall the loop
        for more than a millisecond is verified in other threads. Any number of loops, in any threads, may share a
        verifier. Under another library than asyncio, such as trio, it is ``verify``.

        Args:
            token: as for ``verify``.

        Returns:
            The claims, a new dict.

        Raises:
            InvalidTokenError: as for ``verify``; the exception is the caller's own.
            asyncio.CancelledError: the caller was cancelled while it waited, which nobody else notices.

        Example:
            >>> import asyncio, cyjwt
            >>> key = cyjwt.Key.generate("ES256")
            >>> signer, verifier = cyjwt.Signer(key, lifetime=900), cyjwt.Verifier(key.public())
            >>> async def handle(request):
            ...     claims = await verifier.verify_async(request)
            ...     return claims["sub"]
            >>> async def main():
            ...     return await asyncio.gather(*(handle(signer.sign({"sub": str(n)})) for n in range(3)))
            >>> asyncio.run(main())
            ['0', '1', '2']
        """
        # One name for all that this frame holds: an exception that left it would be held by what it holds.
        outcome: Any = (self._waiting or self._begin_turns()).join(self, token)
        if outcome is None:
            return self.verify(token)
        outcome = await outcome
        if not isinstance(outcome, BaseException):
            return outcome  # type: ignore[no-any-return]
        try:
            raise outcome
        finally:
            del outcome

    def _begin_turns(self) -> _turns.Turns:
        families = {ALGORITHMS[name].family for name in self.algorithms}
        # What a subclass adds to verify is not left out.
        turns = _turns.Turns(families, direct=type(self).verify is not Verifier.verify)
        object.__setattr__(self, "_waiting", turns)
        return turns

    @property
    def keys(self) -> Key | KeySet:
        """The key, or the set of keys, that tokens are verified with."""
        return self._keys

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that a token may be signed with."""
        return frozenset(_allowed((self._keys,) if isinstance(self._keys, Key) else self._keys, self._policy))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self._keys, self._policy)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Verifier is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Verifier is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        said = [
            f"{name}={value!r}" for name, value in self._policy.options().items() if value not in (None, ())
        ]
        return f"<Verifier {self._keys!r} {' '.join(said)}>"


def _rebuild(cls: type[Verifier], keys: Key | KeySet, policy: Policy) -> Verifier:
    return cls._build(keys, policy)


def _ids(algorithms: Iterable[str]) -> tuple[int, ...]:
    return tuple(ALGORITHMS[name].id for name in algorithms)


def _allowed(keys: Iterable[Key], policy: Policy) -> tuple[str, ...]:
    """The algorithms that the policy allows and a key serves."""
    served = frozenset().union(*(key.verify_algorithms for key in keys))
    if not served:
        raise ValueError("no key given may verify: see its use, key_ops and alg")
    if policy.algorithms is None:
        return tuple(served)
    if not served & set(policy.algorithms):
        raise ValueError(f"no key given is fit for {', '.join(policy.algorithms)}")
    return tuple(name for name in policy.algorithms if name in served)
