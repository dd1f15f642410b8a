"""``python -m bench``: every case, each contender in processes of its own, and the ratios of one run."""

from __future__ import annotations

from bench import batches, harness, headline, kernels, loops, memories, tokens


def main() -> None:
    """Do what the command line asks for."""
    runner, args = harness.command_line()
    if args.table:
        print(harness.table(harness.saved(args.table)))
        return
    cases = [*kernels.cases(), *tokens.cases(), *loops.cases(), *batches.cases(), *memories.cases()]
    if args.worker:
        harness.run_worker(runner, args, cases)
    elif args.headline:
        cases = [case for name in headline.CASES for case in cases if case.name == name]
        (headline.part if args.part else headline.run)(harness.chosen(cases, args.only), args.peers)
    else:
        harness.run(runner, args, harness.chosen(cases, args.only))


if __name__ == "__main__":
    main()
