"""One signature in every place that it can have among others."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache

from cyjwt._engine.lanes import verify_many
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import foreign_sign, native

#: A native key, the id of an algorithm, data, a signature.
Job = tuple[NativeKey, int, bytes, bytes]


def job(key: NativeKey, algorithm: str, data: bytes, signature: bytes) -> Job:
    return key, ALGORITHMS[algorithm].id, data, signature


def alone(one: Job) -> bool:
    """The verdict of libcrypto's own routine."""
    key, algorithm, data, signature = one
    return key.verify(algorithm, data, signature)


def everywhere(one: Job, good: list[Job], route: str, expected: bool | None = None) -> bool:
    """Assert that a signature has one verdict, and that it leaves its neighbours theirs; return it.

    Args:
        one: the signature.
        good: eight that hold, of the same group of lanes.
        route: where ``"lanes"`` are forced, it is tried in all eight of them.
        expected: the verdict, where it is known.
    """
    holds = alone(one)
    assert expected is None or holds == expected, one
    said = bytes([holds])
    assert verify_many([one, *good]) == said + b"\1" * 8, one
    if route != "lanes":
        return holds
    assert verify_many([one]) == said, one
    assert verify_many([one] * 8) == said * 8, one
    for at in range(8):
        mixed = [*good[:at], one, *good[at:7]]
        assert verify_many(mixed) == b"\1" * at + said + b"\1" * (7 - at), (at, one)
    # Lanes full of it but for one, each time another; all of that in one call.
    around = [other for at in range(8) for other in (*[one] * at, good[at], *[one] * (7 - at))]
    assert verify_many(around) == b"".join(said * at + b"\1" + said * (7 - at) for at in range(8)), one
    return holds


@cache
def good_jobs(algorithm: str) -> list[Job]:
    """Eight signatures that hold, over data of several lengths."""
    key = native(algorithm).public()
    texts = [f"{algorithm} {n} ".encode() * (1 + 7 * n) for n in range(8)]
    jobs = [job(key, algorithm, data, foreign_sign(algorithm, data)) for data in texts]
    assert all(map(alone, jobs))
    return jobs


@cache
def cases_of(make: Callable[..., Iterator[tuple[Job, bool]]], *names: str) -> list[tuple[Job, bool]]:
    """Made once: plain Python takes its time."""
    return list(make(*names))


def check_cases(cases: list[tuple[Job, bool]], good: list[Job], route: str) -> None:
    for one, expected in cases:
        everywhere(one, good, route, expected)
    # All of them together, in lanes as they come and shuffled.
    draw = random.Random(5)
    for _ in range(4):
        assert verify_many([one for one, _ in cases]) == bytes(expected for _, expected in cases)
        cases = draw.sample(cases, len(cases))
