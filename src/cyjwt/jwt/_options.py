"""The options of a claims set's verification, and how those of a call join those of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from cyjwt.jwt.types import FullOptions, Options

__all__ = ["CHECKS", "default_options", "merge_options"]

#: The claims whose check has an option.
CHECKS: Final = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")


def default_options() -> FullOptions:
    """The options that hold where nothing is stated."""
    return {
        "verify_signature": True,
        "verify_exp": True,
        "verify_nbf": True,
        "verify_iat": True,
        "verify_aud": True,
        "verify_iss": True,
        "verify_sub": True,
        "verify_jti": True,
        "require": [],
        "strict_aud": False,
        "enforce_minimum_key_length": False,
    }


def merge_options(standing: FullOptions, options: Options | None) -> FullOptions:
    """The options that hold for a call."""
    if options is None:
        return standing
    stated: dict[str, Any] = dict(options)
    if not stated.get("verify_signature", True):
        # Of claims that nobody vouches for, only what the caller names is checked.
        stated = {f"verify_{name}": False for name in CHECKS} | stated
    return cast("FullOptions", {**standing, **stated})
