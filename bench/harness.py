"""Cases, and how the seconds of one are taken.

A case is one task; a contender is one library's way to do it. Before it is measured, each contender
proves the task, in the very process that measures. Every call cycles through a pool of inputs, so that
nobody is measured on one value it may remember. A contender that lacks a task or fails it is left out of
that task, and nothing else.
"""

from __future__ import annotations

import asyncio
import fnmatch
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

#: What the ratios are taken against.
OURS = "cyjwt"
#: cyjwt's ``verify``, where ``OURS`` is another way to verify.
DIRECT = "verify"
#: The contenders that are measured without ``--peers``.
AT_HOME = (OURS, "baseline", DIRECT)

#: A case's name to the seconds of one call by each contender that has a figure.
Figures = dict[str, dict[str, float]]


@runtime_checkable
class Timed(Protocol):
    """A call into another process or language, where the clock has to be as well."""

    def __call__(self, argument: Any, /) -> Any:
        """What a call gives; for the proof."""

    def timed(self, pool: Sequence[Any], loops: int, tasks: int) -> float:
        """Seconds for so many calls, each with the next of the pool."""


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
        if isinstance(work.call, Timed):
            return work.call.timed(work.pool, loops, work.tasks)
        return asyncio.run(_in_tasks(work, loops))
    if work.threads > 1:
        return _in_threads(work, loops)
    if isinstance(work.call, Timed):
        return work.call.timed(work.pool, loops, 0)
    start = time.perf_counter()
    _run(work, loops)
    return time.perf_counter() - start


def _run(work: Work, loops: int, first: int = 0) -> None:
    call = work.call
    for argument in itertools.islice(itertools.cycle([*work.pool[first:], *work.pool[:first]]), loops):
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

    def share(count: int, first: int) -> None:
        gate.wait()
        _run(work, count, first)
        ends.append(time.perf_counter())

    # Who calls at one time has different inputs: each thread begins elsewhere in the pool.
    threads = [
        threading.Thread(target=share, args=(count, i * len(work.pool) // work.threads))
        for i, count in enumerate(_shares(loops, work.threads))
    ]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    return max(ends) - start


def chosen(cases: Iterable[Case], patterns: Sequence[str] | None) -> list[Case]:
    """The cases whose names match one of the patterns; all of them without any."""
    wanted = [case for case in cases if any(fnmatch.fnmatch(case.name, p) for p in patterns or ["*"])]
    if not wanted:
        raise SystemExit(f"no case is named like {' or '.join(patterns or [])}")
    return wanted
