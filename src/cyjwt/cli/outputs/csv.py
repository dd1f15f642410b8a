"""Results as CSV (RFC 4180): a row a token, under a first row of names."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from cyjwt._engine.jsonwrite import dumps
from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal
from cyjwt.cli.outputs.columns import Claim, fitted
from cyjwt.cli.outputs.result import Write

__all__ = ["Rows"]


class Rows:
    """Writes a row a token: the number, the status, the reason, and the claims asked for.

    Args:
        write: takes the text.
        unit: the name of the column that has the number.
        claims: the claims to write.
    """

    def __init__(self, write: Write, unit: str, claims: tuple[Claim, ...]) -> None:
        self.claims: bool | tuple[str, ...] = tuple(claim.name for claim in claims) or False
        self._write = write
        self._columns = [(claim.name, claim.type) for claim in claims]
        self._none = [""] * len(claims)
        self._rows([[unit, "status", "reason", *(claim.name for claim in claims)]])

    def _rows(self, rows: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._write(text.getvalue().encode("utf-8"))

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Write the rows of a part."""
        rows: list[list[Any]] = []
        found = batch.claims() if self.claims else [None] * len(batch)
        for index, (number, status, claims) in enumerate(
            zip(part.numbers, batch.statuses, found, strict=True)
        ):
            if not status:
                rows.append([number, "valid", "", *self._cells(claims or {})])
            elif index in refused:
                rows.append([number, "invalid", refused[index].reason, *self._none])
        if rows:
            self._rows(rows)

    def _cells(self, claims: Mapping[str, Any]) -> list[str]:
        return [_cell(claims[name], kind) if name in claims else "" for name, kind in self._columns]

    def close(self) -> None:
        """Do nothing: every row is out already."""


def _cell(value: Any, kind: str | None) -> str:
    if kind is not None:
        value = fitted(value, kind)
        if value is None:
            return ""
    return value if isinstance(value, str) else dumps(value).decode("utf-8")
