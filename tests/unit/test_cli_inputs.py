"""``cyjwt verify``: the formats that it reads, how each is known, and what is said of bad records."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from tests.unit.cli_support import key_file, results, run, tampered, token, zstd_of


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


def found(done: Any) -> list[tuple[int, str]]:
    """Number and verdict of each result."""
    return [(line["line"], line.get("reason", line["status"])) for line in results(done)]


def objects(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


# --- NDJSON ----------------------------------------------------------------------------------------


def test_ndjson(tmp_path: Path, public: Path) -> None:
    path = tmp_path / "requests.ndjson"
    path.write_bytes(
        objects({"id": 1, "token": token()}, {"token": tampered(token())})
        + b"\n \r\n"
        + objects({"id": 2, "token": token(exp=1), "more": [1, {"token": 2}]})
    )
    done = run("verify", "--key", public, "--json", path)
    assert done.exit_code == 1
    assert found(done) == [(1, "valid"), (2, "invalid_signature"), (5, "expired")]
    assert done.stderr.startswith("3 tokens: 1 valid, 2 not valid; blank lines skipped: 2; ")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", None),
        (b"{", "record"),
        (b"garbage", "record"),
        (b'"a.b.c"', "record"),
        (b"[]", "record"),
        (b"null", "record"),
        (b'{"token": "a", "token": "b"}', "record"),
        (b'{"token": "\xff"}', "record"),
        (b'{"token": NaN}', "record"),
        (b'{"token": "a"} {}', "record"),
        (b'{"token": "' + b"a" * 1_200_000 + b'"}', "record"),
        (b"{" * 1_200_000, "record"),
        (b"{}", "no_token"),
        (b'{"token": null}', "no_token"),
        (b'{"token": 5}', "no_token"),
        (b'{"token": ["a"]}', "no_token"),
        (b'{"Token": "a"}', "no_token"),
        (b'{"token": ""}', "segments"),
        (b'{"token": " "}', "segments"),
        (b'{"token": "a\\u0000b"}', "segments"),
        (b'{"token": "\\u00e9.\\u00e9.\\u00e9"}', "invalid_base64"),
        (b'{"token": "' + b"a" * 70_000 + b'"}', "too_large"),
    ],
)
def test_a_bad_record_has_its_number_and_reason(public: Path, line: bytes, reason: str | None) -> None:
    good = objects({"token": token()})
    done = run("verify", "-k", public, "--input-format", "ndjson", "--json", stdin=good + line + b"\n" + good)
    assert found(done) == [(1, "valid"), *([(2, reason)] if reason else []), (3, "valid")]
    if reason in ("record", "no_token"):
        result = results(done)[1]
        assert list(result) == ["line", "status", "reason", "error", "message", "claim"]
        assert (result["status"], result["error"], result["claim"]) == ("invalid", None, None)
        told = run("verify", "-k", public, "--input-format", "ndjson", stdin=good + line + b"\n" + good)
        assert told.stdout.startswith(f"line 2: {reason}: {result['message']}\n")
        assert told.stdout.splitlines()[-1].split() == ["1", reason]


def test_a_string_alone_is_no_record_though_it_be_a_token(public: Path) -> None:
    done = run("verify", "-k", public, "--input-format", "ndjson", "--json", stdin=objects(token()))
    assert found(done) == [(1, "record")]


def test_fields(public: Path) -> None:
    lines = objects(
        {"a": {"b": token()}, "a.b": "no"},
        {"a.b": token()},
        {"a": [token()]},
        {"a": {"b": {"c": token()}}},
    )
    for field, verdicts in (
        ("a.b", ["valid", "no_token", "no_token", "no_token"]),
        ("a\\.b", ["segments", "valid", "no_token", "no_token"]),
        ("a.b.c", ["no_token", "no_token", "no_token", "valid"]),
        ("a", ["no_token"] * 4),
    ):
        done = run("verify", "--key", public, "--field", field, "--json", stdin=lines)
        assert [verdict for _, verdict in found(done)] == verdicts


# --- CSV -------------------------------------------------------------------------------------------


def test_csv_has_the_number_of_the_line_in_which_a_record_begins(tmp_path: Path, public: Path) -> None:
    path = tmp_path / "requests.csv"
    path.write_text(
        f"id,note,token\n1,plain,{token()}\n"
        f'2,"two\nlines, and a ""quote""",{tampered(token())}\n'
        f'\n"3","all","{token(exp=1)}"\n4,{token()}\n5,x"y,{token()}\n'
    )
    done = run("verify", "--key", public, "--json", path)
    assert done.exit_code == 1
    assert found(done) == [
        (2, "valid"),
        (3, "invalid_signature"),
        (6, "expired"),
        (7, "record"),
        (8, "valid"),
    ]
    assert done.stderr.startswith("5 tokens: 2 valid, 3 not valid; blank lines skipped: 1; ")


@pytest.mark.parametrize("head", ["token;id\n", "\ufefftoken;id\r\n", '"token";"id"\n', '\ufeff"token";id\n'])
def test_heads_and_delimiters(public: Path, head: str) -> None:
    text = f"{head}{token()};1\n"
    assert run("verify", "--key", public, "--delimiter", ";", stdin=text).exit_code == 0
    tabs = text.replace(";", "\t")
    for given in ("tab", "\\t", "\t"):
        assert run("verify", "--key", public, "--delimiter", given, stdin=tabs).exit_code == 0


def test_tsv(tmp_path: Path, public: Path) -> None:
    path = tmp_path / "requests.tsv"
    path.write_text(f"a,b\ttoken\n1,2\t{token()}\n")
    assert run("verify", "--key", public, path).exit_code == 0


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            "id,note",
            "no column is called 'access': --column names the one that holds the token; there are 'id', 'note'\n",
        ),
        ("access,access", "several columns are called 'access'"),
        ('"access', "line 1 does not name the columns"),
        ("eyJhbGciOiJub25lIn0.e30." + "a" * 43, "--input-format text reads a token a line\n"),
    ],
)
def test_csv_without_the_column(public: Path, head: str, said: str) -> None:
    done = run("verify", "--key", public, "--column", "access", stdin=f"{head}\n1,2\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "eyJ" not in done.stderr


def test_a_quote_that_stays_open_swallows_nothing(public: Path) -> None:
    rows = [f"{n},{token(n=n)}\n" for n in range(3)]
    text = 'id,token\n"0,' + "".join(rows) + '3,"x\n' + "".join(rows)
    done = run("verify", "--key", public, "--input-format", "csv", "--json", stdin=text)
    assert found(done) == [
        (2, "record"),
        *((n, "valid") for n in (3, 4)),
        (5, "record"),
        *((n, "valid") for n in (6, 7, 8)),
    ]


# --- Parquet ---------------------------------------------------------------------------------------


def parquet(path: Path, **columns: Any) -> Path:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table(columns), path)
    return path


@pytest.mark.parametrize(
    "kind", ["string", "large_string", "binary", "large_binary", "string_view", "dictionary"]
)
def test_parquet(tmp_path: Path, public: Path, kind: str) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    texts = [token(), tampered(token()), None, "", token(), " "]
    column = arrow.array(texts, arrow.string())
    column = column.dictionary_encode() if kind == "dictionary" else column.cast(getattr(arrow, kind)())
    path = parquet(tmp_path / "table.parquet", id=[1, 2, 3, 4, 5, 6], token=column)
    done = run("verify", "--key", public, "--json", "--batch-size", "2", path)
    assert [(line["row"], line.get("reason", line["status"])) for line in results(done)] == [
        (1, "valid"),
        (2, "invalid_signature"),
        (3, "no_token"),
        (4, "segments"),
        (5, "valid"),
        (6, "segments"),
    ]
    assert run("verify", "--key", public, path).stdout.startswith("row 2: invalid_signature: ")


@pytest.mark.parametrize("kind", ["string", "string_view", "dictionary"])
def test_parquet_of_many_row_groups(tmp_path: Path, public: Path, kind: str) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    good = token()
    texts = [None if n % 7 == 0 else good if n % 5 else "x" * n for n in range(6000)]
    column = arrow.array(texts, arrow.string())
    column = column.dictionary_encode() if kind == "dictionary" else column.cast(getattr(arrow, kind)())
    pyarrow.parquet.write_table(arrow.table({"token": column}), tmp_path / "a.parquet", row_group_size=2500)
    wanted = [
        (n + 1, "no_token" if n % 7 == 0 else "valid" if n % 5 else "segments") for n in range(len(texts))
    ]
    for size in ("1", "700", "10000") if kind == "string" else ("10000",):
        done = run("verify", "-k", public, "--json", "--batch-size", size, tmp_path / "a.parquet")
        assert [(line["row"], line.get("reason", line["status"])) for line in results(done)] == wanted


def test_parquet_without_the_column(tmp_path: Path, public: Path) -> None:
    path = parquet(tmp_path / "table.pq", number=[1], other=["a"])
    for arguments, said in (
        (
            [],
            "no column is called 'token': --column names the one that holds the token; there are 'number', 'other'",
        ),
        (["--column", "number"], "column 'number' holds no text, but int64"),
    ):
        done = run("verify", "--key", public, *arguments, path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr


def test_parquet_is_known_by_its_first_octets(tmp_path: Path, public: Path) -> None:
    path = parquet(tmp_path / "table.txt", token=[token()])
    assert run("verify", "--key", public, path).stdout.startswith("1 token: 1 valid")
    done = run("verify", "--key", public, "--input-format", "csv", path)
    assert (done.exit_code, "this is a Parquet file, not csv" in done.stderr) == (2, True)


@pytest.mark.parametrize("keep", [4, 11, 200, -4, -1])
def test_parquet_that_is_cut_off(tmp_path: Path, public: Path, keep: int) -> None:
    path = parquet(tmp_path / "table.parquet", token=[token()])
    path.write_bytes(path.read_bytes()[:keep])
    done = run("verify", "--key", public, path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Error: {path}: not a Parquet file, cut off, or damaged: " in done.stderr


def test_parquet_that_is_damaged_tells_the_row(tmp_path: Path, public: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    path = tmp_path / "table.parquet"
    table = arrow.table({"token": [token(n=n) for n in range(40)]})
    pyarrow.parquet.write_table(table, path, row_group_size=10, compression="gzip", use_dictionary=False)
    place = pyarrow.parquet.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[place : place + 200] = bytes(200)
    path.write_bytes(data)
    done = run("verify", "--key", public, "--json", "--batch-size", "5", path)
    assert done.exit_code == 2
    assert [line["claims"]["n"] for line in results(done)] == list(range(20))
    assert f"Error: {path}: the Parquet data is damaged: " in done.stderr
    assert done.stderr.endswith(" after row 20\n")


# --- how a format is known -------------------------------------------------------------------------

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstd_of,
    ".zstd": zstd_of,
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("kind", ["txt", "ndjson", "jsonl", "csv"])
@pytest.mark.parametrize("how", ["name", "magic", "stdin"])
def test_every_compression_of_every_format(
    tmp_path: Path, public: Path, kind: str, packed: str, how: str
) -> None:
    if packed.startswith(".z"):
        zstd_of(b"")
    text = {"txt": token() + "\n", "csv": f"id,token\n1,{token()}\n"}.get(
        kind, json.dumps({"token": token()}) + "\n"
    )
    data = PACKED[packed](text.encode())
    name = {"name": f"tokens.{kind}{packed}", "magic": f"tokens.{kind}"}.get(how, "tokens")
    path = tmp_path / name
    path.write_bytes(data)
    options = ["--input-format", {"txt": "text", "jsonl": "ndjson"}.get(kind, kind)] if how == "stdin" else []
    done = run("verify", "--key", public, *options, *([path] if how != "stdin" else []), stdin=data)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("1 token: 1 valid")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--field", "a", "--column", "b"], "give one of them"),
        (["--field", "a", "--input-format", "csv"], "--field is not for an input of csv"),
        (["--column", "a", "--input-format", "text"], "--column is not for an input of text"),
        (["--delimiter", ";", "--input-format", "ndjson"], "--delimiter is not for an input of ndjson"),
        (["--delimiter", ";;"], "one ASCII character"),
        (["--delimiter", '"'], "one ASCII character"),
        (["--input-format", "xml"], "'xml' is not one of"),
        (["--input-format", "parquet"], "Parquet"),
        (["--batch-size", "0"], "--batch-size"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_options_that_do_not_go_together(public: Path, arguments: list[str], said: str) -> None:
    done = run("verify", "--key", public, *arguments, stdin=token())
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("size", ["1", "2", "3", "1000"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_batches_of_any_size(tmp_path: Path, public: Path, size: str, threads: str) -> None:
    lines = [token(n=n) if n % 3 else "garbage" for n in range(10)]
    wanted = [(n + 1, "valid" if n % 3 else "segments") for n in range(10)]
    inputs = {
        "text": "\n".join(lines),
        "ndjson": "\n".join(json.dumps({"token": line}) for line in lines),
        "csv": "token\n" + "\n".join(lines),
    }
    for kind, text in inputs.items():
        options = ["--input-format", kind, "--batch-size", size, "--threads", threads]
        done = run("verify", "--key", public, "--json", *options, stdin=text)
        head = kind == "csv"
        assert found(done) == [(number + head, verdict) for number, verdict in wanted]
