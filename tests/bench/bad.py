"""Tokens that nobody may accept."""

from __future__ import annotations

from bench.samples import tampered, token_pool


def bad_tokens(algorithm: str) -> list[str]:
    """What every library that is measured must refuse."""
    return [
        tampered(token_pool(algorithm, 320)[0]),
        token_pool(algorithm, 320, expires_in=-3600)[0],
        token_pool(algorithm, 320, audience="payroll")[0],
        token_pool(algorithm, 320, issuer="https://elsewhere.example/")[0],
    ]
