"""What the tests of the examples share: a clock that they move, settings, servers on ports of their own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from examples.auth_server.passwords import Cost
from examples.auth_server.settings import Settings

#: What has to be there for a server.
NEEDED = ("fastapi", "httpx", "msgspec", "uvicorn")

PASSWORD = "correct horse battery staple"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


def auth_settings(folder: Path, clock: Callable[[], float], **options: Any) -> Settings:
    """Settings with cheap passwords."""
    return Settings(data=folder, clock=clock, password_cost=Cost(log_n=4, p=1), **options)


def listening() -> socket.socket:
    """A socket on a free port."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def url(held: socket.socket) -> str:
    return f"http://127.0.0.1:{held.getsockname()[1]}"


@contextlib.contextmanager
def serving(app: Any, held: socket.socket) -> Iterator[None]:
    """Serve by uvicorn, in a thread, until the end of the block."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
    thread.start()
    try:
        end = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < end, "the server did not start in time"
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join(30)
        held.close()
    assert not thread.is_alive()
