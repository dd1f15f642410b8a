"""Tokens with a kid that nobody knows: one fetch an interval, whatever comes, and no harm to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from cyjwt.jwks.unknown import LONGEST, MOST, UnknownKids
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document, wait_for
from tests.jwks.source import Source, made, settled
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]


def test_a_new_kid_is_fetched_at_once(server: KeyServer, client: Make) -> None:
    held = client()
    assert held.get("b") is None
    held = client()
    before = held.keys()
    server.document = document("a", "b")
    assert held.get("b") is not None
    assert held.keys() is not before
    assert held.health().unknown_fetches == 1


def test_at_most_once_an_interval(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=10_000, unknown_interval=30, unknown_memory=0)
    client.keys()
    for second in range(100):
        for n in range(10):
            assert client.get(f"{second}-{n}") is None
        assert client.get("a") is not None
        clock.now += 1
    assert len(source.requests) == 1 + 4
    health = client.health()
    assert (health.unknown_fetches, health.unknown_refused) == (4, 996)


def test_a_kid_that_the_server_does_not_have_is_remembered(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=10_000, unknown_interval=30, unknown_memory=100)
    client.keys()
    for _ in range(100):
        assert client.get("b") is None
        clock.now += 1
    assert len(source.requests) == 2
    assert client.health().unknown_remembered == 99
    # Another kid has its own chance, and after a while so has this one.
    assert client.get("c") is None
    assert len(source.requests) == 3
    clock.now += 30
    source.body = document("a", "b")
    assert client.get("b") is not None


def test_a_remembered_kid_that_appears_serves(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, unknown_memory=1000)
    client.keys()
    assert client.get("b") is None
    source.body = document("b")
    client.refresh().result()
    assert client.get("b") is not None


def test_the_memory_is_bounded() -> None:
    memory = UnknownKids(100)
    for n in range(10 * MOST):
        memory.add(str(n), 0)
    assert len(memory) == MOST
    assert (str(10 * MOST - 1), 99.0) in memory
    assert (str(10 * MOST - 1), 100.0) not in memory
    assert ("0", 0.0) not in memory
    memory.add("x" * (LONGEST + 1), 0)
    assert ("x" * (LONGEST + 1), 0.0) not in memory
    memory.add(None, 0)
    assert (None, 1.0) in memory


def test_a_failed_fetch_is_no_proof(clock: Clock) -> None:
    """What a server could not be asked for is not remembered as unknown; the rate holds all the same."""
    source = Source("a")
    client = made(source, clock, lifetime=10_000, unknown_interval=30, unknown_memory=1000)
    client.keys()
    source.fails = True
    assert client.get("b") is None
    assert client.get("b") is None
    assert len(source.requests) == 2
    source.fails, source.body = False, document("a", "b")
    clock.now += 29
    client.get("c")
    assert len(source.requests) == 2
    clock.now += 1
    assert client.get("b") is not None


def test_no_retries_for_an_unknown_kid(server: KeyServer, client: Make) -> None:
    held = client(retries=5)
    held.keys()
    server.behaviour = faults.reset
    assert held.get("b") is None
    assert len(server.requests) == 2


def test_a_fresh_set_is_not_fetched_by_the_back_off_of_an_unknown_kid(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=10_000)
    client.keys()
    source.fails = True
    client.get("b")
    clock.now += 1000
    client.keys()
    assert settled(client).fetches == 2


def test_many_wait_for_one_fetch(server: KeyServer, client: Make) -> None:
    """A rotation: tokens of the new key come at once from everywhere."""
    held = client()
    held.keys()
    go, found = threading.Event(), []
    server.document, server.behaviour = document("b"), faults.held_up(go)
    threads = [threading.Thread(target=lambda: found.append(held.get("b"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(server.requests) == 2)
    assert held.get("a") is not None
    go.set()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert None not in found
    assert len(server.requests) == 2
    assert server.most_at_once == 1


def test_while_the_server_fails_nobody_waits_for_an_unknown_kid(clock: Clock) -> None:
    source, go = Source("a"), threading.Event()
    client = made(source, clock, lifetime=100)
    client.keys()
    source.fails = True
    with pytest.raises(cyjwt.JWKSError):
        client.refresh().result()

    def hang(request: Request) -> Response:
        go.wait(20)
        return source(request)

    client._fetcher._fetch = hang
    refresh = client.refresh()
    try:
        began = time.monotonic()
        assert client.get("b") is None
        assert time.monotonic() - began < 1
        assert not refresh.done()
    finally:
        go.set()


def test_a_flood_from_fifty_threads(server: KeyServer, client: Make) -> None:
    """100,000 unknown kids: one fetch for them, and those who know their kid are served meanwhile."""
    held = client(unknown_interval=60)
    known = held.keys()
    wrong: list[object] = []
    slowest = [0.0]
    flooding = threading.Event()

    def flood(thread: int) -> None:
        for n in range(2000):
            if held.get(f"{thread}-{n}") is not None:
                wrong.append(n)

    def serve() -> None:
        while not flooding.is_set():
            began = time.thread_time()
            if held.get("a") is None:
                wrong.append("a")
            slowest[0] = max(slowest[0], time.thread_time() - began)

    reader = threading.Thread(target=serve)
    reader.start()
    threads = [threading.Thread(target=flood, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flooding.set()
    reader.join()
    assert not wrong
    assert slowest[0] < 0.05
    assert held.keys() is known
    assert len(server.requests) == 2
    health = held.health()
    assert health.unknown_fetches == 1
    assert health.unknown_refused + health.unknown_remembered > 90_000


def test_a_flood_during_an_outage(server: KeyServer, client: Make) -> None:
    held = client(unknown_interval=60)
    held.keys()
    server.stop()
    for n in range(20_000):
        held.get(str(n))
    assert held.get("a") is not None
    assert held.health().fetches == 2


def test_tokens_without_a_kid(clock: Clock) -> None:
    """They too may mean a new key; a change of the set is worth another look, and no change is not."""
    source = Source("a")
    client = made(source, clock, unknown_interval=30, unknown_memory=50)
    client.keys()
    assert client._missing(None) is False
    clock.now += 60
    source.body = document("b")
    assert client._missing(None) is True
    assert client._missing(None) is False


def test_a_known_kid_is_not_asked_for(clock: Clock) -> None:
    """Its key does not serve the token's algorithm, which no fetch would change."""
    source = Source("a")
    client = made(source, clock)
    client.keys()
    assert client._missing("a") is False
    assert len(source.requests) == 1
