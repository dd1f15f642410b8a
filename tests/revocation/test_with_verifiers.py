"""The shipped stores behind a Verifier: single, batches, event loops, several issuers, failures."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt.revocation import MemoryStore, RevocationStoreError, SQLiteStore, Store
from tests.revocation.stores import KEY, OTHER, OTHER_KEY, claims
from tests.support import ISSUER, NOW


def token(**changed: Any) -> str:
    return cyjwt.encode(claims(**changed), KEY, algorithm="HS256")


def verifier(store: Any, issuer: str = ISSUER, **options: Any) -> cyjwt.Verifier:
    return cyjwt.Verifier([KEY, OTHER_KEY], issuer=issuer, clock=NOW, revoked=store, **options)


TOKENS = [token(jti=f"j{n}", sub=f"s{n % 3}", iat=NOW - n) for n in range(40)]


def test_single_batch_and_async_agree(store: Store) -> None:
    store.revoke("j7", issuer=ISSUER)
    store.revoke("j8", issuer=OTHER)
    store.revoke_subject("s1", before=NOW - 9)
    strict = verifier(store)

    def single(one: str) -> bool:
        try:
            strict.verify(one)
        except cyjwt.RevokedTokenError:
            return False
        return True

    async def together() -> list[Any]:
        return await asyncio.gather(*map(strict.verify_async, TOKENS), return_exceptions=True)

    good = [n != 7 and not (n % 3 == 1 and n > 9) for n in range(40)]
    assert [single(one) for one in TOKENS] == good
    for claims_wanted in (True, False, ["sub"]):
        batch = strict.verify_batch(TOKENS, claims=claims_wanted)
        assert [not status for status in batch.statuses] == good
        assert batch.counts() == {"valid": sum(good), "revoked": 40 - sum(good)}
    assert [isinstance(one, dict) for one in asyncio.run(together())] == good
    both = cyjwt.MultiVerifier({ISSUER: strict, OTHER: verifier(store, OTHER)})
    batch = both.verify_batch([*TOKENS, token(iss=OTHER, jti="j8"), token(iss=OTHER, jti="j7")])
    assert [not status for status in batch.statuses] == [*good, False, True]
    assert isinstance(batch[7], cyjwt.RevokedTokenError)


def test_a_forged_token_is_not_looked_up(store: Store) -> None:
    """The store learns nothing of what nobody signed, and an attacker cannot keep it busy."""
    strict = verifier(store)
    for bad in (TOKENS[0][:-6] + "AAAAAA", token(exp=NOW - 1), "x"):
        with pytest.raises(cyjwt.InvalidTokenError):
            strict.verify(bad)
    assert store.info().checks == 0


def test_by_the_key_that_verified(store: Store) -> None:
    store.revoke_key(OTHER_KEY)
    strict = verifier(store)
    assert strict.verify(TOKENS[0])
    with pytest.raises(cyjwt.RevokedTokenError):
        strict.verify(cyjwt.encode(claims(), OTHER_KEY, algorithm="HS256"))


def test_a_failing_file_is_the_verifiers_choice(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "revoked.db")
    careful, lenient = verifier(store), verifier(store, revocation_failure="accept")
    assert careful.verify(TOKENS[0])
    store.close()
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(cyjwt.RevocationUnknownError) as caught:
        careful.verify(TOKENS[0])
    assert isinstance(caught.value.__cause__, RevocationStoreError)
    assert lenient.verify(TOKENS[0])["jti"] == "j0"
    batch = careful.verify_batch(TOKENS)
    assert batch.counts() == {"valid": 0, "revocation_unknown": 40}
    both = cyjwt.MultiVerifier({ISSUER: careful})
    merged = both.verify_batch(["x", *TOKENS])
    assert merged.counts() == {"valid": 0, "segments": 1, "revocation_unknown": 40}
    assert isinstance(merged[3], cyjwt.RevocationUnknownError)
    assert lenient.verify_batch(TOKENS).valid == 40
    assert store._breaker.failures > 40


def test_a_verifier_is_pickled_with_its_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "revoked.db")
    again = pickle.loads(pickle.dumps(verifier(store)))
    store.revoke("j3")
    with pytest.raises(cyjwt.RevokedTokenError):
        again.verify(TOKENS[3])


def test_what_a_store_has_for_its_own_answer_is_asked() -> None:
    """A store in memory is asked without a call; not so one whose object answers otherwise than its class."""

    class Wrapped(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            within = self.is_revoked
            self.is_revoked = lambda told, key, /: told["jti"] == "own" or within(told, key)  # type: ignore[method-assign]

    store = Wrapped()
    store.revoke("entry")
    strict = verifier(store)
    for jti in ("own", "entry"):
        with pytest.raises(cyjwt.RevokedTokenError):
            strict.verify(token(jti=jti))
    batch = strict.verify_batch([token(jti=jti) for jti in ("own", "entry", "other")])
    assert batch.counts() == {"valid": 1, "revoked": 2}
