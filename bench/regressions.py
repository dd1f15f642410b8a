"""Whether cyjwt became slower between two files of results: ``python -m bench.regressions OLD NEW``.

A case counts where both files have it. It is slower where pyperf's t-test (as in ``pyperf compare_to``) calls the
difference of the means significant, and the mean rose by more than the threshold; then the exit status is 1. What the
other libraries' figures did meanwhile is told besides: where they moved alike, it was the machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass

import pyperf

# Its t-test has no public name; its version is pinned in pyproject.toml.
from pyperf._compare import CompareData, CompareResult

from bench import results
from bench.harness import OURS

#: How much slower a case may be, in percent.
THRESHOLD = 10.0


@dataclass(frozen=True)
class Change:
    """A case in both files.

    Attributes:
        case: its name.
        ratio: the new mean over the old one.
        significant: whether pyperf's t-test tells the two apart.
    """

    case: str
    ratio: float
    significant: bool

    def slower(self, threshold: float) -> bool:
        """Whether it is a regression, past a threshold in percent."""
        return self.significant and self.ratio > 1 + threshold / 100


def changes(old: pyperf.BenchmarkSuite, new: pyperf.BenchmarkSuite, contender: str) -> list[Change]:
    """What a contender's figures did."""
    before = {case: bench for case, who, bench in results.benchmarks(old, "second") if who == contender}
    found = []
    for case, who, bench in results.benchmarks(new, "second"):
        if who == contender and case in before:
            ratio = bench.mean() / before[case].mean()
            compared = CompareResult(CompareData("old", before[case]), CompareData("new", bench))
            found.append(Change(case, ratio, bool(compared.significant)))
    return found


def others(old: pyperf.BenchmarkSuite, new: pyperf.BenchmarkSuite) -> float | None:
    """By how much the figures of all others changed: the geometric mean."""
    names = {who for _, who, _ in results.benchmarks(new, "second")} - {OURS}
    ratios = [change.ratio for name in sorted(names) for change in changes(old, new, name)]
    return statistics.geometric_mean(ratios) if ratios else None


def told(found: list[Change], beside: float | None, threshold: float) -> str:
    """The changes as text: regressions first, then what else is significant."""
    slower = [change for change in found if change.slower(threshold)]
    lines = [f"slower: {change.case}, {change.ratio:.2f} times as long" for change in slower]
    for change in found:
        if change.significant and change not in slower and abs(change.ratio - 1) > threshold / 100:
            lines.append(f"faster: {change.case}, {change.ratio:.2f} times as long")
    lines.append(
        f"{len(found)} cases of {OURS} in both: {len(slower)} slower by more than {threshold:g} percent"
    )
    if beside is not None:
        lines.append(f"the others meanwhile: {beside:.2f} times as long")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Compare what the command line names; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.regressions", description=__doc__)
    parser.add_argument("old", help="results, as --output or --report keeps them")
    parser.add_argument("new", help="later ones")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, metavar="PERCENT")
    args = parser.parse_args(arguments)
    old, new = results.load(args.old), results.load(args.new)
    found = changes(old, new, OURS)
    if not found:
        print(f"the files have no case of {OURS} in common", file=sys.stderr)
        return 2
    print(told(found, others(old, new), args.threshold))
    return int(any(change.slower(args.threshold) for change in found))


if __name__ == "__main__":
    sys.exit(main())
