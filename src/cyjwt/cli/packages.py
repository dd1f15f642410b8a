"""Packages that only some inputs and outputs need: imported late, and asked for by the command that installs them."""

from __future__ import annotations

import importlib
from typing import Any

from cyjwt.cli.failure import Failure

__all__ = ["needed"]


def needed(module: str, purpose: str, extra: str) -> Any:
    """Import a module that an extra brings.

    Args:
        module: its dotted name.
        purpose: what it is needed for, as a sentence begins.
        extra: the extra of cyjwt.

    Raises:
        Failure: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0] if not module.startswith("backports.") else module
        raise Failure(f"{purpose} needs {package}: pip install 'cyjwt[{extra}]'") from None
