"""THREATS.md, "Signature": forged, bent and malleable signatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import cyjwt
from bench import baseline
from tests.conformance import examples
from tests.support import Pair, b64, clock, good_claims, native_key, pair

PAYLOAD = baseline.dumps(good_claims())

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def signing_input(algorithm: str, payload: bytes = PAYLOAD) -> bytes:
    return f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(payload)}".encode()


def refused(keys: Pair, data: bytes, signature: bytes) -> None:
    """The token is refused for its signature, by the engine, by ``Key.verify`` and by the oracle."""
    token = data.decode() + "." + b64(signature)
    with pytest.raises(cyjwt.InvalidSignatureError):
        keys.verifier().verify(token)
    with pytest.raises(cyjwt.InvalidSignatureError):
        keys.public.verify(data, signature, keys.algorithm)
    assert not baseline.check_signature(keys.oracle, keys.algorithm, data, signature)


def accepted(keys: Pair, data: bytes, signature: bytes) -> None:
    assert keys.verifier().verify(data.decode() + "." + b64(signature)) == good_claims()
    keys.public.verify(data, signature, keys.algorithm)


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
