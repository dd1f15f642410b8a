"""Tokens: one, kept, unread and in batches by every route, against ``bench.baseline``.

The first octet of the input picks the policy, the rest is the token.
"""

from __future__ import annotations

from typing import Any

import cyjwt
from bench import baseline
from cyjwt._engine import lanes
from fuzz import keys
from fuzz.text import REFUSED, outcome
from tests.batch import agreement
from tests.property.test_json import same
from tests.property.test_tokens import agree
from tests.support import AUDIENCE, ISSUER, NOW, clock

#: What the verifiers insist on. The first is what a service does.
POLICIES: tuple[dict[str, Any], ...] = (
    {"issuer": ISSUER, "audience": AUDIENCE},
    {"required": ()},
    {"required": ("sub", "exp"), "leeway": 5, "type": "at+jwt", "subject": "user-1"},
    {"required": (), "allow_padding": True, "critical": ("x", "exp")},
    {"required": ("n", "ü"), "max_age": 3600, "audience": [AUDIENCE, "billing"], "issuer": [ISSUER, "other"]},
    {"required": (), "max_token_size": 300, "algorithms": ["HS256", "ES512"]},
    # The last two verify with one key, whose kid nobody asks for.
    {"required": ()},
    {"issuer": ISSUER, "audience": AUDIENCE, "leeway": 2.5},
)
_LONE = len(POLICIES) - 2

GOOD = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user-1",
    "iat": NOW - 5,
    "exp": NOW + 600,
    "n": 1,
    "ü": [None, {}],
}

ROUTES = ("single", "lanes") if lanes.live() else ("single",)


def _engine_keys(policy: int) -> Any:
    return keys.ENGINE["h"] if policy >= _LONE else cyjwt.KeySet(keys.ENGINE.values())


def _oracle_keys(policy: int) -> Any:
    return keys.ORACLE["h"] if policy >= _LONE else list(keys.ORACLE.values())


#: Verifiers that live as long as the process, so that whatever they remember is tested as well.
PLAIN = [cyjwt.Verifier(_engine_keys(i), clock=clock, **POLICIES[i]) for i in range(len(POLICIES))]
CACHED = [cyjwt.Verifier(_engine_keys(i), clock=clock, cache=8, **POLICIES[i]) for i in range(len(POLICIES))]


def _neighbour(kid: str, algorithm: str) -> str:
    header = baseline.dumps({"alg": algorithm, "kid": kid})
    text = b".".join(map(baseline.encode_segment, (header, baseline.dumps(GOOD))))
    return keys.sign(kid, algorithm, text).decode()


#: Tokens that share a batch, and by their algorithms the lanes, with the one of the input.
NEIGHBOURS = [
    _neighbour("e", "ES256"),
    _neighbour("r", "RS256"),
    _neighbour("d", "EdDSA"),
    _neighbour("h", "HS256"),
]
BESIDE = [[agreement.verdict(verifier, token) for token in NEIGHBOURS] for verifier in PLAIN]


def check(data: bytes) -> None:
    """Ask everybody about the token; claims and refusals must be the same."""
    policy, text = data[0] % len(POLICIES) if data else 0, data[1:]
    options = {**POLICIES[policy], "clock": clock}
    oracle = _oracle_keys(policy)
    token: Any = text.decode("ascii") if text.isascii() and len(text) % 2 else text
    refusal = agree(PLAIN[policy].verify, token, oracle, **options)
    expected = agreement.verdict(PLAIN[policy], token)
    for _ in range(2):
        said = agreement.verdict(CACHED[policy], token)
        assert said == expected if refusal else same(said, expected), said
    check_complete(policy, token, oracle, refusal)
    check_unverified(text)
    check_batches(policy, token, expected, len(text))


def check_batches(policy: int, token: Any, expected: Any, turn: int) -> None:
    """In batches by every route; which neighbours and claims they have is told by ``turn``."""
    at = turn % len(NEIGHBOURS)
    tokens = [NEIGHBOURS[at], token, NEIGHBOURS[at]]
    verdicts = [BESIDE[policy][at], expected, BESIDE[policy][at]]
    claims = (True, False, agreement.some_names(PLAIN[policy], verdicts))[turn // len(NEIGHBOURS) % 3]
    try:
        for route in ROUTES:
            if len(ROUTES) > 1:
                lanes.force(route)
            batch = PLAIN[policy].verify_batch(tokens, threads=1, claims=claims)
            agreement.check(batch, verdicts, claims)
    finally:
        if len(ROUTES) > 1:
            lanes.force(None)


def check_complete(policy: int, token: Any, oracle: Any, refusal: str | None) -> None:
    """The three parts of a token that holds."""
    if refusal is None:
        header, claims, signature = PLAIN[policy].verify_complete(token)
        expected = baseline.verify_complete(token, oracle, **POLICIES[policy], clock=clock)
        assert same(header, expected.header)
        assert same(claims, expected.claims)
        assert signature == expected.signature


def check_unverified(text: bytes) -> None:
    """The parts of a token of which nothing is known."""
    expected, got = outcome(baseline.read_unverified, text), outcome(cyjwt.read_unverified, text)
    if expected is REFUSED or got is REFUSED:
        assert got is expected
        return
    assert same(got.header, expected.header)
    assert same(got.claims, expected.claims)
    assert got.signature == expected.signature
