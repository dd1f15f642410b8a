"""README.md and docs/: their code runs, their commands say what they are said to say, their tables are whole."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")

import cyjwt
from cyjwt import errors
from cyjwt._engine import status
from cyjwt.algorithms import ALGORITHMS
from tests.support import ROOT
from tests.unit.cli_support import environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(text: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of a Markdown table, without its head."""
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in cells[2:]]


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = fenced(README, "python")
    assert len(code) >= 3
    scope: dict[str, object] = {}
    for block in code:
        exec(compile(block, "README.md", "exec"), scope)


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, and what each is said to print."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert parts[0] == ""
    return list(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "cli.md"], ids=lambda page: page.name)
def test_the_commands_say_what_they_are_said_to_say(tmp_path: Path, page: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, arguments in (("cyjwt", "-m cyjwt"), ("python", "")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    blocks = fenced(PAGES[page], "console")
    if importlib.util.find_spec("pyarrow") is None:
        blocks = [block for block in blocks if "parquet" not in block]
    steps = [step for block in blocks for step in commands(block)]
    assert len(steps) > 10
    mark = "--- next ---"
    script = "\n".join(f"{command}\nstate=$?; echo '{mark}'; (exit $state)" for command, _ in steps)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=120,
        env=environment(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}"),
    )
    said = done.stdout.split(f"{mark}\n")[:-1]
    checker = doctest.OutputChecker()
    for (command, wanted), got in zip(steps, said, strict=True):
        assert checker.check_output(wanted, got, doctest.ELLIPSIS), f"$ {command}\n{got}"


def test_every_command_is_shown() -> None:
    shown = "".join(command for block in fenced(README, "console") for command, _ in commands(block))
    for name in ("keygen", "jwks", "sign", "verify", "inspect", "info"):
        assert f"cyjwt {name} " in shown


def test_the_table_of_algorithms_is_whole() -> None:
    listed = [name for row in rows(section(README, "Algorithms")) for name in ticked(row[0])]
    assert set(listed) == set(ALGORITHMS)


def test_the_table_of_errors_is_whole() -> None:
    table = {ticked(row[0])[0]: ticked(row[1])[0] for row in rows(section(README, "Errors"))}
    for name, code in table.items():
        assert getattr(cyjwt, name).code == code
    roots = {"CyJWTError", "InvalidTokenError", "InvalidKeyError", "JWKSError"}
    assert set(table) == set(errors.__all__) - roots


def test_the_codes_are_whole() -> None:
    text = PAGES[ROOT / "docs" / "errors.md"]
    documented = {code: getattr(cyjwt, ticked(row[1])[0]) for row in rows(text) for code in ticked(row[0])}
    raised = {code or kind.code: kind for kind, code, _, _ in status._TABLE.values()}
    assert documented == raised | {"missing_claim": cyjwt.MissingRequiredClaimError}
    for name in errors.__all__:
        assert f"`{getattr(errors, name).code}`" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGES[page]):
        if not link.startswith("https://"):
            assert (page.parent / link).is_file(), link


def test_the_two_commands_come_first() -> None:
    assert README.index("make demo") < README.index("make test") < README.index("## Quick start")
    for needed in ("Python >= 3.11", "gcc", "g++", "make"):
        assert needed in section(README, "Two commands")
