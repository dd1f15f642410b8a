"""Batch: what came of many tokens that were verified together."""

from __future__ import annotations

import sys
from _collections_abc import Collection, Iterable, Iterator
from itertools import islice

from cyjwt._arguments import type_name
from cyjwt._engine.arrow_text import TextChunk, TextSource
from cyjwt._engine.batch import Work, check_names, refusal
from cyjwt._engine.verify import Engine
from cyjwt._engine.withheld import hand_out, hand_out_all
from cyjwt._parallel import read_threads, run_parallel
from cyjwt.errors import CyJWTError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, Protocol, overload

    from typing_extensions import TypeVar

    class ArrowArray(Protocol):
        """An array of the Arrow PyCapsule interface."""

        def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

    class ArrowStream(Protocol):
        """A stream of the Arrow PyCapsule interface."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    #: What a batch takes.
    Tokens = Iterable[str | bytes | bytearray | memoryview | None] | ArrowArray | ArrowStream

    #: What a valid token has in a batch: a dict of claims, or None where none were asked for.
    Claims = TypeVar("Claims", covariant=True, default=dict[str, Any])

    #: A chunk of a column, the first of its rows and the one behind the last.
    Rows = tuple[TextChunk, int, int]
else:
    # For checkers of types alone: `typing` costs as much to import as the rest of cyjwt.
    Claims = object
    Generic = {Claims: object}

__all__ = ["Batch", "merge", "read_claims", "read_size", "token_objects", "verify_batch", "verify_stream"]

#: A thread more pays from so many tokens on.
_WORTH_A_THREAD = 512


class Batch(Generic[Claims]):
    """The verdicts on a batch of tokens, and their claims, in the order of the tokens.

    Made by ``Verifier.verify_batch``. Indexed or iterated over it gives the claims of each valid token (``None``
    where no claims were asked for), and for each other token the exception that ``verify`` would raise: an
    ``InvalidTokenError``, or ``JWKSUnavailableError`` where no keys could be had; both are ``CyJWTError``. It
    holds no key, and may be pickled.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("HS256")
        >>> good = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
        >>> batch = cyjwt.Verifier(key).verify_batch([good, good[:-4] + "AAAA"])
        >>> [type(one).__name__ for one in batch]
        ['dict', 'InvalidSignatureError']
    """

    __slots__ = ("_absent", "_checked", "_details", "_results", "_statuses")

    _checked: tuple[str, ...]
    _statuses: bytearray
    _absent: bytearray
    _details: dict[int, Any]
    #: Given away by ``hand_out`` alone.
    _results: list[dict[str, Any] | None] | None

    def __init__(self, work: Work | _Merged) -> None:
        """Take over what a finished piece of work holds."""
        self._checked = work.checked
        self._statuses = work.statuses
        self._absent = work.absent
        self._details = work.details
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
            For ``"valid"``, be it none, and for the ``code`` of each exception that there is, how many tokens.
        """
        counts = {"valid": self.valid}
        for status in sorted(set(self._statuses) - {0}):
            code = refusal(self._checked, status, 0, None).code
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
        error = self._refusal(index)
        return None if error is None else error.code

    def claims(self) -> list[dict[str, Any] | None]:
        """List the claims.

        Returns:
            The claims of each valid token, and ``None`` for each other.

        Raises:
            ValueError: none were asked for.
        """
        if self._results is None:
            raise ValueError("this batch was verified without claims")
        return hand_out_all(self._results)

    def raise_first(self) -> None:
        """Raise the exception of the first token that is not valid; do nothing where all are.

        Raises:
            InvalidTokenError, JWKSUnavailableError: as ``verify`` would raise it.
        """
        if self.invalid:
            first = len(self._statuses) - len(self._statuses.lstrip(b"\0"))
            raise self._error(first)

    def _error(self, index: int) -> CyJWTError:
        """The exception of a token that is there and not valid."""
        return refusal(self._checked, self._statuses[index], self._absent[index], self._details.get(index))

    def _refusal(self, index: int) -> CyJWTError | None:
        try:
            status = self._statuses[index]
        except IndexError:
            raise IndexError("the batch has no such token") from None
        except TypeError:
            raise TypeError(
                f"the place of a token must be an int or a slice, not {type_name(index)}"
            ) from None
        return self._error(range(len(self))[index]) if status else None

    def _one(self, index: int) -> Any:
        error = self._refusal(index)
        if error is not None or self._results is None:
            return error
        return hand_out(self._results, index)

    def __len__(self) -> int:
        return len(self._statuses)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int, /) -> Claims | CyJWTError: ...
        @overload
        def __getitem__(self, index: slice, /) -> list[Claims | CyJWTError]: ...

    else:

        def __class_getitem__(cls, claims: object) -> type[Batch]:
            return cls

    def __getitem__(self, index: int | slice, /) -> Any:
        if isinstance(index, slice):
            return [self._one(one) for one in range(*index.indices(len(self)))]
        return self._one(index)

    def __iter__(self) -> Iterator[Claims | CyJWTError]:
        return map(self._one, range(len(self)))

    def __repr__(self) -> str:
        return f"<Batch of {len(self)} tokens, {self.valid} valid>"


def verify_batch(
    engine: Engine, tokens: Tokens, threads: int | None, claims: bool | Collection[str]
) -> Batch[Any]:
    """Verify many tokens. See ``Verifier.verify_batch``."""
    most = read_threads(threads)
    wanted = read_claims(claims)
    if isinstance(wanted, tuple):
        check_names(engine, wanted)
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
) -> Iterator[Batch[Any]]:
    """Verify tokens as they come. See ``Verifier.verify_stream``."""
    most = read_threads(threads)
    wanted = read_claims(claims)
    size = read_size(size)
    # Here and not with the first batch, which may be asked for much later.
    if isinstance(wanted, tuple):
        check_names(engine, wanted)
    chunks = _chunks(tokens)
    parts = _objects(iter(_iterable(tokens)), size) if chunks is None else _rows(chunks, size)
    return (_verify(engine, part, most, wanted) for part in parts)


def merge(statuses: bytearray, parts: list[tuple[list[int], Batch[Any]]], claims: bool) -> Batch[Any]:
    """Join batches into one.

    Args:
        statuses: of the tokens that are in no batch their status; it becomes the new batch's.
        parts: each batch, with the place of each of its tokens in the new one.
        claims: whether claims were asked for.

    Returns:
        The new batch.
    """
    checked: dict[str, int] = {}
    absent = bytearray(len(statuses))
    details: dict[int, Any] = {}
    results: list[dict[str, Any] | None] | None = [None] * len(statuses) if claims else None
    for places, part in parts:
        if part.invalid:
            # The same claim may have another number in each verifier.
            numbers = [checked.setdefault(name, len(checked)) for name in part._checked]
            for place, status, claim in zip(places, part._statuses, part._absent, strict=True):
                statuses[place] = status
                absent[place] = numbers[claim] if status else 0
            details.update((places[index], detail) for index, detail in part._details.items())
        if results is not None and part._results is not None:
            for place, result in zip(places, part._results, strict=True):
                results[place] = result
    return Batch(_Merged(tuple(checked), statuses, absent, details, results))


class _Merged:
    """What a ``Batch`` is made of, in place of a piece of work."""

    __slots__ = ("absent", "checked", "details", "results", "statuses")

    def __init__(
        self,
        checked: tuple[str, ...],
        statuses: bytearray,
        absent: bytearray,
        details: dict[int, Any],
        results: list[dict[str, Any] | None] | None,
    ) -> None:
        self.checked = checked
        self.statuses = statuses
        self.absent = absent
        self.details = details
        self.results = results


def read_size(size: int) -> int:
    """Check the option of that name.

    Raises:
        TypeError: it is no int.
        ValueError: it is less than 1, or past a machine word.
    """
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError("size must be an int")
    if not 1 <= size <= sys.maxsize:
        raise ValueError("size must be 1 or more, and fit a machine word")
    return size


def token_objects(tokens: Tokens) -> Iterable[object]:
    """The tokens one by one, those of Arrow data as new objects.

    Raises:
        TypeError: no iterable, or a lone token.
    """
    chunks = _chunks(tokens)
    if chunks is None:
        return _iterable(tokens)
    return (chunk.token(row) for chunk in chunks for row in range(len(chunk)))


def read_claims(claims: bool | Collection[str]) -> bool | tuple[str, ...]:
    """Check the option of that name.

    Raises:
        TypeError: it is neither a bool nor names.
    """
    if isinstance(claims, bool):
        return claims
    if isinstance(claims, str | bytes):
        raise TypeError("claims must be True, False or names of claims, not one name")
    if not hasattr(claims, "__iter__"):
        raise TypeError(f"claims must be True, False or names of claims, not {type_name(claims)}")
    names = tuple(claims)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"claims must be names, not {type_name(name)}")
    # Of a subclass its characters, whatever else it may say of itself.
    return tuple(str.__str__(name) for name in names)


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
) -> Batch[Any]:
    work = Work(engine, tokens, claims)
    work.threads = max(1, min(threads, len(work.statuses) // _WORTH_A_THREAD))
    run_parallel(work.work, work.threads, work.stop)
    return Batch(work)
