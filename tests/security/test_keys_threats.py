"""Algorithm and key: the keys that must not be made."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import (
    PEM,
    PKCS8,
    TRADITIONAL,
    armoured,
    certificate,
    integer,
    numbered,
    private,
    private_octets,
    public_octets,
    rsa_der,
    rsa_jwk,
    text64,
    tlv,
)

# --- short secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 16, 31])
@pytest.mark.parametrize("make", [Key.from_secret, lambda k: Key.from_jwk({"kty": "oct", "k": text64(k)})])
def test_short_secret(make: Callable[[bytes], Key], size: int) -> None:
    with pytest.raises(InvalidKeyError, match="too short" if size else "empty"):
        make(bytes(range(size)))


@pytest.mark.parametrize("secret", ["", "k\u00e9y" * 7])
def test_short_text_secret(secret: str) -> None:
    # A secret's size is that of its UTF-8, not its count of characters.
    with pytest.raises(InvalidKeyError):
        Key.from_secret(secret)


@pytest.mark.parametrize(
    ("size", "fit"),
    [
        (32, {"HS256"}),
        (47, {"HS256"}),
        (48, {"HS256", "HS384"}),
        (63, {"HS256", "HS384"}),
        (64, {"HS256", "HS384", "HS512"}),
        (1000, {"HS256", "HS384", "HS512"}),
    ],
)
def test_secret_serves_no_hash_longer_than_itself(size: int, fit: set[str]) -> None:
    secret = bytes(i % 251 for i in range(size))
    assert Key.from_secret(secret).algorithms == fit
    for name in ("HS256", "HS384", "HS512"):
        if name in fit:
            assert Key.from_secret(secret, algorithm=name).algorithms == {name}
        else:
            with pytest.raises(InvalidKeyError, match="too short"):
                Key.from_secret(secret, algorithm=name)
            with pytest.raises(InvalidKeyError, match="too short"):
                Key.from_jwk({"kty": "oct", "k": text64(secret), "alg": name})
            with pytest.raises(InvalidKeyError):
                Key.from_secret(secret).sign(b"data", name)


# --- weak RSA keys ---------------------------------------------------------------------------------------


def modulus_of(bits: int) -> int:
    return (1 << (bits - 1)) | (random.Random(bits).getrandbits(bits - 1) | 1)


WEAK_RSA = {
    "512": (modulus_of(512), 65537, "too small"),
    "1024": (modulus_of(1024), 65537, "too small"),
    "2047": (modulus_of(2047), 65537, "too small"),
    "8193": (modulus_of(8193), 65537, "too large"),
    "16384": (modulus_of(16384), 65537, "too large"),
    "even-n": (modulus_of(2048) - 1, 65537, "odd"),
    "e=1": (modulus_of(2048), 1, "exponent|cannot be read"),
    "e=2": (modulus_of(2048), 2, "exponent|cannot be read"),
    "e=65536": (modulus_of(2048), 65536, "exponent|cannot be read"),
    "e=3": (modulus_of(2048), 3, "exponent"),
    "e=17": (modulus_of(2048), 17, "exponent"),
    "e=65535": (modulus_of(2048), 65535, "exponent"),
    "e=2**34+1": (modulus_of(2048), 2**34 + 1, "33 bits at most"),
    "e=n-2": (modulus_of(2048), modulus_of(2048) - 2, "33 bits at most"),
}


@pytest.mark.parametrize("case", WEAK_RSA)
@pytest.mark.parametrize("way", ["der", "pem", "jwk", "pkcs1"])
def test_weak_rsa(case: str, way: str) -> None:
    modulus, exponent, reason = WEAK_RSA[case]
    der = rsa_der(modulus, exponent)
    if way == "jwk":
        make = functools.partial(
            Key.from_jwk, {"kty": "RSA", "n": numbered(modulus), "e": numbered(exponent)}
        )
        reason += "|too large"
    elif way == "pem":
        make = functools.partial(Key.from_pem, armoured("PUBLIC KEY", der))
    else:
        pkcs1 = tlv(0x30, integer(modulus) + integer(exponent))
        make = functools.partial(Key.from_der, der if way == "der" else pkcs1)
    with pytest.raises(InvalidKeyError, match=reason):
        make()


def test_the_rsa_builder_of_these_tests_makes_good_keys() -> None:
    assert Key.from_der(rsa_der(modulus_of(2048), 65537)).bits == 2048
    assert Key.from_der(rsa_der(modulus_of(8192), 2**32 + 1)).bits == 8192


@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: Key.from_pem(private_octets("rsa-e3", PEM), **kw),
        lambda **kw: Key.from_pem(public_octets("rsa-e3", PEM), **kw),
        lambda **kw: Key.from_der(private_octets("rsa-e3"), **kw),
        lambda **kw: Key.from_cryptography(private("rsa-e3"), **kw),
        lambda **kw: Key.from_cryptography(certificate("rsa-e3"), **kw),
        lambda **kw: Key.from_jwk(rsa_jwk("rsa-e3"), **kw),
    ],
)
def test_small_exponent_is_admitted_by_name_alone(make: Callable[..., Key]) -> None:
    with pytest.raises(InvalidKeyError, match="small-exponent"):
        make()
    key = make(allow=("small-exponent",))
    signature = private("rsa-e3").sign(b"data", *pkcs1_sha256())
    key.verify(b"data", signature, "RS256")
    assert key.public().verify(b"data", signature, "RS256") is None
    with pytest.raises(ValueError, match="allow"):
        make(allow=("everything",))
    with pytest.raises(TypeError):
        make(allow="small-exponent")


def pkcs1_sha256() -> tuple[Any, Any]:

    return padding.PKCS1v15(), hashes.SHA256()


@pytest.mark.parametrize("exponent", [1, 2, 4])
def test_allowance_never_covers_an_exponent_of_1_or_an_even_one(exponent: int) -> None:
    jwk = {"kty": "RSA", "n": numbered(modulus_of(2048)), "e": numbered(exponent)}
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(jwk, allow=("small-exponent",))


def test_weak_private_rsa() -> None:
    for form in (PKCS8, TRADITIONAL):
        with pytest.raises(InvalidKeyError, match="too small"):
            Key.from_pem(private_octets("rsa1024", PEM, form))
    with pytest.raises(InvalidKeyError, match="too small"):
        Key.from_cryptography(private("rsa1024"))
    with pytest.raises(InvalidKeyError, match="too small"):
        Key.from_cryptography(certificate("rsa1024"))


# --- points ----------------------------------------------------------------------------------------------


def okp(curve: str, point: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": curve, "x": text64(point)}


def edwards_der(curve: str, point: bytes) -> bytes:
    oid = bytes.fromhex("06032b6570" if curve == "Ed25519" else "06032b6571")
    return tlv(0x30, tlv(0x30, oid) + tlv(3, b"\0" + point))


P25519, P448 = 2**255 - 19, 2**448 - 2**224 - 1
Y8 = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)

LOW_ORDER = [
    *(("Ed25519", y, sign) for y in (0, 1, P25519 - 1, Y8, P25519 - Y8) for sign in (0, 1)),
    # The same points, not reduced: y + p still fits in 255 bits.
    *(("Ed25519", y, sign) for y in (P25519, P25519 + 1) for sign in (0, 1)),
    *(("Ed448", y, sign) for y in (0, 1, P448 - 1, P448, P448 + 1) for sign in (0, 1)),
]


def encoded(curve: str, y: int, sign: int) -> bytes:
    size = 32 if curve == "Ed25519" else 57
    return (y | sign << (8 * size - 1)).to_bytes(size, "little")


WAYS: dict[str, Callable[[str, bytes], Key]] = {
    "jwk": lambda curve, point: Key.from_jwk(okp(curve, point)),
    "der": lambda curve, point: Key.from_der(edwards_der(curve, point)),
    "object": lambda curve, point: Key.from_cryptography(
        (ed25519.Ed25519PublicKey if curve == "Ed25519" else ed448.Ed448PublicKey).from_public_bytes(point)
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("curve", "y", "sign"), LOW_ORDER)
def test_low_order_point(way: str, curve: str, y: int, sign: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"low order|canonical"):
        WAYS[way](curve, encoded(curve, y, sign))


def test_the_low_order_points_of_these_tests_are_on_the_curve() -> None:
    # y of order 8 by the curve equation: doubling such a point gives y = 0, that is x^2 + y^2 = 0.
    d = -121665 * pow(121666, -1, P25519)
    x2 = (Y8 * Y8 - 1) * pow(d * Y8 * Y8 + 1, -1, P25519) % P25519
    assert (x2 + Y8 * Y8) % P25519 == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("curve", "point", "reason"),
    [
        ("Ed25519", encoded("Ed25519", 2**255 - 1, 0), "canonical"),
        ("Ed25519", encoded("Ed25519", P25519 + 3, 1), "canonical"),
        ("Ed25519", encoded("Ed25519", 2, 0), "not a point"),
        ("Ed448", b"\xff" * 57, "canonical"),
        ("Ed448", encoded("Ed448", 5, 0)[:-1] + b"\x01", "canonical"),
    ],
)
def test_point_that_is_none(way: str, curve: str, point: bytes, reason: str) -> None:
    with pytest.raises(InvalidKeyError, match=reason):
        WAYS[way](curve, point)


@pytest.mark.parametrize("curve", ["Ed25519", "Ed448"])
def test_every_generated_edwards_key_is_accepted_and_half_of_all_points_refused(curve: str) -> None:
    maker = ed25519.Ed25519PrivateKey if curve == "Ed25519" else ed448.Ed448PrivateKey
    for _ in range(20):
        point = maker.generate().public_key().public_bytes_raw()
        assert Key.from_jwk(okp(curve, point)).curve == curve
    source, refused = random.Random(8032), 0
    for _ in range(40):
        y = source.getrandbits(250 if curve == "Ed25519" else 440)
        try:
            Key.from_jwk(okp(curve, encoded(curve, y, 0)))
        except InvalidKeyError:
            refused += 1
    assert 5 < refused < 35


CURVES = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48), "P-521": (ec.SECP521R1(), 66)}


@pytest.mark.parametrize("curve", [*CURVES, "secp256k1"])
@pytest.mark.parametrize("change", ["y", "x", "zero", "prime", "swap"])
def test_ec_point_off_the_curve(curve: str, change: str) -> None:
    field, size = CURVES.get(curve, (ec.SECP256K1(), 32))
    numbers = ec.generate_private_key(field).public_key().public_numbers()
    x, y = numbers.x, numbers.y
    x, y = {
        "y": (x, y ^ 1),
        "x": (x ^ 1, y),
        "zero": (0, 0),
        "prime": (2 ** (8 * size) - 1, y),
        "swap": (y, x),
    }[change]
    jwk = {
        "kty": "EC",
        "crv": curve,
        "x": text64(x.to_bytes(size, "big")),
        "y": text64(y.to_bytes(size, "big")),
    }
    with pytest.raises(InvalidKeyError, match="not on the curve"):
        Key.from_jwk(jwk)


def test_ec_der_off_the_curve_or_at_infinity() -> None:
    der = public_octets("ec")
    Key.from_der(der)
    with pytest.raises(InvalidKeyError):
        Key.from_der(der[:-1] + bytes((der[-1] ^ 1,)))
    infinity = tlv(0x30, der[2:23] + tlv(3, b"\0\0"))
    with pytest.raises(InvalidKeyError):
        Key.from_der(infinity)


# --- types that cannot sign ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["x25519", "x448", "dsa", "secp224r1", "brainpool"])
def test_unsupported_type(kind: str) -> None:
    ways: list[Callable[[], Key]] = [
        lambda: Key.from_cryptography(private(kind)),
        lambda: Key.from_cryptography(private(kind).public_key()),
        lambda: Key.from_pem(private_octets(kind, PEM)),
        lambda: Key.from_pem(public_octets(kind, PEM)),
        lambda: Key.from_der(private_octets(kind)),
        lambda: Key.from_der(public_octets(kind)),
    ]
    for way in ways:
        with pytest.raises(InvalidKeyError, match=r"cannot sign|not supported"):
            way()


@pytest.mark.parametrize("crv", ["X25519", "X448"])
def test_key_agreement_jwk(crv: str) -> None:
    size = 32 if crv == "X25519" else 56
    with pytest.raises(InvalidKeyError, match="cannot sign"):
        Key.from_jwk({"kty": "OKP", "crv": crv, "x": text64(bytes(range(9, 9 + size)))})


@pytest.mark.parametrize("value", [None, object(), 1, "key", b"key", rsa, rsa.RSAPublicKey])
def test_from_cryptography_of_something_else(value: object) -> None:
    with pytest.raises(TypeError):
        Key.from_cryptography(value)


@pytest.mark.parametrize(
    "label", ["CERTIFICATE REQUEST", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PKCS7", "X"]
)
def test_unsupported_pem_label(label: str) -> None:
    with pytest.raises(InvalidKeyError, match="not supported"):
        Key.from_pem(f"-----BEGIN {label}-----\nMAMCAQE=\n-----END {label}-----\n")


# --- no algorithm is taken from outside ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519", "ed448"])
def test_public_key_never_serves_an_hmac(kind: str) -> None:
    key = Key.from_cryptography(private(kind).public_key())
    assert not key.algorithms & {"HS256", "HS384", "HS512"}
    for name in ("HS256", "HS384", "HS512"):
        with pytest.raises(InvalidKeyError):
            key.verify(b"data", bytes(32), name)
        with pytest.raises(InvalidKeyError):
            Key.from_cryptography(private(kind), algorithm=name)


def test_secret_never_serves_a_key_pairs_algorithm() -> None:
    key = Key.from_secret(bytes(range(64)))
    for name in ("RS256", "PS256", "ES256", "EdDSA", "Ed25519", "Ed448"):
        with pytest.raises(InvalidKeyError):
            key.verify(b"data", bytes(64), name)
        with pytest.raises(InvalidKeyError, match="not fit"):
            Key.from_secret(bytes(range(64)), algorithm=name)


@pytest.mark.parametrize("name", ["none", "None", "nOnE", "hs256", "HS256 ", "", "RSA-OAEP", "HS256\n"])
def test_unknown_algorithm_names(name: str) -> None:
    key = Key.from_secret(bytes(range(64)))
    with pytest.raises(ValueError, match="is not one of the algorithms"):
        key.sign(b"data", name)
    with pytest.raises(ValueError, match="is not one of the algorithms"):
        key.verify(b"data", b"", name)
    with pytest.raises(ValueError, match="is not one of the algorithms"):
        Key.from_secret(bytes(range(64)), algorithm=name)
    with pytest.raises(InvalidKeyError):
        Key.from_jwk({"kty": "oct", "k": text64(bytes(range(64))), "alg": name})
