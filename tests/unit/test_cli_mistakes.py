"""``cyjwt verify``: what it says of options and inputs that are nearly right."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

from cyjwt.cli.inputs import ndjson, text
from cyjwt.cli.outputs.columns import TYPES
from tests.unit.cli_support import key_file, results, run, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


# --- --claim ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        *("int", "str", "timestamp", "float", "boolean", "integer", "int32", "list", "", "String", " int64"),
        *("strnig", "jsn", "doubles", "list<str>", "list[string]", "array<string>", "varchar(10)"),
    ],
)
def test_a_mistyped_type_is_no_part_of_the_name(public: Path, kind: str) -> None:
    done = run("verify", "-k", public, "--json", "--claim", f"sub:{kind}", stdin=token())
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"no type is called {kind!r}: there are {', '.join(TYPES)}." in done.stderr
    assert f"give --claim 'sub:{kind}:json'" in done.stderr
    name = f"sub:{kind}"
    out = run("verify", "-k", public, "--json", "--claim", f"{name}:json", stdin=token(**{name: [1]}))
    assert (out.exit_code, results(out)[0]["claims"]) == (0, {name: [1]})


@pytest.mark.parametrize(
    "name",
    [
        *("cognito:groups", "cognito:username", "custom:plan", "https://example.com/roles", "urn:a:role"),
        *("http://example.com/int", "a:interval", "a:book", "a:person", "list<string>", "int", "json"),
    ],
)
def test_a_name_with_a_colon_stays_a_name(public: Path, name: str) -> None:
    done = run("verify", "-k", public, "--json", "--claim", name, stdin=token(**{name: ["x"]}))
    assert results(done)[0]["claims"] == {name: ["x"]}


# --- JSON and NDJSON -------------------------------------------------------------------------------


def test_json_is_read_as_ndjson(tmp_path: Path, public: Path) -> None:
    for name, packed in (("one.json", bytes), ("one.JSON.gz", gzip.compress)):
        path = tmp_path / name
        path.write_bytes(packed(json.dumps({"token": token()}).encode()))
        done = run("verify", "-k", public, path)
        assert (done.exit_code, done.stdout[:17]) == (0, "1 token: 1 valid,")
    done = run("verify", "-k", public, "missing.json")
    assert (done.exit_code, done.stderr) == (2, "Error: missing.json: No such file or directory\n")


@pytest.mark.parametrize("head", ["", "\ufeff", " \t"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_no_ndjson(tmp_path: Path, public: Path, head: str, indent: int | None) -> None:
    path, out = tmp_path / "tokens.json", tmp_path / "out.csv"
    path.write_text(head + json.dumps([{"token": token()}], indent=indent))
    out.write_text("before")
    done = run("verify", "-k", public, "-o", out, path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: {path}: a JSON array: `jq -c '.[]'` makes NDJSON of it\n"
    assert out.read_text() == "before"


def test_an_array_further_down_is_one_bad_record(public: Path) -> None:
    lines = json.dumps({"token": token()}) + '\n[{"token": "a"}]\n'
    done = run("verify", "-k", public, "--field", "token", "--json", stdin=lines)
    assert [line.get("reason") for line in results(done)] == [None, "record"]


@pytest.mark.parametrize(
    ("options", "record", "said"),
    [
        ((), {"jwt": "a"}, "The record has no member 'token': --field names another"),
        ((), {"token": None}, "The record's member 'token' is null, or no text"),
        ((), {"token": 5}, "The record's member 'token' is null, or no text"),
        (("--field", "a.b"), {"a": {}}, "The record has no member 'a.b': --field names another"),
        (("--field", "a.b"), {"a": "x"}, "The record has no member 'a.b': --field names another"),
        (("--field", "a.b"), {"a": {"b": []}}, "The record's member 'a.b' is null, or no text"),
        (("--field", r"a\.b"), {"a": {}}, r"The record has no member 'a\.b': --field names another"),
        (("--field", "\x1b[2J"), {"a": {}}, r"The record has no member '\x1b[2J': --field names another"),
    ],
)
def test_a_record_without_a_token(public: Path, options: tuple[str, ...], record: object, said: str) -> None:
    options = ("-k", str(public), "--input-format", "ndjson", *options)
    done = run("verify", *options, stdin=json.dumps(record))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, f"line 1: no_token: {said}")
    (result,) = results(run("verify", *options, "--json", stdin=json.dumps(record)))
    assert (result["reason"], result["message"]) == ("no_token", said)


# --- byte order marks ------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_byte_order_mark_in_text_is_skipped(public: Path, packed: Any) -> None:
    for data in (f"\ufeff{token()}", f"\ufeff{token()}\r\n\n{token()}\n", f"\ufeff\n{token()}"):
        done = run("verify", "-k", public, stdin=packed(data.encode()))
        assert (done.exit_code, done.stderr) == (0, "")
    # A mark of its own is an empty line, and one in the middle a part of a line.
    assert "no token in it" in run("verify", "-k", public, stdin="\ufeff").stderr
    done = run("verify", "-k", public, "--json", stdin=f"{token()}\n\ufeff{token()}\n")
    assert [line["status"] for line in results(done)] == ["valid", "invalid"]


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_cut_stays_too_long_without_its_mark(size: int, end: bytes) -> None:
    for length in range(95, 115):
        stream = io.BytesIO(b"\xef\xbb\xbf" + b"a" * length + end)
        source: Any = SimpleNamespace(
            name="x", read=lambda most, s=stream: s.read(size), position=stream.tell
        )
        (line,) = [line for part in text.parts(source, 100, 5) for line in part.tokens]
        assert line == b"a" * length if length <= 100 else len(line) > 100


def test_a_record_that_is_cut_stays_too_long_without_its_mark() -> None:
    for length in range(95, 115):
        record = b'{"token": "a"}'.ljust(length)
        stream = io.BytesIO(b"\xef\xbb\xbf" + record + b"\n")
        source: Any = SimpleNamespace(name="x", read=lambda most, s=stream: s.read(10), position=stream.tell)
        (part,) = ndjson.parts(source, "token", 100, 5)
        assert (part.tokens, [*part.refused]) == ((["a"], []) if length <= 100 else ([""], [0]))


# --- columns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "options", "said"),
    [
        ("token;id", (), "; there are 'token;id'; --delimiter ';' splits that at another character\n"),
        ("token\tid", (), "; --delimiter tab splits that at another character\n"),
        ("id|token", (), "; there are 'id|token'; --delimiter '|' splits that at another character\n"),
        ("id;more|token", (), "; --delimiter ';' splits that at another character; --delimiter '|' splits"),
        ("id,Token", (), "; there are 'id', 'Token'; is it --column Token?\n"),
        ("id, token", (), "; there are 'id', ' token'; is it --column ' token'?\n"),
        ("id,access_token", ("--column", "Access_Token "), "'access_token'; is it --column access_token?\n"),
        ("ID", ("--column", "id"), "; is it --column ID?; --input-format text reads a token a line\n"),
        ("id;x", ("--delimiter", "|"), "; --delimiter ';' splits that at another character\n"),
        ("id,x", ("--delimiter", ";"), "; --delimiter , splits that at another character\n"),
        ("id|x,y", ("--delimiter", ","), "; there are 'id|x', 'y'\n"),
    ],
)
def test_csv_whose_column_is_nearly_there(
    public: Path, head: str, options: tuple[str, ...], said: str
) -> None:
    done = run("verify", "-k", public, "--input-format", "csv", *options, stdin=f"{head}\n1,2\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_file_without_names_has_no_token_told(public: Path) -> None:
    done = run("verify", "-k", public, "--input-format", "csv", stdin=f"{token()};1\n")
    assert done.exit_code == 2
    assert "token; --delimiter ';' splits that at another character\n" in done.stderr
    assert "eyJ" not in done.stderr


def test_parquet_whose_column_is_nearly_there(tmp_path: Path, public: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    path = tmp_path / "table.parquet"
    pyarrow.parquet.write_table(arrow.table({"id": [1], "Token": [token()]}), path)
    done = run("verify", "-k", public, path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("; there are 'id', 'Token'; is it --column Token?\n")
