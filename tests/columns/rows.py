"""What a row of the columns must be, by the dict that ``verify`` gives of the same token."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import cyjwt

TYPES = ("string", "int64", "double", "bool", "list<string>", "json")


class Json:
    """Equal to any text of a JSON value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and same(json.loads(other), self.value)

    def __repr__(self) -> str:
        return f"Json({self.value!r})"

    __hash__ = None  # type: ignore[assignment]


def same(a: Any, b: Any) -> bool:
    """Equal, of the same types, signs of zeros included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return bool(a == b)


def as_int64(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    return value if -(2**63) <= value < 2**63 else None


def as_double(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def as_strings(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    return None


def column_value(claims: Mapping[str, Any], name: str, kind: str) -> Any:
    """A claim as its column has it."""
    if name not in claims:
        return None
    value = claims[name]
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "json":
        return Json(value)
    return {"int64": as_int64, "double": as_double, "list<string>": as_strings}[kind](value)


def row_of(verifier: cyjwt.Verifier, token: Any, claims: Mapping[str, str]) -> dict[str, Any]:
    """The row of a token, without its status."""
    try:
        got = verifier.verify(token)
    except cyjwt.InvalidTokenError as error:
        return {"reason": error.code, **dict.fromkeys(claims)}
    return {"reason": None, **{name: column_value(got, name, kind) for name, kind in claims.items()}}


def check_rows(
    rows: Sequence[Mapping[str, Any]],
    verifier: cyjwt.Verifier,
    tokens: Sequence[Any],
    claims: Mapping[str, str],
) -> None:
    """Assert that each row is what ``verify`` says of its token."""
    assert len(rows) == len(tokens)
    for row, token in zip(rows, tokens, strict=True):
        expected = row_of(verifier, token, claims)
        assert list(row) == ["status", *expected]
        assert (row["status"] == 0) == (expected["reason"] is None)
        for name, value in expected.items():
            got = row[name]
            assert value == got if isinstance(value, Json) else same(got, value), (name, got, value, token)
