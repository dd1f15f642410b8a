"""Tokens that come again, to a verifier that keeps them, beside one that does not; and claims as a Struct."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import cyjwt
from bench.contenders import CyJWT
from bench.harness import DIRECT, OURS, Case, Work
from bench.samples import AUDIENCE, ISSUERS, claims_pool, tampered, token_pool
from bench.tokens import must_give, must_refuse, verifying

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")


def verifier(algorithm: str, **options: Any) -> cyjwt.Verifier[Any]:
    """The contender's verifier with more options."""
    keys = CyJWT().verifier(algorithm).__self__.keys
    return cyjwt.Verifier(keys, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE, **options)


def finding(algorithm: str) -> Work:
    """Verify tokens that are kept."""
    keeps = verifier(algorithm, cache=10_000)
    pool = token_pool(algorithm, 320)
    for _ in range(2):
        for index, (token, claims) in enumerate(zip(pool, claims_pool(320), strict=True)):
            must_give(keeps.verify(token), claims)
            must_refuse(keeps.verify, tampered(token, index), cyjwt.InvalidTokenError)
    must_give(keeps.cache_info().hits, len(pool))
    return Work(keeps.verify, pool)


def typing(algorithm: str) -> Work:
    """Verify tokens into instances of a Struct with their members."""
    import msgspec

    # A member may be a string in one token and a list in another, as aud is.
    kinds = {name: {type(claims[name]) for claims in claims_pool(320)} for name in claims_pool(320)[0]}
    kind = msgspec.defstruct("Claims", [(name, reduce(or_, types)) for name, types in kinds.items()])
    typed = verifier(algorithm, claims_type=kind)
    pool = token_pool(algorithm, 320)
    for index, (token, claims) in enumerate(zip(pool, claims_pool(320), strict=True)):
        must_give(msgspec.structs.asdict(typed.verify(token)), claims)
        must_refuse(typed.verify, tampered(token, index), cyjwt.InvalidTokenError)
    return Work(typed.verify, pool)


def cases() -> list[Case]:
    """Every case about tokens that come again, and about types."""
    made = [
        Case(
            f"verify {algorithm} 320 B, kept",
            {
                OURS: lambda a=algorithm: finding(a),
                DIRECT: lambda a=algorithm: verifying(CyJWT(), a, 320),
            },
        )
        for algorithm in ALGORITHMS
    ]
    made.append(
        Case(
            "verify HS256 320 B into a Struct",
            {OURS: lambda: typing("HS256"), DIRECT: lambda: verifying(CyJWT(), "HS256", 320)},
        )
    )
    return made
