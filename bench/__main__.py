"""``python -m bench``: what the command line asks for."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

from bench import (
    batches,
    floors,
    footprint,
    headline,
    kernels,
    keysets,
    loops,
    machine,
    memories,
    refusals,
    report,
    results,
    tokens,
    turns,
)
from bench.harness import AT_HOME, Case, chosen
from bench.lineup import PYTHON

ROOMS = (tokens, refusals, memories, loops, batches, keysets, kernels)


def command_line(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--peers", action="store_true", help="measure the other libraries as well")
    add("--quick", action="store_true", help="the README's two dozen cases, in more turns and processes")
    add(
        "--only",
        metavar="PATTERN",
        action="append",
        help="cases of such a name, as in 'verify * 320 B'; 'import' for what --report has besides",
    )
    add("--processes", type=int, metavar="N", help="how many processes measure each case")
    add("--turns", type=int, metavar="N", help="how many turns each contender has in a process")
    add("--output", metavar="FILE", type=Path, help="keep every value, as pyperf's JSON")
    add("--report", metavar="FOLDER", type=Path, help="write the report with its plots and data there")
    add("--show", metavar="FILE", type=Path, help="measure nothing; show, or report, what a file has kept")
    add("--part", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def every_case() -> list[Case]:
    """Every case, in the order of the report."""
    return [case for room in ROOMS for case in room.cases()]


def headlines(cases: list[Case]) -> list[Case]:
    """The README's cases, with the contenders of its tables."""
    found = {case.name: case for case in cases}
    return [
        Case(name, {who: make for who, make in found[name].contenders.items() if who in headline.COLUMNS})
        for name in headline.CASES
    ]


def measured(args: argparse.Namespace, cases: list[Case]) -> tuple[Any, bool]:
    """The results, and whether cyjwt itself failed at something."""
    effort = turns.QUICK if args.quick else turns.WHOLE
    effort = dataclasses.replace(
        effort, processes=args.processes or effort.processes, turns=args.turns or effort.turns
    )
    peers = [name for name in PYTHON if name not in AT_HOME] if args.peers else []
    facts: dict[str, Any] = machine.facts(peers) | {"turns": effort.turns, "processes": effort.processes}
    begun = time.monotonic()
    outcome = turns.run(cases, args.peers, args.quick, effort)
    groups: list[tuple[results.Values, str]] = [(outcome.values, "second")]
    if args.report and (not args.only or "import" in args.only):
        seconds, octets = footprint.run(args.peers)
        groups += [(seconds, "second"), (octets, "byte")]
        facts["openssl_speed"] = floors.system_speed()
    facts["minutes"] = round((time.monotonic() - begun) / 60, 1)
    facts["left_out"] = [[who, case, reason] for (who, case), reason in outcome.left_out.items()]
    return results.suite(groups, facts), turns.failed(outcome)


def tell(args: argparse.Namespace, found: Any) -> None:
    """The report's files, or the tables themselves."""
    if args.report:
        print(*report.write(found, args.report), sep="\n")
    else:
        print(report.short(found))


def main() -> None:
    """Do what the command line asks for."""
    args = command_line()
    if args.show:
        tell(args, results.load(args.show))
        return
    cases = every_case()
    cases = chosen(headlines(cases) if args.quick else cases, args.only)
    if args.part:
        turns.part(cases, args.peers, turns.Effort(1, int(args.part[0]), float(args.part[1])))
        return
    found, failed = measured(args, cases)
    if args.output:
        results.save(found, args.output)
    tell(args, found)
    if failed:
        sys.exit("cyjwt itself failed")


if __name__ == "__main__":
    main()
