"""What the tests of lanes share: jobs of every group."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import pkcs8

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
