"""The memory of verified tokens under threads, forks, event loops and keys that change."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import cyjwt
from tests.live_support import Source
from tests.support import NOW, clock, good_claims, pair, verdict_of

HS256 = pair("HS256")
THREADS = 6


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "Ed448"])
@pytest.mark.parametrize("collide", [False, True])
def test_threads_share_a_memory(algorithm: str, collide: bool, quick_switching: None) -> None:
    """It is always too small, cleared at times, and each thread spoils what it gets."""
    keys = pair(algorithm)
    verifier = keys.verifier(cache=5)
    if collide:
        verifier._cache.collide()
    tokens = [keys.token(good_claims(n=n, roles=[str(n), {"n": [n]}])) for n in range(12)]
    bad = [token[:-6] + "AAAAAA" for token in tokens]
    gate = threading.Barrier(THREADS)

    def run(seed: int) -> int:
        draw = random.Random(seed)
        gate.wait()
        for _ in range(600 if algorithm == "HS256" else 120):
            n = draw.randrange(12)
            if draw.random() < 0.02:
                verifier.clear_cache()
            if draw.random() < 0.1:
                assert verdict_of(verifier.verify, bad[n])[0] == "InvalidSignatureError"
            claims = verifier.verify(tokens[n])
            assert claims["n"] == n
            assert claims["roles"] == [str(n), {"n": [n]}]
            claims["n"] = -1
            claims["roles"][1]["n"].append("spoilt")
            claims["roles"].clear()
            assert verifier.cache_info().size <= 5
        return seed

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(run, range(THREADS))) == list(range(THREADS))
    info = verifier.cache_info()
    assert info.hits > 0
    assert info.hits + info.misses > THREADS * 120


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_has_what_its_parent_had_and_goes_its_own_way() -> None:
    verifier = HS256.verifier(cache=4)
    tokens = [HS256.token(good_claims(n=n)) for n in range(8)]
    verifier.verify(tokens[0])
    pid = os.fork()
    if pid == 0:
        try:
            good = verifier.verify(tokens[0])["n"] == 0
            good = good and verifier.cache_info().hits == 1
            good = good and [verifier.verify(token)["n"] for token in tokens] == list(range(8))
            good = good and verifier.cache_info().size == 4
            verifier.clear_cache()
        except BaseException:
            good = False
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert verifier.cache_info() == (0, 1, 1, 4, 0)


# -- event loops


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA", "Ed448"])
@pytest.mark.parametrize("typed", [False, True])
def test_callers_of_a_loop_fill_it_and_find_in_it(algorithm: str, typed: bool) -> None:
    if typed:
        pytest.importorskip("msgspec")
    keys = pair(algorithm)
    options: dict[str, Any] = {"claims_type": typed_claims()} if typed else {}
    verifier = keys.verifier(cache=100, **options)
    tokens = [keys.token(good_claims(n=n, roles=[n])) for n in range(20)]
    bad = tokens[0][:-6] + "AAAAAA"

    async def turn() -> list[Any]:
        calls = [verifier.verify_async(token) for token in [*tokens, bad]]
        return await asyncio.gather(*calls, return_exceptions=True)

    async def main() -> list[list[Any]]:
        return [await turn() for _ in range(3)]

    first, second, third = asyncio.run(main())
    assert first[:20] == second[:20] == third[:20]
    assert [one.n if typed else one["n"] for one in first[:20]] == list(range(20))
    assert all(isinstance(one[20], cyjwt.InvalidSignatureError) for one in (first, second, third))
    assert not any(one is other for one, other in zip(first[:20], second[:20], strict=True))
    assert verifier.cache_info() == (40, 23, 20, 100, 0)
    verifier.verify(tokens[3])
    assert verifier.cache_info().hits == 41


def typed_claims() -> Any:
    import dataclasses

    return dataclasses.make_dataclass("Numbered", [("n", int), ("roles", list[int])])


def test_a_hit_waits_for_nobody_and_is_judged_anew() -> None:
    keys = pair("ES256")
    now = [NOW]
    verifier = keys.verifier(cache=10, clock=lambda: now[0])
    tokens = [keys.token(good_claims(n=n, exp=NOW + 10 + n)) for n in range(4)]

    async def main() -> None:
        await asyncio.gather(*map(verifier.verify_async, tokens))
        await asyncio.gather(*map(verifier.verify_async, tokens))
        for token in tokens:
            call = verifier.verify_async(token)
            with pytest.raises(StopIteration) as done:
                call.send(None)
            assert done.value.value["exp"] > NOW
        now[0] = NOW + 11
        answers = await asyncio.gather(*map(verifier.verify_async, tokens), return_exceptions=True)
        assert [type(one).__name__ for one in answers] == ["ExpiredSignatureError"] * 2 + ["dict"] * 2

    asyncio.run(main())
    assert verifier.cache_info().size == 2


# -- keys that change


def test_keys_that_change_have_what_they_verified_dropped() -> None:
    """A key that was withdrawn serves no token any more, however often it did before."""
    old = cyjwt.Key.from_secret(bytes(range(32)), kid="old", algorithm="HS256")
    new = cyjwt.Key.from_secret(bytes(range(32, 64)), kid="new", algorithm="HS256")
    source = Source(old)
    verifier = cyjwt.Verifier(source, algorithms=["HS256"], clock=clock, cache=10)
    tokens = {key.kid: cyjwt.encode(good_claims(), key, algorithm="HS256") for key in (old, new)}
    for _ in range(3):
        verifier.verify(tokens["old"])
    assert verifier.cache_info() == (2, 1, 1, 10, 0)
    source.publish(new)
    assert verdict_of(verifier.verify, tokens["old"])[0] == "KeyNotFoundError"
    verifier.verify(tokens["new"])
    verifier.verify(tokens["new"])
    info = verifier.cache_info()
    assert (info.hits, info.size, info.capacity) == (3, 1, 10)
    source.publish(old, new)
    verifier.verify(tokens["old"])
    assert verifier.cache_info().hits == 3
    verifier.clear_cache()
    assert verifier.cache_info().size == 0


def test_without_keys_nothing_is_found() -> None:
    key = cyjwt.Key.from_secret(bytes(range(32)), kid="a", algorithm="HS256")
    source = Source(key)
    verifier = cyjwt.Verifier(source, algorithms=["HS256"], clock=clock, cache=10)
    token = cyjwt.encode(good_claims(), key, algorithm="HS256")
    verifier.verify(token)
    verifier.verify(token)
    source.snapshot = None
    source.fails = True
    with pytest.raises(cyjwt.JWKSUnavailableError):
        verifier.verify(token)


# -- revocation


def test_revocation_is_asked_on_every_hit() -> None:
    revoked: set[str] = set()
    verifier = HS256.verifier(cache=10, revoked=revoked)
    token = HS256.token(good_claims(jti="a", roles=["r"]))
    for _ in range(3):
        verifier.verify(token)
    revoked.add("a")
    for _ in range(2):
        assert verdict_of(verifier.verify, token)[0] == "RevokedTokenError"
    revoked.clear()
    verifier.verify(token)


def test_a_store_that_fails_and_one_that_meddles() -> None:
    class Store:
        def __init__(self) -> None:
            self.fails = False
            self.seen: list[Any] = []

        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            self.seen.append((dict(claims), key))
            claims["roles"].append("spoilt")
            claims["sub"] = "spoilt"
            if self.fails:
                verifier.clear_cache()
                raise LookupError("down")
            return False

    store = Store()
    verifier = HS256.verifier(cache=10, revoked=store)
    token = HS256.token(good_claims(roles=["r"]))
    for _ in range(3):
        verifier.verify(token)
    store.fails = True
    with pytest.raises(cyjwt.RevocationUnknownError) as caught:
        verifier.verify(token)
    assert isinstance(caught.value.__cause__, LookupError)
    accepts = HS256.verifier(cache=10, revoked=store, revocation_failure="accept")
    accepts.verify(token)
    accepts.verify(token)
    assert accepts.cache_info().hits == 1
    # What a store did to one caller's claims is not what the next one is asked about.
    assert [claims["sub"] for claims, _ in store.seen] == ["user-8f14e45f"] * 6
    assert all(key == HS256.public for _, key in store.seen)
