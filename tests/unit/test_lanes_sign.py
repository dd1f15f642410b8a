"""Signing in lanes: the signatures of single signing, and none that does not hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.lanes_support import ALONE, GROUPS, live, parts, signing_key
from tests.unit.pkey_support import pkcs8

ROUTES = [None, "lanes", "single"] if lanes.live() else [None, "single"]


@pytest.fixture(autouse=True, params=ROUTES, ids=str)
def _forced(request: pytest.FixtureRequest) -> Iterator[None]:
    lanes.force(request.param)
    yield
    lanes.force(None)


def row_of(group: str) -> int:
    return ALGORITHMS[parts(group)[0]].id


def is_random(group: str) -> bool:
    return group.startswith(("PS", "ES"))


@pytest.mark.parametrize("group", [*GROUPS, *ALONE])
def test_any_number_of_them(group: str) -> None:
    keys = [signing_key(group, number) for number in range(2)]
    jobs = [(keys[number % 2], row_of(group), b"x" * (37 * number)) for number in range(18)]
    singly = [native.sign(row, data) for native, row, data in jobs]
    for count in (0, 1, 2, 7, 8, 9, 16, 18):
        made = lanes.sign_many(jobs[:count])
        assert len(made) == count
        for (native, row, data), signature, alone in zip(jobs, made, singly, strict=False):
            assert signature is not None
            assert native.verify(row, data, signature)
            assert (signature == alone) != is_random(group)
    if is_random(group):
        assert len(set(lanes.sign_many([jobs[0]] * 9))) == 9
    else:
        assert len(set(lanes.sign_many([jobs[0]] * 9))) == 1


@live
@pytest.mark.parametrize("group", [*GROUPS, *ALONE])
def test_lanes_sign_what_they_serve(group: str) -> None:
    lanes.force(None)
    native, row = signing_key(group, 0), row_of(group)
    (signature,) = lanes.sign_many([(native, row, b"data")], retry=False)
    served = group in GROUPS and not group.startswith("ES")
    assert (signature is not None) == served
    assert signature is None or native.verify(row, b"data", signature)


def test_all_groups_in_one_call() -> None:
    jobs = [
        (signing_key(group, number), row_of(group), b"data")
        for number in range(3)
        for group in [*GROUPS, *ALONE]
    ]
    for (native, row, data), signature in zip(jobs, lanes.sign_many(jobs), strict=True):
        assert signature is not None
        assert native.verify(row, data, signature)


def rsa_of(p: int, q: int) -> NativeKey:
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return NativeKey.from_pkcs8(pkcs8(numbers.private_key(unsafe_skip_rsa_key_validation=True)))


@pytest.mark.parametrize(("bits", "one", "other"), [(2048, 373, 457), (4096, 507, 2501)])
def test_a_wrong_signature_of_a_lane_is_never_shown(bits: int, one: int, other: int) -> None:
    """With the first of these primes lanes compute one half of the Chinese remainder theorem wrong, and say that
    all is well: whoever saw such a signature could factor the modulus.
    """
    size = bits // 16
    p, q = int("AA" * size, 16) + one, int("F0" * size, 16) + other
    for native in (rsa_of(p, q), rsa_of(q, p)):
        company = signing_key(f"RS256-{bits}", 0)
        for name in ("RS256", "PS256"):
            row = ALGORITHMS[name].id
            jobs = [(native, row, b"%d" % number) for number in range(6)]
            jobs += [(company, row, b"data")] * 2
            for (key, _, data), signature in zip(jobs, lanes.sign_many(jobs), strict=True):
                assert signature is not None
                assert key.verify(row, data, signature)
            assert lanes.sign_many(jobs[:6], retry=False) == [None] * 6


def test_primes_in_either_order_and_of_uneven_length() -> None:
    row = ALGORITHMS["RS256"].id
    key = rsa.generate_private_key(65537, 2048).private_numbers()
    # These two primes have 1025 and 1024 bits.
    long, short = 3 * 2**1023 + 203, 3 * 2**1022 + 1037
    pairs = [(key.p, key.q), (key.q, key.p), (long, short), (short, long)]
    jobs = [(rsa_of(p, q), row, b"data") for p, q in pairs for _ in range(8)]
    assert lanes.sign_many(jobs) == [native.sign(row, data) for native, row, data in jobs]


def test_what_cannot_be_signed_is_refused() -> None:
    native, row = signing_key("ES256", 0), row_of("ES256")
    for job in ((native.public(), row, b""), (native, 99, b""), (native, row_of("RS256"), b"")):
        with pytest.raises(ValueError, match="does not sign"):
            lanes.sign_many([job])
    for wrong in ((None, row, b""), (native, row, None), (native, row, "text")):
        with pytest.raises(TypeError):
            lanes.sign_many([wrong])  # type: ignore[list-item]
