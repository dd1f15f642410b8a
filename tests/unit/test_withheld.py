"""What a batch holds is out of the garbage collector's sight until it is handed out, and not a moment longer."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.withheld import hand_out, hand_out_all

KEY = cyjwt.Key.from_secret(b"0123456789abcdef0123456789abcdef")
SIGNER = cyjwt.Signer(KEY, algorithm="HS256", lifetime=900)
NESTED: dict[str, Any] = {"sub": "42", "roles": ["admin"], "address": {"zip": ["1", {"b": [[]]}]}, "none": {}}
FLAT: dict[str, Any] = {"sub": "42", "name": "Ada"}

with_gil = pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="without a GIL nothing is withheld"
)


class Node:
    """Something that a cycle can be watched by."""

    def __init__(self) -> None:
        self.other: Any = None


def batch_of(*claims: dict[str, Any], **options: Any) -> cyjwt.Batch[Any]:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    return verifier.verify_batch([SIGNER.sign(one) for one in claims], **options)


def containers(value: Any) -> Iterator[Any]:
    """A list or dict, and all within it."""
    if isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def tracked(value: Any) -> list[bool]:
    return [gc.is_tracked(one) for one in containers(value)]


def is_seen_as_usual(value: Any) -> bool:
    """Whether the collector sees what it would see of the same value made by Python code."""
    usual = copy.deepcopy(value)
    return all(
        gc.is_tracked(one) or not gc.is_tracked(like)
        for one, like in zip(containers(value), containers(usual), strict=True)
    )


def kept(batch: cyjwt.Batch[Any]) -> list[Any]:
    results = batch._results
    assert results is not None
    return results


def collected(make_cycle: Callable[[Node], None]) -> bool:
    """Whether a cycle that make_cycle makes of the node is found as garbage."""
    node = Node()
    watched = weakref.ref(node)
    make_cycle(node)
    del node
    gc.collect()
    return watched() is None


@with_gil
def test_a_batch_holds_what_the_collector_does_not_see() -> None:
    batch = batch_of(*[NESTED] * 700, threads=2)
    assert not any(gc.is_tracked(one) for one in kept(batch))
    assert not any(any(tracked(one)) for one in kept(batch))
    assert not gc.is_tracked(kept(batch))


@with_gil
def test_picked_claims_are_withheld_as_well() -> None:
    batch = batch_of(NESTED, claims=["roles", "address"])
    assert not gc.is_tracked(kept(batch)[0])
    assert all(tracked(batch[0]))


@pytest.mark.parametrize(
    "give",
    [
        lambda batch: batch[1],
        lambda batch: batch[-2],
        lambda batch: batch[1:2][0],
        lambda batch: list(batch)[1],
        lambda batch: batch.claims()[1],
    ],
    ids=["index", "negative", "slice", "iteration", "claims"],
)
@pytest.mark.parametrize("claims", [NESTED, FLAT], ids=["nested", "flat"])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_handed_out_is_seen(
    claims: dict[str, Any], give: Callable[[Any], dict[str, Any]], threads: int
) -> None:
    batch = batch_of(claims, claims, claims, threads=threads)
    given = give(batch)
    assert {name: given[name] for name in claims} == claims
    assert is_seen_as_usual(given)
    assert gc.is_tracked(kept(batch))
    assert give(batch) is given, "it is the same object each time"


def test_a_token_that_is_not_valid_gives_its_exception() -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    batch = verifier.verify_batch([SIGNER.sign(NESTED), "garbage"])
    assert isinstance(batch[1], cyjwt.InvalidTokenError)
    assert batch.claims()[1] is None
    assert batch.claims()[0] is batch[0]


def deep(claims: dict[str, Any]) -> list[Any]:
    found: list[Any] = claims["address"]["zip"][1]["b"][0]
    return found


@pytest.mark.parametrize(
    "tie",
    [
        lambda claims, node: claims.update(node=node),
        lambda claims, node: claims["roles"].append(node),
        lambda claims, node: claims["none"].update(node=node),
        lambda claims, node: deep(claims).append(node),
    ],
    ids=["itself", "list", "empty dict", "deep"],
)
def test_a_cycle_with_what_was_handed_out_is_collected(tie: Callable[[dict[str, Any], Node], None]) -> None:
    def make(node: Node) -> None:
        node.other = batch_of(NESTED)[0]
        tie(node.other, node)

    assert collected(make)


def test_a_cycle_with_flat_claims_is_collected() -> None:
    def make(node: Node) -> None:
        node.other = batch_of(FLAT)[0]
        node.other["node"] = node

    assert collected(make)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_cycle_with_the_batch_itself_is_collected(all_of_them: bool) -> None:
    def make(node: Node) -> None:
        node.other = batch_of(NESTED, NESTED)
        claims = node.other.claims()[0] if all_of_them else node.other[0]
        claims["node"] = node

    assert collected(make)


def test_a_cycle_with_a_merged_batch_is_collected() -> None:
    verifier = cyjwt.MultiVerifier({"a": cyjwt.Verifier(KEY, algorithms=["HS256"], issuer="a")})

    def make(node: Node) -> None:
        node.other = verifier.verify_batch([SIGNER.sign({"iss": "a", **NESTED})])
        node.other[0]["roles"].append(node)

    assert collected(make)


def test_claims_that_others_had_a_say_in_are_never_withheld() -> None:
    seen: list[list[bool]] = []

    class Store:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            seen.append(tracked(claims))
            return False

    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], revoked=Store())
    batch = verifier.verify_batch([SIGNER.sign(NESTED)])
    assert seen == [tracked(copy.deepcopy(NESTED))]
    assert is_seen_as_usual(kept(batch)[0])


def test_a_pickled_batch_is_seen_as_any_other_object() -> None:
    batch = pickle.loads(pickle.dumps(batch_of(NESTED)))
    assert is_seen_as_usual(kept(batch)[0])


@with_gil
def test_a_stream_of_batches_gives_nothing_for_the_collector_to_walk() -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    tokens = [SIGNER.sign(NESTED)] * 600
    gc.collect()
    before = len(gc.get_objects())
    batches = list(verifier.verify_stream(tokens, size=100))
    assert len(gc.get_objects()) - before < 100
    assert [batch.valid for batch in batches] == [100] * 6


def test_a_result_that_is_no_dict_or_list_stays_as_it_is() -> None:
    results: list[Any] = [None, "text", (1, [2]), Node()]
    assert [hand_out(results, i) for i in range(4)] == results
    assert hand_out_all(results) == results
    assert hand_out_all(results) is not results
    assert hand_out(results, -1) is results[3]


def test_there_must_be_such_a_result() -> None:
    with pytest.raises(IndexError):
        hand_out([None], 1)
    with pytest.raises(TypeError):
        hand_out(None, 0)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hand_out_all(None)  # type: ignore[arg-type]
