"""Runs cases under pyperf and prints what they cost beside each other.

A case is one task; a contender is one library's way to do it. Before it is measured, each contender
proves the task, in the very process that measures. Every call cycles through a pool of inputs, so that
nobody is measured on one value it may remember. A contender that lacks a task or fails it is left out of
that task, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import itertools
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyperf

#: What the ratios are taken against.
OURS = "cyjwt"
#: cyjwt's ``verify``, where ``OURS`` is another way to verify.
DIRECT = "verify"
#: The contenders that are measured without ``--peers``.
AT_HOME = (OURS, "baseline", DIRECT)

#: A case's name to the seconds of one call by each contender that has a figure.
Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Work:
    """A contender's task, ready to run: ``call`` for each of ``pool`` in turn, by one or more threads.

    With ``tasks``, ``call`` gives something to await, and so many tasks of one event loop do so. With ``each``, each of
    ``pool`` is a batch of so many inputs, and figures are for one of them.
    """

    call: Callable[[Any], Any]
    pool: Sequence[Any]
    threads: int = 1
    tasks: int = 0
    each: int = 1

    @property
    def round(self) -> int:
        """How many inputs the pool has; where they come in batches, each thread has one."""
        return len(self.pool) * (self.each * self.threads if self.each > 1 else 1)


@dataclass(frozen=True)
class Case:
    """One task.

    Attributes:
        name: what the table calls it.
        contenders: a contender's name to a function that makes its ``Work`` and proves it, or gives
            ``None`` where the library cannot do this task.
    """

    name: str
    contenders: dict[str, Callable[[], Work | None]]
    prepared: dict[str, Work | None] = field(default_factory=dict)

    def work(self, contender: str) -> Work | None:
        """The contender's work, made once a process; ``None`` without the library, the task or the proof."""
        if contender not in self.prepared:
            self.prepared[contender] = None
            try:
                self.prepared[contender] = self.contenders[contender]()
            except ModuleNotFoundError as error:
                leave_out(contender, "any case", error)
            except Exception as error:
                leave_out(contender, self.name, error)
        return self.prepared[contender]

    def able(self, peers: bool) -> list[str]:
        """The contenders that can do the task; those from outside only with ``peers``."""
        return [who for who in self.contenders if (peers or who in AT_HOME) and self.work(who) is not None]


#: Who was left out of which case, and why; it is told once.
left_out: dict[tuple[str, str], str] = {}


def leave_out(contender: str, case: str, error: BaseException) -> None:
    """Tell why a contender has no figure."""
    reason = f"{type(error).__name__}: {error}"
    if left_out.setdefault((contender, case), "") != reason:
        left_out[contender, case] = reason
        print(f"{contender} is left out of {case}: {reason}", file=sys.stderr, flush=True)


def measure(loops: int, case: Case, contender: str) -> float:
    """Seconds for ``loops`` inputs."""
    work = case.work(contender)
    if work is None:
        raise RuntimeError(f"{contender} has no {case.name}")
    if work.each == 1:
        return _measure(work, loops)
    calls = max(1, loops // (work.each * work.threads)) * work.threads
    return _measure(work, calls) * loops / (calls * work.each)


def _measure(work: Work, loops: int) -> float:
    """Seconds for ``loops`` calls."""
    if work.tasks:
        return asyncio.run(_in_tasks(work, loops))
    if work.threads > 1:
        return _in_threads(work, loops)
    start = time.perf_counter()
    _run(work, loops)
    return time.perf_counter() - start


def _run(work: Work, loops: int) -> None:
    call = work.call
    for argument in itertools.islice(itertools.cycle(work.pool), loops):
        call(argument)


def _shares(loops: int, workers: int) -> list[int]:
    return [loops // workers + (i < loops % workers) for i in range(workers)]


async def _in_tasks(work: Work, loops: int) -> float:
    """Seconds until all tasks have done their share."""

    async def share(count: int) -> None:
        call = work.call
        for argument in itertools.islice(itertools.cycle(work.pool), count):
            await call(argument)

    start = time.perf_counter()
    await asyncio.gather(*map(share, _shares(loops, work.tasks)))
    return time.perf_counter() - start


def _in_threads(work: Work, loops: int) -> float:
    """Seconds until all threads have done their share."""
    gate = threading.Barrier(work.threads + 1)
    ends: list[float] = []

    def share(count: int) -> None:
        gate.wait()
        _run(work, count)
        ends.append(time.perf_counter())

    threads = [threading.Thread(target=share, args=(count,)) for count in _shares(loops, work.threads)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    return max(ends) - start


def command_line() -> tuple[pyperf.Runner, argparse.Namespace]:
    """pyperf's runner, and what the command line says."""
    # Few processes and values: there are many cases, and it is their ratios that count.
    runner = pyperf.Runner(
        processes=4, values=3, min_time=0.05, program_args=("-m", "bench"), add_cmdline_args=_pass_on
    )
    runner.argparser.description = __doc__
    add = runner.argparser.add_argument
    add("--peers", action="store_true", help="measure the other libraries as well")
    add("--only", metavar="PATTERN", action="append", help="cases of such a name, as in 'verify * 320 B'")
    add("--table", metavar="FILE", help="measure nothing; print the table of what --output FILE has kept")
    add("--headline", action="store_true", help="two dozen cases, the contenders by turns, as Markdown")
    add("--job", help=argparse.SUPPRESS)
    add("--part", action="store_true", help=argparse.SUPPRESS)
    args = runner.parse_args()
    if args.fast:
        args.processes, args.values = 2, 3
    args.quiet = True
    args.inherit_environ = [*(args.inherit_environ or []), "CYJWT_SIMD"]
    return runner, args


def chosen(cases: Iterable[Case], patterns: Sequence[str] | None) -> list[Case]:
    """The cases whose names match one of the patterns; all of them without any."""
    wanted = [case for case in cases if any(fnmatch.fnmatch(case.name, p) for p in patterns or ["*"])]
    if not wanted:
        raise SystemExit(f"no case is named like {' or '.join(patterns or [])}")
    return wanted


def run(runner: pyperf.Runner, args: argparse.Namespace, cases: Iterable[Case]) -> None:
    """Measure the cases, each contender in processes of its own, and print the table."""
    figures: Figures = {}
    try:
        for case in cases:
            # The main process asks first, so that no worker starts for what cannot run.
            for contender in case.able(args.peers):
                result = _spawn(runner, args, case, contender)
                if result is not None:
                    _note(figures, result)
    finally:
        # What an interrupted run has measured is worth reading too.
        if figures:
            print("", table(figures), sep="\n")
    if any(contender == OURS for contender, _ in left_out):
        raise SystemExit(f"{OURS} itself failed")


def run_worker(runner: pyperf.Runner, args: argparse.Namespace, cases: Iterable[Case]) -> None:
    """Measure the one job that a worker process was started for."""
    # pyperf counts the jobs instead, and miscounts once the main process has left one out.
    args.worker_task = None
    for case in cases:
        for contender in case.contenders:
            if job(case.name, contender) == args.job:
                runner.bench_time_func(args.job, measure, case, contender)


def saved(file: str) -> Figures:
    """The figures of an earlier run."""
    figures: Figures = {}
    for bench in pyperf.BenchmarkSuite.load(file):
        _note(figures, bench)
    return figures


def job(case: str, contender: str) -> str:
    """pyperf's name for what a contender does; ``_note`` takes it apart."""
    return f"{case} / {contender}"


def _note(figures: Figures, bench: pyperf.Benchmark) -> None:
    name, _, contender = bench.get_name().rpartition(" / ")
    # Within a process, what else the machine does can only slow it down: the best value is the truest. Between
    # processes the addresses differ, which makes some quicker for good: the best one would be a lucky one.
    best = [min(run.values) for run in bench.get_runs() if run.values]
    figures.setdefault(name, {})[contender] = statistics.median(best)


def _spawn(
    runner: pyperf.Runner, args: argparse.Namespace, case: Case, contender: str
) -> pyperf.Benchmark | None:
    args.job = job(case.name, contender)
    calibration = args.loops, args.warmups
    try:
        return runner.bench_time_func(args.job, measure, case, contender)
    except (RuntimeError, SystemExit) as error:
        # pyperf exits by itself where it cannot calibrate or has waited too long, and when it is interrupted.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise
        leave_out(contender, case.name, error)
        args.loops, args.warmups = calibration
        return None


def _pass_on(command: list[str], args: argparse.Namespace) -> None:
    command.extend(("--job", args.job))


def table(figures: Figures) -> str:
    """Microseconds of cyjwt, and how many times as long each other contender took."""
    others = sorted({who for row in figures.values() for who in row} - {OURS}, key=_order)
    width = max(len(name) for name in figures)
    lines = [f"{'':{width}}  {'cyjwt us':>9}" + "".join(f"  {who:>9}" for who in others)]
    for name, row in figures.items():
        ours = row.get(OURS)
        cells = [f"{1e6 * ours:9.3f}" if ours else f"{'-':>9}"]
        for who in others:
            ratio = row[who] / ours if ours and who in row else None
            cells.append(f"{ratio:8.2f}x" if ratio else f"{'-':>9}")
        lines.append(f"{name:{width}}  " + "  ".join(cells))
    lines.append("")
    lines.append(
        "Ratios of one run: how many times as long as cyjwt the others take. Above 1, cyjwt is faster."
    )
    return "\n".join(lines)


def _order(contender: str) -> tuple[bool, str]:
    return contender != "baseline", contender
