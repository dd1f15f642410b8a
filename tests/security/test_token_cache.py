"""The memory of verified tokens: what it must never do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import cyjwt
from tests.support import AUDIENCE, ISSUER, NOW, Clock, Pair, forge, good_claims, pair, verdict_of

HS256 = pair("HS256")


def cached(keys: Pair = HS256, **options: Any) -> cyjwt.Verifier:
    options.setdefault("cache", 8)
    return keys.verifier(**options)


def hits(verifier: cyjwt.Verifier) -> int:
    return verifier.cache_info().hits


def warm(verifier: cyjwt.Verifier, token: Any) -> dict[str, Any]:
    """Verify a token twice, and see that the second time it was found."""
    first = verifier.verify(token)
    before = hits(verifier)
    assert verifier.verify(token) == first
    assert hits(verifier) == before + 1
    return first


# -- found by the whole token


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("collide", [False, True])
def test_a_token_changed_anywhere_is_not_the_token(algorithm: str, collide: bool) -> None:
    keys = pair(algorithm)
    verifier, plain = cached(keys), keys.verifier()
    if collide:
        verifier._cache.collide()
    token = keys.token(good_claims(roles=["a"]))
    warm(verifier, token)
    for i, letter in enumerate(token):
        for other in ("A" if letter != "A" else "B", "."):
            changed = token[:i] + other + token[i + 1 :]
            if changed != token:
                assert verdict_of(verifier.verify, changed) == verdict_of(plain.verify, changed)
                assert verdict_of(verifier.verify, changed)[0] is not None
    for changed in (
        token + "=",
        token + "A",
        token[:-1],
        " " + token,
        token + "\n",
        token + "\0",
        token + ".",
        "",
    ):
        assert verdict_of(verifier.verify, changed)[0] is not None
    assert verifier.cache_info().size == 1
    warm(verifier, token)


def test_tokens_of_one_hash_are_told_apart() -> None:
    """A collision costs a longer look-up, and no more."""
    verifier = cached(cache=40)
    verifier._cache.collide()
    tokens = {HS256.token(good_claims(n=n, pad="x" * (n % 3))): n for n in range(40)}
    for _ in range(2):
        for token, n in tokens.items():
            assert verifier.verify(token)["n"] == n
    assert verifier.cache_info() == (40, 40, 40, 40, 0)
    # Those in the middle and at both ends of the chain may go, and the others stay.
    verifier.clear_cache()
    for token, n in [*tokens.items()][::3]:
        assert verifier.verify(token)["n"] == n
    assert verifier.cache_info().size == 14


def test_one_size_and_one_beginning_and_one_end() -> None:
    """Tokens that differ only in the middle of the payload, under every hash."""
    for collide in (False, True):
        verifier = cached(cache=100)
        if collide:
            verifier._cache.collide()
        subjects = [f"user-{n:08d}" for n in range(60)]
        tokens = [HS256.token(good_claims(sub=subject)) for subject in subjects]
        assert len({len(token) for token in tokens}) == 1
        for _ in range(2):
            assert [verifier.verify(token)["sub"] for token in tokens] == subjects


def test_verifiers_share_nothing() -> None:
    token = HS256.token(good_claims(aud=AUDIENCE, iss=ISSUER))
    accepts = cached(audience=AUDIENCE)
    refuses = cached(audience="another")
    other_key = cyjwt.Verifier(cyjwt.Key.from_secret(bytes(32)), clock=Clock(), audience=AUDIENCE, cache=8)
    warm(accepts, token)
    assert verdict_of(refuses.verify, token)[0] == "InvalidAudienceError"
    assert verdict_of(other_key.verify, token)[0] == "InvalidSignatureError"
    assert (hits(refuses), hits(other_key)) == (0, 0)


# -- every hit is judged anew


def test_a_token_that_expires_in_the_memory_is_refused_and_forgotten() -> None:
    clock = Clock()
    verifier = cached(clock=clock, leeway=5)
    token = HS256.token(good_claims(exp=NOW + 10))
    warm(verifier, token)
    clock.now = NOW + 14.9
    warm(verifier, token)
    clock.now = NOW + 15
    with pytest.raises(cyjwt.ExpiredSignatureError) as caught:
        verifier.verify(token)
    assert (caught.value.code, caught.value.claim) == ("expired", "exp")
    assert verifier.cache_info().size == 0
    clock.now = NOW
    warm(verifier, token)


@pytest.mark.parametrize("collide", [False, True])
@pytest.mark.parametrize(
    ("claims", "options", "good", "bad"),
    [
        ({"exp": NOW + 10}, {}, NOW, NOW + 10),
        ({"exp": NOW + 10.5}, {"leeway": 2}, NOW + 12.4, NOW + 12.5),
        ({"exp": NOW + 10}, {"leeway": 2}, NOW, NOW + 5e8),
        ({"nbf": NOW}, {}, NOW, NOW - 1),
        ({"nbf": NOW + 3}, {"leeway": 3}, NOW, NOW - 0.5),
        ({"iat": NOW}, {}, NOW, NOW - 1),
        ({"iat": NOW - 0.25}, {"leeway": 1}, NOW, NOW - 1.5),
        ({"iat": NOW}, {"max_age": 60}, NOW + 60, NOW + 61),
        ({"iat": NOW}, {"max_age": 60, "leeway": 5}, NOW + 65, NOW + 66),
        ({"iat": NOW}, {"max_age": 0}, NOW, NOW + 0.5),
        ({"iat": NOW, "nbf": NOW, "exp": NOW + 5}, {"max_age": 9}, NOW, NOW - 1),
        ({"iat": NOW, "nbf": NOW, "exp": NOW + 5}, {"max_age": 9}, NOW, NOW + 100),
        ({"iat": NOW + 5, "nbf": NOW, "exp": NOW + 9}, {"leeway": 6}, NOW, NOW + 50),
    ],
)
def test_time_is_checked_on_every_hit_as_without_the_memory(
    claims: dict[str, Any], options: dict[str, Any], good: float, bad: float, collide: bool
) -> None:
    clock = Clock(good)
    verifier = cached(clock=clock, required=(), **options)
    plain = HS256.verifier(clock=clock, required=(), **options)
    if collide:
        verifier._cache.collide()
    token = HS256.token({"sub": "a", **claims})
    for _ in range(3):
        clock.now = good
        warm(verifier, token)
        clock.now = bad
        with pytest.raises(cyjwt.InvalidTokenError) as expected:
            plain.verify(token)
        with pytest.raises(cyjwt.InvalidTokenError) as caught:
            verifier.verify(token)
        assert type(caught.value) is type(expected.value)
        assert caught.value.args == expected.value.args
        assert (caught.value.code, caught.value.claim) == (expected.value.code, expected.value.claim)


def test_a_token_whose_time_has_not_come_stays() -> None:
    clock = Clock()
    verifier = cached(clock=clock)
    token = HS256.token(good_claims(nbf=NOW))
    warm(verifier, token)
    clock.now = NOW - 60
    assert verdict_of(verifier.verify, token)[0] == "ImmatureSignatureError"
    clock.now = NOW
    warm(verifier, token)


def test_a_clock_that_fails_on_a_hit() -> None:
    clock = Clock()
    verifier = cached(clock=clock)
    token = HS256.token()
    warm(verifier, token)
    clock.now = float("nan")
    with pytest.raises(ValueError, match="clock"):
        verifier.verify(token)
    clock.now = NOW
    warm(verifier, token)


def test_a_clock_that_meddles_with_the_memory() -> None:
    """Between finding a token and giving its claims, a caller's clock may do anything."""

    class Meddler(Clock):
        armed = False

        def __call__(self) -> float:
            if self.armed:
                self.armed = False
                verifier.clear_cache()
                for token in others:
                    verifier.verify(token)
                self.now = NOW + late
            return self.now

    others = [HS256.token(good_claims(n=n)) for n in range(20)]
    for late in (0, 10_000):
        clock = Meddler()
        verifier = cached(clock=clock)
        token = HS256.token(good_claims(roles=["a", ["b"]]))
        claims = warm(verifier, token)
        clock.armed = True
        if late:
            assert verdict_of(verifier.verify, token)[0] == "ExpiredSignatureError"
        else:
            assert verifier.verify(token) == claims


# -- each caller has its own


DEEP = {
    "sub": "a",
    "exp": NOW + 600,
    "roles": ["admin", "editor"],
    "address": {"street": "s", "geo": {"points": [[1, 2], [3, {"x": []}]]}, "empty": {}},
    "list": [[], {}, [[["deep"]]], {"a": {"b": {"c": [1]}}}],
    "n": 1.5,
    "none": None,
    "yes": True,
    "big": 123456789012345678901234567890,
    "text": "ü\n",
}


def spoil(value: Any) -> None:
    """Change every container, from within."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value["spoilt"] = True
        value.pop("sub", None)
        for name in list(value):
            value[name] = "spoilt"
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.insert(0, "spoilt")
        value.reverse()


@pytest.mark.parametrize("claims", [DEEP, good_claims(), good_claims(roles=["a"]), good_claims(**{"": [[]]})])
def test_what_a_caller_does_to_its_claims_is_its_own(claims: dict[str, Any]) -> None:
    verifier = cached()
    token = HS256.token(claims)
    for _ in range(5):
        mine = verifier.verify(token)
        assert mine == claims
        assert list(mine) == list(claims)
        kept = copy.deepcopy(mine)
        spoil(mine)
        assert kept == claims
    assert hits(verifier) == 4


def test_a_caller_may_empty_and_grow_its_claims() -> None:
    verifier = cached()
    token = HS256.token(DEEP)
    first, second = verifier.verify(token), verifier.verify(token)
    first.clear()
    second.update({str(n): [n] for n in range(1000)})
    assert verifier.verify(token) == DEEP


def test_claims_of_a_complete_token_are_its_own() -> None:
    verifier = cached()
    token = HS256.token(DEEP)
    first = verifier.verify_complete(token)
    spoil(first.claims)
    spoil(first.header)
    second = verifier.verify_complete(token)
    assert second.claims == DEEP
    assert second.header == {"alg": "HS256", "typ": "JWT"}
    assert hits(verifier) == 1


# -- only what was wholly verified, and not too much of it


def bad_tokens() -> dict[str, str]:
    good = HS256.token()
    return {
        "signature": good[:-4] + "AAAA",
        "segments": "a.b",
        "empty": "",
        "expired": HS256.token(good_claims(exp=NOW - 1)),
        "immature": HS256.token(good_claims(nbf=NOW + 60)),
        "audience": HS256.token(good_claims(aud="x")),
        "missing": HS256.token({"sub": "a"}),
        "json": forge(b'{"alg":"HS256"}', b'{"exp":1,"exp":2}', HS256.oracle),
        "array": forge(b'{"alg":"HS256"}', b"[1]", HS256.oracle),
        "algorithm": pair("HS512").token(),
        "none": HS256.forge(b'{"alg":"none"}', b'{"exp":1999999999}'),
    }


@pytest.mark.parametrize("name", bad_tokens())
def test_failures_are_not_kept(name: str) -> None:
    verifier = cached()
    token = bad_tokens()[name]
    errors = {verdict_of(verifier.verify, token) for _ in range(3)}
    assert len(errors) == 1
    assert verifier.cache_info() == (0, 3, 0, 8, 0)


def test_a_flood_of_garbage_moves_nothing_out() -> None:
    verifier = cached(cache=2)
    token = HS256.token()
    warm(verifier, token)
    for n in range(2000):
        assert verdict_of(verifier.verify, f"{token[:-8]}{n:08d}")[0] is not None
    warm(verifier, token)
    assert verifier.cache_info().evictions == 0


@pytest.mark.parametrize("capacity", [1, 2, 3, 17])
def test_the_capacity_is_exact_and_the_oldest_goes(capacity: int) -> None:
    verifier = cached(cache=capacity)
    tokens = [HS256.token(good_claims(n=n)) for n in range(capacity + 1)]
    for token in tokens[:capacity]:
        verifier.verify(token)
    assert verifier.cache_info() == (0, capacity, capacity, capacity, 0)
    # Used again, the first is the newest; the second, where there is one, is the oldest now.
    verifier.verify(tokens[0])
    verifier.verify(tokens[capacity])
    assert verifier.cache_info() == (1, capacity + 1, capacity, capacity, 1)
    if capacity > 1:
        verifier.verify(tokens[0])
        assert hits(verifier) == 2
        verifier.verify(tokens[1])
        assert hits(verifier) == 2


def test_long_tokens_are_verified_each_time() -> None:
    verifier = cached()
    short, long = HS256.token(good_claims(pad="x" * 5000)), HS256.token(good_claims(pad="x" * 7000))
    assert len(short) < 8192 < len(long)
    warm(verifier, short)
    for _ in range(3):
        verifier.verify(long)
    assert verifier.cache_info() == (1, 4, 1, 8, 0)
