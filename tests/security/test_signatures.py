"""Signature: HMAC, and what holds for every algorithm."""

from __future__ import annotations

import pytest

import cyjwt
from bench import baseline
from tests.security.signing import accepted, refused, signing_input
from tests.support import Pair, good_claims, pair

# -- HMAC


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_hmac_truncated_or_extended(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    accepted(keys, data, good)
    for size in range(len(good)):
        refused(keys, data, good[:size])
    for tail in (b"\0", good[:1], good, bytes(32)):
        refused(keys, data, good + tail)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_hmac_every_bit_counts(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    for bit in range(8 * len(good)):
        wrong = bytearray(good)
        wrong[bit // 8] ^= 1 << bit % 8
        refused(keys, data, bytes(wrong))


@pytest.mark.parametrize("size", [32, 33, 55, 56, 63, 64, 65, 100, 127, 128, 129, 200, 1000])
def test_hmac_secrets_of_every_size(size: int) -> None:
    """Secrets on both sides of the hash's block are used whole (RFC 2104 section 2)."""
    secret = bytes(i % 251 for i in range(size))
    oracle = baseline.Key.from_secret(secret)
    for algorithm in sorted(oracle.algorithms):
        keys = Pair(algorithm, secret, oracle)
        for count in (0, 1, 50, 60, 64, 120, 500, 5000):
            data = signing_input(algorithm, baseline.dumps(good_claims(pad="x" * count)))
            signature = baseline.make_signature(oracle, algorithm, data)
            keys.public.verify(data, signature, algorithm)
            assert keys.private.sign(data, algorithm) == signature


# -- all of them


@pytest.mark.parametrize("algorithm", list(baseline.ALGORITHMS))
def test_empty_signature(algorithm: str) -> None:
    keys = pair(algorithm)
    refused(keys, signing_input(algorithm), b"")


@pytest.mark.parametrize("algorithm", list(baseline.ALGORITHMS))
def test_swapped_segments(algorithm: str) -> None:
    keys = pair(algorithm)
    head, payload, tail = keys.token().split(".")
    for parts in ((payload, head, tail), (tail, payload, head), (head, tail, payload), (payload, tail, head)):
        with pytest.raises(cyjwt.InvalidTokenError):
            keys.verifier().verify(".".join(parts))


@pytest.mark.parametrize("algorithm", list(baseline.ALGORITHMS))
def test_signature_of_another_token(algorithm: str) -> None:
    keys = pair(algorithm)
    one, other = keys.token().split("."), keys.token(good_claims(admin=True)).split(".")
    for parts in ((*one[:2], other[2]), (one[0], other[1], one[2])):
        with pytest.raises(cyjwt.InvalidSignatureError):
            keys.verifier().verify(".".join(parts))


@pytest.mark.parametrize("algorithm", list(baseline.ALGORITHMS))
def test_each_octet_of_the_signature_counts(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    step = max(1, len(good) // 40)
    for at in {*range(0, len(good), step), len(good) - 1}:
        wrong = bytearray(good)
        wrong[at] ^= 1 << at % 8
        refused(keys, data, bytes(wrong))
