"""The packages of the extras, imported when they are first needed."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["needed"]


def needed(package: str, extra: str, what: str = "") -> ModuleType:
    """Import a package that one of cyjwt's extras brings.

    Raises:
        ImportError: it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise ImportError(
            f"{what or f'cyjwt.{extra}'} needs {package}, which is not installed: pip install 'cyjwt[{extra}]'",
            name=package,
        ) from None
