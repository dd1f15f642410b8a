"""What a CPython without the GIL makes of cyjwt: whether it stays without, and how much two threads gain.

    python tools/free_threading.py [--least RATIO] [--seconds SECONDS]

One thread verifies HS256 tokens, then two threads at once as many each, by a verifier that they share and by one of
their own; the best rounds of both count. It fails where two threads do less than RATIO times the work of one.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

#: Tokens of a round, and the parts of a measurement, in turn of one thread and of two.
POOL, PARTS = 250, 20
#: Claims such as services issue: 11 members, some 320 octets.
CLAIMS = {
    "iss": "https://issuer.example/",
    "aud": "https://api.example.com/orders",
    "exp": 4_102_444_800,
    "iat": 1_700_000_000,
    "nbf": 1_700_000_000,
    "scope": "orders:read orders:write profile email",
    "roles": ["admin", "auditor"],
    "client_id": "web-frontend",
    "tenant": "example-corp",
}


def refuse_gil() -> None:
    """End where the interpreter has a GIL, or cyjwt has turned it on."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit(
            f"{sys.executable} is not free-threaded: name one that is, such as PYTHON=python3.14t"
        )
    import cyjwt

    if sys._is_gil_enabled():  # type: ignore[attr-defined]
        raise SystemExit("the GIL is on: PYTHON_GIL or -X gil says so, or a module has turned it on")
    print(f"cyjwt {cyjwt.__version__}, Python {sys.version.split()[0]}, the GIL is off")


def pools(count: int) -> tuple[Any, list[list[str]]]:
    """A key, and for each thread tokens of its own."""
    import cyjwt

    key = cyjwt.Key.from_secret(bytes(range(32)), kid="2026-01")
    signer = cyjwt.Signer(key)
    return key, [
        [
            signer.sign({**CLAIMS, "sub": f"user-{i}-{n:06}", "jti": f"{i:08x}-{n:08x}-4a7b"})
            for n in range(POOL)
        ]
        for i in range(count)
    ]


def rounds(works: Sequence[Callable[[], None]], seconds: float) -> float:
    """The seconds of the best round: from when the first thread began until the last had ended.

    Threads wait for each other by looking, without sleep, so that all of them have a core when a round begins; a round is
    short, so that some are over before anything else wants one.
    """
    arrived = [0] * len(works)
    times: list[list[tuple[float, float]]] = [[] for _ in works]
    end = time.monotonic() + seconds

    def run(i: int) -> None:
        while True:
            arrived[i] += 1
            mine = arrived[i]
            while min(arrived) < mine:
                if time.monotonic() > end:
                    return
            began = time.perf_counter()
            works[i]()
            times[i].append((began, time.perf_counter()))
            if time.monotonic() > end:
                return

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return min(
        max(ended for _, ended in one) - min(began for began, _ in one) for one in zip(*times, strict=False)
    )


def work_of(verifier: Any, tokens: list[str]) -> Callable[[], None]:
    def work() -> None:
        verify = verifier.verify
        for token in tokens:
            verify(token)

    return work


def gain(verifiers: Sequence[Any], tokens: list[list[str]], seconds: float) -> tuple[float, float]:
    """Microseconds a token of one thread, and how much more two threads do than one."""
    works = [work_of(verifier, mine) for verifier, mine in zip(verifiers, tokens, strict=True)]
    alone = together = float("inf")
    for _ in range(PARTS):
        alone = min(alone, rounds(works[:1], seconds / PARTS / 2))
        together = min(together, rounds(works, seconds / PARTS / 2))
    return alone / POOL * 1e6, 2 * alone / together


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--least", type=float, default=1.7, help="the least gain of two threads (%(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=10, help="how long each is measured (%(default)s)")
    chosen = parser.parse_args(arguments)
    refuse_gil()
    if len(os.sched_getaffinity(0)) < 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) < 2:
        raise SystemExit("this machine has one core: two threads gain nothing on it")
    import cyjwt

    key, tokens = pools(2)
    options = {"issuer": CLAIMS["iss"], "audience": CLAIMS["aud"], "algorithms": ["HS256"]}
    shared = cyjwt.Verifier(key, **options)
    assert shared.verify(tokens[0][0])["sub"] == "user-0-000000"
    altered = tokens[0][0][:-8] + ("AAAAAAAA" if not tokens[0][0].endswith("AAAAAAAA") else "BBBBBBBB")
    try:
        shared.verify(altered)
    except cyjwt.InvalidSignatureError:
        pass
    else:
        raise SystemExit("a forged signature was accepted")
    worst = float("inf")
    gc.freeze()
    for name, verifiers in (
        ("one verifier, shared", [shared, shared]),
        ("a verifier for each", [cyjwt.Verifier(key, **options), cyjwt.Verifier(key, **options)]),
    ):
        cost, ratio = gain(verifiers, tokens, chosen.seconds)
        worst = min(worst, ratio)
        print(f"{name}: {cost:.2f} us a token on one thread; two threads verify {ratio:.2f} times as many")
    if worst < chosen.least:
        print(f"less than {chosen.least:g} times: is the machine quiet?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
