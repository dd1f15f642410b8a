"""Columns over keys that change: the verdict of ``verify``, and few questions."""

from __future__ import annotations

from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
from tests.columns.rows import check_rows
from tests.live_support import Source, token
from tests.support import NOW

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")

A = cyjwt.Key.generate("ES256", kid="a")
B = cyjwt.Key.generate("EdDSA", kid="b")
X = cyjwt.Key.generate("ES256", kid="x")


TOKENS: list[Any] = [
    token(A, aka=["é"]),
    None,
    token(B, aka=["x", "y"]),
    token(X),
    "a.b",
    token(A)[:-5] + "AAAAA",
]
CLAIMS = {"sub": "string", "aka": "list<string>"}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("claims", [{}, CLAIMS])
def test_one_verdict(claims: dict[str, str], threads: int) -> None:
    source = Source(A.public(), store=(B.public(),))
    verifier = cyjwt.Verifier(source, clock=NOW)
    column = nanoarrow.Array(TOKENS * 400, nanoarrow.string())
    verified = cyjwt.arrow.verify(column, verifier, claims, threads=threads)
    assert sorted(map(str, source.asked)) == ["b", "x"]
    check_rows(nanoarrow.Array(verified).to_pylist()[:60], verifier, (TOKENS * 10), claims)
    rows = nanoarrow.Array(verified).to_pylist()
    assert rows == rows[:6] * 400
    assert [row["reason"] for row in rows[:6]] == [
        None, "token_type", None, "key_not_found", "segments", "invalid_signature"
    ]  # fmt: skip
    assert list(verifier.verify_batch(column, claims=False).statuses) == [row["status"] for row in rows]


def test_no_keys_at_all() -> None:
    verifier = cyjwt.Verifier(Source(), clock=NOW)
    verified = cyjwt.arrow.verify(nanoarrow.Array(TOKENS, nanoarrow.string()), verifier, CLAIMS)
    rows = nanoarrow.Array(verified).to_pylist()
    expected = ["keys_unavailable", "token_type", *["keys_unavailable"] * 4]
    assert [row["reason"] for row in rows] == expected
    assert {row["sub"] for row in rows} == {None}


def test_revocation_over_live_keys() -> None:
    source = Source(A.public(), store=(B.public(),))
    verifier = cyjwt.Verifier(source, clock=NOW, revoked={"j"})
    tokens = [token(A, jti="j"), token(B, jti="j"), token(B, jti="k")]
    verified = cyjwt.arrow.verify(nanoarrow.Array(tokens, nanoarrow.string()), verifier, {"jti": "string"})
    rows = nanoarrow.Array(verified).to_pylist()
    assert [(row["reason"], row["jti"]) for row in rows] == [
        ("revoked", None),
        ("revoked", None),
        (None, "k"),
    ]
