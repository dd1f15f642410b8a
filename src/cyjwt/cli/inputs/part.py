"""Part: some tokens of an input, and where in it they stand."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any, NamedTuple

__all__ = ["BOM", "Part", "Refusal", "joined", "nearly", "no_token", "unreadable"]


#: What some programs write at the beginning of a file that is UTF-8.
BOM = b"\xef\xbb\xbf"


class Refusal(NamedTuple):
    """Why a row of the input is not valid, by the names that ``--json`` uses.

    ``error`` is None where the fault lies with the input's record, before any token.
    """

    reason: str
    error: str | None
    message: str
    claim: str | None


def no_token(message: str) -> Refusal:
    """The refusal of a record without a token in its place."""
    return Refusal("no_token", None, message, None)


def unreadable(message: str) -> Refusal:
    """The refusal of a record that cannot be taken apart."""
    return Refusal("record", None, message, None)


def nearly(wanted: str, names: Sequence[str]) -> str:
    """What to add where no column has the name that is wanted, but one has it in another case or between spaces."""
    near = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
    return f"; is it --column {shlex.quote(near[0])}?" if near and near[0].isprintable() else ""


@dataclass(slots=True)
class Part:
    """Rows of the input, in its order.

    Attributes:
        tokens: a token a row: a list of text or octets, or an Arrow array. A row that has none has a token that is
            certainly not valid in its place.
        numbers: the number of each row.
        last: the number of the last line or row that was read for it.
        position: how far the input had been read then, in the units of its size.
        refused: by index, the rows that have no token.
        blank: how many lines were left out because they hold nothing.
        lines: the tokens are lines, and one of white space alone is none.
    """

    tokens: Any
    numbers: Sequence[int]
    last: int
    position: int
    refused: Mapping[int, Refusal] = field(default_factory=dict)
    blank: int = 0
    lines: bool = False


def joined(parts: list[Part]) -> Part:
    """Make one part of several that follow each other and hold lists."""
    if len(parts) == 1:
        return parts[0]
    refused: dict[int, Refusal] = {}
    count = 0
    for part in parts:
        for index, refusal in part.refused.items():
            refused[count + index] = refusal
        count += len(part.tokens)
    return Part(
        tokens=list(chain.from_iterable(part.tokens for part in parts)),
        numbers=_numbers(parts),
        last=parts[-1].last,
        position=parts[-1].position,
        refused=refused,
        blank=sum(part.blank for part in parts),
        lines=parts[0].lines,
    )


def _numbers(parts: list[Part]) -> Sequence[int]:
    spans = [part.numbers for part in parts if part.numbers]
    if all(isinstance(span, range) for span in spans) and all(
        one[-1] + 1 == other[0] for one, other in pairwise(spans)
    ):
        return range(spans[0][0], spans[-1][-1] + 1) if spans else range(0)
    return list(chain.from_iterable(spans))
