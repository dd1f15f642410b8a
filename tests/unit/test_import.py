"""`import cyjwt` is cheap, and leaves to others what only some need."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt

FOLDER = str(Path(cyjwt.__file__).parent.parent)


def run(code: str) -> str:
    program = f"import sys; sys.path.insert(0, {FOLDER!r})\n{code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_not_imported() -> None:
    """The key layer, the command line's libraries, what opens sockets or files on its own, and what is slow."""
    loaded = set(run("import cyjwt; print(*sys.modules)").split())
    assert "cyjwt.verifier" in loaded
    heavy = {"cryptography", "click", "rich", "numpy", "pyarrow", "jwt", "Cython", "typing_extensions"}
    heavy |= {"asyncio", "ssl", "socket", "http", "urllib.request", "email", "subprocess", "multiprocessing"}
    heavy |= {
        "collections",
        "concurrent.futures",
        "functools",
        "re",
        "typing",
        "unittest",
        "doctest",
        "logging",
        "tempfile",
        "importlib.metadata",
        "nanoarrow",
        "polars",
        "duckdb",
        "pandas",
        "cyjwt.cli",
        "cyjwt.arrow",
        "cyjwt.jwks",
    }
    assert not loaded & heavy


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_signing_and_verifying_need_no_cryptography(algorithm: str) -> None:
    """A service whose keys are secrets or raw JWKs pays for the engine alone."""
    if algorithm == "HS256":
        make = "key = cyjwt.Key.from_secret(bytes(range(32)))"
    else:
        jwk = cyjwt.Key.generate("ES256").to_jwk(private=True)
        make = f"key = cyjwt.Key.from_jwk({jwk!r}); sys.modules.pop('cryptography', None)"
    code = f"""
import cyjwt
{make}
before = set(sys.modules)
token = cyjwt.Signer(key, algorithm={algorithm!r}, lifetime=60).sign({{"a": 1}})
assert cyjwt.Verifier(key).verify(token)["a"] == 1
try:
    cyjwt.Verifier(key).verify(token[:-6] + "AAAAAA")
except cyjwt.InvalidSignatureError:
    pass
print(sorted(name for name in set(sys.modules) - before if name.split(".")[0] == "cryptography"))
"""
    assert run(code) == "[]\n"


@pytest.mark.skipif(
    cyjwt.build_info()["libcrypto"] == "OpenSSL",
    reason="the system's loader and OpenSSL itself take their time besides: what is bounded is the wheel's import",
)
def test_it_costs_little(tmp_path: Path) -> None:
    """Under 15 ms over the bare interpreter, by the best of many runs, all but the first with bytecode.

    That is meant of a machine on which the interpreter itself starts in 12 ms; a slower one has as much more time.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    code = f"import sys; sys.path.insert(0, {FOLDER!r})\n"
    # Of the processor's time, since others may be at work on the machine too.
    code += "from time import process_time as now; t = now(); import cyjwt; print(now() - t)"
    bare = "from time import process_time as now; print(now())"

    def seconds(code: str) -> float:
        child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60)
        return float(child.stdout)

    best = start = 1.0
    for _ in range(40):
        best, start = min(best, seconds(code)), min(start, seconds(bare))
        if best < 0.015 * max(start / 0.012, 1):
            return
    raise AssertionError(f"import cyjwt took {best * 1000:.1f} ms, the bare interpreter {start * 1000:.1f}")


def test_it_imports_without_a_trace() -> None:
    """Neither a word nor a warning, and twice is as good as once."""
    code = "import warnings; warnings.simplefilter('error'); import cyjwt, importlib; importlib.reload(cyjwt)"
    assert run(code) == ""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-X",
            "dev",
            "-c",
            f"import sys; sys.path.insert(0, {FOLDER!r}); import cyjwt",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "name", ["errors", "algorithms", "policy", "token", "keys", "keyset", "verifier", "signer", "api", "info"]
)
def test_each_module_can_be_the_first(name: str) -> None:
    assert run(f"import cyjwt.{name}; print(cyjwt.{name}.__name__)") == f"cyjwt.{name}\n"


@pytest.mark.parametrize(
    "name", ["verify", "sign", "jsontext", "jsonscan", "jsonwrite", "claims", "header", "pkey"]
)
def test_each_compiled_module_can_be_the_first(name: str) -> None:
    assert run(f"import cyjwt._engine.{name}; print('fine')") == "fine\n"


def test_the_public_names() -> None:
    assert cyjwt.__all__ == sorted(cyjwt.__all__)
    for name in cyjwt.__all__:
        assert hasattr(cyjwt, name)
    public = {
        name
        for name, value in vars(cyjwt).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public == set(cyjwt.__all__) - {"__version__"}
