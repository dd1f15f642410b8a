"""``cyjwt verify``: the forms of its results, the claims in them, and where they go."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from cyjwt.cli.outputs.columns import fitted
from tests.unit.cli_support import FAR, call, environment, key_file, results, run, tampered, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


def lines() -> str:
    texts = [
        token(sub="a", exp=FAR, scope="read", roles=["x", "y"], name='Zoë, "Z"'),
        tampered(token()),
        "",
        token(sub="b", exp=FAR + 0.5, level=2, admin=True, extra={"n": None}, none=None),
        token(exp=1),
    ]
    return "\n".join(texts)


# --- NDJSON ----------------------------------------------------------------------------------------


def test_claims_of_ndjson(public: Path) -> None:
    options = ["--claim", "sub", "--claim", "roles", "--claim", "level", "--claim", "missing"]
    done = run("verify", "--key", public, "--json", *options, stdin=lines())
    found = results(done)
    assert [line["line"] for line in found] == [1, 2, 4, 5]
    assert found[0] == {"line": 1, "status": "valid", "claims": {"sub": "a", "roles": ["x", "y"]}}
    assert found[2]["claims"] == {"sub": "b", "level": 2}
    assert found[1]["reason"] == "invalid_signature"


def test_types_of_ndjson(public: Path) -> None:
    options = [
        "--claim",
        "exp:int64",
        "--claim",
        "sub:list<string>",
        "--claim",
        "extra:json",
        "--claim",
        "level:bool",
    ]
    done = run("verify", "--key", public, "--json", *options, stdin=lines())
    assert [line["claims"] for line in results(done) if line["status"] == "valid"] == [
        {"exp": FAR, "sub": ["a"]},
        {"exp": None, "sub": ["b"], "level": None, "extra": {"n": None}},
    ]


@pytest.mark.parametrize("where", ["one", "lines"])
def test_no_control_character_leaves_through_json(public: Path, where: str) -> None:
    text = token(name="\x00\x1b[2J\x7f\x80\x9b1m\x9f\xa0Zoë 漢\U0001f600", **{"\x9d\x85": "key"})
    given: dict[str, Any] = {"stdin": text} if where == "lines" else {}
    arguments = [text] if where == "one" else []
    done = run("verify", "--key", public, "--json", *arguments, **given)
    assert results(done)[0]["claims"]["name"] == "\x00\x1b[2J\x7f\x80\x9b1m\x9f\xa0Zoë 漢\U0001f600"
    assert results(done)[0]["claims"]["\x9d\x85"] == "key"
    assert not [c for c in done.stdout if c != "\n" and (c < " " or "\x7f" <= c <= "\x9f")]
    assert "\xa0Zoë 漢\U0001f600" in done.stdout
    assert not [
        c for c in run("inspect", "--json", text).stdout if c != "\n" and (c < " " or "\x7f" <= c < "\xa0")
    ]
    assert "\\u007f\\u0080\\u009b1m" in run("verify", "--key", public, text).stdout


# --- CSV -------------------------------------------------------------------------------------------


def test_csv(tmp_path: Path, public: Path) -> None:
    claims = ["sub", "exp", "roles", "name", "extra", "admin", "none"]
    options = [word for claim in claims for word in ("--claim", claim)]
    path = tmp_path / "results.csv"
    done = run("verify", "--key", public, *options, "--output", path, stdin=lines())
    assert done.exit_code == 1
    assert done.stdout.startswith("4 tokens: 2 valid, 2 not valid; blank lines skipped: 1; ")
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text
    assert list(csv.reader(io.StringIO(text))) == [
        ["line", "status", "reason", *claims],
        ["1", "valid", "", "a", str(FAR), '["x","y"]', 'Zoë, "Z"', "", "", ""],
        ["2", "invalid", "invalid_signature", *[""] * 7],
        ["4", "valid", "", "b", str(FAR + 0.5), "", "", '{"n":null}', "true", ""],
        ["5", "invalid", "expired", *[""] * 7],
    ]
    piped = run("verify", "--key", public, *options, "--output-format", "csv", stdin=lines())
    assert piped.stdout == text
    assert piped.stderr.startswith("4 tokens: ")


def test_csv_without_claims_and_with_types(public: Path) -> None:
    done = run("verify", "--key", public, "--output-format", "csv", "-q", stdin=lines())
    assert (
        done.output
        == "line,status,reason\n1,valid,\n2,invalid,invalid_signature\n4,valid,\n5,invalid,expired\n"
    )
    typed = ["--claim", "exp:int64", "--claim", "sub:json", "--claim", "roles:list<string>"]
    done = run("verify", "--key", public, "--output-format", "csv", "-q", *typed, stdin=lines())
    assert done.stdout.splitlines()[1:4:2] == [
        f'1,valid,,{FAR},"""a""","[""x"",""y""]"',
        '4,valid,,,"""b""",',
    ]


# --- Parquet ---------------------------------------------------------------------------------------


def test_parquet(tmp_path: Path, public: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    path = tmp_path / "results.parquet"
    claims = [
        "sub",
        "exp",
        "exp:double",
        "aud",
        "roles:list<string>",
        "extra:json",
        "admin:bool",
        "level:int64",
    ]
    del claims[1]
    options = [word for claim in claims for word in ("--claim", claim)]
    done = run("verify", "--key", public, *options, "--output", path, "--batch-size", "2", stdin=lines())
    assert done.exit_code == 1
    table = pyarrow.parquet.read_table(path)
    text, whole = arrow.string(), arrow.int64()
    assert [(field.name, field.type) for field in table.schema][:3] == [
        ("line", whole),
        ("status", text),
        ("reason", text),
    ]
    assert [field.type for field in table.schema][3:] == [
        text,
        arrow.float64(),
        arrow.list_(text),
        arrow.list_(text),
        text,
        arrow.bool_(),
        whole,
    ]
    nothing = dict.fromkeys(table.column_names[3:])
    assert table.to_pylist() == [
        {
            "line": 1,
            "status": "valid",
            "reason": None,
            **nothing,
            "sub": "a",
            "exp": FAR,
            "roles": ["x", "y"],
        },
        {"line": 2, "status": "invalid", "reason": "invalid_signature", **nothing},
        {
            "line": 4,
            "status": "valid",
            "reason": None,
            **nothing,
            "sub": "b",
            "exp": FAR + 0.5,
            "extra": '{"n":null}',
            "admin": True,
            "level": 2,
        },
        {"line": 5, "status": "invalid", "reason": "expired", **nothing},
    ]


def test_registered_claims_have_their_types_in_parquet(tmp_path: Path, public: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    path = tmp_path / "results.pq"
    options = [word for claim in ("iat", "nbf", "exp", "aud", "jti") for word in ("--claim", claim)]
    text = token(aud="orders", iat=5.0, nbf=6, jti="1")
    assert (
        run("verify", "-k", public, "--audience", "orders", *options, "-o", path, stdin=text).exit_code == 0
    )
    (row,) = pyarrow.parquet.read_table(path).to_pylist()
    assert row == {
        "line": 1,
        "status": "valid",
        "reason": None,
        "iat": 5,
        "nbf": 6,
        "exp": FAR,
        "aud": ["orders"],
        "jti": "1",
    }


def test_from_parquet_to_parquet(tmp_path: Path, public: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    path, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    texts = [token(sub=str(n)) if n % 7 else None for n in range(100)]
    pyarrow.parquet.write_table(arrow.table({"t": texts}), path)
    options = ["--column", "t", "--claim", "sub", "--batch-size", "9", "-qq", "-o", out]
    done = run("verify", "--key", public, *options, path)
    assert (done.exit_code, done.output) == (1, "")
    assert pyarrow.parquet.read_table(out).to_pylist() == [
        {"row": n + 1, "status": "valid", "reason": None, "sub": str(n)}
        if n % 7
        else {"row": n + 1, "status": "invalid", "reason": "no_token", "sub": None}
        for n in range(100)
    ]


def test_parquet_through_a_pipe(public: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    done = call("verify", "--key", public, "--output-format", "parquet", input=lines().encode())
    assert done.returncode == 1
    assert pyarrow.parquet.read_table(io.BytesIO(done.stdout)).column("line").to_pylist() == [1, 2, 4, 5]


def test_parquet_is_whole_though_the_input_is_not(tmp_path: Path, public: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import gzip

    import pyarrow.parquet

    path, out = tmp_path / "tokens.gz", tmp_path / "out.parquet"
    text = "".join(f"{token(n=n)}\n" for n in range(3000)).encode()
    path.write_bytes(gzip.compress(text)[:-2000])
    done = run("verify", "--key", public, "-o", out, path)
    assert done.exit_code == 2
    found = pyarrow.parquet.read_table(out).num_rows
    assert f"cut off after line {found}\n" in done.stderr
    assert found > 1000


# --- one token -------------------------------------------------------------------------------------


def test_one_token_in_every_form(tmp_path: Path, public: Path) -> None:
    good, bad = token(sub="a"), tampered(token())
    options = ["--key", public, "--claim", "sub"]
    one = run("verify", *options, "--output-format", "csv", good)
    assert (one.exit_code, one.output) == (0, "line,status,reason,sub\n1,valid,,a\n")
    one = run("verify", *options, "-o", tmp_path / "one.csv", bad)
    assert (one.exit_code, one.output) == (1, "")
    assert (tmp_path / "one.csv").read_text() == "line,status,reason,sub\n1,invalid,invalid_signature,\n"
    one = run("verify", *options, "--json", good)
    assert results(one) == [{"line": 1, "status": "valid", "claims": {"sub": "a"}}]


# --- options ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--claim", "sub"], "--claim needs --json, --output or --output-format"),
        (["--json", "--claim", ""], "--claim takes NAME or NAME:TYPE"),
        (["--json", "--claim", ":json"], "--claim takes NAME or NAME:TYPE"),
        (["--json", "--claim", "a", "--claim", "a:json"], "--claim a is given twice"),
        (["--output-format", "csv", "--claim", "reason"], "has another column of that name"),
        (["--json", *[f"--claim=c{n}" for n in range(300)]], "claims"),
        (["--json", "--output-format", "csv"], "--json contradicts --output-format csv"),
        (["--output", "results.txt"], "no form is known by that ending"),
        (["--output-format", "xml"], "'xml' is not one of"),
    ],
)
def test_options_that_mean_nothing(public: Path, arguments: list[str], said: str) -> None:
    done = run("verify", "--key", public, *arguments, stdin=token())
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_may_have_colons(public: Path) -> None:
    names = {"https://example.com/roles": 1, "a:b": 2, "cognito:groups": 3, "status": 4}
    options = [word for name in (*names, "y:z:int64") for word in ("--claim", name)]
    done = run("verify", "-k", public, "--json", *options, stdin=token(**names, **{"y:z": 5}))
    assert results(done)[0]["claims"] == {**names, "y:z": 5}


def test_the_output_never_replaces_what_is_read(tmp_path: Path, public: Path) -> None:
    path = tmp_path / "tokens.ndjson"
    path.write_text(json.dumps({"token": token()}) + "\n")
    (tmp_path / "link.ndjson").symlink_to(path)
    before = path.read_bytes()
    for out in (path, tmp_path / "link.ndjson", public):
        done = run("verify", "--key", public, "--output", out, "--output-format", "ndjson", path)
        assert done.exit_code == 2
        assert "one of the files that are read" in done.stderr
    assert path.read_bytes() == before
    assert cyjwt.Key.from_file(public)


def test_an_output_that_exists_is_replaced_unless_the_input_cannot_be_read(
    tmp_path: Path, public: Path
) -> None:
    out, broken = tmp_path / "out.csv", tmp_path / "in.csv"
    out.write_text("before")
    broken.write_text("id\n1\n")
    for name in (broken, tmp_path / "missing.csv"):
        assert run("verify", "--key", public, "-o", out, name).exit_code == 2
    assert out.read_text() == "before"
    assert run("verify", "--key", public, "-o", out, stdin=token()).exit_code == 0
    assert out.read_text() == "line,status,reason\n1,valid,\n"


def test_output_that_cannot_be_written(tmp_path: Path, public: Path) -> None:
    for out in (tmp_path / "no" / "out.csv", tmp_path):
        done = run("verify", "--key", public, "-o", out, "--output-format", "csv", stdin=token())
        assert done.exit_code == 2
        assert done.stderr.startswith(f"Error: {out}: ")
    if Path("/dev/full").exists():
        for form in ("csv", "ndjson"):
            done = run("verify", "--key", public, "-o", "/dev/full", "--output-format", form, stdin=token())
            assert (done.exit_code, done.stderr) == (2, "Error: /dev/full: No space left on device\n")


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("pyarrow", ["--output-format", "parquet"], "Parquet needs pyarrow: pip install 'cyjwt[parquet]'"),
        ("pyarrow", ["table.parquet"], "Parquet needs pyarrow: pip install 'cyjwt[parquet]'"),
        ("zstd", ["tokens.zst"], "pip install 'cyjwt[cli]'"),
    ],
)
def test_packages_that_are_missing_are_asked_for(
    tmp_path: Path, public: Path, module: str, arguments: list[str], said: str
) -> None:
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    (tmp_path / "tokens.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    named = ["compression.zstd", "backports.zstd"] if module == "zstd" else ["pyarrow", "pyarrow.parquet"]
    hide = "".join(f"sys.modules[{name!r}] = None; " for name in named)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; {hide}from cyjwt.cli import main; main()",
            "verify",
            "-k",
            public,
            *arguments,
        ],
        cwd=tmp_path,
        input=token().encode(),
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        ("a", "string", "a"),
        (5, "string", None),
        (5, "int64", 5),
        (5.0, "int64", 5),
        (5.5, "int64", None),
        (True, "int64", None),
        (1 << 63, "int64", None),
        (-(1 << 63), "int64", -(1 << 63)),
        (1e300, "int64", None),
        (5, "double", 5.0),
        (True, "double", None),
        pytest.param(10**400, "double", None, id="too large for a double"),
        (True, "bool", True),
        (1, "bool", None),
        (["a"], "list<string>", ["a"]),
        ([], "list<string>", []),
        ("a", "list<string>", ["a"]),
        (["a", 1], "list<string>", None),
        ({"a": [1]}, "json", '{"a":[1]}'),
        ("a", "json", '"a"'),
        (None, "json", "null"),
        (None, "list<string>", None),
        (None, "string", None),
    ],
)
def test_what_fits_a_type(value: object, kind: str, wanted: object) -> None:
    found = fitted(value, kind)
    assert (type(found), found) == (type(wanted), wanted)
