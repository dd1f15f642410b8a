"""Tokens verified by a Polars expression."""

from __future__ import annotations

from collections.abc import Mapping

from cyjwt import arrow
from cyjwt._arguments import type_name
from cyjwt._extras import needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import polars

    from cyjwt.verifier import Verifier

__all__ = ["verify"]


def verify(
    expr: polars.Expr | str,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    threads: int | None = None,
    fields: tuple[str, str] = arrow.FIELDS,
) -> polars.Expr:
    """Verify a column of tokens where a frame is evaluated, into a struct of statuses, reasons and claims.

    The type of the result is known beforehand, so that lazy frames can plan with it, and the streaming engine verifies
    part by part. Each part is judged by the moment at which it is evaluated. Needs the extra ``cyjwt[polars]``.

    Args:
        expr: the tokens: an expression or a column's name, of String, Binary, Categorical or Enum. A null is a bad
            token, of reason ``"token_type"``.
        verifier: what to verify with.
        claims: the claims to give, each with the type of its column, as for ``cyjwt.arrow.verify``.
        threads: the most threads to use for one part; as many as there are cores when left out.
        fields: the names of the first two fields, as for ``cyjwt.arrow.verify``.

    Returns:
        An expression of a struct: ``status`` (Int8), ``reason`` (String) and the claims. It keeps the name of the
        tokens, so that ``with_columns`` replaces these, unless it is given an ``alias``.

    Raises:
        TypeError, ValueError: an option is wrong, as for ``cyjwt.arrow.verify``.
        ImportError: ``polars`` or ``nanoarrow`` is not installed.

    Example:
        >>> import cyjwt, cyjwt.polars, polars
        >>> key = cyjwt.Key.generate("HS256")
        >>> frame = polars.DataFrame({"token": [cyjwt.Signer(key, lifetime=900).sign({"sub": "42"}), "garbage"]})
        >>> verified = cyjwt.polars.verify("token", cyjwt.Verifier(key), {"sub": "string"})
        >>> frame.select(verified.struct.unnest()).rows()
        [(0, None, '42'), (3, 'segments', None)]
    """
    polars = needed("polars", "polars")
    if isinstance(expr, str):
        expr = polars.col(expr)
    if not isinstance(expr, polars.Expr):
        raise TypeError(f"expr must be a Polars expression or the name of a column, not {type_name(expr)}")
    work = _Verification(verifier, claims, threads, fields)
    return expr.map_batches(work, return_dtype=work.dtype(), is_elementwise=True)


class _Verification:
    """What the expression calls: a class, so that an expression can be pickled with it."""

    def __init__(
        self,
        verifier: Verifier[Any],
        claims: Mapping[str, str] | None,
        threads: int | None,
        fields: tuple[str, str],
    ) -> None:
        arrow.check_options(verifier, claims, threads, fields)
        self.verifier = verifier
        self.claims = dict(claims or {})
        self.threads = threads
        self.fields = fields

    def dtype(self) -> Any:
        """The type of the struct."""
        polars = needed("polars", "polars")
        types = {
            "string": polars.String,
            "json": polars.String,
            "int64": polars.Int64,
            "double": polars.Float64,
            "bool": polars.Boolean,
            "list<string>": polars.List(polars.String),
        }
        status, reason = self.fields
        claims = {name: types[kind] for name, kind in self.claims.items()}
        return polars.Struct({status: polars.Int8, reason: polars.String, **claims})

    def __call__(self, series: polars.Series) -> polars.Series:
        polars = needed("polars", "polars")
        if isinstance(series.dtype, polars.Categorical | polars.Enum):
            series = series.cast(polars.String)
        verified = arrow.verify(series, self.verifier, self.claims, threads=self.threads, fields=self.fields)
        return polars.Series(series.name, verified)
