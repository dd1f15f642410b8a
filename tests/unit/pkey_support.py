"""What the tests of native keys share: keys of ``cryptography``, their signatures, containers in DER."""

from __future__ import annotations

from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS

DATA = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9" * 5
HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1(), "ES256K": ec.SECP256K1()}
ASYMMETRIC = [name for name, row in ALGORITHMS.items() if row.kty != "oct" and name != "Ed448"]
NATIVE = [name for name in ALGORITHMS if name != "Ed448"]
PRIME = 2**255 - 19


def pkcs8(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def spki(key) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@cache
def foreign(name: str):
    """A private key of ``cryptography`` for an algorithm."""
    if name in CURVES:
        return ec.generate_private_key(CURVES[name])
    if name in ("EdDSA", "Ed25519"):
        return ed25519.Ed25519PrivateKey.generate()
    return rsa_key(2048)


@cache
def rsa_key(bits: int, exponent: int = 65537):
    if bits != 2049:
        return rsa.generate_private_key(exponent, bits)
    # Some libraries round such a size down; these two primes multiply to it.
    p, q = 3 * 2**1023 + 203, 3 * 2**1022 + 1037
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def secret(name: str) -> bytes:
    return bytes(range(ALGORITHMS[name].hash_bits // 8))


@cache
def native(name: str) -> NativeKey:
    if ALGORITHMS[name].kty == "oct":
        return NativeKey.from_secret(secret(name))
    return NativeKey.from_pkcs8(pkcs8(foreign(name)))


def foreign_sign(name: str, data: bytes) -> bytes:
    row, key = ALGORITHMS[name], foreign(name)
    if name in CURVES:
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(HASHES[row.hash_bits])))
        size = row.signature_size // 2
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if not row.hash_bits:
        return key.sign(data)
    return key.sign(data, foreign_padding(name), HASHES[row.hash_bits])


def foreign_padding(name: str):
    if name.startswith("RS"):
        return padding.PKCS1v15()
    bits = ALGORITHMS[name].hash_bits
    return padding.PSS(mgf=padding.MGF1(HASHES[bits]), salt_length=bits // 8)


def foreign_verify(name: str, data: bytes, signature: bytes) -> bool:
    row, key = ALGORITHMS[name], foreign(name).public_key()
    try:
        if name in CURVES:
            size = row.signature_size // 2
            pair = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
            key.verify(utils.encode_dss_signature(*pair), data, ec.ECDSA(HASHES[row.hash_bits]))
        elif not row.hash_bits:
            key.verify(signature, data)
        else:
            key.verify(signature, data, foreign_padding(name), HASHES[row.hash_bits])
    except InvalidSignature:
        return False
    return True


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    n = len(body)
    head = bytes([n]) if n < 0x80 else bytes([0x81, n]) if n < 0x100 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + head + body


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
ED25519_ALGORITHM = bytes.fromhex("300506032b6570")
EC_OID = bytes.fromhex("06072a8648ce3d0201")
P256_OID = bytes.fromhex("06082a8648ce3d030107")


def rsa_spki(n: int, e: int) -> bytes:
    return der(0x30, RSA_ALGORITHM, der(3, b"\0", der(0x30, integer(n), integer(e))))


def ed25519_spki(point: bytes) -> bytes:
    return der(0x30, ED25519_ALGORITHM, der(3, b"\0", point))


def ec_spki(point: bytes, curve: bytes = P256_OID) -> bytes:
    return der(0x30, der(0x30, EC_OID, curve), der(3, b"\0", point))
