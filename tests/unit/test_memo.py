"""The memory of what was made: found again by exact types and contents, and by nothing else."""

from __future__ import annotations

import weakref
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest

from cyjwt._engine.memo import Memo
from tests.unit.memo_support import Made, memo


class Text(str):
    """A string of a class of its own."""


class Names(StrEnum):
    A = "a"


Pair = namedtuple("Pair", "a b")

#: Values of which no two are the same, although many are equal or hash alike.
DISTINCT: list[Any] = [
    None, True, 1, 1.0, False, 0, 0.0, -0.0, -1, -2, 2**70, "1", b"1", "", b"", (), [], {}, set(), frozenset(),
    bytearray(), bytearray(b"1"), memoryview(b"1"), memoryview(bytearray(b"1")[:0]), timedelta(1), timedelta(2),
    86400.0, "a", ["a"], ("a",), {"a"}, frozenset("a"), {"a": None}, ["a", None], [["a"]], [[], "a"], [["a", []]],
    [[], []], [[[]]], {"a": {}}, {"a": []}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 1}, {"a": True},
    {"a": 1.0}, ["a", "b"], ["b", "a"], "ab", "é", "\xe9\u20ac", "\U0001f600", b"\xe9", "a\0", "a\0b", 10**100,
    10**100 + 1, float("inf"), "a" * 2000, "a" * 1999 + "b", b"a" * 2000, b"a" * 1999 + b"b",
    # Texts whose memory starts alike: of another width, and of the same.
    "\u6261\u20ac", "\u20aca\u20acb", "\u20aca\u20acc", "\U0001f600aaa", "\U0001f600aab", b"\xe9\0", b"a\0",
]  # fmt: skip


def fresh(value: Any) -> Any:
    """The same content in other objects, as far as the type allows."""
    if type(value) is str:
        return (value + "x")[:-1]
    if type(value) is bytes:
        return bytes(bytearray(value))
    if type(value) is memoryview:
        return memoryview(bytes(value))
    if type(value) is int and abs(value) > 300:
        return int(str(value))
    if type(value) is float:
        return float(str(value))
    if type(value) is timedelta:
        return timedelta(value.days)
    if type(value) is dict:
        return {fresh(name): fresh(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(fresh(item) for item in value)
    return bytearray(value) if type(value) is bytearray else value


def test_each_value_is_found_again_and_no_other() -> None:
    found = memo(len(DISTINCT) * 2)
    made = [found.find(value) for value in DISTINCT]
    assert len(set(map(id, made))) == len(DISTINCT)
    for value, first in zip(DISTINCT, made, strict=True):
        assert found.find(value) is first
        assert found.find(fresh(value)) is first, repr(value)[:80]
    named = [found.find(key=value) for value in DISTINCT]
    assert not {id(one) for one in named} & {id(one) for one in made}
    info = found.info()
    assert (info["misses"], info["hits"]) == (2 * len(DISTINCT), 2 * len(DISTINCT))


def test_no_value_stands_for_another_next_to_it() -> None:
    """Each pair in both orders, where nothing but comparing tells them apart."""
    for one in DISTINCT:
        for other in DISTINCT:
            found = memo(2)
            first, second = found.find(one), found.find(other)
            assert (first is second) is (one is other), (one, other)


@pytest.mark.parametrize("size", [1, 3, 4, 5, 100])
def test_types_are_told_apart_wherever_the_entry_stands(size: int) -> None:
    """Among the few that are compared at once, and behind them, where a hash leads."""
    found = memo(size)
    for _ in range(2):
        for value in (1, True, 1.0, "1", b"1", [1], (1,)):
            made = found.find(value)
            assert type(made.args[0]) is type(value)
            assert made.args == (value,)


def test_arguments_are_told_by_place_and_name() -> None:
    found = memo(64)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}), (("a",), {}), (("a", "b"), {}), ((["a", "b"],), {}), ((["a"], "b"), {}), (("b", "a"), {}),
        ((), {"x": "a"}), ((), {"y": "a"}), (("a",), {"x": "b"}), (("a",), {"b": "x"}), ((), {"x": "a", "y": "b"}),
        ((), {"y": "b", "x": "a"}), ((), {"x": "b", "y": "a"}), (("x", "a"), {}), (({"x": "a"},), {}), ((("a",),), {}),
        (("a", "b", "x"), {}), (([], "a"), {}), ((["a"],), {}), (((), ()), {}), ((((),),), {}),
    ]  # fmt: skip
    made = [found.find(*args, **options) for args, options in calls]
    assert len(set(map(id, made))) == len(calls)
    for one, (args, options) in zip(made, calls, strict=True):
        assert (one.args, one.options) == (args, options)
        assert list(one.options) == list(options)
        assert found.find(*args, **{fresh(name): value for name, value in options.items()}) is one


# -- what may change


def changes() -> Iterator[tuple[Any, Any]]:
    """A value, and what changes it."""
    yield ["a"], lambda v: v.append("b")
    yield ["a"], lambda v: v.__setitem__(0, "b")
    yield {"a"}, lambda v: v.add("b")
    yield {"a": "b"}, lambda v: v.update(a="c")
    yield {"a": "b"}, lambda v: v.update(c="c")
    yield {"a": ["b"]}, lambda v: v["a"].append("c")
    yield (["a"],), lambda v: v[0].append("b")
    yield bytearray(b"abc"), lambda v: v.__setitem__(0, 0)
    yield memoryview(bytearray(b"abc")), lambda v: v.__setitem__(0, 0)
    yield OrderedDict(a=1), lambda v: v.update(a=2)
    yield UserDict(a=1), lambda v: v.update(a=2)
    yield deque(["a"]), lambda v: v.append("b")
    plain = {"a": 1}
    yield MappingProxyType(plain), lambda v: plain.update(a=2)
    yield Pair(["a"], 1), lambda v: v.a.append("b")
    yield memoryview(bytearray(b"abc"))[::2], lambda v: v.__setitem__(-1, 0)
    yield memoryview(bytearray(b"abc"))[::-1], lambda v: v.__setitem__(-1, 0)
    yield memoryview(bytearray(b"abcd")).cast("H"), lambda v: v.__setitem__(0, 0)


@pytest.mark.parametrize(("value", "change"), list(changes()), ids=lambda v: type(v).__name__)
def test_what_was_changed_is_another(value: Any, change: Any) -> None:
    found = memo()
    seen: list[str] = []

    def build(one: Any) -> str:
        seen.append(repr(bytes(one)) if isinstance(one, memoryview) else repr(one))
        return seen[-1]

    found = Memo(build, 16)
    before = found.find(value)
    change(value)
    after = found.find(value)
    assert before != after
    assert len(seen) == 2


def test_the_construction_has_copies_of_its_own() -> None:
    """What it is given cannot change under it, and what it does to it is not seen."""
    given: dict[str, Any] = {"a": ["b"], "c": bytearray(b"d")}
    plain, octets = [1], memoryview(b"e")
    found = memo()
    made = found.find(given, plain, octets, ({"f"},) and {"f"})
    assert made.args == (given, plain, octets, {"f"})
    assert [type(value) for value in made.args] == [dict, list, memoryview, set]
    assert made.args[0] is not given
    assert made.args[0]["a"] is not given["a"]
    assert made.args[1] is not plain
    made.args[0]["a"].append("x")
    made.args[1].append("x")
    assert given == {"a": ["b"], "c": bytearray(b"d")}
    assert found.find(given, plain, octets, {"f"}) is made


def test_a_container_of_another_type_is_not_remembered() -> None:
    class Lines(list[str]):
        pass

    class Own:
        def __iter__(self) -> Iterator[str]:
            return iter(["a"])

    class Held:
        def __contains__(self, item: object) -> bool:
            return True

    for value in (
        OrderedDict(a=1), UserDict(a=1), deque("a"), MappingProxyType({}), Pair(1, 2), Lines("a"), Own(), Held(),
        range(3), memoryview(b"abcd").cast("B", [2, 2]), memoryview(b"ab").cast("b"), memoryview(b"abc")[::2],
        iter("a"), {1: 2}, {None: 1}, {Text("a"): 1}, [Own()], {"a": Own()}, [{"a"}], {"a"}.__iter__(),
    ):  # fmt: skip
        found = memo()
        assert found.find(value) is not found.find(value), type(value)
        assert found.find(value).args[0] is value
        assert found.info()["size"] == 0
    known = memo(immutable=(Own,))
    own = Own()
    assert known.find(own) is known.find(own)
    assert known.find(Own()) is not known.find(own)


def test_a_live_argument_is_told_by_identity() -> None:
    found = memo(live=("revoked",))
    mine, equal = {"a"}, {"a"}
    made = found.find(revoked=mine)
    assert made.options["revoked"] is mine
    assert found.find(revoked=equal) is not made
    mine.add("b")
    assert found.find(revoked=mine) is made
    assert found.find(revoked={"a", "b"}) is not made
    assert found.find(other=mine).options["other"] is not mine
    own = deque("a")
    assert found.find(revoked=own) is found.find(revoked=own)
    # Whether the name is the same object or only equal.
    assert found.find(**{"".join(["rev", "oked"]): mine}) is made


# -- identity


def test_other_objects_are_told_by_identity_and_held() -> None:
    class Alike:
        """Equal to everything, with one hash."""

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise AssertionError("nobody asks for this")

    found = memo(64)
    values = [
        Alike(),
        Alike(),
        Unhashable(),
        Unhashable(),
        len,
        lambda: 1.0,
        lambda: 1.0,
        int,
        bool,
        object(),
    ]
    made = [found.find(value) for value in values]
    assert len(set(map(id, made))) == len(values)
    assert [found.find(value) for value in values] == made
    found.find(Alike())
    gone = weakref.ref(found.find(key=Alike()).options["key"])
    assert gone() is not None, "an address must not be used again while it stands for something"


def test_a_str_of_a_subclass_is_not_its_content() -> None:
    found = memo()
    text, twin = Text("a"), Text("a")
    made = found.find(text)
    assert made.args[0] is text
    assert found.find(text) is made
    assert found.find(twin) is not made
    assert found.find("a") is not made
    assert found.find(Names.A) is found.find(Names.A)
    assert found.find(Names.A) is not found.find("a")
    assert found.find([Names.A]) is not found.find(["a"])


# -- failures


def test_what_fails_is_not_remembered() -> None:
    calls = []

    def build(value: object) -> object:
        calls.append(value)
        raise ValueError("no")

    found = Memo(build, 16)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            found.find("a")
    assert len(calls) == 3
    assert found.info() == {"hits": 0, "misses": 3, "size": 0, "capacity": 16, "octets": 0}


def test_a_construction_may_ask_the_memory_itself() -> None:
    def build(n: int) -> int:
        return 1 if n < 2 else found.find(n - 1) * n

    found = Memo(build, 16)
    assert found.find(10) == 3628800
    assert found.info()["size"] == 10


@pytest.mark.parametrize("during", ["clear", "resize", "find"])
def test_a_construction_may_change_the_memory(during: str) -> None:
    def build(value: str, again: bool = True) -> object:
        if again:
            {
                "clear": found.clear,
                "resize": lambda: found.resize(0),
                "find": lambda: found.find(value, False),
            }[during]()
        return object()

    found = Memo(build, 4)
    for _ in range(3):
        found.find("a")
    assert found.info()["size"] == (2 if during == "find" else 0)


def test_options_of_the_memory() -> None:
    for wrong in (-1, 1 << 60):
        with pytest.raises(ValueError, match="size must be from 0"):
            Memo(Made, wrong)
        with pytest.raises(ValueError, match="size must be from 0"):
            memo().resize(wrong)
    for kind in (True, 1.0, None, "1"):
        with pytest.raises(TypeError, match="size must be a number"):
            Memo(Made, kind)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="callable"):
        Memo(None, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="live must name"):
        Memo(Made, 1, live=(1,))  # type: ignore[arg-type]
