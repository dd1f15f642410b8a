"""Fixtures: how callers of ``verify_async`` wait for each other, and how often threads change places."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from cyjwt import _turns
from cyjwt._engine import lanes
from tests.concurrency.async_support import Runs, runs_seen


@pytest.fixture(autouse=True)
def with_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers wait for each other as where there are lanes, be there any or not."""
    monkeypatch.setattr(lanes, "live", lambda: True)


@pytest.fixture
def without_lanes(monkeypatch: pytest.MonkeyPatch, with_lanes: None) -> None:
    """Callers wait as where there are no lanes."""
    monkeypatch.setattr(lanes, "live", lambda: False)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """The runs of this test."""
    with runs_seen(monkeypatch) as seen:
        yield seen


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is short enough for the loop's own thread."""
    monkeypatch.setattr(_turns, "STALL", 1e9)
    monkeypatch.setattr(_turns, "ALONE", 1e9)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is too long for the loop's own thread."""
    monkeypatch.setattr(_turns, "STALL", 1e-9)


@pytest.fixture
def closed_runs(monkeypatch: pytest.MonkeyPatch, apart: None) -> Iterator[Runs]:
    """The runs of this test, which stand still in their threads until the gate is set."""
    with runs_seen(monkeypatch, closed=True) as seen:
        yield seen


@pytest.fixture
def quick_switching() -> Iterator[None]:
    """Threads change places as often as the interpreter can manage."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
