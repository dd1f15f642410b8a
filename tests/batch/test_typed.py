"""Types of claims give one verdict, whichever way a token is verified and whatever is asked of a batch."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt
from tests.batch.agreement import picked, refusal, verdict, verdicts
from tests.support import NOW, good_claims, pair

pytest.importorskip("msgspec")

ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA", "Ed448"]
HS256 = pair("HS256")
NAMES = ["sub", "tags", "absent", "exp", "inner"]


@dataclasses.dataclass
class Inner:
    n: int


@dataclasses.dataclass
class Account:
    sub: str
    exp: int
    tags: list[str] = dataclasses.field(default_factory=list)
    inner: Inner | None = None

    def __post_init__(self) -> None:
        if self.sub == "refused":
            raise ValueError("a value of the token")


def agree(typed: cyjwt.Verifier, plain: cyjwt.Verifier, tokens: list[Any], **options: Any) -> list[Any]:
    """One verdict in every way; gives it."""
    alone = [verdict(typed, token) for token in tokens]
    dicts = [verdict(plain, token) for token in tokens]
    expected_names = [
        picked(whole, NAMES) if isinstance(made, Account) else made
        for made, whole in zip(alone, dicts, strict=True)
    ]
    for batch, expected in [
        (typed.verify_batch(tokens, **options), alone),
        (typed.verify_batch(tokens, claims=NAMES, **options), expected_names),
    ]:
        assert verdicts(batch) == expected
        assert batch.claims() == [None if isinstance(one, tuple) else one for one in expected]
        assert verdicts(pickle.loads(pickle.dumps(batch))) == expected
    statuses = typed.verify_batch(tokens, claims=False, **options)
    assert verdicts(statuses) == [one if isinstance(one, tuple) else None for one in alone]
    assert statuses.valid == sum(isinstance(one, Account) for one in alone)

    async def several() -> list[Any]:
        calls = [typed.verify_async(token) for token in tokens]
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(several())
    assert [refusal(one) if isinstance(one, cyjwt.InvalidTokenError) else one for one in answers] == alone
    return alone


def mixed(keys: Any) -> list[Any]:
    good = [keys.token(good_claims(tags=[str(n)], jti=str(n))) for n in range(9)]
    return [
        *good,
        keys.token(good_claims(inner={"n": 1})),
        keys.token(good_claims(inner={"n": "1"})),
        keys.token(good_claims(tags=["a", 1], jti="3")),
        keys.token(good_claims(tags=["a", 1])),
        keys.token(good_claims(sub="refused")),
        keys.token({"exp": NOW + 1}),
        keys.token(good_claims(exp=NOW - 1, tags=1)),
        good[2][:-9] + "AAAAAAAAA",
        "a.b",
        None,
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "options", [{}, {"revoked": {"3"}}, {"cache": 3}, {"revoked": {"3"}, "cache": 30}], ids=str
)
def test_one_verdict(algorithm: str, options: dict[str, Any], route: str) -> None:
    keys = pair(algorithm)
    revoked = {name: options[name] for name in options if name == "revoked"}
    typed, plain = keys.verifier(claims_type=Account, **options), keys.verifier(**revoked)
    for _ in range(2):
        answers = agree(typed, plain, mixed(keys))
    codes = [None if isinstance(one, Account) else one.code for one in answers]
    third = "revoked" if revoked else None
    assert codes[:10] == [None] * 3 + [third] + [None] * 6
    assert codes[10:15] == ["claims_type", third or "claims_type", *["claims_type"] * 3]
    assert codes[15:] == ["expired", "invalid_signature", "segments", "token_type"]
    if not revoked:
        assert [one.claim for one in answers[10:15]] == ["inner.n", "tags[1]", "tags[1]", None, "sub"]


MEMBERS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=3), st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["n", "m"]), st.integers(0, 2) | st.text(max_size=2), max_size=2),
)  # fmt: skip
CLAIMS = st.dictionaries(st.sampled_from(["sub", "exp", "tags", "inner", "other"]), MEMBERS, max_size=5)


@given(st.lists(CLAIMS.map(lambda more: {**good_claims(), **more}), min_size=1, max_size=12))
def test_one_verdict_of_any_claims(claims: list[dict[str, Any]]) -> None:
    tokens = [HS256.token(one) for one in claims]
    agree(HS256.verifier(claims_type=Account, cache=4), HS256.verifier(), tokens)


def test_many_and_threads() -> None:
    tokens = mixed(HS256) * 120
    agree(HS256.verifier(claims_type=Account), HS256.verifier(), tokens, threads=3)


def test_columns_count_the_same() -> None:
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("nanoarrow")
    from cyjwt import arrow

    tokens = mixed(HS256)
    for options in ({}, {"revoked": {"3"}}):
        verifier = HS256.verifier(claims_type=Account, **options)
        expected = [verifier.verify_batch(tokens).reason(i) for i in range(len(tokens))]
        for claims in (None, {"sub": "string"}):
            column = pa.array(arrow.verify(pa.array(tokens), verifier, claims))
            assert column.field("reason").to_pylist() == expected


def test_columns_keep_references_of_instances_straight() -> None:
    """Rows that follow one another let go of each instance once."""
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("nanoarrow")
    from cyjwt import arrow

    made: list[Any] = []

    @dataclasses.dataclass
    class Held:
        sub: str

        def __post_init__(self) -> None:
            # Held more often than it may wrongly be let go of, so that a mistake is counted and crashes nothing.
            made.extend([self] * 3)

    tokens = [HS256.token(good_claims(n=n)) for n in range(9)]
    for options in ({}, {"revoked": {"3"}}):
        arrow.verify(pa.array(tokens), HS256.verifier(claims_type=Held, **options))
        assert len(made) == 3 * len(tokens)
        assert {sys.getrefcount(made[i]) for i in range(0, len(made), 3)} == {sys.getrefcount(made[-1])}
        assert sys.getrefcount(made[0]) > 3
        made.clear()
