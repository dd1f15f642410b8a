"""Batch: what it tells, and what it gives away."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from typing import Any

import pytest

import cyjwt
from tests.batch.agreement import refusal, verdict
from tests.support import NOW, good_claims, pair

HS256 = pair("HS256")
VERIFIER = HS256.verifier(clock=NOW)
GOOD = [HS256.token(good_claims(n=n)) for n in range(3)]
BAD_SIGNATURE = GOOD[0][:-4] + "AAAA"
EXPIRED = HS256.token({"exp": NOW})
NO_EXP = HS256.token({"sub": "a"})
BAD_EXP = HS256.token({"exp": "soon"})

TOKENS = [GOOD[0], BAD_SIGNATURE, GOOD[1], EXPIRED, "a.b", NO_EXP, BAD_SIGNATURE, GOOD[2], BAD_EXP]
CODES = [
    *(
        None,
        "invalid_signature",
        None,
        "expired",
        "segments",
        "missing_claim",
        "invalid_signature",
        None,
        "invalid_exp",
    ),
]
BATCH = VERIFIER.verify_batch(TOKENS)
NO_CLAIMS = VERIFIER.verify_batch(TOKENS, claims=False)
PICKED = VERIFIER.verify_batch(TOKENS, claims=["n"])
BATCHES = pytest.mark.parametrize("batch", [BATCH, NO_CLAIMS, PICKED], ids=["all", "none", "some"])
VALID = [0, 2, 7]


@BATCHES
def test_counts(batch: cyjwt.Batch) -> None:
    assert len(batch) == len(TOKENS)
    assert (batch.valid, batch.invalid) == (3, 6)
    assert batch.counts() == dict(Counter(code or "valid" for code in CODES))
    assert repr(batch) == "<Batch of 9 tokens, 3 valid>"


def test_counts_join_statuses_of_one_code() -> None:
    """Several statuses may share a code: the header, the payload and the signature are base64url each."""
    head, payload, tail = GOOD[0].split(".")
    not_base64 = HS256.forge(b'{"alg":"HS256"}', b"{}").split(".")
    tokens = [f"{head}=.{payload}.{tail}", f"{head}.{payload}.{tail}=", "é", GOOD[0]]
    batch = VERIFIER.verify_batch([*tokens, ".".join(not_base64)])
    assert len(set(bytes(batch.statuses))) == 5
    assert batch.counts() == {"valid": 1, "invalid_base64": 3, "missing_claim": 1}


@BATCHES
def test_statuses(batch: cyjwt.Batch) -> None:
    statuses = batch.statuses
    assert isinstance(statuses, memoryview)
    assert (statuses.format, statuses.itemsize, statuses.ndim, len(statuses)) == ("B", 1, 1, 9)
    assert [i for i, status in enumerate(statuses) if status == 0] == VALID
    assert statuses.readonly
    with pytest.raises(TypeError, match="read-only"):
        statuses[1] = 0
    # One reason, one number.
    assert statuses[1] == statuses[6]
    assert len(set(bytes(statuses))) == 6
    assert statuses == BATCH.statuses


@BATCHES
def test_reasons(batch: cyjwt.Batch) -> None:
    assert [batch.reason(i) for i in range(9)] == CODES
    assert [batch.reason(i) for i in range(-9, 0)] == CODES


@BATCHES
def test_exceptions_are_those_of_verify(batch: cyjwt.Batch) -> None:
    for i, token in enumerate(TOKENS):
        if i in VALID:
            continue
        error = batch[i]
        assert isinstance(error, cyjwt.InvalidTokenError)
        single = verdict(VERIFIER, token)
        assert refusal(error) == single
        assert error.args == single.args
        assert error.__traceback__ is None
        # A new one each time, so that a traceback or a note on it stays with whoever raised it.
        assert batch[i] is not error


def test_claims() -> None:
    expected = [None] * 9
    for n, at in enumerate(VALID):
        expected[at] = good_claims(n=n)  # type: ignore[call-overload]
    assert BATCH.claims() == expected
    assert [None if isinstance(one, Exception) else one for one in BATCH] == expected
    assert PICKED.claims() == [None if one is None else {"n": one["n"]} for one in expected]
    with pytest.raises(ValueError, match="without claims"):
        NO_CLAIMS.claims()
    assert [one for one in NO_CLAIMS if one is None] == [None] * 3
    BATCH.claims().clear()
    assert BATCH.claims() == expected


@BATCHES
def test_sequence(batch: cyjwt.Batch) -> None:
    def plain(items: Any) -> list[Any]:
        return [refusal(one) if isinstance(one, Exception) else one for one in items]

    whole = plain(batch)
    assert len(whole) == 9
    assert plain(batch[i] for i in range(9)) == whole
    assert plain(batch[i] for i in range(-9, 0)) == whole
    assert plain(reversed(batch)) == whole[::-1]
    for part in (
        slice(None),
        slice(2, 5),
        slice(-4, None),
        slice(None, None, -2),
        slice(20, 30),
        slice(1, 8, 3),
    ):
        assert plain(batch[part]) == whole[part]
        assert isinstance(batch[part], list)
    # Two iterators do not disturb each other.
    assert [plain(pair_) for pair_ in zip(batch, batch, strict=True)] == [[one, one] for one in whole]


@BATCHES
@pytest.mark.parametrize("index", [9, -10, 10**30, -(10**30)])
def test_places_that_are_not_there(batch: cyjwt.Batch, index: int) -> None:
    with pytest.raises(IndexError):
        batch[index]
    with pytest.raises(IndexError):
        batch.reason(index)


@BATCHES
@pytest.mark.parametrize("index", ["0", 1.0, None, (0,)])
def test_places_that_are_no_number(batch: cyjwt.Batch, index: Any) -> None:
    with pytest.raises(TypeError):
        batch[index]
    with pytest.raises(TypeError):
        batch.reason(index)


@BATCHES
def test_raise_first(batch: cyjwt.Batch) -> None:
    with pytest.raises(cyjwt.InvalidSignatureError) as caught:
        batch.raise_first()
    assert refusal(caught.value) == verdict(VERIFIER, BAD_SIGNATURE)


def test_raise_first_names_the_claim() -> None:
    verifier = HS256.verifier(required=["exp", "tenant", "sub"])
    tokens = [HS256.token(good_claims(tenant="a")), HS256.token(), NO_EXP]
    batch = verifier.verify_batch(tokens)
    with pytest.raises(cyjwt.MissingRequiredClaimError, match='missing the "tenant" claim') as caught:
        batch.raise_first()
    assert caught.value.claim == "tenant"
    assert [one.claim for one in batch[1:]] == ["tenant", "exp"]  # type: ignore[union-attr]


@pytest.mark.parametrize("tokens", [[], GOOD])
def test_raise_first_where_all_are_valid(tokens: list[str]) -> None:
    for claims in (True, False, ["n"]):
        assert VERIFIER.verify_batch(tokens, claims=claims).raise_first() is None  # type: ignore[func-returns-value]


def test_the_claims_are_the_callers_own() -> None:
    token = HS256.token(good_claims(roles=["a"], nested={"x": [1]}, iss="i"))
    for claims in (True, ["roles", "nested"]):
        batch = VERIFIER.verify_batch([token] * 600, claims=claims, threads=2)
        first: Any = batch[0]
        whole = copy.deepcopy(first)
        first["roles"].append("admin")
        first["nested"]["x"].append(2)
        first["more"] = True
        assert batch[1:] == [whole] * 599
        # The batch holds what it gave.
        assert batch[0] is first
        assert VERIFIER.verify_batch([token], claims=claims)[0] == whole


@BATCHES
def test_it_outlives_tokens_and_verifier(batch: cyjwt.Batch) -> None:
    verifier = pair("ES256").verifier()
    tokens = [pair("ES256").token(), "x"]
    made = verifier.verify_batch(tokens)
    statuses = made.statuses
    del verifier, tokens
    assert made[0] == good_claims()
    assert refusal(made[1]) == refusal(BATCH[4])  # type: ignore[arg-type]
    del made
    assert bytes(statuses)[0] == 0


@BATCHES
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(batch: cyjwt.Batch, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(batch, protocol))
    assert type(again) is cyjwt.Batch
    assert again.statuses == batch.statuses
    assert again.counts() == batch.counts()
    assert [refusal(one) if isinstance(one, Exception) else one for one in again] == [
        refusal(one) if isinstance(one, Exception) else one for one in batch
    ]
    assert copy.copy(batch).counts() == batch.counts()
    assert copy.deepcopy(batch).counts() == batch.counts()


def test_exceptions_pickle() -> None:
    for one in BATCH:
        if isinstance(one, cyjwt.InvalidTokenError):
            assert refusal(pickle.loads(pickle.dumps(one))) == refusal(one)


def test_it_cannot_be_changed() -> None:
    for name in ("valid", "invalid", "statuses"):
        with pytest.raises(AttributeError):
            setattr(BATCH, name, None)
    with pytest.raises(TypeError):
        BATCH[0] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        BATCH.more = 1  # type: ignore[attr-defined]


# -- verify_stream


def test_stream_sizes() -> None:
    for count, size, sizes in ((0, 3, []), (1, 3, [1]), (6, 3, [3, 3]), (7, 3, [3, 3, 1]), (2, 10**12, [2])):
        batches = list(VERIFIER.verify_stream(iter(TOKENS[:count]), size=size))
        assert [len(batch) for batch in batches] == sizes
        assert [batch.reason(i) for batch in batches for i in range(len(batch))] == CODES[:count]


def test_stream_draws_no_more_than_it_verifies() -> None:
    drawn = []

    def endless() -> Any:
        for n in range(10**9):
            drawn.append(n)
            yield TOKENS[n % 9]

    stream = VERIFIER.verify_stream(endless(), size=4, claims=False)
    assert drawn == []
    for n in range(1, 6):
        assert len(next(stream)) == 4
        assert len(drawn) == 4 * n


def test_stream_of_a_failing_source() -> None:
    def source() -> Any:
        yield from TOKENS[:5]
        raise LookupError("gone")

    stream = VERIFIER.verify_stream(source(), size=2)
    assert [next(stream).valid for _ in range(2)] == [1, 1]
    with pytest.raises(LookupError, match="gone"):
        next(stream)


@pytest.mark.parametrize("claims", [True, False, ["n", "sub"]])
def test_stream_options(claims: Any) -> None:
    [batch] = VERIFIER.verify_stream(TOKENS, claims=claims, threads=2)
    whole = VERIFIER.verify_batch(TOKENS, claims=claims)
    assert batch.statuses == whole.statuses
    assert [batch[i] for i in VALID] == [whole[i] for i in VALID]


def test_a_pickle_holds_no_key() -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    batch = cyjwt.Verifier(cyjwt.Key.from_secret(secret)).verify_batch(["x"])
    assert secret not in pickle.dumps(batch)
    assert isinstance(pickle.loads(pickle.dumps(batch))[0], cyjwt.DecodeError)


@pytest.mark.parametrize("place", [-99, 99])
def test_a_place_that_is_not_there(place: int) -> None:
    with pytest.raises(IndexError, match="the batch has no such token"):
        VERIFIER.verify_batch([BAD_SIGNATURE])[place]


def test_the_valid_are_always_counted() -> None:
    assert VERIFIER.verify_batch(["x"]).counts() == {"valid": 0, "segments": 1}


class Name(str):
    def __str__(self) -> str:
        return "another"

    __hash__ = str.__hash__


@pytest.mark.parametrize("claims", [None, 1])
def test_claims_are_a_bool_or_names(claims: object) -> None:
    with pytest.raises(TypeError, match="claims must be True, False or names of claims, not"):
        VERIFIER.verify_batch([], claims=claims)  # type: ignore[call-overload]


def test_the_name_of_a_claim_may_be_a_subclass_of_str() -> None:
    key = cyjwt.Key.generate("HS256")
    token = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
    assert cyjwt.Verifier(key).verify_batch([token], claims=[Name("sub")])[0] == {"sub": "42"}


def test_more_threads_than_there_can_be() -> None:
    assert VERIFIER.verify_batch([BAD_SIGNATURE] * 2, threads=2**70).invalid == 2


def test_a_size_past_a_machine_word_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="size"):
        VERIFIER.verify_stream([], size=2**64)
