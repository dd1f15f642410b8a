"""The inputs of ``cyjwt verify``: what format one has, and the parts it is read in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass

import click

from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs.part import Part
from cyjwt.cli.lines import CHUNK
from cyjwt.cli.source import PARQUET_MAGIC, Source, open_source

__all__ = ["FORMATS", "Input", "Wanted", "open_input"]

FORMATS = ("text", "ndjson", "csv", "parquet")

_BY_ENDING = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}

#: The name of the field or column that holds the token, where none is given.
_TOKEN = "token"  # noqa: S105 - a name

#: A record of NDJSON or CSV holds more than the token, and may be so much longer.
_RECORD = 1 << 20

#: What is held of an input at a time, whatever the size of a batch: so many octets of lines.
_HELD = 1 << 25


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say of the input.

    Attributes:
        format: one of ``FORMATS``, or None to find out.
        field: the member of NDJSON that holds the token.
        column: the column of CSV or Parquet that does.
        delimiter: what stands between the fields of CSV.
        most: the most octets of a token.
        rows: the most rows of a part.
    """

    format: str | None
    field: str | None
    column: str | None
    delimiter: str | None
    most: int
    rows: int


@dataclass(frozen=True, slots=True)
class Input:
    """An open input.

    Attributes:
        name: how messages call it.
        parts: gives its parts, and closes it at the end.
        size: the octets or rows that it has, or None where there is no telling.
        unit: what is counted: ``"line"`` or ``"row"``.
        together: how many parts may be held, and joined, at a time.
    """

    name: str
    parts: Generator[Part, None, None]
    size: int | None
    unit: str
    together: int


def open_input(path: str | None, wanted: Wanted) -> Input:
    """Open a file, or standard input for None.

    Raises:
        Failure: it cannot be opened, or is not what the options say.
        click.UsageError: the options do not go with its format.
    """
    with ExitStack() as stack:
        source = stack.enter_context(open_source(path))
        kind = _format(source, wanted)
        size, unit = source.size, "line"
        most = wanted.most if kind == "text" else max(_RECORD, 2 * wanted.most)
        together = max(2, _HELD // (CHUNK + most))
        if kind == "text":
            from cyjwt.cli.inputs import text

            parts = text.parts(source, most, wanted.rows)
        elif kind == "ndjson":
            from cyjwt.cli.inputs import ndjson

            parts = ndjson.parts(source, wanted.field or _TOKEN, most, wanted.rows)
        elif kind == "csv":
            from cyjwt.cli.inputs import csv

            delimiter = wanted.delimiter or ("\t" if source.ending == ".tsv" else ",")
            parts = csv.parts(source, wanted.column or _TOKEN, delimiter, most, wanted.rows)
        else:
            from cyjwt.cli.inputs.parquet import Column

            column = Column(source, wanted.column or _TOKEN)
            size, unit, together, parts = column.rows, "row", 1, column.parts(wanted.rows)
        return Input(source.name, _closing(parts, stack.pop_all()), size, unit, together)


def _closing(parts: Generator[Part, None, None], stack: ExitStack) -> Generator[Part, None, None]:
    # Whoever runs the parts closes the input: while one thread reads it, no other may.
    with stack:
        yield from parts


def _format(source: Source, wanted: Wanted) -> str:
    if wanted.field is not None and wanted.column is not None:
        raise click.UsageError("--field is for NDJSON, --column for CSV and Parquet: give one of them.")
    kind = wanted.format
    if kind is None:
        if source.head == PARQUET_MAGIC:
            kind = "parquet"
        elif wanted.field is not None:
            kind = "ndjson"
        elif wanted.column is not None or wanted.delimiter is not None:
            kind = _BY_ENDING.get(source.ending, "csv")
        else:
            kind = _BY_ENDING.get(source.ending, "text")
    for option, given, fit in (
        ("--field", wanted.field, ("ndjson",)),
        ("--column", wanted.column, ("csv", "parquet")),
        ("--delimiter", wanted.delimiter, ("csv",)),
    ):
        if given is not None and kind not in fit:
            raise click.UsageError(f"{option} is not for an input of {kind}: see --input-format.")
    if source.head == PARQUET_MAGIC and kind != "parquet":
        raise Failure(f"{source.name}: this is a Parquet file, not {kind}")
    return kind
