"""Batches with several threads, interrupted, after a fork; and what memory they take."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt import _parallel
from tests.batch.agreement import agree, check, verdict
from tests.support import NOW, ROOT, good_claims, pair

HS256 = pair("HS256")
MIXED = ("HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA")


def mixed_tokens(count: int, seed: int = 1) -> tuple[cyjwt.Verifier, list[Any]]:
    """Tokens of several keys and algorithms, a fifth of them bad, in no order."""
    keys = {name: pair(name) for name in MIXED}
    verifier = cyjwt.Verifier(list(dict.fromkeys(one.public for one in keys.values())), clock=NOW)
    good = [one.token(good_claims(n=n, alg=one.algorithm)) for one in keys.values() for n in range(12)]
    bad: list[Any] = [token[:-6] + "AAAAAA" for token in good[::4]]
    bad += [token.replace(".", "", 1) for token in good[::9]] + ["", "é.b.c", None, pair("ES512").token()]
    draw = random.Random(seed)
    tokens = [draw.choice(bad if draw.random() < 0.2 else good) for _ in range(count)]
    return verifier, tokens


@pytest.mark.parametrize("threads", range(1, 9))
def test_threads(route: str, threads: int) -> None:
    """However many threads share the runs, each token has its own verdict in its own place."""
    verifier, tokens = mixed_tokens(5000, threads)
    known = {id(token): verdict(verifier, token) for token in tokens}
    expected = [known[id(token)] for token in tokens]
    assert 700 < sum(not isinstance(one, dict) for one in expected) < 1300
    agree(verifier, tokens, threads=threads, expected=expected)


def test_sizes_about_a_run() -> None:
    """256 tokens make a run, and 512 a thread's worth."""
    verifier, tokens = mixed_tokens(1100)
    expected = [verdict(verifier, token) for token in tokens]
    kinds = itertools.cycle([(claims, threads) for claims in (True, False, ["n"]) for threads in (1, 3)])
    for size in (1, 2, 7, 8, 9, 255, 256, 257, 511, 512, 513, 767, 1023, 1024, 1025):
        for claims, threads in itertools.islice(kinds, 2):
            batch = verifier.verify_batch(tokens[:size], threads=threads, claims=claims)
            check(batch, expected[:size], claims)


def test_threads_are_as_many_as_they_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def count(work: Callable[[], None], threads: int, stop: Callable[[], None]) -> None:
        started.append(threads)
        _parallel.run_parallel(work, threads, stop)

    monkeypatch.setattr("cyjwt.batch.run_parallel", count)
    token = HS256.token()
    for tokens, threads in ((0, 8), (1, 8), (700, 8), (2000, 8), (20_000, 3), (20_000, 1), (4000, None)):
        assert HS256.verifier().verify_batch([token] * tokens, threads=threads).valid == tokens
    assert started[:2] == [1, 1]
    assert started[2] <= 2
    assert 1 < started[3] < 8
    assert started[4:6] == [3, 1]
    assert started[6] <= _parallel.cores()


def test_where_the_system_has_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert HS256.verifier().verify_batch([HS256.token()] * 5000, threads=8).valid == 5000


def test_no_thread_outlives_a_batch() -> None:
    verifier, tokens = mixed_tokens(3000)
    before = threading.active_count()
    for _ in range(5):
        verifier.verify_batch(tokens, threads=4)
        assert threading.active_count() == before


def test_other_threads_run_meanwhile() -> None:
    """The interpreter lock is free while a batch is verified without claims."""
    keys = pair("RS256")
    verifier, tokens = keys.verifier(), [keys.token()] * 4000
    thread = threading.Thread(target=lambda: verifier.verify_batch(tokens, threads=1, claims=False))
    interval = sys.getswitchinterval()
    # With so long an interval nobody is forced off the lock; whoever runs beside it was let in.
    sys.setswitchinterval(10)
    try:
        count = 0
        thread.start()
        while thread.is_alive():
            count += 1
            time.sleep(0.0001)
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert count > 20


def test_one_verifier_by_many_threads_at_once(route: str) -> None:
    """Batches and single calls of one verifier, side by side."""
    verifier, tokens = mixed_tokens(600)
    expected = [verdict(verifier, token) for token in tokens]
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for _ in range(4):
                if n % 3:
                    claims: Any = (True, False, ["n", "alg"])[n % 2 + (n % 4 == 1)]
                    check(verifier.verify_batch(tokens, threads=n % 3, claims=claims), expected, claims)
                else:
                    assert [verdict(verifier, token) for token in tokens] == expected
        except BaseException as failure:
            failures.append(failure)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []


@pytest.mark.parametrize("threads", [1, 2])
def test_a_list_that_others_change(threads: int) -> None:
    """The tokens are those that the list held when the call began."""
    verifier = HS256.verifier()
    good, shared = HS256.token(), [HS256.token()] * 3000
    stop = threading.Event()

    def spoil() -> None:
        while not stop.is_set():
            shared[:] = ["x.y.z"] * 100
            shared[:] = [good] * 3000
            shared.clear()
            shared.extend([good] * 10)

    thread = threading.Thread(target=spoil)
    thread.start()
    try:
        for _ in range(100):
            batch = verifier.verify_batch(shared, threads=threads, claims=["exp"])
            assert set(batch.counts()) <= {"valid", "segments", "invalid_base64", "invalid_json"}
            for i, status in enumerate(batch.statuses):
                assert (batch[i] == {"exp": NOW + 600}) == (status == 0)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_bytearrays_that_others_change(route: str, algorithm: str) -> None:
    """A buffer is read once: what is verified is what is read."""
    keys = pair(algorithm)
    good, other = keys.token(good_claims(n=1)).encode(), keys.token(good_claims(n=2)).encode()
    assert len(good) == len(other)
    shared = bytearray(good)
    stop = threading.Event()

    def spoil() -> None:
        while not stop.is_set():
            shared[:] = other
            shared[30:40] = good[30:40]
            shared[:] = good

    thread = threading.Thread(target=spoil)
    thread.start()
    try:
        for _ in range(60):
            for one in keys.verifier().verify_batch([shared] * 50):
                if isinstance(one, Exception):
                    assert isinstance(one, cyjwt.DecodeError | cyjwt.InvalidAlgorithmError), one
                else:
                    assert one["n"] in (1, 2)
    finally:
        stop.set()
        thread.join()


# -- in processes of their own


def in_process(code: str, *, interrupt_after: float | None = None, **names: Any) -> tuple[str, float]:
    """What a fresh process prints, and the seconds from the interrupt, or else from the start, to its end."""
    path = os.pathsep.join([str(Path(cyjwt.__file__).parent.parent), str(ROOT)])
    lines = [f"{name} = {value!r}" for name, value in names.items()] + [textwrap.dedent(code)]
    process = subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        assert process.stdout is not None
        said = ""
        if interrupt_after is not None:
            said = process.stdout.readline()
            assert said == "ready\n", said + process.communicate(timeout=60)[0]
            time.sleep(interrupt_after)
            process.send_signal(signal.SIGINT)
        start = time.monotonic()
        said = process.communicate(timeout=120)[0]
        return said, time.monotonic() - start
    finally:
        process.kill()
        process.wait()


INTERRUPTED = """
import signal, sys, threading, time
import cyjwt
from tests.support import NOW, pair
signal.signal(signal.SIGINT, signal.default_int_handler)
keys = pair(algorithm)
verifier = keys.verifier()
tokens = [keys.token()] * 1000
verifier.verify_batch(tokens[:10])
def endless():
    while True:
        yield tokens[0]
print("ready", flush=True)
try:
    if stream:
        for batch in verifier.verify_stream(endless(), size=5000, threads=threads, claims=claims):
            pass
    else:
        verifier.verify_batch(tokens * 2000, threads=threads, claims=claims)
except KeyboardInterrupt:
    # A helper that had begun, but had not said so, is not waited for: it ends by itself.
    end = time.monotonic() + 0.5
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.005)
    print("interrupted", threading.active_count(), flush=True)
    # The verifier is as good as before.
    assert verifier.verify_batch(tokens[:10], threads=2).valid == 10
    sys.exit()
print("came to its end")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals here")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("algorithm", "claims", "stream"),
    [("RS256", False, False), ("ES512", True, False), ("Ed448", ["sub"], False), ("ES256", False, True)],
)
def test_ctrl_c_ends_a_batch_within_a_second(algorithm: str, claims: Any, stream: bool, threads: int) -> None:
    said, seconds = in_process(
        INTERRUPTED, interrupt_after=0.5, algorithm=algorithm, claims=claims, stream=stream, threads=threads
    )
    assert said == "interrupted 1\n"
    assert seconds < 1


def test_ctrl_c_while_a_helper_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the KeyboardInterrupt that is raised, not what comes of waiting for what does not run yet."""

    class Beginning(threading.Thread):
        ident = 1

        def start(self) -> None:
            raise KeyboardInterrupt

    stopped: list[bool] = []
    monkeypatch.setattr(_parallel.threading, "Thread", Beginning)
    with pytest.raises(KeyboardInterrupt):
        _parallel.run_parallel(lambda: None, 2, lambda: stopped.append(True))
    assert stopped == [True]


HANDLED = """
import signal
import cyjwt
from tests.support import pair
class Stop(Exception):
    pass
seen = []
def handle(*args):
    seen.append(1)
    if len(seen) == 3:
        raise Stop
signal.signal(signal.SIGALRM, handle)
keys = pair("ES384")
tokens = [keys.token()] * 200_000
verifier = keys.verifier()
try:
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    verifier.verify_batch(tokens, threads=2)
except Stop:
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("stopped", len(seen))
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals here")
def test_signal_handlers_run_meanwhile() -> None:
    """A handler that returns lets the batch go on; what a handler raises ends it."""
    said, seconds = in_process(HANDLED)
    assert said.startswith("stopped "), said
    assert seconds < 30


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_after_use_and_meanwhile() -> None:
    verifier, tokens = mixed_tokens(2000)
    expected = [verdict(verifier, token) for token in tokens]
    check(verifier.verify_batch(tokens, threads=2), expected, True)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            verifier.verify_batch(tokens, threads=2, claims=False)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for claims in (True, False, ["n"]):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    signal.alarm(60)
                    check(verifier.verify_batch(tokens, threads=2, claims=claims), expected, claims)
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        thread.join()


GARBAGE = """
import itertools, pathlib, re
import cyjwt
from tests.support import pair
keys = pair("HS256")
good = keys.token()
kinds = ["", "a.b.c", "x" * 500, good[:-8] + "AAAAAAAA", good + ".", "." * 400, "\\xe9.b.c", None, b"\\xff" * 9,
         good.replace(".", "=.", 1), keys.forge(b'{"alg":"HS256","kid":"' + b"k" * 300 + b'"}', b'{"exp":1}'), 17,
         keys.forge(b'{"alg":"HS256"}', b'{"a":[1,2,{"b":"c"'), bytearray(b"a.b.c"), "x" * 70_000]
verifier = keys.verifier()
def peak():
    # Not ru_maxrss, which begins with what the parent had at the fork.
    return 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
def run(count):
    if stream:
        source = itertools.islice(itertools.cycle(kinds), count)
        batches = list(map(cyjwt.Batch.counts, verifier.verify_stream(source, size=1000, threads=2, claims=claims)))
        return sum(sum(counts.values()) for counts in batches[:1]) * len(batches)
    return len(verifier.verify_batch(tokens if count > 20_000 else tokens[:count], threads=2, claims=claims))
tokens = [] if stream else list(itertools.islice(itertools.cycle(kinds), 1_000_000))
run(20_000)
before = peak()
assert run(1_000_000) == 1_000_000
print((peak() - before) / 1_000_000)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no such figures here")
@pytest.mark.parametrize(
    ("claims", "stream", "most"), [(False, False, 11), (True, False, 19), (["sub"], True, 1)]
)
def test_memory_does_not_grow_with_bad_tokens(claims: Any, stream: bool, most: float) -> None:
    """Octets for each of a million bad tokens: its status, what it lacks, a reference to it, room for its claims.

    A stream keeps no more than a batch, whatever its length.
    """
    said, _ = in_process(GARBAGE, claims=claims, stream=stream)
    assert float(said) < most, said
