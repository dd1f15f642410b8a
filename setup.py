"""Extension modules and the discovery of libcrypto; downloads nothing."""

import os
import subprocess

from Cython.Build import cythonize
from setuptools import Extension, setup

ENGINE = "src/cyjwt/_engine"


def libcrypto() -> dict:
    choice = os.environ.get("CYJWT_LIBCRYPTO", "openssl")
    if choice == "openssl":
        flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "libcrypto"], text=True).split()
        return {
            "include_dirs": [f[2:] for f in flags if f.startswith("-I")],
            "extra_link_args": [f for f in flags if not f.startswith("-I")],
        }
    return {
        "include_dirs": [f"{choice}/include"],
        "extra_objects": [f"{choice}/lib/libcrypto.a"],
        "extra_link_args": ["-Wl,--exclude-libs,ALL"],
    }


names = sorted(n[:-4] for n in os.listdir(ENGINE) if n.endswith(".pyx"))
extensions = [
    Extension(
        f"cyjwt._engine.{n}",
        [f"{ENGINE}/{n}.pyx"],
        extra_compile_args=["-O3", "-fvisibility=hidden", "-Wall", "-Wextra"],
        **(libcrypto() if n == "pkey" else {}),
    )
    for n in names
]
setup(
    ext_modules=cythonize(
        extensions,
        build_dir="build/cython",
        compiler_directives={
            "language_level": "3",
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
            "embedsignature": True,
        },
    )
)
