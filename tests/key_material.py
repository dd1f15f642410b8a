"""Key material for the tests of keys: one key a type, and every encoding of it."""

from __future__ import annotations

import base64
import datetime
import functools
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519

PEM, DER, RAW = s.Encoding.PEM, s.Encoding.DER, s.Encoding.Raw
SPKI, PKCS1, PKCS8 = s.PublicFormat.SubjectPublicKeyInfo, s.PublicFormat.PKCS1, s.PrivateFormat.PKCS8
TRADITIONAL, OPENSSH = s.PrivateFormat.TraditionalOpenSSL, s.PrivateFormat.OpenSSH
PLAIN, LOCKED = s.NoEncryption(), s.BestAvailableEncryption(b"password")


@functools.cache
def private(kind: str) -> Any:
    """The one private key of a type, for all tests."""
    makers: dict[str, Callable[[], Any]] = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
        "rsa-e3": lambda: rsa.generate_private_key(3, 2048),
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ec521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "secp224r1": lambda: ec.generate_private_key(ec.SECP224R1()),
        "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "x25519": x25519.X25519PrivateKey.generate,
        "x448": x448.X448PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(1024),
    }
    return makers[kind]()


@functools.cache
def certificate(kind: str) -> x509.Certificate:
    """A self-signed certificate that expired years ago: what it certifies is not looked at."""
    key = private(kind)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer.example")])
    start = datetime.datetime(2020, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2021))
    return builder.sign(key, None if kind.startswith("ed") else hashes.SHA256())


def public_octets(kind: str, encoding: Any = DER, form: Any = SPKI) -> bytes:
    octets: bytes = private(kind).public_key().public_bytes(encoding, form)
    return octets


def private_octets(kind: str, encoding: Any = DER, form: Any = PKCS8, lock: Any = PLAIN) -> bytes:
    octets: bytes = private(kind).private_bytes(encoding, form, lock)
    return octets


def armoured(label: str, der: bytes) -> bytes:
    """PEM text of that label."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def text64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text: str) -> bytes:
    """The octets of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def numbered(value: int) -> str:
    """A Base64urlUInt."""
    return text64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_jwk(kind: str = "rsa") -> dict[str, Any]:
    """The public JWK of an RSA key."""
    numbers = private(kind).public_key().public_numbers()
    return {"kty": "RSA", "n": numbered(numbers.n), "e": numbered(numbers.e)}


def tlv(tag: int, contents: bytes) -> bytes:
    """One DER element."""
    size = len(contents)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes((size,)) if size < 128 else bytes((0x80 | len(octets),)) + octets
    return bytes((tag,)) + length + contents


def integer(value: int) -> bytes:
    """A DER INTEGER."""
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


RSA_OID = bytes.fromhex("06092a864886f70d0101010500")
PSS_OID = bytes.fromhex("06092a864886f70d01010a")


def rsa_der(modulus: int, exponent: int, oid: bytes = RSA_OID) -> bytes:
    """SubjectPublicKeyInfo of any RSA numbers."""
    key = tlv(0x30, integer(modulus) + integer(exponent))
    return tlv(0x30, tlv(0x30, oid) + tlv(3, b"\0" + key))
