"""Threads let loose at once, and tokens made with the standard library alone.

This room needs nothing but pytest: a CPython without the GIL may have no wheel of what other rooms import.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import cyjwt

THREADS = 4
SECRET = bytes(range(32))
KEY = cyjwt.Key.from_secret(SECRET)
#: A time that no test lives to see.
LATER = 4_102_444_800


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def token(claims: dict[str, Any], secret: bytes = SECRET, **header: Any) -> str:
    """An HS256 token with this header besides."""
    parts = [
        segment(json.dumps(part, separators=(",", ":")).encode())
        for part in ({"alg": "HS256", **header}, claims)
    ]
    text = ".".join(parts)
    return f"{text}.{segment(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def tampered(good: str) -> str:
    """The token with another signature."""
    cut = good.rindex(".") + 5
    return good[:cut] + ("A" if good[cut] != "A" else "B") + good[cut + 1 :]


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """What ``work(i)`` returns for each thread, all of them let loose at once; or raise what one raised."""
    gate = threading.Barrier(count)
    outcomes: list[Any] = [None] * count

    def run(i: int) -> None:
        gate.wait()
        try:
            outcomes[i] = work(i)
        except BaseException as error:
            outcomes[i] = error

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 300
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
        assert not thread.is_alive(), "a thread waits for ever"
    raised = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    # That others waited in vain is only what came of it.
    for error in sorted(raised, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return outcomes


def beside(work: Callable[[int], Any], meddle: Callable[[], None], count: int = THREADS) -> list[Any]:
    """``in_threads`` while one more thread meddles again and again until they have all done."""
    finished = threading.Barrier(count + 1)

    def until_done(_: int) -> None:
        while finished.n_waiting < count and not finished.broken:
            meddle()

    def run(i: int) -> Any:
        try:
            result = (until_done if i == count else work)(i)
        except BaseException:
            finished.abort()
            raise
        finished.wait(300)
        return result

    return in_threads(run, count + 1)[:count]
