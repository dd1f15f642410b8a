"""cyjwt.pandas against pandas itself."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import cyjwt
import cyjwt.pandas
from tests.columns.rows import check_rows
from tests.support import good_claims, pair

pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")
pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

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
TOKENS: list[Any] = [
    HS256.token(good_claims(n=n / 2, even=n % 2 == 0, aka=["é"] * (n % 3), all={"n": n})) for n in range(40)
]
TOKENS[3:3] = [None, "a.b.c", "", "é.é.é"]
DTYPES = [
    "object", "str", "string[python]", "string[pyarrow]", "category", pd.ArrowDtype(pa.string()),
    pd.ArrowDtype(pa.large_string()),
]  # fmt: skip


def rows(frame: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return found


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype(dtype: Any) -> None:
    series = pd.Series(TOKENS, dtype=dtype) if dtype != "str" else pd.Series(TOKENS)
    check_rows(rows(cyjwt.pandas.verify(series, VERIFIER, CLAIMS)), VERIFIER, TOKENS, CLAIMS)


def test_bytes() -> None:
    octets = [token.encode() if token is not None else None for token in TOKENS]
    for dtype in ("object", pd.ArrowDtype(pa.binary())):
        got = rows(cyjwt.pandas.verify(pd.Series(octets, dtype=dtype), VERIFIER, CLAIMS))
        check_rows(got, VERIFIER, octets, CLAIMS)


def test_objects_of_every_kind() -> None:
    """Each with the verdict that ``verify`` gives of it."""
    mixed = [
        TOKENS[0], TOKENS[0].encode(), bytearray(TOKENS[1].encode()), memoryview(TOKENS[2].encode()), None, 12,
        [TOKENS[0]], "\ud800", "é" * 9, b"\xff", b"a.\xc3\xa9.b", "a.é.b", object(), "",
    ]  # fmt: skip
    got = rows(cyjwt.pandas.verify(pd.Series(mixed, dtype=object), VERIFIER, CLAIMS))
    check_rows(got, VERIFIER, mixed, CLAIMS)
    missing = pd.Series([float("nan"), pd.NA, pd.NaT, None], dtype=object)
    assert rows(cyjwt.pandas.verify(missing, VERIFIER)) == [{"status": 1, "reason": "token_type"}] * 4


def test_text_that_has_no_utf8() -> None:
    series = pd.Series(["\ud800", TOKENS[0]], dtype="string[python]")
    assert cyjwt.pandas.verify(series, VERIFIER)["reason"].to_list() == ["invalid_base64", pd.NA]


def test_the_index_is_kept() -> None:
    for index in (
        [f"r{n}" for n in range(len(TOKENS))],
        [0] * len(TOKENS),
        pd.MultiIndex.from_arrays([range(len(TOKENS)), ["a"] * len(TOKENS)]),
    ):
        series = pd.Series(TOKENS, index=index)
        frame = cyjwt.pandas.verify(series, VERIFIER, CLAIMS)
        assert frame.index.equals(series.index)
    picked = pd.Series(TOKENS)[::-2]
    frame = cyjwt.pandas.verify(picked, VERIFIER, CLAIMS)
    assert frame.index.equals(picked.index)
    check_rows(rows(frame), VERIFIER, TOKENS[::-2], CLAIMS)


def test_integers_stay_integers_beside_missing_ones() -> None:
    held = HS256.token(good_claims(n=2**53 + 1))
    frame = cyjwt.pandas.verify(pd.Series([held, None]), VERIFIER, {"n": "int64"})
    assert frame["n"].iloc[0] == 2**53 + 1
    assert frame["n"].isna().to_list() == [False, True]


def test_empty_and_chunked() -> None:
    frame = cyjwt.pandas.verify(pd.Series([], dtype=object), VERIFIER, CLAIMS)
    assert (len(frame), list(frame.columns)) == (0, ["status", "reason", *CLAIMS])
    chunked = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([TOKENS[:9], TOKENS[9:]])))
    check_rows(rows(cyjwt.pandas.verify(chunked, VERIFIER, CLAIMS)), VERIFIER, TOKENS, CLAIMS)


def test_options() -> None:
    series = pd.Series(TOKENS)
    frame = cyjwt.pandas.verify(series, VERIFIER, {"status": "json"}, fields=("ok", "why"), threads=1)
    assert list(frame.columns) == ["ok", "why", "status"]
    with pytest.raises(TypeError, match="Series"):
        cyjwt.pandas.verify(TOKENS, VERIFIER)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Verifier"):
        cyjwt.pandas.verify(series, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not int64"):
        cyjwt.pandas.verify(pd.Series([1, 2]), VERIFIER)


@pytest.mark.parametrize("package", ["pandas", "pyarrow"])
def test_without_a_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    series = pd.Series(TOKENS)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'cyjwt\[pandas\]'"):
        cyjwt.pandas.verify(series, VERIFIER)
