"""The claims that ``--claim`` asks for, and the types of their columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from cyjwt._engine.jsonwrite import dumps

__all__ = ["Claim", "fitted", "read_claims"]

TYPES = ("string", "int64", "double", "bool", "list<string>", "json")

#: The types of the registered claims (RFC 7519 section 4.1), for outputs whose columns have one.
_REGISTERED = {"exp": "int64", "nbf": "int64", "iat": "int64", "aud": "list<string>"}

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_LARGEST = int(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim to be given out.

    Attributes:
        name: the claim's.
        type: one of ``TYPES``, or None where none was asked for.
    """

    name: str
    type: str | None

    @property
    def column_type(self) -> str:
        """The type of its column."""
        return self.type or _REGISTERED.get(self.name, "string")


def read_claims(options: Iterable[str], taken: Sequence[str]) -> tuple[Claim, ...]:
    """Read ``NAME`` or ``NAME:TYPE``; a name may have colons itself.

    Args:
        options: what was given.
        taken: the names of other columns.

    Raises:
        click.UsageError: a name is empty, given twice, or taken.
    """
    claims: list[Claim] = []
    for option in options:
        name, colon, kind = option.rpartition(":")
        claim = Claim(name, kind) if colon and kind in TYPES else Claim(option, None)
        if not claim.name:
            raise click.UsageError("--claim takes NAME or NAME:TYPE.")
        if claim.name in taken:
            raise click.UsageError(f"--claim {claim.name}: the output has another column of that name.")
        if any(claim.name == other.name for other in claims):
            raise click.UsageError(f"--claim {claim.name} is given twice.")
        claims.append(claim)
    return tuple(claims)


def fitted(value: Any, kind: str) -> Any:
    """Make a claim's value one of a column's type: None where it is of another."""
    if kind == "json":
        return dumps(value).decode("utf-8")
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "list<string>":
        if isinstance(value, str):
            # RFC 7519 section 4.1.3: an aud of one may be the string alone.
            return [value]
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return value if good else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind == "double":
        return float(value) if isinstance(value, float) or abs(value) <= _LARGEST else None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if _LEAST <= value <= _MOST else None
