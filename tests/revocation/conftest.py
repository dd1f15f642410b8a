from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cyjwt.revocation import MemoryStore, RedisStore, SQLiteStore, Store
from tests.revocation.redis_server import Server, why_none
from tests.support import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis server that nobody harms."""
    if reason := why_none():
        pytest.skip(reason)
    with Server(tmp_path_factory.mktemp("redis")) as running:
        yield running


def make(kind: str, request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Store:
    if kind == "memory":
        return MemoryStore(clock=clock)
    if kind == "sqlite":
        # Its writers wait for one another, and each for the disk, which others may use as well.
        return SQLiteStore(tmp_path / "revoked.db", clock=clock, timeout=60)
    server: Server = request.getfixturevalue("server")
    mode = "mirror" if kind == "redis mirror" else "direct"
    store = RedisStore(server.url, mode=mode, prefix=f"{tmp_path.name}*[a-z]:", clock=clock, timeout=5)
    assert store.wait(20)
    return store


@pytest.fixture(params=["memory", "sqlite", "redis mirror", "redis direct"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Every kind of store, empty."""
    with make(request.param, request, tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["memory", "sqlite"])
def timed_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Every kind of store whose clock can be set. A Redis server goes by its own."""
    with make(request.param, request, tmp_path, clock) as made:
        yield made
