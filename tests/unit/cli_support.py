"""What the tests of the command line share: keys and tokens on disk, and two ways to run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cyjwt
from cyjwt.cli.app import app

PACKAGES = Path(cyjwt.__file__).resolve().parent.parent

#: 2100-01-01: as far off as the exp of every token here that shall not expire.
FAR = 4_102_444_800

KEYS = {
    "RS256": cyjwt.Key.generate("RS256", kid="rsa"),
    "ES256": cyjwt.Key.generate("ES256", kid="ec"),
    "EdDSA": cyjwt.Key.generate("EdDSA", kid="okp"),
    "HS256": cyjwt.Key.generate("HS256", kid="oct"),
}


def run(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in arguments], input=stdin, prog_name="cyjwt")


def environment(**more: str) -> dict[str, str]:
    """An environment in which a child process imports the cyjwt that is under test."""
    return {**os.environ, "PYTHONPATH": str(PACKAGES), "COLUMNS": "100", **more}


def spawn(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command line as a process of its own."""
    command = [sys.executable, "-m", "cyjwt", *map(str, arguments)]
    options.setdefault("env", environment())
    return subprocess.Popen(command, **options)


def call(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "cyjwt", *map(str, arguments)]
    options.setdefault("env", environment())
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)


def token(algorithm: str = "ES256", /, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that does not expire unless ``exp`` says so; ``exp=None`` leaves it out."""
    members = {"sub": "42", "exp": FAR} | claims
    kept = {name: value for name, value in members.items() if value is not None}
    return cyjwt.encode(kept, KEYS[algorithm], algorithm=algorithm, headers=headers)


def tampered(text: str) -> str:
    """The same token with another signature of the same length."""
    return text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]


def key_file(folder: Path, algorithm: str, *, private: bool = False, form: str = "jwk") -> Path:
    """A key in a file."""
    key = KEYS[algorithm]
    path = folder / f"{algorithm}{'-private' if private else ''}.{form}"
    if form == "pem":
        path.write_text(key.to_pem(private=private))
    elif form == "der":
        path.write_bytes(key.to_der(private=private))
    else:
        path.write_text(json.dumps(key.to_jwk(private=private or key.kty == "oct")))
    return path


def results(result: Result) -> list[dict[str, Any]]:
    """What ``--json`` wrote."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def zstd_of(data: bytes) -> bytes:
    """The data compressed by Zstandard; skips the test where there is none."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    zstd = pytest.importorskip(name, reason=f"{name} is not installed")
    return bytes(zstd.compress(data))
