"""bench.turns: how much is measured, and what happens when a process dies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench import results, turns
from bench.harness import Case, Work
from tests.support import ROOT

pytest.importorskip("pyperf")


class Clockwork:
    """A call that takes the seconds it is told to take."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.loops = seconds, list[int]()

    def __call__(self, argument: Any) -> Any:
        return argument

    def timed(self, pool: Sequence[Any], loops: int, tasks: int) -> float:
        self.loops.append(loops)
        return loops * self.seconds


def case(**seconds: float) -> tuple[Case, dict[str, Clockwork]]:
    works = {who: Clockwork(each) for who, each in seconds.items()}
    pool = list(range(24))
    return Case("a case", {who: (lambda w=work: Work(w, pool)) for who, work in works.items()}), works


def test_a_turn_is_whole_rounds_of_the_pool_and_contenders_take_turns() -> None:
    made, works = case(one=1e-6, two=1e-5)
    values = turns.compare(made, ["one", "two"], turns.Effort(1, 5))
    assert values == {"one": [pytest.approx(1e-6)] * 5, "two": [pytest.approx(1e-5)] * 5}
    for work, least in ((works["one"], 0.6), (works["two"], 0.8)):
        assert all(loops % 24 == 0 for loops in work.loops)
        assert least * turns.TURN < work.loops[-1] * work.seconds < 1.5 * turns.TURN


def test_what_takes_long_has_fewer_turns_but_some() -> None:
    made, works = case(one=1e-6, two=turns.TURN)
    values = turns.compare(made, ["one", "two"], turns.Effort(1, 9, spend=0.09))
    assert (len(values["one"]), len(values["two"])) == (5, turns.FEWEST)
    # Nor does it go through the whole pool.
    assert works["two"].loops[-1] in (7, 8)


def test_a_batch_is_never_cut() -> None:
    work = Clockwork(2.0)
    made = Case("a case", {"one": lambda: Work(work, ["batch"], each=100)})
    assert turns.calibrated(made, "one") == 100


def test_a_process_that_dies_costs_the_case_that_it_had_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def process(command: list[str], waiting: list[str], title: str, outcome: turns.Outcome) -> int:
        asked.append((title, list(waiting)))
        while waiting:
            if waiting[0] == "deadly":
                return -11
            said = {
                "case": waiting.pop(0),
                "values": {"cyjwt": [1.0]},
                "left_out": [["x", "any case", "absent"]],
            }
            outcome.note(json.dumps(said))
        return 0

    monkeypatch.setattr(turns, "_process", process)
    cases = [Case(name, {}) for name in ("first", "deadly", "last")]
    outcome = turns.run(cases, False, False, turns.Effort(2, 1))
    assert outcome.values == {"first": {"cyjwt": [[1.0], [1.0]]}, "last": {"cyjwt": [[1.0], [1.0]]}}
    assert [waiting for _, waiting in asked] == [["first", "deadly", "last"], ["last"]] * 2
    assert outcome.left_out == {("x", "any case"): "absent", ("a process", "deadly"): "ended with status -11"}
    assert "deadly: the process ended with status -11" in capsys.readouterr().err


def test_nothing_measured_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_process", lambda command, waiting, title, outcome: 1)
    with pytest.raises(SystemExit, match="nothing could be measured"):
        turns.run([Case("a case", {})], False, False, turns.Effort(1, 1))


def test_the_command_measures_and_keeps_and_shows(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    command = [sys.executable, "-m", "bench"]
    wanted = ["--only", "compare 32 B", "--processes", "2", "--turns", "2", "--output", str(kept)]
    done = subprocess.run([*command, *wanted], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "| compare 32 B |" in done.stdout
    found = results.load(kept)
    assert found.get_benchmark_names() == ["compare 32 B / cyjwt", "compare 32 B / baseline"]
    assert all(0 < value < 1e-3 for bench in found for value in bench.get_values())
    assert [len(run.values) for run in next(iter(found)).get_runs()] == [2, 2]
    shown = subprocess.run(
        [*command, "--show", str(kept)], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert shown.stdout == done.stdout


def test_a_case_that_nobody_has_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", "nothing like it"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "no case is named like nothing like it" in done.stderr
