"""The demo: small runs of it, and what it says when something is not as planted."""

from __future__ import annotations

import collections
import importlib.util
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from tests.support import ROOT
from tests.unit.cli_support import environment

SCRIPT = ROOT / "tools" / "demo.py"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cyjwt_demo", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cyjwt_demo"] = module
    spec.loader.exec_module(module)
    return module


def start(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env=environment(),
    )


def test_a_small_run(tmp_path: Path) -> None:
    done = start("--tokens", "2000", "--out", tmp_path / "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["good", "valid", "1,600", "1,600"] in words
    assert ["tampered", "invalid_signature", "120", "120"] in words
    assert ["expired", "expired", "100", "100"] in words
    assert ["another", "audience", "invalid_audience", "80", "80"] in words
    planted = [int(line[-2].replace(",", "")) for line in words if line[:1] == ["garbage"]]
    assert sum(planted) == 100
    for name in ("RS256", "ES256", "EdDSA", "HS256"):
        (row,) = [line for line in words if line[:1] == [name]]
        assert len(row) == 8 + (name == "EdDSA")
        assert all(float(figure.replace(",", "").rstrip("x")) > 0 for figure in row[-7:])
    assert "every one of 2,000 lines got the verdict that it was due" in done.stdout
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert kept >= {"jwks.json", "hs256.jwk", "tokens.txt", "results.jsonl"}
    assert len((tmp_path / "kept" / "tokens.txt").read_bytes().splitlines()) == 2000
    assert '"k"' not in (tmp_path / "kept" / "jwks.json").read_text()


def test_it_can_be_run_again_over_its_own_files(tmp_path: Path) -> None:
    for _ in range(2):
        assert start("--tokens", "50", "--out", tmp_path).returncode == 0


def test_bad_usage() -> None:
    assert start("--tokens", "0").returncode == 2


def test_the_plan_is_the_same_each_time(demo: ModuleType) -> None:
    first, again = (demo.plan(1000, random.Random(1)) for _ in range(2))
    assert first == again
    assert first != demo.plan(1000, random.Random(2))
    for field, shares in (("kind", demo.KINDS), ("algorithm", demo.ALGORITHMS), ("size", demo.SIZES)):
        counted = collections.Counter(getattr(item, field) for item in first)
        assert counted == {value: share * 10 for value, share in shares.items()}
    assert {item.issuer for item in first} == set(demo.ISSUERS)


def test_what_is_not_as_planted_is_found(demo: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.differences(["valid", "expired"], ["valid", "expired"]) == []
    assert "differs" not in capsys.readouterr().out
    # The counts agree, the lines do not.
    assert demo.differences(["valid", "expired"], ["expired", "valid"]) == [
        "line 1: planted valid, found expired",
        "line 2: planted expired, found valid",
    ]
    assert demo.differences(["valid"], ["segments"]) == ["line 1: planted valid, found segments"]
    assert capsys.readouterr().out.count("<-- differs") == 2


def test_it_fails_when_a_verdict_is_wrong(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    # Claimed to be spoilt, and not: the command line must disagree.
    monkeypatch.setattr(demo, "tampered", lambda token, claims, chance: token.encode())
    assert demo.demo(tmp_path, 100, 1) == 1
    said = capsys.readouterr().out
    assert "NOT AS PLANTED: 6 lines differ" in said
    assert "planted invalid_signature, found valid" in said


def test_it_fails_when_a_count_is_wrong(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.setitem(demo.WAYS, "verify_batch", lambda verifier, tokens: {"valid": len(tokens)})
    assert demo.demo(tmp_path, 100, 1) == 1
    said = capsys.readouterr().out
    assert "NOT AS PLANTED: 0 lines differ" in said
    assert said.count("verify_batch: planted ") == 4


def test_a_command_that_fails_ends_it(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    with pytest.raises(SystemExit, match="exited with 2, not with 0"):
        demo.run("jwks", tmp_path / "missing")


def test_every_form_of_garbage_has_its_verdict(demo: ModuleType) -> None:
    keys = cyjwt.KeySet([cyjwt.Key.generate("HS256", kid="a")])
    token = cyjwt.Signer(next(iter(keys)), lifetime=60).sign({"sub": "42"})
    chance, seen = random.Random(3), set()
    for _ in range(600):
        line = demo.garbage(token, chance)
        with pytest.raises(cyjwt.InvalidTokenError) as caught:
            cyjwt.Verifier(keys).verify(line.text)
        assert caught.value.code == line.verdict
        assert b"\n" not in line.text
        seen.add(line.verdict)
    assert "too_large" in seen
    assert len(seen) == 6
