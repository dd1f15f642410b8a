"""The extension modules and the discovery of libcrypto; downloads nothing, and the rest is in pyproject.toml.

``CYJWT_LIBCRYPTO`` chooses the libcrypto: ``openssl`` (the default) for the system's OpenSSL, or the path of a
prefix such as ``tools/build_aws_lc.py`` prints. crypto_mb is linked where the build requirements brought it.
``CYJWT_WERROR=1`` turns compiler warnings into errors.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zlib
from importlib import metadata
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))
import sbom

ENGINE = Path("src/cyjwt/_engine")
CHOICE = os.environ.get("CYJWT_LIBCRYPTO", "openssl").strip()
#: What it names where it names a prefix, and the folders of one that may hold the library.
PREFIX, LIBRARIES = Path(CHOICE).expanduser().absolute(), ("lib", "lib64")

#: The one module that is linked with libcrypto.
LINKED = "pkey"
#: The one module that is linked with crypto_mb.
LANES = "lanes"

REMEDIES = """
cyjwt found no libcrypto to build with: {reason}. There are two remedies:

  1. Install the development files of OpenSSL 3.0 or later (Debian and Ubuntu: apt-get install libssl-dev;
     Fedora: dnf install openssl-devel; Homebrew: brew install openssl@3) and build again.
  2. Build AWS-LC, and name its prefix in CYJWT_LIBCRYPTO: run `make wheel` in a checkout, or, with cmake at
     hand (python -m pip install cmake ninja),
     prefix="$(python tools/build_aws_lc.py)" && CYJWT_LIBCRYPTO="$prefix" pip install .
"""

#: What the libcrypto must be: the very calls that AWS-LC and OpenSSL >= 3.0 share.
PROBE = """
#include <openssl/crypto.h>
#if !defined(OPENSSL_IS_AWSLC) && (!defined(OPENSSL_VERSION_MAJOR) || OPENSSL_VERSION_MAJOR < 3)
#error "neither AWS-LC nor OpenSSL 3.0 or later"
#endif
int main(void) { return CRYPTO_memcmp("", "", 0); }
"""

DIRECTIVES = {
    "language_level": "3",
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": True,
    # Without the GIL too: see "Memories" in docs/design.md for what guards what.
    "freethreading_compatible": True,
}

# A static libcrypto's symbols stay inside, so that it lives beside the copies of `ssl` and `cryptography`; and the
# hooks that it leaves open as weak symbols (AWS-LC: OPENSSL_memory_alloc) are not another library's to fill. The linkers
# for other processors than x86 ignore the latter.
HIDE_ARCHIVE = ["-Wl,--exclude-libs,ALL", "-Wl,-z,nodynamic-undefined-weak"]
if sys.platform == "darwin":
    HIDE_ARCHIVE = [f"-Wl,-exported_symbol,_PyInit_{LINKED}"]
#: A static library's name, and what it needs of the system. A DLL exports nothing that it was not told to.
ARCHIVE, NEEDED = "libcrypto.a", ["-pthread"]
if sys.platform == "win32":
    HIDE_ARCHIVE, ARCHIVE, NEEDED = [], "crypto.lib", ["advapi32.lib", "bcrypt.lib", "ws2_32.lib"]

#: The distributions on PyPI that bring crypto_mb, each with the end of the path of a file that is needed of it.
CRYPTO_MB = {
    "ipp-crypto-include": "/crypto_mb/defs.h",
    "ipp-crypto-static": "/libcrypto_mb.a",
}

GCC_ARGS = ["-fvisibility=hidden", "-Wall", "-Wextra"]
# A build to look into, such as a sanitizer's, asks for less by CFLAGS=-O1; an interpreter's own -O2 is no wish.
GCC_ARGS += [] if "-O1" in os.environ.get("CFLAGS", "") else ["-O3"]
# These arise in the C that Cython writes.
GCC_ARGS += ["-Wno-unused-function", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]
# A guess about the flow, and another one with each release of gcc, stays a warning; clang does not know it at all.
GCC_WERROR = ["-Werror", "-Wno-error=maybe-uninitialized", "-Wno-unknown-warning-option"]
# Some interpreters hand down `-g`, which triples the size; CFLAGS=-g asks for it.
GCC_ARGS += [] if "-g" in os.environ.get("CFLAGS", "") else ["-g0"]


def pkg_config() -> dict[str, list[str]] | None:
    """The flags of the system's libcrypto by pkg-config, where there is one that knows it."""
    program = shutil.which(os.environ.get("PKG_CONFIG", "pkg-config"))
    if program is None:
        return None
    answer = subprocess.run([program, "--cflags", "--libs", "libcrypto"], capture_output=True, text=True)
    if answer.returncode:
        return None
    flags = shlex.split(answer.stdout)
    headers = [flag for flag in flags if flag.startswith(("-I", "-D"))]
    return {"extra_compile_args": headers, "extra_link_args": [f for f in flags if f not in headers]}


def static_library(prefix: Path) -> Path | None:
    """The static libcrypto under a prefix, if there is one."""
    return next((path for name in LIBRARIES if (path := prefix / name / ARCHIVE).is_file()), None)


def prefix_flags(prefix: Path) -> dict[str, list[str]] | None:
    """The flags of a libcrypto under a prefix: the static library if there is one, else the shared one."""
    if not (prefix / "include" / "openssl").is_dir():
        return None
    headers = [f"-I{prefix / 'include'}"]
    if static := static_library(prefix):
        link = [str(static), *NEEDED, *HIDE_ARCHIVE]
        return {"extra_compile_args": headers, "extra_link_args": link, "depends": [str(static)]}
    for folder in (prefix / name for name in LIBRARIES):
        if any(folder.glob("libcrypto.*")):
            link = [f"-L{folder}", "-lcrypto", f"-Wl,-rpath,{folder}"]
            return {"extra_compile_args": headers, "extra_link_args": link}
    return None


def distributed(distribution: str, ending: str) -> Path | None:
    """The file of an installed distribution whose path ends so, if there is one."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.as_posix().endswith(ending):
            path = Path(file.locate()).resolve()
            return path if path.is_file() else None
    return None


def crypto_mb_flags() -> dict[str, list[str]] | None:
    """The options that link with crypto_mb, or None where it was not installed: Linux on x86-64 alone has it."""
    if sysconfig.get_platform() != "linux-x86_64":
        return None
    header, archive = (distributed(name, ending) for name, ending in CRYPTO_MB.items())
    if header is None or archive is None:
        print(f"cyjwt is built without lanes: {' or '.join(CRYPTO_MB)} is not installed", file=sys.stderr)
        return None
    return {
        "extra_compile_args": ["-DCYJWT_CRYPTO_MB", "-isystem", str(header.parents[1])],
        "extra_link_args": [str(archive), *HIDE_ARCHIVE],
        "depends": [str(archive)],
    }


class BuildEngine(build_ext):
    """Turns Cython into C under ``build/``, and finds libcrypto when there is something to compile."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        linked = {LINKED: self.libcrypto(), LANES: CRYPTO_MB_FLAGS or {}}
        headers = sorted(str(path) for path in ENGINE.glob("*.h"))
        args = ["/O2", "/W3"] if self.compiler.compiler_type == "msvc" else list(GCC_ARGS)
        if os.environ.get("CYJWT_WERROR") == "1":
            args += ["/WX"] if self.compiler.compiler_type == "msvc" else GCC_WERROR
        written = cythonize(self.extensions, build_dir=f"{BUILD}/cython", compiler_directives=DIRECTIVES)
        for extension, cython in zip(self.extensions, written, strict=True):
            extension.sources = cython.sources
            extension.depends += [*headers, "setup.py"]
            extension.include_dirs.append(str(ENGINE))
            extension.extra_compile_args += args
            for option, values in linked.get(extension.name.rpartition(".")[2], {}).items():
                getattr(extension, option).extend(values)
        super().build_extensions()

    def libcrypto(self) -> dict[str, list[str]]:
        """The options that link with the libcrypto of choice, after a program was linked with them."""
        if not CHOICE:
            # Another libcrypto than the one that was asked for would be linked, and nobody would notice.
            raise SystemExit("CYJWT_LIBCRYPTO is set but empty: did tools/build_aws_lc.py fail?")
        if CHOICE == "openssl":
            candidates = [pkg_config(), {"extra_link_args": ["-lcrypto"]}]
            reason = "no OpenSSL 3.0 or later is installed for development"
        else:
            candidates = [prefix_flags(PREFIX)]
            reason = f"CYJWT_LIBCRYPTO is {CHOICE}, and none that can be used is there"
        for flags in candidates:
            if flags and self.links(flags):
                return flags
        raise SystemExit(REMEDIES.format(reason=reason))

    def links(self, flags: dict[str, list[str]]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(PROBE)
            link = [flag for flag in flags["extra_link_args"] if flag not in HIDE_ARCHIVE]
            try:
                arguments = flags.get("extra_compile_args", [])
                objects = self.compiler.compile([str(source)], folder, extra_postargs=arguments)
                self.compiler.link_executable(objects, str(Path(folder, "probe")), extra_postargs=link)
            except CCompilerError:
                return False
        return True


class Wheel(bdist_wheel):
    """A wheel with its bill of materials."""

    def write_wheelfile(self, wheelfile_base: str, **options: str) -> None:
        # Every wheel gets here with its .dist-info written, and before its list of files is.
        super().write_wheelfile(wheelfile_base, **options)
        linked = []
        # Another library than a static one stays outside of the wheel.
        if CHOICE != "openssl" and static_library(PREFIX):
            linked.append(sbom.libcrypto(PREFIX))
        if CRYPTO_MB_FLAGS:
            include = distributed("ipp-crypto-include", CRYPTO_MB["ipp-crypto-include"])
            linked.append(sbom.crypto_mb("ipp-crypto-static", include.parents[1]))
        name, version = self.distribution.get_name(), self.distribution.get_version()
        path = Path(wheelfile_base, "sboms", sbom.NAME)
        path.parent.mkdir(exist_ok=True)
        path.write_text(sbom.bill(name, version, linked), "utf-8")


# The objects of one libcrypto or interpreter are never taken for another's, nor those with lanes for those without.
VARIANT = CHOICE if CHOICE == "openssl" else f"prefix-{zlib.crc32(str(PREFIX).encode()):08x}"
CRYPTO_MB_FLAGS = crypto_mb_flags()
THREADS = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
BUILD = f"build/{VARIANT}-{sys.implementation.cache_tag}{THREADS}{'-lanes' if CRYPTO_MB_FLAGS else ''}"

setup(
    ext_modules=[
        Extension(f"cyjwt._engine.{path.stem}", [str(path)]) for path in sorted(ENGINE.glob("*.pyx"))
    ],
    cmdclass={"build_ext": BuildEngine, "bdist_wheel": Wheel},
    options={"build": {"build_base": BUILD}},
)
