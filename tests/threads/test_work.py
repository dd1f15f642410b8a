"""Threads that share batches, signers, and keys that change."""

from __future__ import annotations

import json
import math
from base64 import urlsafe_b64decode
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.keysource import KeySource
from tests.threads.threads_support import KEY, LATER, THREADS, beside, in_threads, tampered, token


def payload_of(text: str) -> Any:
    part = text.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# -- many tokens


@pytest.mark.parametrize("claims", [True, False, ("n", "list")])
def test_batches_in_threads_of_threads(claims: Any) -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    made = [token({"exp": LATER, "n": n, "list": [str(n % 9)]}, kid=str(n % 70)) for n in range(3000)]
    bad = set(range(0, 3000, 7))
    tokens = [tampered(text) if n in bad else text for n, text in enumerate(made)]

    def work(i: int) -> int:
        count = 0
        for _ in range(4):
            batch = verifier.verify_batch(tokens, threads=1 + (i + _) % 3, claims=claims)
            count += [n for n, status in enumerate(batch.statuses) if status] != sorted(bad)
            if claims is not False:
                count += sum(batch[n]["n"] != n for n in range(3000) if n not in bad)
        return count

    assert in_threads(work) == [0] * THREADS


class Asked:
    """A store that notes which tokens it is asked about, and revokes none."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        self.seen.append(claims["n"])
        return False


def test_no_token_of_a_batch_is_taken_twice() -> None:
    store = Asked()
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], revoked=store)
    tokens = [token({"exp": LATER, "n": n}) for n in range(1200)]
    for _ in range(60):
        store.seen.clear()
        assert verifier.verify_batch(tokens, threads=THREADS, claims=False).valid == len(tokens)
        assert sorted(store.seen) == list(range(len(tokens)))


def test_batches_that_are_signed_in_threads() -> None:
    signer = cyjwt.Signer(KEY, lifetime=900)
    verifier = cyjwt.Verifier(KEY)

    def work(i: int) -> int:
        texts = signer.sign_batch(({"n": n, "i": i} for n in range(600)), threads=2)
        return sum(verifier.verify(text)["n"] != n for n, text in enumerate(texts))

    assert in_threads(work) == [0] * THREADS


def test_claims_that_change_while_they_are_signed() -> None:
    """A token has each of their lists and dicts as it was at some moment."""
    signer = cyjwt.Signer(KEY)
    verifier = cyjwt.Verifier(KEY, required=())
    claims: dict[str, Any] = {"fixed": 1, "list": [], "dict": {}}
    state = {"i": 0}

    def meddle() -> None:
        state["i"] += 1
        i = state["i"]
        claims[f"member{i % 40}"] = [i]
        claims["list"].extend(f"item {i}" for _ in range(i % 60))
        claims["dict"][f"name{i % 50}"] = f"value {i}"
        if i % 3 == 0:
            claims["list"].clear()
            claims["dict"].clear()
            claims.pop(f"member{i * 7 % 40}", None)

    def work(i: int) -> int:
        count = 0
        for _ in range(400):
            text = signer.sign(claims)
            got = verifier.verify(text)
            count += got["fixed"] != 1 or payload_of(text) != got
            count += not all(item.startswith("item ") for item in got["list"])
        return count

    assert beside(work, meddle) == [0] * THREADS


# -- keys that change


class Source(KeySource):
    """A source whose snapshot the test swaps."""

    def __init__(self, keys: cyjwt.KeySet) -> None:
        self.snapshot = keys
        self.due = math.inf


@pytest.mark.parametrize("cache", [None, 50])
def test_keys_that_are_swapped_meanwhile(cache: int | None) -> None:
    constant = cyjwt.Key.from_secret(b"c" * 32, kid="constant")
    others = [cyjwt.Key.from_secret(bytes([n]) * 32, kid=f"other-{n}") for n in range(1, 9)]
    sets = [cyjwt.KeySet([other, constant]) for other in others]
    source = Source(sets[0])
    verifier = cyjwt.Verifier(source, algorithms=["HS256"], cache=cache)
    made = [(token({"exp": LATER, "n": n}, b"c" * 32, kid="constant", x=n % 5), n) for n in range(20)]
    forged = token({"exp": LATER}, b"d" * 32, kid="constant")
    state = {"i": 0}

    def meddle() -> None:
        state["i"] += 1
        # A set made anew at times, so that the one before is nobody's but an engine's.
        keys = sets[state["i"] % 8]
        source.snapshot = cyjwt.KeySet(list(keys)) if state["i"] % 3 else keys

    def work(i: int) -> int:
        count = rounds = 0
        # A busy machine may not have come to the thread that swaps them.
        while rounds < 250 or state["i"] <= 10:
            rounds += 1
            count += sum(verifier.verify(text)["n"] != n for text, n in made)
            batch = verifier.verify_batch([text for text, _ in made] + [forged], threads=1)
            count += (batch.valid, batch.invalid) != (len(made), 1)
            with pytest.raises(cyjwt.InvalidSignatureError):
                verifier.verify(forged)
        return count

    assert beside(work, meddle) == [0] * THREADS
