"""The claims that ``--claim`` asks for, and the types of their columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from cyjwt._engine.jsonwrite import dumps

__all__ = ["Claim", "fitted", "read_claims"]

TYPES = ("string", "int64", "double", "bool", "list<string>", "json")

#: The types of the registered claims (RFC 7519 section 4.1), for outputs whose columns have one.
_REGISTERED = {"exp": "int64", "nbf": "int64", "iat": "int64", "aud": "list<string>"}

#: What types are called elsewhere. After the last colon these are taken for a mistake, not for the end of a name.
_ELSEWHERE = {
    *("any", "array", "bigint", "boolean", "bytes", "char", "date", "datetime", "decimal", "dict", "float"),
    *("float32", "float64", "int", "int8", "int16", "int32", "integer", "list", "long", "map", "null"),
    *("number", "object", "str", "struct", "text", "timestamp", "uint32", "uint64", "utf8", "varchar"),
}
#: How alike two words are (difflib's ratio) of which one is the other mistyped.
_ALIKE = 0.8

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
        click.UsageError: a name is empty, given twice, or taken, or ends in what may be a mistyped type.
    """
    claims: list[Claim] = []
    for option in options:
        name, colon, kind = option.rpartition(":")
        claim = Claim(name, kind) if colon and kind in TYPES else Claim(option, None)
        if not claim.name:
            raise click.UsageError("--claim takes NAME or NAME:TYPE.")
        if colon and claim.type is None and _mistyped(kind):
            raise click.UsageError(
                f"--claim {option}: no type is called {kind!r}: there are {', '.join(TYPES)}. For a claim that is"
                f" itself called {option!r}, give --claim '{option}:json', or another of the types."
            )
        if claim.name in taken:
            raise click.UsageError(f"--claim {claim.name}: the output has another column of that name.")
        if any(claim.name == other.name for other in claims):
            raise click.UsageError(f"--claim {claim.name} is given twice.")
        claims.append(claim)
    return tuple(claims)


def _mistyped(kind: str) -> bool:
    """Whether what stands behind the last colon of an option is meant for a type."""
    word = kind.strip().lower()
    base = min((word.partition(bracket)[0] for bracket in "<[("), key=len)
    return not word or base in _ELSEWHERE or bool(get_close_matches(word, TYPES, 1, _ALIKE))


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
