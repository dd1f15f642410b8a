"""Native keys: every key that must be refused when it is read."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519

from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import (
    DATA,
    EC_OID,
    P256_OID,
    PRIME,
    RSA_ALGORITHM,
    der,
    ec_spki,
    ed25519_spki,
    foreign,
    integer,
    pkcs8,
    rsa_key,
    rsa_spki,
    spki,
)


def test_rsa_sizes_and_exponents() -> None:
    n = rsa_key(2048).public_key().public_numbers().n
    for modulus, exponent, reason in [
        (n >> 1 | 1, 65537, "fewer than 2048"),
        (n >> 1024 | 1, 65537, "fewer than 2048"),
        (1 << 8192 | 1, 65537, "more than 8192"),
        (1 << 16384 | 1, 65537, "RSA"),
        (n ^ 1, 65537, "modulus is even"),
        (n, 0, "exponent is even"),
        (n, 1, "exponent is 1"),
        (n, 3, "less than 65537"),
        (n, 65535, "less than 65537"),
        (n, 65536, "exponent is even"),
        (n, 65538, "exponent is even"),
        (n, 2**33 + 1, "more than 33 bits"),
        (n, n - 2, "more than 33 bits"),
    ]:
        with pytest.raises(ValueError, match=reason):
            NativeKey.from_spki(rsa_spki(modulus, exponent))
    for exponent in (3, 17, 65535):
        assert NativeKey.from_spki(rsa_spki(n, exponent), allow_small_exponent=True).public().bits == 2048
    for exponent in (0, 1, 2, 4):
        with pytest.raises(ValueError, match="exponent"):
            NativeKey.from_spki(rsa_spki(n, exponent), allow_small_exponent=True)
    for exponent in (65537, 65539, 2**32 + 1, 2**33 - 1):
        assert NativeKey.from_spki(rsa_spki(n, exponent)).bits == 2048
    assert NativeKey.from_spki(rsa_spki((1 << 8191) | n, 65537)).bits == 8192


def test_small_exponent_by_name_serves() -> None:
    other = rsa_key(2048, 3)
    with pytest.raises(ValueError, match="65537"):
        NativeKey.from_pkcs8(pkcs8(other))
    key = NativeKey.from_pkcs8(pkcs8(other), allow_small_exponent=True)
    row = ALGORITHMS["RS256"]
    assert key.public().verify(row.id, DATA, key.sign(row.id, DATA))


def test_inconsistent_private_keys() -> None:
    v = rsa_key(2048).private_numbers()
    pub = v.public_numbers
    right = [0, pub.n, pub.e, v.d, v.p, v.q, v.dmp1, v.dmq1, v.iqmp]

    def container(values: list[int]) -> bytes:
        return der(0x30, integer(0), RSA_ALGORITHM, der(4, der(0x30, *(integer(i) for i in values))))

    assert NativeKey.from_pkcs8(container(right)).private
    for place in range(1, 9):
        for wrong in (right[place] + 2, 0, 1):
            with pytest.raises(ValueError, match="RSA"):
                NativeKey.from_pkcs8(container([*right[:place], wrong, *right[place + 1 :]]))
    for wrong in ([1, *right[1:]], right[:-1], [*right, 5], [*right[:4], 1, pub.n, *right[6:]]):
        with pytest.raises(ValueError, match="RSA"):
            NativeKey.from_pkcs8(container(wrong))


def test_ec_points() -> None:
    good = (
        foreign("ES256")
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    assert NativeKey.from_spki(ec_spki(good)).curve == "P-256"
    hybrid = bytes([6 | good[-1] & 1]) + good[1:]
    off = good[:-1] + bytes([good[-1] ^ 1])
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    large = b"\x04" + p.to_bytes(32, "big") + good[33:]
    for wrong in (
        b"",
        b"\0",
        b"\0" * 65,
        off,
        hybrid,
        large,
        good[:-1],
        good + b"\0",
        b"\x04" + bytes(64),
        b"\x02",
    ):
        with pytest.raises(ValueError, match="EC"):
            NativeKey.from_spki(ec_spki(wrong))
    other = (
        foreign("ES384")
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    with pytest.raises(ValueError, match="EC"):
        NativeKey.from_spki(ec_spki(other))


def test_ec_scalars() -> None:
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    numbers = foreign("ES256").private_numbers()
    point = (
        foreign("ES256")
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )

    def container(scalar: int, public: bytes | None, inner: bytes = b"") -> bytes:
        parts = [integer(1), der(4, scalar.to_bytes(32, "big")), inner]
        if public is not None:
            parts.append(der(0xA1, der(3, b"\0", public)))
        return der(0x30, integer(0), der(0x30, EC_OID, P256_OID), der(4, der(0x30, *parts)))

    d = numbers.private_value
    assert NativeKey.from_pkcs8(container(d, point)).private
    assert NativeKey.from_pkcs8(container(d, point, der(0xA0, P256_OID))).private
    for scalar, public in [(0, None), (n, None), (n + 1, None), (0, point), (d ^ 2, point), (n - d, point)]:
        with pytest.raises(ValueError, match="EC"):
            NativeKey.from_pkcs8(container(scalar, public))
    with pytest.raises(ValueError, match="two curves"):
        NativeKey.from_pkcs8(container(d, point, der(0xA0, bytes.fromhex("06052b81040022"))))


def test_explicit_curve_parameters() -> None:
    # The numbers of P-256 itself, spelt out (RFC 3279 section 2.3.5).
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    generator = bytes.fromhex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    field = der(0x30, bytes.fromhex("06072a8648ce3d0101"), integer(p))
    curve = der(0x30, der(4, (p - 3).to_bytes(32, "big")), der(4, b.to_bytes(32, "big")))
    explicit = der(0x30, integer(1), field, curve, der(4, generator), integer(n), integer(1))
    with pytest.raises(ValueError, match="explicit curve parameters"):
        NativeKey.from_spki(ec_spki(generator, explicit))
    for parameters in (b"", b"\x05\0", bytes.fromhex("06052b81040021"), P256_OID + b"\x05\0"):
        with pytest.raises(ValueError, match="curve"):
            NativeKey.from_spki(ec_spki(generator, parameters))


def test_ed25519_points_of_small_order() -> None:
    y8 = int.from_bytes(
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
    )
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    # Doubling gives (x^2 + y^2) / (1 - d x^2 y^2) as the new y, which is 0 at the points of order 4; so a point has
    # order 8 when x^2 = -y^2 (RFC 8032 section 5.1.4).
    x2 = (y8 * y8 - 1) * pow(d * y8 * y8 + 1, -1, PRIME) % PRIME
    assert (y8 * y8 + x2) % PRIME == 0
    for y in (0, 1, PRIME - 1, y8, PRIME - y8):
        for encoded in (y, y + PRIME):
            for sign in (0, 1):
                if encoded < 2**255:
                    with pytest.raises(ValueError, match=r"small order|canonical"):
                        NativeKey.from_spki(ed25519_spki((encoded | sign << 255).to_bytes(32, "little")))


def test_ed25519_encodings() -> None:
    for y in (*range(PRIME, 2**255), PRIME + 3):
        with pytest.raises(ValueError, match="canonical"):
            NativeKey.from_spki(ed25519_spki(y.to_bytes(32, "little")))
    verdicts = set()
    for y in range(2, 40):
        d = -121665 * pow(121666, -1, PRIME)
        square = pow((y * y - 1) * pow(d * y * y + 1, -1, PRIME), (PRIME - 1) // 2, PRIME) == 1
        verdicts.add(square)
        if square:
            assert NativeKey.from_spki(ed25519_spki(y.to_bytes(32, "little"))).bits == 255
        else:
            with pytest.raises(ValueError, match="not a point"):
                NativeKey.from_spki(ed25519_spki(y.to_bytes(32, "little")))
    assert verdicts == {True, False}
    for size in (0, 31, 33, 57):
        with pytest.raises(ValueError, match="Ed25519"):
            NativeKey.from_spki(ed25519_spki(b"\x09" * size))


def test_other_key_types() -> None:
    x = x25519.X25519PrivateKey.generate()
    pss = spki(rsa_key(2048).public_key()).replace(
        bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d01010a")
    )
    p224 = ec.generate_private_key(ec.SECP224R1())
    d = dsa.generate_private_key(2048)
    for data in (spki(x.public_key()), pss, spki(p224.public_key()), spki(d.public_key())):
        with pytest.raises(ValueError, match=r"not RSA, EC or Ed25519|JOSE"):
            NativeKey.from_spki(data)
    for data in (pkcs8(x), pkcs8(p224), pkcs8(d)):
        with pytest.raises(ValueError, match=r"not RSA, EC or Ed25519|JOSE"):
            NativeKey.from_pkcs8(data)


@pytest.mark.parametrize("name", ["RS256", "ES256", "ES512", "EdDSA"])
def test_containers_that_are_not_whole(name: str) -> None:
    public, private = spki(foreign(name).public_key()), pkcs8(foreign(name))
    for read, data in ((NativeKey.from_spki, public), (NativeKey.from_pkcs8, private)):
        for wrong in (data + b"\0", data + data, b"\0" + data, b"", b"0", b"-----BEGIN PUBLIC KEY-----"):
            with pytest.raises(ValueError, match=r"DER|follow"):
                read(wrong)
        for n in range(0, len(data), max(1, len(data) // 100)):
            with pytest.raises(ValueError, match="DER"):
                read(data[:n])
    with pytest.raises(ValueError, match="DER"):
        NativeKey.from_pkcs8(public)
    with pytest.raises(ValueError, match="DER"):
        NativeKey.from_spki(private)
    # X.690 section 10.1: neither an indefinite length nor one longer than it need be.
    body = ed25519_spki(b"\x09" * 32)[2:]
    for head in (b"\x30\x80", b"\x30\x81\x2a", b"\x30\x82\x00\x2a", b"\x30\x84\x00\x00\x00\x2a", b"\x30\xff"):
        with pytest.raises(ValueError, match="DER"):
            NativeKey.from_spki(head + body)


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_changed_containers_never_do_worse_than_be_refused(name: str) -> None:
    dice = random.Random(7)
    for read, data in (
        (NativeKey.from_spki, spki(foreign(name).public_key())),
        (NativeKey.from_pkcs8, pkcs8(foreign(name))),
    ):
        # OpenSSL tests the primes of each RSA private key that it is shown.
        for _ in range(60 if name == "RS256" else 300):
            changed = bytearray(data)
            # The structure lies at the front, where most changes are made.
            changed[int(len(data) * dice.random() ** 3)] = dice.choice(
                (0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256))
            )
            try:
                key = read(bytes(changed))
            except ValueError:
                continue
            assert read is NativeKey.from_pkcs8 or not key.verify(ALGORITHMS[name].id, DATA, b"\x01" * 64)
