"""Tokens in a text file: one a line."""

from __future__ import annotations

from collections.abc import Generator

from cyjwt.cli.inputs.part import BOM, Part
from cyjwt.cli.lines import blocks
from cyjwt.cli.source import Source

__all__ = ["parts"]


def parts(source: Source, most: int, rows: int) -> Generator[Part, None, None]:
    """Read tokens, one a line.

    Args:
        source: the input.
        most: the most octets of a token; a longer line may come cut, and still too long.
        rows: the most rows of a part.

    Raises:
        UnreadableError: the input ended in the middle.
    """
    last = 0
    # A mark is taken off the first line, which must stay too long where it was cut.
    for block in blocks(source.read, most + len(BOM)):
        if last == 0:
            block[0] = block[0].removeprefix(BOM)
        if not any(block):
            last += len(block)
            yield Part([], range(0), last, source.position(), blank=len(block), lines=True)
            continue
        for start in range(0, len(block), rows):
            lines = block[start : start + rows] if len(block) > rows else block
            numbers = range(last + 1, last + 1 + len(lines))
            last += len(lines)
            yield Part(lines, numbers, last, source.position(), lines=True)
