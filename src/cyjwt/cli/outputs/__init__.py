"""The outputs of ``cyjwt verify``: what form the results have, and where they go."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from cyjwt.cli.failure import Failure
from cyjwt.cli.outputs.columns import Claim, read_claims
from cyjwt.cli.outputs.result import Results, Write
from cyjwt.cli.packages import needed
from cyjwt.cli.source import on_terminal
from cyjwt.cli.text import tamed

__all__ = ["FORMATS", "Output", "in_file", "open_output", "read_output"]

FORMATS = ("ndjson", "csv", "parquet")

_BY_ENDING = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}

#: The columns that a table has beside the claims, whatever is numbered.
_COLUMNS = ("line", "row", "status", "reason")


@dataclass(frozen=True, slots=True)
class Output:
    """What the options say of the results.

    Attributes:
        format: one of ``FORMATS``.
        path: the file that they go to, or None for standard output.
        claims: the claims to give.
    """

    format: str
    path: str | None
    claims: tuple[Claim, ...]


def read_output(*, as_json: bool, path: str | None, kind: str | None, claims: Iterable[str]) -> Output | None:
    """Read the options; without any that calls for results there is None.

    Raises:
        click.UsageError: they contradict each other, or name no form.
    """
    if as_json and kind not in (None, "ndjson"):
        raise click.UsageError(f"--json contradicts --output-format {kind}.")
    if path == "-":
        path = None
        as_json = as_json or kind is None
    if as_json:
        kind = "ndjson"
    if kind is None and path is not None:
        kind = _BY_ENDING.get(Path(path.lower()).suffix)
        if kind is None:
            raise click.UsageError(
                "--output: no form is known by that ending: --output-format says which it is to be."
            )
    claims = tuple(claims)
    if kind is None:
        if claims:
            raise click.UsageError("--claim needs --json, --output or --output-format.")
        return None
    if kind == "parquet" and path is None and on_terminal(sys.stdout):
        raise click.UsageError("Parquet is nothing for a terminal: give --output FILE.")
    return Output(kind, path, read_claims(claims, () if kind == "ndjson" else _COLUMNS))


@contextmanager
def open_output(
    output: Output, stdout: Write, unit: str, rows: int, held: Iterable[str | int]
) -> Iterator[Results]:
    """Open the output, and finish it at the end, however that comes about.

    Args:
        output: what is wanted.
        stdout: takes what shall go to standard output.
        unit: what is numbered: ``"line"`` or ``"row"``.
        rows: how many of them make a batch.
        held: files that must not be written over, by name or descriptor.

    Raises:
        Failure: it cannot be written, or would replace one of ``held``.
    """
    with ExitStack() as stack:
        write = stdout
        if output.path is not None:
            if any(_same(output.path, other) for other in held):
                raise Failure(f"{output.path}: this is one of the files that are read")
            if output.format == "parquet":
                # Asked for before the file is emptied.
                needed("pyarrow.parquet", "Parquet", "parquet")
            file = _File(output.path)
            stack.callback(file.close)
            write = file.write
        results = _results(output, write, unit, rows)
        stack.callback(results.close)
        yield results


def in_file(output: Output) -> bool:
    """Whether results that are open go to a file, which takes what is written without anybody's help."""
    try:
        if output.path is not None:
            return Path(output.path).is_file()
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (AttributeError, OSError):
        return False


def _results(output: Output, write: Write, unit: str, rows: int) -> Results:
    if output.format == "ndjson":
        from cyjwt.cli.outputs.ndjson import ObjectLines

        return ObjectLines(write, unit, output.claims)
    if output.format == "csv":
        from cyjwt.cli.outputs.csv import Rows

        if output.path is None and on_terminal(sys.stdout):
            # A file has every character as the claim has it.
            return Rows(lambda text: write(tamed(text)), unit, output.claims)
        return Rows(write, unit, output.claims)
    from cyjwt.cli.outputs.parquet import RowGroups

    return RowGroups(write, unit, output.claims, rows)


class _File:
    """A file of results, whose failures bear its name."""

    def __init__(self, path: str) -> None:
        self._path = path
        with self._named():
            self._file = Path(path).open("wb")  # noqa: SIM115 - close closes it

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise Failure(f"{self._path}: {getattr(error, 'strerror', None) or error}") from None

    def write(self, data: bytes) -> None:
        with self._named():
            self._file.write(data)

    def close(self) -> None:
        with self._named():
            self._file.close()


def _same(path: str, held: str | int) -> bool:
    try:
        there, read = os.stat(path), os.stat(held)  # noqa: PTH116 - of a descriptor too
    except (OSError, ValueError):
        return False
    if isinstance(held, int) and stat.S_ISCHR(read.st_mode):
        # A terminal, or /dev/null: nothing of it is lost, and what is written does not come back.
        return False
    return os.path.samestat(there, read)
