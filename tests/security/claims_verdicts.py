"""Well-signed HS256 tokens, and one verdict from engine and oracle."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench import baseline
from tests.support import clock, forge, good_claims, pair

HS256 = pair("HS256")
PAYLOAD = baseline.dumps(good_claims())


def header_token(**members: Any) -> str:
    return forge(json.dumps({"alg": "HS256", **members}).encode(), PAYLOAD, HS256.oracle)


def refused(token: str, error: type[Exception], claim: str | None = None, **options: Any) -> None:
    """Refused by the engine and by the oracle, with this very class and claim."""
    with pytest.raises(error) as caught:
        HS256.verifier(**options).verify(token)
    assert caught.type is error
    assert caught.value.claim == claim  # type: ignore[attr-defined]
    options.setdefault("clock", clock)
    assert baseline.verdict(token, HS256.oracle, **options) == (error.__name__, claim)


def accepted(token: str, **options: Any) -> dict[str, Any]:
    claims = HS256.verifier(**options).verify(token)
    options.setdefault("clock", clock)
    assert baseline.verify(token, HS256.oracle, **options) == claims
    return claims


def raw(claims: str) -> str:
    """A token whose payload is this very text."""
    return forge(b'{"alg":"HS256"}', claims.encode(), HS256.oracle)
