"""A key server without a network: a transport that counts, and clients of it."""

from __future__ import annotations

from typing import Any

import cyjwt
from cyjwt.jwks import Request, Response
from tests.jwks.server import document, wait_for
from tests.support import Clock


class Source:
    """A transport that gives what it holds, and counts."""

    def __init__(self, *kids: str, **headers: str) -> None:
        self.body = document(*kids)
        self.headers: dict[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
        self.requests: list[Request] = []
        self.fails = False

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if self.fails:
            raise ConnectionError("down")
        return Response(200, self.headers, self.body)


def settled(client: cyjwt.JWKSClient) -> cyjwt.jwks.Health:
    """How it fares once nothing is under way."""
    wait_for(lambda: not client.health().refreshing)
    return client.health()


def made(source: Source, clock: Clock, **options: Any) -> cyjwt.JWKSClient:
    return cyjwt.JWKSClient("https://keys.example/", fetch=source, clock=clock, **options)
