"""Batches: ``verify_batch`` beside cyjwt's ``verify`` and the quickest other library's, each call by call.

Figures are for one token, whatever a call takes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from itertools import cycle, islice
from typing import Any

import cyjwt
from bench.contenders import CyJWT
from bench.harness import DIRECT, OURS, Case, Work
from bench.lineup import CONTENDERS
from bench.samples import POOL, claims_pool, tampered, token_pool, with_another_payload
from bench.tokens import NotProvenError, must_give, verifying

#: Tokens of a batch, unless the case is about their number.
SIZE = 10_000
SIZES = (1, 8, 64, 512, 4096, SIZE, 100_000)
#: The algorithms that are measured in batches of every size; a curve for each.
CURVES = ("HS256", "RS256", "ES256", "EdDSA")
#: Tokens that the others go through one by one at most: more than the processor keeps at hand, too.
LOOP = 50 * POOL
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA", "PS256", "ES384", "ES512")
#: What is asked for of each token: nothing but its status, all of its claims, or three of them.
WANTS: dict[str, bool | Collection[str]] = {
    "statuses": False,
    "dicts": True,
    "3 claims": ("sub", "exp", "scope"),
}
#: Who verifies one by one: cyjwt itself, and the library that is quickest at that.
BESIDE = {DIRECT: OURS, "ryjwt": "ryjwt"}


@functools.lru_cache(4)
def tokens_of(algorithm: str, count: int) -> list[str]:
    """Tokens of some 550 characters; a pool over and over, each one a text of its own."""
    octets = [token.encode() for token in token_pool(algorithm, 320)]
    return [text.decode() for text in islice(cycle(octets), count)]


def prove(verify_batch: Callable[..., cyjwt.Batch], algorithm: str, claims: bool | Collection[str]) -> None:
    """Prove that good tokens are accepted, and bad ones refused wherever they stand among good ones."""
    good, expected = token_pool(algorithm, 320), claims_pool(320)
    batch = verify_batch(good, claims=claims)
    must_give(bytes(batch.statuses), bytes(POOL))
    for got, whole in zip(batch, expected, strict=True):
        if claims is False:
            must_give(got, None)
        else:
            must_give(got, {name: value for name, value in whole.items() if claims is True or name in claims})
    expired = token_pool(algorithm, 320, expires_in=-3600)[0]
    for index, token in enumerate(good):
        for bad in (tampered(token, index), with_another_payload(token, good[index - 1]), expired):
            batch = verify_batch([*good[:index], bad, *good[index + 1 :]], claims=claims)
            must_give([i for i, status in enumerate(batch.statuses) if status], [index])


def together(algorithm: str, size: int, claims: bool | Collection[str], threads: int) -> Work:
    """Verify good tokens, a batch with each call."""
    verify_batch = CyJWT().verifier(algorithm).__self__.verify_batch
    prove(verify_batch, algorithm, claims)
    batch = tokens_of(algorithm, size)
    # Once is proof enough for each size.
    if verify_batch(batch, claims=claims, threads=threads).invalid:
        raise NotProvenError("a good token was refused")
    return Work(lambda tokens: verify_batch(tokens, claims=claims, threads=threads), [batch], each=size)


def one_by_one(contender: str, algorithm: str, size: int, keep: bool, threads: int) -> Work | None:
    """Verify good tokens, one with each call, which makes a dict; kept where the batch gives its claims as well."""
    work = verifying(CONTENDERS[contender](), algorithm, 320)
    if work is None:
        return None
    verify = work.call
    if not keep:
        return Work(verify, tokens_of(algorithm, LOOP), threads)
    if not algorithm.startswith("HS"):
        # What memory so many dicts take matters only where little else is to be done.
        size = min(size, LOOP)
    return Work(
        lambda tokens: [verify(token) for token in tokens], [tokens_of(algorithm, size)], threads, each=size
    )


def case(algorithm: str, want: str, *, size: int = SIZE, threads: int = 1) -> Case:
    """One algorithm, one size and one thing that is wanted."""
    number = "" if size == SIZE else f"of {size} "
    crowd = "" if threads == 1 else f", {threads} threads"

    def beside(contender: str) -> Callable[[], Work | None]:
        return lambda: one_by_one(contender, algorithm, size, WANTS[want] is not False, threads)

    contenders: dict[str, Callable[[], Any]] = {
        OURS: lambda: together(algorithm, size, WANTS[want], threads),
        **{name: beside(contender) for name, contender in BESIDE.items()},
    }
    return Case(f"batch {number}{algorithm}, {want}{crowd}", contenders)


def cases() -> list[Case]:
    """Every case about batches."""
    made = [case(algorithm, want) for algorithm in ALGORITHMS for want in ("statuses", "dicts")]
    made += [case(algorithm, "3 claims") for algorithm in ("HS256", "RS256")]
    made += [case(algorithm, "statuses", size=size) for algorithm in CURVES for size in SIZES if size != SIZE]
    made += [case("HS256", "dicts", size=size) for size in SIZES if size != SIZE]
    made += [case(algorithm, "statuses", threads=2) for algorithm in CURVES]
    made += [case(algorithm, "dicts", threads=2) for algorithm in ("HS256", "RS256")]
    return made
