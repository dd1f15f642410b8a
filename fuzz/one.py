"""``python -m fuzz.one TARGET [CORPUS ...] [-libFuzzer's options]``: atheris over an instrumented build.

Without such a build of the engine there is nothing to guide it, so it refuses to begin: ``tools/sanitize.py fuzz``
makes one.
"""

from __future__ import annotations

import os
import random
import sys

import atheris


def main() -> None:
    name = sys.argv.pop(1)
    # The Python between the entry points and the engine is part of what is explored, the oracle is not. Some of it is
    # imported when the keys of the targets are made.
    with atheris.instrument_imports(include=["cyjwt"], enable_loader_override=False):
        import cyjwt
        from fuzz.targets import TARGETS

    target = TARGETS[name]
    where = os.environ["CYJWT_INSTRUMENTED"]
    assert (cyjwt.__file__ or "").startswith(where), (
        f"{cyjwt.__file__} is not the instrumented build in {where}"
    )
    mutate = target.mutate
    arguments = [sys.argv[0], f"-max_len={target.longest}", *sys.argv[1:]]
    if mutate is None:
        atheris.Setup(arguments, target.check)
    else:

        def mutator(data: bytes, longest: int, seed: int) -> bytes:
            return mutate(data, longest, random.Random(seed), atheris.Mutate)

        atheris.Setup(arguments, target.check, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
