"""Report: verifies blocks of lines, counts by reason, and tells about it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from cyjwt._engine.jsonwrite import dumps
from cyjwt.errors import InvalidTokenError

__all__ = ["Report", "refusal_members", "show_table"]


def refusal_members(error: InvalidTokenError) -> dict[str, str | None]:
    """What is told of a refused token, by the names that ``--json`` uses."""
    return {
        "status": "invalid",
        "reason": error.code,
        "error": type(error).__name__,
        "message": str(error),
        "claim": error.claim,
    }


def show_table(console: Console, table: Table) -> None:
    """Print a table without the blanks that would fill its last column."""
    with console.capture() as captured:
        console.print(table, soft_wrap=True)
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


class Report:
    """The count of a run, line by line.

    Attributes:
        lines: the number of the last line that was begun.
        blank: how many lines held nothing.
        valid: how many tokens were valid.
        reasons: how many were not, by code and by the error's class.
    """

    def __init__(self, verify: Callable[[bytes], dict[str, Any]], *, as_json: bool, each_bad: bool) -> None:
        self.lines = 0
        self.blank = 0
        self.valid = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._verify = verify
        self._as_json = as_json
        self._tell_bad = each_bad or as_json
        self._told: dict[tuple[str, str], bytes] = {}
        self._started = time.perf_counter()

    def block(self, lines: list[bytes], output: list[bytes]) -> None:
        """Verify the lines of a block, and add what is to be said of each to ``output``.

        An exception such as KeyboardInterrupt leaves the counts right for the lines before.
        """
        verify, as_json, number, valid = self._verify, self._as_json, self.lines, self.valid
        try:
            for line in lines:
                number += 1
                try:
                    claims = verify(line)
                except InvalidTokenError as error:
                    # A blank line is never valid, so that only bad ones pay for the question.
                    if not line or line.isspace():
                        self.blank += 1
                        continue
                    self.reasons[error.code, type(error).__name__] += 1
                    if self._tell_bad:
                        output.append(self._refusal(number, error))
                    continue
                valid += 1
                if as_json:
                    output.append(b'{"line":%d,"status":"valid","claims":%b}\n' % (number, dumps(claims)))
        finally:
            self.lines, self.valid = number, valid

    def _refusal(self, number: int, error: InvalidTokenError) -> bytes:
        # The messages are few: the engine's table, and one for each required claim.
        said = self._told.get((error.code, str(error)))
        if said is None:
            if self._as_json:
                said = b"," + dumps(refusal_members(error))[1:] + b"\n"
            else:
                said = f": {error.code}: {error} ({type(error).__name__})\n".encode()
            self._told[error.code, str(error)] = said
        return (b'{"line":%d' if self._as_json else b"line %d") % number + said

    @property
    def invalid(self) -> int:
        """How many tokens were not valid."""
        return self.reasons.total()

    @property
    def tokens(self) -> int:
        """How many tokens there were."""
        return self.valid + self.invalid

    def summary(self, console: Console) -> None:
        """Write the counts, the reasons and the rate."""
        spent = time.perf_counter() - self._started
        rate = f"{self.tokens / spent:,.0f} tokens/s" if spent > 0 else ""
        told = f"{self.tokens:,} {'token' if self.tokens == 1 else 'tokens'}: {self.valid:,} valid, {self.invalid:,} not valid"
        blank = f"; blank lines skipped: {self.blank:,}" if self.blank else ""
        console.out(f"{told}{blank}; {spent:.2f} s, {rate}", highlight=False)
        if not self.reasons:
            return
        table = Table(box=None, pad_edge=False)
        table.add_column("count", justify="right")
        table.add_column("reason", no_wrap=True)
        table.add_column("error", no_wrap=True)
        for (code, name), count in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(f"{count:,}", code, name)
        show_table(console, table)
