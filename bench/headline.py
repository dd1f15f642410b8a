"""The figures of the README: two dozen cases, the contenders by turns in one process, as Markdown.

By turns (A B C A B C ...) whatever else the machine does meets all of them alike; each one's quickest turn
counts. That is done in several fresh processes, of which the median counts, since some are quicker than
others by where their memory lies. ``python -m bench --peers`` measures more, and takes longer.
"""

from __future__ import annotations

import glob
import importlib.metadata
import itertools
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import cyjwt
from bench.harness import DIRECT, OURS, Case, Figures, measure

CASES = (
    *(f"verify HS256 {size}" for size in ("320 B", "2 KB", "10 KB")),
    *(f"verify {algorithm} 320 B" for algorithm in ("RS256", "ES256", "EdDSA")),
    "verify RS256 by 2 threads",
    "sign HS256 320 B",
    "refuse bad signature HS256 320 B",
    "refuse expired HS256 320 B",
    *(
        f"batch {algorithm}, {want}"
        for algorithm in ("HS256", "RS256", "ES256", "EdDSA")
        for want in ("statuses", "dicts")
    ),
    *(f"batch {algorithm}, statuses, 2 threads" for algorithm in ("HS256", "RS256", "ES256", "EdDSA")),
    "JSON read 320 B",
    # These are 430 characters, the payload of a 320 B token.
    "base64url decode 322 B",
)

#: Seconds of one turn, how many turns each contender has in a process, and how many processes there are.
TURN, TURNS, PROCESSES = 0.02, 12, 5
#: Figures that differ more than this between processes are told one by one.
SPREAD = 0.1


def run(cases: Sequence[Case], peers: bool) -> None:
    """Measure the cases in fresh processes and print their tables."""
    command = [sys.executable, "-m", "bench", "--headline", "--part", *(["--peers"] if peers else [])]
    command += [f"--only={glob.escape(case.name)}" for case in cases]
    parts: list[Figures] = []
    for number in range(PROCESSES):
        print(f"process {number + 1} of {PROCESSES}", file=sys.stderr, flush=True)
        try:
            parts.append(json.loads(subprocess.check_output(command)))
        except subprocess.CalledProcessError as error:
            print(f"it ended with status {error.returncode} and does not count", file=sys.stderr)
    if not parts:
        raise SystemExit("no process came to its end")
    print(report([case.name for case in cases], parts))
    if any(OURS not in part[case.name] for part in parts for case in cases):
        raise SystemExit(f"{OURS} itself failed")


def part(cases: Sequence[Case], peers: bool) -> None:
    """Measure the cases in this process; JSON on standard output."""
    print(json.dumps({case.name: compare(case, case.able(peers)) for case in cases}))


def report(names: Sequence[str], parts: Sequence[Figures]) -> str:
    """The figures of several processes: each one's median, and what differs much between them."""
    figures: Figures = {}
    apart: list[str] = []
    for name in names:
        figures[name] = {}
        # Who failed in one process has no figure at all.
        for who in (who for who in parts[0][name] if all(who in part[name] for part in parts)):
            values = sorted(part[name][who] for part in parts)
            middle = figures[name][who] = statistics.median(values)
            if values[-1] - values[0] > SPREAD * middle:
                apart.append(f"{who} {name} {micro(values[0])} to {micro(values[-1])}")
    blocks = [provenance({who for row in figures.values() for who in row}, len(parts))]
    for _, group in itertools.groupby(names, key=table_of):
        blocks.append(markdown({name: figures[name] for name in group}))
    if apart:
        blocks.append(f"Between the processes, µs: {'; '.join(apart)}.")
    return "\n\n".join(blocks)


def table_of(name: str) -> str:
    """Which table a case belongs to: tokens share one, batches another, and each kernel has its own."""
    kind = name.split()[0]
    return name if kind in ("JSON", "base64url") else "batch" if kind == "batch" else "token"


def compare(case: Case, contenders: Iterable[str]) -> dict[str, float]:
    """Seconds of one call, in each contender's quickest turn."""
    loops = {who: calibrated(case, who) for who in contenders}
    best = dict.fromkeys(loops, float("inf"))
    for _ in range(TURNS):
        for who, count in loops.items():
            best[who] = min(best[who], measure(count, case, who) / count)
    return best


def calibrated(case: Case, contender: str) -> int:
    """How many inputs fill a turn: whole rounds of the pool, so that each input counts alike."""
    work = case.work(contender)
    assert work is not None
    rounds = 1
    while (elapsed := measure(rounds * work.round, case, contender)) < TURN / 4:
        rounds *= 2
    return max(1, round(rounds * TURN / elapsed)) * work.round


def micro(seconds: float) -> str:
    """Microseconds, to three digits."""
    return f"{1e6 * seconds:#.3g}".rstrip(".")


def markdown(figures: Figures) -> str:
    """A table of microseconds, and in brackets how many times as long as cyjwt it is."""
    columns = list(dict.fromkeys(who for row in figures.values() for who in row))
    one = "token" if table_of(next(iter(figures))) == "batch" else "call"
    lines = [f"| one {one}, µs |" + "".join(f" {who} |" for who in columns), "|---|" + "---:|" * len(columns)]
    for name, row in figures.items():
        ours = row.get(OURS)
        cells = []
        for who in columns:
            seconds = row.get(who)
            cell = "-" if seconds is None else micro(seconds)
            cells.append(f"{cell} ({seconds / ours:#.3g}x)" if seconds and ours and who != OURS else cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def provenance(contenders: Iterable[str], processes: int) -> str:
    """What was measured, where, when and how."""
    info = cyjwt.build_info()
    lanes = f"crypto_mb {info['crypto_mb']}" if info["lanes"] else "no lanes"
    versions = [f"cyjwt {info['version']} ({info['libcrypto_version']}, {lanes}, {info['simd']})"]
    for name in sorted({*contenders, "cryptography"} - {OURS, DIRECT, "baseline", "json"}, key=str.lower):
        versions.append(f"{name} {importlib.metadata.version(name)}")
    date = time.strftime("%Y-%m-%d", time.gmtime())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{date}; {cpu()}; {platform.system()} {platform.machine()}; {python}; {', '.join(versions)}.\n"
        f"Each contender's quickest of {TURNS} turns, the median of {processes} processes; in brackets, how many "
        f"times as long as\n{OURS} it takes. `baseline` is plain Python over `cryptography`."
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
