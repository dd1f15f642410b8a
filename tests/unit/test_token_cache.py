"""The option cache of a verifier: its values, counters, pickles, and kinds of token."""

from __future__ import annotations

import gc
import pickle
import sys
import weakref
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import cyjwt
from tests.support import NOW, good_claims, pair, verdict_of

HS256 = pair("HS256")
TOKEN = HS256.token()


@pytest.mark.parametrize("off", [0, None])
def test_off_by_default_and_on_demand(off: int | None) -> None:
    for verifier in (HS256.verifier(), HS256.verifier(cache=off)):
        verifier.verify(TOKEN)
        verifier.verify(TOKEN)
        verifier.clear_cache()
        assert verifier.cache_info() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("bad", [True, False, 1.0, "8", [8], object()])
def test_other_types_are_refused(bad: Any) -> None:
    with pytest.raises(TypeError, match="cache must be"):
        HS256.verifier(cache=bad)


@pytest.mark.parametrize("bad", [-1, sys.maxsize + 1, 10**30])
def test_other_numbers_are_refused(bad: int) -> None:
    with pytest.raises(ValueError, match="cache must be"):
        HS256.verifier(cache=bad)


def test_a_huge_capacity_costs_nothing_until_it_is_used() -> None:
    verifier = HS256.verifier(cache=sys.maxsize)
    for n in range(100):
        verifier.verify(HS256.token(good_claims(n=n)))
    verifier.verify(TOKEN)
    assert verifier.cache_info() == (0, 101, 101, sys.maxsize, 0)


def test_what_is_known_of_the_memory() -> None:
    verifier = HS256.verifier(cache=10)
    verifier.verify(TOKEN)
    verifier.verify(TOKEN)
    info = verifier.cache_info()
    assert isinstance(info, cyjwt.CacheInfo)
    assert (info.hits, info.misses, info.size, info.capacity, info.evictions) == (1, 1, 1, 10, 0)
    assert repr(info) == "CacheInfo(hits=1, misses=1, size=1, capacity=10, evictions=0)"
    assert pickle.loads(pickle.dumps(info)) == info
    with pytest.raises(AttributeError):
        info.hits = 5  # type: ignore[misc]
    with pytest.raises(AttributeError):
        info.more = 5  # type: ignore[attr-defined]
    # It is what was, not what is.
    verifier.verify(TOKEN)
    assert info.hits == 1


def test_clearing_forgets_tokens_and_keeps_counts() -> None:
    verifier = HS256.verifier(cache=10)
    for _ in range(2):
        for n in range(5):
            verifier.verify(HS256.token(good_claims(n=n)))
    verifier.clear_cache()
    assert verifier.cache_info() == (5, 5, 0, 10, 0)
    verifier.verify(TOKEN)
    assert verifier.cache_info() == (5, 6, 1, 10, 0)


def test_a_pickle_has_the_option_and_no_entries() -> None:
    verifier = HS256.verifier(cache=10)
    verifier.verify(HS256.token(good_claims(who="somebody-in-particular")))
    octets = pickle.dumps(verifier)
    assert b"somebody-in-particular" not in octets
    again = pickle.loads(octets)
    assert again.cache_info() == (0, 0, 0, 10, 0)
    again.verify(TOKEN)
    again.verify(TOKEN)
    assert again.cache_info() == (1, 1, 1, 10, 0)


def test_the_option_is_shown() -> None:
    assert "cache=10" in repr(HS256.verifier(cache=10))


def test_every_kind_of_token_is_found() -> None:
    """By its octets: which object brings them makes no difference."""
    verifier = HS256.verifier(cache=10)

    class Text(str):
        __slots__ = ()

    raw = TOKEN.encode()
    kinds: list[Any] = [TOKEN, raw, bytearray(raw), memoryview(raw), Text(TOKEN), (TOKEN + "x")[:-1]]
    for token in kinds:
        assert verifier.verify(token) == good_claims()
    assert verifier.cache_info() == (5, 1, 1, 10, 0)


def test_a_buffer_that_changes_is_another_token() -> None:
    verifier = HS256.verifier(cache=10)
    buffer = bytearray(TOKEN.encode())
    verifier.verify(buffer)
    buffer[-5:] = b"AAAAA"
    assert verdict_of(verifier.verify, buffer)[0] == "InvalidSignatureError"
    assert verifier.verify(TOKEN) == good_claims()


def test_what_is_no_token_is_not_counted() -> None:
    verifier = HS256.verifier(cache=10, max_token_size=500)
    for bad in (None, 1, "ü", "x" * 501):
        assert verdict_of(verifier.verify, bad)[0] == "DecodeError"
    assert verifier.cache_info().misses == 0


def test_batches_leave_the_memory_alone() -> None:
    """They bring each token once, as a rule, and would only move out those that come again."""
    verifier = HS256.verifier(cache=10)
    verifier.verify(TOKEN)
    batch = verifier.verify_batch([TOKEN] * 5 + [HS256.token(good_claims(n=n)) for n in range(50)])
    assert batch.valid == 55
    assert verifier.cache_info() == (0, 1, 1, 10, 0)


def test_a_subclass_has_it_too() -> None:
    class Counting(cyjwt.Verifier):
        __slots__ = ()

        def verify(self, token: Any, /) -> Any:
            return super().verify(token)

    verifier = Counting(HS256.public, clock=NOW, cache=10)
    verifier.verify(TOKEN)
    assert verifier.verify_complete(TOKEN).claims == good_claims()
    assert verifier.cache_info() == (1, 1, 1, 10, 0)


def test_a_verifier_with_a_memory_goes_when_nobody_has_it() -> None:
    verifier = HS256.verifier(cache=10)
    for n in range(20):
        verifier.verify(HS256.token(good_claims(n=n, roles=["a"])))
    gone = weakref.ref(verifier)
    del verifier
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(sys.getallocatedblocks() == 0, reason="PYTHONMALLOC has no blocks counted")
def test_references_are_kept_straight() -> None:
    """Values of claims are neither let go of too early nor held too long."""
    verifier = HS256.verifier(cache=4)
    tokens = [HS256.token(good_claims(n=[n], pad="x" * 400)) for n in range(6)]
    for token in tokens * 3:
        verifier.verify(token)
    gc.collect()
    before = sys.getallocatedblocks()
    for token in tokens * 200:
        verifier.verify(token)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100
    verifier.clear_cache()
    gc.collect()
    assert sys.getallocatedblocks() < before


def test_the_refusal_of_a_token_that_was_found_adds_no_traceback_entry() -> None:
    now = [NOW]
    verifier = HS256.verifier(cache=4, clock=lambda: now[0])
    verifier.verify(TOKEN)
    now[0] += 10_000
    with pytest.raises(cyjwt.ExpiredSignatureError) as caught:
        verifier.verify(TOKEN)
    assert caught.value.__traceback__ is not None
    assert caught.value.__traceback__.tb_next is None
    assert caught.value.__context__ is None


class LikeAModel(RuleBasedStateMachine):
    """A verifier with a memory beside one without, and a memory of ten lines of Python."""

    @initialize(capacity=st.integers(1, 6), collide=st.booleans())
    def begin(self, capacity: int, collide: bool) -> None:
        self.now = NOW
        self.capacity = capacity
        options: dict[str, Any] = {"clock": lambda: self.now, "leeway": 1, "max_age": 40}
        self.plain, self.cached = HS256.verifier(**options), HS256.verifier(**options, cache=capacity)
        if collide:
            self.cached._cache.collide()
        self.model: OrderedDict[int, None] = OrderedDict()
        self.hits = self.misses = self.evictions = 0

    @staticmethod
    def token(n: int) -> str:
        return HS256.token({"n": [n], "iat": NOW - n, "nbf": NOW - n, "exp": NOW + 10 * n, "sub": "a"})

    @rule(n=st.integers(0, 9))
    def verify(self, n: int) -> None:
        token = self.token(n)
        expected = verdict_of(self.plain.verify, token)
        assert verdict_of(self.cached.verify, token) == expected
        if n in self.model:
            self.hits += 1
            self.model.move_to_end(n)
            if expected[0] == "ExpiredSignatureError":
                del self.model[n]
            return
        self.misses += 1
        if expected[0] is None:
            if len(self.model) == self.capacity:
                self.model.popitem(last=False)
                self.evictions += 1
            self.model[n] = None

    @rule(by=st.integers(-30, 60))
    def pass_time(self, by: int) -> None:
        self.now += by

    @rule()
    def clear(self) -> None:
        self.cached.clear_cache()
        self.model.clear()

    @invariant()
    def counts_agree(self) -> None:
        if hasattr(self, "cached"):
            assert self.cached.cache_info() == (
                self.hits,
                self.misses,
                len(self.model),
                self.capacity,
                self.evictions,
            )


TestLikeAModel = LikeAModel.TestCase
TestLikeAModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
