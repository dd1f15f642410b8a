"""Secrets that are keys in disguise: a public key is no secret, and HMAC under one lets everybody sign."""

from __future__ import annotations

import base64
import codecs
import functools
import json
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization as s

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import (
    DER,
    LOCKED,
    OPENSSH,
    PEM,
    PKCS1,
    PKCS8,
    TRADITIONAL,
    certificate,
    private_octets,
    public_octets,
    rsa_jwk,
    text64,
)

DISGUISE = "is no HMAC secret"

TEXTS: dict[str, Callable[[], bytes]] = {
    **{f"spki-pem-{kind}": functools.partial(public_octets, kind, PEM) for kind in ("rsa", "ec", "ed25519")},
    "spki-pem-x25519": lambda: public_octets("x25519", PEM),
    "pkcs1-public-pem": lambda: public_octets("rsa", PEM, PKCS1),
    "pkcs8-pem": lambda: private_octets("rsa", PEM),
    "pkcs8-pem-encrypted": lambda: private_octets("ec", PEM, PKCS8, LOCKED),
    "pkcs1-private-pem": lambda: private_octets("rsa", PEM, TRADITIONAL),
    "pkcs1-private-pem-encrypted": lambda: private_octets("rsa", PEM, TRADITIONAL, LOCKED),
    "sec1-pem": lambda: private_octets("ec", PEM, TRADITIONAL),
    "openssh-private-pem": lambda: private_octets("ed25519", PEM, OPENSSH),
    "certificate-pem": lambda: certificate("rsa").public_bytes(PEM),
    "rfc4716": lambda: (
        b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQAB\n---- END SSH2 PUBLIC KEY ----"
    ),
    "ssh-rsa": lambda: public_octets("rsa", s.Encoding.OpenSSH, s.PublicFormat.OpenSSH),
    "ssh-ed25519": lambda: public_octets("ed25519", s.Encoding.OpenSSH, s.PublicFormat.OpenSSH),
    "ecdsa-sha2": lambda: public_octets("ec", s.Encoding.OpenSSH, s.PublicFormat.OpenSSH),
    "ssh-dss": lambda: b"ssh-dss AAAAB3NzaC1kc3MAAACBAPYyqCK5vMmX me@issuer.example",
    "sk-ssh": lambda: b"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t me",
    "sk-ecdsa": lambda: b"sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZA me",
    "ssh-certificate": lambda: (
        b"ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20A me"
    ),
    "authorized-keys": lambda: (
        b'restrict,command="x" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6 me'
    ),
    "jwk": lambda: json.dumps(rsa_jwk()).encode(),
    "jwk-indented": lambda: json.dumps(rsa_jwk(), indent=2).encode(),
    "jwk-escaped": lambda: json.dumps(rsa_jwk()).replace('"kty"', '"k\\u0074y"').encode(),
    "jwk-repr": lambda: repr(rsa_jwk()).encode(),
    "jwk-within": lambda: json.dumps({"issuer": "x", "keys_by_id": {"1": rsa_jwk()}}).encode(),
    "jwk-within-escaped": lambda: json.dumps({"a": [rsa_jwk()]}).replace('"kty"', '"\\u006bty"').encode(),
    "jwk-escaped-below-a-comment": lambda: b"# a key\n" + TEXTS["jwk-escaped"](),
    "jwk-escaped-whole": lambda: (
        json.dumps(rsa_jwk()).replace('"kty"', r'"\u006B\u0074\u0079"')[:-2].encode()
    ),
    "jwk-cut-short": lambda: json.dumps(rsa_jwk())[:-2].encode(),
    "jwk-as-a-json-string": lambda: json.dumps(json.dumps(rsa_jwk())).encode(),
    "jwks": lambda: json.dumps({"keys": [rsa_jwk()]}).encode(),
    "jwks-empty": lambda: json.dumps({"keys": [], "comment": "thirty-two octets and more"}).encode(),
    "jwk-array": lambda: json.dumps([rsa_jwk()]).encode(),
}

TEXT_WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "bare": lambda text: text,
    "crlf": lambda text: text.replace(b"\n", b"\r\n"),
    "white-space": lambda text: b" \r\n\t\v\f" + text + b"  \n",
    "nul": lambda text: b"\0" + text + b"\0",
    "utf8-bom": lambda text: codecs.BOM_UTF8 + text,
    "two-boms-and-space": lambda text: codecs.BOM_UTF8 + b" " + codecs.BOM_UTF8 + text,
    "utf16le": lambda text: text.decode().encode("utf-16-le"),
    "utf16be": lambda text: text.decode().encode("utf-16-be"),
    "utf16le-bom": lambda text: codecs.BOM_UTF16_LE + text.decode().encode("utf-16-le"),
    "utf16be-bom": lambda text: codecs.BOM_UTF16_BE + text.decode().encode("utf-16-be"),
    "utf32": lambda text: text.decode().encode("utf-32"),
    "base64": base64.b64encode,
    "base64-lines": lambda text: base64.encodebytes(text),
    "base64url": lambda text: base64.urlsafe_b64encode(text).rstrip(b"="),
    "hex": lambda text: text.hex().encode(),
    "HEX": lambda text: text.hex().upper().encode(),
    "quoted-base64": lambda text: b'"' + base64.b64encode(text) + b'"',
}


@pytest.mark.parametrize("wrap", TEXT_WRAPS)
@pytest.mark.parametrize("text", TEXTS)
def test_secret_that_is_key_text(text: str, wrap: str) -> None:
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(TEXT_WRAPS[wrap](TEXTS[text]()))


PEMS = [name for name in TEXTS if "pem" in name]


@pytest.mark.parametrize("text", PEMS)
@pytest.mark.parametrize(
    ("front", "back"),
    [
        (b"x", b""),
        (b"# the key of issuer.example\n", b""),
        (b"", b"\ntrailing text"),
        (b"\xff\xfe\x00garbage\x80", b"\x00\xff"),
        (b"KEY='", b"'"),
        (b"A" * 5000, b"Z" * 5000),
    ],
)
def test_secret_that_holds_pem_anywhere(text: str, front: bytes, back: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(front + TEXTS[text]() + back)


def test_secret_of_pem_in_one_line_of_an_environment_file() -> None:
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(TEXTS["spki-pem-rsa"]().replace(b"\n", b"\\n"))
    body = b"".join(TEXTS["spki-pem-rsa"]().splitlines()[1:-1])
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(b"\\n".join(body[i : i + 64] for i in range(0, len(body), 64)))
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(b"\n".join(TEXTS["spki-pem-rsa"]().splitlines()[1:]))


DERS: dict[str, Callable[[], bytes]] = {
    **{
        f"spki-{kind}": functools.partial(public_octets, kind)
        for kind in ("rsa", "rsa1024", "ec", "ec521", "brainpool", "ed25519", "ed448", "x25519", "dsa")
    },
    "pkcs1-public": lambda: public_octets("rsa", DER, PKCS1),
    "pkcs1-public-1024": lambda: public_octets("rsa1024", DER, PKCS1),
    **{f"pkcs8-{kind}": functools.partial(private_octets, kind) for kind in ("rsa", "ec", "ed25519", "x448")},
    "pkcs8-encrypted": lambda: private_octets("rsa", DER, PKCS8, LOCKED),
    "pkcs1-private": lambda: private_octets("rsa", DER, TRADITIONAL),
    "sec1": lambda: private_octets("ec", DER, TRADITIONAL),
    "dsa-private": lambda: private_octets("dsa", DER, TRADITIONAL),
    "certificate-rsa": lambda: certificate("rsa").public_bytes(DER),
    "certificate-ed25519": lambda: certificate("ed25519").public_bytes(DER),
}

DER_WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "bare": lambda der: der,
    "newline": lambda der: der + b"\n",
    "trailing": lambda der: der + b"trailing octets",
    "utf8-bom": lambda der: codecs.BOM_UTF8 + der,
    "utf16-bom": lambda der: codecs.BOM_UTF16_LE + der,
    "white-space": lambda der: b"\r\n \t" + der,
    "nul": lambda der: b"\0\0" + der,
    "base64": base64.b64encode,
    "base64-lines": base64.encodebytes,
    "base64-crlf-bom": lambda der: codecs.BOM_UTF8 + base64.encodebytes(der).replace(b"\n", b"\r\n"),
    "base64-unpadded": lambda der: base64.b64encode(der).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode,
    "base64-utf16": lambda der: base64.b64encode(der).decode().encode("utf-16"),
    "hex": lambda der: der.hex().encode(),
}


@pytest.mark.parametrize("wrap", DER_WRAPS)
@pytest.mark.parametrize("der", DERS)
def test_secret_that_is_der(der: str, wrap: str) -> None:
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(DER_WRAPS[wrap](DERS[der]()))


@pytest.mark.parametrize("wrap", DER_WRAPS)
@pytest.mark.parametrize("line", ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2"])
def test_secret_that_is_the_blob_of_an_ssh_key(line: str, wrap: str) -> None:
    blob = base64.b64decode(TEXTS[line]().split()[1])
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        Key.from_secret(DER_WRAPS[wrap](blob))


@pytest.mark.parametrize("make", [Key.from_secret, lambda k: Key.from_jwk({"kty": "oct", "k": text64(k)})])
def test_disguise_is_refused_by_every_way_in(make: Callable[[bytes], Key]) -> None:
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        make(TEXTS["spki-pem-rsa"]())
    with pytest.raises(InvalidKeyError, match=DISGUISE):
        make(DERS["spki-rsa"]())


def test_random_secrets_are_not_taken_for_keys() -> None:
    # Each begins like DER does; refusing on that alone would refuse one secret in 256.
    source = random.Random(7519)
    for size in (32, 44, 64, 200):
        for _ in range(400):
            octets = b"\x30" + source.randbytes(size - 1)
            assert Key.from_secret(octets).bits == 8 * size
    for length in range(32, 128):
        # The length octet fits exactly, and an INTEGER or a SEQUENCE seems to follow.
        for tag in (b"\x02", b"\x30"):
            Key.from_secret(b"\x30" + bytes((length - 2,)) + tag + source.randbytes(length - 3))


@pytest.mark.parametrize(
    "secret",
    [
        b"0123456789abcdef0123456789abcdef",
        b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
        "correct horse battery staple, at length",
        "ein Geheimnis mit Umlauten: \u00e4\u00f6\u00fc\u00df\U0001f511",
        b'{"not": "a key", "but": "JSON nevertheless"}',
        b"[" * 100_000,
        b"keys: thirty-two octets of some text",
        b"BEGIN PUBLIC KEY and so on, without dashes",
        random.Random(1).randbytes(64).hex(),
        base64.b64encode(random.Random(2).randbytes(64)),
        base64.urlsafe_b64encode(random.Random(3).randbytes(48)).decode(),
        b"\0" * 32 + b"\xff",
    ],
)
def test_honest_secrets_are_accepted(secret: bytes | str) -> None:
    key = Key.from_secret(secret)
    octets = secret.encode() if isinstance(secret, str) else secret
    assert key.bits == 8 * len(octets)
    assert "HS256" in key.algorithms
