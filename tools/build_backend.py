"""The build backend: setuptools, and crypto_mb where its packages can be had.

``pyproject.toml`` names this module in ``[build-system]``. An environment marker cannot tell glibc from musl, for
which crypto_mb's packages do not exist; a hook of the backend can.

    python tools/build_backend.py

prints what a wheel for the running interpreter needs beside ``[build-system] requires``.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

#: crypto_mb, for lanes. Pinned, because what it leaves to its caller to check was found by trying this release.
CRYPTO_MB = ["ipp-crypto-include==2026.2.0", "ipp-crypto-static==2026.2.0"]


def crypto_mb() -> list[str]:
    """The packages that bring crypto_mb: there are some for Linux with glibc on x86-64, and none elsewhere."""
    if sysconfig.get_platform() != "linux-x86_64":
        return []
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError):  # The name is glibc's own, and Windows lacks the call.
        libc = None
    return CRYPTO_MB if libc else []


def get_requires_for_build_wheel(settings: Mapping[str, Any] | None = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(settings), *crypto_mb()]


def get_requires_for_build_editable(settings: Mapping[str, Any] | None = None) -> list[str]:
    return [*build_meta.get_requires_for_build_editable(settings), *crypto_mb()]


if __name__ == "__main__":
    print(*crypto_mb(), sep="\n")
