"""Check what a wheel holds: every module of the engine compiled, nothing of its sources, and no more than 4 MB.

    python tools/check_wheel.py [--release] dist/cyjwt-*.whl

``--release`` asks for what a wheel that is published must have besides: tags of a platform on which it runs anywhere,
extensions for the ABI that the name states, and a bill of materials that names the libraries inside.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UNWANTED = {".a", ".c", ".h", ".o", ".pxd", ".pyx"}
LARGEST = 4_000_000
COMPILED = re.compile(r"cyjwt/_engine/(\w+)\.[\w.-]*(?:so|pyd)")
LICENCES = ("LICENSE", "LICENSES/AWS-LC.txt", "LICENSES/crypto_mb.txt")
BILL = "sboms/cyjwt.cdx.json"
#: The platforms of wheels that are published: older systems than these are left out, and no other may be named.
PLATFORM = re.compile(
    r"(?:(?:manylinux2014|(?:many|musl)linux_\d+_\d+)_(?:x86_64|aarch64)|macosx_\d+_\d+_(?:x86_64|arm64)|win_amd64)"
)


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


def release_faults(name: str, names: list[str], bill: dict[str, Any] | None) -> list[str]:
    """What keeps a wheel of this name, these paths in it and this bill of materials from being published."""
    *_, python, abi, platforms = name.removesuffix(".whl").split("-")
    libraries = {one["name"] for one in bill["components"] if one.get("version")} if bill else set()
    needed = {"AWS-LC"} | ({"crypto_mb"} if re.search(r"manylinux\w*x86_64", platforms) else set())
    # "cp314t" is "314t" in cpython-314t-x86_64-linux-gnu.so, and "cp314t" in cp314t-win_amd64.pyd.
    number = abi.removeprefix("cp")
    return [
        *(
            f"{one} is no platform to publish for"
            for one in platforms.split(".")
            if not PLATFORM.fullmatch(one)
        ),
        *[f"{python}-{abi} are no tags of one CPython"] * (abi.removesuffix("t") != python),
        *(
            f"{path} is not for {abi}"
            for path in names
            if COMPILED.fullmatch(path) and f".cpython-{number}-" not in path and f".cp{number}-" not in path
        ),
        *(
            f"no licence {one}"
            for one in LICENCES
            if not any(path.endswith(f".dist-info/licenses/{one}") for path in names)
        ),
        *(f"the bill of materials does not name {one}" for one in sorted(needed - libraries)),
    ]


def faults_of(wheel: Path, engine: set[str], modules: set[str], *, release: bool = False) -> list[str]:
    """Everything that is wrong with the wheel at a path."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        found = faults(names, engine, modules)
        if release:
            bills = [archive.read(name) for name in names if name.endswith(f".dist-info/{BILL}")]
            found += release_faults(wheel.name, names, json.loads(bills[0]) if bills else None)
    return found + [f"larger than {LARGEST} octets"] * (wheel.stat().st_size > LARGEST)


def check(wheel: Path, *, release: bool = False) -> list[str]:
    """Everything that is wrong with a wheel of the sources that this tool lies in."""
    source = ROOT / "src"
    engine = {path.stem for path in source.glob("cyjwt/_engine/*.pyx")}
    wanted = [path for kind in ("*.py", "*.pyi", "py.typed") for path in source.glob(f"cyjwt/**/{kind}")]
    modules = {path.relative_to(source).as_posix() for path in wanted}
    return [f"{wheel.name}: {fault}" for fault in faults_of(wheel, engine, modules, release=release)]


def main(arguments: list[str]) -> int:
    release = "--release" in arguments
    wheels = [Path(argument) for argument in arguments if argument != "--release"]
    found = [fault for wheel in wheels for fault in check(wheel, release=release)]
    print(*found, sep="\n", end="\n" if found else "")
    if any("stale" in fault for fault in found):
        print("A stale file was left by an earlier build: run `make clean`.")
    return 1 if found or not wheels else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
