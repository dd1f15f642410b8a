"""Tokens in, verdicts and claims out, both as Arrow data and without a Python object for a token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cyjwt._arguments import type_name
from cyjwt._engine.arrow_text import TextChunk, TextSource
from cyjwt._engine.arrow_work import TYPES, ColumnWork, moment
from cyjwt._engine.columns import LONGEST_REASON
from cyjwt._engine.verify import Engine
from cyjwt._extras import needed
from cyjwt._parallel import read_threads, run_parallel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any, overload

    from cyjwt.batch import ArrowArray, ArrowStream
    from cyjwt.verifier import Verifier

    #: A chunk of a column, the first of its rows and the one behind the last.
    Rows = tuple[TextChunk, int, int]

__all__ = ["VerifiedArray", "VerifiedStream", "verify", "verify_stream"]

#: The columns in front of the claims.
FIELDS = ("status", "reason")

#: The most octets that offsets of 32 bits reach, and the most rows whose reasons they reach in any case.
_MOST_OCTETS = (1 << 31) - 1
_MOST_ROWS = _MOST_OCTETS // LONGEST_REASON

#: Small chunks of a stream are verified together, up to so many rows or octets.
_GROUP_ROWS = 1 << 18
_GROUP_OCTETS = 1 << 27


class VerifiedArray:
    """What came of the tokens of one Arrow array: a struct array of as many rows.

    Made by ``verify``. It offers the Arrow PyCapsule interface, so that any library of Arrow data takes it without a
    copy: ``pyarrow.array(verified)``, ``pyarrow.table(verified)``, ``polars.Series(verified)``, ``polars.DataFrame(
    verified)``, ``nanoarrow.Array(verified)``, and DuckDB by its variable's name.
    """

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        """Take over a ``nanoarrow`` array."""
        self._array = array

    def __len__(self) -> int:
        return int(self._array.length)

    def __arrow_c_schema__(self) -> object:
        return self._array.schema.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        # Another type is not to be had, which the interface leaves to the consumer to see.
        schema, array = self._array.__arrow_c_array__()
        return schema, array

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return _stream([self._array], self._array.schema)

    def __repr__(self) -> str:
        return f"<VerifiedArray of {len(self)} rows>"


class VerifiedStream:
    """What came of the tokens of an Arrow stream or chunked array: struct arrays one after the other.

    Made by ``verify``. It holds all of them and can be read any number of times: ``pyarrow.chunked_array(verified)``,
    ``pyarrow.table(verified)``, ``polars.Series(verified)``, ``nanoarrow.Array(verified)``, or ``for array in
    verified``. How its rows are cut into arrays need not be how the tokens were.
    """

    __slots__ = ("_arrays", "_schema")

    def __init__(self, arrays: list[Any], schema: Any) -> None:
        """Take over ``nanoarrow`` arrays of that schema."""
        self._arrays = arrays
        self._schema = schema

    def __len__(self) -> int:
        return sum(array.length for array in self._arrays)

    def __iter__(self) -> Iterator[VerifiedArray]:
        return map(VerifiedArray, self._arrays)

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return _stream(self._arrays, self._schema)

    def __repr__(self) -> str:
        return f"<VerifiedStream of {len(self)} rows>"


if TYPE_CHECKING:

    @overload
    def verify(
        tokens: ArrowArray,
        verifier: Verifier[Any],
        claims: Mapping[str, str] | None = None,
        *,
        threads: int | None = None,
        fields: tuple[str, str] = FIELDS,
    ) -> VerifiedArray: ...
    @overload
    def verify(
        tokens: ArrowStream,
        verifier: Verifier[Any],
        claims: Mapping[str, str] | None = None,
        *,
        threads: int | None = None,
        fields: tuple[str, str] = FIELDS,
    ) -> VerifiedStream: ...


def verify(
    tokens: ArrowArray | ArrowStream,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    threads: int | None = None,
    fields: tuple[str, str] = FIELDS,
) -> VerifiedArray | VerifiedStream:
    """Verify a column of tokens into a struct of their statuses, reasons and claims.

    Every token gets the verdict of ``Verifier.verify``, all of them by one moment: the clock is read once, when
    the call begins. The work is done natively and in threads, without the interpreter lock. Needs the extra
    ``cyjwt[arrow]``.

    Args:
        tokens: an object with ``__arrow_c_array__`` or ``__arrow_c_stream__``, such as an array, chunked array or
            column of pyarrow, polars, pandas or nanoarrow, of type string or binary (also large and view). A struct,
            record batch or table of one such column will do. Texts are read where they lie. A null is a bad token,
            of reason ``"token_type"``.
        verifier: what to verify with.
        claims: the claims to give, each with the type of its column: ``"string"``, ``"int64"``, ``"double"``,
            ``"bool"``, ``"list<string>"`` or ``"json"``, which is the text of any value as it stands in the token.
            A claim that is absent, or that its type cannot hold, is null, as all claims of a bad token are.
        threads: the most threads to use; as many as there are cores when left out.
        fields: the names of the first two columns, for those who ask for a claim called like one of them.

    Returns:
        For an array a ``VerifiedArray``, for a stream a ``VerifiedStream``: structs of ``status`` (int8, 0 where the
        token is valid), ``reason`` (string: the ``code`` of the exception that ``verify`` would raise, null where
        the token is valid) and the claims in their order.

    Raises:
        TypeError: tokens offer no Arrow data, or of another type; an option of the wrong type.
        ValueError: an option that can mean nothing, more claims than there is room for, or malformed Arrow data.
        OSError: the stream failed.
        ImportError: ``nanoarrow`` is not installed.
        KeyboardInterrupt: Ctrl-C ends the work within a second.

    Example:
        >>> import cyjwt, cyjwt.arrow, nanoarrow
        >>> key = cyjwt.Key.generate("HS256")
        >>> token = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
        >>> tokens = nanoarrow.Array([token, "garbage"], nanoarrow.string())
        >>> verified = cyjwt.arrow.verify(tokens, cyjwt.Verifier(key), {"sub": "string"})
        >>> nanoarrow.Array(verified).to_pylist()[1]
        {'status': 3, 'reason': 'segments', 'sub': None}
    """
    task = _Task(verifier, claims, threads, fields)
    source = TextSource(tokens)
    now = moment(verifier)
    if not source.is_stream:
        (chunk,) = source
        return VerifiedArray(task.run([(chunk, 0, len(chunk))], now))
    return VerifiedStream([task.run(rows, now) for rows in _groups(source)], task.schema(wide=False))


def verify_stream(
    tokens: ArrowArray | ArrowStream,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    threads: int | None = None,
    fields: tuple[str, str] = FIELDS,
) -> Iterator[VerifiedArray]:
    """Verify a stream of tokens array by array, in memory that does not grow with its length.

    Args:
        tokens: as for ``verify``; the next array is asked for when the one before it was taken.
        verifier: as for ``verify``.
        claims: as for ``verify``.
        threads: as for ``verify``.
        fields: as for ``verify``.

    Returns:
        An iterator of one ``VerifiedArray`` for each array of the stream (several for one of more than 2 GiB).
        Each is verified when it is asked for, as of that moment.

    Raises:
        TypeError, ValueError, OSError, ImportError, KeyboardInterrupt: as for ``verify``.

    Example:
        >>> import cyjwt, cyjwt.arrow, nanoarrow
        >>> key = cyjwt.Key.generate("HS256")
        >>> tokens = nanoarrow.Array.from_chunks([["a", "b"], ["c"]], nanoarrow.string())
        >>> [len(array) for array in cyjwt.arrow.verify_stream(tokens, cyjwt.Verifier(key))]
        [2, 1]
    """
    task = _Task(verifier, claims, threads, fields)
    source = TextSource(tokens)
    return (VerifiedArray(task.run([rows], moment(verifier))) for rows in _cut(source))


def check_options(
    verifier: Verifier[Any], claims: Mapping[str, str] | None, threads: int | None, fields: tuple[str, str]
) -> None:
    """Check the options of ``verify`` beforehand, for those who call it later.

    Raises:
        TypeError, ValueError, ImportError: as ``verify`` does.
    """
    _Task(verifier, claims, threads, fields)


class _Task:
    """What is to be done with each table of tokens: the options of a call, checked."""

    def __init__(
        self, verifier: Engine, claims: Mapping[str, str] | None, threads: int | None, fields: tuple[str, str]
    ) -> None:
        if not isinstance(verifier, Engine):
            raise TypeError(f"verifier must be a Verifier, not {type_name(verifier)}")
        self.nanoarrow = needed("nanoarrow", "arrow")
        self.verifier = verifier
        self.threads = read_threads(threads)
        self.fields, self.claims = _read_columns(claims, fields)
        # More claims than there is room for are the caller's mistake, whatever the tokens are.
        self._work([], 0.0)

    def _work(self, rows: list[Rows], now: float) -> ColumnWork:
        names, types = tuple(self.claims), tuple(self.claims.values())
        return ColumnWork(self.verifier, rows, names, types, now, self.threads, _MOST_OCTETS)

    def run(self, rows: list[Rows], now: float) -> Any:
        """Verify rows into one ``nanoarrow`` struct array."""
        work = self._work(rows, now)
        run_parallel(work.work, max(1, min(self.threads, work.pieces)), work.stop)
        columns = work.finish()
        if columns is None:
            raise RuntimeError("the work was stopped")
        schema = self.schema(work.wide)
        children = [
            _column(self.nanoarrow, schema.child(i), work.rows, parts) for i, parts in enumerate(columns)
        ]
        return self.nanoarrow.c_array_from_buffers(
            schema, work.rows, [None], null_count=0, children=children, move=True
        )

    def schema(self, wide: bool) -> Any:
        """The type of the struct: wide where its texts may pass what offsets of 32 bits reach."""
        made = self.nanoarrow
        string = made.large_string() if wide else made.string()
        types = {
            "string": string,
            "json": string,
            "list<string>": (made.large_list if wide else made.list_)(string),
            "int64": made.int64(),
            "double": made.float64(),
            "bool": made.bool_(),
        }
        status, reason = self.fields
        claims = {name: types[type] for name, type in self.claims.items()}
        return made.c_schema(made.struct({status: made.int8(), reason: string, **claims}))


def _read_columns(
    claims: Mapping[str, str] | None, fields: tuple[str, str]
) -> tuple[tuple[str, str], dict[str, str]]:
    """Check the options of these names.

    Raises:
        TypeError: claims are no mapping of names to types, or fields no two names.
        ValueError: there is no such type, or two columns have one name.
    """
    if not isinstance(fields, tuple) or [type(name) for name in fields] != [str, str]:
        raise TypeError("fields must be two names, a tuple")
    if claims is None:
        claims = {}
    if not isinstance(claims, Mapping):
        raise TypeError(f"claims must map names of claims to types, not {type_name(claims)}")
    columns = dict(claims)
    for name, kind in columns.items():
        if not isinstance(name, str) or not isinstance(kind, str):
            raise TypeError("claims must map names of claims to types, both str")
        if kind not in TYPES:
            raise ValueError(f"the type of {name!r} must be one of {', '.join(TYPES)}, not {kind[:40]!r}")
        if name in fields:
            raise ValueError(f"two columns are called {name!r}: name the first two with fields=")
    if fields[0] == fields[1]:
        raise ValueError(f"two columns are called {fields[0]!r}")
    for name in (*fields, *columns):
        if "\0" in name:
            raise ValueError("an Arrow column's name cannot hold NUL")
        if any("\ud800" <= character <= "\udfff" for character in name):
            raise ValueError("an Arrow column's name is UTF-8, which has no surrogates")
    return (fields[0], fields[1]), columns


def _cut(source: Iterable[TextChunk]) -> Iterator[Rows]:
    """The chunks of a stream, cut where one's texts would need wider offsets than another's."""
    for chunk in source:
        first = 0
        while first < len(chunk) or len(chunk) == 0:
            stop = min(chunk.cut(first, _MOST_OCTETS), first + _MOST_ROWS)
            yield chunk, first, stop
            first = stop
            if len(chunk) == 0:
                break


def _groups(source: Iterable[TextChunk]) -> Iterator[list[Rows]]:
    """Small chunks together, so that the threads have enough to do; what is big stays alone."""
    group: list[Rows] = []
    rows = octets = 0
    for chunk, first, stop in _cut(source):
        more = min(chunk.octets, _MOST_OCTETS)
        if group and (rows + stop - first > _GROUP_ROWS or octets + more > _GROUP_OCTETS):
            yield group
            group, rows, octets = [], 0, 0
        group.append((chunk, first, stop))
        rows += stop - first
        octets += more
    if group:
        yield group


def _column(nanoarrow: ModuleType, schema: Any, rows: int, parts: tuple[Any, ...]) -> Any:
    """One column's array; see ``ColumnWork.finish`` for its parts."""
    nulls, validity, values, *texts = parts
    buffers = [validity, values]
    children = []
    if len(texts) == 1:
        buffers += texts
    elif texts:
        octets, count, ends = texts
        children = [
            nanoarrow.c_array_from_buffers(schema.child(0), count, [None, ends, octets], null_count=0)
        ]
    return nanoarrow.c_array_from_buffers(
        schema, rows, buffers, null_count=nulls, children=children, move=True
    )


def _stream(arrays: list[Any], schema: Any) -> object:
    """A stream of these arrays, for one reader."""
    nanoarrow = needed("nanoarrow", "arrow")
    return nanoarrow.Array.from_chunks(arrays or [nanoarrow.c_array([], schema)]).__arrow_c_stream__()
