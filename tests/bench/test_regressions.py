"""bench.regressions: what counts as slower, by pyperf's own statistics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyperf")

import pyperf

from bench import regressions, results
from tests.bench.made import FACTS, suite


def saved(folder: Path, name: str, found: pyperf.BenchmarkSuite) -> str:
    results.save(found, folder / name)
    return str(folder / name)


def compared(folder: Path, old: pyperf.BenchmarkSuite, new: pyperf.BenchmarkSuite, *more: str) -> int:
    return regressions.main([saved(folder, "old.json", old), saved(folder, "new.json", new), *more])


def test_the_same_again_is_no_regression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, suite(a={"cyjwt": 1e-6}), suite(a={"cyjwt": 1e-6})) == 0
    assert "1 cases of cyjwt in both: 0 slower" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ratio", "threshold", "status"), [(1.5, "10", 1), (1.08, "10", 0), (1.08, "5", 1), (0.5, "10", 0)]
)
def test_the_threshold_decides(tmp_path: Path, ratio: float, threshold: str, status: int) -> None:
    old, new = (
        suite(a={"cyjwt": 1e-6}, b={"cyjwt": 2e-6}),
        suite(a={"cyjwt": ratio * 1e-6}, b={"cyjwt": 2e-6}),
    )
    assert compared(tmp_path, old, new, "--threshold", threshold) == status


def test_it_says_which_and_what_the_others_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = suite(verify_x={"cyjwt": 1e-6, "PyJWT": 1e-5}, sign_y={"cyjwt": 1e-6})
    new = suite(verify_x={"cyjwt": 2e-6, "PyJWT": 1.2e-5}, sign_y={"cyjwt": 5e-7})
    assert compared(tmp_path, old, new) == 1
    assert capsys.readouterr().out.splitlines() == [
        "slower: verify x, 2.00 times as long",
        "faster: sign y, 0.50 times as long",
        "2 cases of cyjwt in both: 1 slower by more than 10 percent",
        "the others meanwhile: 1.20 times as long",
    ]


def test_noise_is_no_regression(tmp_path: Path) -> None:
    """The mean rose by half, and the values are all over the place: pyperf calls that not significant."""
    quiet = {"a": {"cyjwt": [[1e-6, 1e-5, 1e-6]]}}
    noisy = {"a": {"cyjwt": [[1e-6, 1.6e-5, 1e-6]]}}
    old, new = (results.suite([(values, "second")], FACTS) for values in (quiet, noisy))
    change = regressions.changes(old, new, "cyjwt")[0]
    assert (change.ratio > 1.4, change.significant) == (True, False)
    assert compared(tmp_path, old, new) == 0


def test_pyperf_says_the_same(tmp_path: Path) -> None:
    names = [
        saved(tmp_path, name, suite(a={"cyjwt": seconds}))
        for name, seconds in {"old.json": 1e-6, "new.json": 1.3e-6}.items()
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pyperf", "compare_to", *names], capture_output=True, text=True, check=True
    )
    assert "1.30x slower" in done.stdout
    assert regressions.main(names) == 1


def test_files_with_nothing_in_common_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(tmp_path, suite(a={"cyjwt": 1e-6}), suite(b={"cyjwt": 1e-6})) == 2
    assert compared(tmp_path, suite(a={"PyJWT": 1e-6}), suite(a={"PyJWT": 1e-6})) == 2
    assert "no case of cyjwt in common" in capsys.readouterr().err
