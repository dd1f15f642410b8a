"""Threads that share verifiers, signers and keys."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import AUDIENCE, ISSUER, NOW, clock, forge, good_claims, pair, verdict_of

THREADS = 6


pytestmark = pytest.mark.usefixtures("quick_switching")


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """What ``work(i)`` returns for each thread, all of them let loose at once."""
    gate = threading.Barrier(THREADS)

    def run(i: int) -> Any:
        gate.wait()
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "PS256", "ES256", "EdDSA", "Ed448"])
def test_threads_share_a_verifier(algorithm: str) -> None:
    """Each thread gets its own claims and its own errors."""
    keys = pair(algorithm)
    verifier = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
    rounds = 400 if algorithm == "HS256" else 40

    def tokens(i: int) -> list[tuple[str, dict[str, Any] | None]]:
        made: list[tuple[str, dict[str, Any] | None]] = []
        for j in range(8):
            claims = good_claims(iss=ISSUER, aud=AUDIENCE, thread=i, n=j, pad="x" * (i * j))
            token = keys.token(claims, {"kid": f"{i}-{j}"})
            made.append((token, claims))
            cut = token.rindex(".") + 5
            made.append((token[:cut] + ("A" if token[cut] != "A" else "B") + token[cut + 1 :], None))
        return made

    prepared = [tokens(i) for i in range(THREADS)]

    def work(i: int) -> int:
        wrong = 0
        for _ in range(rounds // 8):
            for token, claims in prepared[i]:
                if claims is None:
                    wrong += verdict_of(verifier.verify, token) != ("InvalidSignatureError", None)
                else:
                    wrong += verifier.verify(token) != claims
        return wrong

    assert in_threads(work) == [0] * THREADS


def test_threads_fill_the_header_memory_at_once() -> None:
    """Headers of different keys pass through one verifier; no thread gets another's key."""
    secrets = [bytes([i + 1]) * 32 for i in range(THREADS)]
    keys = cyjwt.KeySet([cyjwt.Key.from_secret(s, kid=str(i)) for i, s in enumerate(secrets)])
    verifier = cyjwt.Verifier(keys, algorithms=["HS256"], clock=clock)
    payloads = [baseline.dumps(good_claims(n=i)) for i in range(THREADS)]

    def work(i: int) -> int:
        signer = baseline.Key.from_secret(secrets[i])
        wrong = 0
        for j in range(300):
            header = baseline.dumps({"alg": "HS256", "kid": str(i), "n": j % 150})
            wrong += verifier.verify(forge(header, payloads[i], signer))["n"] != i
            other = baseline.dumps({"alg": "HS256", "kid": str((i + 1) % THREADS), "n": j % 150})
            wrong += (
                verdict_of(verifier.verify, forge(other, payloads[i], signer))[0] != "InvalidSignatureError"
            )
        return wrong

    assert in_threads(work) == [0] * THREADS


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_threads_share_a_signer(algorithm: str) -> None:
    keys = pair(algorithm)
    signer = cyjwt.Signer(keys.private, algorithm=algorithm)
    rounds = 200 if algorithm == "HS256" else 10

    def work(i: int) -> list[str]:
        return [signer.sign({"exp": NOW + 9, "thread": i, "n": j}) for j in range(rounds)]

    for i, tokens in enumerate(in_threads(work)):
        for j, token in enumerate(tokens):
            assert baseline.verify(token, keys.oracle, clock=clock) == {"exp": NOW + 9, "thread": i, "n": j}


def test_returned_claims_are_the_callers_own() -> None:
    """A caller that changes its claims changes nobody else's."""
    verifier = pair("HS256").verifier()
    token = pair("HS256").token(good_claims(roles=["a"], nested={"x": [1]}))
    first = verifier.verify(token)
    first["roles"].append("admin")
    first["nested"]["x"] = None
    first["more"] = True
    assert verifier.verify(token) == good_claims(roles=["a"], nested={"x": [1]})
    complete = verifier.verify_complete(token)
    complete.header["alg"] = "none"
    assert verifier.verify_complete(token).header["alg"] == "HS256"


def test_other_threads_run_while_rsa_is_verified() -> None:
    """The GIL is released: a counting thread advances during verification."""
    verifier, token = pair("RS256").verifier(), pair("RS256").token()
    enough = threading.Event()

    def work() -> None:
        # By the clock: on a busy machine it takes a while until the other thread has a core.
        last = time.monotonic() + 10
        while not enough.is_set() and time.monotonic() < last:
            verifier.verify(token)

    thread = threading.Thread(target=work)
    # With so long an interval nobody is forced off the GIL; whoever runs beside it was let in.
    sys.setswitchinterval(100)
    count = 0
    thread.start()
    while thread.is_alive() and count < 20:
        count += 1
        time.sleep(0)
    enough.set()
    thread.join()
    assert count == 20


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_bytearray_changed_during_verification(algorithm: str) -> None:
    """A buffer that another thread writes to gives an answer or a token error, never anything else."""
    keys = pair(algorithm)
    verifier = keys.verifier()
    good = keys.token(good_claims(pad="x" * 3000)).encode()
    shared = bytearray(good)
    stop = threading.Event()

    def spoil() -> None:
        at = 0
        while not stop.is_set():
            at = (at * 7 + 13) % len(good)
            shared[at] ^= 0x15
            shared[at] = good[at]
            if at % 64 == 0:
                try:
                    shared.append(65)
                    del shared[len(good) :]
                except BufferError:
                    pass

    thread = threading.Thread(target=spoil)
    thread.start()
    try:
        seen = set()
        for _ in range(1500):
            try:
                assert verifier.verify(shared)["exp"] == NOW + 600
                seen.add("good")
            except cyjwt.InvalidTokenError as error:
                seen.add(type(error).__name__)
    finally:
        stop.set()
        thread.join()
    assert seen <= {"good", "DecodeError", "InvalidSignatureError", "InvalidAlgorithmError"}


def test_clock_that_verifies_tokens_itself() -> None:
    """Re-entrance through the caller's clock finds the verifier in order."""
    keys = pair("HS256")
    inner = keys.verifier()
    deep = [9]

    def clock_in_use() -> float:
        if deep[0] < 3:
            deep[0] += 1
            outer.verify(keys.token(good_claims(n=deep[0]), {"kid": str(deep[0])}))
        inner.verify(keys.token())
        return NOW

    outer = keys.verifier(clock=clock_in_use)
    deep[0] = 0
    assert outer.verify(keys.token(good_claims(n=9)))["n"] == 9


def test_verifiers_die_while_others_work() -> None:
    """Keys and verifiers come and go in one thread while others use theirs."""
    keys = pair("ES256")
    token = keys.token()

    def work(i: int) -> int:
        for _ in range(60):
            key = cyjwt.Key.from_pem(keys.public_pem)
            assert cyjwt.Verifier(key, clock=clock).verify(token) == good_claims()
        return i

    assert in_threads(work) == list(range(THREADS))
