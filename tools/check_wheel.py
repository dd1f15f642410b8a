"""Check what a wheel holds: every module of the engine compiled, nothing of its sources, and no more than 4 MB.

python tools/check_wheel.py dist/cyjwt-*.whl
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
UNWANTED = {".a", ".c", ".h", ".o", ".pxd", ".pyx"}
LARGEST = 4_000_000
COMPILED = re.compile(r"cyjwt/_engine/(\w+)\.[\w.-]*(?:so|pyd)")


def faults(names: list[str], engine: set[str], modules: set[str]) -> list[str]:
    """Everything that is wrong with a wheel of these names.

    Args:
        names: the paths in the wheel.
        engine: the names of the modules that must be there compiled.
        modules: the paths of the files of Python that must be there, and no other.
    """
    compiled = {match[1] for name in names if (match := COMPILED.fullmatch(name))}
    python = {name for name in names if name.endswith((".py", ".pyi", "py.typed"))}
    return [
        *(f"no compiled {name}" for name in sorted(engine - compiled)),
        *(f"a stale compiled {name}" for name in sorted(compiled - engine)),
        *(f"no {name}" for name in sorted(modules - python)),
        *(f"a stale {name}" for name in sorted(python - modules)),
        *(f"{name} does not belong in a wheel" for name in names if PurePosixPath(name).suffix in UNWANTED),
    ]


def faults_of(wheel: Path, engine: set[str], modules: set[str]) -> list[str]:
    """Everything that is wrong with the wheel at a path."""
    with zipfile.ZipFile(wheel) as archive:
        found = faults(archive.namelist(), engine, modules)
    return found + [f"larger than {LARGEST} octets"] * (wheel.stat().st_size > LARGEST)


def main(wheels: list[str]) -> int:
    source = ROOT / "src"
    engine = {path.stem for path in source.glob("cyjwt/_engine/*.pyx")}
    wanted = [path for kind in ("*.py", "*.pyi", "py.typed") for path in source.glob(f"cyjwt/**/{kind}")]
    modules = {path.relative_to(source).as_posix() for path in wanted}
    found = []
    for wheel in wheels:
        found += [f"{Path(wheel).name}: {fault}" for fault in faults_of(Path(wheel), engine, modules)]
    print(*found, sep="\n", end="\n" if found else "")
    if any("stale" in fault for fault in found):
        print("A stale file was left by an earlier build: run `make clean`.")
    return 1 if found or not wheels else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
