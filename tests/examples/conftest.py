"""Fixtures: the clock, the two servers, and clients of both."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.support import NEEDED, PASSWORD, Clock, auth_settings, listening, serving, url

if TYPE_CHECKING:
    import httpx

    from examples.auth_server.api import Services


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loopback is reached directly, whatever the environment says."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def needed() -> None:
    """Skip where a server cannot be."""
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")


@dataclass
class Servers:
    """Both servers, and what a client does with them."""

    folder: Path
    clock: Clock
    auth: httpx.Client
    app: httpx.Client
    services: Services
    app_state: Any
    auth_running: contextlib.ExitStack

    def add(self, name: str, *roles: str) -> str:
        return self.services.users.add(name, PASSWORD, roles).id

    def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.auth.post("/login", json={"username": name, "password": password})

    def tokens(self, name: str) -> dict[str, Any]:
        answer = self.login(name)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, tokens: dict[str, Any]) -> httpx.Response:
        return self.auth.post("/refresh", json={"refresh_token": tokens["refresh_token"]})

    def get(self, path: str, tokens: dict[str, Any]) -> httpx.Response:
        return self.call("GET", path, tokens)

    def call(self, method: str, path: str, tokens: dict[str, Any]) -> httpx.Response:
        return self.app.request(method, path, headers={"Authorization": f"Bearer {tokens['access_token']}"})

    def kids(self) -> list[str]:
        return [key["kid"] for key in self.auth.get("/.well-known/jwks.json").json()["keys"]]


@pytest.fixture
def servers(needed: None, tmp_path: Path) -> Iterator[Servers]:
    """Servers that nobody has used."""
    with _running(tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
def standing(needed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that many tests use, none of which changes what the others meet. There is a user, anna."""
    with _running(tmp_path_factory.mktemp("standing")) as started:
        started.add("anna")
        yield started


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[Servers]:
    import httpx

    from examples.app_server.api import create_app as create_application
    from examples.app_server.settings import Settings
    from examples.auth_server.api import create_app

    clock = Clock()
    sockets: list[socket.socket] = [listening(), listening()]
    issuer = url(sockets[0])
    auth = create_app(auth_settings(folder, clock, issuer=issuer))
    settings = Settings(revoked=folder / "revoked.db", issuer=issuer, clock=clock, monotonic=clock)
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(contextlib.ExitStack())
        running.enter_context(serving(auth, sockets[0]))
        application = create_application(settings)
        stack.enter_context(serving(application, sockets[1]))
        clients = [
            stack.enter_context(httpx.Client(base_url=url(held), trust_env=False, timeout=30, verify=False))
            for held in sockets
        ]
        yield Servers(folder, clock, *clients, auth.state.services, application.state, running)
