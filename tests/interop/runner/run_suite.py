"""Runs pytest over a suite in which ``import jwt`` means what we choose, and writes down how each test ended.

A script, not a plugin: pytest imports `jwt` for a suite's own configuration before it loads any plugin. Nothing of
this project's tests is known here. ``CYJWT_SUITE`` holds, as JSON, whose `jwt` it is, the folder that it must come
from, and the file for the outcomes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

JOB = json.loads(os.environ["CYJWT_SUITE"])
FOLDER = Path(JOB["folder"])
OUTCOMES: dict[str, list[str]] = {}
MESSAGES: dict[str, str] = {}

if JOB["jwt"] == "cyjwt.jwt":
    from cyjwt.jwt import install_as_jwt

    install_as_jwt()


def check_jwt() -> None:
    """Prove that every module under the name `jwt` is the one that the suite is to be run against."""
    import jwt

    found = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "jwt"}
    assert found["jwt"] is jwt
    for name, module in found.items():
        place = Path(module.__file__ or "").resolve()
        assert place.is_relative_to(FOLDER), f"{name} is {place}, not of {FOLDER}"


@pytest.hookimpl
def pytest_runtest_logreport(report: Any) -> None:
    context = getattr(report, "context", None)
    name = f"{report.nodeid} ({context.msg})" if context is not None else report.nodeid
    # A test that passes is told of by its call; one that fails or is skipped, by the phase in which it did.
    if report.when == "call" or report.outcome != "passed":
        ended = f"x{report.outcome}" if hasattr(report, "wasxfail") else report.outcome
        OUTCOMES.setdefault(name, []).append(ended)
        if report.outcome == "failed":
            MESSAGES[name] = str(report.longrepr)[-2000:]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    # Once more: what the suite has imported since must be of the same folder.
    check_jwt()
    import jwt

    answer = {"jwt": jwt.__file__, "outcomes": OUTCOMES, "messages": MESSAGES}
    Path(JOB["answer"]).write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    check_jwt()
    sys.exit(pytest.main(sys.argv[1:], plugins=[sys.modules[__name__]]))
