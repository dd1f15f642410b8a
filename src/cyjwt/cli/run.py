"""The run of ``cyjwt verify``: read, verify and tell, batch after batch."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass

import click

from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs import Input
from cyjwt.cli.inputs.ahead import ReadAhead
from cyjwt.cli.inputs.part import Part
from cyjwt.cli.interrupt import undisturbed
from cyjwt.cli.outputs import Output, in_file, open_output
from cyjwt.cli.outputs.result import Nothing, Results, Write
from cyjwt.cli.outputs.text import BadLines
from cyjwt.cli.progress import Screen, bar, no_bar
from cyjwt.cli.source import UnreadableError, no_such_file, on_terminal
from cyjwt.cli.tally import Tally
from cyjwt.cli.text import write_bytes, write_pretty
from cyjwt.errors import InvalidTokenError
from cyjwt.verifier import Verifier

__all__ = ["Run", "verify_input", "verify_one"]

_NOT_VALID = 1
_UNREADABLE = 2
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Run:
    """What the options say of a run.

    Attributes:
        output: where results go and in which form, or None: bad lines in words.
        rows: how many rows make a batch.
        threads: how many threads verify, or None for as many as there are cores.
        quiet: how often ``--quiet`` was given.
        held: files that are read, by name or descriptor, and must not be written over.
    """

    output: Output | None
    rows: int
    threads: int | None
    quiet: int
    held: Collection[str | int]

    @property
    def results_to_stdout(self) -> bool:
        """Standard output has results in a form, and is no place for anything else."""
        return self.output is not None and self.output.path is None


def verify_one(verifier: Verifier, token: str, run: Run) -> int:
    """Verify a token that was given as the argument.

    Returns:
        The exit status.
    """
    if run.output is not None:
        part = Part([token], range(1, 2), 1, 0)
        with _results(run, write_bytes, "line") as results:
            batch = verifier.verify_batch(part.tokens, claims=results.claims)
            results.write(part, batch, Tally().add(part, batch))
        return _NOT_VALID if batch.invalid else 0
    try:
        claims = verifier.verify(token)
    except InvalidTokenError as error:
        if not run.quiet:
            hint = no_such_file(token)
            click.echo(f"Not valid: {error.code}: {error} ({type(error).__name__}){hint}", err=True)
        return _NOT_VALID
    if not run.quiet:
        write_pretty(claims)
    return 0


def verify_input(verifier: Verifier, source: Input, run: Run) -> int:
    """Verify an input, tell of it, and write the summary.

    Returns:
        The exit status.

    Raises:
        Failure: there was no token, or the output cannot be written.
    """
    from rich.console import Console

    tally = Tally()
    shown = not run.quiet and on_terminal(sys.stderr)
    if run.results_to_stdout and on_terminal(sys.stdout):
        shown = False
    status, stopped = 0, ""
    ahead = ReadAhead(source.parts, run.rows, source.together)
    try:
        # An input that turns out to be another one than was meant leaves the output as it was.
        part = ahead.take()
        with ExitStack() as stack:
            screen = stack.enter_context(bar(source.size, tally) if shown else no_bar())
            results = stack.enter_context(_results(run, screen.write, source.unit))
            _verify_parts(verifier, part, ahead, run, results, tally, screen)
    except UnreadableError as error:
        status, stopped = _UNREADABLE, f"{source.name}: {error}"
    except KeyboardInterrupt:
        status, stopped = _INTERRUPTED, f"{source.name}: interrupted"
    finally:
        ahead.stop()
    if run.quiet < (1 if run.results_to_stdout else 2):
        # What could not be told on standard error changes no verdict.
        with suppress(OSError) if run.results_to_stdout else nullcontext():
            tally.summary(Console(stderr=run.results_to_stdout, highlight=False))
    if stopped:
        click.echo(f"Error: {stopped} after {source.unit} {tally.last}", err=True)
        return status
    if not tally.tokens:
        raise Failure(f"{source.name}: no token in it")
    return _NOT_VALID if tally.invalid else 0


def _verify_parts(
    verifier: Verifier,
    part: Part | None,
    ahead: ReadAhead,
    run: Run,
    results: Results,
    tally: Tally,
    screen: Screen,
) -> None:
    """Verify part after part.

    A function of its own, without a try or with about the loop: where CPython looks for signals as it jumps back,
    its compiler (3.11 to 3.13 at least) leaves the jump out of the reach of handlers in the same function.
    """
    told = undisturbed if run.output is not None and in_file(run.output) else nullcontext
    while part is not None:
        batch = verifier.verify_batch(part.tokens, threads=run.threads, claims=results.claims)
        with told():
            results.write(part, batch, tally.add(part, batch))
        screen.advance(part.position)
        part = ahead.take()


def _results(run: Run, write: Write, unit: str) -> AbstractContextManager[Results]:
    if run.output is not None and not (run.results_to_stdout and run.quiet > 1):
        return open_output(run.output, write, unit, run.rows, run.held)
    return nullcontext(Nothing() if run.output is not None or run.quiet else BadLines(write, unit))
