"""MemoryStore: bounds, pruning without long stops, and the table that it is made of."""

from __future__ import annotations

import pickle
import random
import sys
import time
from uuid import UUID

import pytest

from cyjwt._engine.revocationtable import SHARDS, RevocationTable, thumbprint
from cyjwt.revocation import MemoryStore, RevocationStoreError
from tests.revocation.stores import KEY, claims
from tests.support import NOW, Clock

NEVER = float("inf")


def test_a_full_store_says_so_and_forgets_nothing(clock: Clock) -> None:
    store = MemoryStore(max_entries=3, clock=clock)
    for jti in "abc":
        store.revoke(jti, expires=NOW + 10)
    with pytest.raises(RevocationStoreError, match="full") as caught:
        store.revoke("d")
    assert caught.value.code == "revocation_store_full"
    assert all(store.is_revoked(claims(jti=jti), KEY) for jti in "abc")
    assert not store.is_revoked(claims(jti="d"), KEY)
    # What is there already may be made to last longer.
    store.revoke("a", expires=NOW + 5000)
    assert store.reinstate("b")
    store.revoke("d")
    assert len(store) == 3


def test_a_full_store_makes_room_of_what_has_expired(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(max_entries=3, clock=clock)
    for jti in "abc":
        store.revoke(jti, expires=NOW + 10)
    clock.now = NOW + 1000
    store.revoke("d")
    assert len(store) == 1


@pytest.mark.parametrize("most", [0, -1])
def test_a_bound_below_one_is_none(most: int) -> None:
    with pytest.raises(ValueError, match="max_entries"):
        MemoryStore(max_entries=most)


@pytest.mark.parametrize(
    "options", [{"max_entries": True}, {"max_entries": "3"}, {"leeway": "3"}, {"clock": "x"}]
)
def test_options_of_wrong_types(options: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        MemoryStore(**options)  # type: ignore[arg-type]


def test_it_is_of_one_process() -> None:
    with pytest.raises(TypeError, match="one process"):
        pickle.dumps(MemoryStore())


def test_what_expires_is_forgotten_as_it_grows(clock: Clock) -> None:
    """Entries that live for ten seconds, a thousand a second: the store never holds much more than ten thousand."""
    store = MemoryStore(clock=clock, leeway=0)
    largest = 0
    for second in range(60):
        clock.now = NOW + second
        store.revoke_many((f"{second}/{n}" for n in range(1000)), expires=clock.now + 10)
        largest = max(largest, len(store))
    assert 10_000 <= largest < 40_000
    clock.now += 100
    assert store.prune() > 0
    assert len(store) == 0
    assert store.octets < 200_000, "memory is given back"


def test_each_step_takes_bounded_time() -> None:
    """100,000 entries: no growth, and no shard's pruning, keeps other threads waiting."""
    store = MemoryStore(leeway=0)
    dice = random.Random(1)
    names = [str(UUID(int=dice.getrandbits(128))) for _ in range(100_000)]
    longest = 0.0
    for name in names:
        began = time.thread_time()
        store.revoke(name, expires=1)
        longest = max(longest, time.thread_time() - began)
    assert len(store) < len(names), "some were forgotten on the way, for they have expired"
    for shard in range(SHARDS):
        began = time.thread_time()
        store._prune(shard, 10.0)
        longest = max(longest, time.thread_time() - began)
    assert len(store) == 0
    assert longest < 0.05


def test_the_memory_of_an_entry() -> None:
    store = MemoryStore()
    dice = random.Random(2)
    store.revoke_many(str(UUID(int=dice.getrandbits(128))) for _ in range(100_000))
    assert store.octets / len(store) < 160


class TestTable:
    def test_every_entry_is_listed(self) -> None:
        table = RevocationTable()
        entries = {
            (kind, who, str(n), 5.0, 9.0 + n) for kind in (0, 1, 2) for who in (None, "é") for n in range(50)
        }
        for entry in entries:
            assert table._put_one(*entry, 0.0) is True
            assert table._put_one(*entry, 0.0) is False
        assert {entry for shard in range(SHARDS) for entry in table._entries(shard)} == entries
        assert table._counts() == (100, 100, 100)

    def test_places_that_collide(self) -> None:
        """Thousands in and out at random: removal leaves no hole that hides what stands behind it."""
        table, dice = RevocationTable(), random.Random(3)
        held: set[str] = set()
        for _ in range(60_000):
            name = str(dice.randrange(6000))
            if dice.random() < 0.5:
                assert table._put_one(0, None, name, NEVER, NEVER, 0.0) == (name not in held)
                held.add(name)
            else:
                assert table._drop_one(0, None, name) == (name in held)
                held.discard(name)
        assert len(table) == len(held)
        for n in range(6000):
            assert table.is_revoked({"jti": str(n)}, None) == (str(n) in held)
            assert table._holds(0, None, str(n)) == (str(n) in held)

    def test_subclasses_of_str_are_read_by_their_text(self) -> None:
        class Sly(str):
            def __hash__(self) -> int:
                return 7

            def __eq__(self, other: object) -> bool:
                return True

        table = RevocationTable()
        table._put_one(0, None, "a", NEVER, NEVER, 0.0)
        assert table.is_revoked({"jti": Sly("a")}, None)
        assert not table.is_revoked({"jti": Sly("b")}, None)

    @pytest.mark.parametrize("wrong", [{"jti": 7}, {"jti": ["a"]}, {"sub": 7, "jti": "b"}])
    def test_claims_that_no_verifier_passes(self, wrong: dict[str, object]) -> None:
        table = RevocationTable()
        table._put_one(0, None, "a", NEVER, NEVER, 0.0)
        table._put_one(1, None, "a", NEVER, NEVER, 0.0)
        with pytest.raises(TypeError):
            table.is_revoked(wrong, None)
        with pytest.raises(TypeError):
            table.is_revoked(None, None)  # type: ignore[arg-type]

    def test_arguments_that_can_mean_nothing(self) -> None:
        table = RevocationTable()
        for kind in (-1, 3):
            with pytest.raises(ValueError, match="kind"):
                table._put_one(kind, None, "a", 0.0, 0.0, 0.0)
        for shard in (-1, SHARDS):
            with pytest.raises(ValueError, match="shard"):
                table._prune(shard, 0.0)
            with pytest.raises(ValueError, match="shard"):
                table._entries(shard)

    def test_it_keeps_no_object(self) -> None:
        name = "a name that nobody else has"
        before = sys.getrefcount(name)
        table = RevocationTable()
        table._put_one(0, None, name, NEVER, NEVER, 0.0)
        table.is_revoked({"jti": name}, None)
        assert sys.getrefcount(name) == before


def test_a_thumbprint_is_computed_once() -> None:
    class Counted:
        calls = 0

        def thumbprint(self) -> str:
            self.calls += 1
            return "x" * 43

    keys = [Counted() for _ in range(600)]
    for key in keys:
        assert thumbprint(key) == thumbprint(key) == "x" * 43
        assert key.calls == 1
    # The memory of them is bounded, and holds no key alive.
    assert thumbprint(keys[0]) == "x" * 43
