"""Signature: RSA, PKCS#1 v1.5 and PSS."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from bench import baseline
from tests.conformance import examples
from tests.security.signing import accepted, refused, signing_input
from tests.support import Pair, good_claims, pair

# -- RSA PKCS#1 v1.5


def rfc_rsa_pair() -> Pair:
    """RFC 7515's key: its modulus leaves a wide gap below 2**2048, so that ``s + n`` often fits."""
    return rsa_pair_of(examples.one(7515, "A.2")["key"])


def rsa_pair_of(jwk: dict[str, str]) -> Pair:
    from cryptography.hazmat.primitives.asymmetric import rsa

    number = {
        k: int.from_bytes(baseline.decode_segment(v.encode()), "big") for k, v in jwk.items() if k != "kty"
    }
    public = rsa.RSAPublicNumbers(number["e"], number["n"])
    private = rsa.RSAPrivateNumbers(
        number["p"], number["q"], number["d"], number["dp"], number["dq"], number["qi"], public
    )
    native = private.private_key()
    return Pair("RS256", native, baseline.Key.from_cryptography(native))


def raw_rsa(native: Any, block: bytes) -> bytes:
    numbers = native.private_numbers()
    value = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return value.to_bytes(256, "big")


SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
BENT_DIGEST_INFO: dict[str, Callable[[bytes], bytes]] = {
    "no NULL": lambda h: bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + h,
    "long-form outer length": lambda h: bytes.fromhex("308131300d060960864801650304020105000420") + h,
    "long-form digest length": lambda h: bytes.fromhex("3032300d06096086480165030402010500048120") + h,
    "NULL with content": lambda h: (
        bytes.fromhex("3033300f06096086480165030402010502000004 20".replace(" ", "")) + h
    ),
    "SHA-1's name": lambda h: bytes.fromhex("302d300906052b0e03021a05000420") + h,
    "SHA-512's name": lambda h: bytes.fromhex("3031300d060960864801650304020305000420") + h,
    "no DigestInfo": lambda h: h,
    "trailing octet": lambda h: SHA256_INFO + h + b"\x00",
    "digest cut": lambda h: SHA256_INFO[:-1] + b"\x1f" + h[:31],
    "another digest": lambda h: SHA256_INFO + bytes(32),
    "sequence of indefinite length": lambda h: b"\x30\x80" + SHA256_INFO[2:] + h + b"\x00\x00",
}


def block(
    info: bytes, first: bytes = b"\x00\x01", fill: int = 0xFF, pad: int | None = None, tail: bytes = b""
) -> bytes:
    pad = 256 - len(first) - 1 - len(info) - len(tail) if pad is None else pad
    made = first + bytes([fill]) * pad + b"\x00" + info + tail
    return made + bytes(256 - len(made))


def test_pkcs1_the_helper_makes_good_signatures() -> None:
    keys, data = rfc_rsa_pair(), signing_input("RS256")
    signature = raw_rsa(keys.native, block(SHA256_INFO + hashlib.sha256(data).digest()))
    assert signature == baseline.make_signature(keys.oracle, "RS256", data)
    accepted(keys, data, signature)


@pytest.mark.parametrize("bend", BENT_DIGEST_INFO)
def test_pkcs1_digest_info_variations(bend: str) -> None:
    keys, data = rfc_rsa_pair(), signing_input("RS256")
    refused(keys, data, raw_rsa(keys.native, block(BENT_DIGEST_INFO[bend](hashlib.sha256(data).digest()))))


@pytest.mark.parametrize(
    "bend",
    [
        {"first": b"\x00\x02"},
        {"first": b"\x00\x00"},
        {"first": b"\x01\x01"},
        {"first": b"\x00\x01", "fill": 0xFE},
        {"first": b"\x00\x01", "fill": 0x00},
        {"pad": 8, "tail": b"\xaa" * 150},
        {"pad": 8},
        {"pad": 7},
        {"pad": 0},
        {"tail": b"\x00"},
        {"tail": b"\xff" * 100},
    ],
    ids=repr,
)
def test_pkcs1_padding_variations(bend: dict[str, Any]) -> None:
    keys, data = rfc_rsa_pair(), signing_input("RS256")
    made = block(SHA256_INFO + hashlib.sha256(data).digest(), **bend)
    refused(keys, data, raw_rsa(keys.native, made[:256]))


def test_pkcs1_value_of_n_or_more() -> None:
    keys = rfc_rsa_pair()
    n = keys.native.private_numbers().public_numbers.n
    found = 0
    for i in range(200):
        data = signing_input("RS256", baseline.dumps(good_claims(n=i)))
        value = int.from_bytes(baseline.make_signature(keys.oracle, "RS256", data), "big")
        if value + n < 2**2048:
            refused(keys, data, (value + n).to_bytes(256, "big"))
            found += 1
            if found == 3:
                break
    assert found
    for value in (0, 1, n - 1, n, n + 1, 2**2048 - 1):
        refused(keys, signing_input("RS256"), value.to_bytes(256, "big"))


def test_pkcs1_short_and_long_signatures() -> None:
    keys, data = rfc_rsa_pair(), signing_input("RS256")
    good = baseline.make_signature(keys.oracle, "RS256", data)
    for signature in (good[:-1], good[1:], b"\0" + good, good + b"\0", good * 2, good[:128], good[:1]):
        refused(keys, data, signature)


def test_pkcs1_leading_zero_is_part_of_the_signature() -> None:
    """Where a signature's first octet is zero, the short spelling without it is refused."""
    keys = rfc_rsa_pair()
    for i in range(3000):
        data = signing_input("RS256", baseline.dumps(good_claims(n=i)))
        good = keys.private.sign(data, "RS256")
        if good[0] == 0:
            keys.public.verify(data, good, "RS256")
            refused(keys, data, good[1:])
            return
    pytest.fail("no signature with a leading zero in 3,000")


def test_pkcs1_and_pss_are_not_each_other() -> None:
    data = signing_input("RS256")
    refused(pair("RS256"), data, baseline.make_signature(pair("PS256").oracle, "PS256", data))
    data = signing_input("PS256")
    refused(pair("PS256"), data, baseline.make_signature(pair("RS256").oracle, "RS256", data))
    data = signing_input("RS384")
    refused(pair("RS384"), data, baseline.make_signature(pair("RS256").oracle, "RS256", data))


# -- RSA PSS


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
def test_pss_salt_lengths_and_hashes(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    own = {"PS256": hashes.SHA256(), "PS384": hashes.SHA384(), "PS512": hashes.SHA512()}[algorithm]
    size = own.digest_size
    for salt in (0, 1, 8, 20, size - 1, size, size + 1, 256 - size - 2):
        signature = keys.native.sign(data, padding.PSS(padding.MGF1(own), salt), own)
        (accepted if salt == size else refused)(keys, data, signature)
    for other in (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        if other.name == own.name:
            continue
        refused(keys, data, keys.native.sign(data, padding.PSS(padding.MGF1(other), size), own))
        refused(keys, data, keys.native.sign(data, padding.PSS(padding.MGF1(own), size), other))
        refused(
            keys, data, keys.native.sign(data, padding.PSS(padding.MGF1(other), other.digest_size), other)
        )


@pytest.mark.parametrize("algorithm", ["PS256", "PS512"])
def test_pss_short_and_long_signatures(algorithm: str) -> None:
    keys, data = pair(algorithm), signing_input(algorithm)
    good = baseline.make_signature(keys.oracle, algorithm, data)
    for signature in (good[:-1], good[1:], b"\0" + good, good + b"\0", bytes(256), b"\xff" * 256, b"\1"):
        refused(keys, data, signature)
