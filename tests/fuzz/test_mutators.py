"""The mutators: what they make reaches what lies behind a signature, base64 and armour."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

import cyjwt
from bench import strict
from fuzz import jwks, mutators, text, tokens
from fuzz.targets import TARGETS
from fuzz.targets import seeds as corpus_of
from tests.batch.agreement import verdict


def bit(draw: random.Random) -> mutators.Mutate:
    """What stands for libFuzzer's own mutation: one octet is changed, added or taken away."""

    def mutate(data: bytes, longest: int) -> bytes:
        octets = bytearray(data)
        at = draw.randrange(len(octets) + 1)
        act = draw.randrange(3)
        if act == 0 and at < len(octets):
            octets[at] ^= 1 << draw.randrange(8)
        elif act == 1:
            octets[at:at] = bytes([draw.randrange(256)])
        else:
            del octets[at : at + 1]
        return bytes(octets[:longest])

    return mutate


def children(name: str, rounds: int) -> Iterator[tuple[bytes, bytes]]:
    """Seeds of a target, each with what the mutator makes of it."""
    target = TARGETS[name]
    assert target.mutate is not None
    for path in corpus_of(name):
        data = path.read_bytes()
        for seed in range(rounds):
            draw = random.Random(seed)
            child = target.mutate(data, target.longest, draw, bit(draw))
            assert type(child) is bytes
            assert len(child) <= target.longest
            yield data, child


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.mutate])
def test_every_mutation_is_within_bounds_and_repeatable(name: str) -> None:
    first, second = (list(children(name, 5)) for _ in range(2))
    # ECDSA signs otherwise each time.
    at = b"." if name == "token" else None
    assert [child.rsplit(at, 1)[0] if at else child for _, child in first] == [
        child.rsplit(at, 1)[0] if at else child for _, child in second
    ]
    assert sum(before != after for before, after in first) > len(first) // 2


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.mutate])
def test_the_targets_hold_on_what_the_mutators_make(name: str) -> None:
    for _, child in children(name, 2):
        TARGETS[name].check(child)


def test_tokens_are_signed_anew() -> None:
    """Most of the children of a token are refused, if at all, for what their payload says."""
    reached: dict[str | None, int] = {}
    for data, child in children("token", 20):
        verifier = tokens.PLAIN[data[0] % len(tokens.POLICIES)]
        if not isinstance(verdict(verifier, data[1:]), dict):
            continue
        said = verdict(tokens.PLAIN[child[0] % len(tokens.POLICIES)] if child else verifier, child[1:])
        code = None if isinstance(said, dict) else said.code
        reached[code] = reached.get(code, 0) + 1
    behind = sum(count for code, count in reached.items() if code != "invalid_signature")
    assert behind > 0.7 * sum(reached.values()), reached
    # The payload's reader, and the rules about claims.
    assert {None, "invalid_json", "missing_claim"} <= set(reached), reached


def test_members_stay_json() -> None:
    whole = [
        child for _, child in children("jwk", 10) if text.outcome(strict.loads, child) is not text.REFUSED
    ]
    assert len(whole) > 10 * len(corpus_of("jwk")) // 3
    assert any(jwks.made(cyjwt.Key.from_jwk, child) for child in whole)
    assert not all(jwks.made(cyjwt.Key.from_jwk, child) for child in whole)


def test_armour_stays_armour() -> None:
    readable = {True: 0, False: 0}
    for data, child in children("pem", 10):
        if data.startswith(b"-----BEGIN") and child.startswith(b"-----BEGIN"):
            readable[jwks.made(cyjwt.Key.from_pem, child) is not None] += 1
    assert min(readable.values()) > 10, readable


def test_an_object_put_into_itself_is_no_child() -> None:
    class Draw(random.Random):
        def random(self) -> float:
            return 0.9

        def randrange(self, *_: Any) -> int:
            return 4

        def choice(self, seq: Any) -> Any:
            return seq[0]

    data = b'{"a":{}}'
    assert mutators.members(data, 100, Draw(), lambda octets, _: octets) == data
