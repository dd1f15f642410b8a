"""A verifier's ways with many tokens: batches, streams, and the callers of an event loop."""

from __future__ import annotations

from _collections_abc import Collection, Iterator

from cyjwt._engine.keysource import KeySource
from cyjwt._engine.single import verify
from cyjwt._engine.verify import Engine
from cyjwt._lazy import LazyModule
from cyjwt.algorithms import ALGORITHMS
from cyjwt.batch import Batch, Claims, verify_batch, verify_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, Literal, overload

    from cyjwt import _livekeys, _turns
    from cyjwt.batch import Tokens
else:
    # For checkers of types alone.
    Generic = {Claims: object}
    # They import asyncio.
    _turns = LazyModule("cyjwt._turns")
    _livekeys = LazyModule("cyjwt._livekeys")

__all__ = ["BatchVerifier"]


class BatchVerifier(Engine, Generic[Claims]):
    """What a ``Verifier`` does with many tokens at once; its base class, and no verifier by itself."""

    __slots__ = ("_waiting",)

    _waiting: _turns.Turns | None

    if TYPE_CHECKING:

        @property
        def algorithms(self) -> frozenset[str]: ...
        @property
        def keys(self) -> object: ...
        def verify(self, token: str | bytes | bytearray | memoryview, /) -> Claims: ...

    else:

        def __class_getitem__(cls, claims: object) -> type[BatchVerifier]:
            return cls

    if TYPE_CHECKING:

        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Literal[False]
        ) -> Batch[None]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Literal[True] = True
        ) -> Batch[Claims]: ...
        @overload
        def verify_batch(
            self, tokens: Tokens, /, *, threads: int | None = None, claims: Collection[str]
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
            claims: ``True`` for the claims of each valid token, a new dict each, or an instance of the
                ``claims_type``; names of claims, for dicts of no more than these; ``False`` for statuses
                alone, which makes no object for a token.

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
            claims: Literal[True] = True,
        ) -> Iterator[Batch[Claims]]: ...
        @overload
        def verify_stream(
            self,
            tokens: Tokens,
            /,
            *,
            size: int = 10_000,
            threads: int | None = None,
            claims: Collection[str],
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

    async def verify_async(self, token: str | bytes | bytearray | memoryview, /) -> Claims:
        """Verify one token, together with those of other tasks that ask in the same turn of the event loop.

        Signatures are verified several at a time where the CPU allows (``cyjwt.build_info()["lanes"]``): with many
        callers at once each costs less than by ``verify``. A lone caller is served at once, and so is every caller
        if the CPU has no lanes, or the verifier allows nothing but ``HS256`` and its like. What would stall the loop
        for more than a millisecond is verified in other threads. Any number of loops, in any threads, may share a
        verifier. Keys that have to be fetched are waited for in this task alone. Under another library than asyncio,
        such as trio, it is ``verify``.

        Args:
            token: as for ``verify``.

        Returns:
            The claims, as ``verify`` gives them.

        Raises:
            InvalidTokenError, JWKSUnavailableError: as for ``verify``; the exception is the caller's own.
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
        direct = type(self).verify is not verify
        turns: _turns.Turns
        if isinstance(self.keys, KeySource):
            turns = _livekeys.LiveTurns(families, direct, self.keys)
        else:
            turns = _turns.Turns(families, direct)
        object.__setattr__(self, "_waiting", turns)
        return turns
