"""The builds that watch themselves: their tool, the targets of the Makefile, and the workflow agree."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fuzz.targets import TARGETS
from tests.support import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "sanitizers.yml").read_text("utf-8")


@pytest.fixture(scope="module")
def sanitize() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sanitize", ROOT / "tools" / "sanitize.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_mode_has_a_target_a_job_and_a_paragraph(sanitize: ModuleType) -> None:
    page = (ROOT / "docs" / "sanitizers.md").read_text("utf-8")
    for mode in sanitize.MODES:
        assert re.search(rf"^{mode}: .*\n\t\$\(SANITIZE\) {mode} python -m ", MAKEFILE, re.M), mode
        assert re.search(rf"target: {mode},|make {mode}\b", WORKFLOW), mode
        assert f"make {mode}" in page
    for target in TARGETS:
        assert f"`{target}`" in page


def test_actions_are_pinned_as_everywhere() -> None:
    """The same hash and the same comment for an action in every workflow."""
    pins: dict[str, set[str]] = {}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for action, pin in re.findall(r"uses: ([\w/-]+)@(.*)$", path.read_text("utf-8"), re.M):
            assert re.fullmatch(r"[0-9a-f]{40} # v[0-9.]+", pin), (path.name, action)
            pins.setdefault(action, set()).add(pin)
    assert all(len(each) == 1 for each in pins.values()), pins


def test_the_fuzzers_have_ten_minutes_in_ci() -> None:
    assert "make fuzz FUZZ_SECONDS=600" in WORKFLOW
    assert sum(target.share for target in TARGETS.values()) == 60


def test_what_the_targets_run_is_there() -> None:
    lists = re.findall(r"^(?:KERNEL|THREAD)_TESTS := ((?:.*\\\n)*.*)", MAKEFILE, re.M)
    assert len(lists) == 2
    for each in lists:
        plain, _, prefixed = each.replace("\\\n", " ").partition("$(addprefix tests/unit/test_,")
        names = [*plain.split(), *(f"tests/unit/test_{name}" for name in prefixed.rstrip(") \n").split())]
        assert len(names) > 5
        for name in names:
            assert (ROOT / name).exists(), name


def test_what_tsan_leaves_out_is_there() -> None:
    """Three tests by their full names, among those that it runs: pytest ignores a name that it does not find."""
    (names,) = re.findall(r"^THREADS_AFTER_FORK := ((?:.*\\\n)*.*)", MAKEFILE, re.M)
    left_out = names.replace("\\\n", " ").split()
    (run,) = re.findall(r"^THREAD_TESTS := ((?:.*\\\n)*.*)", MAKEFILE, re.M)
    assert len(left_out) == 3
    for each in left_out:
        path, _, name = each.partition("::")
        assert path in run or str(Path(path).parent) in run.split(), each
        assert f"\ndef {name}(" in (ROOT / path).read_text("utf-8"), each
    assert MAKEFILE.count("$(addprefix --deselect=,$(THREADS_AFTER_FORK))") == 1


def test_suppressions_have_reasons() -> None:
    """No entry without a comment above it, and none that could hide the engine's own code."""
    for path in (ROOT / "tools" / "suppressions").glob("*.txt"):
        text = path.read_text("utf-8")
        assert "cyjwt" not in "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        entries = (
            re.findall(r"^\{$", text, re.M) if path.stem == "valgrind" else re.findall(r"^\w+:", text, re.M)
        )
        assert len(entries) <= 12, path.name
        assert not entries or text.startswith("#"), path.name


def test_a_missing_tool_is_named(sanitize: ModuleType, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, sanitize.__file__, "--check", "valgrind"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr == "sanitize: valgrind: there is no gcc (Debian and Ubuntu: gcc, valgrind)\n"


def test_a_runtime_that_is_not_there_is_no_preload(
    sanitize: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a library that it does not know, gcc repeats the name."""

    def answered(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, "libasan.so\n", "")

    monkeypatch.setattr(sanitize.subprocess, "run", answered)
    with pytest.raises(sanitize.MissingError, match=r"no libasan\.so"):
        sanitize.library(sanitize.MODES["asan"], "libasan.so")


@pytest.mark.parametrize(
    ("writes", "ends", "status"), [(False, 0, 0), (True, 0, 66), (True, 1, 1), (False, 3, 3)]
)
def test_a_report_is_printed_and_fails_the_run(
    sanitize: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    writes: bool,
    ends: int,
    status: int,
) -> None:
    """Also that of a child process which no test looked after; one of an earlier run is gone."""
    monkeypatch.setattr(sanitize, "REPORTS", tmp_path)
    (tmp_path / "tsan.1").write_text("of yesterday")
    monkeypatch.setitem(sanitize.MODES, "tsan", sanitize.MODES["tsan"]._replace(wrap=()))
    code = f"import sys; {writes} and open(sys.argv[1], 'w').write('a data race'); sys.exit({ends})"
    command = [sys.executable, "-c", code, str(tmp_path / "tsan.77")]
    assert sanitize.watch("tsan", command, dict(os.environ)) == status
    said = capsys.readouterr().err
    assert ("a data race" in said) == writes
    assert "yesterday" not in said


def test_the_logs_of_libfuzzer_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    main = importlib.import_module("fuzz.__main__")
    monkeypatch.setattr(main, "OUT", tmp_path)
    log = """INFO: Loaded 2 modules   (25000 inline 8-bit counters): 24000 [0x1, 0x2), 1000 [0x3, 0x4),
INFO: Loaded 1 modules   (500 inline 8-bit counters): 500 [0x5, 0x6),
#2\tINITED cov: 1200 ft: 3000 corp: 30/4kb exec/s: 0 rss: 100Mb
#100\tNEW    cov: 1300 ft: 3100 corp: 31/4kb lim: 4 exec/s: 0 rss: 100Mb L: 1/2 MS: 1 Custom-
#5000\tDONE   cov: 1400 ft: 3200 corp: 32/4kb lim: 4 exec/s: 9 rss: 100Mb
stat::number_of_executed_units: 5000
"""
    assert main.read(log, 0) == main.Result(25500, 5000, 1200, 1400, 0)
    assert main.read("", 77) == main.Result(0, 0, 0, 0, 77)
    assert f"-max_total_time={7}" in main.command("json", TARGETS["json"], 7)
    for result, status in ((main.read(log, 0), 0), (main.read(log, 77), 1), (main.read(log[200:], 0), 1)):
        monkeypatch.setattr(main, "run", lambda name, seconds, result=result: result)
        assert main.main(["10", "json"]) == status
