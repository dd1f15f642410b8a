#!/usr/bin/env python3
"""Build the pinned AWS-LC into a prefix: a static ``libcrypto.a`` (Windows: ``crypto.lib``) and its headers.

    python tools/build_aws_lc.py [--source PATH] [--prefix DIR] [--jobs N]

Standard output holds the prefix alone, ready for ``CYJWT_LIBCRYPTO``, and nothing where the status is not 0; all else
goes to standard error. A second call finds the prefix complete and does nothing. The standard library is enough to
run this; cmake comes from the ``PATH`` or from beside the running interpreter, the source from the sdist of the
``awscrt`` package on PyPI, which carries AWS-LC, or from wherever ``--source`` points.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PACKAGE = "awscrt"
PACKAGE_VERSION = "0.38.1"
PACKAGE_SHA256 = "0dcebfaa70cf079133cd2352119e3d05e9b8ca1d1621736cfb54c03f3d5fef0f"

#: No Go and no Perl: the sources carry what those would generate. Only libcrypto, without its tests.
OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DDISABLE_GO=ON",
    "-DDISABLE_PERL=ON",
    "-DBUILD_TESTING=OFF",
    "-DBUILD_TOOL=OFF",
    "-DBUILD_LIBSSL=OFF",
    "-DENABLE_SOURCE_MODIFICATION=OFF",
)
#: The environment that reaches the compiler through cmake, and therefore tells one prefix from another.
BUILD_ENVIRONMENT = (
    *("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "ARCHFLAGS", "MACOSX_DEPLOYMENT_TARGET"),
    "CMAKE_TOOLCHAIN_FILE",
)

WINDOWS = sys.platform == "win32"
#: The library, as the linker of the platform looks for it.
LIBRARY = "crypto.lib" if WINDOWS else "libcrypto.a"
RECORD = "cyjwt-aws-lc.json"
PROJECT_LINE = re.compile(r'set\(SOFTWARE_NAME "awslc"\)\s*set\(SOFTWARE_VERSION "([0-9.]+)"\)')


class BuildError(Exception):
    """The build cannot go on; the message says why and what helps."""


def say(text: str) -> None:
    print(f"build_aws_lc: {text}", file=sys.stderr, flush=True)


def run(command: list[str], **options: object) -> None:
    say("$ " + " ".join(command))
    # Standard output belongs to the prefix alone.
    result = subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False, **options)  # type: ignore[call-overload]
    if result.returncode:
        raise BuildError(f"{Path(command[0]).name} failed with status {result.returncode}")


def cache_root() -> Path:
    """The cache folder: ``CYJWT_CACHE``, else ``cyjwt`` in the user's cache folder."""
    if named := os.environ.get("CYJWT_CACHE"):
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cyjwt"


# What is built: the key that tells one prefix from another.


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def source_identity(source: Path | None) -> str:
    """What the source is, without unpacking it: a hash of the archive, or of a tree's names, sizes and times."""
    if source is None:
        return PACKAGE_SHA256
    if source.is_file():
        return sha256_of(source)
    if not source.is_dir():
        raise BuildError(f"--source {source}: no such file or folder")
    tree = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(source).parts:
            status = path.stat()
            tree.update(f"{path.relative_to(source)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return tree.hexdigest()


def compiler_identity() -> str:
    """The first line in which the C compiler names itself and its version."""
    if WINDOWS:
        # cmake finds Visual Studio's, which is on no PATH; a prefix is not to outlive its machine.
        return os.environ.get("VISUALSTUDIOVERSION") or "Visual Studio"
    command = (os.environ.get("CC") or "cc").split()
    if "CC" not in os.environ and shutil.which("cc") is None:
        command = ["gcc"]
    try:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(
            f"no working C compiler: {' '.join(command)}: {error} (install gcc and g++)"
        ) from None
    return answer.stdout.splitlines()[0].strip()


def recipe(source: Path | None) -> dict[str, str]:
    """Everything that decides what comes out; recorded in the prefix."""
    return {
        "source": source_identity(source),
        "compiler": compiler_identity(),
        "platform": f"{platform.system()}-{platform.machine()}".lower(),
        "options": " ".join(OPTIONS),
        **{name: os.environ[name] for name in BUILD_ENVIRONMENT if os.environ.get(name)},
    }


def prefix_name(wanted: dict[str, str], source: Path | None) -> str:
    origin = f"{PACKAGE}-{PACKAGE_VERSION}" if source is None else "named-source"
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
    return f"aws-lc-{origin}-{wanted['platform']}-{digest}"


def is_complete(prefix: Path, wanted: dict[str, str]) -> bool:
    try:
        record = json.loads((prefix / RECORD).read_text())
    except (OSError, ValueError):
        return False
    return record.get("recipe") == wanted and (prefix / "lib" / LIBRARY).is_file()


# Where the source comes from.


def fetch(sources: Path, package: str, version: str, sha256: str) -> Path:
    """A pinned sdist, from the cache or through pip; in either case only after its hash was checked."""
    archive = sources / f"{package}-{version}.tar.gz"
    if archive.is_file() and sha256_of(archive) == sha256:
        return archive
    sources.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sources, prefix="download-") as name:
        folder = Path(name)
        pin = folder / "pin.txt"
        # With --require-hashes pip refuses another file before it runs anything that the file holds.
        pin.write_text(f"{package}=={version} --hash=sha256:{sha256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package]
        run([*pip, "--require-hashes", "--dest", str(folder), "--requirement", str(pin)])
        found = folder / archive.name
        if not found.is_file():
            raise BuildError(f"pip brought no {archive.name}")
        if sha256_of(found) != sha256:
            raise BuildError(f"{archive.name} is not the pinned file: its SHA-256 differs")
        found.replace(archive)
    return archive


def aws_lc_folder(names: list[str]) -> PurePosixPath:
    """Where AWS-LC lies in an archive: the top, or ``crt/aws-lc`` below it."""
    for name in sorted(names, key=len):
        path = PurePosixPath(name)
        inner = path.parts[1:]
        if inner in (("crt", "aws-lc", "CMakeLists.txt"), ("CMakeLists.txt",)):
            # awscrt has a CMakeLists.txt of its own at the top.
            nested = PurePosixPath(path.parts[0], "crt", "aws-lc", "CMakeLists.txt")
            return (nested if str(nested) in names else path).parent
    raise BuildError("the archive holds no AWS-LC source")


def unpack(archive: Path, target: Path) -> None:
    """Extract AWS-LC alone: plain files, below ``target``; links and odd paths are not written."""
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        top = aws_lc_folder([member.name for member in members if member.isfile()])
        for member in members:
            path = PurePosixPath(member.name)
            if (
                not member.isfile()
                or path.is_absolute()
                or ".." in path.parts
                or not path.is_relative_to(top)
            ):
                continue
            place = target / path.relative_to(top)
            place.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None, "a regular file has content"
            with content, place.open("wb") as out:
                shutil.copyfileobj(content, out)
            if member.mode & 0o100:
                place.chmod(0o755)


def source_tree(source: Path | None, root: Path, scratch: Path) -> Path:
    """A folder that holds AWS-LC's source."""
    if source is not None and source.is_dir():
        nested = source / "crt" / "aws-lc"
        return nested if nested.is_dir() else source
    archive = (
        source if source is not None else fetch(root / "sources", PACKAGE, PACKAGE_VERSION, PACKAGE_SHA256)
    )
    tree = scratch / "source"
    say(f"unpacking {archive.name}")
    unpack(archive, tree)
    return tree


def aws_lc_version(tree: Path) -> str:
    try:
        found = PROJECT_LINE.search((tree / "CMakeLists.txt").read_text())
    except OSError:
        found = None
    if found is None:
        raise BuildError(f"{tree} does not hold AWS-LC's source")
    return found[1]


# The build.


def program(name: str) -> str | None:
    """A program that runs: from the ``PATH``, or from beside this interpreter (a venv that is not activated)."""
    beside = str(Path(sys.executable).parent)
    for folder in (None, beside):
        path = shutil.which(name, path=folder)
        # A version manager's stand-in may be found and still not run.
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def compile_libcrypto(tree: Path, build: Path, jobs: int) -> Path:
    cmake = program("cmake")
    if cmake is None:
        raise BuildError("no cmake on this machine; `python -m pip install cmake ninja` brings one")
    if WINDOWS:
        # The generator of Visual Studio finds its compiler; AWS-LC wants NASM besides.
        run([cmake, "-S", str(tree), "-B", str(build), "-A", "x64", *OPTIONS])
        run(
            [
                cmake,
                "--build",
                str(build),
                "--config",
                "Release",
                "--target",
                "crypto",
                "--parallel",
                str(jobs),
            ]
        )
        return built(build)
    ninja = program("ninja")
    generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"] if ninja else ["-G", "Unix Makefiles"]
    # Error reports name source files; keep the folder of this build out of the library.
    flags = f"{os.environ.get('CFLAGS', '')} -ffile-prefix-map={tree}=aws-lc".strip()
    configure = [cmake, "-S", str(tree), "-B", str(build), *generator, *OPTIONS]
    run([*configure, f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_ASM_FLAGS={flags}"])
    run([cmake, "--build", str(build), "--target", "crypto", "--parallel", str(jobs)])
    return built(build)


def built(build: Path) -> Path:
    library = next(build.rglob(LIBRARY), None)
    if library is None:
        raise BuildError(f"the build left no {LIBRARY}")
    return library


def install(tree: Path, library: Path, stage: Path, record: dict[str, object]) -> None:
    (stage / "lib").mkdir(parents=True)
    shutil.copyfile(library, stage / "lib" / LIBRARY)
    shutil.copytree(tree / "include" / "openssl", stage / "include" / "openssl")
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(tree / name, stage / name)
    (stage / RECORD).write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time build a prefix; the others wait and then find it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def provide(source: Path | None, prefix: Path | None, jobs: int) -> Path:
    """The prefix, built if it is not there yet."""
    root = cache_root()
    wanted = recipe(source)
    if prefix is None:
        prefix = root / prefix_name(wanted, source)
    if is_complete(prefix, wanted):
        return prefix
    with locked(prefix.with_name(prefix.name + ".lock")):
        if is_complete(prefix, wanted):
            return prefix
        if prefix.exists() and any(prefix.iterdir()) and not (prefix / RECORD).is_file():
            raise BuildError(f"{prefix} exists and was not made by this tool: name an empty folder")
        with tempfile.TemporaryDirectory(dir=prefix.parent, prefix=f".{prefix.name}-") as name:
            scratch = Path(name)
            tree = source_tree(source, root, scratch)
            version = aws_lc_version(tree)
            say(f"building AWS-LC {version} with {wanted['compiler']}")
            library = compile_libcrypto(tree, scratch / "build", jobs)
            stage = scratch / "stage"
            install(tree, library, stage, {"recipe": wanted, "aws_lc": version})
            # The prefix appears whole or not at all.
            if prefix.exists():
                prefix.rename(scratch / "replaced")
            stage.rename(prefix)
    return prefix


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the pinned AWS-LC into a prefix and print its path.")
    parser.add_argument(
        "--source", type=Path, help="a folder or tar archive of AWS-LC, or of an awscrt sdist"
    )
    parser.add_argument("--prefix", type=Path, help="where to install (default: a folder of the cache)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at a time")
    options = parser.parse_args(arguments)
    source = options.source.absolute() if options.source else None
    prefix = options.prefix.absolute() if options.prefix else None
    try:
        print(provide(source, prefix, max(1, options.jobs)))
    except (BuildError, tarfile.TarError, OSError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
