"""Who waits for a fetch and who does not, and what a transport of the caller's may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document, wait_for
from tests.jwks.source import Source, made, settled
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]


def test_the_first_keys_are_waited_for_together(server: KeyServer, client: Make) -> None:
    go, found = threading.Event(), []
    server.behaviour = faults.held_up(go)
    held = client()
    threads = [threading.Thread(target=lambda: found.append(held.keys())) for _ in range(20)]
    for thread in threads:
        thread.start()
    wait_for(lambda: server.requests)
    assert not found
    go.set()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len({id(keys) for keys in found}) == 1
    assert len(server.requests) == 1


def test_who_holds_keys_waits_for_no_refresh(server: KeyServer, client: Make, clock: Clock) -> None:
    go = threading.Event()
    held = client(clock=clock, lifetime=100)
    keys = held.keys()
    server.behaviour = faults.held_up(go)
    clock.now += 1000
    threads = [threading.Thread(target=lambda: [held.keys() for _ in range(200)]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert held.keys() is keys
    assert held.health().refreshing
    wait_for(lambda: len(server.requests) == 2)
    go.set()
    assert settled(held).state == "fresh"
    assert len(server.requests) == 2


def test_a_verification_is_told_when_to_ask_again(server: KeyServer, client: Make) -> None:
    """Not before the refresh is due; during a fetch, and when there will be none, not before the set's end."""
    go, held = threading.Event(), client(lifetime=100, refresh_ahead=10, max_stale=1000)
    assert held.due <= time.monotonic()
    held.keys()
    now = time.monotonic()
    assert now + 80 < held.due < now + 91
    server.behaviour = faults.held_up(go)
    refresh = held.refresh()
    assert now + 1090 < held.due < now + 1101
    go.set()
    refresh.result()
    assert held.due < now + 91
    held.close()
    assert now + 1090 < held.due < now + 1101


def test_nobody_waits_for_ever_for_a_transport_that_hangs(clock: Clock) -> None:
    go = threading.Event()

    def hang(request: Request) -> Response:
        go.wait(20)
        return Response(200, {}, document("a"))

    client = cyjwt.JWKSClient("https://keys.example/", fetch=hang, timeout=0.05)
    try:
        with pytest.raises(cyjwt.JWKSUnavailableError, match="too long"):
            client.keys()
        assert client.health().refreshing
    finally:
        go.set()


# -- transports


class Odd:
    status, headers, body = 200, {"X": 1}, document("a")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "transport"),
        (b"{}", "transport"),
        (Response("200", {}, b""), "transport"),  # type: ignore[arg-type]
        (Response(200, {}, "text"), "transport"),  # type: ignore[arg-type]
        (Response(200, None, b""), "transport"),  # type: ignore[arg-type]
        (Response(200, {}, b" " * 600_000), "too_large"),
        (Response(200, {"CONTENT-ENCODING": "br"}, document("a")), "content"),
        (Response(302, {}, document("a")), "redirect"),
        (ValueError("no"), "transport"),
        (SystemExit(3), "transport"),
        (Response(200, {}, bytearray(document("a"))), None),  # type: ignore[arg-type]
        (Odd, None),
    ],
)
def test_what_a_transport_may_give(given: Any, code: str | None) -> None:
    def fetch(request: Request) -> Any:
        if isinstance(given, BaseException):
            raise given
        return given

    client = cyjwt.JWKSClient("https://keys.example/", fetch=fetch)
    if code is None:
        assert "a" in client.keys()
    else:
        with pytest.raises(cyjwt.JWKSError) as caught:
            client.refresh().result()
        assert caught.value.code == code


def test_what_a_transport_is_asked(clock: Clock) -> None:
    source = Source("a")
    made(source, clock, timeout=3, max_size=10_000).keys()
    request = source.requests[0]
    assert request.url == "https://keys.example/"
    assert 2 < request.timeout <= 3
    assert request.max_size == 10_000
    assert request.headers["Accept-Encoding"] == "identity"


def test_ctrl_c_at_the_worst_moment(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A fetch that was given up before its thread had run is none; the next one is not held up by it."""
    source, started = Source("a"), []
    client = made(source, clock)
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        started.append(thread)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.keys()
    started[0].join(5)
    assert not client.health().refreshing
    assert not source.requests
    clock.now += 10
    assert "a" in client.keys()
