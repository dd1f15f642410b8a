"""What kind of key material some bytes are: PEM, DER, SSH, JWK or JWKS, or nothing that is known.

Two callers ask. A file is read as the kind that it holds, and a secret that turns out to be any kind at
all is refused: a public key is no secret, and HMAC under one lets everybody who knows it sign
(RFC 8725 section 3.1). Shapes are recognised without parsing a key, so that the answer does not depend
on whether the key is strong, supported or even valid.
"""

from __future__ import annotations

import binascii
import enum
import re
from typing import Final

__all__ = ["Material", "classify", "der_shape", "disguised"]


class Material(enum.Enum):
    """The kinds of key material; each value completes the sentence "this is ..."."""

    PEM = "PEM text"
    PUBLIC_DER = "a DER public key"
    PKCS1_PUBLIC_DER = "a DER public key (PKCS#1)"
    PRIVATE_DER = "a DER private key"
    ENCRYPTED_DER = "an encrypted DER private key"
    CERTIFICATE_DER = "a DER certificate"
    CONTAINER_DER = "a PKCS#7 or PKCS#12 container"
    SSH = "an SSH key"
    JWK = "a JWK"
    JWKS = "a JWK Set"


# The marks of armour: RFC 7468, RFC 4716 (four dashes) and PuTTY's own files.
_ARMOUR: Final = (b"-----BEGIN", b"-----END", b"---- BEGIN", b"PuTTY-User-Key-File-")

# Every repetition below is bounded or stops at what cannot follow, so that time stays linear in the text.
_SSH_NAME: Final = (
    rb"(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-[a-z0-9-]{1,40}|sk-(?:ssh|ecdsa)-[a-z0-9-]{1,40})"
)
_SSH_SUFFIX: Final = rb"(?:-cert-v0[01])?(?:@openssh\.com)?"
# A line of a .pub or authorized_keys file: at the front by its name alone, elsewhere by its name and the
# blob's first four characters (an SSH string's length begins with three zero octets).
_SSH_LINE: Final = re.compile(
    rb"\A" + _SSH_NAME + _SSH_SUFFIX + rb"(?:\s|\Z)|" + _SSH_NAME + _SSH_SUFFIX + rb"\s{1,16}AAAA"
)

# Byte order marks, white space and NULs, as often as they come.
_LEADING: Final = re.compile(rb"(?:[ \t\r\n\v\f\0]|\xef\xbb\xbf|\xff\xfe|\xfe\xff)*")
# What leads may end with NULs that are the blob's own.
_SSH_BLOB: Final = re.compile(_LEADING.pattern + rb"\x00\x00\x00." + _SSH_NAME + _SSH_SUFFIX, re.DOTALL)

# The member that every JWK has, also as Python's repr spells it, quoted once more inside a string, and with
# letters as JSON's escapes: of what is no JSON as a whole, such as a JWK below a comment, nothing is parsed.
_KTY_MEMBER: Final = re.compile(
    rb"""\\?["'](?:k|\\{1,2}u006[bB])(?:t|\\{1,2}u0074)(?:y|\\{1,2}u0079)\\?["']\s*:"""
)

_LINE_BREAKS: Final = re.compile(rb"\s+|\\[nrt]")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}){32,}")

_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_OCTET_STRING: Final = 0x04
_OID: Final = 0x06
_SEQUENCE: Final = 0x30


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int] | None:
    """Read one tag and length: (tag, start of the contents, their end), or None if they do not fit."""
    if end - at < 2:
        return None
    tag, length = data[at], data[at + 1]
    at += 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or end - at < count:
            return None
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    return (tag, at, at + length) if length <= end - at else None


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int]] | None:
    """Read the elements that fill ``start`` to ``end`` exactly, or None if they do not."""
    found: list[tuple[int, int, int]] = []
    while start < end:
        element = _element(data, start, end)
        if element is None or len(found) == 16:
            return None
        found.append(element)
        start = element[2]
    return found


def _begins_with_oid(data: bytes, element: tuple[int, int, int]) -> bool:
    tag, start, end = element
    inner = _children(data, start, end) if tag == _SEQUENCE else None
    return bool(inner) and inner is not None and inner[0][0] == _OID


def der_shape(data: bytes, *, exact: bool = True) -> Material | None:
    """Name the DER structure that ``data`` is, or (``exact=False``) begins with.

    Every element must fill its parent exactly, so bytes that merely begin with 0x30 do not match.
    """
    top = _element(data, 0, len(data))
    if top is None or top[0] != _SEQUENCE or (exact and top[2] != len(data)):
        return None
    parts = _children(data, top[1], top[2])
    if not parts or len(parts) < 2:
        return None
    tags = tuple(part[0] for part in parts)
    if tags[0] == _SEQUENCE:
        if tags == (_SEQUENCE, _BIT_STRING) and _begins_with_oid(data, parts[0]):
            return Material.PUBLIC_DER  # SubjectPublicKeyInfo, RFC 5280 section 4.1
        if tags == (_SEQUENCE, _OCTET_STRING) and _begins_with_oid(data, parts[0]):
            return Material.ENCRYPTED_DER  # EncryptedPrivateKeyInfo, RFC 5958 section 3
        if tags == (_SEQUENCE, _SEQUENCE, _BIT_STRING) and _begins_with_oid(data, parts[1]):
            return Material.CERTIFICATE_DER  # Certificate, RFC 5280 section 4.1 (and a request for one)
        return None
    if tags == (_INTEGER, _INTEGER):
        # RSAPublicKey, RFC 8017 appendix A.1.1. A modulus is never as short as a chance match.
        return Material.PKCS1_PUBLIC_DER if parts[0][2] - parts[0][1] >= 32 else None
    if len(tags) >= 6 and set(tags[:6]) == {_INTEGER}:
        return Material.PRIVATE_DER  # RSAPrivateKey, RFC 8017 appendix A.1.2 (and OpenSSL's DSA)
    if tags[:3] == (_INTEGER, _SEQUENCE, _OCTET_STRING) and _begins_with_oid(data, parts[1]):
        return Material.PRIVATE_DER  # PrivateKeyInfo, RFC 5958 section 2
    version_one = parts[0][2] - parts[0][1] == 1 and data[parts[0][1]] == 1
    if tags[:2] == (_INTEGER, _OCTET_STRING) and version_one and all(tag >= 0xA0 for tag in tags[2:]):
        return Material.PRIVATE_DER  # ECPrivateKey, RFC 5915 section 3
    if tags == (_OID, 0xA0) or (tags[:2] == (_INTEGER, _SEQUENCE) and _begins_with_oid(data, parts[1])):
        return Material.CONTAINER_DER  # ContentInfo, RFC 5652 section 3; PFX, RFC 7292 section 4
    return None


def _json_shape(text: bytes) -> Material | None:
    """Find a JWK or a JWK Set anywhere in a JSON document."""
    if text[:1] not in (b"{", b"["):
        return None
    # Here, since few secrets look like JSON and every program would pay for the import.
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "kty" in value:
                return Material.JWK
            if isinstance(value.get("keys"), list):
                return Material.JWKS
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return None


def _strip(data: bytes) -> bytes:
    """Drop byte order marks, white space and NULs from the front."""
    leading = _LEADING.match(data)
    return data[leading.end() :] if leading else data


def classify(data: bytes) -> Material | None:
    """Say what kind of key material ``data`` plainly is, by its content and not by its origin.

    A leading byte order mark, white space and NULs are looked past; nothing is decoded.

    Returns:
        The kind, or None for bytes that could be anything, such as a random secret.
    """
    text = _strip(data)
    if any(mark in text for mark in _ARMOUR):
        return Material.PEM
    if _SSH_LINE.search(text) or _SSH_BLOB.match(data):
        return Material.SSH
    shape = _json_shape(text)
    if shape is not None:
        return shape
    if _KTY_MEMBER.search(text):
        return Material.JWK
    return der_shape(data, exact=False) or der_shape(text, exact=False)


def disguised(data: bytes) -> Material | None:
    """Say what kind of key material a would-be secret is, also in UTF-16, UTF-32, base64 or hexadecimal.

    Random bytes, and random text in any encoding, are None: every answer rests on a structure of several
    exact octets, not on a first one.
    """
    # Without its NULs, ASCII in UTF-16 or UTF-32 of either byte order is ASCII again.
    for text in (data, data.replace(b"\0", b"")) if b"\0" in data else (data,):
        kind = classify(text)
        if kind is not None:
            return kind
        compact = _LINE_BREAKS.sub(b"", _strip(text)).strip(b"\"'\0")
        try:
            if _BASE64.fullmatch(compact):
                unpadded = compact.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
                kind = classify(binascii.a2b_base64(unpadded + b"=" * (-len(unpadded) % 4)))
            if kind is None and _HEX.fullmatch(compact):
                kind = classify(binascii.a2b_hex(compact))
        except binascii.Error:
            continue
        if kind is not None:
            return kind
    return None
