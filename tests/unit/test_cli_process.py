"""The command line as a process: pipes, signals, terminals, and the packages it may be missing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")
pytest.importorskip("pty")

import pty

import cyjwt
from tests.unit.cli_support import call, environment, key_file, spawn, tampered, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "HS256")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Lines enough to fill every pipe on the way."""
    path = tmp_path / "tokens.txt"
    path.write_text("".join(f"{token('HS256', n=n)}\n{tampered(token('HS256'))}\n" for n in range(3000)))
    return path


def test_exit_statuses(public: Path) -> None:
    good, bad = token("HS256"), tampered(token("HS256"))
    for text, status in ((good, 0), (bad, 1), (f"{good}\n{bad}", 1), ("", 2)):
        assert call("verify", "--key", public, input=text.encode()).returncode == status
    assert call("verify", "--key", public, good).returncode == 0
    assert call("verify", "--key", "missing", good).returncode == 2
    assert call("verify").returncode == 2


def test_the_whole_round(tmp_path: Path) -> None:
    def step(*arguments: str, status: int = 0) -> bytes:
        done = call(*arguments, cwd=tmp_path)
        assert done.returncode == status, done.stderr
        return done.stdout

    step("keygen", "--algorithm", "ES256", "--out", "private.jwk")
    step("jwks", "private.jwk", "--out", "jwks.json")
    text = step("sign", "--key", "private.jwk", "--audience", "orders", "--lifetime", "900", '{"sub":"42"}')
    (tmp_path / "token.txt").write_bytes(text)
    step("verify", "--key", "jwks.json", "--audience", "orders", "token.txt")
    step("verify", "--key", "jwks.json", "token.txt", status=1)
    claims = json.loads(step("verify", "--key", "jwks.json", "--audience", "orders", text.decode().strip()))
    assert claims["sub"] == "42"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--json"], [], ["--output-format", "csv"]])
def test_a_reader_that_leaves(public: Path, many: Path, arguments: list[str], unbuffered: str) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    settings = environment(PYTHONUNBUFFERED=unbuffered)
    with spawn("verify", "-k", public, *arguments, many, env=settings, **pipes) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()
        assert child.wait(30) == 141
    assert said == b""


def test_results_come_as_lines_go_in(public: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with spawn("verify", "--key", public, "--json", **pipes) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for number in (1, 2, 3):
            child.stdin.write(token("HS256").encode() + b"\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["line"] == number
        child.stdin.close()
        assert child.wait(30) == 0


def test_interrupted(public: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with spawn("verify", "--key", public, "--json", **pipes) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(token("HS256").encode() + b"\n" + b"garbage\n")
        child.stdin.flush()
        for _ in range(2):
            child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
        said = child.stderr.read().decode()
    assert said.startswith("2 tokens: 1 valid, 1 not valid; ")
    assert said.endswith("Error: standard input: interrupted after line 2\n")
    assert "Traceback" not in said


def on_terminal(*arguments: str | Path, both: bool = False) -> tuple[str, str, int]:
    """Run with standard error on a terminal, and standard output too if asked; gives both, and the status."""
    ours, theirs = pty.openpty()
    shown = bytearray()
    with tempfile.TemporaryFile() as file:
        options = {"stdin": subprocess.DEVNULL, "env": environment(TERM="xterm")}
        with spawn(*arguments, stdout=theirs if both else file, stderr=theirs, **options) as child:
            os.close(theirs)
            # Linux ends a terminal that nobody holds any more with an error, others with nothing.
            with contextlib.suppress(OSError):
                while piece := os.read(ours, 65_536):
                    shown += piece
            os.close(ours)
            status = child.wait(30)
        file.seek(0)
        return shown.decode(), file.read().decode(), status


@pytest.mark.parametrize("arguments", [["--quiet"], ["--json"], []])
def test_progress_is_for_terminals(public: Path, many: Path, arguments: list[str]) -> None:
    shown, written, status = on_terminal("verify", "--key", public, *arguments, many)
    assert status == 1
    assert ("100%" in shown) == (arguments != ["--quiet"])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    told = re.search(r"6,000 tokens, 3,000 bad, [\d,]+/s \S+ 100% 0:00:00 left", plain)
    assert (told is None) == (arguments == ["--quiet"])
    assert "\x1b" not in written
    assert ("6,000 tokens: " in shown) == (arguments == ["--json"])
    piped = call("verify", "--key", public, *arguments, many)
    assert b"%" not in piped.stderr
    assert b"\x1b" not in piped.stdout + piped.stderr


def test_lines_and_bar_share_a_terminal(public: Path, many: Path) -> None:
    shown, _, status = on_terminal("verify", "--key", public, many, both=True)
    assert status == 1
    assert shown.count("invalid_signature: Signature verification failed") == 3000
    assert "100%" in shown
    shown, _, _ = on_terminal("verify", "--key", public, "--json", many, both=True)
    assert "100%" not in shown


def test_nothing_piped_in(public: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        for arguments in (["verify", "--key", public], ["inspect"]):
            done = call(*arguments, stdin=theirs)
            assert done.returncode == 2
            assert b"- for standard input" in done.stderr
    finally:
        os.close(ours)
        os.close(theirs)


def test_output_that_cannot_be_written(public: Path, many: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with full.open("wb") as stdout:
        child = spawn("verify", "-k", public, "--json", many, stdout=stdout, stderr=subprocess.PIPE)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 2
    assert b"Error: No space left on device" in said
    assert b"Traceback" not in said


def test_the_locale_does_not_matter(public: Path) -> None:
    settings = environment(LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    done = call("verify", "--key", public, token("HS256", name="Zoë"), env=settings)
    assert done.returncode == 0
    assert json.loads(done.stdout)["name"] == "Zoë"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from cyjwt.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env=environment(), timeout=60
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"pip install 'cyjwt[cli]'" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_the_library_does_not_import_the_command_line() -> None:
    code = "import sys, cyjwt; print(*(m for m in sys.modules if m.split('.')[0] in ('click', 'rich') or m.startswith('cyjwt.cli')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment(), timeout=60
    )
    assert done.stdout.strip() == b""


def test_a_closed_stderr_costs_no_verdict(tmp_path: Path) -> None:
    key = cyjwt.Key.generate("HS256")
    (tmp_path / "key.jwk").write_text(json.dumps(key.to_jwk(private=True)))
    (tmp_path / "tokens.txt").write_text(cyjwt.Signer(key, lifetime=3600).sign({}) + "\n")
    command = f'"{sys.executable}" -m cyjwt verify --key key.jwk tokens.txt 2>&-'
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, check=False, stdout=subprocess.DEVNULL, env=environment()
    )
    assert done.returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_verdict_is_told_by_nothing_but_a_verdict(public: Path, tmp_path: Path, unbuffered: str) -> None:
    """Status 1 says that a token is not valid, and a reader who left, or a full disk, must not be taken for that."""
    good, cut = tmp_path / "good.txt", tmp_path / "cut.gz"
    good.write_text(token("HS256") + "\n", "ascii")
    cut.write_bytes(b"\x1f\x8b\x08\x00garbage")
    settings = environment(PYTHONUNBUFFERED=unbuffered)

    def status(*arguments: str | Path, out: int | None = None, err: int | None = None) -> int:
        streams = {"stdout": out or subprocess.DEVNULL, "stderr": err or subprocess.DEVNULL}
        child = spawn(*arguments, env=settings, stdin=subprocess.DEVNULL, **streams)
        return child.wait(30)

    ours, left = os.pipe()
    os.close(ours)
    full = os.open("/dev/full", os.O_WRONLY) if Path("/dev/full").exists() else None
    try:
        verify = ("verify", "--key", public)
        for arguments in ([*verify, good], [*verify, "-q", good], ["info"], ["--help"], ["--version"]):
            assert status(*arguments) == 0
            assert status(*arguments, out=left) == 141
            assert full is None or status(*arguments, out=full) == 2
        assert status(*verify, cut) == 2
        assert status(*verify, cut, out=left) in {2, 141}
        for stream in filter(None, (left, full)):
            assert status(*verify, "--json", good, err=stream) == 0
            assert status(*verify, tmp_path / "none", err=stream) == 2
            assert status("info", out=full or left, err=stream) in {2, 141}
    finally:
        os.close(left)
        if full is not None:
            os.close(full)
