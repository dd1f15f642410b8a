"""The progress bar of ``cyjwt verify``, on a terminal's standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cyjwt.cli.source import on_terminal
from cyjwt.cli.tally import Tally
from cyjwt.cli.text import write_bytes

__all__ = ["Screen", "bar", "no_bar"]


class Screen(NamedTuple):
    """Where a run shows itself.

    Attributes:
        advance: to be called after each part with how far the input was read.
        write: for what goes to standard output.
    """

    advance: Callable[[int], None]
    write: Callable[[bytes], None]


@contextlib.contextmanager
def no_bar() -> Iterator[Screen]:
    """Show nothing."""
    yield Screen(lambda position: None, write_bytes)


@contextlib.contextmanager
def bar(size: int | None, tally: Tally) -> Iterator[Screen]:
    """Show a bar that a thread of rich redraws ten times a second, and that goes when the run ends.

    Its length is the octets of the file as it is stored, or its rows; of a pipe, which has no length, the count and
    the rate are told.
    """
    console = Console(stderr=True, highlight=False)
    # As wide as 80 columns are, with counts of ten million.
    columns = (TextColumn("{task.description}"), BarColumn(15), TaskProgressColumn())
    timing = (TimeRemainingColumn(), TextColumn("left")) if size else (TimeElapsedColumn(),)
    with Progress(
        *columns,
        *timing,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task("verifying", total=size or None)

        def advance(position: int) -> None:
            told = f"{tally.tokens:,} tokens, {tally.invalid:,} bad, {tally.rate:,.0f}/s"
            progress.update(task, completed=position, description=told)

        # Lines on the same terminal must go above the bar, which only rich can do.
        def above(data: bytes) -> None:
            console.out(data.decode("utf-8"), end="", highlight=False)

        yield Screen(advance, above if on_terminal(sys.stdout) else write_bytes)
