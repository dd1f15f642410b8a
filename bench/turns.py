"""Cases measured by turns, in fresh processes.

By turns (A B C A B C ...) whatever else the machine does meets all contenders alike. Each turn is one value; the
quickest of a process counts, since a disturbance only ever adds. That is done in several fresh processes, of which
the median counts, since some are quicker than others by where their memory lies.
"""

from __future__ import annotations

import gc
import glob
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.harness import OURS, Case, left_out, measure

#: Seconds of one turn.
TURN = 0.02
#: How many turns there are at least of what takes longer than it should.
FEWEST = 3
#: Seconds after which a round of single calls is cut short: it then has the first of the pool alone.
LONG = 0.15


@dataclass(frozen=True)
class Effort:
    """How much is spent: processes, turns of each contender in each, and seconds after which its turns end early."""

    processes: int
    turns: int
    spend: float = math.inf


#: The README's figures, and every case within half an hour.
QUICK = Effort(5, 12, 1.0)
WHOLE = Effort(3, 8, 0.3)


@dataclass
class Outcome:
    """What the processes have measured.

    Attributes:
        values: a case's name to a contender's, to the seconds of one call in the turns of each process.
        left_out: who was left out of which case, and why.
    """

    values: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, line: str) -> str:
        """Take in what a process said of a case; its name."""
        said = json.loads(line)
        row = self.values.setdefault(said["case"], {})
        for who, turns in said["values"].items():
            row.setdefault(who, []).append(turns)
        self.left_out |= {(who, case): reason for who, case, reason in said["left_out"]}
        return str(said["case"])


def run(cases: Sequence[Case], peers: bool, quick: bool, effort: Effort) -> Outcome:
    """Measure the cases in fresh processes."""
    outcome = Outcome()
    command = [sys.executable, "-m", "bench", "--part", str(effort.turns), str(effort.spend)]
    command += [flag for flag, wanted in {"--peers": peers, "--quick": quick}.items() if wanted]
    for number in range(1, effort.processes + 1):
        waiting = [case.name for case in cases]
        while waiting:
            status = _process(command, waiting, f"process {number} of {effort.processes}", outcome)
            if not waiting:
                break
            # The one that it had begun is at fault; the others are for a process of their own.
            print(f"{waiting[0]}: the process ended with status {status}", file=sys.stderr, flush=True)
            outcome.left_out["a process", waiting[0]] = f"ended with status {status}"
            del waiting[0]
    if not any(outcome.values.values()):
        raise SystemExit("nothing could be measured")
    return outcome


def _process(command: list[str], waiting: list[str], title: str, outcome: Outcome) -> int:
    """Have a process measure what waits, and take off what it has done."""
    command = [*command, *(f"--only={glob.escape(name)}" for name in waiting)]
    begun, total = time.monotonic(), len(waiting)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            waiting.remove(outcome.note(line))
            spent = time.monotonic() - begun
            print(
                f"{title}: {total - len(waiting)} of {total} cases, {spent:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    return process.returncode


def part(cases: Iterable[Case], peers: bool, effort: Effort) -> None:
    """Measure the cases in this process; a line of JSON for each on standard output."""
    for case in cases:
        left_out.clear()
        values = compare(case, case.able(peers), effort)
        told = [[who, name, reason] for (who, name), reason in left_out.items()]
        print(json.dumps({"case": case.name, "values": values, "left_out": told}), flush=True)
        # The batches of one case are not to lie in the way of the next.
        case.prepared.clear()
        gc.collect()


def compare(case: Case, contenders: Iterable[str], effort: Effort) -> dict[str, list[float]]:
    """Seconds of one call, in each of each contender's turns."""
    loops = {who: calibrated(case, who) for who in contenders}
    values: dict[str, list[float]] = {who: [] for who in loops}
    spent = dict.fromkeys(loops, 0.0)
    for turn in range(effort.turns):
        for who, count in loops.items():
            if turn < FEWEST or spent[who] < effort.spend:
                seconds = measure(count, case, who)
                spent[who] += seconds
                values[who].append(seconds / count)
    return values


def calibrated(case: Case, contender: str) -> int:
    """How many inputs fill a turn: whole rounds of the pool, so that each input counts alike."""
    work = case.work(contender)
    assert work is not None
    rounds = 1
    while (elapsed := measure(rounds * work.round, case, contender)) < TURN / 4:
        rounds *= 2
    if elapsed > LONG and work.each == 1:
        return max(1, round(work.round * LONG / elapsed))
    return max(1, round(rounds * TURN / elapsed)) * work.round


def failed(outcome: Outcome) -> bool:
    """Whether cyjwt itself has no figure somewhere."""
    return any(OURS not in row for row in outcome.values.values())
