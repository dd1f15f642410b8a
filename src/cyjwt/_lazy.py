"""Modules that are imported when they are first used, so that ``import cyjwt`` does not pay for them."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["LazyModule", "late_names"]


def late_names(
    package: dict[str, Any], homes: dict[str, str], modules: tuple[str, ...] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make a package's ``__getattr__`` and ``__dir__``, by which some of its names are imported when first used.

    They are not for type checkers, which would take any name to be there.

    Args:
        package: its ``globals()``.
        homes: of each of these names the module that it is in.
        modules: of the package, that are not there before they are imported; an error says so.
    """

    def find(name: str) -> Any:
        if name not in homes:
            said = f"module {package['__name__']!r} has no attribute {name!r}"
            raise AttributeError(
                f"{said}: import {package['__name__']}.{name} first" if name in modules else said
            )
        __import__(homes[name])
        value = getattr(sys.modules[homes[name]], name)
        # Kept, so that the second look-up is that of any name.
        package[name] = value
        return value

    def names() -> list[str]:
        return [*package.keys() | homes.keys()]

    return find, names


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
