"""Tokens in a column of a Parquet file, by pyarrow."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs.part import Part, nearly, no_token
from cyjwt.cli.packages import needed
from cyjwt.cli.source import Source, UnreadableError

__all__ = ["Column"]

#: A part ends at so many octets of text.
_MOST_OCTETS = 1 << 24
#: So many rows are unpacked at once, before anybody knows how long they are: what the file says of its columns is how
#: long they are packed, and a page of a few octets may hold rows of many, by a dictionary or what they begin with alike.
#: Tokens of 64 KiB stay within what a part may have; and reading fewer rows at a time would take longer.
_AT_ONCE = 256
#: So many of a column that is read as a dictionary, which comes again with each of these.
_ROWS_OF_DICTIONARY = 2048
#: What is read of a column at once; without it a whole column chunk would be, which may be all of the file.
_BUFFER = 1 << 20

_NULL = no_token("The row has no token: the cell is null")


class Column:
    """The column of an open Parquet file that holds the tokens.

    Args:
        source: the input.
        name: what the column is called.

    Attributes:
        rows: how many rows the file has.

    Raises:
        Failure: this is no Parquet file, it cannot be read from here, or it has no such column of text.
    """

    def __init__(self, source: Source, name: str) -> None:
        parquet = needed("pyarrow.parquet", "Parquet", "parquet")
        self._arrow = needed("pyarrow", "Parquet", "parquet")
        if not source.stored.seekable():
            raise Failure(f"{source.name}: Parquet cannot be read from a pipe: give the file's name")
        try:
            self._file = parquet.ParquetFile(source.stored, pre_buffer=False, buffer_size=_BUFFER)
        except (self._arrow.ArrowException, OSError) as error:
            raise Failure(f"{source.name}: not a Parquet file, cut off, or damaged: {_said(error)}") from None
        self._name = name
        schema = self._file.schema_arrow
        if schema.names.count(name) != 1:
            many = "several columns are" if name in schema.names else "no column is"
            raise Failure(
                f"{source.name}: {many} called {name!r}: --column names the one that holds the token; "
                f"there are {', '.join(map(repr, schema.names))}{nearly(name, schema.names)}"
            )
        kind = schema.field(name).type
        self._packed = self._arrow.types.is_dictionary(kind)
        if self._packed:
            kind = kind.value_type
        if str(kind).removeprefix("large_").removesuffix("_view") not in ("string", "binary"):
            raise Failure(f"{source.name}: column {name!r} holds no text, but {kind}")
        self.rows = self._file.metadata.num_rows

    def parts(self, rows: int) -> Generator[Part, None, None]:
        """Read the column, at most so many rows at a time.

        Raises:
            UnreadableError: the file is damaged.
        """
        last = 0
        for array in self._joined(rows):
            refused = {}
            if array.null_count:
                refused = {index: _NULL for index, null in enumerate(array.is_null().to_pylist()) if null}
            numbers = range(last + 1, last + 1 + len(array))
            last += len(array)
            yield Part(array, numbers, last, last, refused=refused)

    def _joined(self, rows: int) -> Iterator[Any]:
        """Arrays of so many rows, or as many as a part has room for."""
        held: list[Any] = []
        count = octets = 0
        damage = None
        arrays = self._arrays(rows)
        while True:
            try:
                array = next(arrays, None)
            except UnreadableError as error:
                # What was read before it comes first.
                array, damage = None, error
            if held and (array is None or count + len(array) > rows or octets + array.nbytes > _MOST_OCTETS):
                yield self._arrow.concat_arrays(held)
                held, count, octets = [], 0, 0
            if array is None:
                break
            held.append(array)
            count += len(array)
            octets += array.nbytes
        if damage is not None:
            raise damage

    def _arrays(self, rows: int) -> Iterator[Any]:
        """Arrays of a few rows."""
        groups = self._file.metadata
        try:
            for number in range(groups.num_row_groups):
                few = min(rows, _AT_ONCE, self._fitting(groups.row_group(number)))
                for batch in self._file.iter_batches(
                    batch_size=min(rows, _ROWS_OF_DICTIONARY) if self._packed else few,
                    row_groups=[number],
                    columns=[self._name],
                    use_threads=False,
                ):
                    array = batch.column(0)
                    for first in range(0, len(array), few):
                        piece = array.slice(first, few)
                        yield piece.dictionary_decode() if self._packed else piece
        except (self._arrow.ArrowException, OSError) as error:
            raise UnreadableError(f"the Parquet data is damaged: {_said(error)}") from None

    def _fitting(self, group: Any) -> int:
        """So many rows are not much more than what a part may have of text, if the file tells the truth."""
        for index in range(group.num_columns):
            column = group.column(index)
            if column.path_in_schema == self._name and group.num_rows:
                return max(1, int(_MOST_OCTETS * group.num_rows / max(1, column.total_uncompressed_size)))
        return 1


def _said(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
