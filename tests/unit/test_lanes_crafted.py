"""Signatures made to meet the odd corners of the arithmetic: lanes and single verification agree on each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.curves import BASE, IDENTITY, Curve, Edwards, L, P, curve, multiple, plus, torsion
from tests.unit.lanes_support import Job, good_job, live
from tests.unit.pkey_support import spki

CURVES = [curve("ES256"), curve("ES384"), curve("ES512")]
ROUTES = [None, "lanes", "single"] if lanes.live() else [None, "single"]


def agree(jobs: list[Job], verdict: bool, company: list[Job]) -> None:
    """On every route, all alone, all together, each among others: the verdict is this one."""
    try:
        for route in ROUTES:
            lanes.force(route)
            for job in jobs:
                assert lanes.verify_many([job]) == bytes([verdict])
                assert lanes.verify_many([*company, job]) == b"\1" * len(company) + bytes([verdict])
            assert lanes.verify_many(jobs) == bytes([verdict]) * len(jobs)
    finally:
        lanes.force(None)
    # What a lane says yes to is not asked again.
    assert verdict or not any(lanes.verify_many(jobs, confirm=False))


# -- ECDSA


def job_of(curve: Curve, point: tuple[int, int], data: bytes, r: int, s: int) -> Job:
    return (
        NativeKey.from_spki(spki(curve.public_key(point))),
        ALGORITHMS[curve.algorithm].id,
        data,
        curve.signature(r, s),
    )


def by_factors(curve: Curve, first: int, second: int) -> Job:
    """A signature that holds, whose verifier computes first * G + second * Q, Q being the public key."""
    for attempt in range(1000):
        data = b"crafted %d" % attempt
        e = curve.hashed(data)
        s = e * pow(first, -1, curve.n) % curve.n
        r = second * s % curve.n
        nonce_point = curve.lift(r)
        if not r or not s or nonce_point is None:
            continue
        # Q = (R - first * G) / second
        negative = curve.times(-first % curve.n, curve.g)
        point = curve.times(pow(second, -1, curve.n), curve.add(nonce_point, negative))
        assert point is not None
        return job_of(curve, point, data, r, s)
    raise AssertionError("no such signature")


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.algorithm)
def test_factors_at_the_ends_of_their_range(curve: Curve) -> None:
    """A multiple of a point computed window by window adds a point to itself, or to its negative, at these."""
    n = curve.n
    edges = [
        1,
        2,
        3,
        8,
        15,
        16,
        17,
        31,
        32,
        n // 2,
        n // 2 + 1,
        n - 17,
        n - 16,
        n - 8,
        n - 4,
        n - 3,
        n - 2,
        n - 1,
    ]
    middle = curve.hashed(b"middle") % n
    jobs = [by_factors(curve, middle, edge) for edge in edges] + [
        by_factors(curve, edge, middle) for edge in edges
    ]
    jobs += [by_factors(curve, edge, edge) for edge in edges]
    # With n - 2 one public key in ten meets it.
    jobs += [by_factors(curve, middle + step, n - 2) for step in range(12)]
    agree(jobs, True, [good_job(curve.algorithm)] * 3)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.algorithm)
def test_the_sum_of_a_point_and_itself(curve: Curve) -> None:
    """first * G == second * Q: the formula for the sum of two points fails, and a doubling must take its place."""
    jobs, opposite = [], []
    for step in range(16):
        data = b"doubling %d" % step
        first = curve.hashed(data + b"?") % curve.n
        e = curve.hashed(data)
        s = e * pow(first, -1, curve.n) % curve.n
        r = curve.times(2 * first % curve.n, curve.g)[0] % curve.n
        # second = r / s, and the private key is first / second.
        for sign, into in ((1, jobs), (-1, opposite)):
            private = sign * first * s * pow(r, -1, curve.n) % curve.n
            into.append(job_of(curve, curve.times(private, curve.g), data, r, s))
    agree(jobs, True, [good_job(curve.algorithm)] * 4)
    # The opposite points add up to infinity, which has no x to compare with r (FIPS 186-5 section 6.4.2, step 4).
    agree(opposite, False, [good_job(curve.algorithm)] * 4)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.algorithm)
def test_infinity_matches_no_r(curve: Curve) -> None:
    """Nothing passes for the x of infinity, not what 0, p or their neighbours are mod n."""
    jobs = []
    for r in (1, 2, curve.p % curve.n, curve.p % curve.n + 1, curve.n - 1):
        for data in (b"one", b"two", b"three", b"four"):
            e = curve.hashed(data)
            s = curve.hashed(data + b"s") % curve.n
            private = -e * pow(r, -1, curve.n) % curve.n
            jobs.append(job_of(curve, curve.times(private, curve.g), data, r, s))
    agree(jobs, False, [good_job(curve.algorithm)] * 5)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.algorithm)
def test_an_x_of_n_or_more(curve: Curve) -> None:
    """r is x mod n: the verifier reduces what it computed, and r plus n is no second form of the signature."""
    data = b"large x"
    e = curve.hashed(data)
    found = 0
    for x in range(curve.n, curve.p):
        nonce_point = curve.lift(x)
        if nonce_point is None or x == curve.n:
            continue
        r, s = x - curve.n, curve.hashed(b"%d" % x) % curve.n
        inverse = pow(r, -1, curve.n)
        point = curve.add(curve.times(s * inverse, nonce_point), curve.times(-e * inverse % curve.n, curve.g))
        agree([job_of(curve, point, data, r, s)] * 3, True, [good_job(curve.algorithm)] * 2)
        agree([job_of(curve, point, data, x, s)] * 3, False, [good_job(curve.algorithm)] * 2)
        found += 1
        if found == 4:
            return


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.algorithm)
def test_keys_near_the_generator(curve: Curve) -> None:
    """The public keys G, 2 G, -G and so on, whose multiples are those of the verifier's own tables."""
    jobs = []
    for private in (1, 2, 3, 4, 7, 8, 16, curve.n // 2, curve.n - 2, curve.n - 1):
        point = curve.times(private, curve.g)
        for nonce in (1, 2, 3, 16, 17, curve.n // 2, curve.n - 1, curve.hashed(b"nonce") % curve.n):
            data = b"%d %d" % (private, nonce)
            r = curve.times(nonce, curve.g)[0] % curve.n
            s = pow(nonce, -1, curve.n) * (curve.hashed(data) + r * private) % curve.n
            jobs.append(job_of(curve, point, data, r, s))
    agree(jobs, True, [good_job(curve.algorithm)] * 6)


def test_a_hash_of_n_or_more() -> None:
    """One SHA-256 in 2^32 is not below the order of P-256, and is reduced (FIPS 186-5 section 6.4.2, step 2)."""
    curve = CURVES[0]
    data = b"100618987098"
    assert curve.hashed(data) >= curve.n
    native, row, _, signature = good_job("ES256", 0, data)
    jobs = [(native, row, data, signature), good_job("ES256", 1, data), good_job("ES256", 2, data)]
    agree(jobs, True, [good_job("ES256")] * 5)
    agree(
        [good_job("ES256", 0, data)[:3] + good_job("ES256", 1, data)[3:]] * 2, False, [good_job("ES256")] * 5
    )


@live
def test_lanes_leave_some_of_these_to_single_verification() -> None:
    """Why what a lane does not say yes to is confirmed: not a wish, but what was found."""
    assert lanes.verify_many([good_job("ES256", 0, b"100618987098")], confirm=False) == b"\0"


# -- RSA


@pytest.mark.parametrize(("bits", "more"), [(2048, 507), (3072, 1867), (4096, 2647)])
def test_a_modulus_that_lanes_cannot_take(bits: int, more: int) -> None:
    """Under this one lanes recover nothing. It is a prime, so that one can sign without a private key."""
    modulus = int("AA" * (bits // 8), 16) + more
    exponent = pow(65537, -1, modulus - 1)
    native = NativeKey.from_spki(spki(rsa.RSAPublicNumbers(65537, modulus).public_key()))
    row = ALGORITHMS["RS256"].id
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    jobs = []
    for step in range(3):
        data = b"data %d" % step
        tail = b"\0" + prefix + hashlib.sha256(data).digest()
        encoded = b"\0\1" + b"\xff" * (bits // 8 - 2 - len(tail)) + tail
        signed = pow(int.from_bytes(encoded, "big"), exponent, modulus)
        jobs.append((native, row, data, signed.to_bytes(bits // 8, "big")))
    company = [good_job(f"RS256-{bits}", key) for key in range(2)] * 3
    agree(jobs, True, company)
    agree([(native, row, b"other", signature) for _, _, _, signature in jobs], False, company)
    if lanes.live():
        assert lanes.verify_many(jobs, confirm=False) == bytes(3)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("name", ["RS256", "PS256"])
def test_signatures_that_are_small_or_close_to_the_modulus(name: str, bits: int) -> None:
    native, row, data, _ = good_job(f"{name}-{bits}")
    spki_of = native.spki()
    modulus = int.from_bytes(spki_of[-bits // 8 - 5 : -5], "big")
    assert modulus.bit_length() == bits
    values = [0, 1, 2, modulus - 2, modulus - 1, modulus, modulus + 1, 2**bits - 1]
    jobs = [(native, row, data, value.to_bytes(bits // 8, "big")) for value in values]
    agree(jobs, False, [good_job(f"{name}-{bits}")] * 4)


# -- Ed25519


def encodings(point: Edwards) -> Iterator[bytes]:
    """The encoding (RFC 8032 section 5.1.2), and those that a lax decoder takes for the same point."""
    x, y = point
    forms = [y, y + P] if y + P < 2**255 else [y]
    for form in forms:
        signs = [x & 1] if x else [0, 1]
        for sign in signs:
            yield (form | sign << 255).to_bytes(32, "little")


def test_the_points_of_small_order() -> None:
    assert len(set(torsion())) == 8
    assert all(multiple(8, point) == IDENTITY for point in torsion())
    assert multiple(L, BASE) == IDENTITY


@pytest.mark.parametrize("index", range(8))
def test_small_order_parts_and_odd_encodings(index: int) -> None:
    """R of small order, R and the public key with a part of small order, R encoded in every way there is.

    RFC 8032 section 5.1.7 leaves it open whether 8 S B = 8 R + 8 k A will do. Both libcryptos and the lanes take
    none but S B = R + k A, and compare the octets of R.
    """
    row = ALGORITHMS["EdDSA"].id
    scalar = int.from_bytes(hashlib.sha512(b"scalar %d" % index).digest(), "little") % L
    small = torsion()[index]
    public_point = plus(multiple(scalar, BASE), small)
    public = next(encodings(public_point))
    native = NativeKey.from_spki(bytes.fromhex("302a300506032b6570032100") + public)
    jobs, expected = [], []
    for nonce in (0, 1, L - 1, scalar):
        for part in torsion():
            nonce_point = plus(multiple(nonce, BASE), part)
            for place, encoded in enumerate(encodings(nonce_point)):
                data = b"%d" % nonce
                k = int.from_bytes(hashlib.sha512(encoded + public + data).digest(), "little") % L
                s = (nonce + k * scalar) % L
                jobs.append((native, row, data, encoded + s.to_bytes(32, "little")))
                # S B - k A is the nonce's point when the parts of small order add up.
                expected.append(place == 0 and plus(part, multiple(k, small)) == IDENTITY)
    assert 0 < sum(expected) < len(expected)
    assert [native.verify(*job[1:]) for job in jobs] == expected
    for verdict in (True, False):
        chosen = [job for job, holds in zip(jobs, expected, strict=True) if holds == verdict]
        agree(chosen, verdict, [good_job("EdDSA")] * 3)
    if lanes.live():
        assert lanes.verify_many(jobs, confirm=False) == bytes(expected)


@pytest.mark.parametrize("more", [0, 1, L - 1, L, L + 1, 2 * L, 15 * L])
def test_an_s_of_the_order_or_more(more: int) -> None:
    native, row, data, signature = good_job("EdDSA")
    s = int.from_bytes(signature[32:], "little") + more
    if s < 2**256:
        job = native, row, data, signature[:32] + s.to_bytes(32, "little")
        agree([job] * 4, more == 0, [good_job("EdDSA", 1)] * 4)
