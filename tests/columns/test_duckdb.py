"""cyjwt.duckdb against DuckDB itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import cyjwt
import cyjwt.duckdb
from tests.columns.rows import check_rows
from tests.support import good_claims, pair

for package in ("nanoarrow", "pyarrow", "numpy"):
    pytest.importorskip(package, reason="DuckDB's functions over columns need it")
duckdb = pytest.importorskip("duckdb")

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


@pytest.fixture
def connection() -> Iterator[Any]:
    with duckdb.connect() as made:
        made.execute("CREATE TABLE requests (id INTEGER, token VARCHAR)")
        made.executemany("INSERT INTO requests VALUES (?, ?)", list(enumerate(TOKENS)))
        yield made


def rows(connection: Any, query: str) -> list[dict[str, Any]]:
    return [row[0] for row in connection.execute(query).fetchall()]


def test_a_function_over_a_column(connection: Any) -> None:
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER, CLAIMS)
    got = rows(connection, "SELECT verify_jwt(token) FROM requests ORDER BY id")
    check_rows(got, VERIFIER, TOKENS, CLAIMS)


def test_without_claims(connection: Any) -> None:
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER)
    check_rows(rows(connection, "SELECT verify_jwt(token) FROM requests ORDER BY id"), VERIFIER, TOKENS, {})


@pytest.mark.parametrize("threads", [1, 2])
def test_more_rows_than_are_handed_over_at_once(connection: Any, threads: int) -> None:
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER, CLAIMS, threads=threads)
    connection.execute("CREATE TABLE many AS SELECT token FROM requests, range(300)")
    counted = connection.execute(
        "SELECT v.status, count(*), count(v.sub) FROM (SELECT verify_jwt(token) AS v FROM many) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert counted[0] == (0, 12_000, 12_000)
    assert [(count, subs) for _, count, subs in counted[1:]] == [(300, 0)] * 4


def test_nulls_and_empty_tables(connection: Any) -> None:
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER, {"sub": "string"})
    assert rows(connection, "SELECT verify_jwt(NULL)") == [{"status": 1, "reason": "token_type", "sub": None}]
    nulls = rows(connection, "SELECT verify_jwt(t) FROM (SELECT NULL::VARCHAR AS t FROM range(3000))")
    assert nulls == [{"status": 1, "reason": "token_type", "sub": None}] * 3000
    assert rows(connection, "SELECT verify_jwt(token) FROM requests WHERE id < 0") == []


def test_the_type(connection: Any) -> None:
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER, CLAIMS)
    (described,) = connection.execute("DESCRIBE SELECT verify_jwt(token) AS v FROM requests").fetchall()
    assert described[1] == (
        "STRUCT(status TINYINT, reason VARCHAR, sub VARCHAR, exp BIGINT, n DOUBLE, even BOOLEAN, "
        'aka VARCHAR[], "all" VARCHAR)'
    )


def test_fields_can_be_called_otherwise(connection: Any) -> None:
    cyjwt.duckdb.register(connection, "v", VERIFIER, {"status": "json", "a b": "json"}, fields=("ok", "why"))
    assert list(rows(connection, "SELECT v(token) FROM requests")[0]) == ["ok", "why", "status", "a b"]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        # A filter on the verdict is not pushed below it and computed again ...
        ("SELECT id, v.sub FROM (SELECT id, verify_jwt(token) AS v FROM requests) WHERE v.status = 0", 1),
        (
            "SELECT id, sub FROM (SELECT id, unnest(v) FROM (SELECT id, verify_jwt(token) AS v FROM requests))",
            1,
        ),
        ("SELECT verify_jwt(token).sub, verify_jwt(token).status FROM requests", 2),
        # ... while one on another column is pushed, and saves the work.
        ("SELECT id, v.sub FROM (SELECT id, verify_jwt(token) AS v FROM requests) WHERE id < 0", 0),
    ],
)
def test_each_mention_is_one_call(connection: Any, query: str, calls: int) -> None:
    asked: list[None] = []

    def clock() -> int:
        asked.append(None)
        return 1_900_000_000

    cyjwt.duckdb.register(connection, "verify_jwt", HS256.verifier(clock=clock), {"sub": "string"})
    asked.clear()
    connection.execute(query).fetchall()
    assert len(asked) == calls


def test_a_prepared_statement_judges_anew(connection: Any) -> None:
    """The verdict on a literal is not folded into the plan, in which it would stay valid for ever."""
    token = HS256.token(good_claims(exp=1_900_000_100))
    now = [1_900_000_000]
    cyjwt.duckdb.register(connection, "verify_jwt", HS256.verifier(clock=lambda: now[0]))
    connection.execute(f"PREPARE judge AS SELECT verify_jwt('{token}').reason")
    assert connection.execute("EXECUTE judge").fetchone() == (None,)
    now[0] += 1_000
    assert connection.execute("EXECUTE judge").fetchone() == ("expired",)


def test_enumerations_and_octets(connection: Any) -> None:
    token = HS256.token(good_claims())
    cyjwt.duckdb.register(connection, "verify_jwt", VERIFIER)
    connection.execute(f"CREATE TYPE kept AS ENUM ('{token}', 'a.b.c')")
    reasons = connection.execute(f"SELECT verify_jwt('{token}'::kept).reason").fetchall()
    assert reasons == [(None,)]
    octets = [token.encode(), b"\xff", None]
    connection.execute("CREATE TABLE blobs (octets BLOB)")
    connection.executemany("INSERT INTO blobs VALUES (?)", [[one] for one in octets])
    reasons = connection.execute("SELECT verify_jwt(try(decode(octets))).reason FROM blobs").fetchall()
    assert reasons == [(None,), ("token_type",), ("token_type",)]


def test_options_are_checked_when_it_is_registered(connection: Any) -> None:
    with pytest.raises(TypeError, match="Verifier"):
        cyjwt.duckdb.register(connection, "v", None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be one of"):
        cyjwt.duckdb.register(connection, "v", VERIFIER, {"sub": "VARCHAR"})
    with pytest.raises(ValueError, match="threads"):
        cyjwt.duckdb.register(connection, "v", VERIFIER, threads=0)


@pytest.mark.parametrize("package", ["duckdb", "pyarrow"])
def test_without_a_package_the_error_names_the_extra(
    connection: Any, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'cyjwt\[duckdb\]'"):
        cyjwt.duckdb.register(connection, "v", VERIFIER)
