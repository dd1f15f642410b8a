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

from cyjwt.cli.lines import Source, on_terminal
from cyjwt.cli.report import Report
from cyjwt.cli.text import write_bytes

__all__ = ["Screen", "bar", "no_bar"]


class Screen(NamedTuple):
    """Where a run shows itself: ``advance`` after each block, ``write`` for what goes to standard output."""

    advance: Callable[[], None]
    write: Callable[[bytes], None]


@contextlib.contextmanager
def no_bar() -> Iterator[Screen]:
    """Show nothing."""
    yield Screen(lambda: None, write_bytes)


@contextlib.contextmanager
def bar(source: Source, report: Report) -> Iterator[Screen]:
    """Show a bar that a thread of rich redraws ten times a second, and that goes when the run ends.

    Its length is the octets of the file as it is stored; of a pipe, which has no length, the lines are told.
    """
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(
        *columns,
        *((TimeRemainingColumn(),) if source.size else ()),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task("verifying", total=source.size or None)

        def advance() -> None:
            told = f"{report.tokens:,} tokens, {report.invalid:,} not valid"
            progress.update(task, completed=source.position(), description=told)

        # Lines on the same terminal must go above the bar, which only rich can do.
        def above(data: bytes) -> None:
            console.out(data.decode("utf-8"), end="", highlight=False)

        yield Screen(advance, above if on_terminal(sys.stdout) else write_bytes)
