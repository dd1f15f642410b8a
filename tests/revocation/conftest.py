from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cyjwt.revocation import MemoryStore, SQLiteStore, Store
from tests.revocation.stores import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Every kind of store, empty."""
    makers: dict[str, Callable[[], Any]] = {
        "memory": lambda: MemoryStore(clock=clock),
        "sqlite": lambda: SQLiteStore(tmp_path / "revoked.db", clock=clock),
    }
    made = makers[request.param]()
    yield made
    made.close()
