"""What the tests of lanes share: jobs of every group, and the arithmetic to make the odd ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import pkcs8, spki

Job = tuple[NativeKey, int, bytes, bytes]

live = pytest.mark.skipif(not lanes.live(), reason="this build, CPU or environment has no lanes")

#: Of each group of signatures that share lanes, some: an algorithm, and the bits of an RSA key.
GROUPS = [
    "RS256-2048",
    "RS384-2048",
    "PS256-2048",
    "PS512-2048",
    "RS384-3072",
    "PS384-3072",
    "RS512-4096",
    "PS512-4096",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
#: Some that have no lanes.
ALONE = ["HS256", "ES256K", "RS256-2056", "PS256-3064"]

_EC = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1(), "ES256K": ec.SECP256K1()}


def parts(group: str) -> tuple[str, int]:
    """The algorithm of a group, and the bits of an RSA key."""
    name, _, bits = group.partition("-")
    return name, int(bits or 0)


@cache
def signing_key(group: str, number: int) -> NativeKey:
    """One of several keys of a group."""
    algorithm, bits = parts(group)
    if algorithm.startswith("HS"):
        return NativeKey.from_secret(bytes([number]) * 32)
    if algorithm in _EC:
        return NativeKey.from_pkcs8(pkcs8(ec.generate_private_key(_EC[algorithm])))
    if not bits:
        return NativeKey.from_pkcs8(pkcs8(ed25519.Ed25519PrivateKey.generate()))
    return NativeKey.from_pkcs8(pkcs8(rsa.generate_private_key(65537, bits)))


def good_job(group: str, key: int = 0, data: bytes = b"some data") -> Job:
    native, row = signing_key(group, key), ALGORITHMS[parts(group)[0]].id
    return (native if native.kind == "oct" else native.public(), row, data, native.sign(row, data))


def bad_jobs(group: str) -> Iterator[Job]:
    """Every way in which a signature of a group is commonly wrong."""
    native, row, data, signature = good_job(group)
    for at in (0, len(signature) // 2 - 1, len(signature) // 2, len(signature) - 1):
        yield native, row, data, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
    yield native, row, data + b".", signature
    yield native, row, b"", signature
    yield good_job(group, 1)[0], row, data, signature
    for other in (b"", signature[:-1], signature + b"\0", signature * 2):
        yield native, row, data, other
    for octet in (b"\0", b"\x01", b"\x7f", b"\xff"):
        yield native, row, data, octet * len(signature)
    half = len(signature) // 2
    yield native, row, data, bytes(half) + signature[half:]
    yield native, row, data, signature[:half] + bytes(half)
    yield native, row, data, signature[:half] + b"\xff" * half
    yield native, row, data, signature[half:] + signature[:half]


@dataclass(frozen=True)
class Curve:
    """A curve of NIST, with the arithmetic of its points: for test data, neither quick nor in constant time."""

    name: str
    p: int
    n: int
    b: int
    generator: tuple[int, int]

    @property
    def size(self) -> int:
        return (self.n.bit_length() + 7) // 8

    def lift(self, x: int) -> tuple[int, int] | None:
        """A point of that x, where there is one. Each p of NIST is 3 mod 4."""
        square = (x**3 - 3 * x + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)
        return (x, y) if y * y % self.p == square else None

    def add(self, one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
        if one is None or other is None:
            return one or other
        (x, y), (u, v) = one, other
        if x != u:
            slope = (v - y) * pow(u - x, -1, self.p)
        elif y == v:
            slope = (3 * x * x - 3) * pow(2 * y, -1, self.p)
        else:
            return None
        w = (slope * slope - x - u) % self.p
        return w, (slope * (x - w) - y) % self.p

    def multiply(self, factor: int, point: tuple[int, int] | None) -> tuple[int, int] | None:
        if point == self.generator and factor % self.n > 0:
            private = ec.derive_private_key(factor % self.n, _EC[self.name])
            numbers = private.public_key().public_numbers()
            return numbers.x, numbers.y
        total = None
        for bit in bin(factor % self.n)[2:]:
            total = self.add(total, total)
            if bit == "1":
                total = self.add(total, point)
        return total

    def key(self, point: tuple[int, int]) -> NativeKey:
        return NativeKey.from_spki(spki(ec.EllipticCurvePublicNumbers(*point, _EC[self.name]).public_key()))

    def signature(self, r: int, s: int) -> bytes:
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")


#: SEC 2 sections 2.4.2, 2.5.1 and 2.6.1.
CURVES = [
    Curve(
        "ES256",
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        (
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
    ),
    Curve(
        "ES384",
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
        int(
            "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
            16,
        ),
        (
            int(
                "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
                16,
            ),
            int(
                "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
                16,
            ),
        ),
    ),
    Curve(
        "ES512",
        2**521 - 1,
        int("1" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
        int(
            "51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109"
            "E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
            16,
        ),
        (
            int(
                "C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3D"
                "BAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
                16,
            ),
            int(
                "11839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E6"
                "62C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
                16,
            ),
        ),
    ),
]
