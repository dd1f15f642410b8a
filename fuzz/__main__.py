"""``python -m fuzz [SECONDS [TARGET ...]]``: the targets one after another, by their shares of the time.

What is new and interesting goes to ``build/fuzz/corpus``, and what fails to ``build/fuzz/found``. The status is 1
where something failed, or where the compiled code did not report its edges.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from fuzz.targets import CORPUS, TARGETS, Target

OUT = Path(__file__).resolve().parent.parent / "build" / "fuzz"
#: Fewer counters than this are not those of the engine, which has tens of thousands of edges.
LEAST_COUNTERS = 20_000
#: Seconds for one input, after which it counts as a hang: of the clock on the wall, and a machine may have other work.
LONGEST = 600


class Result(NamedTuple):
    """What libFuzzer said about one target."""

    counters: int
    executions: int
    edges_before: int
    edges: int
    status: int


def command(name: str, target: Target, seconds: int) -> list[str]:
    """libFuzzer's call for a target; finds go to the first folder, the second one is only read."""
    kept = OUT / "corpus" / name
    found = OUT / "found"
    for folder in (kept, found):
        folder.mkdir(parents=True, exist_ok=True)
    return [
        *(sys.executable, "-m", "fuzz.one", name, str(kept), str(CORPUS / name)),
        *(f"-max_total_time={seconds}", f"-timeout={LONGEST}", "-rss_limit_mb=4096", "-print_final_stats=1"),
        *(f"-dict={CORPUS.parent / 'jose.dict'}", f"-artifact_prefix={found / name}-", "-reload=0"),
        *(("-use_value_profile=1",) if target.mutate is None else ()),
    ]


def read(text: str, status: int) -> Result:
    """The figures in libFuzzer's log."""
    counters = sum(map(int, re.findall(r"\((\d+) inline 8-bit counters\)", text)))
    executions = re.search(r"stat::number_of_executed_units: (\d+)", text)
    edges = re.findall(r"^#\d+\s+\w+\s+cov: (\d+)", text, re.M)
    began = re.search(r"^#\d+\s+INITED\s+cov: (\d+)", text, re.M)
    return Result(
        counters,
        int(executions[1]) if executions else 0,
        int(began[1]) if began else 0,
        int(edges[-1]) if edges else 0,
        status,
    )


def run(name: str, seconds: int) -> Result:
    log = OUT / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w+", encoding="utf-8", errors="replace") as stream:
        done = subprocess.run(
            command(name, TARGETS[name], seconds), stdout=stream, stderr=subprocess.STDOUT, check=False
        )
        stream.seek(0)
        text = stream.read()
    result = read(text, done.returncode)
    if result.status:
        print(text[-6000:])
    return result


def main(arguments: list[str]) -> int:
    seconds = int(arguments[0]) if arguments else 600
    names = arguments[1:] or list(TARGETS)
    shares = sum(TARGETS[name].share for name in names)
    failed = []
    total = 0
    for name in names:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run(name, max(1, seconds * TARGETS[name].share // shares))
        total += result.executions
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{name:12} {result.executions:>10,} executions, {used:5.0f} s of a core, edges "
            f"{result.edges_before:>6,} to {result.edges:>6,} of {result.counters:,}, status {result.status}",
            flush=True,
        )
        if result.status or result.counters < LEAST_COUNTERS or not result.edges:
            failed.append(name)
    print(f"{total:,} executions; {'failed: ' + ', '.join(failed) if failed else 'nothing failed'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
