"""What holds of every store: who is revoked, by what, for how long."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

import cyjwt
from cyjwt.revocation import Store, StoreInfo
from tests.revocation.stores import KEY, OTHER, OTHER_KEY, claims
from tests.support import ISSUER, NOW, Clock


def test_nothing_is_revoked_at_first(store: Store) -> None:
    assert store.is_revoked(claims(), KEY) is False
    assert len(store) == 0
    assert bool(store), "an empty store is a store"


def test_by_jti(store: Store) -> None:
    store.revoke("a-jti")
    assert store.is_revoked(claims(), KEY) is True
    assert store.is_revoked(claims(iss=OTHER), KEY) is True
    assert store.is_revoked(claims(iss=None), KEY) is True
    for jti in ("a-jt", "a-jti2", "A-jti", "", "42", None):
        assert store.is_revoked(claims(jti=jti), KEY) is False
    assert store.is_revoked(claims(jti="b", sub="a-jti"), KEY) is False


def test_a_jti_is_its_issuers(store: Store) -> None:
    """RFC 7519 section 4.1.7: unique among the tokens of one issuer, and no more."""
    store.revoke("a-jti", issuer=ISSUER)
    assert store.is_revoked(claims(), KEY)
    assert not store.is_revoked(claims(iss=OTHER), KEY)
    assert not store.is_revoked(claims(iss=None), KEY)
    store.revoke("a-jti", issuer=OTHER)
    assert len(store) == 2
    assert store.reinstate("a-jti") is False
    assert store.reinstate("a-jti", issuer=ISSUER) is True
    assert not store.is_revoked(claims(), KEY)
    assert store.is_revoked(claims(iss=OTHER), KEY)


def test_by_a_tokens_claims(timed_store: Store, clock: Clock) -> None:
    timed_store.revoke_token(claims())
    assert timed_store.is_revoked(claims(), KEY)
    assert not timed_store.is_revoked(claims(iss=OTHER), KEY)
    clock.now = NOW + 900 + 301
    assert timed_store.prune() == 1
    with pytest.raises(ValueError, match="no jti"):
        timed_store.revoke_token(claims(jti=None))
    with pytest.raises(TypeError, match="mapping"):
        timed_store.revoke_token("a-jti")  # type: ignore[arg-type]


def test_by_subject(store: Store) -> None:
    store.revoke_subject("42")
    assert store.is_revoked(claims(iat=NOW - 1), KEY)
    assert store.is_revoked(claims(iat=NOW - 0.5), KEY)
    assert not store.is_revoked(claims(iat=NOW), KEY)
    assert not store.is_revoked(claims(iat=NOW + 1), KEY)
    assert not store.is_revoked(claims(sub="43", iat=0), KEY)
    assert not store.is_revoked(claims(sub=None, iat=0), KEY)


def test_a_token_without_iat_may_be_from_before(store: Store) -> None:
    store.revoke_subject("42")
    assert store.is_revoked(claims(iat=None), KEY)
    assert not store.is_revoked(claims(iat=None, sub="43"), KEY)


def test_a_subject_is_its_issuers(store: Store) -> None:
    store.revoke_subject("42", issuer=ISSUER)
    assert store.is_revoked(claims(), KEY)
    assert not store.is_revoked(claims(iss=OTHER), KEY)
    assert store.reinstate_subject("42") is False
    assert store.reinstate_subject("42", issuer=ISSUER) is True
    assert not store.is_revoked(claims(), KEY)


@pytest.mark.parametrize("before", [NOW - 5, NOW - 5.0, datetime.fromtimestamp(NOW - 5, UTC)])
def test_before(store: Store, before: Any) -> None:
    store.revoke_subject("42", before=before)
    assert store.is_revoked(claims(iat=NOW - 6), KEY)
    assert not store.is_revoked(claims(iat=NOW - 5), KEY)


def test_what_is_revoked_twice_reaches_as_far_as_either(timed_store: Store, clock: Clock) -> None:
    timed_store.revoke_subject("42", before=NOW, expires=NOW + 50)
    timed_store.revoke_subject("42", before=NOW - 100, expires=NOW + 10)
    assert len(timed_store) == 1
    assert timed_store.is_revoked(claims(iat=NOW - 1), KEY)
    timed_store.revoke("x", expires=NOW + 10)
    timed_store.revoke("x")
    timed_store.revoke("x", expires=NOW + 10)
    clock.now = NOW + 349
    assert timed_store.prune() == 0
    clock.now = NOW + 10_000
    assert timed_store.prune() == 1
    assert timed_store.is_revoked(claims(jti="x"), KEY)


def test_by_key(store: Store) -> None:
    store.revoke_key(KEY)
    assert store.is_revoked(claims(), KEY)
    assert not store.is_revoked(claims(), OTHER_KEY)
    store.revoke_key(OTHER_KEY.thumbprint())
    assert store.is_revoked({}, OTHER_KEY)
    assert store.reinstate_key(OTHER_KEY) is True
    assert store.reinstate_key(OTHER_KEY) is False
    assert not store.is_revoked({}, OTHER_KEY)


def test_a_key_is_revoked_by_either_half(store: Store) -> None:
    key = cyjwt.Key.generate("ES256", kid="a")
    store.revoke_key(key)
    assert store.is_revoked(claims(), key.public())
    # What a kid names is another matter.
    assert not store.is_revoked(claims(), cyjwt.Key.generate("ES256", kid="a"))


def test_it_is_asked_with_a_key(store: Store) -> None:
    store.revoke_key(KEY)
    with pytest.raises(TypeError):
        store.is_revoked(claims(), "no key")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "expires", [NOW + 60, NOW + 60.0, datetime.fromtimestamp(NOW + 60, UTC), timedelta(minutes=1)]
)
def test_it_is_forgotten_after_its_time(timed_store: Store, clock: Clock, expires: Any) -> None:
    """With the leeway, by which a verifier may still accept what has expired."""
    timed_store.revoke("a-jti", expires=expires)
    timed_store.revoke("forever")
    clock.now = NOW + 60 + 299
    assert timed_store.prune() == 0
    assert timed_store.is_revoked(claims(), KEY)
    clock.now = NOW + 60 + 300
    assert timed_store.prune() == 1
    assert not timed_store.is_revoked(claims(), KEY)
    assert timed_store.is_revoked(claims(jti="forever"), KEY)
    assert len(timed_store) == 1


def test_many(store: Store) -> None:
    store.revoke_many((str(n) for n in range(3000)), issuer=ISSUER, expires=NOW + 60)
    assert len(store) == 3000
    assert all(store.is_revoked(claims(jti=str(n)), KEY) for n in range(0, 3000, 7))
    assert not store.is_revoked(claims(jti="3000"), KEY)
    assert not store.is_revoked(claims(jti="7", iss=OTHER), KEY)
    with pytest.raises(TypeError):
        store.revoke_many("a-jti")


@pytest.mark.parametrize(
    "jti", ["é", "\U0001f600" * 40, "a\0b", "a" * 5000, "'; DROP TABLE revoked; --", "*"]
)
def test_any_text_is_a_jti(store: Store, jti: str) -> None:
    store.revoke(jti, issuer=jti)
    assert store.is_revoked(claims(jti=jti, iss=jti), KEY)
    assert not store.is_revoked(claims(jti=jti + "2", iss=jti), KEY)
    assert not store.is_revoked(claims(jti="é2", iss=jti), KEY)
    assert store.reinstate(jti, issuer=jti)
    assert len(store) == 0


def test_texts_do_not_run_together(store: Store) -> None:
    """Nothing is the issuer of one and the jti of another."""
    store.revoke("c", issuer="a:b")
    store.revoke("b:c", issuer="x")
    assert not store.is_revoked(claims(iss="a", jti="b:c"), KEY)
    assert not store.is_revoked(claims(iss="x:b", jti="c"), KEY)
    assert not store.is_revoked(claims(iss="", jti="b:c"), KEY)
    assert store.is_revoked(claims(iss="a:b", jti="c"), KEY)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.revoke(""), ValueError),
        (lambda s: s.revoke(7), TypeError),
        (lambda s: s.revoke(None), TypeError),
        (lambda s: s.revoke("\ud800"), ValueError),
        (lambda s: s.revoke("a", issuer=""), ValueError),
        (lambda s: s.revoke("a", issuer=b"x"), TypeError),
        (lambda s: s.revoke("a", expires="soon"), TypeError),
        (lambda s: s.revoke("a", expires=True), TypeError),
        (lambda s: s.revoke("a", expires=-1), ValueError),
        (lambda s: s.revoke("a", expires=float("nan")), ValueError),
        (lambda s: s.revoke("a", expires=NOW * 1000), ValueError),
        (lambda s: s.revoke("a", expires=datetime(2030, 1, 1)), ValueError),
        (lambda s: s.revoke_subject("a", before=timedelta(1)), TypeError),
        (lambda s: s.revoke_subject("a", before=datetime(2030, 1, 1)), ValueError),
        (lambda s: s.revoke_subject(None), TypeError),
        (lambda s: s.revoke_key("kid"), ValueError),
        (lambda s: s.revoke_key(7), TypeError),
        (lambda s: s.revoke_token({"jti": 7}), TypeError),
        (lambda s: s.revoke_many([1]), TypeError),
    ],
)
def test_what_can_mean_nothing_is_refused(store: Store, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(store)
    assert len(store) == 0


def test_counters(store: Store) -> None:
    store.revoke("a-jti")
    store.revoke("b")
    store.revoke_subject("7")
    store.revoke_key(OTHER_KEY)
    store.is_revoked(claims(), KEY)
    store.is_revoked(claims(jti="c"), KEY)
    assert store.info() == StoreInfo(tokens=2, subjects=1, keys=1, checks=2, revoked=1, failures=0)
    assert len(store) == 4


def test_it_agrees_with_a_plain_model(timed_store: Store, clock: Clock) -> None:
    """Many steps at random, each checked against dicts."""
    dice = random.Random(4)
    model: dict[tuple[str | None, str], float] = {}
    names = [str(n) for n in range(40)]
    for _ in range(700):
        issuer, jti = dice.choice([None, ISSUER, OTHER]), dice.choice(names)
        step = dice.random()
        if step < 0.45:
            end = clock.now + dice.randrange(0, 200)
            timed_store.revoke(jti, issuer=issuer, expires=end)
            model[issuer, jti] = max(model.get((issuer, jti), 0), end + 300)
        elif step < 0.6:
            assert timed_store.reinstate(jti, issuer=issuer) == (model.pop((issuer, jti), None) is not None)
        elif step < 0.65:
            clock.now += 40
            timed_store.prune()
            model = {name: end for name, end in model.items() if end > clock.now}
            assert len(timed_store) == len(model)
        else:
            expected = (None, jti) in model or (issuer, jti) in model
            assert timed_store.is_revoked(claims(iss=issuer, jti=jti), KEY) == expected


def test_threads(store: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(60):
                name = f"{number}-{n}"
                store.revoke(name)
                assert store.is_revoked(claims(jti=name), KEY)
                assert not store.is_revoked(claims(jti=name + "x"), KEY)
                if n % 2:
                    assert store.reinstate(name)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(store) == 6 * 30


def test_it_can_be_closed_and_used_again(store: Store) -> None:
    with store:
        store.revoke("a-jti")
    store.close()
    assert store.is_revoked(claims(), KEY)
