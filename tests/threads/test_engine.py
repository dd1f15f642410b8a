"""Threads that share a verifier, its memories of headers, names, shapes and values, and the JSON reader's."""

from __future__ import annotations

import gc
import pickle
import random
import threading
import time
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import stripes
from tests.threads.threads_support import (
    KEY,
    LATER,
    SECRET,
    THREADS,
    in_threads,
    segment,
    tampered,
    token,
)

ROUNDS = 60
#: More threads than a memory has copies, so that some go without; and, where there is a GIL, share them.
MANY = 80


def claims_of(kind: int, i: int) -> dict[str, Any]:
    """Claims of one of many shapes: names known and new, orders that differ, values that recur, nested objects."""
    issuer = f"https://issuer-{kind % 5}.example/"
    members: list[tuple[str, Any]] = [
        ("iss", issuer),
        ("sub", f"user-{i}"),
        ("exp", LATER + i % 3),
        ("iat", 1_700_000_000 + i % 700),
        ("scope", f"read write scope{i % 40}"),
        ("roles", [f"role-{(i + j) % 30}" for j in range(kind % 4)]),
        (f"name_{kind}_{i % 90}", i),
        ("address", {"street": f"s{i}", "zip": i, f"k{kind}": {"deep": [None, True, 1.5]}}),
        ("text", 'with "escapes" \u00e9 \U0001f600'),
        ("wide", 10**25 + i),
    ]
    random.Random(kind).shuffle(members)
    return {**dict(members[: 4 + kind % 7]), "exp": LATER}


@pytest.fixture(scope="module")
def prepared() -> list[tuple[str, dict[str, Any] | None]]:
    made: list[tuple[str, dict[str, Any] | None]] = []
    for i in range(400):
        claims = claims_of(i % 23, i)
        good = token(claims, kid=f"kid-{i % 130}")
        made.append((good, claims))
        if i % 5 == 0:
            made.append((tampered(good), None))
    return made


def wrong(verifier: cyjwt.Verifier[Any], made: list[tuple[str, dict[str, Any] | None]]) -> int:
    """How many verdicts are not what they should be."""
    count = 0
    for text, claims in made:
        try:
            got = verifier.verify(text)
        except cyjwt.InvalidSignatureError:
            count += claims is not None
        else:
            # The order of members too.
            count += claims is None or list(got.items()) != list(claims.items())
    return count


@pytest.mark.parametrize("threads", [2, THREADS])
def test_one_verifier(threads: int, prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])

    def work(i: int) -> int:
        mine = prepared[:]
        shuffle = random.Random(i)
        count = 0
        for _ in range(ROUNDS // threads):
            shuffle.shuffle(mine)
            count += wrong(verifier, mine)
        return count

    assert in_threads(work, threads) == [0] * threads


def test_more_threads_than_copies(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    assert in_threads(lambda i: wrong(verifier, prepared[i : i + 150]), MANY) == [0] * MANY


def test_threads_that_meet_in_a_signature(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Where there is a GIL a long HMAC lets go of it; they part there, or share a copy where there are too few."""
    made: list[tuple[str, dict[str, Any] | None]] = []
    for i, (_, claims) in enumerate(prepared[:120]):
        long = {"exp": LATER, **(claims or {}), "long": f"{i}" * 10_000}
        good = token(long, kid=f"met-{i % 30}")
        made.append((tampered(good), None) if claims is None else (good, long))
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])

    def work(i: int) -> int:
        mine = made[:]
        random.Random(i).shuffle(mine)
        return wrong(verifier, mine) + wrong(verifier, mine)

    assert in_threads(work, 2) == [0] * 2
    assert in_threads(work, 24) == [0] * 24
    assert stripes._held() == []
    # Nor is anything wrong in the copies that they left.
    assert in_threads(work, 2) == [0] * 2


def test_threads_hold_copies_of_their_own() -> None:
    """Those that are in the midst of a verification at one time; each comes back to the same, and lets go of it."""
    meeting = threading.Barrier(THREADS)
    seen: list[list[int]] = []

    def clock() -> float:
        # It is called once before there is a token.
        if stripes._held():
            meeting.wait(60)
            seen.append(stripes._held())
            meeting.wait(60)
        return time.time()

    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], clock=clock)
    text = token({"exp": LATER, "n": 1})
    assert in_threads(lambda _: [verifier.verify(text)["n"] for _ in range(3)]) == [[1] * 3] * THREADS
    assert len(seen) == 3 * THREADS
    assert {len(held) for held in seen} == {THREADS}
    assert all(held == seen[0] for held in seen)
    assert stripes._held() == []


def test_no_copy_stays_held(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Whatever ends a verification: a refusal at each of its steps, a clock that raises."""

    def clock() -> float:
        if stripes._held():
            raise ArithmeticError
        return time.time()

    text = token({"exp": LATER, "n": 1})
    header, claims, signature = text.split(".")
    for bad in [
        "",
        "a.b",
        f"{header}!.{claims}.{signature}",
        f"{segment(b'{}')}.{claims}.{signature}",
        f"{header}.{claims}.{signature}!",
        tampered(text),
        token({"exp": 1}),
        token({"exp": "x"}),
    ]:
        with pytest.raises(cyjwt.InvalidTokenError):
            cyjwt.Verifier(KEY, algorithms=["HS256"]).verify(bad)
    with pytest.raises(ArithmeticError):
        cyjwt.Verifier(KEY, algorithms=["HS256"], clock=clock).verify(text)
    cyjwt.Verifier(KEY, algorithms=["HS256"]).verify_batch([text for text, _ in prepared])
    assert stripes._held() == []


def test_one_thread_keeps_its_copy(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Also where verifications lie in one another: those within do not move it on."""
    inner = cyjwt.Verifier(KEY, algorithms=["HS256"])
    seen: list[list[int]] = []

    def clock() -> float:
        if stripes._held():
            seen.append(stripes._held())
            assert wrong(inner, prepared[:2]) == 0
        return time.time()

    outer = cyjwt.Verifier(KEY, algorithms=["HS256"], clock=clock)
    for _ in range(5):
        assert wrong(outer, prepared[:3]) == 0
    assert len(seen) > 5
    assert all(held == seen[0] and len(held) == 1 for held in seen)


def test_a_clock_that_verifies(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """In the midst of a verification of the same thread, and deeper than a memory has copies where there is a GIL."""
    seen: list[Any] = []

    def verifier(depth: int) -> cyjwt.Verifier[Any]:
        if depth == 0:
            return cyjwt.Verifier(KEY, algorithms=["HS256"])
        inner = verifier(depth - 1)

        def clock() -> float:
            seen.append(wrong(inner, prepared[depth : depth + 1]))
            return time.time()

        return cyjwt.Verifier(KEY, algorithms=["HS256"], clock=clock)

    assert wrong(verifier(12), prepared[:40]) == 0
    assert len(seen) > 12
    assert set(seen) == {0}


def test_threads_one_after_the_other(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """What a thread that has ended left in a memory is of use to the next."""
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    for i in range(40):
        assert in_threads(lambda _, i=i: wrong(verifier, prepared[i : i + 20]), 1) == [0]


def test_claims_given_to_other_threads(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Their parts outlive the thread that made them, and the memories that have some of them."""
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    given = in_threads(
        lambda i: [verifier.verify(text) for text, claims in prepared[i::THREADS] if claims is not None]
    )
    expected = [[claims for _, claims in prepared[i::THREADS] if claims is not None] for i in range(THREADS)]

    def work(i: int) -> bool:
        theirs = given[(i + 1) % THREADS]
        same = theirs == expected[(i + 1) % THREADS]
        for claims in theirs:
            claims["added"] = i
            claims.clear()
        return same

    assert in_threads(work) == [True] * THREADS


def test_headers_of_many_keys() -> None:
    """They share slots of the memory; no thread gets another's key."""
    secrets = [bytes([i + 1]) * 32 for i in range(24)]
    keys = cyjwt.KeySet([cyjwt.Key.from_secret(secret, kid=str(i)) for i, secret in enumerate(secrets)])
    verifier = cyjwt.Verifier(keys, algorithms=["HS256"])
    made = [
        (token({"exp": LATER, "n": i}, secret, kid=str(i), x=j), i)
        for i, secret in enumerate(secrets)
        for j in range(20)
    ]
    crossed = [token({"exp": LATER}, secrets[i - 1], kid=str(i)) for i in range(len(secrets))]

    def work(i: int) -> int:
        count = 0
        for _ in range(12):
            count += sum(verifier.verify(text)["n"] != n for text, n in made[i::2])
            for text in crossed:
                with pytest.raises(cyjwt.InvalidSignatureError):
                    verifier.verify(text)
        return count

    assert in_threads(work) == [0] * THREADS


class Finalized:
    """In a circle with itself, so that a collection of garbage ends it; verifies a token when it ends."""

    def __init__(self, verifier: cyjwt.Verifier[Any], text: str, seen: list[Any]) -> None:
        self.circle = self
        self.verifier, self.text, self.seen = verifier, text, seen

    def __del__(self) -> None:
        self.seen.append(self.verifier.verify(self.text)["n"])


def test_finalizers_that_verify(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """They may run in the midst of a verification of the same thread."""
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"])
    text = token({"exp": LATER, "n": 7, "deep": {"a": {"b": []}}}, kid="finalized")
    seen: list[Any] = []
    before = gc.get_threshold()
    gc.set_threshold(50)
    try:

        def work(i: int) -> int:
            count = 0
            for j in range(0, 400, 20):
                Finalized(verifier, text, seen)
                count += wrong(verifier, prepared[j : j + 20])
            return count

        assert in_threads(work) == [0] * THREADS
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert seen == [7] * (20 * THREADS)


def test_verifiers_that_come_and_go(prepared: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Made, pickled and let go of in threads, with keys that others use."""

    def work(i: int) -> int:
        count = 0
        for j in range(12):
            verifier = cyjwt.Verifier(cyjwt.Key.from_secret(SECRET), algorithms=["HS256"], cache=10)
            again = pickle.loads(pickle.dumps(verifier))
            count += wrong(verifier, prepared[j : j + 15]) + wrong(again, prepared[j : j + 15])
        return count

    assert in_threads(work) == [0] * THREADS
