"""Runs cases under pyperf and prints what they cost beside each other.

A case is one task; a contender is one library's way to do it. Before it is measured, each contender
proves the task: the case's ``prove`` runs in the very process that measures. Every call cycles through a
pool of inputs, so that nobody is measured on one value it may remember.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyperf

#: What the ratios are taken against.
OURS = "cyjwt"
#: The contenders that are measured without ``--peers``.
AT_HOME = (OURS, "baseline")


@dataclass(frozen=True)
class Work:
    """A contender's task, ready to run: ``call`` for each of ``pool`` in turn, by one or more threads."""

    call: Callable[[Any], Any]
    pool: Sequence[Any]
    threads: int = 1


@dataclass(frozen=True)
class Case:
    """One task.

    Attributes:
        name: what the table calls it.
        contenders: a contender's name to a function that makes its ``Work`` and proves it, or gives
            ``None`` where the library cannot do this task or is not installed.
    """

    name: str
    contenders: dict[str, Callable[[], Work | None]]
    prepared: dict[str, Work | None] = field(default_factory=dict)

    def work(self, contender: str) -> Work | None:
        """The contender's work, made once a process."""
        if contender not in self.prepared:
            try:
                self.prepared[contender] = self.contenders[contender]()
            except ImportError:
                self.prepared[contender] = None
        return self.prepared[contender]


def measure(loops: int, case: Case, contender: str) -> float:
    """Seconds for ``loops`` calls."""
    work = case.work(contender)
    if work is None:
        raise RuntimeError(f"{contender} has no {case.name}")
    if work.threads > 1:
        return _in_threads(work, loops)
    start = time.perf_counter()
    _run(work, loops)
    return time.perf_counter() - start


def _run(work: Work, loops: int) -> None:
    call = work.call
    for argument in itertools.islice(itertools.cycle(work.pool), loops):
        call(argument)


def _in_threads(work: Work, loops: int) -> float:
    """Seconds until all threads have done their share."""
    gate = threading.Barrier(work.threads + 1)
    ends: list[float] = []

    def share(count: int) -> None:
        gate.wait()
        _run(work, count)
        ends.append(time.perf_counter())

    counts = [loops // work.threads + (i < loops % work.threads) for i in range(work.threads)]
    threads = [threading.Thread(target=share, args=(count,)) for count in counts]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    return max(ends) - start


def run(cases: Iterable[Case]) -> None:
    """Measure the cases that the command line asks for, and print the table."""
    # Few processes and values: there are many cases, and it is their ratios that count.
    runner = pyperf.Runner(
        processes=4, values=3, min_time=0.05, program_args=("-m", "bench"), add_cmdline_args=_pass_on
    )
    runner.argparser.description = __doc__
    runner.argparser.add_argument("--peers", action="store_true", help="measure the other libraries as well")
    runner.argparser.add_argument("--only", metavar="TEXT", default="", help="cases whose name holds TEXT")
    args = runner.parse_args()
    if args.fast:
        args.processes, args.values = 2, 3
    args.quiet = True
    args.inherit_environ = [*(args.inherit_environ or []), "CYJWT_SIMD"]

    rows: list[tuple[str, dict[str, float]]] = []
    for case in cases:
        if args.only not in case.name:
            continue
        figures = {}
        for contender in case.contenders:
            if contender not in AT_HOME and not args.peers:
                continue
            # The main process asks first, so that no worker starts for what cannot run.
            if not args.worker and case.work(contender) is None:
                continue
            result = runner.bench_time_func(f"{case.name} / {contender}", measure, case, contender)
            if result is not None and not args.worker:
                # What else the machine does can only slow a run down: the best value is the truest.
                figures[contender] = min(result.get_values())
        if figures:
            rows.append((case.name, figures))
    if not args.worker and rows:
        print()
        print(table(rows))


def _pass_on(command: list[str], args: argparse.Namespace) -> None:
    if args.peers:
        command.append("--peers")
    if args.only:
        command.extend(("--only", args.only))


def table(rows: Sequence[tuple[str, dict[str, float]]]) -> str:
    """Microseconds of cyjwt, and how many times as long each other contender took."""
    others = sorted({who for _, figures in rows for who in figures} - {OURS}, key=_order)
    width = max(len(name) for name, _ in rows)
    lines = [f"{'':{width}}  {'cyjwt us':>9}" + "".join(f"  {who:>9}" for who in others)]
    for name, figures in rows:
        ours = figures.get(OURS)
        cells = [f"{1e6 * ours:9.3f}" if ours else f"{'-':>9}"]
        for who in others:
            ratio = figures[who] / ours if ours and who in figures else None
            cells.append(f"{ratio:8.2f}x" if ratio else f"{'-':>9}")
        lines.append(f"{name:{width}}  " + "  ".join(cells))
    lines.append("")
    lines.append(
        "Ratios of one run: how many times as long as cyjwt the others take. Above 1, cyjwt is faster."
    )
    return "\n".join(lines)


def _order(contender: str) -> tuple[bool, str]:
    return contender != "baseline", contender
