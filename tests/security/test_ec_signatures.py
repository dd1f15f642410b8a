"""Signature: ECDSA, Ed25519 and Ed448."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import cyjwt
from bench import baseline
from tests.security.signing import accepted, refused, signing_input
from tests.support import Pair, b64, clock, native_key, pair

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


# -- ECDSA


def split(signature: bytes) -> tuple[int, int]:
    half = len(signature) // 2
    return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")


def join(r: int, s: int, algorithm: str) -> bytes:
    half = {"ES256": 32, "ES256K": 32, "ES384": 48, "ES512": 66}[algorithm]
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


@pytest.mark.parametrize("algorithm", list(ORDERS))
def test_ecdsa_in_der(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    r, s = split(baseline.make_signature(keys.oracle, algorithm, data))
    refused(keys, data, encode_dss_signature(r, s))


@pytest.mark.parametrize("algorithm", list(ORDERS))
def test_ecdsa_wrong_length(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    half = len(good) // 2
    wide = b"\0" + good[:half] + b"\0" + good[half:]
    for signature in (good[:-1], good[1:], good + b"\0", b"\0" + good, wide, good[:half], good * 2, b"\0"):
        refused(keys, data, signature)


@pytest.mark.parametrize("algorithm", list(ORDERS))
def test_ecdsa_r_and_s_out_of_range(algorithm: str) -> None:
    keys, data, n = pair(algorithm), signing_input(algorithm), ORDERS[algorithm]
    good = baseline.make_signature(keys.oracle, algorithm, data)
    r, s = split(good)
    limit = 1 << (4 * len(good))
    for pair_ in (
        *((0, 0), (0, s), (r, 0), (0, 1), (1, 0), (n, n), (n, s), (r, n), (n + 1, n + 1), (1, n), (n, 1)),
        *((limit - 1, limit - 1), (limit - 1, s), (r, limit - 1), (r + n, s), (r, s + n), (s, r), (r, s ^ 1)),
        *((1, 1), (n - 1, n - 1), (n - 1, 1)),
    ):
        if max(pair_) < limit:
            refused(keys, data, join(*pair_, algorithm))


@pytest.mark.parametrize("algorithm", list(ORDERS))
def test_ecdsa_high_s_is_legal(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    r, s = split(baseline.make_signature(keys.oracle, algorithm, data))
    accepted(keys, data, join(r, s, algorithm))
    accepted(keys, data, join(r, ORDERS[algorithm] - s, algorithm))


def test_ecdsa_of_another_curve() -> None:
    """secp256k1 and P-256 have signatures of one size; the header must not mix them up."""
    for wrong, right in (("ES256K", "ES256"), ("ES256", "ES256K")):
        data = signing_input(right)
        refused(pair(right), data, baseline.make_signature(pair(wrong).oracle, wrong, data))
        token = (
            f"{signing_input(wrong).decode()}.{b64(baseline.make_signature(pair(right).oracle, right, data))}"
        )
        with pytest.raises(cyjwt.InvalidAlgorithmError):
            cyjwt.Verifier(pair(right).public, clock=clock).verify(token)


@pytest.mark.parametrize(("algorithm", "other"), [("ES256", ec.SECP384R1()), ("ES384", ec.SECP256R1())])
def test_ecdsa_key_of_another_curve(algorithm: str, other: ec.EllipticCurve) -> None:
    key = cyjwt.Key.from_cryptography(ec.generate_private_key(other).public_key())
    with pytest.raises(cyjwt.InvalidAlgorithmError):
        cyjwt.Verifier(key, clock=clock).verify(pair(algorithm).token())


# -- Ed25519 and Ed448

L = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19


def ed25519_scalar(native: ed25519.Ed25519PrivateKey) -> int:
    seed = native.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest, "little")


def ed25519_point(native: ed25519.Ed25519PrivateKey) -> bytes:
    return native.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def challenge(r_text: bytes, keys: Pair, data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r_text + ed25519_point(keys.native) + data).digest(), "little") % L


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_ed25519_s_of_l_or_more(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    s = int.from_bytes(good[32:], "little")
    accepted(keys, data, good)
    for i in range(1, 16):
        if s + i * L < 2**256:
            refused(keys, data, good[:32] + (s + i * L).to_bytes(32, "little"))
    for other in (0, L, L - 1, 2**256 - 1, s ^ 1, s | 1 << 255, s | 1 << 253):
        refused(keys, data, good[:32] + other.to_bytes(32, "little"))


def test_ed25519_non_canonical_r() -> None:
    """R is compared as octets: a point that decodes alike but is spelt ``y + p`` is another R."""
    keys, data = pair("EdDSA"), signing_input("EdDSA")
    a = ed25519_scalar(keys.native)
    # With r = 0, R is the identity, y = 1; it can also be written y = p + 1, and with a sign bit.
    identity = (1).to_bytes(32, "little")
    for r_text in (
        (P + 1).to_bytes(32, "little"),
        (1 | 1 << 255).to_bytes(32, "little"),
        (P + 1 | 1 << 255).to_bytes(32, "little"),
    ):
        s = challenge(r_text, keys, data) * a % L
        refused(keys, data, r_text + s.to_bytes(32, "little"))
    s = challenge(identity, keys, data) * a % L
    token = f"{data.decode()}.{b64(identity + s.to_bytes(32, 'little'))}"
    # Legal by the equation; whoever made it holds the private key. The oracle's verdict stands.
    if baseline.verdict(token, keys.oracle, clock=clock)[0] is None:
        assert keys.verifier().verify(token)
    else:
        refused(keys, data, identity + s.to_bytes(32, "little"))


def test_ed25519_torsion_in_r() -> None:
    """R plus the point of order two satisfies the cofactored equation alone (RFC 8032 section 5.1.7)."""
    keys, data = pair("EdDSA"), signing_input("EdDSA")
    nonce = ed25519.Ed25519PrivateKey.generate()
    a, r, point = ed25519_scalar(keys.native), ed25519_scalar(nonce), ed25519_point(nonce)
    s = (r + challenge(point, keys, data) * a) % L
    accepted(keys, data, point + s.to_bytes(32, "little"))
    # (x, y) + (0, -1) = (-x, -y)
    value = int.from_bytes(point, "little")
    y, sign = value & ~(1 << 255), value >> 255
    bent = (P - y | (1 - sign) << 255).to_bytes(32, "little")
    s = (r + challenge(bent, keys, data) * a) % L
    refused(keys, data, bent + s.to_bytes(32, "little"))


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519", "Ed448"])
def test_eddsa_wrong_length(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    accepted(keys, data, good)
    for signature in (good[:-1], good[1:], good + b"\0", b"\0" + good, good * 2, bytes(len(good)), b"\0"):
        refused(keys, data, signature)


def test_eddsa_of_the_other_curve() -> None:
    ed448 = Pair("EdDSA", native_key("Ed448"), baseline.Key.from_cryptography(native_key("Ed448")))
    data = signing_input("EdDSA")
    refused(pair("EdDSA"), data, baseline.make_signature(ed448.oracle, "EdDSA", data))
    refused(ed448, data, baseline.make_signature(pair("EdDSA").oracle, "EdDSA", data))
    accepted(ed448, data, baseline.make_signature(ed448.oracle, "EdDSA", data))
    for header, keys in (("Ed448", pair("EdDSA")), ("Ed25519", ed448)):
        token = f"{signing_input(header).decode()}.{b64(bytes(64))}"
        with pytest.raises(cyjwt.InvalidAlgorithmError):
            cyjwt.Verifier(keys.public, clock=clock).verify(token)


def test_ed448_s_of_the_order_or_more() -> None:
    order = 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885
    keys, data = pair("Ed448"), signing_input("Ed448")
    good = baseline.make_signature(keys.oracle, "Ed448", data)
    s = int.from_bytes(good[57:], "little")
    for value in (s + order, order, 2**456 - 1):
        refused(keys, data, good[:57] + value.to_bytes(57, "little"))
