"""The published suites of PyJWT, flask-jwt-extended and djangorestframework-simplejwt, with `cyjwt.jwt` for `jwt`.

``make suites`` brings the source distributions and what they need, and runs this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt
from tests.interop import suites
from tests.interop.suites import DJANGO, FLASK, PYJWT, Suite

pytestmark = [pytest.mark.interop, pytest.mark.slow]

#: How many tests and subtests must have passed at the least, so that an empty run is none.
PASSED = {PYJWT: 450, FLASK: 175, DJANGO: 190}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of PyJWT's own package, and beside it its suite."""
    if reason := PYJWT.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pyjwt")
    suites.unpack(PYJWT, folder)
    return folder / "real"


def failures(answer: suites.Answer) -> str:
    return "\n\n".join(f"{test}\n{text}" for test, text in answer.messages.items())


def count_passed(answer: suites.Answer) -> int:
    return sum(ended.count("passed") for ended in answer.outcomes.values())


def test_pyjwt_passes_its_own_suite(real: Path) -> None:
    top = real.parent / f"{PYJWT.package}-{PYJWT.version}"
    answer = suites.run(PYJWT, top)
    assert answer.jwt == Path(cyjwt.__file__).resolve().parent / "jwt" / "__init__.py"
    assert not answer.messages, failures(answer)
    assert count_passed(answer) >= PASSED[PYJWT]
    # Those alone are skipped that want `cryptography` not to be there.
    assert sum(ended.count("skipped") for ended in answer.outcomes.values()) == 4


def test_little_is_left_out_and_exists(real: Path) -> None:
    top = real.parent / f"{PYJWT.package}-{PYJWT.version}"
    assert len(PYJWT.left_out) <= 12
    for test, reason in PYJWT.left_out:
        file, *_, name = test.split("::")
        assert f"def {name.partition('[')[0]}(" in (top / file).read_text("utf-8"), test
        assert reason


@pytest.mark.parametrize("suite", [FLASK, DJANGO], ids=lambda suite: suite.package)
def test_it_ends_as_with_pyjwt(suite: Suite, real: Path, tmp_path: Path) -> None:
    if reason := suite.missing():
        pytest.skip(reason)
    top = suites.unpack(suite, tmp_path)
    theirs = suites.run(suite, top, real)
    ours = suites.run(suite, top)
    assert theirs.jwt == real / "jwt" / "__init__.py"
    assert ours.jwt == Path(cyjwt.__file__).resolve().parent / "jwt" / "__init__.py"
    differing = {
        test: (theirs.outcomes.get(test), ours.outcomes.get(test), ours.messages.get(test))
        for test in theirs.outcomes.keys() | ours.outcomes.keys()
        if theirs.outcomes.get(test) != ours.outcomes.get(test)
    }
    assert not differing
    assert count_passed(ours) >= PASSED[suite]


@pytest.mark.parametrize("jwt", ["jwt", "cyjwt.jwt"])
def test_the_wrong_jwt_ends_the_run(jwt: str, real: Path) -> None:
    """What proves whose `jwt` it is would say so if it were another's."""
    ours = Path(cyjwt.__file__).resolve().parent
    job = {"jwt": jwt, "folder": str(ours / "jwt" if jwt == "jwt" else real / "jwt"), "answer": ""}
    path = os.pathsep.join([str(real), str(ours.parent)])
    done = subprocess.run(
        [sys.executable, str(suites.RUNNER), "--version"],
        env={**os.environ, "CYJWT_SUITE": json.dumps(job), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "AssertionError: jwt" in done.stderr
