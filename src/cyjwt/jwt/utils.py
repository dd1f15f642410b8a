"""Small conversions that users of this surface import: base64url, numbers, ECDSA signatures, key formats."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve

__all__ = [
    "base64url_decode",
    "base64url_encode",
    "bytes_from_int",
    "bytes_to_number",
    "der_to_raw_signature",
    "force_bytes",
    "from_base64url_uint",
    "is_pem_format",
    "is_ssh_key",
    "number_to_bytes",
    "raw_to_der_signature",
    "to_base64url_uint",
]


def force_bytes(value: bytes | str) -> bytes:
    """The octets of ``bytes``, or a text's UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise TypeError("Expected a string or bytes value")


def base64url_decode(input: bytes | str) -> bytes:
    """Decode base64url with or without its padding. What tokens hold is decoded by stricter code."""
    octets = force_bytes(input)
    return base64.urlsafe_b64decode(octets + b"=" * (-len(octets) % 4))


def base64url_encode(input: bytes) -> bytes:
    """Encode in base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(input).rstrip(b"=")


def to_base64url_uint(val: int, *, bit_length: int | None = None) -> bytes:
    """Encode a number as Base64urlUInt (RFC 7518 section 2), in as many octets as ``bit_length`` needs."""
    if val < 0:
        raise ValueError("Must be a positive integer")
    return base64url_encode(bytes_from_int(val, bit_length=bit_length) or b"\x00")


def from_base64url_uint(val: bytes | str) -> int:
    """The number that a Base64urlUInt stands for."""
    return int.from_bytes(base64url_decode(val), "big")


def number_to_bytes(num: int, num_bytes: int) -> bytes:
    """The big-endian octets of a number, at least so many."""
    return num.to_bytes(max(num_bytes, (num.bit_length() + 7) // 8), "big")


def bytes_to_number(string: bytes) -> int:
    """The number of big-endian octets."""
    return int.from_bytes(string, "big")


def bytes_from_int(val: int, *, bit_length: int | None = None) -> bytes:
    """The big-endian octets of a number, as few as will do or as many as ``bit_length`` needs."""
    bits = val.bit_length() if bit_length is None else bit_length
    return val.to_bytes((bits + 7) // 8, "big")


def der_to_raw_signature(der_sig: bytes, curve: EllipticCurve) -> bytes:
    """The r and s of an ECDSA signature in DER, side by side (RFC 7518 section 3.4)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    size = (curve.key_size + 7) // 8
    return b"".join(number_to_bytes(number, size) for number in decode_dss_signature(der_sig))


def raw_to_der_signature(raw_sig: bytes, curve: EllipticCurve) -> bytes:
    """The DER of an ECDSA signature of r and s side by side; ValueError where its size is not the curve's."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    size = (curve.key_size + 7) // 8
    if len(raw_sig) != 2 * size:
        raise ValueError("Invalid signature")
    return encode_dss_signature(bytes_to_number(raw_sig[:size]), bytes_to_number(raw_sig[size:]))


# RFC 7468 and its forerunners. Loaders take a space in place of the outermost dash; marks may overlap.
_PEM_MARK: Final = re.compile(
    rb"(?=(----[- ](BEGIN|END) ((?:TRUSTED |X509 )?CERTIFICATE|(?:NEW )?CERTIFICATE REQUEST"
    rb"|(?:ENCRYPTED |OPENSSH |DSA |RSA |EC )?PRIVATE KEY|(?:RSA )?PUBLIC KEY|DH PARAMETERS"
    rb"|SSH2 PUBLIC KEY|SSH2 ENCRYPTED PRIVATE KEY|X509 CRL)[- ]----))"
)
_SSH_FORMATS: Final = (
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
)


def is_pem_format(key: bytes) -> bool:
    """Whether there is a PEM block in it: a BEGIN mark and, behind it, the END of the same label."""
    begun: dict[bytes, int] = {}
    for mark in _PEM_MARK.finditer(key):
        if mark[2] == b"BEGIN":
            begun.setdefault(mark[3], mark.end(1))
        elif begun.get(mark[3], len(key)) < mark.start(1):
            return True
    return False


def is_ssh_key(key: bytes) -> bool:
    """Whether it begins as a public key in the one-line form of SSH does."""
    return key.startswith(_SSH_FORMATS)
