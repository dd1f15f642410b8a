"""Spark: a column of tokens verified by the workers of a cluster, Arrow batch after Arrow batch."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from cyjwt import arrow as _arrow
from cyjwt._arguments import type_name
from cyjwt._extras import needed
from cyjwt.verifier import Verifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import pyarrow
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

__all__ = ["verify"]

#: The verifiers that this worker process has built, by the digest of the pickle of each.
_verifiers: dict[bytes, Verifier[Any]] = {}

#: How many of them are kept; a process that serves more of them in turn builds some again.
_MOST_VERIFIERS = 16


def verify(
    df: DataFrame,
    column: str,
    verifier: Verifier[Any],
    claims: Mapping[str, str] | None = None,
    *,
    into: str = "jwt",
    fields: tuple[str, str] = _arrow.FIELDS,
    threads: int | None = 1,
) -> DataFrame:
    """Verify a column of tokens in the workers of a cluster, each with the verdict of ``Verifier.verify``.

    The rows of one Arrow batch are judged by one moment, when a worker comes to them; a verifier whose ``clock`` is
    a number judges all rows by that. The verifier travels to the workers in a pickle, in which an HMAC secret
    stands in the clear. Every other column travels to Python and back: select what is wanted of them beforehand.
    Driver and workers need the extra ``cyjwt[spark]``.

    Args:
        df: any DataFrame, also a streaming one.
        column: the name of the column of tokens, of string or binary. A null is a bad token.
        verifier: what to verify with. Each worker process builds its keys once.
        claims: the claims to give, each with its type, as for ``cyjwt.arrow.verify``: ``"string"``, ``"int64"``,
            ``"double"``, ``"bool"``, ``"list<string>"`` or ``"json"``.
        into: the name of the column to add.
        fields: the names of the first two fields in it, for those who ask for a claim called like one of them.
        threads: the most threads of one task, or ``None`` for as many as a worker has cores. More than one
            pays where ``spark.task.cpus`` keeps as many cores for a task.

    Returns:
        The frame with one column more, a struct of ``status`` (tinyint, 0 where the token is valid), ``reason``
        (the ``code`` of the exception that ``verify`` would raise, null where the token is valid) and the claims,
        which are null as in ``cyjwt.arrow.verify``.

    Raises:
        ImportError: a package is not installed.
        TypeError: the column or an argument is of the wrong type, or the verifier cannot be pickled.
        ValueError: an option that can mean nothing, no column of that name or several, or two names that differ
            in case at most: Spark takes them for one.

    Example:
        With a session ``spark``, and a verifier::

            tokens = spark.read.parquet("tokens").select("id", "token")
            checked = cyjwt.spark.verify(tokens, "token", verifier, {"sub": "string", "exp": "int64"})
            checked.where("jwt.status = 0").select("id", "jwt.sub", "jwt.exp").write.parquet("subjects")
    """
    for package in ("pyspark", "pyarrow", "pandas"):
        needed(package, "spark")
    from pyspark import cloudpickle
    from pyspark.sql.types import BinaryType, StringType, StructField, StructType

    if not hasattr(df, "mapInArrow"):
        raise TypeError(f"df must be a DataFrame of Spark, not {type_name(df)}")
    for option, name in (("column", column), ("into", into)):
        if not isinstance(name, str):
            raise TypeError(f"{option} must be the name of a column, not {type_name(name)}")
    # What is wrong with the other options is told here too, not by a worker.
    _arrow.check_options(verifier, claims, threads, fields)
    wanted = dict(claims or {})
    held = df.schema.fields
    places = [place for place, field in enumerate(held) if field.name == column]
    if len(places) != 1:
        raise ValueError(f"{len(places) or 'no'} columns are called {column!r}, of {df.columns}")
    kind = held[places[0]].dataType
    if not isinstance(kind, StringType | BinaryType):
        raise TypeError(f"the column {column!r} must be of string or binary, not {kind.simpleString()}")
    _check_free(into, df.columns)
    names = [*fields, *wanted]
    for place, name in enumerate(names):
        _check_free(name, names[:place])
    try:
        pickled = cloudpickle.dumps(verifier)
    except Exception as failure:
        raise TypeError(f"the verifier, perhaps its clock, cannot be pickled: {failure}") from failure

    job = VerifyTokens(pickled, places[0], into, wanted, fields, threads)
    schema = StructType([*held, StructField(into, _struct(wanted, fields), nullable=False)])
    # Columns are numbered on their way: mapInArrow looks each one up by its name, which fails for some names.
    return df.toDF(*map(str, range(len(held)))).mapInArrow(job, schema)


class VerifyTokens:
    """What ``mapInArrow`` calls in a worker for each partition. Plans show its name, and nothing of the verifier."""

    __slots__ = ("claims", "fields", "into", "pickled", "place", "threads")

    def __init__(
        self,
        pickled: bytes,
        place: int,
        into: str,
        claims: dict[str, str],
        fields: tuple[str, str],
        threads: int | None,
    ) -> None:
        """Take what ``verify`` has checked.

        Args:
            pickled: the verifier, as octets, so that it is not built with each copy of this object.
            place: the number of the column of tokens.
            into: as for ``verify``, like the others.
            claims: these too.
            fields: these too.
            threads: these too.
        """
        self.pickled = pickled
        self.place = place
        self.into = into
        self.claims = claims
        self.fields = fields
        self.threads = threads

    def __call__(self, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """Give each batch back with the column of verdicts behind the others."""
        import pyarrow

        verifier = _built(self.pickled)
        for batch in batches:
            verified = pyarrow.array(
                _arrow.verify(
                    batch.column(self.place), verifier, self.claims, threads=self.threads, fields=self.fields
                )
            )
            schema = batch.schema.append(pyarrow.field(self.into, verified.type, nullable=False))
            yield pyarrow.RecordBatch.from_arrays([*batch.columns, verified], schema=schema)


def _built(pickled: bytes) -> Verifier[Any]:
    """The verifier of this pickle, built only where the process does not have it."""
    digest = sha256(pickled).digest()
    verifier = _verifiers.get(digest)
    if verifier is None:
        verifier = pickle.loads(pickled)  # noqa: S301 - it comes from where the code of the task comes from
        while len(_verifiers) >= _MOST_VERIFIERS:
            del _verifiers[next(iter(_verifiers))]
        _verifiers[digest] = verifier
    return verifier


def _struct(claims: Mapping[str, str], fields: tuple[str, str]) -> StructType:
    """The type of what ``cyjwt.arrow.verify`` gives, as Spark writes it."""
    from pyspark.sql import types

    string = types.StringType()
    of_claims = {
        "string": string,
        "int64": types.LongType(),
        "double": types.DoubleType(),
        "bool": types.BooleanType(),
        "list<string>": types.ArrayType(string),
        "json": string,
    }
    struct = types.StructType().add(fields[0], types.ByteType()).add(fields[1], string)
    for name, kind in claims.items():
        struct.add(name, of_claims[kind])
    return struct


def _check_free(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that another has, in whichever case: Spark does not tell them apart."""
    for other in taken:
        if other.lower() == name.lower():
            raise ValueError(f"two columns are called {name!r}, in whichever case")
