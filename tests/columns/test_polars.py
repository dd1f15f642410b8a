"""cyjwt.polars against Polars itself."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
import cyjwt.polars
from tests.columns.rows import check_rows
from tests.support import good_claims, pair

pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")
pl = pytest.importorskip("polars")

HS256 = pair("HS256")
VERIFIER = HS256.verifier()
CLAIMS = {
    "sub": "string",
    "exp": "int64",
    "n": "double",
    "even": "bool",
    "aka": "list<string>",
    "all": "json",
}
TOKENS: list[str | None] = [
    HS256.token(good_claims(n=n / 2, even=n % 2 == 0, aka=["é"] * (n % 3), all={"n": n})) for n in range(40)
]
TOKENS[3:3] = [None, "a.b.c", "", "é.é.é"]


def rows(frame: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = frame.to_series().to_list()
    return found


@pytest.mark.parametrize("dtype", ["String", "Binary", "Categorical"])
def test_columns_of_every_type_of_text(dtype: str) -> None:
    frame = pl.DataFrame({"token": pl.Series(TOKENS, dtype=pl.String).cast(getattr(pl, dtype))})
    got = rows(frame.select(cyjwt.polars.verify("token", VERIFIER, CLAIMS)))
    tokens = [t.encode() if t is not None and dtype == "Binary" else t for t in TOKENS]
    check_rows(got, VERIFIER, tokens, CLAIMS)


def test_an_enum() -> None:
    kinds = pl.Enum([token for token in TOKENS if token is not None])
    frame = pl.DataFrame({"token": pl.Series(TOKENS, dtype=kinds)})
    check_rows(rows(frame.select(cyjwt.polars.verify("token", VERIFIER, CLAIMS))), VERIFIER, TOKENS, CLAIMS)


def test_an_expression_by_its_name_or_itself() -> None:
    frame = pl.DataFrame({"token": TOKENS})
    for expr in ("token", pl.col("token"), pl.col("token").str.strip_chars()):
        got = frame.select(cyjwt.polars.verify(expr, VERIFIER, CLAIMS))
        assert got.columns == ["token"]
        check_rows(rows(got), VERIFIER, TOKENS, CLAIMS)


@pytest.mark.parametrize("claims", [None, CLAIMS])
def test_the_type_is_what_was_said(claims: dict[str, str] | None) -> None:
    """Which lazy frames plan with."""
    lazy = pl.LazyFrame({"token": TOKENS}).select(cyjwt.polars.verify("token", VERIFIER, claims))
    assert lazy.collect_schema() == lazy.collect().schema


def test_the_streaming_engine_gives_the_same() -> None:
    lazy = pl.LazyFrame({"token": TOKENS * 500}).select(cyjwt.polars.verify("token", VERIFIER, CLAIMS))
    assert lazy.collect(engine="streaming").equals(lazy.collect())


def test_slices_chunks_and_empty_columns() -> None:
    whole = pl.DataFrame({"token": TOKENS})
    verify = cyjwt.polars.verify("token", VERIFIER, CLAIMS)
    check_rows(rows(whole.slice(2, 9).select(verify)), VERIFIER, TOKENS[2:11], CLAIMS)
    check_rows(rows(pl.concat([whole, whole], rechunk=False).select(verify)), VERIFIER, TOKENS * 2, CLAIMS)
    assert whole.head(0).select(verify).shape == (0, 1)
    nulls = pl.DataFrame({"token": [None, None]})
    check_rows(rows(nulls.select(verify)), VERIFIER, [None, None], CLAIMS)


def test_in_groups_and_filters() -> None:
    frame = pl.DataFrame({"token": TOKENS, "group": [n % 3 for n in range(len(TOKENS))]})
    status = cyjwt.polars.verify("token", VERIFIER).struct.field("status")
    valid = sum(row["status"] == 0 for row in rows(frame.select(cyjwt.polars.verify("token", VERIFIER))))
    assert frame.filter(status == 0).height == valid
    grouped = frame.group_by("group").agg((status == 0).sum().alias("valid"))
    assert grouped["valid"].sum() == valid


def test_fields_can_be_called_otherwise() -> None:
    verify = cyjwt.polars.verify("token", VERIFIER, {"status": "json"}, fields=("verdict", "why"))
    got = pl.DataFrame({"token": TOKENS}).lazy().select(verify.struct.unnest())
    assert got.collect_schema().names() == got.collect().columns == ["verdict", "why", "status"]


def test_what_the_expression_calls_can_be_pickled() -> None:
    """As Polars does with expressions that go to other machines."""
    keys = pair("ES256")
    work = cyjwt.polars._Verification(
        cyjwt.Verifier(keys.public), {"sub": "string"}, None, cyjwt.arrow.FIELDS
    )
    again = pickle.loads(pickle.dumps(work))
    series = pl.Series("token", [keys.token(), None])
    assert again(series).equals(work(series))
    assert again.dtype() == work.dtype()


def test_options_are_checked_when_the_expression_is_made() -> None:
    with pytest.raises(TypeError, match="expr must be"):
        cyjwt.polars.verify(1, VERIFIER)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Verifier"):
        cyjwt.polars.verify("token", None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be one of"):
        cyjwt.polars.verify("token", VERIFIER, {"sub": "utf8"})
    with pytest.raises(ValueError, match="threads"):
        cyjwt.polars.verify("token", VERIFIER, threads=0)


def test_the_name_is_that_of_the_tokens() -> None:
    frame = pl.DataFrame({"id": range(len(TOKENS)), "token": TOKENS})
    assert frame.with_columns(cyjwt.polars.verify("token", VERIFIER)).schema["token"] == pl.Struct(
        {"status": pl.Int8, "reason": pl.String}
    )
    kept = frame.with_columns(cyjwt.polars.verify("token", VERIFIER).alias("jwt"))
    assert kept.columns == ["id", "token", "jwt"]


def test_what_is_said_of_categories_works() -> None:
    """Without the adapter they are refused, with the way out."""
    categories = pl.Series(TOKENS, dtype=pl.Categorical)
    with pytest.raises(TypeError, match=r"cast the column, with .*\.cast\(pl\.String\)"):
        cyjwt.arrow.verify(categories, VERIFIER)
    verified = pl.Series(cyjwt.arrow.verify(categories.cast(pl.String), VERIFIER, CLAIMS))
    check_rows(verified.to_list(), VERIFIER, TOKENS, CLAIMS)


def test_columns_of_other_types_are_refused() -> None:
    with pytest.raises(Exception, match="not int64"):
        pl.DataFrame({"token": [1, 2]}).select(cyjwt.polars.verify("token", VERIFIER))


def test_without_polars_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"pip install 'cyjwt\[polars\]'"):
        cyjwt.polars.verify("token", VERIFIER)
