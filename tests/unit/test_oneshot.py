"""The compiled front of a one-shot function: it binds as the function does, and does what the function does."""

from __future__ import annotations

import copy
import doctest
import inspect
import itertools
import pickle
import sys
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.memo import Memo
from cyjwt._engine.oneshot import one_shot


class Prepared:
    def __init__(self, *args: Any, **options: Any) -> None:
        if "bad" in options or "bad" in args:
            raise ValueError("a bad option")
        self.said = (args, options)

    def use(self, subject: object) -> tuple[Any, ...]:
        if subject == "refused":
            raise LookupError("a bad subject")
        return subject, *self.said


open_memo: Memo[..., Prepared] = Memo(Prepared, 64)
closed_memo: Memo[..., Prepared] = Memo(Prepared, 64)


@one_shot(open_memo, "use")
def open_(subject: Any, key: Any, allowed: Any = None, **options: Any) -> Any:
    """Takes options of any name."""
    return open_memo.find(key, allowed, **options).use(subject)


@one_shot(closed_memo, "use")
def closed(subject: Any, key: Any, allowed: Any = None, *, kind: Any = "JWT", default: Any) -> Any:
    """Takes those it names."""
    return closed_memo.find(key, allowed, kind, default).use(subject)


ARGUMENTS: list[Any] = ["s", "k", ["a"], 3, "bad", "refused"]
NAMES = ["subject", "key", "allowed", "kind", "default", "other"]


def outcome(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    try:
        return function(*args, **options)
    except (TypeError, ValueError, LookupError) as error:
        return type(error), str(error)


def calls() -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    made = []
    for places in range(5):
        for count in range(4):
            for names in itertools.permutations(NAMES, count):
                made.append((tuple(ARGUMENTS[:places]), dict(zip(names, ARGUMENTS[places:], strict=False))))
    return made


@pytest.mark.parametrize("name", ["open_", "closed"])
def test_every_call_is_what_it_is_without_the_front(name: str) -> None:
    """Given by place and by name, too few, too many, twice, in any order; new and found again."""
    front: Any = globals()[name]
    verdicts = set()
    for args, options in calls():
        without = outcome(front.__wrapped__, args, options)
        assert outcome(front, args, options) == without
        assert outcome(front, args, options) == without
        # A name that is equal and not the same object.
        assert outcome(front, args, {"".join(list(n)): v for n, v in options.items()}) == without
        verdicts.add(without[0] if isinstance(without[0], type) else str)
    assert {TypeError, str} <= verdicts


def test_a_call_that_was_made_before_does_without_the_function() -> None:
    entered = []
    memo: Memo[..., Prepared] = Memo(Prepared, 8)

    @one_shot(memo, "use")
    def function(subject: Any, key: Any, **options: Any) -> Any:
        entered.append(subject)
        return memo.find(key, **options).use(subject)

    for n in range(5):
        assert function(n, ["k"], x=1) == (n, (["k"],), {"x": 1})
    assert entered == [0]
    assert function(x=1, key=["k"], subject="s")[0] == "s"
    assert entered == [0]
    function(5, ["k"], x=True)
    assert entered == [0, 5]


def test_failures_come_through_every_time() -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="a bad option"):
            open_("s", "k", bad=1)
        with pytest.raises(LookupError, match="a bad subject"):
            open_("refused", "k")
        assert open_("s", "k")[0] == "s"


def test_a_found_object_that_refuses_shows_no_frame_of_the_front() -> None:
    open_("s", "k")
    with pytest.raises(LookupError) as caught:
        open_("refused", "k")
    assert [frame.name for frame in caught.traceback] == [
        "test_a_found_object_that_refuses_shows_no_frame_of_the_front",
        "use",
    ]


@pytest.mark.parametrize("function", [cyjwt.decode, cyjwt.encode], ids=lambda f: f.__name__)
def test_it_passes_for_the_function_that_it_is(function: Any) -> None:
    name = function.__name__
    assert function.__module__ == "cyjwt.api"
    assert function.__qualname__ == name
    assert repr(function) == f"<function cyjwt.api.{name}>"
    assert function.__doc__ == function.__wrapped__.__doc__
    assert inspect.isroutine(function)
    assert callable(function)
    assert inspect.signature(function) == inspect.signature(function.__wrapped__)
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.deepcopy(function) is function
    assert [test for test in doctest.DocTestFinder().find(function, name) if test.examples]


def test_its_slot_for_calls_serves_too() -> None:
    front: Any = open_
    assert type(front).__call__(front, "s", "k", x=1) == front("s", "k", x=1)


def test_it_is_bound_as_a_function_is() -> None:
    class Owner:
        method = open_

    owner = Owner()
    assert owner.method("k")[0] is owner
    assert Owner.method("s", "k")[0] == "s"


def test_no_references_are_lost() -> None:
    subject, key, option = object(), object(), object()
    counts = [sys.getrefcount(value) for value in (subject, key, option)]
    for _ in range(1000):
        open_(subject, key, x=option)
        open_(key=key, subject=subject, x=option)
        outcome(open_, (subject, key, 1, 2), {})
        outcome(open_, ("refused", key), {"x": option})
    open_memo.clear()
    assert [sys.getrefcount(value) for value in (subject, key, option)] == counts


class Picky:
    def __init__(self, key: str) -> None:
        self.key = key

    def use(self, subject: str) -> str:
        if subject == "lookup":
            raise LookupError("not the last word")
        if subject == "value":
            raise ValueError("the last word")
        return subject + self.key


picky_memo: Memo[..., Picky] = Memo(Picky, 8)


def second(found: Picky, subject: str, raised: LookupError) -> tuple[str, str, str]:
    if found.key == "fails":
        raise OSError("the second word")
    return found.key, subject, str(raised)


def picky_(subject: str, key: str) -> Any:
    found = picky_memo.find(key)
    try:
        return found.use(subject)
    except LookupError as error:
        return second(found, subject, error)


picky = one_shot(picky_memo, "use", retry=LookupError, otherwise=second, free=True)(picky_)


def test_what_a_method_raises_may_not_be_the_last_word() -> None:
    for _ in range(2):
        assert picky("a", "b") == "ab"
        assert picky("lookup", "b") == ("b", "lookup", "not the last word")
        with pytest.raises(ValueError, match="the last word"):
            picky("value", "b")
    with pytest.raises(OSError, match="the second word"):
        picky("lookup", "fails")
    with pytest.raises(OSError, match="the second word") as caught:
        picky("lookup", "fails")
    assert caught.value.__context__ is None
    assert picky_memo.info() | {"octets": 0} == {
        "hits": 6,
        "misses": 2,
        "size": 2,
        "capacity": 8,
        "octets": 0,
    }


def test_the_second_word_keeps_nothing() -> None:
    for subject in ("lookup", "value", "a"):
        before = sys.getrefcount(subject)
        for _ in range(100):
            try:
                picky(subject, "b")
            except ValueError:
                continue
        assert sys.getrefcount(subject) == before


def test_a_free_one_is_no_method() -> None:
    class Holder:
        use = picky

    assert Holder().use("a", "b") == "ab"
    assert Holder.use("a", "b") == "ab"
