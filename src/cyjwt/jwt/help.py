"""What a bug report needs to say; ``python -m cyjwt.jwt.help`` prints it."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata

import cyjwt
from cyjwt.jwt import __version__ as pyjwt_version

__all__ = ["cryptography_version", "info", "main", "pyjwt_version"]

try:
    cryptography_version = metadata.version("cryptography")
except metadata.PackageNotFoundError:
    cryptography_version = ""


def info() -> dict[str, dict[str, str]]:
    """The platform, the interpreter, and the versions of what this surface stands on.

    Example:
        >>> from cyjwt.jwt.help import info
        >>> sorted(info())
        ['cryptography', 'cyjwt', 'implementation', 'platform', 'pyjwt']
    """
    try:
        system, release = platform.system(), platform.release()
    except OSError:
        system = release = "Unknown"
    name = platform.python_implementation()
    return {
        "platform": {"system": system, "release": release},
        "implementation": {
            "name": name,
            "version": platform.python_version() if name == "CPython" else _version(),
        },
        "cryptography": {"version": cryptography_version},
        "pyjwt": {"version": pyjwt_version},
        "cyjwt": {"version": cyjwt.__version__},
    }


def _version() -> str:
    return ".".join(str(part) for part in sys.implementation.version[:3])


def main() -> None:
    """Print ``info()`` as JSON."""
    print(json.dumps(info(), sort_keys=True, indent=2))


if __name__ == "__main__":
    main()
