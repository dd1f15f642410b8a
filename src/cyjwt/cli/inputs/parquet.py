"""Tokens in a column of a Parquet file, by pyarrow."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs.part import Part, nearly, no_token
from cyjwt.cli.packages import needed
from cyjwt.cli.source import Source, UnreadableError

__all__ = ["Column"]

#: A batch ends at so many octets of text, by what the file says of its columns.
_MOST_OCTETS = 1 << 24
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
        if self._arrow.types.is_dictionary(kind):
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
        for array in self._arrays(min(rows, self._fitting())):
            refused = {}
            if array.null_count:
                refused = {index: _NULL for index, null in enumerate(array.is_null().to_pylist()) if null}
            numbers = range(last + 1, last + 1 + len(array))
            last += len(array)
            yield Part(array, numbers, last, last, refused=refused)

    def _arrays(self, rows: int) -> Iterator[Any]:
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=[self._name], use_threads=False):
                array = batch.column(0)
                yield array.dictionary_decode() if hasattr(array, "dictionary_decode") else array
        except (self._arrow.ArrowException, OSError) as error:
            raise UnreadableError(f"the Parquet data is damaged: {_said(error)}") from None

    def _fitting(self) -> int:
        """So many rows are not much more than what a batch may have of text, even where tokens are the longest."""
        groups = self._file.metadata
        largest = 1.0
        for number in range(groups.num_row_groups):
            group = groups.row_group(number)
            for index in range(group.num_columns):
                column = group.column(index)
                if column.path_in_schema == self._name and group.num_rows:
                    largest = max(largest, column.total_uncompressed_size / group.num_rows)
        return max(1, int(_MOST_OCTETS / largest))


def _said(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
