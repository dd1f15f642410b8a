"""The examples in the help of each command are run, so that they can be typed as they stand."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from tests.unit.cli_support import FAR, KEYS, environment, run, token, zstd_of

COMMANDS = ("keygen", "jwks", "sign", "verify", "inspect", "info")
ISSUER = "https://issuer.example/"


def examples(*command: str) -> list[str]:
    """The lines of a help text that begin with the name of the program."""
    return re.findall(r"^ +(cyjwt .*)$", run(*command, "--help").output, re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the examples read."""
    for name, key in (("private", KEYS["ES256"]), ("current", KEYS["ES256"]), ("hmac", KEYS["HS256"])):
        (tmp_path / f"{name}.jwk").write_text(json.dumps(key.to_jwk(private=True)))
    (tmp_path / "private.pem").write_text(KEYS["RS256"].to_pem(private=True))
    (tmp_path / "next.pem").write_text(KEYS["RS256"].to_pem(private=True))
    (tmp_path / "public.pem").write_text(KEYS["ES256"].to_pem())
    for name in ("jwks.json", "partner-jwks.json"):
        (tmp_path / name).write_text(json.dumps(cyjwt.KeySet([KEYS["ES256"]]).to_jwks()))
    (tmp_path / "secret.bin").write_bytes(bytes(range(32)))
    good = token(aud="orders", iss=ISSUER)
    (tmp_path / "token.txt").write_text(good)
    (tmp_path / "claims.json").write_text(json.dumps({"sub": "42", "exp": FAR}))
    (tmp_path / "tokens.txt.gz").write_bytes(gzip.compress(good.encode()))
    (tmp_path / "tokens.txt").write_text(good)
    (tmp_path / "requests.ndjson.zst").write_bytes(zstd_of(json.dumps({"auth": {"token": token()}}).encode()))
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_examples_of_the_help_run(folder: Path, command: str) -> None:
    shown = [line for line in examples(*command.split()) if "COMMAND" not in line]
    assert shown or command == "info"
    if any(".parquet" in line for line in shown):
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.table({"access_token": [token()]}), folder / "table.parquet")
    program = folder / "programs" / "cyjwt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cyjwt "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    good = (folder / "token.txt").read_text()
    for line in shown:
        # No command replaces a file that exists, and these are here for the others.
        for made in re.findall(r"-out (\S+)", line):
            (folder / made).unlink(missing_ok=True)
        if "--secret-file" in line:
            secret = (folder / "secret.bin").read_bytes()
            (folder / "tokens.txt").write_text(cyjwt.encode({"exp": FAR}, secret, algorithm="HS256"))
        done = subprocess.run(
            ["bash", "-c", line.replace("eyJhbGciOi...", good)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment(PATH=path),
        )
        assert done.returncode == 0, f"$ {line}\n{done.stderr}"
