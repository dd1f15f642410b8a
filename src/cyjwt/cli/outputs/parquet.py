"""Results as Parquet: a row a token, by pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from typing import Any

from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal
from cyjwt.cli.outputs.columns import Claim, fitted
from cyjwt.cli.outputs.result import Write
from cyjwt.cli.packages import needed

__all__ = ["RowGroups"]


class _Sink:
    """As much of a file as pyarrow asks for."""

    closed = False

    def __init__(self, write: Write) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(data)
        return len(data)

    def flush(self) -> None:
        pass


class RowGroups:
    """Writes a row a token: the number, the status, the reason, and the claims asked for.

    Args:
        write: takes the file.
        unit: the name of the column that has the number.
        claims: the claims to write.
        rows: the least rows of a row group but the last.

    Raises:
        Failure: pyarrow is not installed.
    """

    def __init__(self, write: Write, unit: str, claims: tuple[Claim, ...], rows: int) -> None:
        parquet = needed("pyarrow.parquet", "Parquet", "parquet")
        arrow = self._arrow = needed("pyarrow", "Parquet", "parquet")
        types = {
            "string": arrow.string(),
            "int64": arrow.int64(),
            "double": arrow.float64(),
            "bool": arrow.bool_(),
            "list<string>": arrow.list_(arrow.string()),
            "json": arrow.string(),
        }
        self.claims: bool | tuple[str, ...] = tuple(claim.name for claim in claims) or False
        self._columns = [(claim.name, claim.column_type) for claim in claims]
        self._schema = arrow.schema(
            [
                arrow.field(unit, arrow.int64(), nullable=False),
                arrow.field("status", arrow.string(), nullable=False),
                arrow.field("reason", arrow.string()),
                *(arrow.field(claim.name, types[claim.column_type]) for claim in claims),
            ]
        )
        self._least = rows
        self._waiting: list[Any] = []
        self._count = 0
        self._writer = parquet.ParquetWriter(_Sink(write), self._schema, compression="zstd")

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Take the rows of a part, and write those that make a row group."""
        valid = [not status for status in batch.statuses]
        kept = [good or index in refused for index, good in enumerate(valid)] if batch.invalid else valid
        numbers = list(compress(part.numbers, kept))
        reasons = [
            None if good else refused[index].reason
            for index, good in enumerate(valid)
            if good or index in refused
        ]
        columns = [numbers, ["invalid" if reason else "valid" for reason in reasons], reasons]
        if self._columns:
            found = [claims or {} for claims in compress(batch.claims(), kept)]
            for name, kind in self._columns:
                columns.append([fitted(claims[name], kind) if name in claims else None for claims in found])
        arrays = [
            self._arrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)
        ]
        self._waiting.append(self._arrow.record_batch(arrays, schema=self._schema))
        self._count += len(numbers)
        if self._count >= self._least:
            self._flush()

    def _flush(self) -> None:
        # A pipe brings small parts, and a row group each would make a file of little else than their headers.
        table = self._arrow.Table.from_batches(self._waiting, self._schema)
        self._waiting, self._count = [], 0
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left, and the file's end, without which nobody could read it."""
        try:
            if self._count:
                self._flush()
        finally:
            self._writer.close()
