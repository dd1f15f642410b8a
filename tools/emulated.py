"""Compile for aarch64, and run the tests under qemu in a Debian root of that architecture.

    python tools/emulated.py ROOT {aws-lc,openssl} [PYTEST-ARGUMENT ...]

Only the compiler is this machine's, as an emulated one is many times slower: the Python, the C library and the OpenSSL that
are built against and run are the root's, and the packages that the tests need are aarch64's. docs/wheels.md tells how
to make the root. ``CYJWT_VECTORS`` names the folder of the shared vectors.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import build_aws_lc
import check_wheel

HERE = Path(__file__).resolve().parent.parent
TRIPLET = "aarch64-linux-gnu"
RELEASE = "{}.{}".format(*sys.version_info)

#: Where the root keeps what this tool brings.
VENV, TREE, VECTORS = "/opt/cyjwt/venv", "/opt/cyjwt/tree", "/opt/cyjwt/vectors"
#: What is built here, and what the tests do not read.
LEFT_OUT = (".git", ".venv", "build", "dist", "__pycache__", "*.so")
#: Packages for the root are chosen as pip in it would choose.
FOREIGN = ["--only-binary", ":all:", "--python-version", RELEASE, "--platform", "linux_aarch64"]
FOREIGN += [part for glibc in range(36, 16, -1) for part in ("--platform", f"manylinux_2_{glibc}_aarch64")]

# A table of mounts of its own: however this ends, nothing is left mounted in the root.
ENTER = 'mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    print("$", *command, flush=True)
    subprocess.run(command, check=True, cwd=HERE, env={**os.environ, **(environment or {})})


def inside(root: Path, *command: str) -> list[str]:
    """A command as it is run in the root, with no variable from outside."""
    variables = ["HOME=/root", "LANG=C.UTF-8", "PATH=/usr/bin:/bin", f"CYJWT_VECTORS={VECTORS}"]
    enter = ["unshare", "--mount", "--", "sh", "-ec", ENTER, str(root)]
    return [*enter, "env", "--ignore-environment", *variables, *command]


def refusal(root: Path) -> str | None:
    """What is missing, if anything is."""
    if os.geteuid() != 0:
        return "a root is entered by chroot, which takes the superuser"
    if shutil.which(f"{TRIPLET}-gcc") is None:
        return f"no {TRIPLET}-gcc: apt-get install gcc-{TRIPLET} g++-{TRIPLET}"
    answer = subprocess.run(
        inside(root, "python3", "-c", "import sys; print('{}.{}'.format(*sys.version_info))"),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        return f"no Python runs in {root}: {answer.stderr}(install qemu-user-static and binfmt-support)"
    if (found := answer.stdout.strip()) != RELEASE:
        return f"the root has Python {found}, and this is {RELEASE}: name one of that release in PYTHON"
    return None


def cross(root: Path, work: Path) -> dict[str, str]:
    """The environment in which setuptools builds for the root's Python.

    What an interpreter says of its own build lies in a module of its standard library; the root's stands in for it.
    """
    module = f"_sysconfigdata__{TRIPLET}"
    folder = work / "sysconfig"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / "usr/lib" / f"python{RELEASE}" / f"{module}.py", folder)
    return {
        "PYTHONPATH": str(folder),
        "_PYTHON_SYSCONFIGDATA_NAME": module,
        "_PYTHON_HOST_PLATFORM": "linux-aarch64",
        "CC": f"{TRIPLET}-gcc --sysroot={root}",
        "LDSHARED": f"{TRIPLET}-gcc --sysroot={root} -shared",
        "CPPFLAGS": f"-I{root}/usr/include/python{RELEASE}",
        # It would name this machine's OpenSSL; the root's is where the compiler looks first.
        "PKG_CONFIG": "false",
    }


def aws_lc(work: Path) -> str:
    """The prefix of an AWS-LC for aarch64."""
    toolchain = work / "toolchain.cmake"
    toolchain.write_text("set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR aarch64)\n")
    compilers = {"CC": f"{TRIPLET}-gcc", "CXX": f"{TRIPLET}-g++", "CMAKE_TOOLCHAIN_FILE": str(toolchain)}
    os.environ.update(compilers)
    prefix = build_aws_lc.provide(None, None, os.cpu_count() or 1)
    for name in compilers:
        del os.environ[name]
    return str(prefix)


def build(root: Path, libcrypto: str, work: Path) -> Path:
    """A wheel for the root's Python."""
    wheels = work / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    choice = aws_lc(work) if libcrypto == "aws-lc" else libcrypto
    options = ["--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir", str(wheels)]
    run(
        [sys.executable, "-m", "pip", "wheel", *options, "."],
        {**cross(root, work), "CYJWT_LIBCRYPTO": choice},
    )
    [wheel] = wheels.iterdir()
    if found := check_wheel.check(wheel):
        raise SystemExit("\n".join(found))
    return wheel


def install(root: Path, wheel: Path) -> None:
    """A venv of the root with the wheel and what its tests need; pip runs here, where it is not emulated."""
    ready = root / f"{VENV[1:]}.ready"
    packages = root / VENV[1:] / "lib" / f"python{RELEASE}" / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", *FOREIGN, "--target", packages]
    project = (HERE / "pyproject.toml").read_text("utf-8")
    if not ready.is_file() or ready.read_text("utf-8") != RELEASE + project:
        run(inside(root, "python3", "-m", "venv", "--clear", "--without-pip", VENV))
        run([*pip, "--group", "test", *tomllib.loads(project)["project"]["dependencies"]])
        ready.write_text(RELEASE + project, "utf-8")
    run([*pip, "--no-deps", wheel])


def copy(root: Path) -> None:
    """The sources that the tests read, and the shared vectors where there are some."""
    for name in (TREE, VECTORS):
        shutil.rmtree(root / name[1:], ignore_errors=True)
    shutil.copytree(HERE, root / TREE[1:], ignore=shutil.ignore_patterns(*LEFT_OUT))
    if vectors := os.environ.get("CYJWT_VECTORS"):
        shutil.copytree(vectors, root / VECTORS[1:])


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or not arguments[0] or arguments[1] not in {"aws-lc", "openssl"}:
        print(__doc__, file=sys.stderr)
        return 2
    root, libcrypto = Path(arguments[0]).resolve(), arguments[1]
    if reason := refusal(root):
        raise SystemExit(reason)
    work = HERE / "build" / "emulated"
    work.mkdir(parents=True, exist_ok=True)
    try:
        install(root, build(root, libcrypto, work))
        copy(root)
        python = inside(root, "env", f"--chdir={TREE}", f"{VENV}/bin/python")
        run([*python, "-I", "tools/smoke.py", "AWS-LC" if libcrypto == "aws-lc" else "OpenSSL"])
        run([*python, "-m", "pytest", "-p", "no:cacheprovider", *arguments[2:]])
    except build_aws_lc.BuildError as error:
        raise SystemExit(str(error)) from None
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
