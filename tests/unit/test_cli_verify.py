"""``cyjwt verify``: one token, lines, every option, every way to be refused."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from cyjwt import errors
from tests.unit.cli_support import FAR, key_file, results, run, tampered, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


# --- one token -------------------------------------------------------------------------------------


def test_one_token_prints_its_claims(public: Path) -> None:
    done = run("verify", "--key", public, token(name="Zoë"))
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"sub": "42", "exp": FAR, "name": "Zoë"}


def test_one_bad_token_is_told_on_standard_error(public: Path) -> None:
    done = run("verify", "--key", public, tampered(token()))
    assert (done.exit_code, done.stdout) == (1, "")
    assert (
        done.stderr == "Not valid: invalid_signature: Signature verification failed (InvalidSignatureError)\n"
    )


def test_one_token_as_json(public: Path) -> None:
    good, bad = (
        run("verify", "--key", public, "--json", token()),
        run("verify", "--key", public, "--json", token(exp=1)),
    )
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert results(good) == [{"line": 1, "status": "valid", "claims": {"sub": "42", "exp": FAR}}]
    assert results(bad) == [
        {
            "line": 1,
            "status": "invalid",
            "reason": "expired",
            "error": "ExpiredSignatureError",
            "message": "The token has expired",
            "claim": "exp",
        }
    ]


@pytest.mark.parametrize("text", ["", "garbage", "a.b.c", "é.b.c", "a.b.c.d", "e30.e30."])
def test_garbage_is_a_bad_token(public: Path, text: str) -> None:
    done = run("verify", "--key", public, text)
    assert done.exit_code == 1
    assert done.stderr.startswith("Not valid: ")


def test_a_mistyped_name_of_a_file_is_hinted_at(public: Path) -> None:
    hint = "(and there is no file of that name)"
    mistyped = run("verify", "--key", public, "my-tokens")
    assert hint in mistyped.stderr
    assert "my-tokens" not in mistyped.stderr
    for arguments, text in (([tampered(token())], None), ([], "my-tokens")):
        assert hint not in run("verify", "--key", public, *arguments, stdin=text).stderr


def test_characters_that_play_with_a_terminal_are_escaped(public: Path) -> None:
    done = run("verify", "--key", public, token(name="\x1b[2J\x9b1m\u202e\u2028Zoë 漢"))
    assert "\\u001b[2J\\u009b1m\\u202e\\u2028Zoë 漢" in done.stdout


# --- lines -----------------------------------------------------------------------------------------


def mixed() -> list[str]:
    return [token(), tampered(token()), "", token(exp=1), "garbage", "  ", token(aud="billing")]


WANTED = [
    (1, "valid"),
    (2, "invalid_signature"),
    (4, "expired"),
    (5, "segments"),
    (7, "invalid_audience"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("how", ["file", "option", "gz", "stdin", "dash", "stdin.gz", "no final newline"])
def test_lines_from_everywhere(tmp_path: Path, public: Path, how: str, end: str) -> None:
    text = end.join(mixed()) + ("" if how == "no final newline" else end)
    path = tmp_path / ("tokens.txt.gz" if "gz" in how else "tokens.txt")
    path.write_bytes(gzip.compress(text.encode()) if "gz" in how else text.encode())
    given: list[str | Path] = {"option": ["--file", path], "dash": ["-"]}.get(
        how, [] if "stdin" in how else [path]
    )
    piped = path.read_bytes() if "stdin" in how or how == "dash" else None
    done = run("verify", "--key", public, "--json", *given, stdin=piped)
    assert done.exit_code == 1
    assert [(line["line"], line.get("reason", line["status"])) for line in results(done)] == WANTED
    assert "5 tokens: 1 valid, 4 not valid; blank lines skipped: 2" in done.stderr


def test_the_members_of_a_result(tmp_path: Path, public: Path) -> None:
    lines = [token(), "garbage", token(sub=None)]
    done = run("verify", "--key", public, "--require", "sub", "--json", stdin="\n".join(lines))
    valid, garbage, missing = results(done)
    assert list(valid) == ["line", "status", "claims"]
    assert list(garbage) == list(missing) == ["line", "status", "reason", "error", "message", "claim"]
    assert garbage["claim"] is None
    assert (missing["reason"], missing["claim"]) == ("missing_claim", "sub")
    for result in (garbage, missing):
        assert issubclass(getattr(errors, result["error"]), cyjwt.InvalidTokenError)


def test_bad_lines_and_the_summary(public: Path) -> None:
    done = run("verify", "--key", public, stdin="\n".join([*mixed(), token(exp=2)]))
    assert (done.exit_code, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "line 2: invalid_signature: Signature verification failed (InvalidSignatureError)",
        "line 4: expired: The token has expired (ExpiredSignatureError)",
        "line 5: segments: The token is not three segments with two dots between them (DecodeError)",
        "line 7: invalid_audience: The token is for an audience (aud), and the verifier states none "
        "(InvalidAudienceError)",
        "line 8: expired: The token has expired (ExpiredSignatureError)",
    ]
    assert lines[5].startswith("6 tokens: 1 valid, 5 not valid; blank lines skipped: 2; ")
    assert lines[5].endswith(" tokens/s")
    assert [line.split() for line in lines[6:]] == [
        ["count", "reason", "error"],
        ["2", "expired", "ExpiredSignatureError"],
        ["1", "invalid_audience", "InvalidAudienceError"],
        ["1", "invalid_signature", "InvalidSignatureError"],
        ["1", "segments", "DecodeError"],
    ]


def test_all_valid(public: Path) -> None:
    done = run("verify", "--key", public, stdin=f"{token()}\n{token()}\n")
    assert done.exit_code == 0
    assert done.stdout.startswith("2 tokens: 2 valid, 0 not valid; ")
    assert done.stdout.count("\n") == 1


def test_quiet(public: Path) -> None:
    lines = "\n".join(mixed())
    once = run("verify", "--key", public, "-q", stdin=lines)
    assert "line 2" not in once.stdout
    assert once.stdout.startswith("5 tokens: 1 valid, 4 not valid")
    twice = run("verify", "--key", public, "-qq", stdin=lines)
    assert twice.output == ""
    only_results = run("verify", "--key", public, "-q", "--json", stdin=lines)
    assert (len(results(only_results)), only_results.stderr) == (5, "")
    assert run("verify", "--key", public, "-qq", "--json", stdin=lines).output == ""
    assert run("verify", "--key", public, "-q", tampered(token())).output == ""
    assert run("verify", "--key", public, "-q", token()).output == ""
    assert {once.exit_code, twice.exit_code, only_results.exit_code} == {1}


def test_lines_that_are_no_text(public: Path) -> None:
    lines = [
        b"\xff\xfe\x00",
        b"\0",
        b"a" * 70_000,
        b"a" * 1_000_000,
        token().encode(),
        b"\xc3.\xc3.\xc3",
        b"\r",
    ]
    done = run("verify", "--key", public, "--json", stdin=b"\n".join(lines))
    assert [(line["line"], line.get("reason", line["status"])) for line in results(done)] == [
        (1, "segments"),
        (2, "segments"),
        (3, "too_large"),
        (4, "too_large"),
        (5, "valid"),
        (6, "invalid_base64"),
    ]
    assert done.exit_code == 1


def test_no_line_is_echoed(public: Path) -> None:
    bad = [tampered(token(name="Confidential")), "confidential", token(exp=1), "e30.Confidential.e30"]
    for arguments in (["--json"], []):
        done = run("verify", "--key", public, *arguments, stdin="\n".join(bad))
        for text in bad:
            for segment in text.split("."):
                assert segment not in done.output
    for text in bad:
        assert text not in run("verify", "--key", public, text).output


# --- what ends with 2 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give at least one key"),
        (["--key", "missing.pem"], "missing.pem: No such file or directory"),
        (["--key", "."], ".: Is a directory"),
        (["--key", "bad"], "bad: neither PEM, DER, a JWK nor a JWK Set"),
        (["--key", "bad.pem"], "bad.pem: "),
        (["--key", "bad.jwk"], "bad.jwk: "),
        (["--key", "bad.json"], "bad.json: "),
        (["--key", "ssh.pub"], "convert it with ssh-keygen"),
        (["--key", "huge"], "are no key file"),
        (["--secret-file", "short", "--algorithm", "HS256"], "short: "),
        (["--secret-file", "missing", "--algorithm", "HS256"], "missing: No such file"),
        (["--key", "good", "--algorithm", "none"], "'none' is not one of"),
        (["--key", "good", "--algorithm", "RS256"], "no key given is fit for RS256"),
        (["--key", "good", "--leeway", "-1"], "leeway must be finite and not negative"),
        (["--key", "good", "--leeway", "nan"], "leeway must be finite and not negative"),
        (["--key", "good", "--leeway", "soon"], "'soon' is not a valid float"),
        (["--key", "good", "--max-age", "inf"], "max_age must be finite"),
        (["--key", "good", "--max-token-size", "0"], "max_token_size must be from 1"),
        (["--key", "good", "--issuer", ""], "issuer must not be empty"),
        (["--key", "good", "--require", ""], "required must not be empty"),
        (["--key", "good", "--require", "exp", "--no-require-exp"], "contradicts"),
        (["--key", "good", "--unknown"], "No such option"),
        (["--key", "good", "--file", "tokens.txt"], "not both"),
    ],
)
def test_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    key_file(tmp_path, "ES256").rename("good")
    Path("bad").write_text("nothing")
    Path("bad.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    Path("bad.jwk").write_text('{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}')
    Path("bad.json").write_text('{"keys": []}')
    Path("ssh.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me\n")
    Path("huge").write_bytes(b"\n" * 1_100_000)
    Path("short").write_bytes(b"short")
    done = run("verify", *arguments, token())
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert token() not in done.stderr


@pytest.mark.parametrize("name", ["missing.txt", "missing.txt.gz", "folder/missing", "."])
def test_input_that_cannot_be_read(
    tmp_path: Path, public: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("verify", "--key", public, name)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: {name}: ")
    assert run("verify", "--key", public, "--file", name).exit_code == 2


@pytest.mark.parametrize("content", ["", "\n\n", "  \r\n"])
def test_an_input_without_a_token_is_not_all_valid(tmp_path: Path, public: Path, content: str) -> None:
    path = tmp_path / "empty.txt"
    path.write_text(content)
    for done in (run("verify", "--key", public, path), run("verify", "--key", public, stdin=content)):
        assert done.exit_code == 2
        assert "no token in it" in done.stderr


@pytest.mark.parametrize("fault", ["cut", "damaged", "checksum"])
def test_broken_gzip_keeps_what_came_before(tmp_path: Path, public: Path, fault: str) -> None:
    text = "".join(f"{token(n=n)}\n" for n in range(4000)).encode()
    packer = zlib.compressobj(wbits=31)
    half = packer.compress(text[: len(text) // 2]) + packer.flush(zlib.Z_FULL_FLUSH)
    # A block whose first octet is 0xff is of a type that does not exist.
    whole = half + (
        packer.compress(text[len(text) // 2 :]) + packer.flush() if fault != "damaged" else b"\xff" * 9
    )
    path = tmp_path / "tokens.txt.gz"
    path.write_bytes({"cut": whole[:-9], "damaged": whole, "checksum": whole[:-8] + bytes(8)}[fault])
    done = run("verify", "--key", public, "--json", path)
    assert done.exit_code == 2
    found = results(done)
    assert {line["status"] for line in found} == {"valid"}
    assert [line["claims"]["n"] for line in found] == list(range(len(found)))
    assert 1000 < len(found) <= (2000 if fault == "damaged" else 4000)
    assert done.stderr.startswith(f"{len(found):,} tokens: {len(found):,} valid, 0 not valid; ")
    why = "cut off" if fault == "cut" else "damaged (or not gzip)"
    assert done.stderr.endswith(f"Error: {path}: the compressed data is {why} after line {len(found)}\n")


def test_a_file_named_outright_wins_over_its_looks(
    tmp_path: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.b.c").write_text(token())
    assert run("verify", "--key", public, "--file", "a.b.c").stdout.startswith("1 token: 1 valid")
    assert run("verify", "--key", public, "--file", "-", stdin=token()).stdout.startswith("1 token: 1 valid")
