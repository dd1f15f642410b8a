"""What cyjwt remembers, warm and cold: tokens, keys and policies; and claims as a Struct.

The other libraries' caches are measured where they have one: fast-jwt's beside every case about tokens.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import cyjwt
from bench.contenders import CyJWT
from bench.harness import DIRECT, OURS, Case, Work
from bench.samples import POOL, claims_pool, tampered, token_pool
from bench.tokens import must_give, must_refuse, raw_name, verifying

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")


def verifier(algorithm: str, **options: Any) -> cyjwt.Verifier[Any]:
    """The contender's verifier with more options."""
    ours = CyJWT()
    return ours.policy(ours.key(algorithm, False), algorithm, **options)


def keeping(algorithm: str, room: int, hits: int) -> Work:
    """Verify by a memory of so much room, which finds so many of the pool again when its tokens come anew."""
    keeps = verifier(algorithm, cache=room)
    pool = token_pool(algorithm, 320)
    for _ in range(2):
        for index, (token, claims) in enumerate(zip(pool, claims_pool(320), strict=True)):
            must_give(keeps.verify(token), claims)
            must_refuse(keeps.verify, tampered(token, index), cyjwt.InvalidTokenError)
    must_give(keeps.cache_info().hits, hits)
    return Work(keeps.verify, pool)


def forgetting(algorithm: str, form: str) -> Work | None:
    """``decode`` with key material, and every cache of keys and policies cleared before each call."""
    warm = verifying(CyJWT(), algorithm, 320, form=form)
    if warm is None:
        return None
    decode, clear = warm.call, cyjwt.caches.clear

    def cold(token: str) -> Any:
        clear()
        return decode(token)

    for token, claims in zip(warm.pool, claims_pool(320), strict=True):
        must_give(cold(token), claims)
        must_refuse(cold, tampered(token), cyjwt.InvalidTokenError)
    return Work(cold, warm.pool)


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
    """Every case about tokens that come again, about caches that are cold, and about types."""

    def case(name: str, make: Any, beside: Any) -> Case:
        return Case(name, {OURS: make, DIRECT: beside})

    made = []
    for algorithm in ALGORITHMS:
        plain = f"verify {algorithm} 320 B"

        def direct(algorithm: str = algorithm) -> Work | None:
            return verifying(CyJWT(), algorithm, 320)

        made.append(case(f"{plain}, kept", lambda a=algorithm: keeping(a, 10_000, POOL), direct))
        made.append(case(f"{plain}, cache=1 and each anew", lambda a=algorithm: keeping(a, 1, 0), direct))
        for form in ("raw", "JWK"):
            name = f"{plain}, {raw_name(algorithm, form)} and caches cold"
            made.append(case(name, lambda a=algorithm, f=form: forgetting(a, f), direct))
    made.append(
        case(
            "verify HS256 320 B into a Struct",
            lambda: typing("HS256"),
            lambda: verifying(CyJWT(), "HS256", 320),
        )
    )
    return made
