"""Seeds and files, refreshes waited for in threads and loops, the end of a client, copies of it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document, wait_for
from tests.jwks.source import Source, made, settled
from tests.support import ROOT, Clock

Make = Callable[..., cyjwt.JWKSClient]
URL = "https://keys.example/"


def down(request: Request) -> Response:
    raise ConnectionError("down")


def up(request: Request) -> Response:
    """A transport that can be pickled."""
    return Response(200, {}, document("a"))


# -- seeds and files


@pytest.mark.parametrize("form", [bytes, bytes.decode, json.loads], ids=["bytes", "str", "dict"])
def test_a_seed_serves_at_once(form: Callable[[bytes], Any], clock: Clock) -> None:
    source = Source("a", "b")
    client = made(source, clock, seed=form(document("a")))
    assert not source.requests
    assert client.health().state == "stale"
    assert client._ready()
    assert "a" in client.keys()
    # That first use has it fetched, in the background.
    assert settled(client).state == "fresh"
    assert "b" in client.keys()


def test_a_seed_serves_for_as_long_as_a_set_that_was_fetched(clock: Clock) -> None:
    client = cyjwt.JWKSClient(URL, fetch=down, clock=clock, seed=document("a"), lifetime=100, max_stale=1000)
    clock.now += 1099
    assert "a" in client.keys()
    settled(client)
    clock.now += 2
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client.keys()


def test_private_keys_of_a_seed_are_left_out() -> None:
    private = [faults.key(kid).to_jwk(private=True) for kid in "ab"]
    with pytest.warns(cyjwt.KeySetWarning):
        client = cyjwt.JWKSClient(URL, fetch=down, seed={"keys": [*private, faults.key("c").to_jwk()]})
    assert [key.kid for key in client.keys()] == ["c"]


def test_a_file_outlives_the_server(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys.json"
    first = made(Source("a"), clock, path=path)
    first.keys()
    wait_for(path.exists)
    assert json.loads(path.read_bytes()) == json.loads(document("a"))
    assert not (path.stat().st_mode & 0o077)

    second = cyjwt.JWKSClient(URL, fetch=down, path=str(path))
    assert "a" in second.keys()
    assert settled(second).failures == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_follows_the_set(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys.json"
    source = Source("a")
    client = made(source, clock, path=path)
    client.keys()
    source.body = document("b")
    client.refresh().result()
    wait_for(lambda: path.exists() and json.loads(path.read_bytes()) == client.dump())
    assert "b" in cyjwt.KeySet.from_file(path)
    # A set that has not changed leaves the file, and makes it young again.
    os.utime(path, (0, 0))
    client.refresh().result()
    wait_for(lambda: path.stat().st_mtime > time.time() - 100)
    path.unlink()
    client.refresh().result()
    wait_for(path.exists)


def test_a_file_that_is_too_old(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(document("a"))
    os.utime(path, (time.time() - 3000, time.time() - 3000))
    assert "a" in cyjwt.JWKSClient(URL, fetch=down, path=path).keys()
    client = cyjwt.JWKSClient(URL, fetch=down, path=path, max_stale=2000)
    assert client.health().state == "empty"
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client.keys()


@pytest.mark.parametrize("content", [b"", b"garbage", b"{}", b" " * 2_000_000])
def test_a_file_that_is_broken(content: bytes, tmp_path: Path, clock: Clock) -> None:
    """It is said, and the server is asked as if there were none; a seed stands in for it."""
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    client = made(Source("a"), clock, path=path)
    assert client.health().storage_error is not None
    assert "a" in client.keys()
    wait_for(lambda: client.health().storage_error is None)
    assert cyjwt.KeySet.from_file(path).get("a") is not None


def test_a_file_that_cannot_be_written(tmp_path: Path, clock: Clock) -> None:
    client = made(Source("a"), clock, path=tmp_path / "none" / "keys.json")
    assert "a" in client.keys()
    wait_for(lambda: client.health().storage_error)


def test_dump(tmp_path: Path, clock: Clock) -> None:
    client = made(Source("a"), clock)
    path = tmp_path / "set.json"
    assert client.dump(path) == client.dump() == json.loads(path.read_bytes())
    assert "a" in cyjwt.JWKSClient(URL, fetch=down, seed=client.dump()).keys()


# -- refreshes


def test_a_refresh_in_a_loop(server: KeyServer, client: Make) -> None:
    held, go = client(), threading.Event()
    server.behaviour = faults.held_up(go)
    ticks = []

    async def main() -> None:
        tasks = [asyncio.create_task(one()) for _ in range(5)]
        gone = asyncio.create_task(one())
        await asyncio.sleep(0.01)
        gone.cancel()
        for _ in range(10):
            await asyncio.sleep(0.001)
            ticks.append(time.monotonic())
        go.set()
        assert len({id(keys) for keys in await asyncio.gather(*tasks)}) == 1
        assert gone.cancelled()

    async def one() -> cyjwt.KeySet:
        return await held.refresh()

    asyncio.run(main())
    assert len(ticks) == 10
    assert len(server.requests) == 1


def test_a_refresh_that_fails_in_a_loop() -> None:
    client = cyjwt.JWKSClient(URL, fetch=down)

    async def main() -> None:
        refresh = client.refresh()
        errors = await asyncio.gather(one(refresh), one(refresh))
        assert errors[0] is not errors[1]
        assert errors[0].code == "transport"
        assert isinstance(errors[0].__cause__, cyjwt.JWKSError)

    async def one(refresh: cyjwt.jwks.Refresh) -> cyjwt.JWKSError:
        with pytest.raises(cyjwt.JWKSError) as caught:
            await refresh
        return caught.value

    asyncio.run(main())


def test_a_refresh_that_takes_too_long_for_one(server: KeyServer, client: Make) -> None:
    go = threading.Event()
    server.behaviour = faults.held_up(go)
    refresh = client().refresh()
    with pytest.raises(TimeoutError):
        refresh.result(0.01)
    assert repr(refresh) == "<Refresh under way>"
    go.set()
    assert "a" in refresh.result()
    assert refresh.done()
    assert repr(refresh) == "<Refresh done>"


def test_one_fetch_at_a_time(server: KeyServer, client: Make) -> None:
    """Fifty threads that want keys, refreshes and unknown keys all at once."""
    held = client(unknown_interval=0.01, unknown_memory=0)

    def work(n: int) -> None:
        for turn in range(5):
            held.keys()
            held.get(f"{n}-{turn}")
            held.refresh()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled(held)
    assert server.most_at_once == 1
    assert len(server.requests) == held.health().fetches


def test_no_thread_stays(server: KeyServer, client: Make) -> None:
    held = client()
    for _ in range(3):
        held.refresh().result()
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "cyjwt-jwks"])


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    client = made(Source("a"), clock)

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(cyjwt.JWKSUnavailableError, match="thread"):
            client.keys()
        assert not client.health().refreshing
    clock.now += 60
    assert "a" in client.keys()


def test_what_is_logged(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    source = Source("a")
    source.fails = True
    client = cyjwt.JWKSClient(f"{URL}?key=swordfish", fetch=source, clock=clock)
    with caplog.at_level(logging.INFO, "cyjwt.jwks"):
        with pytest.raises(cyjwt.JWKSUnavailableError):
            client.keys()
        source.fails = False
        client.refresh().result()
        wait_for(lambda: len(caplog.records) == 2)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "swordfish" not in caplog.text


# -- the end


def test_a_closed_client_serves_what_it_has(clock: Clock) -> None:
    source = Source("a")
    with made(source, clock, lifetime=100, max_stale=1000) as client:
        keys = client.keys()
    clock.now += 1000
    assert client.keys() is keys
    assert client.get("b") is None
    assert client.health().state == "closed"
    with pytest.raises(cyjwt.JWKSUnavailableError, match="closed"):
        client.refresh()
    clock.now += 200
    with pytest.raises(cyjwt.JWKSUnavailableError, match="closed"):
        client.keys()
    assert len(source.requests) == 1
    client.close()


def test_a_client_that_is_closed_meanwhile(server: KeyServer, client: Make) -> None:
    go = threading.Event()
    server.behaviour = faults.held_up(go)
    held = client()
    refresh = held.refresh()
    held.close()
    go.set()
    with pytest.raises(cyjwt.JWKSError) as caught:
        refresh.result()
    assert caught.value.code == "closed"
    assert held.snapshot is None


def test_clients_are_let_go() -> None:
    import gc
    import weakref

    client = cyjwt.JWKSClient(URL, fetch=up)
    client.keys()
    settled(client)
    seen = weakref.ref(client)
    del client
    # The thread of the fetch lets go of it as it ends.
    wait_for(lambda: gc.collect() is not None and seen() is None)


def test_the_interpreter_ends_while_a_fetch_is_slow(server: KeyServer) -> None:
    server.behaviour = faults.drip("body")
    code = f"""
        import ssl, sys, time
        import cyjwt
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client = cyjwt.JWKSClient({server.url!r}, ssl_context=context, timeout=600)
        client.refresh()
        time.sleep(0.2)
        assert client.health().refreshing
    """
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 10
    assert len(server.requests) == 1


# -- copies


def test_a_copy_by_pickle(clock: Clock) -> None:
    original = cyjwt.JWKSClient(URL, fetch=up, lifetime=500, headers={"X": "y"})
    empty = pickle.loads(pickle.dumps(original))
    assert empty.health().state == "empty"
    original.keys()
    copy = pickle.loads(pickle.dumps(original))
    health = copy.health()
    assert (health.state, health.fetches) == ("fresh", 0)
    assert 490 < health.expires_in <= 500
    assert copy._options == original._options
    assert copy.keys() == original.keys()
    copy.refresh().result()


def test_a_pickle_that_has_lain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its age is counted in: keys do not serve longer for having been put away."""
    original = cyjwt.JWKSClient(URL, fetch=up, lifetime=500, max_stale=1000)
    original.keys()
    data, now = pickle.dumps(original), time.time()
    monkeypatch.setattr("cyjwt.jwks.client.time", lambda: now + 600)
    assert pickle.loads(data).health().state == "stale"
    monkeypatch.setattr("cyjwt.jwks.client.time", lambda: now + 1600)
    old = pickle.loads(data)
    assert old.health().state == "unavailable"
    assert "a" in old.keys()


def test_a_pickled_seed_is_fetched_anew() -> None:
    copy = pickle.loads(pickle.dumps(cyjwt.JWKSClient(URL, fetch=up, seed=document("b"))))
    assert "b" in copy.keys()
    assert settled(copy).state == "fresh"
    assert "a" in copy.keys()


def test_a_context_cannot_be_pickled(client: Make) -> None:
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(client())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("when", ["idle", "in a fetch", "under the lock"])
def test_a_fork(when: str, server: KeyServer, client: Make) -> None:
    """A child has the keys, and fetches for itself, whatever its parent was about."""
    held, go = client(), threading.Event()
    held.keys()
    if when == "in a fetch":
        server.behaviour = faults.held_up(go)
        held.refresh()
        wait_for(lambda: len(server.requests) == 2)
    if when == "under the lock":
        taken, release = threading.Event(), threading.Event()

        def hold() -> None:
            with held._lock:
                taken.set()
                release.wait(10)

        threading.Thread(target=hold, daemon=True).start()
        taken.wait(5)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert "a" in held.keys()
            assert not held.health().refreshing
            assert "a" in held.refresh().result(10)
            assert held.get("b") is None
            status = 0
        finally:
            os._exit(status)
    server.behaviour = faults.serve
    go.set()
    if when == "under the lock":
        release.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "a" in held.refresh().result(10)
