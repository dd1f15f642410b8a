"""``install_as_jwt``: what `import jwt` means from then on, and when it is too late. Each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt

pytestmark = [pytest.mark.interop]


def run(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    folders = [str(folder) for folder in (*path, Path(cyjwt.__file__).resolve().parent.parent)]
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        timeout=60,
    )


def fine(code: str, *path: Path) -> None:
    done = run(code, *path)
    assert done.returncode == 0, done.stderr


def test_every_module_is_the_same_object_under_both_names() -> None:
    fine("""
import importlib, pkgutil
import cyjwt.jwt
from cyjwt.jwt import install_as_jwt
install_as_jwt()
install_as_jwt()
import jwt
assert jwt is cyjwt.jwt
names = [m.name for m in pkgutil.iter_modules(cyjwt.jwt.__path__) if not m.name.startswith("_")]
assert {"algorithms", "api_jwk", "api_jws", "api_jwt", "exceptions", "jwks_client", "types", "utils", "warnings"} <= set(names)
for name in names:
    assert importlib.import_module(f"jwt.{name}") is importlib.import_module(f"cyjwt.jwt.{name}")
import jwt.exceptions
from jwt.exceptions import DecodeError
from jwt.jwks_client import PyJWKClient
from jwt import PyJWKClient as same
assert DecodeError is cyjwt.DecodeError and PyJWKClient is same
assert cyjwt.jwt.__name__ == "cyjwt.jwt" and jwt.algorithms.__spec__.name == "cyjwt.jwt.algorithms"
""")


def test_another_jwt_is_not_imported_although_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "jwt.py").write_text("raise SystemExit('the other one')")
    fine("from cyjwt.jwt import install_as_jwt; install_as_jwt(); import jwt; jwt.encode", tmp_path)


def test_it_is_too_late_once_another_jwt_is_imported(tmp_path: Path) -> None:
    (tmp_path / "jwt.py").write_text("")
    fine(
        """
import jwt
from cyjwt.jwt import install_as_jwt
try:
    install_as_jwt()
except RuntimeError as error:
    assert "before anything imports jwt" in str(error)
else:
    raise SystemExit("it was not")
import jwt as still
assert still is jwt and "cyjwt" not in jwt.__name__
""",
        tmp_path,
    )
