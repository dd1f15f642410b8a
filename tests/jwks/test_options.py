"""Options are checked when a client is made, and none later."""

from __future__ import annotations

import math
from typing import Any

import pytest

import cyjwt

URL = "https://keys.example/jwks"


@pytest.mark.parametrize(
    "url",
    [
        "http://keys.example/",
        "HTTP://keys.example/",
        "file:///etc/passwd",
        "ftp://keys.example/",
        "data:application/json,{}",
        "keys.example/jwks",
        "//keys.example/jwks",
        "https://",
        "https:///jwks",
        "https://keys.example:port/",
        "https://keys.example:99999/",
        "https://user@keys.example/",
        "https://user:pass@keys.example/",
        "https://keys.example/#a",
        "https://keys.example/ x",
        "https://keys.example/{x}",
        "https://keys.example\\@evil.example/",
        "https://keys.example/\r\nHost: evil",
        "https://keys.exämple/",
        "https://[::1/",
        "\thttps://keys.example/",
        "",
    ],
)
def test_urls_that_are_not_asked(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        cyjwt.JWKSClient(url)


@pytest.mark.parametrize("url", ["http://user@keys.example/", "file:///etc/passwd", "ftp://keys.example/"])
def test_allow_http_allows_http_alone(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        cyjwt.JWKSClient(url, allow_http=True)


@pytest.mark.parametrize(
    "options",
    [
        {"lifetime": 0},
        {"lifetime": -1},
        {"lifetime": math.nan},
        {"lifetime": math.inf},
        {"lifetime": 10, "min_lifetime": 20},
        {"lifetime": 10, "max_lifetime": 5},
        {"max_stale": -1},
        {"max_stale": math.nan},
        {"refresh_ahead": -1},
        {"unknown_interval": -1},
        {"unknown_memory": math.inf},
        {"timeout": 0},
        {"timeout": 1e9},
        {"retries": -1},
        {"retries": 11},
        {"backoff": 0},
        {"backoff": 10, "backoff_max": 5},
        {"backoff_factor": 0.5},
        {"backoff_factor": math.nan},
        {"max_size": 0},
        {"max_size": 10**9},
        {"max_keys": 0},
        {"max_keys": 1001},
        {"headers": {"A b": "c"}},
        {"headers": {"A": "b\r\nC: d"}},
        {"headers": {"A": ""}},
        {"headers": {"": "b"}},
        {"headers": {"A": "\u00fc"}},
        {"headers": {"If-None-Match": "x"}},
        {"headers": {"accept-encoding": "gzip"}},
    ],
)
def test_values_that_can_mean_nothing(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        cyjwt.JWKSClient(URL, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"lifetime": "5"},
        {"lifetime": True},
        {"lifetime": None},
        {"max_stale": None},
        {"timeout": None},
        {"retries": 1.0},
        {"retries": True},
        {"backoff_factor": "2"},
        {"max_size": 1.5},
        {"allow_http": 1},
        {"headers": [("A", "b")]},
        {"headers": {"A": 1}},
        {"headers": {1: "A"}},
        {"ssl_context": True},
        {"fetch": "urllib"},
        {"path": 7},
        {"clock": 7},
        {"seed": 7},
    ],
)
def test_values_of_the_wrong_type(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options)).replace("seed", "document")):
        cyjwt.JWKSClient(URL, **options)


def test_a_transport_that_would_have_to_be_awaited() -> None:
    async def fetch(request: object) -> None: ...

    with pytest.raises(TypeError, match="coroutine function"):
        cyjwt.JWKSClient(URL, fetch=fetch)  # type: ignore[arg-type]


def test_options_that_are_not_there() -> None:
    with pytest.raises(TypeError):
        cyjwt.JWKSClient(URL, cache=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        cyjwt.JWKSClient(None)  # type: ignore[arg-type]


def test_a_context_for_a_transport_that_is_not_used() -> None:
    import ssl

    with pytest.raises(ValueError, match="ssl_context"):
        cyjwt.JWKSClient(URL, ssl_context=ssl.create_default_context(), fetch=print)


def test_a_seed_that_is_no_set() -> None:
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.JWKSClient(URL, seed=b"{}")


def test_the_name_of_a_client_holds_no_query() -> None:
    client = cyjwt.JWKSClient(f"{URL}?key=swordfish")
    assert repr(client) == "<JWKSClient https://keys.example/jwks?...: empty, 0 keys>"
