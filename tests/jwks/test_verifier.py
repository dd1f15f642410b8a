"""Verifiers over a client: rotations, outages and floods, token by token, in batches and in event loops."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document, token, wait_for
from tests.jwks.source import Source, made, settled
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]
URL = "https://keys.example/"


def up(request: Request) -> Response:
    """A transport that can be pickled."""
    return Response(200, {}, document("a"))


def down(request: Request) -> Response:
    raise ConnectionError("down")


def flood(count: int) -> list[str]:
    """Tokens with made-up kids."""
    rest = token("a").partition(".")[2]

    def one(n: int) -> str:
        header = json.dumps({"alg": "ES256", "kid": f"made-up-{n}"}).encode()
        return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{rest}"

    return [one(n) for n in range(count)]


# -- token by token


def test_a_token(server: KeyServer, client: Make) -> None:
    verifier = cyjwt.Verifier(client(), algorithms=["ES256"])
    assert not server.requests
    assert verifier.verify(token("a", sub="42"))["sub"] == "42"
    assert verifier.verify_complete(token("a")).header["kid"] == "a"
    with pytest.raises(cyjwt.InvalidSignatureError):
        verifier.verify(token("a")[:-4] + "AAAA")
    assert len(server.requests) == 1


def test_no_keys_at_all(server: KeyServer, client: Make) -> None:
    """A key server that fails is no fault of the token's."""
    server.behaviour = faults.status(500)
    held = client()
    verifier = cyjwt.Verifier(held)
    for _ in range(3):
        with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
            verifier.verify(token("a"))
        assert not isinstance(caught.value, cyjwt.InvalidTokenError)
        assert caught.value.__cause__.code == "status"  # type: ignore[union-attr]
    # It is left alone for a while.
    assert len(server.requests) == 1
    server.behaviour = faults.serve
    held.refresh().result()
    verifier.verify(token("a"))


def test_a_rotation(server: KeyServer, client: Make) -> None:
    held = client()
    verifier = cyjwt.Verifier(held)
    verifier.verify(token("a"))
    server.document = document("b", "a")
    verifier.verify(token("b"))
    verifier.verify(token("a"))
    assert len(server.requests) == 2
    server.document = document("b")
    held.refresh().result()
    with pytest.raises(cyjwt.KeyNotFoundError):
        verifier.verify(token("a"))


def test_a_kid_that_changes_its_key(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock)
    verifier = cyjwt.Verifier(client)
    old = token("a")
    verifier.verify(old)
    other = cyjwt.Key.generate("ES256", kid="a")
    source.body = json.dumps(cyjwt.KeySet([other]).to_jwks()).encode()
    client.refresh().result()
    with pytest.raises(cyjwt.InvalidSignatureError):
        verifier.verify(old)
    verifier.verify(cyjwt.encode({"exp": 4_102_444_800}, other, algorithm="ES256"))


def test_several_verifiers_share_a_client(server: KeyServer, client: Make) -> None:
    held = client()
    one, other = cyjwt.Verifier(held), cyjwt.Verifier(held, audience="orders")
    one.verify(token("a"))
    other.verify(token("a", aud="orders"))
    server.document = document("b")
    one.verify(token("b"))
    other.verify(token("b", aud="orders"))
    assert len(server.requests) == 2


def test_keys_of_other_algorithms_are_no_error(clock: Clock) -> None:
    """What a server publishes cannot be known beforehand."""
    verifier = cyjwt.Verifier(made(Source("a"), clock), algorithms=["RS256"])
    with pytest.raises(cyjwt.InvalidTokenError):
        verifier.verify(token("a"))


# -- a server that is down


def test_a_minute_past_the_lifetime(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=300, backoff_max=16)
    verifier = cyjwt.Verifier(client)
    good = token("a")
    verifier.verify(good)
    source.fails = True
    clock.now += 300
    began = clock.now
    while clock.now < began + 60:
        verifier.verify(good)
        settled(client)
        clock.now += 0.5
    assert client.health().state == "stale"
    tried = len(source.requests)
    # The first one or two pauses are short; after that no more than one try in half of the longest.
    assert 5 <= tried - 1 <= 4 + 60 / 8
    source.fails, source.body = False, document("a", "b")
    back = clock.now
    while client.health().state == "stale":
        assert clock.now <= back + 16.5
        clock.now += 0.5
        verifier.verify(good)
        settled(client)
    verifier.verify(token("b"))


def test_fifty_threads_and_an_outage(server: KeyServer, client: Make) -> None:
    """The server refuses, then accepts and says nothing, then is back: nobody notices."""
    held = client(
        lifetime=0.1, refresh_ahead=0.05, timeout=0.25, backoff=0.02, backoff_max=0.2, unknown_interval=60
    )
    verifier, good = cyjwt.Verifier(held), token("a")
    verifier.verify(good)
    ended, faulty, counts = threading.Event(), [], [0] * 50

    def work(n: int) -> None:
        while not ended.is_set():
            try:
                verifier.verify(good)
            except Exception as error:
                faulty.append(error)
            counts[n] += 1
            time.sleep(0.005)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    try:
        server.stop()
        wait_for(lambda: held.health().failures >= 3)
        go = threading.Event()
        server.behaviour = faults.held_up(go)
        server.start()
        asked = len(server.requests)
        wait_for(lambda: len(server.requests) > asked)
        # A fetch hangs. Whoever verifies meanwhile is through before it ends.
        before = list(counts)
        wait_for(lambda: all(now > then + 1 for now, then in zip(counts, before, strict=True)))
        failed = held.health().failures
        wait_for(lambda: held.health().failures > failed)
        assert held.health().state == "stale"
        server.document, server.behaviour = document("a", "b"), faults.serve
        go.set()
        back = time.monotonic()
        wait_for(lambda: held.health().changes == 2)
        assert time.monotonic() - back < 0.25 + 0.2 + 1
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not faulty
    assert server.most_at_once == 1


def test_keys_that_are_too_old(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=100, max_stale=100)
    verifier = cyjwt.Verifier(client)
    verifier.verify(token("a"))
    source.fails = True
    clock.now += 201
    with pytest.raises(cyjwt.JWKSUnavailableError):
        verifier.verify(token("a"))
    batch = verifier.verify_batch([token("a"), "garbage"])
    assert batch.counts() == {"valid": 0, "keys_unavailable": 2}
    source.fails = False
    clock.now += 60
    verifier.verify(token("a"))


# -- floods


def test_a_flood_of_unknown_kids(server: KeyServer, client: Make) -> None:
    """100,000 of them from 50 threads: one fetch, and known kids are verified as ever."""
    held = client(unknown_interval=60)
    verifier, good, bad = cyjwt.Verifier(held), token("a"), flood(2000)
    verifier.verify(good)
    passed, known = [0] * 50, [0] * 50

    def work(n: int) -> None:
        for place, each in enumerate(bad):
            try:
                verifier.verify(each)
            except cyjwt.KeyNotFoundError:
                passed[n] += 1
            if place % 100 == 0:
                verifier.verify(good)
                known[n] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(passed), sum(known)) == (100_000, 1000)
    assert len(server.requests) == 2
    assert held.health().unknown_fetches == 1


def test_a_flood_waits_for_nothing_while_the_server_hangs(server: KeyServer, client: Make) -> None:
    """One fetch, for which only those wait that came before it ended; known kids not at all."""
    held, go = client(unknown_interval=60, timeout=5), threading.Event()
    verifier = cyjwt.Verifier(held)
    verifier.verify(token("a"))
    server.behaviour = faults.held_up(go)
    bad = flood(1)[0]

    def ask() -> None:
        with pytest.raises(cyjwt.KeyNotFoundError):
            verifier.verify(bad)

    waiting = threading.Thread(target=ask)
    waiting.start()
    wait_for(lambda: len(server.requests) == 2)
    for _ in range(100):
        verifier.verify(token("a"))
    assert waiting.is_alive()
    go.set()
    waiting.join(5)
    assert not waiting.is_alive()


# -- batches


def test_a_batch_of_a_new_key(server: KeyServer, client: Make) -> None:
    held = client(unknown_interval=60)
    verifier = cyjwt.Verifier(held)
    assert verifier.verify_batch([token("a")] * 5).valid == 5
    server.document = document("b", "a")
    tokens = [token("a"), token("b"), *flood(1000), token("b"), "garbage"]
    batch = verifier.verify_batch(tokens)
    assert batch.counts() == {"valid": 3, "key_not_found": 1000, "segments": 1}
    assert len(server.requests) == 2
    assert [len(part) for part in verifier.verify_stream(tokens, size=500)] == [500, 500, 4]
    assert len(server.requests) == 2


def test_a_batch_without_keys(server: KeyServer, client: Make) -> None:
    server.stop()
    verifier = cyjwt.Verifier(client())
    batch = verifier.verify_batch([token("a"), token("b")])
    assert batch.counts() == {"valid": 0, "keys_unavailable": 2}
    assert isinstance(batch[0], cyjwt.JWKSUnavailableError)
    with pytest.raises(cyjwt.JWKSUnavailableError):
        batch.raise_first()


# -- event loops


def test_a_loop_goes_on_while_the_first_keys_are_fetched(server: KeyServer, client: Make) -> None:
    go = threading.Event()
    server.behaviour = faults.held_up(go)
    verifier = cyjwt.Verifier(client())

    async def main() -> None:
        tasks = [asyncio.ensure_future(verifier.verify_async(token("a"))) for _ in range(20)]
        ticks = 0
        while ticks < 20 or not server.requests:
            await asyncio.sleep(0.001)
            ticks += 1
        assert not any(task.done() for task in tasks)
        go.set()
        assert len(await asyncio.gather(*tasks)) == 20

    asyncio.run(main())
    assert len(server.requests) == 1


def test_a_loop_goes_on_while_an_unknown_kid_is_fetched(server: KeyServer, client: Make) -> None:
    """Other tokens, too, also those of the same turn."""
    verifier, go = cyjwt.Verifier(client(unknown_interval=60)), threading.Event()
    verifier.verify(token("a"))
    server.document, server.behaviour = document("a", "b"), faults.held_up(go)

    async def main() -> None:
        new = [asyncio.ensure_future(verifier.verify_async(token("b"))) for _ in range(10)]
        known = [asyncio.ensure_future(verifier.verify_async(token("a"))) for _ in range(10)]
        assert len(await asyncio.wait_for(asyncio.gather(*known), 5)) == 10
        while len(server.requests) < 2:
            await asyncio.sleep(0.001)
        assert len(await asyncio.wait_for(verifier.verify_async(token("a")), 5)) == 1
        assert not any(task.done() for task in new)
        go.set()
        assert len(await asyncio.gather(*new)) == 10

    asyncio.run(main())
    assert len(server.requests) == 2


def test_a_loop_without_keys(server: KeyServer, client: Make) -> None:
    server.stop()
    verifier = cyjwt.Verifier(client())

    async def main() -> list[Any]:
        tasks = [verifier.verify_async(token("a")) for _ in range(10)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    for outcome in asyncio.run(main()):
        assert isinstance(outcome, cyjwt.JWKSUnavailableError)


def test_a_loop_and_a_flood(server: KeyServer, client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    held = client(unknown_interval=60)
    verifier = cyjwt.Verifier(held)

    async def main() -> None:
        await held.refresh()
        bad = [verifier.verify_async(each) for each in flood(2000)]
        good = [verifier.verify_async(token("a")) for _ in range(100)]
        outcomes = await asyncio.gather(*bad, *good, return_exceptions=True)
        assert all(isinstance(outcome, cyjwt.KeyNotFoundError) for outcome in outcomes[:2000])
        assert all(isinstance(outcome, dict) for outcome in outcomes[2000:])
        # What is refused anyway is not handed to another thread.
        monkeypatch.setattr(held, "_missing", asked.append)
        bad = [verifier.verify_async(each) for each in flood(100)]
        outcomes = await asyncio.gather(*bad, return_exceptions=True)
        assert all(isinstance(outcome, cyjwt.KeyNotFoundError) for outcome in outcomes)

    asked: list[object] = []
    asyncio.run(main())
    assert not asked
    assert len(server.requests) == 2


# -- copies


def test_a_verifier_by_pickle() -> None:
    verifier = cyjwt.Verifier(cyjwt.JWKSClient(URL, fetch=up), issuer="i")
    copy = pickle.loads(pickle.dumps(verifier))
    assert copy.verify(token("a", iss="i"))["iss"] == "i"
    verifier.verify(token("a", iss="i"))
    assert pickle.loads(pickle.dumps(verifier)).verify(token("a", iss="i"))["iss"] == "i"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_verifier_in_a_child(server: KeyServer, client: Make) -> None:
    verifier = cyjwt.Verifier(client())
    verifier.verify(token("a"))
    server.document = document("a", "b")
    both = token("a"), token("b")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for each in both:
                verifier.verify(each)
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    verifier.verify(both[1])


def test_a_verifier_says_what_its_keys_are() -> None:
    client = cyjwt.JWKSClient(URL, fetch=down)
    verifier = cyjwt.Verifier(client)
    assert verifier.keys is client
    assert "https://keys.example/" in repr(verifier)
