"""The extension modules and the discovery of libcrypto; downloads nothing, and the rest is in pyproject.toml.

``CYJWT_LIBCRYPTO`` chooses the libcrypto: ``openssl`` (the default) for the system's OpenSSL, or the path of a
prefix such as ``tools/build_aws_lc.py`` prints. ``CYJWT_WERROR=1`` turns compiler warnings into errors.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError

ENGINE = Path("src/cyjwt/_engine")
CHOICE = os.environ.get("CYJWT_LIBCRYPTO", "").strip() or "openssl"

#: The one module that is linked with libcrypto.
LINKED = "pkey"

REMEDIES = """
cyjwt found no libcrypto to build with: {reason}. There are two remedies:

  1. Install the development files of OpenSSL 3.0 or later (Debian and Ubuntu: apt-get install libssl-dev;
     Fedora: dnf install openssl-devel; Homebrew: brew install openssl@3) and build again.
  2. Build AWS-LC, and name its prefix in CYJWT_LIBCRYPTO: run `make wheel` in a checkout, or
     CYJWT_LIBCRYPTO="$(python tools/build_aws_lc.py | tail -n 1)" pip install .
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
}

GCC_ARGS = ["-O3", "-fvisibility=hidden", "-Wall", "-Wextra"]
# Of the C that Cython writes, not of ours.
GCC_ARGS += ["-Wno-unused-function", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]


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


def prefix_flags(prefix: Path) -> dict[str, list[str]]:
    """The flags of a libcrypto under a prefix: the static library if there is one, else the shared one."""
    flags = {"extra_compile_args": [f"-I{prefix / 'include'}"]}
    for folder in (prefix / "lib", prefix / "lib64"):
        static = folder / "libcrypto.a"
        if static.is_file():
            # Hidden, so that this copy lives beside the one of `ssl` and the one of `cryptography`.
            mac = sys.platform == "darwin"
            hide = f"-Wl,-exported_symbol,_PyInit_{LINKED}" if mac else "-Wl,--exclude-libs,ALL"
            return {**flags, "extra_link_args": [str(static), "-pthread", hide], "depends": [str(static)]}
        if any(folder.glob("libcrypto.*")):
            return {**flags, "extra_link_args": [f"-L{folder}", "-lcrypto", f"-Wl,-rpath,{folder}"]}
    return {**flags, "extra_link_args": ["-lcrypto"]}


class BuildEngine(build_ext):
    """Turns Cython into C under ``build/``, and finds libcrypto when there is something to compile."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        headers = sorted(str(path) for path in ENGINE.glob("*.h"))
        args = ["/O2", "/W3"] if self.compiler.compiler_type == "msvc" else list(GCC_ARGS)
        if os.environ.get("CYJWT_WERROR") == "1":
            args.append("/WX" if self.compiler.compiler_type == "msvc" else "-Werror")
        written = cythonize(self.extensions, build_dir=f"{BUILD}/cython", compiler_directives=DIRECTIVES)
        for extension, cython in zip(self.extensions, written, strict=True):
            extension.sources = cython.sources
            extension.depends += headers
            extension.include_dirs.append(str(ENGINE))
            extension.extra_compile_args += args
            if extension.name.endswith(f".{LINKED}"):
                for option, values in self.libcrypto().items():
                    getattr(extension, option).extend(values)
        super().build_extensions()

    def libcrypto(self) -> dict[str, list[str]]:
        """The options that link with the libcrypto of choice, after a program was linked with them."""
        if CHOICE == "openssl":
            for flags in filter(None, (pkg_config(), {"extra_link_args": ["-lcrypto"]})):
                if self.links(flags):
                    return flags
            raise SystemExit(REMEDIES.format(reason="no OpenSSL 3.0 or later is installed for development"))
        prefix = Path(CHOICE).expanduser().absolute()
        flags = prefix_flags(prefix)
        if not self.links(flags):
            raise SystemExit(REMEDIES.format(reason=f"CYJWT_LIBCRYPTO is {CHOICE}, and none is there"))
        return flags

    def links(self, flags: dict[str, list[str]]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(PROBE)
            link = [flag for flag in flags["extra_link_args"] if "exported_symbol" not in flag]
            try:
                arguments = flags.get("extra_compile_args", [])
                objects = self.compiler.compile([str(source)], folder, extra_postargs=arguments)
                self.compiler.link_executable(objects, str(Path(folder, "probe")), extra_postargs=link)
            except CCompilerError:
                return False
        return True


# One libcrypto's objects are never taken for another's.
VARIANT = CHOICE if CHOICE == "openssl" else f"prefix-{zlib.crc32(str(Path(CHOICE).absolute()).encode()):08x}"
BUILD = f"build/{VARIANT}"

setup(
    ext_modules=[Extension(f"cyjwt._engine.{path.stem}", [str(path)]) for path in sorted(ENGINE.glob("*.pyx"))],
    cmdclass={"build_ext": BuildEngine},
    options={"build": {"build_base": BUILD}},
)
