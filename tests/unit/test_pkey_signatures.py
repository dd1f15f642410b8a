"""Native keys: one signature made and verified, against `cryptography`, the RFCs and Wycheproof."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import (
    ASYMMETRIC,
    CURVES,
    DATA,
    ED25519_ALGORITHM,
    HASHES,
    NATIVE,
    der,
    ed25519_spki,
    foreign,
    foreign_padding,
    foreign_sign,
    foreign_verify,
    integer,
    native,
    pkcs8,
    rsa_key,
    spki,
)


@pytest.mark.parametrize("name", [name for name in NATIVE if ALGORITHMS[name].kty == "oct"])
def test_hmac_is_that_of_the_standard_library(name: str) -> None:
    row = ALGORITHMS[name]
    hash_name = f"sha{row.hash_bits}"
    for size in (1, 31, 32, 63, 64, 65, 127, 128, 129, 300):
        material = bytes(i & 0xFF for i in range(size))
        key = NativeKey.from_secret(material)
        for n in (0, 1, 55, 56, 64, 111, 112, 128, 1000, 20000):
            data = b"x" * n
            tag = hmac.new(material, data, hash_name).digest()
            assert key.sign(row.id, data) == tag
            assert key.verify(row.id, data, tag)


@pytest.mark.parametrize("name", ASYMMETRIC)
def test_signatures_hold_both_ways_with_cryptography(name: str) -> None:
    row, key = ALGORITHMS[name], native(name)
    public = NativeKey.from_spki(spki(foreign(name).public_key()))
    for data in (b"", b"x", DATA, b"long" * 10000):
        signature = key.sign(row.id, data)
        assert foreign_verify(name, data, signature)
        assert public.verify(row.id, data, signature)
        theirs = foreign_sign(name, data)
        assert len(theirs) == len(signature)
        assert public.verify(row.id, data, theirs)
        assert key.verify(row.id, data, theirs)


@pytest.mark.parametrize("bits", [2049, 2176, 3072, 4096])
@pytest.mark.parametrize("name", ["RS256", "PS256", "PS512"])
def test_rsa_moduli_of_other_sizes(bits: int, name: str) -> None:
    row, other = ALGORITHMS[name], rsa_key(bits)
    key = NativeKey.from_pkcs8(pkcs8(other))
    assert key.bits == bits
    signature = key.sign(row.id, DATA)
    assert len(signature) == (bits + 7) // 8
    other.public_key().verify(signature, DATA, foreign_padding(name), HASHES[row.hash_bits])
    assert key.verify(row.id, DATA, signature)
    assert not key.verify(row.id, DATA + b"x", signature)


@pytest.mark.parametrize("name", NATIVE)
def test_any_change_of_the_signature_or_the_data_is_noticed(name: str) -> None:
    row, key = ALGORITHMS[name], native(name)
    signature = key.sign(row.id, DATA)
    assert key.verify(row.id, DATA, signature)
    for bit in {0, 1, 7, 8, *range(13, 8 * len(signature), 61), 8 * len(signature) - 1}:
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not key.verify(row.id, DATA, bytes(changed)), bit
    for bit in range(3, 8 * len(DATA), 397):
        changed = bytearray(DATA)
        changed[bit // 8] ^= 1 << bit % 8
        assert not key.verify(row.id, bytes(changed), signature), bit
    for wrong in (b"", signature[:-1], signature[1:], signature + b"\0", b"\0" + signature, signature * 2):
        assert not key.verify(row.id, DATA, wrong)
    assert not key.verify(row.id, DATA, bytes(len(signature)))
    assert not key.verify(row.id, DATA, b"\xff" * len(signature))
    assert not key.verify(row.id, DATA[:-1], signature)


@pytest.mark.parametrize("name", list(CURVES))
def test_ecdsa_refuses_r_and_s_out_of_range(name: str) -> None:
    orders = {
        "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "ES384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
        "ES512": int(
            "1FF" + "F" * 63 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16
        ),
        "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    }
    row, key, n = ALGORITHMS[name], native(name), orders[name]
    size = row.signature_size // 2
    signature = key.sign(row.id, DATA)
    r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))

    def verdict(first: int, second: int) -> bool:
        return key.verify(row.id, DATA, first.to_bytes(size, "big") + second.to_bytes(size, "big"))

    assert verdict(r, s)
    assert verdict(r, n - s), "a high s is legal in JOSE"
    for first, second in [(0, s), (r, 0), (0, 0), (n, s), (r, n), (n, n), (1, 0), (0, 1), (n - 1, n)]:
        assert not verdict(first, second)
    limit = 256**size
    for first, second in [(r + n, s), (r, s + n)]:
        if first < limit and second < limit:
            assert not verdict(first, second)


def test_ecdsa_in_der_is_refused() -> None:
    row = ALGORITHMS["ES256"]
    assert not native("ES256").verify(row.id, DATA, foreign("ES256").sign(DATA, ec.ECDSA(hashes.SHA256())))


def test_ed25519_refuses_s_not_below_the_order() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    row, key = ALGORITHMS["EdDSA"], native("EdDSA")
    signature = key.sign(row.id, DATA)
    s = int.from_bytes(signature[32:], "little")
    for other in (s + order, s + 2 * order, order, 2**256 - 1, s | 1 << 255):
        assert not key.verify(row.id, DATA, signature[:32] + (other % 2**256).to_bytes(32, "little"))


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64, 222])
def test_pss_salt_length_is_that_of_the_hash(salt: int) -> None:
    row = ALGORITHMS["PS256"]
    other = foreign("PS256")
    wrong = other.sign(DATA, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
    assert not native("PS256").verify(row.id, DATA, wrong)


def test_pss_mgf1_hash_is_that_of_the_message() -> None:
    row = ALGORITHMS["PS256"]
    wrong = foreign("PS256").sign(DATA, padding.PSS(padding.MGF1(hashes.SHA512()), 32), hashes.SHA256())
    assert not native("PS256").verify(row.id, DATA, wrong)


def encoded_messages(size: int) -> dict[str, bytes]:
    """EMSA-PKCS1-v1_5 as it must be, and the forms that lax verifiers take for it."""
    digest = hashlib.sha256(DATA).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    without_null = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + digest
    long_form = bytes.fromhex("308131300d060960864801650304020105000420") + digest

    def em(body: bytes, block: int = 1, fill: bytes = b"\xff") -> bytes:
        return bytes([0, block]) + fill * (size - 3 - len(body)) + b"\0" + body

    return {
        "right": em(info),
        "no NULL": em(without_null),
        "long form": em(long_form),
        "block type 2": em(info, 2),
        "block type 0": em(info, 0),
        "zero padding": em(info, 1, b"\0"),
        "trailing": b"\0\1" + b"\xff" * 8 + b"\0" + info + bytes(size - 11 - len(info)),
        "short padding": b"\0\1" + b"\xff" * (size - 103 - len(info)) + b"\0" + info + b"\1" * 100,
        "bare hash": em(digest),
        "other hash": em(bytes.fromhex("3041300d060960864801650304020305000440") + digest * 2),
        "first octet": b"\1" + em(info)[1:],
        "no separator": bytes([0, 1]) + b"\xff" * (size - 2 - len(info)) + info,
    }


@pytest.mark.parametrize("form", encoded_messages(256))
def test_pkcs1_encoded_message_is_compared_whole(form: str) -> None:
    numbers = foreign("RS256").private_numbers()
    n, d = numbers.public_numbers.n, numbers.d
    em = int.from_bytes(encoded_messages(256)[form], "big") % n
    signature = pow(em, d, n)
    key, row = native("RS256"), ALGORITHMS["RS256"]
    assert key.verify(row.id, DATA, signature.to_bytes(256, "big")) is (form == "right")
    if signature + n < 2**2048:
        assert not key.verify(row.id, DATA, (signature + n).to_bytes(256, "big"))


@pytest.mark.parametrize("value", [0, 1, "n-1", "n", "n+1"])
def test_rsa_degenerate_signatures(value: int | str) -> None:
    n = foreign("RS256").public_key().public_numbers().n
    number = {"n-1": n - 1, "n": n, "n+1": n + 1}.get(value, value)
    for name in ("RS256", "PS256"):
        assert not native(name).verify(ALGORITHMS[name].id, DATA, number.to_bytes(256, "big"))


def test_rfc_8032_section_7_1() -> None:
    for seed, public, message, signature in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ]:
        inner = der(4, der(4, bytes.fromhex(seed)))
        key = NativeKey.from_pkcs8(der(0x30, integer(0), ED25519_ALGORITHM, inner))
        assert key.spki() == ed25519_spki(bytes.fromhex(public))
        for name in ("EdDSA", "Ed25519"):
            assert key.sign(ALGORITHMS[name].id, bytes.fromhex(message)).hex() == signature
            assert key.public().verify(ALGORITHMS[name].id, bytes.fromhex(message), bytes.fromhex(signature))


def test_rfc_7515_appendix_a_1() -> None:
    from base64 import urlsafe_b64decode

    key = NativeKey.from_secret(
        urlsafe_b64decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
        )
    )
    data = (
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    tag = urlsafe_b64decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk=")
    assert key.sign(ALGORITHMS["HS256"].id, data) == tag
    assert key.verify(ALGORITHMS["HS256"].id, data, tag)


def wycheproof(vectors: Path, name: str) -> list[dict]:
    return json.loads((vectors / "wycheproof" / "primitives" / name).read_text())["testGroups"]


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_wycheproof_hmac(vectors: Path, bits: int) -> None:
    row = ALGORITHMS[f"HS{bits}"]
    for group in wycheproof(vectors, f"hmac_sha{bits}_test.json"):
        for case in group["tests"]:
            tag = bytes.fromhex(case["tag"])
            # A tag that was cut short is good in Wycheproof's eyes, and never in JOSE's.
            good = case["result"] == "valid" and len(tag) == bits // 8
            key = NativeKey.from_secret(bytes.fromhex(case["key"]))
            assert key.verify(row.id, bytes.fromhex(case["msg"]), tag) is good, case["tcId"]


@pytest.mark.parametrize("size", ["2048_sha256", "2048_sha384", "2048_sha512", "3072_sha384", "4096_sha512"])
def test_wycheproof_rsa(vectors: Path, size: str) -> None:
    row = ALGORITHMS[f"RS{size[-3:]}"]
    for group in wycheproof(vectors, f"rsa_signature_{size}_test.json"):
        key = NativeKey.from_spki(bytes.fromhex(group["publicKeyDer"]), allow_small_exponent=True)
        for case in group["tests"]:
            # What is "acceptable" lacks the NULL of DigestInfo, and is refused.
            good = case["result"] == "valid"
            verdict = key.verify(row.id, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert verdict is good, (case["tcId"], case["comment"])
