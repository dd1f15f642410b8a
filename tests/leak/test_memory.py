"""Resident memory stays flat over ten million calls: run by ``make leak``.

``CYJWT_LEAK_CALLS`` is the number of calls of all cases together. They are spread by what a call costs,
with at least ``LEAST`` for each case, after a warm-up that is not counted. Memory is read at ten equally
spaced points; the growth from the middle to the end must stay below a fraction of an octet a call, and
what the allocator may keep back. A leaked object of 32 octets a call would show as 32.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.leak.cases import cases

pytestmark = pytest.mark.leak

CALLS = int(os.environ.get("CYJWT_LEAK_CALLS", "10000000"))
LEAST = 5000
#: Octets a call; and what the allocator may keep back at any time.
SLOPE, SLACK = 0.5, 128 * 1024


def resident() -> int:
    """Octets of this process that are in memory."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(pytest.importorskip("psutil").Process().memory_info().rss)


CASES = cases()
TOTAL = sum(share for share, _, _ in CASES.values())


def grown(calls: int, call: Callable[[Any], Any], arguments: list[Any]) -> tuple[bool, str]:
    """Whether memory grew over the second half of the calls, and the figures."""
    supply = itertools.cycle(arguments)
    for argument in itertools.islice(supply, max(min(calls // 5, 20_000), len(arguments))):
        call(argument)
    marks = []
    for _ in range(10):
        for argument in itertools.islice(supply, calls // 10):
            call(argument)
        gc.collect()
        marks.append(resident())
    growth = marks[-1] - marks[4]
    return growth > SLACK + SLOPE * calls / 2, f"{growth} octets over {calls // 2} calls: {marks}"


def leaks(calls: int, call: Callable[[Any], Any], arguments: list[Any]) -> tuple[bool, str]:
    """Whether memory grows time and again. A pool that fills up once is no leak, and does not do so twice."""
    first, figures = grown(calls, call, arguments)
    if not first:
        return False, figures
    again, more = grown(calls, call, arguments)
    return again, f"{figures}, then {more}"


@pytest.mark.parametrize("name", CASES)
def test_memory_stays_flat(name: str) -> None:
    share, call, arguments = CASES[name]
    bad, figures = leaks(max(LEAST, int(CALLS * share / TOTAL)), call, arguments)
    assert not bad, figures


SEEN = """
import sys
from tests.leak.test_memory import leaks

kept = []
bad, figures = leaks(int(sys.argv[2]), lambda size: kept.append(bytearray(size)), [int(sys.argv[1])])
sys.exit(None if bad else figures)
"""


# In a process of its own: here, what the tests before have left free may be more than so few calls leak.
@pytest.mark.parametrize(("octets", "calls"), [(512, LEAST), (1, 400_000)])
def test_a_leak_is_seen(octets: int, calls: int) -> None:
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", SEEN, str(octets), str(calls)], cwd=root, check=True)
