"""Threads that share the memories of verified tokens, of one-shot calls and of what is revoked."""

from __future__ import annotations

import random
from typing import Any

import pytest

import cyjwt
from cyjwt import caches, revocation
from tests.threads.threads_support import KEY, LATER, SECRET, THREADS, beside, in_threads, tampered, token

# -- verified tokens


@pytest.mark.parametrize("collide", [False, True])
@pytest.mark.parametrize("capacity", [8, 1000])
def test_the_memory_of_verified_tokens(capacity: int, collide: bool) -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], cache=capacity)
    if collide:
        verifier._cache.collide()  # type: ignore[union-attr]
    made = [(token({"exp": LATER, "n": n, "list": [n, [n]]}), n) for n in range(40)]
    forged = [tampered(text) for text, _ in made]
    rounds = 40

    def work(i: int) -> int:
        shuffle = random.Random(i)
        count = 0
        for _ in range(rounds):
            shuffle.shuffle(made_by[i])
            for text, n in made_by[i]:
                claims = verifier.verify(text)
                count += claims != {"exp": LATER, "n": n, "list": [n, [n]]}
                # It is the caller's own.
                claims["list"][1].append("changed")
                claims["n"] = -1
            with pytest.raises(cyjwt.InvalidSignatureError):
                verifier.verify(shuffle.choice(forged))
        return count

    made_by = [made[:] for _ in range(THREADS)]
    assert in_threads(work) == [0] * THREADS
    info = verifier.cache_info()
    assert info.hits + info.misses == THREADS * rounds * (len(made) + 1)
    assert info.size == min(capacity, len(made))
    assert info.misses - info.evictions >= info.size


def test_a_memory_that_is_emptied_meanwhile() -> None:
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], cache=16)
    made = [(token({"exp": LATER, "n": n}), n) for n in range(24)]

    def work(i: int) -> int:
        return sum(verifier.verify(text)["n"] != n for _ in range(40) for text, n in made[i:] + made[:i])

    assert beside(work, verifier.clear_cache) == [0] * THREADS
    assert verifier.cache_info().size <= 16


# -- one-shot calls


def test_one_shot_calls_whose_arguments_others_change(empty_caches: None) -> None:
    """A list and a JWK that another thread changes stand for what they were at some moment of the call."""
    algorithms = ["HS256"]
    jwk: dict[str, Any] = {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}
    secret = bytearray(SECRET)
    text = token({"exp": LATER, "n": 1})
    state = {"i": 0}

    def meddle() -> None:
        state["i"] += 1
        # New texts, so that nothing else keeps them alive.
        algorithms.extend("".join(("HS", size)) for size in ("384", "512") * (state["i"] % 20))
        del algorithms[1:]
        jwk[f"x{state['i']}"] = "y"
        jwk["kid"] = str(state["i"] % 7)
        for name in [name for name in jwk if name.startswith("x")]:
            del jwk[name]

    def work(i: int) -> int:
        count = 0
        for _ in range(400):
            count += cyjwt.decode(text, SECRET, algorithms=algorithms)["n"] != 1
            count += cyjwt.decode(text, jwk, algorithms=["HS256"])["n"] != 1
            count += cyjwt.decode(text, secret, algorithms=["HS256"])["n"] != 1
        return count

    assert beside(work, meddle) == [0] * THREADS


def test_memories_that_are_emptied_and_resized_meanwhile(empty_caches: None) -> None:
    secrets = [bytes([n + 1]) * 32 for n in range(12)]
    made = [(secret, token({"exp": LATER, "n": n}, secret), n) for n, secret in enumerate(secrets)]
    state = {"i": 0}

    def meddle() -> None:
        state["i"] += 1
        if state["i"] % 3 == 0:
            caches.clear()
        caches.resize((0, 3, 256)[state["i"] % 3])
        assert all(memory["size"] <= 256 for memory in caches.info().values())

    def work(i: int) -> int:
        count = 0
        for _ in range(60):
            for secret, text, n in made[i:] + made[:i]:
                count += cyjwt.decode(text, secret, algorithms=["HS256"])["n"] != n
                count += cyjwt.encode({"n": n}, secret, algorithm="HS256").count(".") != 2
            with pytest.raises(cyjwt.InvalidSignatureError):
                cyjwt.decode(made[0][1], secrets[1], algorithms=["HS256"])
        return count

    assert beside(work, meddle) == [0] * THREADS


# -- what is revoked


def test_a_store_of_revoked_tokens() -> None:
    store = revocation.MemoryStore()
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], revoked=store)
    good = token({"exp": LATER, "jti": "never", "iss": "i", "sub": "s", "iat": 1})
    rounds = 60

    def work(i: int) -> int:
        count = 0
        # The i-th thread's own, so that it knows what there is.
        mine = [(f"jti-{i}-{n}", f"issuer-{n % 3}") for n in range(8)]
        texts = [token({"exp": LATER, "jti": jti, "iss": issuer}) for jti, issuer in mine]
        for _ in range(rounds):
            for (jti, issuer), text in zip(mine, texts, strict=True):
                verifier.verify(text)
                store.revoke(jti, issuer=issuer)
                with pytest.raises(cyjwt.RevokedTokenError):
                    verifier.verify(text)
                count += not store.reinstate(jti, issuer=issuer)
                verifier.verify(good)
            store.revoke(f"kept-{i}-{_}")
        return count

    assert in_threads(work) == [0] * THREADS
    assert len(store) == THREADS * rounds
    info = store.info()
    assert info.revoked == THREADS * rounds * 8
    assert info.checks == 3 * info.revoked


def test_a_store_that_forgets_meanwhile() -> None:
    store = revocation.MemoryStore(leeway=0, clock=lambda: 1000.0)
    verifier = cyjwt.Verifier(KEY, algorithms=["HS256"], revoked=store)
    revoked = token({"exp": LATER, "jti": "for ever"})
    store.revoke("for ever", expires=LATER)

    def work(i: int) -> int:
        for n in range(1500):
            store.revoke(f"{i}-{n}", expires=900)
            with pytest.raises(cyjwt.RevokedTokenError):
                verifier.verify(revoked)
        return 0

    assert beside(work, store.prune) == [0] * THREADS
    store.prune()
    assert len(store) == 1
