"""``cyjwt verify`` on a standard input that is a file, or does not block."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from cyjwt.cli.failure import Failure
from tests.unit.cli_support import call, key_file, run, spawn, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


@pytest.mark.parametrize("arguments", [[], ["-"], ["--file", "-"], ["/dev/stdin"]])
@pytest.mark.parametrize("out", ["tokens.ndjson", "link.ndjson"])
def test_the_output_never_replaces_standard_input(
    tmp_path: Path, public: Path, arguments: list[str], out: str
) -> None:
    if "/dev/stdin" in arguments and not Path("/dev/stdin").exists():
        pytest.skip("there is no /dev/stdin")
    path = tmp_path / "tokens.ndjson"
    # Far more than is read before the output is opened, and a bad token at the end.
    path.write_text(f"{token()}\n" * 20_000 + "garbage\n")
    (tmp_path / "link.ndjson").symlink_to(path)
    before = path.read_bytes()
    options = ["--key", public, "--input-format", "text", "--output", tmp_path / out]
    with path.open("rb") as stdin:
        done = call("verify", *options, *arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"one of the files that are read" in done.stderr
    assert path.read_bytes() == before


def test_an_output_beside_standard_input(tmp_path: Path, public: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text(token() + "\n")
    with path.open("rb") as stdin:
        assert call("verify", "--key", public, "-o", tmp_path / "out.csv", stdin=stdin).returncode == 0
    # A token that is given leaves standard input unread; and /dev/null loses nothing.
    with path.open("rb") as stdin:
        done = call("verify", "--key", public, "-o", path, "--output-format", "csv", token(), stdin=stdin)
    assert (done.returncode, path.read_text()) == (0, "line,status,reason\n1,valid,\n")
    done = call("verify", "-k", public, "--json", "-o", "/dev/null", stdin=subprocess.DEVNULL)
    assert b"no token in it" in done.stderr


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
@pytest.mark.parametrize("first", [0, 1, 3, 300])
def test_a_moment_without_data_is_not_the_end(
    public: Path, packed: Callable[[bytes], bytes], first: int
) -> None:
    data = packed(f"{token()}\n".encode() * 3 + b"garbage\n")
    theirs, ours = os.pipe()
    os.set_blocking(theirs, False)
    with spawn(
        "verify", "-k", public, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        os.close(theirs)
        os.write(ours, data[:first])
        # It ended within this, as if that were all.
        time.sleep(1)
        assert child.poll() is None
        os.write(ours, data[first:])
        os.close(ours)
        said = child.communicate(timeout=30)[0].decode()
    assert child.returncode == 1, said
    assert "4 tokens: 3 valid, 1 not valid" in said


def test_a_socket_that_does_not_block(public: Path) -> None:
    socket = pytest.importorskip("socket")
    theirs, ours = socket.socketpair()
    theirs.setblocking(False)
    with (
        theirs,
        ours,
        spawn("verify", "-k", public, "--json", stdin=theirs, stdout=subprocess.PIPE) as child,
    ):
        assert child.stdout is not None
        for _ in range(3):
            ours.sendall(token().encode() + b"\n")
            assert b'"valid"' in child.stdout.readline()
        ours.shutdown(socket.SHUT_WR)
        assert child.wait(30) == 0


def test_no_failure_plays_with_the_terminal() -> None:
    assert Failure("timestamp[s, tz=\x07\x9b31mX\x1b]").message == "timestamp[s, tz=\\x07\\x9b31mX\\x1b]"
    assert Failure("Zoë\nand more").message == "Zoë\nand more"


def test_a_file_outlives_a_package_that_is_missing(
    public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results.parquet"
    out.write_bytes(b"kept")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    done = run("verify", "-k", public, "-o", out, stdin=token())
    assert done.exit_code == 2
    assert "pip install" in done.stderr
    assert out.read_bytes() == b"kept"
