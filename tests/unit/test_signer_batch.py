"""Signer.sign_batch: the tokens of sign, many at once."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import lanes
from cyjwt._engine.signrun import SignWork
from cyjwt.algorithms import ALGORITHMS
from tests.support import NOW, pair

STEADY = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "EdDSA", "Ed25519"]
CLAIMS = [{"sub": str(number), "n": number, "deep": {"a": [None, True, 1.5]}} for number in range(100)]


def signer(algorithm: str, **options: Any) -> cyjwt.Signer:
    return cyjwt.Signer(pair(algorithm).private, algorithm=algorithm, clock=NOW, **options)


@pytest.mark.parametrize("algorithm", STEADY)
def test_the_tokens_are_those_of_sign(algorithm: str) -> None:
    for options in ({}, {"issuer": "i", "audience": ["a", "b"], "lifetime": 60, "headers": {"x": 1}}):
        one = signer(algorithm, **options)
        expected = [one.sign(claims) for claims in CLAIMS]
        for threads in (None, 1, 2, 5):
            assert one.sign_batch(CLAIMS, threads=threads) == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 65])
def test_each_token_holds_what_it_should(algorithm: str, count: int) -> None:
    tokens = signer(algorithm, lifetime=60).sign_batch(CLAIMS[:count], threads=2)
    verifier = cyjwt.Verifier(pair(algorithm).public, algorithms=[algorithm], clock=NOW)
    stamped = [{**claims, "iat": NOW, "exp": NOW + 60} for claims in CLAIMS[:count]]
    assert [verifier.verify(token) for token in tokens] == stamped
    assert all(type(token) is str and token.isascii() for token in tokens)


@pytest.mark.parametrize("route", [None, "lanes", "single"] if lanes.live() else [None, "single"])
def test_on_every_route(route: str | None) -> None:
    for algorithm in ("RS256", "EdDSA"):
        one = signer(algorithm)
        expected = [one.sign(claims) for claims in CLAIMS[:40]]
        try:
            lanes.force(route)  # type: ignore[arg-type]
            assert one.sign_batch(CLAIMS[:40]) == expected
        finally:
            lanes.force(None)


def test_any_iterable_will_do() -> None:
    one = signer("HS256")
    expected = one.sign_batch(CLAIMS)
    assert one.sign_batch(tuple(CLAIMS)) == expected
    assert one.sign_batch(iter(CLAIMS)) == expected
    assert one.sign_batch(dict(claims) for claims in CLAIMS) == expected
    assert one.sign_batch(dict(enumerate(CLAIMS)).values()) == expected
    assert one.sign_batch([]) == []


def test_one_moment_for_all() -> None:
    times = iter(range(NOW, NOW + 1000))
    one = cyjwt.Signer(pair("EdDSA").private, clock=lambda: next(times), lifetime=60)
    before = next(times)
    tokens = one.sign_batch(CLAIMS)
    assert {cyjwt.read_unverified(token).claims["iat"] for token in tokens} == {before + 1}
    assert next(times) == before + 2


def test_claims_that_are_given_win() -> None:
    one = signer("EdDSA", issuer="mine", lifetime=60)
    tokens = one.sign_batch([{"iss": "theirs", "exp": 1}, {}])
    assert [cyjwt.read_unverified(token).claims for token in tokens] == [
        {"iss": "theirs", "exp": 1, "iat": NOW},
        {"iss": "mine", "iat": NOW, "exp": NOW + 60},
    ]


# -- refusals


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA", "Ed448"])
@pytest.mark.parametrize(
    ("bad", "kind", "message"),
    [
        ([], TypeError, r"claims\[57\] must be a dict, not list"),
        ("text", TypeError, r"claims\[57\] must be a dict, not str"),
        ({"a": object()}, TypeError, r"claims\[57\].*a.* is of type object"),
        ({"a": {"b": math.nan}}, ValueError, r"claims\[57\].*b.* is not finite"),
        ({1: 2}, TypeError, r"claims\[57\] has a name of type int"),
        ({"a": "\ud800"}, ValueError, r"claims\[57\].*a.* lone surrogate"),
    ],
)
def test_bad_claims_are_named_by_their_index(
    algorithm: str, bad: Any, kind: type[Exception], message: str
) -> None:
    claims: list[Any] = [*CLAIMS[:57], bad, *CLAIMS[:3], []]
    for threads in (1, 3):
        with pytest.raises(kind, match=message):
            signer(algorithm).sign_batch(claims, threads=threads)


def test_what_a_hook_raises_is_raised_and_says_where() -> None:
    def hook(value: object) -> object:
        if value is stop:
            raise LookupError("the hook's own")
        return str(value)

    stop = object()
    one = signer("EdDSA", default=hook)
    path = Path("a")
    assert one.sign_batch([{"a": path}]) == [one.sign({"a": path})]
    with pytest.raises(LookupError, match="the hook's own") as caught:
        one.sign_batch([{}, {}, {"a": stop}, {}])
    assert caught.value.__notes__ == ["while claims[2] was written"]


@pytest.mark.parametrize("wrong", [{"sub": "42"}, "text", b"octets", None, 7])
def test_what_is_no_batch_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="claims must be an iterable of dicts"):
        signer("HS256").sign_batch(wrong)


@pytest.mark.parametrize(
    ("threads", "kind"), [(0, ValueError), (-1, ValueError), ("2", TypeError), (True, TypeError)]
)
def test_bad_threads_are_refused(threads: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="threads"):
        signer("HS256").sign_batch([], threads=threads)


def test_a_lifetime_past_the_end_of_dates() -> None:
    one = cyjwt.Signer(pair("EdDSA").private, clock=253_402_300_790, lifetime=60)
    with pytest.raises(ValueError, match="9999"):
        one.sign_batch([{}])


# -- threads


def test_a_signer_is_shared_by_threads() -> None:
    one = signer("EdDSA")
    expected = [one.sign(claims) for claims in CLAIMS]
    answers: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(one.sign_batch(CLAIMS, threads=2) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 20


def test_a_token_without_its_signature_is_never_shown() -> None:
    work = SignWork(signer("EdDSA"), CLAIMS)
    work.write()
    assert work.runs == 4
    work.stop()
    work.work()
    with pytest.raises(RuntimeError, match="no signature yet"):
        work.finish()


INTERRUPTED = """
import signal, threading
import cyjwt
from cryptography.hazmat.primitives.asymmetric import rsa
signal.signal(signal.SIGINT, signal.default_int_handler)
key = cyjwt.Key.from_cryptography(rsa.generate_private_key(65537, 4096))
signer = cyjwt.Signer(key, algorithm="RS256")
print("ready", flush=True)
try:
    signer.sign_batch([{}] * 100_000, threads=2)
except KeyboardInterrupt:
    print("interrupted", threading.active_count(), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupt_ends_it_within_a_second() -> None:
    folder = str(Path(str(cyjwt.__file__)).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        env={**os.environ, "PYTHONPATH": folder},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        said, _ = process.communicate(timeout=60)
    assert said == "interrupted 1\n"
    # A second is the promise; a machine that does much else gets a little more.
    assert time.monotonic() - start < 2
