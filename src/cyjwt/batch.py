"""Batch: what came of many tokens that were verified together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from cyjwt._arguments import type_name
from cyjwt._engine.arrow_text import TextChunk, TextSource
from cyjwt._engine.batch import Work, check_names, refusal
from cyjwt._engine.verify import Engine
from cyjwt._parallel import read_threads, run_parallel
from cyjwt.errors import InvalidTokenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, overload

    class ArrowArray(Protocol):
        """An array of the Arrow PyCapsule interface."""

        def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

    class ArrowStream(Protocol):
        """A stream of the Arrow PyCapsule interface."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    #: What a batch takes.
    Tokens = Iterable[str | bytes | bytearray | memoryview] | ArrowArray | ArrowStream

    #: A chunk of a column, the first of its rows and the one behind the last.
    Rows = tuple[TextChunk, int, int]

__all__ = ["Batch", "verify_batch", "verify_stream"]

#: A thread more pays from so many tokens on.
_WORTH_A_THREAD = 512


class Batch:
    """The verdicts on a batch of tokens, and their claims, in the order of the tokens.

    Made by ``Verifier.verify_batch``. It is also a sequence: of the claims of each valid token (``None`` where
    no claims were asked for), and for each other token of the exception that ``verify`` would raise.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("HS256")
        >>> good = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
        >>> batch = cyjwt.Verifier(key).verify_batch([good, good[:-4] + "AAAA"])
        >>> [type(one).__name__ for one in batch]
        ['dict', 'InvalidSignatureError']
    """

    __slots__ = ("_absent", "_engine", "_results", "_statuses")

    _engine: Engine
    _statuses: bytearray
    _absent: bytearray
    _results: list[dict[str, Any] | None] | None

    def __init__(self, engine: Engine, work: Work) -> None:
        """Take over what a finished piece of work holds."""
        self._engine = engine
        self._statuses = work.statuses
        self._absent = work.absent
        self._results = work.results

    @property
    def statuses(self) -> memoryview:
        """A byte for each token: 0 where it is valid, else a number that stands for the reason.

        Which number stands for which reason may change from one release to the next; ``reason`` and ``counts``
        give names that do not.
        """
        return memoryview(self._statuses).toreadonly()

    @property
    def valid(self) -> int:
        """How many tokens are valid."""
        return self._statuses.count(0)

    @property
    def invalid(self) -> int:
        """How many tokens are not."""
        return len(self._statuses) - self.valid

    def counts(self) -> dict[str, int]:
        """Count the tokens by reason.

        Returns:
            For ``"valid"``, and for the ``code`` of each exception that there is, how many tokens.
        """
        counts: dict[str, int] = {}
        for status in sorted(set(self._statuses)):
            code = "valid" if status == 0 else refusal(self._engine, status, 0).code
            counts[code] = counts.get(code, 0) + self._statuses.count(status)
        return counts

    def reason(self, index: int, /) -> str | None:
        """Tell why a token is not valid.

        Args:
            index: its place among the tokens.

        Returns:
            The ``code`` of the exception, or ``None`` where it is valid.

        Raises:
            IndexError: there is no such token.
        """
        status = self._statuses[index]
        return refusal(self._engine, status, self._absent[index]).code if status else None

    def claims(self) -> list[dict[str, Any] | None]:
        """List the claims.

        Returns:
            The claims of each valid token, and ``None`` for each other.

        Raises:
            ValueError: none were asked for.
        """
        if self._results is None:
            raise ValueError("this batch was verified without claims")
        return list(self._results)

    def raise_first(self) -> None:
        """Raise the exception of the first token that is not valid; do nothing where all are.

        Raises:
            InvalidTokenError: as ``verify`` would raise it.
        """
        if self.invalid:
            first = len(self._statuses) - len(self._statuses.lstrip(b"\0"))
            raise refusal(self._engine, self._statuses[first], self._absent[first])

    def _one(self, index: int) -> dict[str, Any] | InvalidTokenError | None:
        status = self._statuses[index]
        if status:
            return refusal(self._engine, status, self._absent[index])
        return None if self._results is None else self._results[index]

    def __len__(self) -> int:
        return len(self._statuses)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int, /) -> dict[str, Any] | InvalidTokenError | None: ...
        @overload
        def __getitem__(self, index: slice, /) -> list[dict[str, Any] | InvalidTokenError | None]: ...

    def __getitem__(
        self, index: int | slice, /
    ) -> dict[str, Any] | InvalidTokenError | list[dict[str, Any] | InvalidTokenError | None] | None:
        if isinstance(index, slice):
            return [self._one(one) for one in range(*index.indices(len(self)))]
        return self._one(index)

    def __iter__(self) -> Iterator[dict[str, Any] | InvalidTokenError | None]:
        return map(self._one, range(len(self)))

    def __repr__(self) -> str:
        return f"<Batch of {len(self)} tokens, {self.valid} valid>"


def verify_batch(
    engine: Engine, tokens: Tokens, threads: int | None, claims: bool | Collection[str]
) -> Batch:
    """Verify many tokens. See ``Verifier.verify_batch``."""
    most = read_threads(threads)
    wanted = read_claims(claims)
    chunks = _chunks(tokens)
    if chunks is None:
        return _verify(engine, tuple(_iterable(tokens)), most, wanted)
    return _verify(engine, [(chunk, 0, len(chunk)) for chunk in chunks], most, wanted)


def verify_stream(
    engine: Engine,
    tokens: Tokens,
    size: int,
    threads: int | None,
    claims: bool | Collection[str],
) -> Iterator[Batch]:
    """Verify tokens as they come. See ``Verifier.verify_stream``."""
    most = read_threads(threads)
    wanted = read_claims(claims)
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError("size must be an int")
    if size < 1:
        raise ValueError("size must be 1 or more")
    # Here and not with the first batch, which may be asked for much later.
    if isinstance(wanted, tuple):
        check_names(engine, wanted)
    chunks = _chunks(tokens)
    parts = _objects(iter(_iterable(tokens)), size) if chunks is None else _rows(chunks, size)
    return (_verify(engine, part, most, wanted) for part in parts)


def read_claims(claims: bool | Collection[str]) -> bool | tuple[str, ...]:
    """Check the option of that name.

    Raises:
        TypeError: it is neither a bool nor names.
    """
    if isinstance(claims, bool):
        return claims
    if isinstance(claims, str | bytes):
        raise TypeError("claims must be True, False or names of claims, not one name")
    names = tuple(claims)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"claims must be names, not {type_name(name)}")
    return names


def _iterable(tokens: Tokens) -> Iterable[object]:
    if isinstance(tokens, str | bytes | bytearray | memoryview):
        raise TypeError("tokens must be an iterable of tokens: verify takes one")
    if not hasattr(tokens, "__iter__") and not hasattr(tokens, "__getitem__"):
        raise TypeError(f"tokens must be an iterable of tokens, not {type_name(tokens)}")
    return tokens  # type: ignore[return-value]


def _chunks(tokens: object) -> TextSource | None:
    """The tokens of an Arrow array or stream; None for any other iterable."""
    if hasattr(tokens, "__arrow_c_array__") or hasattr(tokens, "__arrow_c_stream__"):
        return TextSource(tokens)
    return None


def _objects(tokens: Iterator[object], size: int) -> Iterator[tuple[object, ...]]:
    while part := tuple(islice(tokens, size)):
        yield part


def _rows(chunks: TextSource, size: int) -> Iterator[list[Rows]]:
    """Parts of so many rows, which begin and end where they fall in the chunks."""
    part: list[Rows] = []
    room = size
    for chunk in chunks:
        first = 0
        while first < len(chunk):
            stop = min(first + room, len(chunk))
            part.append((chunk, first, stop))
            room -= stop - first
            first = stop
            if not room:
                yield part
                part, room = [], size
    if part:
        yield part


def _verify(
    engine: Engine,
    tokens: tuple[object, ...] | list[Rows],
    threads: int,
    claims: bool | tuple[str, ...],
) -> Batch:
    work = Work(engine, tokens, claims)
    work.threads = max(1, min(threads, len(work.statuses) // _WORTH_A_THREAD))
    run_parallel(work.work, work.threads, work.stop)
    return Batch(engine, work)
