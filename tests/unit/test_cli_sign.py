"""``cyjwt sign``, ``inspect``, ``info``, and what the commands say of themselves."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from tests.unit.cli_support import FAR, KEYS, key_file, run, token

# --- sign ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", KEYS)
def test_sign_with_every_kind_of_key(tmp_path: Path, algorithm: str) -> None:
    path = key_file(tmp_path, algorithm, private=True)
    done = run("sign", "--key", path, '{"sub": "Zoë"}')
    assert (done.exit_code, done.stderr, done.stdout[-1]) == (0, "", "\n")
    verified = cyjwt.Verifier(KEYS[algorithm], required=()).verify_complete(done.stdout.rstrip())
    assert verified.claims == {"sub": "Zoë"}
    assert verified.header == {"alg": algorithm, "typ": "JWT", "kid": KEYS[algorithm].kid}


@pytest.mark.parametrize("how", ["argument", "file", "dash", "stdin"])
def test_claims_from_everywhere(tmp_path: Path, how: str) -> None:
    text = '{"sub": "Zoë", "n": [1, 2.5, null]}'
    path = tmp_path / "claims.json"
    path.write_text(text, encoding="utf-8")
    given = {"argument": [text], "file": [f"@{path}"], "dash": ["-"], "stdin": []}[how]
    done = run("sign", "--key", key_file(tmp_path, "HS256"), *given, stdin=text)
    assert cyjwt.read_unverified(done.stdout.rstrip()).claims == json.loads(text)


def test_what_is_added(tmp_path: Path) -> None:
    options = ["--issuer", "me", "--audience", "a", "--lifetime", "900"]
    headers = ["--type", "at+jwt", "--header", "x=1", "--header", "y:=[1]", "--header", "z=a=b", "--kid", "k"]
    done = run("sign", "--key", key_file(tmp_path, "HS256"), *options, *headers, '{"sub": "42"}')
    made = cyjwt.read_unverified(done.stdout.rstrip())
    assert made.header == {
        "alg": "HS256",
        "typ": "at+jwt",
        "kid": "k",
        "x": "1",
        "y": [1],
        "z": "a=b",
    }
    assert (made.claims["iss"], made.claims["aud"], made.claims["sub"]) == ("me", "a", "42")
    assert made.claims["exp"] - made.claims["iat"] == 900
    assert abs(made.claims["iat"] - time.time()) < 60


def test_claims_win_over_options(tmp_path: Path) -> None:
    done = run("sign", "--key", key_file(tmp_path, "HS256"), "--issuer", "me", '{"iss": "you"}')
    assert cyjwt.read_unverified(done.stdout.rstrip()).claims == {"iss": "you"}


def test_several_audiences_and_no_type(tmp_path: Path) -> None:
    options = ["--audience", "a", "--audience", "b", "--type", ""]
    made = cyjwt.read_unverified(
        run("sign", "-k", key_file(tmp_path, "HS256"), *options, "{}").stdout.rstrip()
    )
    assert made.claims == {"aud": ["a", "b"]}
    assert "typ" not in made.header


def test_a_key_fit_for_several_algorithms(tmp_path: Path) -> None:
    path = key_file(tmp_path, "RS256", private=True, form="pem")
    unsaid = run("sign", "--key", path, "{}")
    assert unsaid.exit_code == 2
    assert "say which algorithm" in unsaid.stderr
    done = run("sign", "--key", path, "--algorithm", "PS384", "{}")
    assert cyjwt.read_unverified(done.stdout.rstrip()).header == {"alg": "PS384", "typ": "JWT"}


def test_a_key_of_a_set_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(cyjwt.KeySet(KEYS.values()).to_jwks(private=True)))
    for choice in (["--kid", "ec"], ["--algorithm", "ES256"]):
        done = run("sign", "--key", path, *choice, "{}")
        assert cyjwt.read_unverified(done.stdout.rstrip()).header["kid"] == "ec"
    several, none = (
        "4 keys of the JWK Set would serve: choose by",
        "no private key in the JWK Set would serve: look at",
    )
    for choice, said in (
        ([], several),
        (["--kid", "unknown"], none),
        (["--kid", "ec", "--algorithm", "RS256"], none),
    ):
        done = run("sign", "--key", path, *choice, "{}")
        assert done.exit_code == 2
        assert f"{said} --kid and --algorithm" in done.stderr


def test_a_public_set_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(cyjwt.KeySet([KEYS["ES256"], KEYS["RS256"]]).to_jwks()))
    done = run("sign", "--key", path, "{}")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: {path}: no private key in the JWK Set would serve\n"


def test_a_secret_from_a_file_of_octets(tmp_path: Path) -> None:
    path = tmp_path / "secret.bin"
    path.write_bytes(bytes(range(64)))
    done = run("sign", "--secret-file", path, "--algorithm", "HS512", f'{{"exp": {FAR}}}')
    assert cyjwt.decode(done.stdout.rstrip(), bytes(range(64)), algorithms=["HS512"]) == {"exp": FAR}
    assert run("sign", "--secret-file", path, "{}").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}"], "Give one key"),
        (["--key", "good", "--secret-file", "good", "{}"], "Give one key"),
        (["--key", "missing", "{}"], "missing: No such file or directory"),
        (["--key", "public", "{}"], "may not sign"),
        (["--key", "good", "--algorithm", "RS256", "{}"], "may not sign with RS256"),
        (["--key", "good", "[]"], "is not a JSON object"),
        (["--key", "good", "{"], "is not JSON"),
        (["--key", "good", '{"a": 1, "a": 2}'], "holds a member twice"),
        (["--key", "good", '{"a": NaN}'], "is not JSON"),
        (["--key", "good", "@missing.json"], "missing.json: No such file or directory"),
        (["--key", "good"], "CLAIMS is not JSON"),
        (["--key", "good", "--lifetime", "-1", "{}"], "lifetime must be finite"),
        (["--key", "good", "--lifetime", "soon", "{}"], "'soon' is not a valid float"),
        (["--key", "good", "--issuer", "", "{}"], "issuer must not be empty"),
        (["--key", "good", "--header", "x", "{}"], "NAME=TEXT"),
        (["--key", "good", "--header", "=x", "{}"], "NAME=TEXT"),
        (["--key", "good", "--header", ":=1", "{}"], "NAME=TEXT"),
        (["--key", "good", "--header", "x:=y", "{}"], "--header x is not JSON"),
        (["--key", "good", "--header", "x=1", "--header", "x=2", "{}"], "given twice"),
        (["--key", "good", "--header", "alg=none", "{}"], "headers must not set alg"),
    ],
)
def test_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    key_file(tmp_path, "ES256", private=True).rename("good")
    key_file(tmp_path, "ES256").rename("public")
    done = run("sign", *arguments, stdin="")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


# --- inspect ---------------------------------------------------------------------------------------


def test_inspect_shows_and_warns() -> None:
    text = token(nbf=1, iat="soon")
    done = run("inspect", text)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "header": {"alg": "ES256", "typ": "JWT", "kid": "ec"},
        "claims": {"sub": "42", "exp": FAR, "nbf": 1, "iat": "soon"},
    }
    assert done.stderr.startswith("UNVERIFIED: nothing was checked.")
    assert "nbf 1970-01-01 00:00:01Z (" in done.stderr
    assert "exp 2100-01-01 00:00:00Z (in " in done.stderr
    assert "iat" not in done.stderr


def test_inspect_as_json() -> None:
    done = run("inspect", "--json", token())
    assert done.stdout.count("\n") == 1
    assert set(json.loads(done.stdout)) == {"header", "claims"}
    assert done.stderr.startswith("UNVERIFIED")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("how", ["stdin", "dash", "file", "option", "gz"])
def test_inspect_from_everywhere(tmp_path: Path, how: str) -> None:
    path = tmp_path / ("token.gz" if how == "gz" else "token.txt")
    data = f"\n{token()}\r\n\n".encode()
    path.write_bytes(gzip.compress(data) if how == "gz" else data)
    given = {"stdin": [], "dash": ["-"], "option": ["--file", path]}.get(how, [path])
    assert json.loads(run("inspect", *given, stdin=data).stdout)["claims"] == {"sub": "42", "exp": FAR}


def test_inspect_what_is_no_token(tmp_path: Path) -> None:
    for text in ("garbage", "a.b.c", "é", token().replace(".", "..")):
        done = run("inspect", text)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "Not a token: " in done.stderr
        assert text not in done.stderr
        assert ("no file of that name" in done.stderr) == (text != "a.b.c")
    broken = tmp_path / "token.gz"
    broken.write_bytes(b"nothing")
    for done in (
        run("inspect", stdin=""),
        run("inspect", stdin=f"{token()}\n{token()}\n"),
        run("inspect", tmp_path / "missing"),
        run("inspect", broken),
        run("inspect", token(), "--file", "x"),
    ):
        assert (done.exit_code, done.stdout) == (2, "")


# --- info, help ------------------------------------------------------------------------------------


def test_info() -> None:
    table = dict(line.split(maxsplit=1) for line in run("info").stdout.splitlines())
    known = cyjwt.build_info()
    assert list(table) == list(known)
    assert table["libcrypto_version"].strip() == known["libcrypto_version"]
    assert json.loads(run("info", "--json").stdout) == known


def test_version() -> None:
    assert run("--version").stdout == f"cyjwt, version {cyjwt.__version__}\n"


@pytest.mark.parametrize("command", ["keygen", "jwks", "sign", "verify", "inspect", "info"])
def test_help_teaches(command: str) -> None:
    assert f"  {command} " in run("--help").stdout
    for flag in ("--help", "-h"):
        done = run(command, flag)
        assert done.exit_code == 0
        assert done.stdout.startswith(f"Usage: cyjwt {command} ")
        # Examples, but of the one command that takes nothing.
        assert done.stdout.count(f"    cyjwt {command} ") >= (0 if command == "info" else 2)
        assert "  --" in done.stdout


def test_usage_errors() -> None:
    for arguments in (["unknown"], ["--unknown"], ["verify", "--unknown"], ["info", "more"]):
        done = run(*arguments)
        assert done.exit_code == 2
        assert "Usage: " in done.stderr
