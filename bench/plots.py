"""The plots of the report, as SVG by matplotlib."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench.harness import OURS, Figures
from bench.lineup import CONTENDERS

THROUGHPUT, BATCHES, THREADS = "throughput.svg", "batches.svg", "threads.svg"

#: Not all of the algorithms: those that differ in more than their hash.
ALGORITHMS = ("HS256", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA")
#: Colours that those who see few of them tell apart (Okabe and Ito), and no black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")

#: What makes the same figures give the same file.
STYLE: dict[str, Any] = {
    "svg.hashsalt": "cyjwt",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(figures: Figures, folder: Path) -> list[Path]:
    """Every plot that the figures are enough for."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    made = []
    with pyplot.rc_context(STYLE):
        for name, plot in {THROUGHPUT: throughput, BATCHES: batches, THREADS: threads}.items():
            figure, axes = pyplot.subplots(figsize=(10, 5.2), layout="constrained")
            plot(axes, figures)
            if axes.has_data():
                axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
            path = folder / name
            # Without the date, which would make each file another.
            figure.savefig(path, metadata={"Date": None})
            pyplot.close(figure)
            made.append(path)
    return made


def throughput(axes: Any, figures: Figures) -> None:
    """Tokens a second that one thread verifies, by algorithm; bars for each library."""
    rows = {name: figures.get(f"verify {name} 320 B", {}) for name in ALGORITHMS}
    shown = [name for name in ALGORITHMS if rows[name]]
    # What only finds what it has verified before has no place beside those that verify.
    everybody = [name for name in (*CONTENDERS, "libcrypto") if not name.endswith("cached")]
    who = [name for name in everybody if any(name in row for row in rows.values())]
    width = 0.86 / max(1, len(who))
    for place, name in enumerate(who):
        at = [number + (place - (len(who) - 1) / 2) * width for number in range(len(shown))]
        rates = [1 / rows[algorithm][name] if name in rows[algorithm] else 0 for algorithm in shown]
        hatch = "///" if place >= len(COLOURS) else ""
        axes.bar(at, rates, width, label=name, color=COLOURS[place % len(COLOURS)], hatch=hatch, alpha=0.95)
    axes.set_xticks(range(len(shown)), shown)
    axes.set_yscale("log")
    axes.set_ylabel("tokens a second, one thread")
    axes.set_title("Verify, 320 B of claims, prepared keys")


def batches(axes: Any, figures: Figures) -> None:
    """Microseconds a token by the size of a batch; a curve for each algorithm, and the single call beside."""
    for place, algorithm in enumerate(("HS256", "RS256", "ES256", "EdDSA")):
        points: dict[int, float] = {}
        for name, row in figures.items():
            found = re.fullmatch(rf"batch (?:of (\d+) )?{algorithm}, statuses", name)
            if found and OURS in row:
                points[int(found[1] or 10_000)] = 1e6 * row[OURS]
        if points:
            sizes = sorted(points)
            colour = COLOURS[place]
            axes.plot(sizes, [points[size] for size in sizes], marker="o", color=colour, label=algorithm)
            single = figures.get(f"verify {algorithm} 320 B", {}).get(OURS)
            if single:
                axes.axhline(1e6 * single, color=colour, linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("tokens in a batch")
    axes.set_ylabel("µs a token, one thread, statuses")
    axes.set_title("verify_batch; dotted: verify, token by token, with dicts")


def threads(axes: Any, figures: Figures) -> None:
    """How many times one thread's rate so many threads have; a curve for each library, for RS256."""
    who = [
        name for name in CONTENDERS if any(name in row for name_, row in figures.items() if "thread" in name_)
    ]
    for place, name in enumerate(who):
        points: dict[int, float] = {}
        for case, row in figures.items():
            found = re.fullmatch(r"verify RS256 by (\d+) threads?", case)
            if found and name in row:
                points[int(found[1])] = row[name]
        if 1 in points:
            counts = sorted(points)
            rates = [points[1] / points[count] for count in counts]
            style = "-" if place < len(COLOURS) else "--"
            axes.plot(counts, rates, style, marker="o", color=COLOURS[place % len(COLOURS)], label=name)
    axes.set_xlabel("threads")
    axes.set_ylabel("times the rate of one thread")
    axes.set_title("Verify RS256 by several threads")
    axes.set_ylim(bottom=0)
