"""``cyjwt keygen`` and ``cyjwt jwks``: what is written, for whom, and what is never overwritten."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

pytest.importorskip("click")

import cyjwt
from cyjwt.algorithms import ALGORITHMS
from tests.unit.cli_support import KEYS, key_file, run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- keygen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_for_every_algorithm(tmp_path: Path, algorithm: str) -> None:
    private, public = tmp_path / "private.jwk", tmp_path / "public.jwk"
    symmetric = ALGORITHMS[algorithm].kty == "oct"
    arguments = ["--out", private] + ([] if symmetric else ["--public-out", public])
    done = run("keygen", "--algorithm", algorithm, *arguments)
    assert (done.exit_code, done.stdout) == (0, "")
    key = cyjwt.Key.from_file(private)
    assert (key.alg, key.private, mode(private)) == (algorithm, True, 0o600)
    assert key.kid is not None
    assert done.stderr == f"{private}: {algorithm} key {key.kid}\n"
    if symmetric:
        assert len(key.kid) == 32
        assert key.thumbprint() != key.kid
    else:
        published = cyjwt.Key.from_file(public)
        assert (published.private, published.kid, published) == (False, key.kid, key.public())
        assert key.kid == key.thumbprint()


def test_hmac_names_are_random() -> None:
    kids = {json.loads(run("keygen", "-a", "HS256").stdout)["kid"] for _ in range(3)}
    assert len(kids) == 3


def test_keys_to_standard_output() -> None:
    for arguments in ([], ["--out", "-"]):
        done = run("keygen", "--algorithm", "EdDSA", "--kid", "2026", *arguments)
        key = cyjwt.Key.from_jwk(done.stdout)
        assert (key.curve, key.private, key.kid) == ("Ed25519", True, "2026")


def test_bits_and_pem(tmp_path: Path) -> None:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    files = ["--out", private, "--public-out", public]
    done = run("keygen", "-a", "RS256", "--bits", "3072", "--format", "pem", *files)
    assert done.exit_code == 0
    key = cyjwt.Key.from_pem(private.read_bytes())
    assert (key.bits, key.private, mode(private)) == (3072, True, 0o600)
    assert cyjwt.Key.from_pem(public.read_bytes()) == key.public()
    assert done.stderr == f"{private}: RS256 key\n"


def test_pem_holds_no_name(tmp_path: Path) -> None:
    private, hint = tmp_path / "private.pem", "(PEM holds no kid: sign with --kid 'a b')\n"
    named = ["keygen", "-a", "ES256", "--format", "pem", "--kid", "a b"]
    assert run(*named, "--out", private).stderr == f"{private}: ES256 key\n{hint}"
    done = run(*named)
    assert done.stderr == hint
    assert cyjwt.Key.from_pem(done.stdout).kid is None


def test_files_are_not_replaced_without_force(tmp_path: Path) -> None:
    private, public = tmp_path / "private", tmp_path / "public"
    private.write_text("precious")
    public.write_text("precious")
    private.chmod(0o644)
    for arguments in (["--out", private], ["--out", tmp_path / "new", "--public-out", public]):
        done = run("keygen", "-a", "ES256", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "the file exists; --force replaces it" in done.stderr
    assert private.read_text() == public.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["private", "public"]
    done = run("keygen", "-a", "ES256", "--out", private, "--public-out", public, "--force")
    assert done.exit_code == 0
    assert cyjwt.Key.from_file(private).public() == cyjwt.Key.from_file(public)
    assert mode(private) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["private", "public"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link, loose = tmp_path / "target", tmp_path / "link", tmp_path / "loose"
    target.write_text("precious")
    link.symlink_to(target)
    loose.symlink_to(tmp_path / "nowhere")
    for path in (link, loose):
        assert run("keygen", "-a", "ES256", "--out", path).exit_code == 2
        assert run("keygen", "-a", "ES256", "--out", path, "--force").exit_code == 0
        assert not path.is_symlink()
    assert target.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing option"),
        (["-a", "none"], "'none' is not one of"),
        (["-a", "hs256"], "'hs256' is not one of"),
        (["-a", "HS256", "--format", "pem"], "has no PEM form"),
        (["-a", "HS256", "--public-out", "x"], "has no public part"),
        (["-a", "ES256", "--bits", "256"], "leaves no choice of bits"),
        (["-a", "RS256", "--bits", "1024"], "1024"),
        (["-a", "ES256", "--out", "x", "--public-out", "./x"], "are the same file"),
        (["-a", "ES256", "--out", "missing/x"], "missing/x: No such file or directory"),
        (["-a", "ES256", "--out", ".", "--force"], ".: not a regular file"),
    ],
)
def test_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("keygen", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- jwks ------------------------------------------------------------------------------------------


def test_the_set_is_public_whatever_it_is_made_of(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(cyjwt.KeySet([KEYS["EdDSA"]]).to_jwks(private=True)))
    files = [
        key_file(tmp_path, "ES256", private=True),
        key_file(tmp_path, "ES256"),
        key_file(tmp_path, "RS256", private=True, form="pem"),
        own,
    ]
    done = run("jwks", *files)
    assert (done.exit_code, done.stderr) == (0, "")
    entries = json.loads(done.stdout)["keys"]
    assert [entry["kid"] for entry in entries] == ["ec", KEYS["RS256"].thumbprint(), "okp"]
    assert {entry["use"] for entry in entries} == {"sig"}
    for entry in entries:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(entry)
    assert len(cyjwt.KeySet.from_jwks(done.stdout)) == 3


def test_key_ops_and_use_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    path.write_text(json.dumps(KEYS["ES256"].to_jwk(private=True) | {"key_ops": ["sign"]}))
    (entry,) = json.loads(run("jwks", path).stdout)["keys"]
    assert entry["key_ops"] == ["verify"]
    assert "use" not in entry


def test_the_set_in_a_file(tmp_path: Path) -> None:
    out = tmp_path / "jwks.json"
    arguments = ["jwks", key_file(tmp_path, "ES256"), "--out", out]
    assert run(*arguments).output == ""
    assert mode(out) & 0o400
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--force").exit_code == 0
    assert len(cyjwt.KeySet.from_file(out)) == 1


def test_secrets_are_refused(tmp_path: Path) -> None:
    done = run("jwks", key_file(tmp_path, "ES256"), key_file(tmp_path, "HS256"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "must not be published" in done.stderr


def test_two_keys_of_one_name_are_told(tmp_path: Path) -> None:
    path = tmp_path / "other.jwk"
    path.write_text(json.dumps(cyjwt.Key.generate("ES256", kid="ec").to_jwk()))
    done = run("jwks", key_file(tmp_path, "ES256"), path)
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["keys"]) == 2
    assert "several keys have the kid 'ec'" in done.stderr


def test_files_that_are_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("nothing")
    for arguments in (["jwks"], ["jwks", path], ["jwks", tmp_path / "missing"]):
        assert run(*arguments).exit_code == 2
