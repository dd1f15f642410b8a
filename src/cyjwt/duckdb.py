"""Tokens verified in SQL, by a function of a DuckDB connection."""

from __future__ import annotations

from collections.abc import Mapping

from cyjwt import arrow
from cyjwt._extras import needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import duckdb

    from cyjwt.verifier import Verifier

__all__ = ["register"]

_TYPES = {
    "string": "VARCHAR",
    "json": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "list<string>": "VARCHAR[]",
}


def register(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    threads: int = 1,
    fields: tuple[str, str] = arrow.FIELDS,
) -> None:
    """Make a function for use in SQL, which verifies a column of tokens into a struct.

    DuckDB hands over some two thousand rows at once, each such part judged by the moment at which it is evaluated,
    and works on several parts in threads of its own. The function is volatile to DuckDB, as one that reads a clock is:
    a token that stands in a prepared statement is judged at each execution. Each mention of it in a query verifies
    anew, so name it once, in a subquery, and read the fields of that column. Needs the extra ``cyjwt[duckdb]``.

    Args:
        connection: where to register it.
        name: the function's name. One that is registered already must be removed first, with the connection's
            ``remove_function``.
        verifier: what to verify with.
        claims: the claims to give, each with the type of its column, as for ``cyjwt.arrow.verify``. ``"json"`` comes
            as VARCHAR, to be cast to JSON.
        threads: the most threads to use for one part. More than one pays where a table is too small for DuckDB to
            share it among its own.
        fields: the names of the first two fields, as for ``cyjwt.arrow.verify``.

    Raises:
        TypeError, ValueError: an option is wrong, as for ``cyjwt.arrow.verify``.
        ImportError: ``duckdb``, ``pyarrow`` or ``nanoarrow`` is not installed.

    Example:
        >>> import cyjwt, cyjwt.duckdb, duckdb
        >>> key = cyjwt.Key.generate("HS256")
        >>> connection = duckdb.connect()
        >>> cyjwt.duckdb.register(connection, "verify_jwt", cyjwt.Verifier(key), {"sub": "string"})
        >>> token = cyjwt.Signer(key, lifetime=900).sign({"sub": "42"})
        >>> connection.execute("SELECT verify_jwt($1).sub", [token]).fetchone()
        ('42',)
    """
    needed("duckdb", "duckdb")
    pyarrow = needed("pyarrow", "duckdb")
    arrow.check_options(verifier, claims, threads, fields)
    claims = dict(claims or {})
    status, reason = fields
    columns = {name: _TYPES[kind] for name, kind in claims.items()}
    connection.create_function(
        name,
        # DuckDB would look up what annotations name, which is there for type checkers alone.
        lambda tokens: pyarrow.chunked_array(
            arrow.verify(tokens, verifier, claims, threads=threads, fields=fields)
        ),
        ["VARCHAR"],
        connection.struct_type({status: "TINYINT", reason: "VARCHAR", **columns}),
        type="arrow",
        # A NULL is a bad token, and not a NULL of a struct.
        null_handling="special",
        # Verdicts change with time: without this, a plan may hold the verdict on a literal for as long as it lives. A
        # filter on a subquery's column is not computed a second time then, either.
        side_effects=True,
    )
