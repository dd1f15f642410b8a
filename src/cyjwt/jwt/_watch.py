"""Classes that notice when something of theirs is replaced, so that the engine stands in for them no longer."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

__all__ = ["Watched", "on_change", "replaces"]

_forget: list[Callable[[], None]] = []


def on_change(forget: Callable[[], None]) -> None:
    """Have something called whenever an attribute of such a class is set or deleted."""
    _forget.append(forget)


class Watched(ABCMeta):
    """The class of such classes. Each has a ``_plain``: whether the engine may stand in for its objects."""

    def __setattr__(cls, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        cls._note(name)

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        cls._note(name)

    def _note(cls, name: str) -> None:
        if name.startswith(("__", "_abc_")):
            return
        for kind in _family(cls):
            # From here on, even where the old attribute comes back: tests do such things, and are in no hurry.
            type.__setattr__(kind, "_plain", False)
        for forget in _forget:
            forget()


def _family(cls: type[Any]) -> list[type[Any]]:
    return [cls, *(kind for child in type.__subclasses__(cls) for kind in _family(child))]


def replaces(cls: type, base: type) -> bool:
    """Whether a class has something of its own in place of what its base, or the base's bases, have."""
    order = cls.__mro__
    names = {name for kind in base.__mro__[:-1] for name in vars(kind) if not name.startswith("__")}
    return any(names & vars(kind).keys() - {"_plain"} for kind in order[: order.index(base)])
