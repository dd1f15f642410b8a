"""The application server's probe: what it says, and that a server without keys does not stay so."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import cyjwt
from cyjwt.jwks import Request, Response
from tests.examples.support import Clock


class Server:
    """A key server that is down until it is told otherwise."""

    def __init__(self) -> None:
        self.up = False
        self.asked = 0

    def fetch(self, request: Request) -> Response:
        self.asked += 1
        if not self.up:
            raise ConnectionError
        return Response(200, {}, json.dumps(cyjwt.KeySet([cyjwt.Key.generate("ES256")]).to_jwks()).encode())


def application(folder: Path, clock: Clock, server: Server) -> Any:
    from examples.app_server.api import create_app
    from examples.app_server.settings import Settings

    app = create_app(Settings(revoked=folder / "revoked.db", clock=clock, monotonic=clock))
    app.state.keys = cyjwt.JWKSClient(
        "https://issuer.example/jwks", fetch=server.fetch, retries=0, clock=clock
    )
    return app


def probe(app: Any) -> tuple[int, str]:
    """Ask, and wait until whatever that began has ended."""
    import httpx

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get("/health")

    answer = asyncio.run(ask())
    end = time.monotonic() + 30
    while app.state.keys.health().refreshing:
        assert time.monotonic() < end, "the fetch did not end"
        time.sleep(0.001)
    return answer.status_code, answer.json()["keys"]


def test_a_server_without_keys_gets_them_by_its_probe(needed: None, tmp_path: Path, clock: Clock) -> None:
    server = Server()
    app = application(tmp_path, clock, server)
    assert probe(app) == (503, "empty")
    assert server.asked == 1

    # It is left alone in the pause that follows a failure, however often the probe comes.
    server.up = True
    assert {probe(app) for _ in range(5)} == {(503, "empty")}
    assert server.asked == 1

    clock.move(app.state.keys.health().next_try_in)
    assert probe(app) == (503, "empty")
    assert probe(app) == (200, "fresh")
    assert server.asked == 2


def test_a_server_that_nobody_asked_for_long_is_ready_again(
    needed: None, tmp_path: Path, clock: Clock
) -> None:
    server = Server()
    server.up = True
    app = application(tmp_path, clock, server)
    probe(app)
    clock.move(100_000)
    assert probe(app) == (503, "unavailable")
    assert probe(app) == (200, "fresh")


def test_a_server_that_ends_is_not_ready(needed: None, tmp_path: Path, clock: Clock) -> None:
    server = Server()
    app = application(tmp_path, clock, server)
    app.state.keys.close()
    assert probe(app) == (503, "closed")
    assert server.asked == 0
