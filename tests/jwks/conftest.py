"""Fixtures: certificates, servers, clients that are closed."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from tests.jwks.server import KeyServer, certificate, running
from tests.support import Clock


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loopback is reached directly, whatever the environment says."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The CA, and the server's certificate with its key."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def trust(certificates: tuple[Path, Path]) -> ssl.SSLContext:
    """What trusts the CA of the tests."""
    return ssl.create_default_context(cafile=str(certificates[0]))


@pytest.fixture
def server(certificates: tuple[Path, Path]) -> Iterator[KeyServer]:
    with running(certificates[1]) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    # Far from time.monotonic, so that nothing mistakes one for the other.
    return Clock(1e9)


@pytest.fixture
def client(server: KeyServer, trust: ssl.SSLContext) -> Iterator[Callable[..., cyjwt.JWKSClient]]:
    """Makes clients of the server, that are closed in the end."""
    made: list[cyjwt.JWKSClient] = []

    def make(**options: Any) -> cyjwt.JWKSClient:
        if "fetch" not in options:
            options.setdefault("ssl_context", trust)
        options.setdefault("retries", 0)
        issuer = options.pop("issuer", None)
        if issuer is not None:
            new = cyjwt.JWKSClient.from_issuer(issuer, **options)
        else:
            new = cyjwt.JWKSClient(options.pop("url", server.url), **options)
        made.append(new)
        return new

    yield make
    for each in made:
        each.close()
