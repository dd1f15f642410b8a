"""Lifetimes, refresh-ahead, back-off and stale keys, by a clock that goes on when told."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from cyjwt.jwks.backoff import pause
from cyjwt.jwks.freshness import stated_lifetime
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document
from tests.jwks.source import Source, made, settled
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]


# -- what the server says


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": ""}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, MAX-AGE=600, immutable"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600, max-age=5"}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "1000"}, 0),
        ({"cache-control": "max-age=600", "age": "-3"}, 600),
        ({"cache-control": "max-age=600", "age": "x"}, 600),
        ({"cache-control": "s-maxage=60"}, 60),
        ({"cache-control": "s-maxage=60, max-age=600"}, 600),
        ({"cache-control": "no-store, max-age=600"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=1.5"}, 0),
        ({"cache-control": "max-age=x"}, 0),
        ({"cache-control": "max-age=\u0663"}, 0),
        ({"cache-control": "max-age=" + "9" * 5000}, 2**31),
        ({"expires": "Thu, 01 Jan 2026 00:10:00 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 600),
        ({"expires": "Thu, 01 Jan 2026 00:00:00 GMT", "date": "Thu, 01 Jan 2026 00:10:00 GMT"}, 0),
        ({"expires": "0", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0),
        ({"expires": "Thu, 01 Jan 2026 00:10:00 GMT"}, 0),
        ({"expires": "Thu, 01 Jan 99999 00:10:00 GMT", "date": "x"}, 0),
        ({"expires": "0", "cache-control": "max-age=7"}, 7),
    ],
)
def test_what_the_fields_say(headers: dict[str, str], seconds: float | None) -> None:
    assert stated_lifetime(headers) == seconds


@pytest.mark.parametrize(
    ("stated", "options", "seconds"),
    [
        (None, {}, 300),
        (None, {"lifetime": timedelta(minutes=2)}, 120),
        (None, {"lifetime": 2}, 2),
        ("max-age=600", {}, 600),
        ("max-age=1", {}, 60),
        ("no-store", {}, 60),
        ("max-age=1", {"lifetime": 2}, 2),
        ("max-age=1", {"min_lifetime": 0.5}, 1),
        ("max-age=99999999", {}, 86_400),
        ("max-age=99999999", {"lifetime": 100_000}, 100_000),
        ("max-age=600", {"max_lifetime": 400}, 400),
        ("max-age=600", {"min_lifetime": 300, "max_lifetime": 300}, 300),
    ],
)
def test_lifetimes_are_held_within_bounds(
    stated: str | None, options: dict[str, Any], seconds: float, clock: Clock
) -> None:
    source = Source("a", **({} if stated is None else {"Cache_Control": stated}))
    client = made(source, clock, **options)
    client.keys()
    assert client.health().expires_in == seconds


# -- a set's life


def test_from_fresh_to_unavailable_and_back(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=100, max_stale=1000, refresh_ahead=10, backoff_max=30)
    keys = client.keys()
    assert settled(client).state == "fresh"

    # Well before its end nothing is fetched.
    clock.now += 80
    assert client.keys() is keys
    assert len(source.requests) == 1

    # Shortly before, it is, and the same keys are the same object.
    clock.now += 10.001
    assert client.keys() is keys
    assert settled(client).unchanged == 1
    assert client.keys() is keys
    assert client.health().age == 0

    # Then the server is down. Whoever asks gets what there is.
    source.fails = True
    clock.now += 99.999
    assert client.keys() is keys
    assert settled(client).state == "fresh"
    clock.now += 900
    assert client.keys() is keys
    health = settled(client)
    assert (health.state, health.serving, health.failures_in_row) == ("stale", True, 2)
    assert health.serves_for == pytest.approx(100.001)

    # At the end of max_stale, no longer.
    clock.now += 100.002
    assert client._ready() is False
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        client.keys()
    assert caught.value.__cause__.code == "transport"  # type: ignore[union-attr]
    health = client.health()
    assert (health.state, health.serving, health.keys) == ("unavailable", False, 0)
    assert client.snapshot is None

    # While the server is left alone nobody waits, and it is not asked.
    asked = len(source.requests)
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client.keys()
    assert len(source.requests) == asked

    # It is back: whoever asks first after the pause has keys, the same object for the same set.
    source.fails = False
    clock.now += client.health().next_try_in
    assert client.keys() is keys
    health = client.health()
    assert (health.state, health.failures_in_row, health.last_error) == ("fresh", 0, None)


def test_a_refresh_at_most_half_a_lifetime_ahead(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=10, refresh_ahead=100)
    client.keys()
    clock.now += 4.9
    client.keys()
    assert settled(client).fetches == 1
    clock.now += 0.2
    client.keys()
    assert settled(client).fetches == 2


def test_without_refresh_ahead(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=100, refresh_ahead=0)
    client.keys()
    clock.now += 99.9
    client.keys()
    assert settled(client).fetches == 1
    clock.now += 0.1
    client.keys()
    assert settled(client).fetches == 2


def test_new_keys_are_a_new_object(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock)
    before = client.keys()
    source.body = document("b", "a")
    after = client.refresh().result()
    assert after is not before
    assert [key.kid for key in before] == ["a"]
    assert [key.kid for key in client.keys()] == ["b", "a"]
    assert client.health().changes == 2


def test_stale_for_ever(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, max_stale=math.inf)
    client.keys()
    source.fails = True
    clock.now += 1e9
    assert len(client.keys()) == 1
    assert settled(client).state == "stale"
    assert client.health().serves_for == math.inf


def test_not_stale_at_all(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock, lifetime=100, max_stale=0)
    client.keys()
    source.fails = True
    clock.now += 100
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client.keys()


def test_a_long_pause_prolongs_nothing(clock: Clock) -> None:
    """Keys end with max_stale, also where the server is left alone for longer."""
    source = Source("a")
    client = made(source, clock, lifetime=100, max_stale=100, backoff=1000, backoff_max=1000)
    client.keys()
    source.fails = True
    clock.now += 150
    client.keys()
    assert settled(client).failures == 1
    clock.now += 51
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client.keys()


def test_who_comes_late_finds_what_others_have_got(clock: Clock) -> None:
    source = Source("a")
    client = made(source, clock)
    keys = client.keys()
    # As a thread does that had to wait for the lock meanwhile.
    client._obtain()
    assert client.keys() is keys
    assert len(source.requests) == 1


def test_a_set_is_as_old_as_its_request(clock: Clock) -> None:
    source = Source("a")

    def late(request: Request) -> Response:
        clock.now += 4
        return source(request)

    client = cyjwt.JWKSClient("https://keys.example/", fetch=late, clock=clock, lifetime=100)
    client.keys()
    assert client.health().age == 4
    assert client.health().expires_in == 96


# -- back-off


def test_pauses_grow_and_differ() -> None:
    for failures, step in [(1, 1), (2, 2), (5, 16), (6, 30), (10_000, 30)]:
        drawn = [pause(failures, 1, 2, 30) for _ in range(200)]
        assert step / 2 <= min(drawn) < max(drawn) <= step
        assert len(set(drawn)) > 100
    assert 0.5 <= pause(10**6, 1, 1, 30) <= 1


def test_one_fetch_a_step_and_recovery_within_one(clock: Clock) -> None:
    """A minute and more of a server that is down, looked at ten times a second."""
    source = Source("a")
    client = made(source, clock, lifetime=10, refresh_ahead=0, backoff=1, backoff_factor=2, backoff_max=8)
    keys = client.keys()
    source.fails = True
    clock.now += 10
    began, times = clock.now, []
    while clock.now < began + 70:
        assert client.keys() is keys
        settled(client)
        if len(source.requests) - 1 > len(times):
            times.append(clock.now - began)
        clock.now += 0.1
    pauses = [later - sooner for sooner, later in pairwise(times)]
    for pause_seen, step in zip(pauses, [1, 2, 4] + [8] * 100, strict=False):
        assert step / 2 - 0.01 <= pause_seen <= step + 0.2
    assert 9 <= len(times) <= 20
    source.fails = False
    back = clock.now
    while client.health().state == "stale":
        assert clock.now < back + 8 + 0.2
        clock.now += 0.1
        client.keys()
        settled(client)


def test_refresh_holds_to_no_pause(clock: Clock) -> None:
    source = Source("a")
    source.fails = True
    client = made(source, clock)
    for _ in range(3):
        with pytest.raises(cyjwt.JWKSError):
            client.refresh().result()
    source.fails = False
    assert "a" in client.refresh().result()


# -- 304


def test_validators(server: KeyServer, client: Make, clock: Clock) -> None:
    """The server is asked whether anything has changed, and may say no."""

    def conditional(server: KeyServer, connection: Any, lines: list[str]) -> None:
        if server.fields[-1].get("if-none-match") == '"1"':
            faults.answer(connection, b"", "304 Not Modified", {"Cache-Control": "max-age=500"})
        else:
            faults.answer(connection, server.document, headers=server.headers)

    server.headers = {"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    server.behaviour = conditional
    held = client(clock=clock)
    keys = held.keys()
    assert "if-none-match" not in server.fields[0]
    assert held.health().expires_in == 300
    assert held.refresh().result() is keys
    assert server.fields[1]["if-none-match"] == '"1"'
    assert server.fields[1]["if-modified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert held.health().expires_in == 500
    assert held.health().unchanged == 1

    server.behaviour = faults.serve
    server.document, server.headers = document("b"), {}
    assert "b" in held.refresh().result()
    held.refresh().result()
    assert "if-none-match" not in server.fields[-1]


def test_a_304_that_says_nothing_of_the_lifetime(clock: Clock) -> None:
    source = Source("a", ETag='"1"', Cache_Control="max-age=700")

    def unchanged(request: Request) -> Response:
        return Response(304, {}, b"") if "If-None-Match" in request.headers else source(request)

    client = cyjwt.JWKSClient("https://keys.example/", fetch=unchanged, clock=clock)
    client.keys()
    clock.now += 10
    client.refresh().result()
    assert client.health().unchanged == 1
    assert client.health().expires_in == 700


def test_a_304_brings_back_what_was_too_old(clock: Clock) -> None:
    """The set had been given up; the server says that it is still the one."""
    source = Source("a", ETag='"1"')
    client = made(source, clock, lifetime=10, max_stale=0)
    keys = client.keys()

    def unchanged(request: Request) -> Response:
        return Response(304, {}, b"") if "If-None-Match" in request.headers else source(request)

    client._fetcher._fetch = unchanged
    clock.now += 100
    assert client._ready() is False
    assert client.keys() is keys
    assert client.health().state == "fresh"
    assert client.health().expires_in == 10
