"""docs/: every example in Python runs, page by page, from top to bottom."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt
from tests.columns import spark_support
from tests.support import ROOT

PAGES = [page for page in sorted(ROOT.glob("docs/**/*.md")) if "```python\n" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    # A page says in a comment which packages beside cyjwt its examples need, and whether Java.
    for needed in re.findall(r"^<!-- needs: (.*) -->$", text, re.MULTILINE):
        for name in needed.split(", "):
            if name == "java":
                if spark_support.java_release() < spark_support.JAVA:
                    pytest.skip(f"there is no Java {spark_support.JAVA} or later")
                for variable, value in spark_support.environment().items():
                    monkeypatch.setenv(variable, value)
            elif importlib.util.find_spec(name) is None:
                pytest.skip(f"{name} is not installed")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    if "<!-- a process of its own -->" in text:
        # What it does would change the tests that come after it, or they would change what it does.
        whole = tmp_path / "page.py"  # by no name that an example imports
        whole.write_text("\n".join(blocks), "utf-8")
        done = subprocess.run(
            [sys.executable, str(whole)],
            env={**os.environ, "PYTHONPATH": str(Path(cyjwt.__file__).parent.parent)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return
    scope: dict[str, object] = {"__name__": page.stem}
    for block in blocks:
        exec(compile(block, page.name, "exec", dont_inherit=True), scope)
