"""The JSON writer: what it refuses, how it names it, and the hook for values of other types."""

from __future__ import annotations

import contextlib
import datetime
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import jsontext
from cyjwt._engine.jsonwrite import dumps
from tests.unit.jsontext_support import in_child


class Other:
    """A type that JSON has no form for."""


OTHER = Other()


def wrong(value: Any, default: Callable[[Any], Any] | None = None) -> tuple[type[Exception], str]:
    with pytest.raises((TypeError, ValueError)) as caught:
        dumps(value, default)
    assert caught.value.__cause__ is None
    return caught.type, str(caught.value)


# -- what is refused, and how it is named


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (OTHER, "claims"),
        ({"a": OTHER}, "claims.a"),
        ([OTHER], "claims[0]"),
        ({"a": [1, OTHER]}, "claims.a[1]"),
        ({"a": [1, 2, {"b": OTHER}]}, "claims.a[2].b"),
        ({"a": [[0, [0, 1, OTHER]]]}, "claims.a[0][1][2]"),
        ({"x": 1, "é": (None, {"": OTHER})}, "claims.é[1]."),
        ([{}, [], (), {"a": {"b": {"c": OTHER}}}], "claims[3].a.b.c"),
        ({"list": list(range(3000)), "then": OTHER}, "claims.then"),
    ],
)
def test_the_path_of_what_cannot_be_written(value: Any, path: str) -> None:
    kind, words = wrong(value)
    assert kind is TypeError
    assert words == f"{path} is of type Other, which JSON has no form for"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite(number: float) -> None:
    kind, words = wrong({"a": [{"b": number}]})
    assert kind is ValueError
    assert words == "claims.a[0].b is not finite, and JSON has only finite numbers"


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udc00\ud800", "é\ud83d", "😀\ude00"])
def test_lone_surrogates(text: str) -> None:
    kind, words = wrong({"a": ["b", text]})
    assert kind is ValueError
    assert words == "claims.a[1] holds a lone surrogate, which has no UTF-8"
    kind, words = wrong({"a": [{text: 1}]})
    assert kind is ValueError
    assert words.startswith("claims.a[0].")
    assert words.endswith(" holds a lone surrogate, which has no UTF-8")


@pytest.mark.parametrize("name", [1, None, True, b"a", (1,), 1.5, OTHER], ids=repr)
def test_names_that_are_no_text(name: Any) -> None:
    kind, words = wrong({"a": [{"b": {name: 1}}]})
    assert kind is TypeError
    assert words == f"claims.a[0].b has a name of type {type(name).__name__}; JSON names are str"
    assert wrong({name: 1}, lambda value: "hook")[0] is TypeError


@pytest.mark.parametrize(
    "value", [b"a", {1}, frozenset(), 1j, Fraction(1, 2), range(3), iter([]), {}.keys(), ...]
)
def test_other_types(value: Any) -> None:
    assert wrong([value]) == (
        TypeError,
        f"claims[0] is of type {type(value).__name__}, which JSON has no form for",
    )
    assert dumps([value], lambda given: type(given).__name__) == f'["{type(value).__name__}"]'.encode()


def test_the_cap_on_depth_is_exact() -> None:
    def nest(depth: int, make: Callable[[Any], Any]) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = make(value)
        return value

    makers: list[Callable[[Any], Any]] = [lambda v: [v], lambda v: (v,), lambda v: {"a": v}]
    for make in makers:
        assert jsontext.loads(dumps(nest(128, make))) is not None
        kind, words = wrong(nest(129, make))
        assert kind is ValueError
        assert words == "claims are nested more than 128 deep, or hold themselves"
        assert wrong(nest(100_000, make))[0] is ValueError


def test_cycles() -> None:
    row: list[Any] = [1]
    row.append(row)
    members: dict[str, Any] = {"a": 1}
    members["self"] = {"again": [members]}
    for value in (row, members, {"a": row}, (row,)):
        assert wrong(value) == (ValueError, "claims are nested more than 128 deep, or hold themselves")


def test_what_is_not_a_cycle() -> None:
    shared = {"a": [1]}
    assert dumps([shared, shared, {"x": shared}]) == b'[{"a":[1]},{"a":[1]},{"x":{"a":[1]}}]'


# -- the default hook


def test_the_hook_gets_each_value_once_and_in_order() -> None:
    seen: list[Any] = []

    def hook(value: Any) -> Any:
        seen.append(value)
        return len(seen)

    values = [Other() for _ in range(4)]
    written = dumps({"a": values[0], "b": [values[1], {"c": values[2]}], "d": (values[3],)}, hook)
    assert written == b'{"a":1,"b":[2,{"c":3}],"d":[4]}'
    assert seen == values


def test_the_hooks_answer_may_need_the_hook_again() -> None:
    def hook(value: Any) -> Any:
        if isinstance(value, set):
            return sorted(value)
        return {1, 2} if isinstance(value, Other) else repr(value)

    assert dumps([OTHER, 1j], hook) == b'[[1,2],"1j"]'


def test_the_hooks_errors_pass_through() -> None:
    class Unusual(BaseException):
        pass

    def hook(_: Any) -> Any:
        raise Unusual

    with pytest.raises(Unusual):
        dumps({"a": [OTHER]}, hook)
    assert dumps({"a": [1]}, hook) == b'{"a":[1]}'


def test_a_wrong_answer_of_the_hook_is_named_by_its_path() -> None:
    assert wrong({"a": [OTHER]}, lambda _: math.nan)[1].startswith("claims.a[0] is not finite")
    assert wrong({"a": [OTHER]}, lambda _: {"b": {1: 2}})[1].startswith(
        "claims.a[0].b has a name of type int"
    )
    with pytest.raises(TypeError):
        dumps(OTHER, 1)  # type: ignore[arg-type]


def test_a_hook_that_never_ends() -> None:
    for hook in (lambda value: value, lambda value: [value], lambda value: {"a": value}, lambda _: Other()):
        assert wrong({"a": OTHER}, hook)[0] is ValueError


def test_a_hook_that_calls_the_writer_for_ever() -> None:
    code = """
        from cyjwt._engine.jsonwrite import dumps

        def hook(value):
            return dumps([value], hook)

        try:
            dumps(object(), hook)
        except RecursionError:
            sys.exit(7)
    """
    assert in_child(code) == 7


def test_a_hook_that_changes_the_list_being_written() -> None:
    row: list[Any] = [OTHER, 1, 2, 3]

    def cut(_: Any) -> int:
        del row[1:]
        return 0

    assert dumps(row, cut) == b"[0]"
    row = [OTHER, 1]

    def add(_: Any) -> int:
        row.append(2)
        return 0

    assert dumps(row, add) == b"[0,1,2]"
    row = [OTHER]
    assert dumps([row, row], lambda _: row.clear()) == b"[[null],[]]"


def changers() -> dict[str, Callable[[dict[str, Any]], Any]]:
    def again(members: dict[str, Any]) -> None:
        members["first"] = members.pop("first")

    return {
        "clear": lambda members: members.clear(),
        "remove what was written": lambda members: members.pop("first"),
        "remove what was not": lambda members: members.pop("last"),
        "remove what is being written": lambda members: members.pop("other"),
        "put what was written at the end": again,
        "add one": lambda members: members.update(more=1),
        "add many": lambda members: members.update((f"more{i}", i) for i in range(100)),
        "replace all": lambda members: (members.clear(), members.update((f"new{i}", i) for i in range(9))),
    }


@pytest.mark.parametrize("name", changers())
def test_a_hook_that_changes_the_dict_being_written(name: str) -> None:
    """What is written is the dict as it was."""
    members: dict[str, Any] = {"first": 1, "other": OTHER, "last": 3}

    def hook(_: Any) -> int:
        changers()[name](members)
        return 2

    assert jsontext.loads(dumps(members, hook)) == {"first": 1, "other": 2, "last": 3}


@pytest.mark.parametrize("name", changers())
def test_a_hook_that_changes_the_claims_being_signed(name: str) -> None:
    key = cyjwt.Key.from_secret(bytes(range(32)))
    claims: dict[str, Any] = {"first": 1, "other": OTHER, "last": 3}

    def hook(_: Any) -> int:
        changers()[name](claims)
        return 2

    signer = cyjwt.Signer(key, algorithm="HS256", issuer="i", audience="a", lifetime=5, default=hook)
    written = cyjwt.read_unverified(signer.sign(claims)).claims
    assert list(written) == ["first", "other", "last", "iss", "aud", "iat", "exp"]
    assert (written["first"], written["other"], written["last"]) == (1, 2, 3)


def test_a_hook_that_removes_a_claim_after_it_was_written() -> None:
    """What the signer adds itself must not be there a second time."""
    key = cyjwt.Key.from_secret(bytes(range(32)))
    claims: dict[str, Any] = {"iss": "given", "exp": 1, "other": OTHER}

    def hook(_: Any) -> int:
        del claims["iss"], claims["exp"]
        return 2

    signer = cyjwt.Signer(key, algorithm="HS256", issuer="i", lifetime=5, default=hook)
    written = cyjwt.read_unverified(signer.sign(claims)).claims
    assert list(written) == ["iss", "exp", "other", "iat"]


# -- code that runs without a hook


class Zone(datetime.tzinfo):
    """Runs something whenever it is asked."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action

    def utcoffset(self, _: datetime.datetime | None) -> datetime.timedelta:
        self.action()
        return datetime.timedelta(0)

    def dst(self, _: datetime.datetime | None) -> None:
        return None


def refilled(members: dict[str, Any], **others: Any) -> Callable[[], None]:
    def action() -> None:
        members.clear()
        members.update(others)

    return action


def test_a_time_zone_that_changes_the_claims_being_signed() -> None:
    """Neither is a member written twice, nor does an ``exp`` that came too late keep the signer's own away."""
    key = cyjwt.Key.from_secret(bytes(range(32)))
    claims: dict[str, Any] = {"iss": "me", "sub": "alice"}
    zone = Zone(refilled(claims, exp=1, jti="1", azp="y", sub="mallory"))
    claims["nbf"] = datetime.datetime(2026, 1, 1, tzinfo=zone)
    written = cyjwt.read_unverified(cyjwt.Signer(key, lifetime=60).sign(claims)).claims
    assert {**written, "iat": 0, "exp": 60} == {
        "iss": "me", "sub": "alice", "nbf": 1_767_225_600, "iat": 0, "exp": 60,
    }  # fmt: skip
    assert written["exp"] == written["iat"] + 60


def test_code_deep_inside_that_changes_what_is_around_it() -> None:
    outer: dict[str, Any] = {"a": 1}
    zone = Zone(refilled(outer, w=1, x=2, y=3, z=4))
    outer["b"] = {"c": [datetime.datetime(1970, 1, 1, tzinfo=zone)]}
    outer["d"] = 2
    assert dumps(outer) == b'{"a":1,"b":{"c":[0]},"d":2}'
    assert dumps([outer]) == b'[{"w":1,"x":2,"y":3,"z":4}]'

    class Told(dict[str, Any]):
        def keys(self) -> Any:
            refilled(around, w=1, x=2, y=3, z=4)()
            return super().keys()

        def __iter__(self) -> Any:
            return super().__iter__()

    around: dict[str, Any] = {"a": 1}
    around |= {"told": Told(b=2), "c": 3}
    assert jsontext.loads(dumps(around)) == {"a": 1, "told": {"b": 2}, "c": 3}


def test_a_name_that_formats_itself_while_an_error_is_worded() -> None:
    class Name(str):
        __slots__ = ()

        def __format__(self, _: str) -> str:
            inner.clear()
            return "other"

        __str__ = __format__  # type: ignore[assignment]

    inner: dict[Any, Any] = {object(): 1}
    kind, words = wrong({Name("k"): inner})
    assert kind is TypeError
    assert words == "claims.k has a name of type object; JSON names are str"
    assert len(inner) == 1


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2026, 1, 1, 12, 30, 59, 999_999, datetime.UTC),
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999, datetime.UTC),
        datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, datetime.UTC),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-9, seconds=7))),
    ],
)
def test_a_moment_is_the_same_by_either_way(moment: datetime.datetime) -> None:
    """CPython's own time zones, and others, whose code may do anything."""

    class Moment(datetime.datetime):
        pass

    whole = int(moment.replace(microsecond=0).timestamp())
    fields = (*moment.timetuple()[:6], moment.microsecond, moment.tzinfo)
    assert dumps([moment, Moment(*fields)]) == f"[{whole},{whole}]".encode()


def test_nothing_is_lost_of_what_was_lent() -> None:
    """References are given back on every way out."""
    name, text, row = "name" * 3, "text" * 3, [1]
    before = [sys.getrefcount(x) for x in (name, text, row, OTHER)]
    for _ in range(2000):
        dumps({name: [text, row, (row,)]})
        for value in ({name: [text, OTHER]}, {name: {text: math.nan}}, [row, {name: {1: 1}}]):
            with contextlib.suppress(TypeError, ValueError):
                dumps(value)
        del value
        dumps([OTHER], lambda value: name)
    assert [sys.getrefcount(x) for x in (name, text, row, OTHER)] == before
