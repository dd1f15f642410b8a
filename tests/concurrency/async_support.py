"""What the tests of ``verify_async`` share: tokens with their verdicts, and a view of the runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import cyjwt
from cyjwt import _turns
from tests.support import NOW, good_claims, pair


def tokens(algorithm: str, count: int) -> list[str]:
    """Good tokens, each with its number as ``n``."""
    return [pair(algorithm).token(good_claims(n=n)) for n in range(count)]


def bad_tokens(algorithm: str) -> list[Any]:
    """One of each kind of bad token."""
    keys = pair(algorithm)
    good = keys.token()
    head, _, signature = good.rpartition(".")
    return [
        "garbage",
        b"\xff.\xff.\xff",
        good + ".",
        f"{head}.{'A' * len(signature)}",
        keys.token({"sub": "s", "exp": NOW - 1}),
        keys.token({"sub": "s"}),
        keys.token({"exp": NOW + 1}),
        keys.token({"sub": 1, "exp": NOW + 1}),
        pair("HS512").token(),
    ]


def verdict(verifier: cyjwt.Verifier, token: Any) -> Any:
    """What ``verify`` says, in a form that can be compared."""
    try:
        return verifier.verify(token)
    except cyjwt.InvalidTokenError as error:
        return described(error)


async def async_verdict(verifier: cyjwt.Verifier, token: Any) -> Any:
    """What ``verify_async`` says, in the same form."""
    try:
        return await verifier.verify_async(token)
    except cyjwt.InvalidTokenError as error:
        return described(error)


def described(error: cyjwt.InvalidTokenError) -> tuple[Any, ...]:
    """All that tells one refusal from another."""
    return type(error), error.code, error.claim, str(error)


class Runs:
    """The runs that were verified together, in their order.

    Attributes:
        tokens: the tokens of each.
        threads: the thread of each.
        gate: what each waits for first, with ``closed``.
        begun: is set when one has come to the gate.
    """

    def __init__(self, closed: bool) -> None:
        self.tokens: list[list[Any]] = []
        self.threads: list[threading.Thread] = []
        self.gate, self.begun = threading.Event(), threading.Event()
        if not closed:
            self.gate.set()

    @property
    def sizes(self) -> list[int]:
        return [len(run) for run in self.tokens]

    @property
    def apart(self) -> bool:
        """Whether all runs had threads of their own."""
        return all(thread.name.startswith("cyjwt") for thread in self.threads)

    async def started(self) -> None:
        """Wait, in the loop, until a run has come to the gate."""
        while not self.begun.is_set():
            await asyncio.sleep(0.001)


@contextmanager
def runs_seen(monkeypatch: pytest.MonkeyPatch, *, closed: bool = False) -> Iterator[Runs]:
    """Look on while runs are verified; ``closed`` lets none go on before ``gate`` is set."""
    seen = Runs(closed)
    verify_all = _turns.verify_all

    def look_on(engine: Any, run: list[Any]) -> list[Any]:
        seen.tokens.append(run)
        seen.threads.append(threading.current_thread())
        seen.begun.set()
        assert seen.gate.wait(30)
        return verify_all(engine, run)

    with monkeypatch.context() as patched:
        patched.setattr(_turns, "verify_all", look_on)
        try:
            yield seen
        finally:
            seen.gate.set()
