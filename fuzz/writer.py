"""The JSON writer: Python values built from octets, written, and read back by the oracle.

Each octet is an instruction, so that libFuzzer's own mutations make, nest and damage values of every type that the
writer knows, and of some that it must refuse.
"""

from __future__ import annotations

import datetime
import math
import struct
from typing import Any

from bench import strict
from cyjwt._engine import jsontext, jsonwrite
from tests.property.test_json import same

#: No value has more parts: a value that holds another one twice doubles with each level.
MOST_PARTS = 2000

_SPECIAL = (0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 1e16, 1e22, 0.1)
_EDGES = (0, -1, 9, 10, 99, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**4300)
_ZONES = (None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=5, minutes=45)))


class Opaque:
    """What only the hook has a form for."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


class Name(str):
    """A text of a subclass, which is written as what it is."""

    __slots__ = ()


def unwrap(value: Any) -> Any:
    """The hook: what is inside of an opaque object; a TypeError for any other one, as documented for hooks."""
    if not isinstance(value, Opaque):
        raise TypeError("no form")
    return value.inner


def check(data: bytes) -> None:
    """Write the value that the octets build, with the hook and without it."""
    value = Builder(data).value()
    for hook in (None, unwrap):
        try:
            expected = plain(value, hook is not None, 0, [0])
        except OverflowError:
            return
        except ValueError:
            _refuse(value, hook)
            continue
        written = jsonwrite.dumps(value, hook)
        assert type(written) is bytes
        for read in (strict.loads, jsontext.loads):
            got = read(written)
            assert same(got, expected), (read, written)
        if not _has_float(expected):
            assert written == strict.dumps(expected), written


def _refuse(value: Any, hook: Any) -> None:
    try:
        written = jsonwrite.dumps(value, hook)
    except (TypeError, ValueError):
        return
    raise AssertionError(f"written: {written[:200]!r}")


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    return any(map(_has_float, value)) if isinstance(value, list) else isinstance(value, float)


def plain(value: Any, hooked: bool, depth: int, parts: list[int]) -> Any:
    """What must be read back, a ValueError where the writer must refuse, an OverflowError where it takes long."""
    parts[0] += 1
    if parts[0] > MOST_PARTS:
        raise OverflowError("too many parts")
    if isinstance(value, str):
        value.encode("utf-8")
        return str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= 10**strict.MAX_DIGITS:
            raise ValueError("too many digits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("not finite")
        return value
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("no time zone")
        return int(value.replace(microsecond=0).timestamp())
    if isinstance(value, Opaque) and hooked:
        if depth == strict.MAX_DEPTH:
            raise ValueError("too deep")
        return plain(value.inner, hooked, depth + 1, parts)
    if not isinstance(value, dict | list | tuple):
        raise ValueError("no form")
    if depth == strict.MAX_DEPTH:
        raise ValueError("too deep")
    if not isinstance(value, dict):
        return [plain(item, hooked, depth + 1, parts) for item in value]
    made = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise ValueError("not a name")
        made[plain(name, hooked, depth + 1, parts)] = plain(item, hooked, depth + 1, parts)
    return made


class Builder:
    """A stack machine: what lies on the stack at the end is the value."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []

    def take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        self.at += size
        return piece

    def octet(self) -> int:
        return (self.take(1) or b"\0")[0]

    def pop(self) -> Any:
        return self.stack.pop() if self.stack else None

    def value(self) -> Any:
        acts = (
            self.text, self.text, self.integer, self.edge, self.number, self.special, self.constant, self.array,
            self.array, self.object, self.object, self.wrap, self.date, self.foreign, self.again, self.deep,
        )  # fmt: skip
        while self.at < len(self.data):
            acts[self.octet() % len(acts)]()
        return self.stack[0] if len(self.stack) == 1 else self.stack

    def text(self) -> None:
        kind = self.octet()
        made = self.take(kind >> 1).decode(("utf-8", "latin-1")[kind & 1], "surrogateescape")
        self.stack.append(Name(made) if kind == 255 else made)

    def integer(self) -> None:
        self.stack.append(int.from_bytes(self.take(1 + self.octet() % 16), "big", signed=True))

    def edge(self) -> None:
        self.stack.append(_EDGES[self.octet() % len(_EDGES)])

    def number(self) -> None:
        self.stack.append(struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0])

    def special(self) -> None:
        self.stack.append(_SPECIAL[self.octet() % len(_SPECIAL)])

    def constant(self) -> None:
        self.stack.append((None, True, False)[self.octet() % 3])

    def array(self) -> None:
        items = [self.pop() for _ in range(self.octet() % 8)]
        self.stack.append(tuple(items) if len(items) % 2 else items)

    def object(self) -> None:
        names = iter(range(1000))
        made: dict[Any, Any] = {}
        for _ in range(self.octet() % 8):
            item = self.pop()
            made[item if isinstance(item, str) else f"{next(names)}"] = self.pop()
        self.stack.append(made)

    def wrap(self) -> None:
        self.stack.append(Opaque(self.pop()))

    def date(self) -> None:
        seconds = int.from_bytes(self.take(5), "big") % 253_402_300_000
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC) + datetime.timedelta(microseconds=1)
        zone = _ZONES[self.octet() % len(_ZONES)]
        self.stack.append(moment.replace(tzinfo=None) if zone is None else moment.replace(tzinfo=zone))

    def foreign(self) -> None:
        made = (b"octets", {1, 2}, {1: 2}, {None: 1}, {b"a": 1}, 1j, object())
        self.stack.append(made[self.octet() % len(made)])

    def again(self) -> None:
        """The same object once more."""
        if self.stack:
            self.stack.append(self.stack[self.octet() % len(self.stack)])

    def deep(self) -> None:
        """Many levels at once, to both sides of the cap."""
        made = self.pop()
        for level in range(self.octet() % 140):
            made = [made] if level % 3 else {"a": made}
        self.stack.append(made)
