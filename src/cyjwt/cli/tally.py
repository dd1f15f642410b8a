"""Tally: why tokens are refused, and how many are."""

from __future__ import annotations

import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal
from cyjwt.errors import CyJWTError

__all__ = ["Tally", "refusal_of", "show_table"]


def refusal_of(error: CyJWTError) -> Refusal:
    """What is told of a refused token."""
    return Refusal(error.code, type(error).__name__, str(error), error.claim)


def show_table(console: Console, table: Table) -> None:
    """Print a table without the blanks that would fill its last column."""
    with console.capture() as captured:
        console.print(table, soft_wrap=True)
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


class Tally:
    """The count of a run, part by part.

    Attributes:
        last: the number of the last line or row.
        blank: how many lines held nothing.
        valid: how many tokens were valid.
        reasons: how many were not, by reason and by the error's class.
    """

    def __init__(self) -> None:
        self.last = 0
        self.blank = 0
        self.valid = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._known: dict[int, Refusal] = {}
        self._started = time.perf_counter()

    def add(self, part: Part, batch: Batch) -> dict[int, Refusal]:
        """Count a part.

        Returns:
            By index, in order, why each token is refused. A line of white space alone is no token, and neither
            valid nor here.
        """
        self.last = part.last
        self.blank += part.blank
        self.valid += batch.valid
        told: dict[int, Refusal] = {}
        if not batch.invalid:
            return told
        known, refused = self._known, part.refused
        for index, status in enumerate(batch.statuses):
            if not status:
                continue
            refusal = refused.get(index) or known.get(status)
            if refusal is None:
                refusal = self._refusal(batch, index, status)
            # Only tokens that are refused pay for the question.
            if part.lines and (not part.tokens[index] or part.tokens[index].isspace()):
                self.blank += 1
                continue
            told[index] = refusal
        self.reasons.update((refusal.reason, refusal.error or "") for refusal in told.values())
        return told

    def _refusal(self, batch: Batch, index: int, status: int) -> Refusal:
        error = batch[index]
        assert isinstance(error, CyJWTError)
        refusal = refusal_of(error)
        # One status has one reason, but for that of a missing claim, which names it.
        if refusal.reason != "missing_claim":
            self._known[status] = refusal
        return refusal

    @property
    def invalid(self) -> int:
        """How many tokens were not valid."""
        return self.reasons.total()

    @property
    def tokens(self) -> int:
        """How many tokens there were."""
        return self.valid + self.invalid

    @property
    def rate(self) -> float:
        """How many tokens a second, since the beginning."""
        return self.tokens / max(time.perf_counter() - self._started, 1e-9)

    def summary(self, console: Console) -> None:
        """Write the counts, the reasons and the rate."""
        spent = time.perf_counter() - self._started
        told = f"{self.tokens:,} {'token' if self.tokens == 1 else 'tokens'}: {self.valid:,} valid, {self.invalid:,} not valid"
        blank = f"; blank lines skipped: {self.blank:,}" if self.blank else ""
        # Not by rich, which ends the process with status 1 where nobody reads any more.
        console.file.write(f"{told}{blank}; {spent:.2f} s, {self.rate:,.0f} tokens/s\n")
        if not self.reasons:
            return
        table = Table(box=None, pad_edge=False)
        table.add_column("count", justify="right")
        table.add_column("reason", no_wrap=True)
        table.add_column("error", no_wrap=True)
        for (code, name), count in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(f"{count:,}", code, name)
        show_table(console, table)
