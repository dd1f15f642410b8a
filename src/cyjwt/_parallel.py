"""Threads that share one piece of work."""

from __future__ import annotations

import os
from collections.abc import Callable

from cyjwt._lazy import LazyModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
else:
    threading = LazyModule("threading")

__all__ = ["cores", "read_threads", "run_parallel"]


def cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def read_threads(threads: int | None) -> int:
    """Check the option of that name, and put the number of cores for ``None``.

    Raises:
        TypeError: it is no int.
        ValueError: it is less than 1.
    """
    if threads is None:
        return cores()
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError("threads must be an int or None")
    if threads < 1:
        raise ValueError("threads must be 1 or more")
    return threads


def run_parallel(work: Callable[[], None], count: int, stop: Callable[[], None]) -> None:
    """Call ``work`` in several threads at once, of which the caller's is one, and wait for all of them.

    Args:
        work: takes parts of what is to be done until none is left, or ``stop`` was called. It lets go of the
            interpreter lock while it computes, and looks for signals between two parts.
        count: how many threads, at least 1. Where the system has no more threads to give, fewer do.
        stop: makes every ``work`` return after the part that it is at.

    Raises:
        BaseException: what the first ``work`` to fail raised, after the others have stopped; so a
            KeyboardInterrupt in the caller's thread.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
            stop()

    helpers: list[threading.Thread] = []
    try:
        for _ in range(count - 1):
            helper = threading.Thread(target=guarded, name="cyjwt", daemon=True)
            try:
                helper.start()
            except RuntimeError:
                break
            helpers.append(helper)
        work()
        for helper in helpers:
            helper.join()
    except BaseException:
        stop()
        for helper in helpers:
            helper.join()
        raise
    if failures:
        raise failures[0]
