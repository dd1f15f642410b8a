"""Tokens verified in a pandas Series."""

from __future__ import annotations

from collections.abc import Mapping

from cyjwt import arrow
from cyjwt._arguments import type_name
from cyjwt._extras import needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import pandas

    from cyjwt.verifier import Verifier

__all__ = ["verify"]

_OCTETS = bytes | bytearray | memoryview


def verify(
    series: pandas.Series,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    threads: int | None = None,
    fields: tuple[str, str] = arrow.FIELDS,
) -> pandas.DataFrame:
    """Verify a Series of tokens into a DataFrame of statuses, reasons and claims.

    Needs the extra ``cyjwt[pandas]``.

    Args:
        series: the tokens, of any dtype that holds text or bytes: ``object``, ``str``, ``string[python]``,
            ``string[pyarrow]``, an ``ArrowDtype``, categories of these. What is missing, or neither text nor
            bytes, is a bad token, of reason ``"token_type"``.
        verifier: what to verify with.
        claims: the claims to give, each with the type of its column, as for ``cyjwt.arrow.verify``.
        threads: the most threads to use; as many as there are cores when left out.
        fields: the names of the first two columns, as for ``cyjwt.arrow.verify``.

    Returns:
        A DataFrame with the index of the series: ``status``, ``reason`` and the claims, each with an
        ``ArrowDtype``, so that integers stay integers where some are missing.

    Raises:
        TypeError, ValueError: an option is wrong, as for ``cyjwt.arrow.verify``.
        ImportError: ``pandas``, ``pyarrow`` or ``nanoarrow`` is not installed.

    Example:
        >>> import cyjwt, cyjwt.pandas, pandas
        >>> key = cyjwt.Key.generate("HS256")
        >>> tokens = pandas.Series([cyjwt.Signer(key, lifetime=900).sign({"sub": "42"}), None], index=["a", "b"])
        >>> frame = cyjwt.pandas.verify(tokens, cyjwt.Verifier(key), {"sub": "string"})
        >>> frame.loc["a", "sub"], frame.loc["b", "reason"]
        ('42', 'token_type')
    """
    pandas = needed("pandas", "pandas")
    pyarrow = needed("pyarrow", "pandas")
    if not isinstance(series, pandas.Series):
        raise TypeError(f"series must be a pandas Series, not {type_name(series)}")
    columns = [
        pyarrow.table(arrow.verify(column, verifier, claims, threads=threads, fields=fields))
        for column in _columns(series)
    ]
    verified = columns[0]
    if len(columns) > 1:
        # What is null in the one column may stand in the other.
        octets = [isinstance(value, _OCTETS) for value in series.tolist()]
        rows = [row + len(series) * other for row, other in enumerate(octets)]
        verified = pyarrow.concat_tables(columns).take(rows)
    frame = verified.to_pandas(types_mapper=pandas.ArrowDtype)
    frame.index = series.index
    return frame


def _columns(series: pandas.Series) -> list[Any]:
    """The tokens as Arrow data: one column, or where text and bytes are mixed, one for each."""
    pandas, pyarrow = needed("pandas", "pandas"), needed("pyarrow", "pandas")
    if isinstance(series.dtype, pandas.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if series.dtype != object:
        try:
            return [pyarrow.array(series, from_pandas=True)]
        except UnicodeEncodeError:
            # Text that no Arrow column holds, and each row with its own verdict all the same.
            pass
    values = series.tolist()
    columns = []
    if any(isinstance(value, _OCTETS) for value in values):
        octets = [bytes(value) if isinstance(value, _OCTETS) else None for value in values]
        columns.append(pyarrow.array(octets, pyarrow.large_binary()))
    if not columns or any(isinstance(value, str) for value in values):
        # Whatever is not ASCII is refused alike; a lone surrogate would not be let in here.
        texts = [
            (value if value.isascii() else "\ufffd") if isinstance(value, str) else None for value in values
        ]
        columns.insert(0, pyarrow.array(texts, pyarrow.large_string()))
    return columns
