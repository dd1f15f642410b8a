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

#: Two threads are let loose at once on so many tokens each, again and again, for as long as a measurement lasts.
POOL, PASSES = 500, 40
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


def verify_all(verify: Callable[[str], Any], tokens: list[str]) -> None:
    for _ in range(PASSES):
        for token in tokens:
            verify(token)


def seconds_of(works: Sequence[Callable[[], None]]) -> float:
    """From when all are let loose until the last has ended."""
    gate = threading.Barrier(len(works) + 1)

    def run(work: Callable[[], None]) -> None:
        gate.wait()
        work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def gain(verifiers: Sequence[Any], tokens: list[list[str]], seconds: float) -> tuple[float, float]:
    """Microseconds a token of one thread, and how much more two threads do than one."""
    works = [
        lambda verifier=verifier, mine=mine: verify_all(verifier.verify, mine)
        for verifier, mine in zip(verifiers, tokens, strict=True)
    ]
    alone = together = float("inf")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alone = min(alone, seconds_of(works[:1]), seconds_of(works[1:]))
        together = min(together, seconds_of(works))
    return alone / (POOL * PASSES) * 1e6, 2 * alone / together


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
