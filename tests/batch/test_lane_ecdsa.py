"""ECDSA: made-up keys and signatures at the edges, the same in lanes and alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from cyjwt._engine.lanes import verify_many
from cyjwt._engine.pkey import NativeKey
from tests.batch.agreement import agree
from tests.batch.lanes import Job, alone, cases_of, check_cases, everywhere, good_jobs, job
from tests.curves import Curve, Point, curve
from tests.support import b64, pair
from tests.unit.pkey_support import foreign, foreign_sign, spki

CURVES = ["ES256", "ES384", "ES512"]


def ec_job(c: Curve, public: Point, data: bytes, r: int, s: int) -> tuple[Job, bool]:
    """A signature under a made-up key, and what plain arithmetic says of it."""
    key = NativeKey.from_spki(spki(c.public_key(public)))
    return job(key, c.algorithm, data, c.signature(r, s)), c.holds(public, c.hashed(data), r, s)


def of_private(c: Curve, secret: int, nonce: int, data: bytes) -> tuple[Job, bool]:
    """What the holder of a chosen private key signs with a chosen nonce."""
    point = c.times(nonce, c.g)
    assert point is not None
    r = point[0] % c.n
    s = (c.hashed(data) + r * secret) * pow(nonce, -1, c.n) % c.n
    return ec_job(c, c.times(secret, c.g), data, r, s)


def edges(c: Curve) -> list[int]:
    """Scalars at which ladders and windows have broken before."""
    bits = c.n.bit_length()
    return [
        *(1, 2, 3, 7, 8, 15, 16, 31, 32, 33, c.n - 1, c.n - 2, c.n - 3, c.n // 2, c.n // 2 + 1),
        *(
            2 ** (bits - 1),
            2 ** (bits - 1) - 1,
            2**128,
            2**128 - 1,
            2**52,
            2**52 - 1,
            2**64,
            2**104 - 1,
            2**160,
        ),
        *(sum(window << i for i in range(0, bits - 5, 5)) for window in (0b01111, 0b10000, 0b10101)),
    ]


def extreme(algorithm: str) -> Iterator[tuple[Job, bool]]:
    """Good signatures with extreme parts, most of which only a made-up key can have."""
    c = curve(algorithm)
    data = b"extreme " + algorithm.encode()
    h = c.hashed(data)
    # The longer curves take longer, here and there.
    for value in edges(c)[:: 1 if c.size == 32 else 3]:
        # A private key, a nonce, then s itself.
        yield of_private(c, value, 0x1234567, data)
        yield of_private(c, 0x7654321, value, data)
        nonce = c.near(2**70 + value % 1000)
        yield ec_job(c, c.key_of(nonce, h, value), data, nonce[0] % c.n, value)
        # The verifier's two scalars: u1 = h/s and u2 = r/s.
        s = h * pow(value, -1, c.n) % c.n
        yield ec_job(c, c.key_of(nonce, h, s), data, nonce[0] % c.n, s)
        s = nonce[0] * pow(value, -1, c.n) % c.n
        yield ec_job(c, c.key_of(nonce, h, s), data, nonce[0] % c.n, s)
    for x in (0, 1, 5, 2**32, 2**52 - 5, c.p - 100, c.p // 2, 2 ** (8 * c.size - 9)):
        # r from extreme places, and keys whose own x is.
        nonce = c.near(x)
        if nonce[0] % c.n:
            yield ec_job(c, c.key_of(nonce, h, 12345), data, nonce[0] % c.n, 12345)
        r = c.near(99)[0]
        yield ec_job(c, c.near(x), data, r, 12345)
    # x(R) from n to p - 1: r is smaller by n, and must be found nevertheless.
    nonce = c.near(c.n + 1)
    assert c.n < nonce[0] < c.p
    r = nonce[0] - c.n
    for s in (1, 2, c.n - 1, 0x1234567):
        one = ec_job(c, c.key_of(nonce, h, s), data, r, s)
        assert one[1]
        yield one
    # The same r as if it were the x itself.
    yield ec_job(c, c.key_of(c.near(r), h, 5), data, c.near(r)[0], 5)


def degenerate(algorithm: str) -> Iterator[tuple[Job, bool]]:
    """Sums in which an addition meets a point twice, its negative, or infinity."""
    c = curve(algorithm)
    data = b"degenerate " + algorithm.encode()
    h = c.hashed(data)
    for k in (1, 2, 77777, c.n - 5)[:: 1 if c.size == 32 else 2]:
        point = c.times(k, c.g)
        assert point is not None
        r = point[0] % c.n
        inverse = pow(r, -1, c.n)
        # u1 G = u2 Q: the final addition is a doubling.
        same = h * inverse % c.n
        yield of_private(c, same, k, data)
        # u1 G = -u2 Q: the sum is infinity, whatever s is, and nothing that holds.
        for s in (1, k, h % c.n, c.n - 1):
            one = ec_job(c, c.times(-same, c.g), data, r, s)
            assert not one[1]
            yield one
        # Multiples of one another, met half way.
        for factor in (2, 3, 4, 16, 32, pow(2, -1, c.n), pow(2, 52, c.n), c.n - 2):
            yield of_private(c, same * factor % c.n, k, data)
    for secret in (1, c.n - 1, 2, c.n - 2, pow(2, -1, c.n)):
        for k in (1, c.n - 1, 2, pow(2, -1, c.n), 3):
            yield of_private(c, secret, k, data)
        # Q is G or its negative, and r is x(G).
        for s in (1, 2, h % c.n, c.n - 1, c.g[0] % c.n):
            yield ec_job(c, c.times(secret, c.g), data, c.g[0] % c.n, s)


def out_of_range(algorithm: str) -> Iterator[tuple[Job, bool]]:
    c = curve(algorithm)
    data, top = b"range", 1 << 8 * c.size
    good, _ = of_private(c, 77, 88, data)
    r, s = (int.from_bytes(part, "big") for part in (good[3][: c.size], good[3][c.size :]))
    public = c.times(77, c.g)
    values = [0, 1, c.n - 1, c.n, c.n + 1, c.p - 1, c.p, c.p + 1, top - 1, c.n // 2, r, s, c.n - r, c.n - s]
    values += [value for value in (r + c.n, s + c.n, 2 * c.n, r + c.p) if value < top]
    for one in values:
        for other in (*values[:4], c.n + 1, top - 1, r, s, c.n - s):
            yield ec_job(c, public, data, one, other)


@pytest.mark.parametrize("algorithm", CURVES)
@pytest.mark.parametrize("make", [extreme, degenerate, out_of_range], ids=lambda make: make.__name__)
def test_ecdsa_at_the_edges(route: str, algorithm: str, make: Any) -> None:
    cases = cases_of(make, algorithm)
    check_cases(cases, good_jobs(algorithm), route)
    held = sum(expected for _, expected in cases)
    assert (held > 20) == (make is not out_of_range)
    assert 0 < held < len(cases)


@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_signatures_of_another_length(route: str, algorithm: str) -> None:
    good = good_jobs(algorithm)
    key, number, data, signature = good[0]
    half = len(signature) // 2
    for other in (
        *(b"", signature[:1], signature[:half], signature[:-1], signature[1:], signature + b"\0"),
        *(b"\0" + signature, signature * 2, b"\0" + signature[:half] + b"\0" + signature[half:]),
    ):
        everywhere((key, number, data, other), good, route, False)


def test_ecdsa_under_another_algorithm(route: str) -> None:
    """A curve has one algorithm: a signature under another never shares its lanes."""
    jobs = [one for algorithm in (*CURVES, "ES256K", "EdDSA") for one in good_jobs(algorithm)]
    random.Random(1).shuffle(jobs)
    assert verify_many(jobs) == b"\1" * len(jobs)
    crossed = [
        (key, other[1], data, signature) for key, number, data, signature in jobs for other in jobs[:6]
    ]
    verdicts = verify_many(crossed)
    rows = {one[0]: one[1] for one in jobs}
    assert verdicts == bytes(number == rows[key] for key, number, _, _ in crossed)


#: The claims of a token of ES256 whose signing input has a SHA-256 of the order of P-256 or more, one text in 2^32.
RARE_CLAIMS = b'{"exp":1900000600,"sub":"jqx5u0000000"}'
RARE_HEADER = b'{"alg":"ES256","typ":"JWT"}'
RARE_INPUT = f"{b64(RARE_HEADER)}.{b64(RARE_CLAIMS)}".encode()


def test_es256_hash_of_the_order_or_more(route: str) -> None:
    """crypto_mb takes no such hash; the standard reduces it."""
    c = curve("ES256")
    assert c.n <= c.hashed(RARE_INPUT) < 2**256
    good = good_jobs("ES256")
    for secret in (1, 77, c.n - 1):
        for nonce in (1, 88):
            one, expected = of_private(c, secret, nonce, RARE_INPUT)
            assert expected
            everywhere(one, good, route, True)
            everywhere((*one[:3], one[3][:-1] + bytes([one[3][-1] ^ 1])), good, route, False)


def test_es256_token_of_such_a_hash(route: str) -> None:
    keys = pair("ES256")
    token = keys.forge(RARE_HEADER, RARE_CLAIMS)
    assert token.rpartition(".")[0].encode() == RARE_INPUT
    others = [keys.token() for _ in range(7)]
    for at in range(8):
        for one in (token, token[:-9] + "AAAAAAAAA"):
            expected = agree(keys.verifier(), [*others[:at], one, *others[at:]])
            assert [isinstance(answer, dict) for answer in expected] == [
                i != at or one is token for i in range(8)
            ]


def test_the_helper_is_right() -> None:
    """Plain arithmetic agrees with libcrypto about honest signatures."""
    for algorithm in CURVES:
        c = curve(algorithm)
        assert c.times(c.n - 1, c.g) == c.negative(c.g)
        one, expected = of_private(c, 12345, 67890, b"data")
        assert expected
        assert alone(one)
        numbers = foreign(algorithm).public_key().public_numbers()
        signature = foreign_sign(algorithm, b"data")
        r, s = (int.from_bytes(part, "big") for part in (signature[: c.size], signature[c.size :]))
        assert c.holds((numbers.x, numbers.y), c.hashed(b"data"), r, s)
        assert not c.holds((numbers.x, numbers.y), c.hashed(b"date"), r, s)
