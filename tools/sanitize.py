#!/usr/bin/env python3
"""Run a command over a build of the engine that watches itself.

    python tools/sanitize.py asan|tsan|valgrind|fuzz [--check] [COMMAND [ARGUMENT ...]]

The package is built into a folder of its own under ``build/``, and nothing is installed and no source touched; the
command finds it through ``PYTHONPATH``. ``CYJWT_LIBCRYPTO`` chooses the libcrypto, as for ``setup.py``. A ``python``
at the front of the command is this interpreter. What is found ends the command with a status other than 0.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SUPPRESSIONS = ROOT / "tools" / "suppressions"
#: Where the runtimes write, each process a file by its number: what goes to standard error pytest would keep to itself.
REPORTS = ROOT / "build" / "reports"

#: Little optimization and all names, so that a report says where.
CFLAGS = "-O1 -g -fno-omit-frame-pointer"


class Mode(NamedTuple):
    """One way to watch.

    Attributes:
        compiler: the C compiler with the options of its sanitizers, which the linker needs as well.
        preload: runtime libraries that must come before all others; of clang's, what a function finds.
        environment: what the runtime is told.
        wrap: what the command is run by.
        packages: where Debian has the tools.
    """

    compiler: str
    preload: tuple[str, ...]
    environment: dict[str, str]
    wrap: tuple[str, ...] = ()
    packages: str = "gcc"


#: Python frees little at its end, and its own memory pools would hide what is read past an end.
_ASAN = "detect_leaks=0:allocator_may_return_null=1:strict_string_checks=1"
_UBSAN = "print_stacktrace=1:halt_on_error=1"
_MALLOC = {"PYTHONMALLOC": "malloc"}

MODES = {
    "asan": Mode(
        "gcc -fsanitize=address,undefined -fno-sanitize-recover=all",
        # The C++ of other packages throws, and its runtime must be there when the sanitizer's begins.
        ("libasan.so", "libubsan.so", "libstdc++.so"),
        {
            **_MALLOC,
            "ASAN_OPTIONS": f"{_ASAN}:detect_stack_use_after_return=1:log_path={REPORTS / 'asan'}",
            "UBSAN_OPTIONS": f"{_UBSAN}:log_path={REPORTS / 'asan'}",
        },
    ),
    "tsan": Mode(
        "gcc -fsanitize=thread",
        ("libtsan.so",),
        {
            "TSAN_OPTIONS": f"suppressions={SUPPRESSIONS / 'tsan.txt'}:log_path={REPORTS / 'tsan'}:"
            "halt_on_error=0:exitcode=0:history_size=7"
        },
        # ThreadSanitizer has fixed places for its shadow memory, which a randomized address space may take.
        ("setarch", platform.machine(), "--addr-no-randomize"),
        "gcc, util-linux",
    ),
    "valgrind": Mode(
        "gcc",
        (),
        _MALLOC,
        (
            "valgrind", "--quiet", "--error-exitcode=99", "--trace-children=no",
            "--num-callers=25", f"--suppressions={SUPPRESSIONS / 'valgrind.txt'}",
        ),
        "gcc, valgrind",
    ),
    # The sanitizers' own runtime comes with atheris, and holds libFuzzer besides. Cython's code adds 0 to NULL, which
    # clang takes amiss until C2y.
    "fuzz": Mode(
        "clang -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=function,pointer-overflow -fno-sanitize-recover=all",
        ("asan_with_fuzzer.so",),
        {**_MALLOC, "ASAN_OPTIONS": f"{_ASAN}:abort_on_error=1:symbolize=1", "UBSAN_OPTIONS": _UBSAN},
        packages="clang, libclang-rt-dev; PyPI: atheris",
    ),
}  # fmt: skip


class MissingError(Exception):
    """A tool that this machine lacks; the message says which."""


def needed(mode: Mode) -> None:
    for program in (mode.compiler.split()[0], *mode.wrap[:1]):
        if shutil.which(program) is None:
            raise MissingError(f"there is no {program} (Debian and Ubuntu: {mode.packages})")


def library(mode: Mode, name: str) -> str:
    """The path of a runtime library."""
    if name == "asan_with_fuzzer.so":
        path = Path(sysconfig.get_path("platlib"), name)
    else:
        asked = [mode.compiler.split()[0], f"-print-file-name={name}"]
        path = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    if not path.is_absolute() or not path.exists():
        raise MissingError(f"there is no {name} ({mode.packages})")
    return str(path.resolve())


def folder(name: str, mode: Mode) -> Path:
    """Where the build of a mode lies: of these options, for this interpreter and libcrypto."""
    told = "\0".join((mode.compiler, CFLAGS, os.environ.get("CYJWT_LIBCRYPTO", "openssl")))
    tag = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    return ROOT / "build" / f"{name}-{tag}-{zlib.crc32(told.encode()):08x}"


def build(name: str, mode: Mode) -> Path:
    """The package with its instrumented engine; a second call compiles what has changed."""
    base = folder(name, mode)
    made = base / "lib"
    # A module that was since renamed must not be found; the others may be in use by another command.
    for path in made.rglob("*.py"):
        if not (ROOT / "src" / path.relative_to(made)).exists():
            path.unlink()
    environment = {
        **os.environ,
        "CC": mode.compiler,
        "CFLAGS": CFLAGS,
        # The compiler that links would run under the runtime as well.
        "ASAN_OPTIONS": "detect_leaks=0",
        # Another compiler, and less optimization, guess otherwise about the flow.
        "CYJWT_WERROR": "0",
    }
    command = [
        sys.executable,
        "setup.py",
        "--quiet",
        "build",
        "--build-base",
        str(base),
        "--build-lib",
        str(made),
    ]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return made


def environment(mode: Mode, made: Path) -> dict[str, str]:
    """What the command runs in."""
    told = {**os.environ, **mode.environment, "CYJWT_INSTRUMENTED": str(made)}
    if mode.preload:
        told["LD_PRELOAD"] = " ".join(library(mode, name) for name in mode.preload)
    told["PYTHONPATH"] = os.pathsep.join([str(made), str(ROOT)])
    return told


def reports(name: str) -> list[Path]:
    """What the runtime of a mode has written, a file for each process that had something to say."""
    return sorted(REPORTS.glob(f"{name}.*"))


def watch(name: str, command: list[str], told: dict[str, str]) -> int:
    """Run the command, print what was found, and give a status that is 0 only where nothing was."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    for path in reports(name):
        path.unlink()
    status = subprocess.run([*MODES[name].wrap, *command], env=told, check=False).returncode
    found = reports(name)
    for path in found:
        print(f"\n{path}:\n{path.read_text('utf-8', 'replace')}", file=sys.stderr)
    return status or (66 if found else 0)


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Run a command over a build of the engine that watches itself."
    )
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--check", action="store_true", help="only say whether the tools are here")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run")
    options = parser.parse_args()
    mode = MODES[options.mode]
    try:
        needed(mode)
        for name in mode.preload:
            library(mode, name)
        if options.check:
            return 0
        made = build(options.mode, mode)
        command = options.command
        if command and command[0] == "python":
            command = [sys.executable, *command[1:]]
        told = environment(mode, made)
    except MissingError as error:
        print(f"sanitize: {options.mode}: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        return error.returncode
    return watch(options.mode, command, told) if command else 0


if __name__ == "__main__":
    sys.exit(main())
