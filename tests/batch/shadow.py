"""A pytest plugin: whatever a test verifies alone is verified in batches as well, and must fare alike.

``python -m pytest -p tests.batch.shadow tests/security`` puts every token of those tests through batches, at once
and, when all tests have run, together with all others that its verifier was given. ``CYJWT_SHADOW_ROUTE`` names the
route of the signatures.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import cyjwt
from cyjwt._engine import lanes
from tests.batch.agreement import agree, refusal, verdict

#: Each verifier, what it was given and what it said.
SEEN: dict[int, tuple[cyjwt.Verifier, dict[Any, Any]]] = {}
compared = 0
FAILED: list[str] = []

_alone = cyjwt.Verifier.verify


class Alone:
    """A verifier as it was before the plugin."""

    def __init__(self, verifier: cyjwt.Verifier) -> None:
        self.verify = lambda token: _alone(verifier, token)
        self.verify_batch = verifier.verify_batch
        self._policy = verifier._policy


def stands_still(verifier: cyjwt.Verifier) -> bool:
    """Whether its clock may be read any number of times."""
    clock = verifier._policy.clock
    return clock is None or clock.__module__ in ("tests.support", "cyjwt.policy")


def verify(verifier: cyjwt.Verifier, token: Any, /) -> Any:
    """What takes the place of ``Verifier.verify``."""
    __tracebackhide__ = True
    try:
        result: Any = _alone(verifier, token)
    except cyjwt.InvalidTokenError as error:
        compare(verifier, token, refusal(error))
        raise
    compare(verifier, token, result)
    return result


def compare(verifier: cyjwt.Verifier, token: Any, said: Any) -> None:
    if not stands_still(verifier):
        return
    alone: Any = Alone(verifier)
    global compared
    compared += 1
    try:
        agree(alone, [token], expected=[said])
    except AssertionError:
        # What time or another thread changes has no one verdict.
        if verdict(alone, token) == said:
            FAILED.append(f"{verifier!r} {token!r:.500} {said!r:.200}")
    if isinstance(token, str | bytes) and len(token) < 100_000:
        SEEN.setdefault(id(verifier), (verifier, {}))[1].setdefault(token, said)


cyjwt.Verifier.verify = verify  # type: ignore[method-assign]
if route := os.environ.get("CYJWT_SHADOW_ROUTE"):
    lanes.force(route)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Put all tokens of each verifier into one batch, in another order and some of them several times."""
    draw = random.Random(7)
    for verifier, tokens in SEEN.values():
        alone: Any = Alone(verifier)
        chosen = [*tokens, *draw.choices(list(tokens), k=len(tokens) // 2 + 9)]
        draw.shuffle(chosen)
        try:
            agree(alone, chosen, threads=draw.choice([1, 2]))
        except AssertionError as error:
            FAILED.append(f"{verifier!r} together: {error}")
    if FAILED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"shadow: {compared} tokens, {len(SEEN)} verifiers, {len(FAILED)} differ")
    for line in FAILED[:20]:
        terminalreporter.write_line(line)
