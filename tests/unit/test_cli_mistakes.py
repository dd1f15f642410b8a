"""``cyjwt verify``: what it says of options and inputs that are nearly right."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

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
