"""Revocation in columns: the verdict of ``verify``, whatever is asked for of the claims."""

from __future__ import annotations

from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
from tests.columns.rows import check_rows
from tests.support import NOW, good_claims, pair

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")

HS256 = pair("HS256")
CLAIMS = {"sub": "string", "aka": "list<string>", "all": "json", "jti": "string"}


class Store:
    """Revokes every third ``jti``, and fails of some."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, Any], cyjwt.Key]] = []

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        self.asked.append((claims, key))
        if claims["sub"] == "fails":
            raise LookupError
        return int(claims["jti"]) % 3 == 0


def token(n: int) -> str:
    more = {"aka": ["é", 'a"\\b'] * (n % 3), "all": {"n": [n, "\u2028"]}}
    return HS256.token(good_claims(jti=str(n), sub="fails" if n % 7 == 1 else f"üser-{n}", **more))


TOKENS: list[Any] = [token(n) for n in range(40)]
TOKENS += [None, "a.b", HS256.token(good_claims(jti="3", exp=NOW)), TOKENS[3][:-5] + "AAAAA"]


@pytest.mark.parametrize("choice", ["refuse", "accept"])
@pytest.mark.parametrize("claims", [{}, CLAIMS, {"sub": "json"}], ids=["none", "several", "one"])
def test_one_verdict(claims: dict[str, str], choice: str) -> None:
    store = Store()
    verifier = HS256.verifier(revoked=store, revocation_failure=choice)
    verified = cyjwt.arrow.verify(nanoarrow.Array(TOKENS, nanoarrow.string()), verifier, claims)
    assert len(store.asked) == 40
    assert all(len(members) == 5 and key == HS256.public for members, key in store.asked)
    check_rows(nanoarrow.Array(verified).to_pylist(), verifier, TOKENS, claims)
    batch = verifier.verify_batch(TOKENS)
    assert {"valid", "revoked"} <= set(batch.counts())
    rows = nanoarrow.Array(verified).to_pylist()
    assert [row["status"] for row in rows] == list(batch.statuses)


def test_any_number_of_threads_and_of_chunks() -> None:
    verifier = HS256.verifier(revoked=Store())
    many = TOKENS[:40] * 50
    stream = nanoarrow.Array.from_chunks([many[:700], many[700:]], nanoarrow.string())
    expected = list(verifier.verify_batch(many, claims=False).statuses)
    for threads in (1, 2, 5):
        verified = cyjwt.arrow.verify(stream, verifier, {"sub": "string"}, threads=threads)
        assert [row["status"] for row in nanoarrow.Array(verified).to_pylist()] == expected
    batch = verifier.verify_batch(stream, claims=False)
    assert list(batch.statuses) == expected


@pytest.mark.parametrize("claims", [{}, {"sub": "string"}])
def test_what_ends_a_program_passes_through(claims: dict[str, str]) -> None:
    class Ending:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cyjwt.arrow.verify(
            nanoarrow.Array(TOKENS[:9], nanoarrow.string()), HS256.verifier(revoked=Ending()), claims
        )
