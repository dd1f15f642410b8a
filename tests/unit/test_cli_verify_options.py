"""``cyjwt verify``: its options, and the keys it takes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from tests.unit.cli_support import FAR, KEYS, key_file, results, run, tampered, token


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return key_file(tmp_path, "ES256")


# --- options ---------------------------------------------------------------------------------------

# The rows below hold for hours, since the suite may come to them long after it was collected.
NOW = int(time.time())


@pytest.mark.parametrize(
    ("arguments", "claims", "reason"),
    [
        (["--issuer", "a"], {"iss": "a"}, None),
        (["--issuer", "a", "--issuer", "b"], {"iss": "b"}, None),
        (["--issuer", "a"], {"iss": "b"}, "invalid_issuer"),
        (["--issuer", "a"], {}, "missing_claim"),
        (["--audience", "a"], {"aud": "a"}, None),
        (["--audience", "a", "--audience", "b"], {"aud": ["c", "b"]}, None),
        (["--audience", "a"], {"aud": "b"}, "invalid_audience"),
        ([], {"aud": "a"}, "invalid_audience"),
        (["--subject", "42"], {}, None),
        (["--subject", "43"], {}, "invalid_subject"),
        ([], {"exp": NOW - 50}, "expired"),
        (["--leeway", "86400"], {"exp": NOW - 50}, None),
        (["--leeway", "1000.5"], {"nbf": NOW + 900}, None),
        ([], {"nbf": NOW + 86_400}, "immature"),
        ([], {"exp": None}, "missing_claim"),
        (["--require", "exp"], {"exp": None}, "missing_claim"),
        (["--require", "jti"], {"exp": None, "jti": "1"}, "missing_claim"),
        (["--require", "jti"], {}, "missing_claim"),
        (["--require", "jti", "--require", "sub"], {"jti": "1"}, None),
        (["--no-require-exp"], {"exp": None}, None),
        (["--no-require-exp"], {"exp": 1}, "expired"),
        (["--no-require-exp", "--require", "jti"], {"exp": None}, "missing_claim"),
        (["--max-age", "86400"], {"iat": NOW}, None),
        (["--max-age", "86400"], {"iat": NOW - 100_000}, "too_old"),
        (["--max-age", "86400"], {}, "missing_claim"),
        (["--type", "JWT"], {}, None),
        (["--type", "at+jwt"], {}, "invalid_type"),
        (["--max-token-size", "50"], {}, "too_large"),
        (["--algorithm", "ES256"], {}, None),
        (["--algorithm", "RS256", "--algorithm", "ES256"], {}, None),
    ],
)
def test_options(public: Path, arguments: list[str], claims: dict[str, object], reason: str | None) -> None:
    one = run("verify", "--key", public, "--json", *arguments, token(**claims))
    many = run("verify", "--key", public, "--json", *arguments, stdin=token(**claims))
    assert one.exit_code == many.exit_code == (reason is not None)
    assert results(one) == results(many)
    assert results(one)[0].get("reason") == reason


def test_one_algorithm_of_a_key_fit_for_several(tmp_path: Path) -> None:
    pem = tmp_path / "rsa.pem"
    pem.write_text(KEYS["RS256"].to_pem())
    assert run("verify", "--key", pem, "--algorithm", "RS256", token("RS256")).exit_code == 0
    refused = run("verify", "--key", pem, "--algorithm", "PS256", "--json", token("RS256"))
    assert results(refused)[0]["reason"] == "invalid_algorithm"


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "form"),
    [
        (algorithm, form)
        for algorithm in KEYS
        for form in ("jwk", "pem", "der")
        if algorithm != "HS256" or form == "jwk"
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_one_key_serves_any_kid(tmp_path: Path, algorithm: str, form: str, private: bool) -> None:
    path = key_file(tmp_path, algorithm, private=private, form=form)
    text = token(algorithm, headers={"kid": "another"})
    done = run("verify", "--key", path, text)
    assert (done.exit_code, done.stderr) == (0, "")
    assert run("verify", "--key", path, tampered(text)).exit_code == 1


def test_several_keys_are_a_set(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(cyjwt.KeySet([KEYS["RS256"], KEYS["EdDSA"]]).to_jwks()))
    keys = ["--key", jwks, "--key", key_file(tmp_path, "ES256"), "--key", key_file(tmp_path, "HS256")]
    lines = [token(algorithm) for algorithm in KEYS] + [token(headers={"kid": "unknown"})]
    done = run("verify", *keys, "--json", stdin="\n".join(lines))
    assert [line.get("reason") for line in results(done)] == [None, None, None, None, "key_not_found"]


def test_a_set_of_one_key_is_still_a_set(tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(cyjwt.KeySet([KEYS["ES256"]]).to_jwks()))
    assert run("verify", "--key", jwks, token()).exit_code == 0
    done = run("verify", "--key", jwks, token(headers={"kid": "unknown"}))
    assert "key_not_found" in done.stderr


def test_a_key_without_kid_has_its_thumbprint_for_one_in_a_set(tmp_path: Path) -> None:
    paths = [key_file(tmp_path, "ES256", form="pem"), key_file(tmp_path, "RS256", form="pem")]
    named = token(headers={"kid": KEYS["ES256"].thumbprint()})
    bare = cyjwt.encode({"exp": FAR}, KEYS["ES256"].to_pem(private=True), algorithm="ES256")
    for text, status in ((named, 0), (bare, 0), (token(), 1)):
        assert run("verify", "--key", paths[0], "--key", paths[1], text).exit_code == status


def test_private_keys_of_a_set_count_only_when_it_is_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(cyjwt.KeySet([KEYS["ES256"], KEYS["HS256"]]).to_jwks(private=True)))
    refused = run("verify", "--key", path, token())
    assert refused.exit_code == 2
    assert "no key that can be used" in refused.stderr
    for algorithm in ("ES256", "HS256"):
        assert run("verify", "--key", path, "--private-set", token(algorithm)).exit_code == 0


def test_a_bad_key_of_a_set_is_told_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    entries = [{"kty": "new"}, KEYS["HS256"].to_jwk(private=True), KEYS["ES256"].to_jwk()]
    path.write_text(json.dumps({"keys": entries}))
    done = run("verify", "--key", path, token())
    assert done.exit_code == 0
    assert "Warning: " in done.stderr
    assert "key 0 of the JWK Set was left out" in done.stderr
    assert "--private-set was not given" in done.stderr


def test_a_secret_from_a_file_of_octets(tmp_path: Path) -> None:
    path = tmp_path / "secret.bin"
    path.write_bytes(b"every octet counts, the newline too\n")
    text = cyjwt.encode({"exp": FAR}, path.read_bytes(), algorithm="HS256", headers={"kid": "any"})
    assert run("verify", "--secret-file", path, "--algorithm", "HS256", text).exit_code == 0
    assert run("verify", "--secret-file", path, text).exit_code == 2
    assert run("verify", "--secret-file", path, "--algorithm", "RS256", text).exit_code == 2
    path.write_bytes(path.read_bytes().rstrip())
    assert run("verify", "--secret-file", path, "--algorithm", "HS256", text).exit_code == 1
    both = ["--secret-file", path, "--key", key_file(tmp_path, "ES256")]
    done = run("verify", *both, "--algorithm", "HS256", "--algorithm", "ES256", token())
    assert done.exit_code == 0


def test_a_public_key_is_no_secret(tmp_path: Path) -> None:
    path = key_file(tmp_path, "RS256", form="pem")
    done = run("verify", "--secret-file", path, "--algorithm", "HS256", token("HS256"))
    assert done.exit_code == 2
    assert "is no HMAC secret" in done.stderr
