"""Dicts of a shape that was met often: compact ones, which share a table of names, and nobody notices."""

from __future__ import annotations

import copy
import gc
import itertools
import json
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import jsontext
from tests.unit.jsontext_support import compact, same

#: More than it takes until a shape's dicts are compact.
OFTEN = 120
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**40, 10**30, 1.5, 1700000000, "", "a", "é", "x" * 70, "\x00", 'q"q'),
    *([], [1], ["a"], {}, {"a": 1}, {"a": {"b": [None, True]}}, "admin", "https://issuer.example/"),
]


def read(members: dict[str, Any]) -> dict[str, Any]:
    made = jsontext.loads(compact(members))
    assert same(made, members)
    assert type(made) is dict
    return made


def settled(names: list[str], value: Any = 1) -> None:
    """Let a shape be met often."""
    for _ in range(OFTEN):
        read(dict.fromkeys(names, value))


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 10, 11, 12, 22, 28, 29, 30, 31, 32, 63, 64, 65])
def test_any_values_in_a_shape_that_is_met_often(count: int) -> None:
    chosen = random.Random(count)
    names = ([f"often{count}-{i}" for i in range(count)] + ["iss", "scope", "roles"])[-count:]
    for _ in range(2 * OFTEN):
        read({name: chosen.choice(VALUES) for name in names})


def test_every_value_follows_every_other() -> None:
    names = ["iss", "scope", "t0", "t1", "tenant"]
    settled(names, "constant")
    for before, after in itertools.product(VALUES, repeat=2):
        for at in (0, 2, 4):
            for value in (before, after):
                read(dict.fromkeys(names, "constant") | {names[at]: value})


def test_members_may_be_absent_or_come_in_addition_or_in_another_order() -> None:
    chosen = random.Random(5)
    names = ["iss", "sub", "aud", "exp", "iat", "scope", "o1", "o2"]
    settled(names)
    for i in range(1500):
        order = list(names)
        if i % 3 == 0:
            order.remove(chosen.choice(names))
        elif i % 7 == 0:
            order.insert(chosen.randrange(len(order) + 1), f"extra{i % 5}")
        elif i % 11 == 0:
            chosen.shuffle(order)
        read({name: chosen.choice(VALUES) for name in order})


def test_shapes_that_take_turns() -> None:
    names = [f"turn{i}" for i in range(9)]
    shapes = [names, names[:-1], names[1:], names[::-1], [*names, "more"], names[:4] + names[5:]]
    for pattern in ([0, 1], [0, 0, 0, 0, 2], [3, 0], [4, 0, 0], [0, 5, 5, 5], list(range(6))):
        for i in range(OFTEN):
            for which in pattern:
                read({name: [i, which] for name in shapes[which]})


def test_a_fault_at_any_place_of_a_shape_that_is_met_often() -> None:
    names = [f"fault{i}" for i in range(5)]
    settled(names)
    good = compact({name: [i, "s"] for i, name in enumerate(names)})
    for cut, bad in itertools.product(range(len(good)), (b"", b"}", b'"', b"\xff", b"x", b",", b"\\")):
        text = good[:cut] + bad + good[cut + 1 :]
        try:
            expected = json.loads(text, object_pairs_hook=unique)
        except ValueError:
            with pytest.raises(cyjwt.DecodeError):
                jsontext.loads(text)
        else:
            assert same(jsontext.loads(text), expected)
        assert same(jsontext.loads(good), json.loads(good))


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("duplicate")
    return made


def test_duplicates_in_a_shape_that_is_met_often() -> None:
    names = [f"double{i}" for i in range(6)]
    settled(names)
    for i, j in itertools.permutations(range(6), 2):
        for escaped in (False, True):
            spelt = list(names)
            spelt[j] = f"\\u{ord(names[i][0]):04x}{names[i][1:]}" if escaped else names[i]
            text = "{" + ",".join(f'"{name}":{k}' for k, name in enumerate(spelt)) + "}"
            with pytest.raises(cyjwt.DecodeError) as caught:
                jsontext.loads(text)
            assert caught.value.code == "duplicate_member"
        extra = "{" + ",".join(f'"{name}":1' for name in [*names, names[i]]) + "}"
        with pytest.raises(cyjwt.DecodeError):
            jsontext.loads(extra)
    read(dict.fromkeys(names, 5))


def insert(made: dict[str, Any]) -> None:
    for i in range(40):
        made[f"new{i}"] = i


def replace(made: dict[str, Any]) -> None:
    for name in list(made):
        made[name] = [name]


def delete(made: dict[str, Any]) -> None:
    for name in list(made)[::2]:
        del made[name]
    for name in list(made):
        made.pop(name)


def move(made: dict[str, Any]) -> None:
    for name in list(made):
        made[name] = made.pop(name)
    first = next(iter(made))
    made[first] = made.pop(first)
    assert list(made)[-1] == first


def drain(made: dict[str, Any]) -> None:
    while made:
        made.popitem()
    made["new"] = 1


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    *(insert, replace, delete, move, drain, dict.clear),
    *(lambda made: made.update({"u": 1, "iss": 2}), lambda made: made.setdefault("d", made)),
    *(lambda made: made.__ior__({1: 2, None: 3}), lambda made: made.__setitem__((1, 2), 3)),
]


@pytest.mark.parametrize("count", [3, 8, 12, 29])
def test_what_a_caller_does_to_one_dict_shows_in_no_other(count: int) -> None:
    names = ["iss", "scope", *(f"kept{count}-{i}" for i in range(count - 2))]
    settled(names)
    members: dict[str, Any] = {name: f"value of {name}" for name in names}
    before = [read(members) for _ in range(3)]
    for change in CHANGES * 3:
        made, control = read(members), dict(members)
        change(made)
        change(control)
        assert same(made, control)
        assert same(before[0], members)
        assert same(before[1], members)
        before.append(read(members))
    assert all(same(one, members) for one in before)


def test_a_dict_of_a_known_shape_is_like_any_other() -> None:
    names = ["iss", "sub", "aud", "exp", "roles"]
    members: dict[str, Any] = {"iss": "i", "sub": "s", "aud": "a", "exp": 1.5, "roles": ["r"]}
    settled(names)
    made = read(members)
    assert made == members
    assert not made != members  # noqa: SIM202
    assert list(made) == list(reversed(list(reversed(made)))) == names
    assert list(made.items()) == list(members.items())
    assert list(made.values()) == list(members.values())
    assert {**made} == dict(made) == copy.copy(made) == made.copy() == made | {} == copy.deepcopy(made)
    assert pickle.loads(pickle.dumps(made)) == members
    assert json.dumps(made) == json.dumps(members)
    assert made.get("sub") == "s"
    assert made.get("none") is None
    assert "aud" in made
    assert "none" not in made
    assert (lambda **given: given)(**made) == members


def test_cycles_through_such_a_dict_are_collected() -> None:
    class Watched(list[Any]):
        pass

    names = ["iss", "sub", "aud", "roles"]
    settled(names)
    gone: list[int] = []
    import weakref

    for _ in range(5):
        made = read({"iss": "i", "sub": "s", "aud": "a", "roles": "r"})
        watched = Watched([made])
        weakref.finalize(watched, gone.append, 1)
        made["roles"] = watched
        del made, watched
    gc.collect()
    assert len(gone) == 5


def test_such_a_dict_takes_less_memory() -> None:
    names = [f"small{i}" for i in range(12)]
    settled(names)
    assert sys.getsizeof(read(dict.fromkeys(names, 1))) < sys.getsizeof(dict.fromkeys(names, 1))


def test_code_that_runs_while_a_dict_is_made_may_read_texts_itself() -> None:
    """The collector calls back, where it may run within the reader, and the memory of shapes changes under it."""
    chosen = random.Random(9)
    shapes = [[f"gc{i}-{j}" for j in range(3 + i % 4)] for i in range(300)]
    names = ["iss", "sub", "gc", "roles", "deep"]
    settled(names)

    def called(phase: str, info: dict[str, int]) -> None:
        for _ in range(40):
            for _ in range(3):
                jsontext.loads(compact({key: [1] for key in chosen.choice(shapes)}))

    threshold = gc.get_threshold()
    gc.callbacks.append(called)
    gc.set_threshold(1)
    try:
        for i in range(60):
            read(
                {
                    "iss": "i",
                    "sub": [{"a": i}, {"a": [i]}],
                    "gc": [[]],
                    "roles": ["r", {}],
                    "deep": {"sub": {}},
                }
            )
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(called)


def test_dates_that_recur() -> None:
    chosen = random.Random(4)
    around = [
        999999998,
        999999999,
        10**9,
        10**9 + 1,
        9999999998,
        9999999999,
        10**10,
        10**10 + 1,
        2**31,
        2**32,
    ]
    around += [-one for one in around] + list(range(1700000000, 1700000600))
    for _ in range(4000):
        date = chosen.choice(around)
        made = read({"exp": date, "iat": chosen.choice(around), "other": [date, {"x": date}]})
        assert type(made["exp"]) is int
        assert made["exp"] == date
