"""The JSON reader, scanner and writer against the oracle."""

from __future__ import annotations

import datetime
import enum
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cyjwt
from bench import strict
from cyjwt._engine import jsonscan, jsontext, jsonwrite
from tests.property import strategies as sets


def read(reader: Any, data: bytes | str) -> tuple[bool, Any]:
    try:
        return True, reader(data)
    except cyjwt.DecodeError:
        return False, None


def same(one: Any, other: Any) -> bool:
    """Equal in type, value, sign of zero and order of members."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


def check(data: bytes) -> None:
    """Reader, scanner and oracle agree about ``data``."""
    accepted, value = read(strict.loads, data)
    got, result = read(jsontext.loads, data)
    assert got == accepted, data
    assert same(result, value), data
    # The scanner reads headers and payloads, so it wants an object at the top.
    assert (jsonscan.check(data) is None) == (type(value) is dict), data


@given(sets.documents())
def test_documents(data: bytes) -> None:
    assert read(strict.loads, data)[0] or b'"' in data
    check(data)


@given(sets.damaged(sets.documents()))
def test_damaged_documents(data: bytes) -> None:
    check(data)


@given(st.binary(max_size=60))
def test_any_octets(data: bytes) -> None:
    check(data)


@given(st.lists(st.sampled_from(list(b'{}[]:,"\\ \n\t0123456789eE+-.truefalsn')), max_size=40).map(bytes))
def test_json_soup(data: bytes) -> None:
    check(data)


@given(sets.number_texts)
@example("-0")
@example("-0.0")
@example("0e400")
@example("1e-400")
@example("1e308")
@example("1.7976931348623157e308")
@example("1.7976931348623159e308")
@example("-1e309")
@example("4.9e-324")
@example("2.4703282292062327e-324")
@example("2.4703282292062328e-324")
@example("9007199254740993.0")
@example("123456789012345678901234567890.5e-10")
@example("0." + "0" * 400 + "1e401")
@example("1" + "0" * 400 + "e-400")
@example("9" * 4300)
@example("-" + "9" * 4300)
@example("9" * 4301)
@example("0" * 4301)
@example("1." + "1" * 4298)
@example("1." + "1" * 4299)
@example("0." + "0" * 4200 + "1e4201")
@example("0." + "0" * 4200 + "1e99999999999999999999")
@example("1e" + "9" * 30)
@example("1e-" + "9" * 30)
@example("0e" + "9" * 30)
def test_numbers(text: str) -> None:
    check(text.encode())
    check(b'{"n":' + text.encode() + b"}")
    check(b"[" + text.encode() + b" ,1]")


@given(sets.string_bodies)
def test_strings(data: bytes) -> None:
    check(data)
    check(b"{" + data + b":1}")
    check(b'{"a":' + data + b',"b":[' + data + b"]}")


@given(st.text(max_size=20))
def test_text_with_surrogates(text: str) -> None:
    """A ``str`` that holds a lone surrogate has no UTF-8, so it is no JSON."""
    document = f'["{text}"]'
    accepted, value = read(strict.loads, document)  # type: ignore[arg-type]
    got, result = read(jsontext.loads, document)
    assert (got, result) == (accepted, value)


@given(st.lists(st.tuples(sets.text, st.integers(0, 9)), min_size=1, max_size=8), st.data())
def test_duplicates(pairs: list[tuple[str, int]], data: st.DataObject) -> None:
    """Members are compared as text, however each is spelt."""
    spelt = []
    for name, value in pairs + data.draw(st.lists(st.sampled_from(pairs), max_size=1)):
        escaped = data.draw(st.booleans())
        if escaped:
            units = name.encode("utf-16-be")
            body = "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
        else:
            body = strict.dumps(name).decode()[1:-1]
        spelt.append(f'"{body}":{value}')
    check(("{" + ",".join(spelt) + "}").encode())


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 1000])
def test_duplicates_among_many_members(count: int) -> None:
    names = [f"member{i}" for i in range(count)]
    plain = "{" + ",".join(f'"{name}":1' for name in names)
    check((plain + "}").encode())
    assert read(jsontext.loads, (plain + "}").encode())[0]
    for twin in {names[0], names[count // 2], names[-1]}:
        for document in (plain + f',"{twin}":2}}', '{"x":[' + plain + f',"{twin}":2}}]}}'):
            assert not read(jsontext.loads, document.encode())[0]
            assert jsonscan.check(document.encode()) == "duplicate_member"


@pytest.mark.parametrize("size", range(100))
def test_every_kind_of_octet_at_every_place_of_a_string(size: int) -> None:
    base = b"abcdefghijklmnopqrstuvwxyz0123456789" * 3
    specials = [
        b"\x00",
        b"\x1f",
        b'"',
        b"\\",
        b"\\n",
        b"\\u00e9",
        b"\x7f",
        b"\xc3\xa9",
        b"\x80",
        b"\xff",
        b"\xe2\x82\xac",
    ]
    for special in specials:
        check(b'["' + base[:size] + special + base[: (size * 7) % 40] + b'"]')


@pytest.mark.parametrize("depth", [1, 2, 64, 127, 128, 129, 130, 200, 5000])
@pytest.mark.parametrize("shape", ["array", "object", "mixed"])
def test_depth_cap(depth: int, shape: str) -> None:
    opening = {"array": ["["], "object": ['{"a":'], "mixed": ["[", '{"a":']}[shape]
    closing = {"array": ["]"], "object": ["}"], "mixed": ["]", "}"]}[shape]
    kinds = [i % len(opening) for i in range(depth)]
    document = "".join(opening[k] for k in kinds) + "1" + "".join(closing[k] for k in reversed(kinds))
    check(document.encode())
    assert read(jsontext.loads, document.encode())[0] == (depth <= 128)
    check(f"[{document[1:-1]},{document}]".encode() if shape == "array" else document.encode())


@given(sets.values)
def test_writer_round_trip(value: Any) -> None:
    text = jsonwrite.dumps(value)
    assert type(text) is bytes
    assert same(strict.loads(text), value)
    assert same(jsontext.loads(text), value)


@given(sets.objects)
def test_writer_is_compact(value: dict[str, Any]) -> None:
    assert len(jsonwrite.dumps(value)) <= len(strict.dumps(value)) + 8 * text_floats(value)


def text_floats(value: Any) -> int:
    """How many floats a value holds: their shortest spelling is the writer's choice."""
    if isinstance(value, dict):
        return sum(map(text_floats, value.values()))
    if isinstance(value, list):
        return sum(map(text_floats, value))
    return isinstance(value, float)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_writer_floats_come_back_exactly(value: float) -> None:
    assert same(strict.loads(jsonwrite.dumps(value)), value)


@given(st.integers(-(10**60), 10**60))
def test_writer_integers(value: int) -> None:
    assert jsonwrite.dumps(value) == str(value).encode()


def test_writer_tuples_and_text() -> None:
    assert jsonwrite.dumps({"a": (1, "é", None), "\u2028": '\x00\x1f"\\/'}) in (
        '{"a":[1,"é",null],"\u2028":"\\u0000\\u001f\\"\\\\/"}'.encode(),
    )


def test_writer_dates_are_numeric_dates() -> None:
    utc = datetime.datetime(2030, 3, 17, 17, 46, 40, tzinfo=datetime.UTC)
    assert jsonwrite.dumps({"exp": utc}) == b'{"exp":1900000000}'
    east = utc.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    assert jsonwrite.dumps([east]) == b"[1900000000]"


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": {1, 2}},
        {"a": [b"bytes"]},
        {1: "a"},
        {None: 1},
        {"a": object()},
        {"a": {"b": [1, complex(1)]}},
        {b"a": 1},
    ],
)
def test_writer_refuses_other_types(wrong: Any) -> None:
    with pytest.raises(TypeError):
        jsonwrite.dumps(wrong)


def test_writer_names_the_path() -> None:
    with pytest.raises(TypeError, match=r"roles.*1|1.*roles"):
        jsonwrite.dumps({"roles": ["a", {1, 2}]})


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_writer_refuses_what_json_cannot_say(wrong: float) -> None:
    with pytest.raises((TypeError, ValueError)):
        jsonwrite.dumps({"a": wrong})


@pytest.mark.parametrize("wrong", ["\ud800", "a\udfff", "\udc00\ud800"])
def test_writer_refuses_lone_surrogates(wrong: str) -> None:
    for value in (wrong, {wrong: 1}, {"a": [wrong]}):
        with pytest.raises((TypeError, ValueError)):
            jsonwrite.dumps(value)


def test_writer_default_hook() -> None:
    class Money:
        def __init__(self, cents: int) -> None:
            self.cents = cents

    text = jsonwrite.dumps({"price": Money(250)}, default=lambda money: {"cents": money.cents})
    assert text == b'{"price":{"cents":250}}'


def test_writer_default_hook_that_never_ends() -> None:
    with pytest.raises((TypeError, ValueError, RecursionError)):
        jsonwrite.dumps(object(), default=lambda value: [value])


def test_writer_refuses_cycles() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises((TypeError, ValueError)):
        jsonwrite.dumps(cycle)


def test_writer_subclasses_of_the_basic_types() -> None:
    class Colour(enum.IntEnum):
        RED = 3

    class Name(str):
        __slots__ = ()

    assert jsonwrite.dumps({"c": Colour.RED, Name("n"): Name("x")}) == b'{"c":3,"n":"x"}'
    assert jsonwrite.dumps({"t": True, "f": False}) == b'{"t":true,"f":false}'
