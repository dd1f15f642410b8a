"""The warnings that a call may cause, pointed at the line outside this package that made the call."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable

from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.warnings import InsecureKeyLengthWarning, RemovedInPyjwt3Warning

__all__ = ["warn_of_arguments", "warn_of_key", "warn_of_verify"]


def _caller() -> int:
    """The stack level of the first frame outside this package, as seen from who calls this."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("cyjwt.jwt"):
        frame = frame.f_back
        level += 1
    return level


def warn_of_key(message: str | None, *, enforced: bool) -> None:
    """Warn of a key that is too short, or refuse it."""
    if message is None:
        return
    if enforced:
        raise InvalidKeyError(message)
    warnings.warn(message, InsecureKeyLengthWarning, stacklevel=_caller())


def warn_of_arguments(function: str, names: Iterable[str]) -> None:
    """Warn of keyword arguments that are not known, and do nothing."""
    warnings.warn(
        f"passing additional kwargs to {function}() is deprecated and will be removed in pyjwt version 3. "
        f"Unsupported kwargs: {tuple(names)}",
        RemovedInPyjwt3Warning,
        stacklevel=_caller(),
    )


def warn_of_verify() -> None:
    """Warn of an argument ``verify`` that says other than the option ``verify_signature``."""
    warnings.warn(
        "The `verify` argument to `decode` does nothing in PyJWT 2.0 and newer. The equivalent is setting "
        "`verify_signature` to False in the `options` dictionary. This invocation has a mismatch between the "
        "kwarg and the option entry.",
        DeprecationWarning,
        stacklevel=_caller(),
    )
