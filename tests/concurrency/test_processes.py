"""Forks after use, pickles in worker processes, sub-interpreters."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import NOW, ROOT, good_claims, pair

ALGORITHMS = ["HS256", "RS256", "PS384", "ES256", "ES256K", "EdDSA", "Ed448"]


def fixed_clock() -> int:
    """A clock that pickles by name."""
    return NOW


def in_child(work: Any) -> int:
    """The exit status of a forked child that ran ``work``: 0 if it returned."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_fork_after_use(algorithm: str) -> None:
    """A child uses its parent's keys and verifiers, and signatures it draws are its own."""
    keys = pair(algorithm)
    verifier, token = keys.verifier(), keys.token()
    signer = cyjwt.Signer(keys.private, algorithm=algorithm)
    verifier.verify(token)
    signer.sign(good_claims())

    def work() -> None:
        assert verifier.verify(token) == good_claims()
        assert verifier.verify(signer.sign(good_claims(child=1)))["child"] == 1
        with pytest.raises(cyjwt.InvalidSignatureError):
            verifier.verify(token.rpartition(".")[0] + "." + "A" * len(token.rpartition(".")[2]))

    assert in_child(work) == 0
    work()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_draws_fresh_randomness() -> None:
    """ECDSA and PSS in parent and children never repeat a nonce: a repeat would give the key away."""
    keys = pair("ES256")
    keys.private.sign(b"before", "ES256")
    seen = []
    for _ in range(4):
        read, write = os.pipe()

        def work(to: int = write) -> None:
            os.write(to, keys.private.sign(b"data", "ES256"))

        assert in_child(work) == 0
        os.close(write)
        seen.append(os.read(read, 1000))
        os.close(read)
        seen.append(keys.private.sign(b"data", "ES256"))
    assert len({signature[:32] for signature in seen}) == len(seen)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_while_a_thread_verifies() -> None:
    """A lock held by a thread that is not in the child must not hang the child."""
    keys = pair("RS256")
    verifier, token = keys.verifier(), keys.token()
    stop = threading.Event()

    def busy() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            verifier.verify(keys.token(good_claims(n=n), {"kid": str(n)}) if n % 50 == 0 else token)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for i in range(10):
            assert in_child(lambda i=i: verifier.verify(keys.token(good_claims(n=i), {"kid": f"c{i}"}))) == 0
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_verifiers_and_signers_pickle(algorithm: str) -> None:
    keys = pair(algorithm)
    options = {"issuer": ["a", "b"], "leeway": 3, "required": ("exp", "iss"), "clock": fixed_clock}
    verifier = pickle.loads(pickle.dumps(keys.verifier(**options)))
    claims = good_claims(iss="b")
    assert verifier.verify(keys.token(claims)) == claims
    with pytest.raises(cyjwt.InvalidIssuerError):
        verifier.verify(keys.token(good_claims(iss="c")))
    with pytest.raises(cyjwt.MissingRequiredClaimError):
        verifier.verify(keys.token())
    signer = pickle.loads(pickle.dumps(cyjwt.Signer(keys.private, algorithm=algorithm)))
    assert baseline.verify(signer.sign(claims), keys.oracle, clock=fixed_clock) == claims


def _verify(job: tuple[cyjwt.Verifier, str]) -> dict[str, Any]:
    verifier, token = job
    return verifier.verify(token)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_worker_processes(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    keys = pair("RS256")
    job = (keys.verifier(clock=fixed_clock), keys.token())
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(_verify, [job] * 3) == [good_claims()] * 3


SUBINTERPRETER = """
    import sys
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters

    import cyjwt
    secret, token = bytes(range(32)), {token!r}
    assert cyjwt.Verifier(cyjwt.Key.from_secret(secret), clock=lambda: {now}).verify(token)

    code = '''
    try:
        import cyjwt
    except ImportError:
        print("refused")
    else:
        verifier = cyjwt.Verifier(cyjwt.Key.from_secret(bytes(range(32))), clock=lambda: {now})
        assert verifier.verify({token!r})["sub"] == "user-8f14e45f"
        try:
            verifier.verify({token!r} + "AAAA")
        except cyjwt.InvalidSignatureError:
            print("served")
    '''
    import textwrap
    for _ in range(2):
        interpreter = interpreters.create()
        trouble = interpreters.run_string(interpreter, textwrap.dedent(code))
        assert trouble is None, trouble
        interpreters.destroy(interpreter)
    # The first interpreter goes on as before.
    assert cyjwt.Verifier(cyjwt.Key.from_secret(secret), clock=lambda: {now}).verify(token)
"""


def test_sub_interpreter_is_refused_or_served() -> None:
    """An ImportError or the full service; never a crash, and never shared state."""
    oracle = baseline.Key.from_secret(bytes(range(32)))
    token = baseline.sign(good_claims(), oracle, "HS256")
    code = textwrap.dedent(SUBINTERPRETER).format(token=token, now=NOW)
    path = os.pathsep.join([str(Path(cyjwt.__file__).parent.parent), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["refused"] * 2, ["served"] * 2)
