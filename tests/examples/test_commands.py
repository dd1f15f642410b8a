"""The commands of examples/README.md: the servers as processes of their own, begun as it says."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cyjwt
from tests.examples.support import PASSWORD, listening, url
from tests.support import ROOT

README = (ROOT / "examples" / "README.md").read_text("utf-8")


def environment() -> dict[str, str]:
    """That of a shell in the root of a checkout where cyjwt is installed."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(cyjwt.__file__).parent.parent)])}


def run(folder: Path, *arguments: str, entered: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment(),
        input=entered,
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextlib.contextmanager
def started(folder: Path, *arguments: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", *arguments], cwd=folder, env=environment()) as process:
        try:
            yield
            assert process.poll() is None
        finally:
            process.terminate()


def test_the_pair_by_its_commands(needed: None, tmp_path: Path) -> None:
    import httpx

    def answer(method: str, address: str, **options: object) -> httpx.Response:
        end = time.monotonic() + 60
        while True:
            # It may not have begun yet; or have asked for the keys before the other one had.
            with contextlib.suppress(httpx.TransportError):
                given = client.request(method, address, **options)
                if given.status_code != 503:
                    return given
            assert time.monotonic() < end
            time.sleep(0.05)

    with listening() as one, listening() as two:
        auth, app = url(one), url(two)
    ports = [address.rpartition(":")[2] for address in (auth, app)]
    issuer = f"--issuer={auth}"
    with (
        started(tmp_path, "examples.auth_server", f"--port={ports[0]}", issuer),
        started(tmp_path, "examples.app_server", f"--port={ports[1]}", issuer),
        httpx.Client(trust_env=False, timeout=30) as client,
    ):
        added = run(
            tmp_path, "examples.auth_server", "add-user", "anna", "--role=clerk", entered=PASSWORD + "\n"
        )
        assert (added.returncode, added.stderr) == (0, "")
        login = {"username": "anna", "password": PASSWORD}
        first = answer("POST", f"{auth}/login", json=login).json()
        bearer = {"Authorization": f"Bearer {first['access_token']}"}
        assert answer("GET", f"{app}/orders", headers=bearer).status_code == 200
        assert answer("DELETE", f"{app}/orders/1", headers=bearer).status_code == 403

        changed = run(tmp_path, "examples.auth_server", issuer, "set-roles", "anna", "--role=manager")
        assert changed.returncode == 0, changed.stderr
        second = answer("POST", f"{auth}/refresh", json={"refresh_token": first["refresh_token"]}).json()
        bearer = {"Authorization": f"Bearer {second['access_token']}"}
        assert answer("DELETE", f"{app}/orders/1", headers=bearer).status_code == 204

        rotated = run(tmp_path, "examples.auth_server", "rotate-keys")
        assert rotated.returncode == 0, rotated.stderr
        assert len(answer("GET", f"{auth}/.well-known/jwks.json").json()["keys"]) == 2
        assert answer("GET", f"{app}/me", headers=bearer).status_code == 200
        stolen = run(tmp_path, "examples.auth_server", "rotate-keys", "--compromised")
        assert stolen.returncode == 0, stolen.stderr
        assert answer("GET", f"{app}/me", headers=bearer).status_code == 401
        assert len(answer("GET", f"{auth}/.well-known/jwks.json").json()["keys"]) == 1


def test_what_add_user_refuses(
    needed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from examples.auth_server.__main__ import main

    def outcome(*arguments: str, entered: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(entered))
        status = main(["--data", str(tmp_path), *arguments])
        return status, capsys.readouterr().err

    add = ("add-user", "anna")
    for password in ("short", "x" * 1_001):
        assert outcome(*add, entered=password + "\n") == (1, "a password must have 15 to 1,000 characters\n")
    for name in ("", "a" * 101):
        refused = outcome("add-user", name, entered=PASSWORD + "\n")
        assert refused == (1, "a name must have 1 to 100 characters\n")
    assert outcome(*add, entered=PASSWORD + "\n") == (0, "")
    assert outcome(*add, entered=PASSWORD + "\n") == (1, "there is a user of that name\n")
    assert outcome("set-roles", "ben", "--role=clerk") == (1, "there is no user of that name\n")


COMMANDS = re.findall(r"python -m (examples\.\w+ [\w-]+)(?: \w+)?((?: --[\w-]+)*)", README)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command))
def test_the_commands_of_the_readme_are_there(
    needed: None, command: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    name, options = command
    module, subcommand = name.split()
    with pytest.raises(SystemExit, match=r"^0$"):
        importlib.import_module(f"{module}.__main__").main([subcommand, "--help"])
    told = capsys.readouterr().out
    for option in options.split():
        assert option in told


def test_the_readme_names_commands() -> None:
    assert {command.split()[1] for command, _ in COMMANDS} >= {"add-user", "set-roles", "rotate-keys"}
