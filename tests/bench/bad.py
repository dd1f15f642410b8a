"""Tokens that nobody may accept."""

from __future__ import annotations

from typing import Any

from bench import baseline
from bench.samples import claims_of, oracle_key, tampered, token_pool


def bad_tokens(algorithm: str) -> list[str]:
    """What every library that is measured must refuse."""
    return [
        tampered(token_pool(algorithm, 320)[0]),
        token_pool(algorithm, 320, expires_in=-3600)[0],
        token_pool(algorithm, 320, audience="payroll")[0],
        token_pool(algorithm, 320, issuer="https://elsewhere.example/")[0],
    ]


def taken_without(verify: Any, refusal: Any, algorithm: str) -> set[str]:
    """Which of the claims that are checked a token may lack."""
    taken = set()
    for name in ("exp", "aud", "iss"):
        claims = claims_of(320)
        del claims[name]
        try:
            verify(baseline.sign(claims, oracle_key(algorithm), algorithm))
        except refusal:
            continue
        taken.add(name)
    return taken
