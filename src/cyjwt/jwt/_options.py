"""The options of a claims set's verification, and how those of a call join those of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from cyjwt.jwt.types import FullOptions, Options

__all__ = ["CHECKS", "merge_options"]

#: The claims whose check has an option.
CHECKS: Final = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")


def merge_options(standing: FullOptions, options: Options | None) -> FullOptions:
    """The options that hold for a call."""
    if options is None:
        return standing
    stated: dict[str, Any] = dict(options)
    if not stated.get("verify_signature", True):
        # Of claims that nobody vouches for, only what the caller names is checked.
        stated = {f"verify_{name}": False for name in CHECKS} | stated
    return cast("FullOptions", {**standing, **stated})
