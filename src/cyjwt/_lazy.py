"""A module that is imported when it is first used, so that ``import cyjwt`` does not pay for it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LazyModule"]


class LazyModule:
    """Stands for a module of cyjwt until something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        __import__(self._name)
        value = getattr(sys.modules[self._name], attribute)
        # Kept, so that the second look-up is that of any attribute.
        self.__dict__[attribute] = value
        return value
