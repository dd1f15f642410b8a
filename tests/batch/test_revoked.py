"""Revocation gives one verdict, whichever way a token is verified, and after everything else held."""

from __future__ import annotations

import asyncio
import gc
import pickle
import sys
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt
from tests.batch.agreement import agree, check_statuses, verdict, verdicts
from tests.support import NOW, good_claims, pair

ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA", "Ed448"]
HS256 = pair("HS256")
#: A batch of several threads has so many tokens or more.
MANY = 2500


class Store:
    """Revokes by ``jti`` and by subject, and notes what it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[tuple[dict[str, Any], cyjwt.Key]] = []

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        self.asked.append((claims, key))
        if claims.get("sub") == "fails":
            raise LookupError(claims["jti"])
        return claims.get("jti") in self.names


def token(keys: Any = HS256, **claims: Any) -> str:
    return str(keys.token(good_claims(**claims)))


def mixed(keys: Any) -> list[Any]:
    """Good tokens, revoked ones, ones that the store fails of, and bad ones of several kinds."""
    good = [token(keys, jti=str(n), more=[n]) for n in range(12)]
    return [
        *good,
        token(keys),
        token(keys, jti="fails", sub="fails"),
        token(keys, jti="3", exp=NOW),
        good[3][:-9] + "AAAAAAAAA",
        "a.b",
        None,
        token(keys, jti=3),
    ]


@pytest.mark.parametrize("choice", ["refuse", "accept"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_verdict(algorithm: str, choice: str, route: str) -> None:
    keys = pair(algorithm)
    verifier = keys.verifier(revoked=Store("3", "7"), revocation_failure=choice)
    tokens = mixed(keys)
    answers = agree(verifier, tokens)
    codes = [None if isinstance(one, dict) else one.code for one in answers]
    unknown = None if choice == "accept" else "revocation_unknown"
    assert codes[:14] == [None] * 3 + ["revoked"] + [None] * 3 + ["revoked"] + [None] * 5 + [unknown]
    assert codes[14:] == ["expired", "invalid_signature", "segments", "token_type", "invalid_jti"]
    stream = list(verifier.verify_stream(iter(tokens), size=5, claims=False))
    assert [code for part in stream for code in (part.reason(i) for i in range(len(part)))] == codes


def test_any_container_of_jti_will_do() -> None:
    tokens = mixed(HS256)[:13]
    expected = agree(HS256.verifier(revoked=Store("3", "7")), tokens)
    for names in ({"3", "7"}, frozenset("37"), ["3", "7"], {"3": 1, "7": 2}, ("7", "3")):
        assert agree(HS256.verifier(revoked=names), tokens) == expected


def test_the_store_is_asked_last_and_once_a_token_with_the_key_that_verified_it() -> None:
    keys = cyjwt.KeySet(
        [cyjwt.Key.from_secret(bytes([n]) * 32, kid=str(n), algorithm="HS256") for n in range(4)]
    )
    tokens = [
        cyjwt.encode(good_claims(jti=key.kid), key, algorithm="HS256", headers={"kid": key.kid})
        for key in keys
    ]
    bad = [tokens[0][:-5] + "AAAAA", "x", cyjwt.encode({"exp": 1}, next(iter(keys)), algorithm="HS256")]
    for claims in (True, False, ["sub"]):
        store = Store()
        verifier = cyjwt.Verifier(keys, revoked=store, clock=NOW)
        assert verifier.verify_batch([*tokens, *bad], claims=claims).valid == 4
        assert [(claims["jti"], key.kid) for claims, key in store.asked] == [
            (str(n), str(n)) for n in range(4)
        ]
        assert all(set(claims) == {"sub", "exp", "jti"} for claims, _ in store.asked)
        assert [key for _, key in store.asked] == list(keys)
    store = Store()
    verifier = cyjwt.Verifier(keys, revoked=store, clock=NOW)
    assert verifier.verify_complete(tokens[2]).claims["jti"] == "2"
    assert [key.kid for _, key in store.asked] == ["2"]


def test_many_tokens_and_threads() -> None:
    tokens = [token(jti=str(n)) for n in range(50)] * (MANY // 50)
    names = {str(n) for n in range(0, 50, 3)}
    for claims in (True, False, ["jti"]):
        store = Store(*names)
        batch = HS256.verifier(revoked=store).verify_batch(tokens, threads=3, claims=claims)
        assert [batch.reason(n) for n in range(MANY)] == [
            "revoked" if str(n % 50) in names else None for n in range(MANY)
        ]
        assert len(store.asked) == MANY


def test_the_callers_claims_are_whole_and_the_stores_are_the_same() -> None:
    store = Store()
    verifier = HS256.verifier(revoked=store)
    claims = verifier.verify(token(jti="a"))
    assert store.asked[0][0] is claims
    batch = verifier.verify_batch([token(jti="a")])
    assert store.asked[1][0] is batch[0]


def test_what_the_store_raises_is_the_cause() -> None:
    verifier = HS256.verifier(revoked=Store())
    bad = token(jti="j", sub="fails")
    with pytest.raises(cyjwt.RevocationUnknownError) as caught:
        verifier.verify(bad)
    assert repr(caught.value.__cause__) == "LookupError('j')"
    assert caught.value.__traceback__ is not None
    assert caught.value.__traceback__.tb_next is None

    async def several() -> list[Any]:
        calls = [verifier.verify_async(one) for one in [bad, token(jti="k", sub="fails"), token()] * 3]
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(several())
    assert [type(one).__name__ for one in answers[:3]] == ["RevocationUnknownError"] * 2 + ["dict"]
    assert [repr(one.__cause__) for one in answers[:2]] == ["LookupError('j')", "LookupError('k')"]
    # A batch may be as long as you like, and what a store raises holds on to frames.
    batch = verifier.verify_batch([bad])
    assert batch[0].__cause__ is None  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(batch)).counts() == {"valid": 0, "revocation_unknown": 1}


@pytest.mark.parametrize("answer", [1, "yes", [0]])
def test_an_answer_that_is_true_counts(answer: object) -> None:
    class Loose:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> Any:
            return answer

    assert verdict(HS256.verifier(revoked=Loose()), token()).code == "revoked"  # type: ignore[union-attr]


def test_an_answer_without_a_truth_is_a_failure() -> None:
    class Torn:
        def __bool__(self) -> bool:
            raise TypeError("neither")

    class Loose:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> Any:
            return Torn()

    class Names:
        def __contains__(self, name: object) -> bool:
            raise OSError("gone")

    for store in (Loose(), Names()):
        answers = agree(HS256.verifier(revoked=store), [token(jti="a")])
        assert answers[0].code == "revocation_unknown"
        answers = agree(HS256.verifier(revoked=store, revocation_failure="accept"), [token(jti="a")])
        assert isinstance(answers[0], dict)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("choice", ["refuse", "accept"])
def test_what_ends_a_program_passes_through(end: type[BaseException], choice: str) -> None:
    class Ending:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            raise end

    verifier = HS256.verifier(revoked=Ending(), revocation_failure=choice)
    with pytest.raises(end):
        verifier.verify(token())
    for claims in (True, False, ["sub"]):
        with pytest.raises(end):
            verifier.verify_batch([token()] * 3, claims=claims)


def test_a_store_may_verify_tokens_itself() -> None:
    plain, bad = HS256.verifier(), token(jti="x", sub="other")

    class Curious:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            return plain.verify(bad)["sub"] == claims["sub"] or plain.verify_batch([bad] * 9).valid != 9

    answers = agree(HS256.verifier(revoked=Curious()), [token(jti=str(n)) for n in range(9)] + [bad])
    assert [isinstance(one, dict) for one in answers] == [True] * 9 + [False]


@given(st.lists(st.sampled_from(range(19)), max_size=40), st.sets(st.sampled_from("0123456789")))
def test_single_and_batch_agree(places: list[int], names: set[str]) -> None:
    some = [TOKENS[place] for place in places]
    for choice in ("refuse", "accept"):
        agree(HS256.verifier(revoked=Store(*names), revocation_failure=choice), some)


TOKENS = mixed(HS256)


def test_a_revocation_while_a_batch_runs_counts_for_what_comes_after() -> None:
    """Nothing is remembered of what a store said before."""
    names: set[str] = set()
    verifier = HS256.verifier(revoked=names)
    good = token(jti="a")
    assert verifier.verify(good)["jti"] == "a"
    names.add("a")
    assert verdict(verifier, good).code == "revoked"  # type: ignore[union-attr]
    names.clear()
    check_statuses(verifier.verify_batch([good]), [verifier.verify(good)])


def test_threads_share_a_store() -> None:
    store = Store("1")
    verifier, tokens, wrong = HS256.verifier(revoked=store), [token(jti=str(n)) for n in range(3)], []

    def work() -> None:
        for _ in range(200):
            for n, one in enumerate(tokens):
                if isinstance(verdict(verifier, one), dict) != (n != 1):
                    wrong.append(n)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(store.asked) == 8 * 200 * 3


def test_nothing_is_kept() -> None:
    class Strict:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            if claims["sub"] == "fails":
                raise LookupError
            return bool(claims["sub"] == "revoked")

    verifier = HS256.verifier(revoked=Strict())
    tokens = [token(sub=sub, jti="j") for sub in ("fails", "revoked", "good")]

    def rounds(count: int) -> None:
        for _ in range(count):
            for one in tokens:
                verdict(verifier, one)
            for claims in (True, False, ["sub"]):
                verdicts(verifier.verify_batch(tokens, claims=claims))

    rounds(30)
    gc.collect()
    before = sys.getallocatedblocks()
    rounds(100)
    gc.collect()
    assert sys.getallocatedblocks() - before < 60
