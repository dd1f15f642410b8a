"""Threads that share one piece of work."""

from __future__ import annotations

import os
from _collections_abc import Callable

from cyjwt._lazy import LazyModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
else:
    threading = LazyModule("threading")

__all__ = ["cores", "read_threads", "run_parallel"]


#: More threads than any machine has cores for are no use, and their number is computed with.
_MOST = 1024


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
    return min(threads, _MOST)


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
        _start(guarded, count - 1, helpers)
        work()
        _join(helpers)
    except BaseException:
        stop()
        _join(helpers)
        raise
    if failures:
        raise failures[0]


# Functions of their own, because Ctrl-C at the end of a loop's turn escapes the handlers of the same function: CPython
# from 3.12 on leaves the jump back out of their range.


def _start(work: Callable[[], None], count: int, helpers: list[threading.Thread]) -> None:
    for _ in range(count):
        helper = threading.Thread(target=work, name="cyjwt", daemon=True)
        # In the list first: whoever is interrupted here waits for those that run.
        helpers.append(helper)
        try:
            helper.start()
        except RuntimeError:
            # The system has no more threads to give.
            helpers.remove(helper)
            return


def _join(helpers: list[threading.Thread]) -> None:
    for helper in helpers:
        # One that Ctrl-C met before it could say that it runs cannot be joined: it stops before its first part.
        if helper.is_alive():
            helper.join()
