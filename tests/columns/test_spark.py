"""cyjwt.spark over a real Spark on this machine: the verdicts of verify, in the workers, with keys built once."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cyjwt
import cyjwt.spark
from tests.columns import spark_support
from tests.support import NOW, ROOT, good_claims, pair

pyspark = pytest.importorskip("pyspark")
sql = pytest.importorskip("pyspark.sql")
pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pandas")
pytest.importorskip("nanoarrow")
if spark_support.java_release() < spark_support.JAVA:
    pytest.skip(f"there is no Java {spark_support.JAVA} or later", allow_module_level=True)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = [
    pytest.mark.slow,
    # What pyspark and py4j have to say about themselves.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:distutils Version classes are deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

#: Rows of an Arrow batch.
BATCH = 32

CLAIMS = {
    "sub": "string",
    "n": "int64",
    "ratio": "double",
    "ok": "bool",
    "roles": "list<string>",
    "address": "json",
}
MORE = {"ratio": 1.5, "ok": True, "roles": ["a", "ü"], "address": {"city": ["x", None]}}


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in spark_support.environment().items():
            patch.setenv(variable, value)
        patch.delenv("SPARK_HOME", raising=False)
        yield


@pytest.fixture(scope="module")
def spark(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    folder = tmp_path_factory.mktemp("spark")
    options = {
        "spark.driver.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
        "spark.sql.warehouse.dir": str(folder),
        "spark.local.dir": str(folder),
    }
    builder = sql.SparkSession.builder.master("local[2]").appName("cyjwt")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    gateway = session.sparkContext._gateway
    session.stop()
    # Leaves neither a JVM nor a thread to the tests that come after.
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)
    pyspark.SparkContext._gateway = pyspark.SparkContext._jvm = None


def mixed_tokens() -> list[str | None]:
    """Good tokens of four algorithms, and among them what fails, each in its way."""
    algorithms = ["HS256", "RS256", "ES256", "EdDSA"]
    tokens: list[str | None] = []
    for n in range(60):
        keys = pair(algorithms[n % 4])
        token = keys.token(good_claims(sub=f"user {n}", n=n, **MORE), {"kid": keys.algorithm})
        head, _, signature = token.rpartition(".")
        tokens += [
            token,
            f"{head}.{'A' * len(signature)}" if n % 3 else None,
            keys.token({"sub": "late", "exp": NOW - 1}, {"kid": keys.algorithm}) if n % 5 else "no token",
            keys.token({"sub": "a", "exp": NOW + 9, "n": "7", "ok": None}, {"kid": keys.algorithm}),
        ]
    return [*tokens, "", "a.b.c", "é.é.é", "x" * 70_000, pair("HS256").token(header={"kid": "other"})]


def mixed_verifier(**options: Any) -> cyjwt.Verifier:
    named = [
        cyjwt.Key.from_jwk(pair(name).public.to_jwk(private=name == "HS256"), kid=name, algorithm=name)
        for name in ("HS256", "RS256", "ES256", "EdDSA")
    ]
    return cyjwt.Verifier(cyjwt.KeySet(named), **{"clock": NOW, **options})


def frame(spark: SparkSession, tokens: list[Any], type: str = "string", partitions: int = 1) -> DataFrame:
    return spark.createDataFrame(list(enumerate(tokens)), f"id int, token {type}").repartition(partitions)


def verdict(verifier: cyjwt.Verifier, token: Any) -> tuple[str | None, dict[str, Any]]:
    """What verify says: the reason, and the claims."""
    try:
        return None, verifier.verify(token)
    except cyjwt.InvalidTokenError as error:
        return error.code, {}


@pytest.mark.parametrize("type", ["string", "binary"])
def test_the_verdicts_are_those_of_verify(spark: SparkSession, type: str) -> None:
    tokens = mixed_tokens()
    verifier = mixed_verifier()
    given = [token.encode() if token is not None and type == "binary" else token for token in tokens]
    checked = cyjwt.spark.verify(frame(spark, given, type, 3), "token", verifier, CLAIMS)
    rows = sorted(checked.collect())
    assert [(row.id, row.token) for row in rows] == list(enumerate(given))
    assert Counter(row.jwt.reason for row in rows)[None] == 120
    for row, token in zip(rows, tokens, strict=True):
        reason, claims = verdict(verifier, token)
        assert row.jwt.reason == reason, row.id
        assert (row.jwt.status == 0) == (reason is None)
        assert row.jwt.sub == claims.get("sub")
        assert row.jwt.ratio == claims.get("ratio")
        assert row.jwt.ok == claims.get("ok")
        assert row.jwt.roles == claims.get("roles")
        assert row.jwt.n == (None if claims.get("n") == "7" else claims.get("n"))
        assert row.jwt.address is None or json.loads(row.jwt.address) == claims["address"]
        assert (row.jwt.address is None) == ("address" not in claims)


def test_a_null_is_a_token_that_fails(spark: SparkSession) -> None:
    (row,) = cyjwt.spark.verify(frame(spark, [None]), "token", mixed_verifier(), CLAIMS).collect()
    status, *rest = row.jwt
    assert status == mixed_verifier().verify_batch([None]).statuses[0]  # type: ignore[list-item]
    assert rest == ["token_type", *[None] * len(CLAIMS)]


def test_the_schema(spark: SparkSession) -> None:
    checked = cyjwt.spark.verify(frame(spark, []), "token", mixed_verifier(), CLAIMS, into="verdict")
    assert checked.schema.simpleString() == (
        "struct<id:int,token:string,verdict:struct<status:tinyint,reason:string,sub:string,n:bigint,"
        "ratio:double,ok:boolean,roles:array<string>,address:string>>"
    )
    assert checked.collect() == []
    named = cyjwt.spark.verify(
        frame(spark, ["x"]), "token", mixed_verifier(), {"status": "string"}, fields=("code", "why")
    )
    assert named.select("jwt.*").collect() == [(3, "segments", None)]


def test_every_type_of_a_claim_is_known() -> None:
    from cyjwt._engine.arrow_work import TYPES

    claims = {name: name for name in TYPES}
    assert cyjwt.spark._struct(claims, ("status", "reason")).names == ["status", "reason", *TYPES]


def test_the_other_columns_are_kept(spark: SparkSession) -> None:
    """Of whatever type, in their order, and under names that Spark itself cannot look up."""
    df = spark.sql("""
        select cast(id as decimal(20, 3)) price, date'2026-01-02' day, timestamp'2026-01-02 03:04:05' at,
            timestamp_ntz'2026-01-02 03:04:05' local, cast('x' as binary) octets, interval 1 day lasting,
            named_struct('a', 1, 'b', array('x', null)) nested, map('a', array(1)) map, null nothing,
            'no token' token, 'dotted' `a.b`, 'first' twice, 'second' twice, 'ticked' `a``b`
        from range(3)""")
    checked = cyjwt.spark.verify(df, "token", mixed_verifier())
    assert checked.schema.fields[:-1] == df.schema.fields
    assert [row[:-1] for row in checked.collect()] == [tuple(row) for row in df.collect()]
    assert [row.jwt for row in checked.select("jwt").collect()] == [(3, "segments")] * 3


def noted_clock(path: Path) -> Callable[[], float]:
    """A clock that notes in a file, with the process's number, when it is unpickled and when it is read."""

    class Clock:
        def __call__(self) -> float:
            return NOW

        def __reduce__(self) -> Any:
            # Travels by value, for a worker cannot import this module.
            def built(path: str) -> Callable[[], float]:
                def note(what: str) -> float:
                    with open(path, "a") as file:
                        file.write(f"{os.getpid()} {what}\n")
                    return NOW

                note("built")
                return lambda: note("read")

            return built, (str(path),)

    return Clock()


def test_keys_are_built_once_in_a_worker_and_the_clock_read_once_a_batch(
    spark: SparkSession, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    verifier = mixed_verifier(clock=noted_clock(notes))
    partitions, rows = 6, 6 * 80
    # Two frames and three actions, of as many tasks as there are partitions.
    df = spark.range(0, rows, numPartitions=partitions).selectExpr("'no token' token").persist()
    df.count()
    for _ in range(2):
        checked = cyjwt.spark.verify(df, "token", verifier)
        assert checked.where("jwt.reason = 'segments'").count() == rows
    assert checked.where("jwt.status = 0").count() == 0
    noted = Counter(tuple(line.split()) for line in notes.read_text("utf-8").splitlines())
    built = {process: count for (process, what), count in noted.items() if what == "built"}
    assert str(os.getpid()) not in built
    assert set(built.values()) == {1}, built
    assert len(built) < 3 * partitions
    batches = 3 * partitions * -(-80 // BATCH)
    assert sum(count for (_, what), count in noted.items() if what == "read") == batches


def test_a_worker_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cyjwt.spark, "_verifiers", {})
    key = pair("HS256").public
    pickles = [pickle.dumps(cyjwt.Verifier(key, leeway=seconds)) for seconds in range(20)]
    built = [cyjwt.spark._built(one) for one in pickles]
    assert len(cyjwt.spark._verifiers) == 16
    assert cyjwt.spark._built(pickles[19]) is built[19]
    again = cyjwt.spark._built(pickles[0])
    assert again is not built[0]
    assert repr(again) == repr(built[0])


@pytest.mark.parametrize("threads", [1, 2, None])
def test_threads_reach_the_batches(threads: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = cyjwt.arrow.verify
    seen = []

    def noted(*given: Any, **options: Any) -> Any:
        seen.append(options["threads"])
        return verify(*given, **options)

    monkeypatch.setattr(cyjwt.arrow, "verify", noted)
    job = cyjwt.spark.VerifyTokens(
        pickle.dumps(mixed_verifier()), 0, "jwt", {}, ("status", "reason"), threads
    )
    batch = pyarrow.record_batch({"token": ["x"]})
    assert [len(given) for given in job([batch, batch])] == [1, 1]
    assert seen == [threads, threads]


def test_one_thread_unless_asked(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = []
    df = frame(spark, ["x"])
    monkeypatch.setattr(type(df), "mapInArrow", lambda df, job, schema: jobs.append(job))
    cyjwt.spark.verify(df, "token", mixed_verifier())
    cyjwt.spark.verify(df, "token", mixed_verifier(), threads=None)
    assert [job.threads for job in jobs] == [1, None]


def test_plans_show_nothing_of_the_verifier(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    keys = pair("HS256")
    checked = cyjwt.spark.verify(frame(spark, ["x"]), "token", keys.verifier(clock=NOW))
    checked.explain(mode="extended")
    plan = capsys.readouterr().out
    assert "VerifyTokens" in plan
    secret = keys.native
    assert secret in pickle.dumps(keys.verifier(clock=NOW))
    for spelt in (secret.hex(), repr(secret)[2:-1], keys.private.to_jwk(private=True)["k"]):
        assert spelt.lower() not in plan.lower()


def test_a_stream(spark: SparkSession, tmp_path: Path) -> None:
    source, target = str(tmp_path / "source"), str(tmp_path / "target")
    tokens = mixed_tokens()
    frame(spark, tokens, partitions=2).write.parquet(source)
    stream = spark.readStream.schema("id int, token string").parquet(source)
    checked = cyjwt.spark.verify(stream, "token", mixed_verifier(), {"sub": "string"})
    assert checked.isStreaming
    query = checked.writeStream.option("checkpointLocation", str(tmp_path / "checkpoint"))
    assert query.trigger(availableNow=True).start(target).awaitTermination(60)
    rows = sorted(spark.read.parquet(target).collect())
    verifier = mixed_verifier()
    assert [row.jwt.reason for row in rows] == [verdict(verifier, token)[0] for token in tokens]


# -- options


def test_wrong_options_are_told_on_the_driver(spark: SparkSession) -> None:
    df = frame(spark, ["x"])
    verifier = mixed_verifier()
    for error, said, given, options in [
        (TypeError, "DataFrame", ([("x",)], "token", verifier), {}),
        (TypeError, "column must be", (df, df.token, verifier), {}),
        (ValueError, "no columns are called 'tokens'", (df, "tokens", verifier), {}),
        (ValueError, "2 columns are called 'token'", (df.select("token", "token"), "token", verifier), {}),
        (TypeError, "not int", (df, "id", verifier), {}),
        (TypeError, "verifier must be", (df, "token", pair("HS256").public), {}),
        (TypeError, "claims", (df, "token", verifier, ["sub"]), {}),
        (ValueError, "'text'", (df, "token", verifier, {"sub": "text"}), {}),
        (ValueError, "'reason'", (df, "token", verifier, {"reason": "string"}), {}),
        (ValueError, "'Reason'", (df, "token", verifier, {"Reason": "string"}), {}),
        (ValueError, "'SUB'", (df, "token", verifier, {"sub": "string", "SUB": "string"}), {}),
        (TypeError, "into must be", (df, "token", verifier), {"into": None}),
        (ValueError, "'token'", (df, "token", verifier), {"into": "token"}),
        (ValueError, "'ID'", (df, "token", verifier), {"into": "ID"}),
        (TypeError, "threads", (df, "token", verifier), {"threads": "2"}),
        (ValueError, "threads", (df, "token", verifier), {"threads": 0}),
    ]:
        with pytest.raises(error, match=said):
            cyjwt.spark.verify(*given, **options)


def test_a_clock_that_cannot_travel_is_told_on_the_driver(spark: SparkSession) -> None:
    lock = threading.Lock()

    def clock() -> float:
        with lock:
            return NOW

    with pytest.raises(TypeError, match="its clock, cannot be pickled: cannot pickle"):
        cyjwt.spark.verify(frame(spark, ["x"]), "token", mixed_verifier(clock=clock))


# -- the page


def test_the_program_of_the_page_runs_under_spark_submit(environment: None, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "spark.md").read_text("utf-8")
    (program,) = [
        block
        for block in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        if "__main__" in block
    ]
    (tmp_path / "verify_tokens.py").write_text(program, "utf-8")
    key = cyjwt.Key.generate("ES256", kid="2026-07")
    (tmp_path / "jwks.json").write_text(json.dumps(cyjwt.KeySet([key]).to_jwks()), "utf-8")
    signer = cyjwt.Signer(key, issuer="https://issuer.example/", audience="orders", lifetime=900)
    tokens = [signer.sign({"sub": str(n)}) for n in range(50)] + ["no token", None]
    import pyarrow.parquet

    table = pyarrow.table({"id": range(52), "token": pyarrow.array(tokens, "string")})
    pyarrow.parquet.write_table(table, tmp_path / "tokens.parquet")
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    done = subprocess.run(
        [
            *(submit, "--master", "local[2]", "--driver-memory", "512m", "--conf", "spark.ui.enabled=false"),
            *("verify_tokens.py", "tokens.parquet", "verdicts", "jwks.json"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["valid 50", "segments 1", "token_type 1"]
    verdicts = pyarrow.parquet.read_table(tmp_path / "verdicts").to_pylist()
    assert [row["sub"] for row in sorted(verdicts, key=lambda row: row["id"])[:50]] == [
        str(n) for n in range(50)
    ]
