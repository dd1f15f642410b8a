"""What a library takes before it has done anything: seconds to import it, and resident memory.

Each value is of a fresh process: of the bare interpreter for imports, and of one that holds many verifiers or the
result of a batch for the others. Linux tells resident memory; elsewhere the figures of memory are left out.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from bench.harness import OURS

#: What an import statement for each contender is; by ``--peers`` all, else the first two.
IMPORTS = {
    OURS: "import cyjwt",
    "cryptography": "from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa",
    "PyJWT": "import jwt",
    "joserfc": "from joserfc import jwk, jwt",
    "authlib": "from authlib.jose import JsonWebKey, JsonWebToken",
    "python-jose": "from jose import jwk, jwt",
    "jwcrypto": "from jwcrypto import jwk, jwt",
    "oxyjwt": "import oxyjwt",
    "ryjwt": "import ryjwt",
    "webtoken": "import webtoken",
}
#: Keys or verifiers that are held at once, and tokens of a batch.
HELD, BATCH = 2000, 50_000
#: Fresh processes for each value.
TURNS = 5

PROBE = """
import json, os, time
{resident}
before, begun = resident(), time.perf_counter()
{statement}
print(json.dumps([time.perf_counter() - begun, resident() - before]))
"""
#: A case to a contender's values, as ``bench.results`` has them.
Values = dict[str, dict[str, list[list[float]]]]


def run(peers: bool) -> tuple[Values, Values]:
    """Seconds, and octets of memory, by turns."""
    seconds: Values = {}
    octets: Values = {}
    chosen = {who: code for who, code in IMPORTS.items() if peers or who in (OURS, "cryptography")}
    for _ in range(TURNS):
        for who, statement in chosen.items():
            # -I: nothing of this folder or of the user is imported instead.
            script = PROBE.format(resident=inspect.getsource(resident), statement=statement)
            answer = _ask(["-I", "-W", "ignore", "-c", script])
            if answer is not None:
                _note(seconds, "import", who, answer[0])
                _note(octets, "after the import", who, answer[1])
    # In processes of their own as well, but with `bench` and so with all that it imports.
    for what in HOLD:
        for who in (name for name in HOLD[what][0] if peers or name == OURS):
            for _ in range(2):
                answer = _ask(["-W", "ignore", "-m", "bench.footprint", what, who])
                if answer is not None:
                    _note(octets, what, who, answer[0])
    return seconds, octets


def _ask(arguments: list[str]) -> list[float] | None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        return None
    answer: list[float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _note(values: Values, case: str, who: str, value: float) -> None:
    # pyperf knows nothing of zero, which is also what a system says that tells no resident memory.
    if value > 0:
        values.setdefault(case, {}).setdefault(who, []).append([value])


def resident() -> int:
    """Octets of this process that are in memory; 0 where the system does not tell."""
    # Its text is a part of PROBE, where nothing may be imported that an import is measured to need.
    try:
        with open("/proc/self/statm") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def held(make: Callable[[], Any], count: int) -> float:
    """Octets that each of so many takes, once the first few were made."""
    kept = [make() for _ in range(50)]
    gc.collect()
    before = resident()
    kept += [make() for _ in range(count)]
    gc.collect()
    return (resident() - before) / count


def key(algorithm: str, who: str) -> float:
    """Octets of a key that is ready to verify."""
    from bench.lineup import PYTHON
    from bench.samples import material

    library: Any = PYTHON[who]()
    if who in (OURS, "oxyjwt"):
        return held(lambda: library.key(algorithm, False), HELD)
    # PyJWT and webtoken have a class of their own for JWKs alone.
    form = "JWK" if who in ("PyJWT", "webtoken") else "raw"
    return held(lambda: library.load(material(algorithm, form, private=False), algorithm), HELD)


def verifier(algorithm: str, who: str) -> float:
    """Octets of a verifier with its key and its policy, of those that have such a thing."""
    from bench.lineup import PYTHON

    library = PYTHON[who]()
    return held(lambda: library.verifier(algorithm), HELD)


def batch(claims: bool, who: str) -> float:
    """Octets that a token's result takes."""
    from bench.batches import tokens_of
    from bench.lineup import PYTHON

    tokens, verify = tokens_of("HS256", BATCH), PYTHON[who]().verifier("HS256")
    assert verify is not None
    many: Callable[[list[str]], Any] = (
        (lambda t: verify.__self__.verify_batch(t, claims=claims))  # type: ignore[attr-defined]
        if who == OURS
        else (lambda t: [verify(token) for token in t])
    )
    many(tokens[:100])
    gc.collect()
    before = resident()
    kept = many(tokens)
    gc.collect()
    return (resident() - before) / len(kept)


_WITH_KEYS = tuple(who for who in IMPORTS if who not in ("cryptography", "ryjwt"))
#: What is held, to who can hold it, and how much one of it takes.
HOLD: dict[str, tuple[tuple[str, ...], Callable[[str], float]]] = {
    "an HS256 key": (_WITH_KEYS, lambda who: key("HS256", who)),
    "an RS256 key": (_WITH_KEYS, lambda who: key("RS256", who)),
    "a verifier, with an HS256 key": ((OURS, "ryjwt"), lambda who: verifier("HS256", who)),
    "a verifier, with an RS256 key": ((OURS, "ryjwt"), lambda who: verifier("RS256", who)),
    "a token's status in a batch": ((OURS,), lambda who: batch(False, who)),
    "a token's claims in a batch or list": ((OURS, "PyJWT", "ryjwt"), lambda who: batch(True, who)),
}


if __name__ == "__main__":
    # Prints the octets that one of it takes in this process.
    print(json.dumps([HOLD[sys.argv[1]][1](sys.argv[2])]))
