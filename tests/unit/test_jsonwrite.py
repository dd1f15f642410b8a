"""The JSON writer: what comes back is what went in, and what cannot be written is named by its path."""

from __future__ import annotations

import enum
import json
import random
import sys
from collections import OrderedDict, defaultdict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import jsontext
from cyjwt._engine.jsonwrite import dumps
from tests.unit.test_jsonwrite_refusals import OTHER, wrong

# -- what is written


@pytest.mark.parametrize("size", [*range(36), 47, 48, 49, 63, 64, 65, 127, 128, 4090, 4096, 4100])
def test_strings_of_every_length_with_something_at_every_place(size: int) -> None:
    plain = ("abcdefghijklmnopqrstuvwxyz0123456789 /" * 120)[:size]
    places = range(size + 1) if size < 130 else (0, 1, size // 2, size - 1, size)
    for at in places:
        for special in ('"', "\\", "\n", "\x00", "\x1f", "\x7f", "/", "é", "€", "😀", '"\\', "\u2028"):
            text = plain[:at] + special + plain[at:]
            written = dumps([text, {text: text}])
            assert jsontext.loads(written) == [text, {text: text}]
            assert json.loads(written) == [text, {text: text}]


def test_every_character() -> None:
    """The short escapes of RFC 8259 section 7, ``u00XX`` for other controls, and all else as it is."""
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    for point in [*range(0x800), *range(0xFFF0, 0x10010), 0x10FFFF]:
        c = chr(point)
        body = short.get(c) or (f"\\u{point:04x}" if point < 0x20 else c)
        assert dumps(c) == f'"{body}"'.encode()


def test_a_text_of_nothing_but_escapes_grows_as_it_must() -> None:
    for count in (1, 600, 681, 682, 683, 4096, 50_000):
        for c, width in (("\x00", 6), ("\n", 2)):
            written = dumps(c * count)
            assert len(written) == width * count + 2
            assert jsontext.loads(written) == c * count


@pytest.mark.parametrize("size", [4080, 4090, 4094, 4095, 4096, 4097, 8191, 8192, 8193, 12_289, 100_000])
def test_texts_around_the_size_of_the_room_at_hand(size: int) -> None:
    for value in [
        "x" * size,
        [1] * (size // 2),
        [-(10**17)] * (size // 19),
        {"é" * (size // 2): 0.1},
        [None] * size,
    ]:
        assert json.loads(dumps(value)) == value


def test_integers() -> None:
    numbers = [10**k + d for k in range(40) for d in (-1, 0, 1)] + [
        2**k + d for k in range(130) for d in (-1, 0, 1)
    ]
    for number in numbers:
        assert dumps(number) == str(number).encode()
        assert dumps(-number) == str(-number).encode()


def test_integers_past_the_cap_on_digits() -> None:
    most = int("9" * 4300)
    assert jsontext.loads(dumps([most, -most])) == [most, -most]
    for number in (most + 1, -most - 1, 1 << 200_000):
        kind, words = wrong({"a": [number]})
        assert kind is ValueError
        assert words == "claims.a[0] has too many digits"


def test_floats() -> None:
    chosen = random.Random(1)
    numbers = [chosen.uniform(-1, 1) * 10.0 ** chosen.randrange(-300, 300) for _ in range(3000)]
    numbers += [0.0, -0.0, 1.0, 1e16, 1e22, 1e23, 5e-324, sys.float_info.max, sys.float_info.min, 0.1, 1 / 3]
    written = dumps(numbers)
    assert list(map(repr, json.loads(written))) == list(map(repr, numbers))
    assert dumps([1.0, 1e100, -0.0]) == b"[1.0,1e+100,-0.0]"


def test_constants_and_containers() -> None:
    assert dumps([None, True, False, {}, [], (), ""]) == b'[null,true,false,{},[],[],""]'
    assert dumps({"a": {"b": [{"c": (1, [2, (3,)])}]}}) == b'{"a":{"b":[{"c":[1,[2,[3]]]}]}}'


def test_subclasses_stand_for_what_they_are() -> None:
    class Level(enum.IntEnum):
        HIGH = 3
        HUGE = 10**30

    class Role(enum.StrEnum):
        ADMIN = "admin"

    class Mixed(str, enum.Enum):  # noqa: UP042
        ONE = "one"

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "not this"

        def encode(self, *_: Any) -> bytes:  # type: ignore[override]
            return b"nor this"

    class Whole(int):
        def __repr__(self) -> str:
            return "not this"

        __str__ = __repr__

    class Real(float):
        def __repr__(self) -> str:
            return "not this"

    class Members(dict[str, Any]):
        def items(self) -> Any:
            return [("not", "this")]

    class Row(list[Any]):
        def __iter__(self) -> Any:
            return iter(["not this"])

    assert dumps([Level.HIGH, Level.HUGE, Role.ADMIN, Mixed.ONE]) == b'[3,%d,"admin","one"]' % 10**30
    assert (
        dumps([Text("aé"), Whole(7), Whole(10**20), Real(0.5)])
        == '["aé",7,100000000000000000000,0.5]'.encode()
    )
    assert dumps({Text("n"): Members(a=1), Role.ADMIN: Row([1])}) == b'{"n":{"a":1},"admin":[1]}'
    assert json.loads(dumps(OrderedDict(b=1, a=2))) == {"b": 1, "a": 2}
    assert dumps(defaultdict(list, a=[1])) == b'{"a":[1]}'


def test_round_trip_of_random_values() -> None:
    chosen = random.Random(5)
    alphabet = 'ab"\\\n\x00é€😀 /'

    def value(depth: int) -> Any:
        kind = chosen.randrange(8 if depth else 6)
        if kind == 0:
            return chosen.choice([None, True, False])
        if kind == 1:
            return chosen.randrange(-(10 ** chosen.randrange(1, 40)), 10 ** chosen.randrange(1, 40))
        if kind == 2:
            return chosen.uniform(-1e6, 1e6)
        if kind < 6:
            return "".join(chosen.choices(alphabet, k=chosen.randrange(30)))
        if kind == 6:
            return [value(depth - 1) for _ in range(chosen.randrange(5))]
        names = (
            "".join(chosen.choices(alphabet, k=chosen.randrange(10))) for _ in range(chosen.randrange(9))
        )
        return {name: value(depth - 1) for name in names}

    for _ in range(1500):
        made = value(4)
        written = dumps(made)
        for read in (jsontext.loads, json.loads):
            assert repr(read(written)) == repr(made)


# -- dates


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), -1),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -1),
        (datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC), 1_900_000_000),
        (datetime(2030, 3, 17, 17, 46, 40, 999_999, tzinfo=UTC), 1_900_000_000),
        (datetime(2030, 3, 17, 23, 16, 40, tzinfo=timezone(timedelta(hours=5, minutes=30))), 1_900_000_000),
        (datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), 2**31),
        (datetime(1, 1, 1, tzinfo=UTC), -62_135_596_800),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), -62_135_596_800 - 14 * 3600),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 253_402_300_799),
    ],
)
def test_a_datetime_is_whole_seconds(moment: datetime, seconds: int) -> None:
    assert dumps({"exp": moment}) == b'{"exp":%d}' % seconds


def test_the_last_moment_that_a_datetime_holds_is_a_date_that_a_verifier_takes() -> None:
    """``datetime.max`` is how people write "never"; it must not be rounded up into the year 10000."""
    never = datetime.max.replace(tzinfo=UTC)
    assert dumps(never) == b"253402300799"
    key = cyjwt.Key.from_secret(bytes(range(32)))
    assert cyjwt.Verifier(key).verify(cyjwt.encode({"exp": never}, key, "HS256")) == {"exp": 253_402_300_799}


def test_microseconds_never_round_a_date_up() -> None:
    for year in (2030, 5000, 8000, 9999):
        moment = datetime(year, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        assert dumps(moment) == dumps(moment.replace(microsecond=0))


def test_a_datetime_without_a_time_zone_is_refused() -> None:
    class Nowhere(tzinfo):
        """What Python calls naive too: it has no offset."""

        def utcoffset(self, _: datetime | None) -> None:
            return None

        def dst(self, _: datetime | None) -> None:
            return None

        def tzname(self, _: datetime | None) -> None:
            return None

    kind, words = wrong({"a": [{"exp": datetime(2030, 1, 1)}]})
    assert (kind, words) == (ValueError, "claims.a[0].exp is a datetime without a time zone")
    kind, words = wrong({"exp": datetime(2030, 1, 1, tzinfo=Nowhere())})
    assert (kind, words) == (ValueError, "claims.exp is a datetime without a time zone")


def test_dates_come_before_the_hook_and_other_dates_go_to_it() -> None:
    moment = datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)
    assert dumps([moment], lambda value: "hook") == b"[1900000000]"
    assert dumps([moment.date(), moment.time()], str) == b'["2030-03-17","17:46:40"]'
    assert wrong([moment.date()])[1] == "claims[0] is of type date, which JSON has no form for"
    assert dumps(OTHER, lambda value: moment) == b"1900000000"
