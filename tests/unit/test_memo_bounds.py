"""The memory of one-shot calls: how much it holds, when it lets go, and threads that share it."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import threading
import weakref
from collections import OrderedDict
from typing import Any

import pytest

from cyjwt._engine.memo import Memo
from tests.unit.memo_support import Made, memo

# -- bounds


@pytest.mark.parametrize("size", [2, 4, 5, 50])
def test_what_was_not_used_for_longest_goes_first(size: int) -> None:
    found = memo(size)
    first = found.find("first")
    for n in range(500):
        found.find(n)
        assert found.find("first") is first
        assert found.info()["size"] == min(size, n + 2)
    for n in range(500 - size + 1, 500):
        hits = found.info()["hits"]
        found.find(n)
        assert found.info()["hits"] == hits + 1
    misses = found.info()["misses"]
    found.find(500 - size)
    assert found.info()["misses"] == misses + 1


def test_none_is_remembered_where_there_is_no_room() -> None:
    found = memo(0)
    assert found.find("a") is not found.find("a")
    assert found.info()["size"] == 0


def test_resizing_forgets_at_once_and_the_oldest_first() -> None:
    found = memo(100)
    made = [found.find(n) for n in range(100)]
    found.resize(10)
    assert (found.info()["size"], found.info()["capacity"]) == (10, 10)
    assert [found.find(n) for n in range(90, 100)] == made[90:]
    assert found.find(0) is not made[0]
    found.resize(0)
    assert found.info()["size"] == found.info()["octets"] == 0


def test_huge_arguments_are_not_kept() -> None:
    found = memo()
    for value in (
        "x" * 200_000, b"x" * 200_000, bytearray(200_000), memoryview(bytes(200_000)), ["x" * 1000] * 200,
        list(range(100_000)), {str(n): n for n in range(10_000)}, "\u20ac" * 70_000,
    ):  # fmt: skip
        assert found.find(value) is not found.find(value)
        assert found.find(value).args[0] is value
    assert found.info()["size"] == 0
    large = "x" * 100_000
    assert found.find(large) is found.find(large)


def test_all_arguments_together_are_bounded() -> None:
    found = memo(8)
    for n in range(20):
        found.find(str(n) + "x" * 60_000)
        assert found.info()["octets"] <= 1 << 17
    assert found.info()["size"] == 2
    large = memo(1000)
    for n in range(500):
        large.find(str(n) + "x" * 60_000)
    assert 100 < large.info()["size"] <= (1000 << 13) // 60_000


def test_nesting_and_number_are_bounded() -> None:
    found = memo()
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    round_: Any = []
    round_.append(round_)
    for value in (deep, round_):
        assert found.find(value).args[0] is value
    many = tuple(range(100))
    assert found.find(*many).args == many
    options = {f"o{n}": n for n in range(100)}
    assert found.find(**options).options == options
    assert found.info()["size"] == 0
    shallow: Any = []
    for _ in range(7):
        shallow = [shallow]
    assert found.find(shallow) is found.find(shallow)
    assert found.find([shallow]) is not found.find([shallow])
    found.clear()
    most = tuple(range(48))
    assert found.find(*most) is found.find(*most)
    while deep:
        deep = deep[0]


def test_the_order_of_use_among_values_of_one_hash() -> None:
    """Integers that are a multiple of the modulus of hashes apart hash alike, as do their entries."""
    step = sys.hash_info.modulus
    steps = random.Random(1)
    for size in (5, 6, 9):
        found = memo(size)
        model: OrderedDict[int, Made] = OrderedDict()
        for _ in range(3000):
            value = 5 + step * steps.randrange(12) + steps.choice([0, 0, 0, 1])
            made = found.find(value)
            assert made.args == (value,)
            assert model.setdefault(value, made) is made
            model.move_to_end(value)
            if len(model) > size:
                model.popitem(last=False)
            assert found.info()["size"] == len(model)


# -- letting go


def test_clear_lets_go_of_values_and_arguments() -> None:
    found = memo()

    class Held:
        pass

    held = Held()
    made = found.find(held, ["x"], "key material " + str(id(held)))
    refs = [weakref.ref(held), weakref.ref(made)]
    text = made.args[2]
    count = sys.getrefcount(text)
    del held, made
    assert all(ref() is not None for ref in refs)
    gc.disable()
    try:
        found.clear()
        assert [ref() for ref in refs] == [None, None]
    finally:
        gc.enable()
    assert sys.getrefcount(text) < count
    assert text not in [item for item in gc.get_objects() if type(item) is str]
    assert found.info() == {"hits": 0, "misses": 0, "size": 0, "capacity": 16, "octets": 0}
    assert found.find("a") is found.find("a")


@pytest.mark.parametrize("how", ["evicted", "resized", "dropped"])
def test_what_leaves_is_let_go_of(how: str) -> None:
    found: Memo[..., Made] | None = memo(2)
    assert found is not None
    refs = [weakref.ref(found.find(n)) for n in range(2)]
    if how == "evicted":
        found.find("a"), found.find("b")
    elif how == "resized":
        found.resize(0)
    else:
        found = None
    assert [ref() for ref in refs] == [None, None]


def test_a_memory_in_a_circle_is_collected() -> None:
    class Owner:
        def __init__(self) -> None:
            self.memo = Memo(self.build, 4)

        def build(self, *args: object) -> object:
            return self, args

    owner = Owner()
    owner.memo.find(owner, [owner])
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_letting_go_may_ask_the_memory() -> None:
    class Asks:
        def __del__(self) -> None:
            found.find("from a finalizer")

    found = Memo(lambda *args: Asks(), 2)
    for n in range(50):
        found.find(n)
    found.resize(1)
    found.clear()
    found = Memo(lambda *args: None, 2)


# -- threads


def test_threads_share_it() -> None:
    found = memo(32)
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(seed: int) -> None:
        start.wait()
        for n in itertools.islice(itertools.cycle(range(seed, seed + 60)), 4000):
            value = [str(n % 90), {"n": n % 7}]
            made = found.find(value, n=n % 5)
            if made.args[0] != value or made.options != {"n": n % 5}:
                wrong.append(value)
            if n % 89 == 0 and seed == 0:
                found.clear()
            if n % 53 == 0:
                found.resize(16 + n % 32)

    threads = [threading.Thread(target=work, args=(seed * 10,)) for seed in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    info = found.info()
    assert info["size"] <= info["capacity"]


def test_of_two_threads_that_make_the_same_the_first_is_kept() -> None:
    inside = threading.Barrier(2)

    def build(value: str) -> object:
        inside.wait(10)
        return object()

    found = Memo(build, 4)
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(found.find("a"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] is made[1]
    assert found.info()["size"] == 1


def test_what_was_asked_for_before_a_clear_is_not_kept_after_it() -> None:
    inside, cleared = threading.Event(), threading.Event()

    def build(value: str) -> object:
        inside.set()
        cleared.wait(10)
        return object()

    found = Memo(build, 4)
    thread = threading.Thread(target=found.find, args=("secret",))
    thread.start()
    inside.wait(10)
    found.clear()
    cleared.set()
    thread.join()
    assert found.info()["size"] == 0
