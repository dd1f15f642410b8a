"""Requests that no client of the examples would send: what cannot be read, what never ends, what is beside the path."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.examples.conftest import Servers

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"username": "anna"}',
        b'{"username": "anna", "password": 1234567890}',
        b'{"username": "anna", "password": "\\ud800 secret"}',
        b'{"username": "\\ud800", "password": "secret"}',
        b'{"username": "anna", "password": "' + b"secret" * 1_000 + b'"}',
        b'{"username": "anna", "password": "\xff secret"}',
        b'{"username": "anna", "password": ' + b"9" * 5_000 + b"}",
        b"[" * 10_000,
    ],
)
def test_a_malformed_log_in_is_not_repeated(standing: Servers, body: bytes) -> None:
    answer = standing.auth.post("/login", content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_more_of_a_request_is_read_than_a_good_one_has(servers: Servers) -> None:
    """The longest name and password, of characters that JSON writes as twelve octets, are not too many."""
    import httpx

    largest = {"username": "\U0001f600" * 100, "password": "\U0001f600" * 1_000}
    servers.services.users.add(largest["username"], largest["password"], ())
    assert servers.auth.post("/login", content=json.dumps(largest), headers=JSON).status_code == 200
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"username": "'
        while sent < 1 << 30:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    # It may hang up before its answer is read.
    with contextlib.suppress(httpx.NetworkError, httpx.RemoteProtocolError):
        answer = servers.auth.post("/login", content=endless(), headers=JSON)
        assert (answer.status_code, answer.json()) == (413, {"error": "invalid_request"})
    assert sent < 1 << 26
    assert servers.login("nobody").status_code == 400


@pytest.mark.parametrize("server", ["auth", "app"])
def test_nobody_is_led_elsewhere(standing: Servers, server: str) -> None:
    """A redirect would have what was sent, a password say, sent to where the header Host points, and without TLS."""
    client: httpx.Client = getattr(standing, server)
    for path in ("/login/", "/orders/"):
        assert client.post(path, json={}).status_code == 404
