"""Ed25519: made-up keys and signatures at the edges, the same in lanes and alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.lanes import verify_many
from cyjwt._engine.pkey import NativeKey
from tests.batch.agreement import agree
from tests.batch.lanes import Job, alone, cases_of, check_cases, everywhere, good_jobs, job
from tests.curves import (
    BASE,
    IDENTITY,
    D,
    Edwards,
    L,
    P,
    challenge,
    ed25519_holds,
    encoded,
    minus,
    multiple,
    plus,
    torsion,
    x_of,
)  # fmt: skip
from tests.support import NOW, b64, pair
from tests.unit.pkey_support import ed25519_spki, foreign_sign, native


def ed_job(public: Edwards, data: bytes, signature: bytes) -> tuple[Job, bool]:
    key = NativeKey.from_spki(ed25519_spki(encoded(public)))
    return job(key, "EdDSA", data, signature), ed25519_holds(public, data, signature)


def ed_sign(secret: int, public: Edwards, r: int, nonce: bytes, data: bytes) -> bytes:
    """A signature with a chosen R, whose discrete logarithm is said to be r."""
    s = (r + challenge(nonce, encoded(public), data) * secret) % L
    return nonce + s.to_bytes(32, "little")


def scalar_edges() -> Iterator[tuple[Job, bool]]:
    data = b"edges"
    values = [
        1,
        2,
        3,
        8,
        L - 1,
        L - 2,
        L // 2,
        2**252,
        2**252 - 1,
        2**251,
        2**128,
        2**52 - 1,
        2**52,
        0x1234567,
    ]
    for secret in values:
        public = multiple(secret, BASE)
        for r in (*values[:6], 0):
            nonce = encoded(multiple(r, BASE) if r else IDENTITY)
            yield ed_job(public, data, ed_sign(secret, public, r, nonce, data))


def s_of_l_or_more() -> Iterator[tuple[Job, bool]]:
    for n in range(3):
        data = b"S %d" % n
        public = multiple(99 + n, BASE)
        good = ed_sign(99 + n, public, 1000 + n, encoded(multiple(1000 + n, BASE)), data)
        s = int.from_bytes(good[32:], "little")
        yield ed_job(public, data, good)
        for value in (
            *(s + i * L for i in range(1, 16)),
            0,
            L,
            L - 1,
            L + 1,
            2**256 - 1,
            s ^ 1 << 255,
            s ^ 1 << 252,
        ):
            if value < 2**256:
                yield ed_job(public, data, good[:32] + value.to_bytes(32, "little"))


def bent_r() -> Iterator[tuple[Job, bool]]:
    """R with a torsion component, of small order, not canonical, or no point at all."""
    secret, r = 4242, 171717
    public = multiple(secret, BASE)
    for n in range(2):
        data = b"bent R %d" % n
        for small in torsion():
            for point in (plus(multiple(r + n, BASE), small), small):
                exponent = 0 if point == small else r + n
                nonce = encoded(point)
                yield ed_job(public, data, ed_sign(secret, public, exponent, nonce, data))
        # y of p or more, and the sign of an x that is zero.
        spellings = [(y + P | sign << 255) for y in range(19) for sign in (0, 1)] + [
            1 | 1 << 255,
            P - 1 | 1 << 255,
        ]
        spellings += [2**256 - 1, 2**255 - 1, P, 0, 1 << 255]
        for y in spellings:
            nonce = y.to_bytes(32, "little")
            for exponent in (0, r):
                yield ed_job(public, data, ed_sign(secret, public, exponent, nonce, data))
        off = next(y for y in range(2 + n, 99) if x_of(y, 0) is None)
        yield ed_job(public, data, ed_sign(secret, public, 0, off.to_bytes(32, "little"), data))


def mixed_keys() -> Iterator[tuple[Job, bool]]:
    """Keys with a torsion component: what holds depends on the challenge modulo eight."""
    for n, small in enumerate(torsion()[1:]):
        secret = 31337 + n
        public = plus(multiple(secret, BASE), small)
        for i in range(12):
            data = b"mixed %d" % i
            for bend in (0, i % 8, n + 1):
                point = plus(multiple(555 + i, BASE), multiple(bend, small) if bend else IDENTITY)
                yield ed_job(public, data, ed_sign(secret, public, 555 + i, encoded(point), data))
                point = plus(multiple(555 + i, BASE), minus(multiple(bend, small)) if bend else IDENTITY)
                yield ed_job(public, data, ed_sign(secret, public, 555 + i, encoded(point), data))


@pytest.mark.parametrize(
    "make", [scalar_edges, s_of_l_or_more, bent_r, mixed_keys], ids=lambda make: make.__name__
)
def test_ed25519_at_the_edges(route: str, make: Any) -> None:
    cases = cases_of(make)
    check_cases(cases, good_jobs("EdDSA"), route)
    held = sum(expected for _, expected in cases)
    assert 0 < held < len(cases) or make is scalar_edges


def test_ed25519_data_of_every_length(route: str) -> None:
    """Lanes hash messages of unlike lengths side by side."""
    key = native("EdDSA")
    sizes = [*range(200), 239, 240, 255, 256, 257, 1000, 5000, 70_000]
    jobs = []
    for size in sizes:
        data = bytes(i * 7 % 251 for i in range(size))
        signature = foreign_sign("EdDSA", data)
        jobs += [job(key, "EdDSA", data, signature), job(key, "EdDSA", data + b"\0", signature)]
        jobs.append(job(key, "EdDSA", data[:-1] + b"\xfe" if data else b"x", signature))
    expected = bytes([1, 0, 0] * len(sizes))
    assert verify_many(jobs) == expected
    assert bytes(map(alone, jobs)) == expected
    order = list(range(len(jobs)))
    random.Random(2).shuffle(order)
    assert verify_many([jobs[at] for at in order]) == bytes(expected[at] for at in order)


def test_ed25519_signatures_of_another_length(route: str) -> None:
    good = good_jobs("EdDSA")
    key, number, data, signature = good[0]
    for other in (b"", signature[:32], signature[:-1], signature[1:], signature + b"\0", signature * 2):
        everywhere((key, number, data, other), good, route, False)


def test_keys_of_torsion_as_tokens(route: str) -> None:
    """Whole tokens under a key that is no multiple of the base point: one verdict there too."""
    public = plus(multiple(31337, BASE), torsion()[1])
    key = cyjwt.Key.from_der(ed25519_spki(encoded(public)))
    tokens = []
    for n in range(64):
        data = pair("EdDSA").token({"exp": NOW + 600, "n": n}).rpartition(".")[0]
        nonce = encoded(plus(multiple(555 + n, BASE), torsion()[n % 8]))
        tokens.append(f"{data}.{b64(ed_sign(31337, public, 555 + n, nonce, data.encode()))}")
    expected = agree(cyjwt.Verifier(key, clock=NOW), tokens)
    assert {isinstance(one, dict) for one in expected} == {True, False}


def test_the_helper_is_right() -> None:
    """Plain arithmetic agrees with libcrypto about an honest signature."""
    assert (-(BASE[0] ** 2) + BASE[1] ** 2 - 1 - D * BASE[0] ** 2 * BASE[1] ** 2) % P == 0
    assert multiple(L, BASE) == IDENTITY
    assert len({encoded(point) for point in torsion()}) == 8
    point = native("EdDSA").spki()[-32:]
    y, sign = int.from_bytes(point, "little") & ~(1 << 255), point[31] >> 7
    x = x_of(y, sign)
    assert x is not None
    signature = foreign_sign("EdDSA", b"data")
    assert ed25519_holds((x, y), b"data", signature)
    assert not ed25519_holds((x, y), b"date", signature)
