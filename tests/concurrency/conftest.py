"""Fixtures of the tests of ``verify_async``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cyjwt import _turns
from tests.concurrency.async_support import Runs, runs_seen


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """The runs of this test."""
    with runs_seen(monkeypatch) as seen:
        yield seen


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is short enough for the loop's own thread."""
    monkeypatch.setattr(_turns, "STALL", 1e9)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is too long for the loop's own thread."""
    monkeypatch.setattr(_turns, "STALL", 1e-9)


@pytest.fixture
def closed_runs(monkeypatch: pytest.MonkeyPatch, apart: None) -> Iterator[Runs]:
    """The runs of this test, which stand still in their threads until the gate is set."""
    with runs_seen(monkeypatch, closed=True) as seen:
        yield seen
