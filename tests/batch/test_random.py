"""Random batches of random tokens under random policies: the verdicts of verify, one by one.

``CYJWT_FUZZ_SECONDS`` and ``CYJWT_FUZZ_SEED`` make the run longer, and another.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cyjwt
from bench import baseline
from tests.batch.agreement import agree
from tests.batch.fuzz import key_set, one_round, signed_once
from tests.property import strategies as sets
from tests.support import AUDIENCE, ISSUER, NOW, clock, forge, good_claims, pair

SECONDS = float(os.environ.get("CYJWT_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("CYJWT_FUZZ_SEED", "1"))
#: Rounds of a run that is not timed.
ROUNDS = 150


@pytest.mark.slow
def test_random_batches(route: str) -> None:
    pool = signed_once(SEED)
    rounds = tokens = held = 0
    end = time.monotonic() + SECONDS
    while rounds < ROUNDS or time.monotonic() < end:
        seed = SEED * 1_000_003 + rounds
        try:
            count, good = one_round(random.Random(seed), pool)
        except BaseException as error:
            error.add_note(f"round {rounds} of CYJWT_FUZZ_SEED={SEED}, {route}")
            raise
        rounds, tokens, held = rounds + 1, tokens + count, held + good
    print(f"{route}: {rounds} batches, {tokens} tokens, {held} of them valid")
    # It is of no use where all are refused, or none.
    assert 0.1 < held / tokens < 0.8


quick = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
EASY: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "clock": clock}
EVERY = ("HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed448")
SOUND = good_claims(iss=ISSUER, aud=AUDIENCE)
WHOLE = {name: pair("RS256" if name == "PS256" else name) for name in EVERY}
TOKENS = [
    forge(baseline.dumps({"alg": name, "kid": kid}), baseline.dumps(SOUND), keys.oracle, name).encode()
    for name, keys in WHOLE.items()
    for kid in ("h", "r", "e", "d")
]


@given(
    st.lists(st.one_of(st.sampled_from(TOKENS), sets.damaged(st.sampled_from(TOKENS))), max_size=30),
    st.data(),
)
@quick
def test_damaged_tokens_of_all_algorithms(tokens: list[bytes], data: st.DataObject) -> None:
    verifier = cyjwt.Verifier(key_set(*EVERY), **EASY)
    mixed: list[Any] = [
        token.decode() if token.isascii() and data.draw(st.booleans()) else token for token in tokens
    ]
    agree(verifier, mixed, threads=2)


@given(st.lists(sets.claims(), max_size=20), sets.policies)
@quick
def test_random_claims(claims: list[dict[str, Any]], policy: dict[str, Any]) -> None:
    keys = pair("HS256")
    tokens = [baseline.sign(one, keys.oracle, "HS256") for one in claims]
    agree(cyjwt.Verifier(keys.public, clock=clock, **policy), tokens)


@given(st.lists(sets.objects, min_size=1, max_size=8), st.data())
@quick
def test_random_names(claims: list[dict[str, Any]], data: st.DataObject) -> None:
    """Any names, of which most are some token's, against the dict that verify gives."""
    keys = pair("HS256")
    known = sorted({name for one in claims for name in one})
    names = data.draw(
        st.lists(st.one_of(st.sampled_from(known) if known else sets.text, sets.text), max_size=20)
    )
    tokens = [baseline.sign({**one, "exp": NOW + 9}, keys.oracle, "HS256") for one in claims]
    agree(keys.verifier(), tokens, names=names)


@given(st.lists(sets.headers("HS256"), max_size=20), sets.policies)
@quick
def test_random_headers(headers: list[dict[str, Any]], policy: dict[str, Any]) -> None:
    keys = pair("HS256")
    tokens = [forge(baseline.dumps(one), baseline.dumps(SOUND), keys.oracle) for one in headers]
    agree(cyjwt.Verifier(keys.public, clock=clock, **policy), tokens * 2)


@given(st.lists(sets.damaged(sets.claims().map(baseline.dumps)), max_size=20))
@quick
def test_damaged_payloads_signed(payloads: list[bytes]) -> None:
    keys = pair("HS256")
    tokens = [forge(b'{"alg":"HS256"}', payload, keys.oracle) for payload in payloads]
    agree(cyjwt.Verifier(keys.public, required=(), clock=clock), tokens)
