"""Classes and objects that notice when something of theirs is replaced, so that the engine stands in no longer."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Watched", "WatchedObject", "forget_all", "on_change", "replaces"]

_forget: list[Callable[[], None]] = []


def on_change(forget: Callable[[], None]) -> None:
    """Have something called whenever an attribute of such a class is set or deleted."""
    _forget.append(forget)


def forget_all() -> None:
    """Call all that is to be called then."""
    for forget in _forget:
        forget()


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
        forget_all()


class WatchedObject(metaclass=Watched):
    """An object that notices when it gets something of its own in place of what its class has."""

    #: Whether the engine may stand in for it. See ``Watched``.
    _plain: ClassVar[bool] = True
    #: What is to be done when it changes.
    _forget: Callable[[], None] | None = None

    def __getstate__(self) -> object:
        """What a copy gets, for which nothing is to be done."""
        state: Any = object.__getstate__(self)
        members, *slots = state if isinstance(state, tuple) else (state,)
        members = {name: value for name, value in (members or {}).items() if name != "_forget"}
        return (members, *slots) if slots else members

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if callable(getattr(type(self), name, None)):
            object.__setattr__(self, "_plain", False)
            forget_all()


def _family(cls: type[Any]) -> list[type[Any]]:
    return [cls, *(kind for child in type.__subclasses__(cls) for kind in _family(child))]


def replaces(cls: type, base: type) -> bool:
    """Whether a class has something of its own in place of what its base, or the base's bases, have."""
    order = cls.__mro__
    names = {name for kind in base.__mro__[:-1] for name in vars(kind) if not name.startswith("__")}
    return any(names & vars(kind).keys() - {"_plain"} for kind in order[: order.index(base)])
