"""The figures of the README: a dozen cases in one process, the contenders by turns, as Markdown.

By turns (A B C A B C ...) whatever else the machine does meets all of them alike; each one's quickest turn
counts. ``python -m bench --peers`` measures more, in processes of its own, and takes longer.
"""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import cyjwt
from bench.harness import OURS, Case, Figures, left_out, measure

CASES = (
    *(f"verify HS256 {size}" for size in ("320 B", "2 KB", "10 KB")),
    *(f"verify {algorithm} 320 B" for algorithm in ("RS256", "ES256", "EdDSA")),
    "verify RS256 by 2 threads",
    "sign HS256 320 B",
    "refuse bad signature HS256 320 B",
    "refuse expired HS256 320 B",
    "JSON read 320 B",
    # These are 430 characters, the payload of a 320 B token.
    "base64url decode 322 B",
)

#: Seconds of one turn, and how many turns each contender has.
TURN, TURNS = 0.02, 50


def run(cases: Sequence[Case], peers: bool) -> None:
    """Measure the cases and print their tables."""
    figures: Figures = {}
    for case in cases:
        figures[case.name] = compare(case, case.able(peers))
        print(f"{case.name}: done", file=sys.stderr, flush=True)
    print(provenance({who for row in figures.values() for who in row}))
    # Cases with the same contenders share a table.
    groups: dict[tuple[str, ...], list[str]] = {}
    for case in cases:
        who = tuple(who for who in case.contenders if any(who in row for row in figures.values()))
        groups.setdefault(who, []).append(case.name)
    for columns, names in groups.items():
        print("", markdown(columns, {name: figures[name] for name in names}), sep="\n")
    if any(contender == OURS for contender, _ in left_out):
        raise SystemExit(f"{OURS} itself failed")


def compare(case: Case, contenders: Iterable[str]) -> dict[str, float]:
    """Seconds of one call, in each contender's quickest turn."""
    loops = {who: calibrated(case, who) for who in contenders}
    best = dict.fromkeys(loops, float("inf"))
    for _ in range(TURNS):
        for who, count in loops.items():
            best[who] = min(best[who], measure(count, case, who) / count)
    return best


def calibrated(case: Case, contender: str) -> int:
    """How many calls fill a turn: whole rounds of the pool, so that each input counts alike."""
    work = case.work(contender)
    assert work is not None
    rounds = 1
    while (elapsed := measure(rounds * len(work.pool), case, contender)) < TURN / 4:
        rounds *= 2
    return max(1, round(rounds * TURN / elapsed)) * len(work.pool)


def markdown(columns: Sequence[str], figures: Figures) -> str:
    """A table of microseconds, and in brackets how many times as long as cyjwt it is."""
    lines = ["| one call, µs |" + "".join(f" {who} |" for who in columns), "|---|" + "---:|" * len(columns)]
    for name, row in figures.items():
        ours = row.get(OURS)
        cells = []
        for who in columns:
            seconds = row.get(who)
            cell = "-" if seconds is None else f"{1e6 * seconds:#.3g}".rstrip(".")
            cells.append(f"{cell} ({seconds / ours:#.3g}x)" if seconds and ours and who != OURS else cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def provenance(contenders: Iterable[str]) -> str:
    """What was measured, where, when and how."""
    info = cyjwt.build_info()
    versions = [f"cyjwt {info['version']} ({info['libcrypto_version']}, {info['simd']})"]
    for name in sorted({*contenders, "cryptography"} - {OURS, "baseline", "json"}, key=str.lower):
        versions.append(f"{name} {importlib.metadata.version(name)}")
    date = time.strftime("%Y-%m-%d", time.gmtime())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{date}; {cpu()}; {platform.system()} {platform.machine()}; {python}; {', '.join(versions)}.\n"
        f"Each contender's quickest of {TURNS} turns in one process; in brackets, how many times as long as "
        f"{OURS}\nit takes. `baseline` is plain Python over `cryptography`."
    )


def cpu() -> str:
    """The processor's name."""
    try:
        if sys.platform == "darwin":
            return subprocess.check_output(["sysctl", "-n", "machdep.cpu.brand_string"], text=True).strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return platform.processor() or "an unknown processor"
