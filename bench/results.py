"""Results as pyperf keeps them: a benchmark for each case and contender, a run for each process, a value for each turn."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyperf

from bench.harness import Figures

#: A case and a contender to the values of each process.
Values = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]


def suite(groups: Sequence[tuple[Values, str]], facts: Mapping[str, Any]) -> pyperf.BenchmarkSuite:
    """All that was measured, each group in its unit: ``"second"`` or ``"byte"``; and what all of it has in common."""
    common = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    made = []
    for values, unit in groups:
        for case, row in values.items():
            for who, runs in row.items():
                metadata = {**common, "name": f"{case} / {who}", "unit": unit}
                made.append(
                    pyperf.Benchmark(
                        # Nobody measures to more digits than these, and they would fill the repository.
                        [
                            pyperf.Run(
                                [float(f"{v:.5g}") for v in run], metadata=metadata, collect_metadata=False
                            )
                            for run in runs
                        ]
                    )
                )
    return pyperf.BenchmarkSuite(made)


def load(path: str | Path) -> pyperf.BenchmarkSuite:
    """The results in a file."""
    return pyperf.BenchmarkSuite.load(str(path))


def save(results: pyperf.BenchmarkSuite, path: str | Path) -> None:
    """Write the results to a file."""
    results.dump(str(path), replace=True)


def facts(results: pyperf.BenchmarkSuite) -> dict[str, Any]:
    """What ``suite`` was told about all that it holds."""
    read = {}
    for name, value in results.get_metadata().items():
        try:
            read[name] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            read[name] = value
    return read


def benchmarks(results: pyperf.BenchmarkSuite, unit: str) -> Iterator[tuple[str, str, pyperf.Benchmark]]:
    """Case, contender and benchmark of all that is in a unit."""
    for bench in results:
        if bench.get_metadata().get("unit", "second") == unit:
            name, _, contender = bench.get_name().rpartition(" / ")
            yield name, contender, bench


def figures(results: pyperf.BenchmarkSuite, unit: str = "second") -> Figures:
    """One figure for each case and contender.

    Within a process, what else the machine does can only slow it down: the best value is the truest. Between
    processes the addresses differ, which makes some quicker for good: the best one would be a lucky one.
    """
    found: Figures = {}
    for name, contender, bench in benchmarks(results, unit):
        best = [min(run.values) for run in bench.get_runs()]
        found.setdefault(name, {})[contender] = statistics.median(best)
    return found


def spread(results: pyperf.BenchmarkSuite, least: float) -> list[tuple[str, float, float]]:
    """What differs by more than a share between the processes: its name, the least and the greatest."""
    found = []
    for name, contender, bench in benchmarks(results, "second"):
        best = sorted(min(run.values) for run in bench.get_runs())
        if best[-1] - best[0] > least * statistics.median(best):
            found.append((f"{contender} {name}", best[0], best[-1]))
    return found
