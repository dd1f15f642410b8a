"""Tokens: the engine gives the oracle's verdict, and no error outside cyjwt's tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import cyjwt
from bench import baseline
from cyjwt.algorithms import ALGORITHMS
from tests.property import strategies as sets
from tests.property.test_json import same
from tests.support import AUDIENCE, ISSUER, NOW, Pair, clock, forge, pair, verdict_of

SECRET = pair("HS256")
EASY = {"issuer": ISSUER, "audience": AUDIENCE, "clock": clock}
GOOD = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user-1",
    "jti": "t-1",
    "iat": NOW - 5,
    "nbf": NOW - 5,
    "exp": NOW + 600,
}

#: Verifiers that live through the whole run, so that whatever they remember is tested as well.
LONG_LIVED: dict[str, cyjwt.Verifier] = {}


def long_lived(keys: Pair) -> cyjwt.Verifier:
    if keys.algorithm not in LONG_LIVED:
        LONG_LIVED[keys.algorithm] = cyjwt.Verifier(keys.public, algorithms=[keys.algorithm], **EASY)
    return LONG_LIVED[keys.algorithm]


def agree(verify: Callable[[Any], Any], token: Any, keys: Any, **policy: Any) -> str | None:
    """Assert that the engine's verdict is the oracle's; return it."""
    expected = baseline.verdict(token, keys, **policy)
    got = verdict_of(verify, token)
    if got != expected:
        # The signature covers the payload's text: where that is not base64url and nobody signed it,
        # both faults are there, and either may be found first.
        both = {got[0], expected[0]} == {"DecodeError", "InvalidSignatureError"}
        assert both, (got, expected, token)
        assert broken_payload(token), (got, expected, token)
    elif got[0] is None:
        assert same(verify(token), baseline.verify(token, keys, **policy))
    return got[0]


def broken_payload(token: Any) -> bool:
    text = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else bytes(token)
    try:
        baseline.decode_segment(text.split(b".")[1])
    except cyjwt.DecodeError:
        return True
    return False


@given(sets.claims(), sets.policies)
def test_random_claims(claims: dict[str, Any], policy: dict[str, Any]) -> None:
    token = baseline.sign(claims, SECRET.oracle, "HS256")
    verifier = cyjwt.Verifier(SECRET.public, clock=clock, **policy)
    agree(verifier.verify, token, SECRET.oracle, clock=clock, **policy)
    agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY)


@given(sets.objects)
def test_random_good_claims(extra: dict[str, Any]) -> None:
    claims = {**extra, **GOOD}
    token = baseline.sign(claims, SECRET.oracle, "HS256")
    assume(len(token) < 65536)
    assert same(long_lived(SECRET).verify(token), baseline.verify(token, SECRET.oracle, **EASY))


@given(sets.headers("HS256"), sets.policies)
def test_random_headers(header: dict[str, Any], policy: dict[str, Any]) -> None:
    policy = {"issuer": ISSUER, "audience": AUDIENCE, **policy}
    token = forge(baseline.dumps(header), baseline.dumps(GOOD), SECRET.oracle)
    verifier = cyjwt.Verifier(SECRET.public, clock=clock, **policy)
    agree(verifier.verify, token, SECRET.oracle, clock=clock, **policy)
    # Twice: the second time a remembered header may serve.
    agree(verifier.verify, token, SECRET.oracle, clock=clock, **policy)
    agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY)


@given(sets.damaged(st.just(b'{"alg":"HS256","typ":"JWT","kid":"a"}')))
def test_damaged_headers_signed(header: bytes) -> None:
    token = forge(header, baseline.dumps(GOOD), SECRET.oracle)
    agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY)


@given(sets.damaged(sets.claims().map(baseline.dumps)))
def test_damaged_payloads_signed(payload: bytes) -> None:
    token = forge(b'{"alg":"HS256"}', payload, SECRET.oracle)
    agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_signed(header: bytes, payload: bytes) -> None:
    agree(long_lived(SECRET).verify, forge(header, payload, SECRET.oracle), SECRET.oracle, **EASY)


@pytest.mark.parametrize(
    "algorithm", ["HS256", "HS512", "RS256", "PS256", "ES256", "ES512", "ES256K", "EdDSA", "Ed448"]
)
@given(data=st.data())
def test_damaged_tokens(algorithm: str, data: st.DataObject) -> None:
    keys = pair(algorithm)
    token = keys.token(GOOD, {"kid": "a"}).encode()
    bad = data.draw(sets.damaged(st.just(token)))
    agree(long_lived(keys).verify, bad, keys.oracle, **EASY)
    if bad.isascii():
        agree(long_lived(keys).verify, bad.decode(), keys.oracle, **EASY)


@given(st.permutations([0, 1, 2]), st.lists(st.sampled_from([0, 1, 2]), max_size=5))
def test_segments_moved_about(order: list[int], more: list[int]) -> None:
    parts = SECRET.token(GOOD).split(".")
    for chosen in (order, more, order + more):
        agree(long_lived(SECRET).verify, ".".join(parts[i] for i in chosen), SECRET.oracle, **EASY)


@given(sets.claims(), sets.claims())
def test_segments_of_two_tokens(one: dict[str, Any], other: dict[str, Any]) -> None:
    a = SECRET.token(one).split(".")
    b = SECRET.token(other).split(".")
    for token in (f"{a[0]}.{a[1]}.{b[2]}", f"{a[0]}.{b[1]}.{a[2]}"):
        agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY)


@given(st.one_of(st.text(max_size=50), st.binary(max_size=50), sets.scalars, st.lists(st.integers())))
def test_anything_at_all(token: Any) -> None:
    assert agree(long_lived(SECRET).verify, token, SECRET.oracle, **EASY) == "DecodeError"


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=5),
    st.sampled_from(["a", "b", "x", "", None]),
)
def test_key_sets(kids: list[str | None], wanted: str | None) -> None:
    """A set finds what the oracle's plain loop finds, or says that it is not there."""
    secrets = [bytes([i + 1]) * 32 for i in range(len(kids))]
    oracle = [baseline.Key.from_secret(s, kid) for s, kid in zip(secrets, kids, strict=True)]
    engine = cyjwt.KeySet([cyjwt.Key.from_secret(s, kid=kid) for s, kid in zip(secrets, kids, strict=True)])
    header = {"kid": wanted} if wanted is not None else {}
    for signer in oracle:
        token = forge(baseline.dumps({"alg": "HS256", **header}), baseline.dumps(GOOD), signer)
        agree(
            cyjwt.Verifier(engine, algorithms=["HS256"], **EASY).verify,
            token,
            oracle,
            algorithms=["HS256"],
            **EASY,
        )


@given(
    st.sampled_from(["HS256", "RS256", "ES256", "EdDSA"]),
    st.sampled_from(["HS256", "RS256", "ES256", "EdDSA", "PS256"]),
)
def test_keys_and_algorithms_crossed(of_key: str, of_header: str) -> None:
    keys = pair(of_key)
    token = forge(baseline.dumps({"alg": of_header}), baseline.dumps(GOOD), keys.oracle, of_key)
    agree(cyjwt.Verifier(keys.public, **EASY).verify, token, keys.oracle, **EASY)


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@given(claims=sets.objects)
def test_signer_and_oracle(algorithm: str, claims: dict[str, Any]) -> None:
    """What the engine signs, the oracle verifies to the same claims."""
    keys = pair(algorithm)
    claims = {**claims, **GOOD}
    token = cyjwt.Signer(keys.private, algorithm=algorithm).sign(claims)
    assert same(baseline.verify(token, keys.oracle, algorithms=[algorithm], **EASY), claims)
    assert same(long_lived(keys).verify(token), claims)
