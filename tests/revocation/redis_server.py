"""A Redis server of the tests' own, and a way to it that can be slow or go dead."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")


def why_none() -> str | None:
    """Why there can be no server, if so."""
    if importlib.util.find_spec("redis") is None:
        return "redis-py is not installed"
    return None if PROGRAM else "there is neither redis-server nor valkey-server"


class Server:
    """A server on a socket in a folder. With ``keep`` it has its data again after a restart."""

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        # The path of a socket must be short.
        self.path = f"{tempfile.gettempdir()}/cyjwt-{os.getpid()}-{id(self):x}.sock"
        self.url = f"unix://{self.path}"
        self._folder = folder
        self._keep = keep
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        options = ["--port", "0", "--unixsocket", self.path, "--dir", str(self._folder), "--save", ""]
        if self._keep:
            options += ["--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as one:
                try:
                    one.connect(self.path)
                    one.sendall(b"PING\r\n")
                    if one.recv(7) == b"+PONG\r\n":
                        return
                except OSError:
                    pass
            time.sleep(0.02)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        Path(self.path).unlink(missing_ok=True)

    def freeze(self) -> None:
        """Answer nothing, with every connection open: what a stalled network looks like."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.thaw()
        self.kill()


class Slow:
    """A way to a server on which every answer takes its time.

    Attributes:
        delay: seconds.
        break_at: what breaks every connection where it comes by next, before the server gets it.
    """

    def __init__(self, server: Server, delay: float) -> None:
        self.delay = delay
        self.break_at: bytes | None = None
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._server.path)
            self._open += [near, far]
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, late: bool) -> None:
        try:
            while octets := source.recv(65536):
                if late:
                    time.sleep(self.delay)
                if self.break_at is not None and self.break_at in octets:
                    self.break_at = None
                    self.cut()
                target.sendall(octets)
        except OSError:
            pass

    def cut(self) -> None:
        """Break every connection."""
        held, self._open = self._open, []
        for one in held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()
        self.cut()
