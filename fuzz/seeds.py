"""``python -m fuzz.seeds``: the part of the corpus that is made and not found, from the examples of the RFCs.

It adds what is missing and takes nothing away: what fuzzing found stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from bench import baseline
from bench.strict import decode_segment, encode_segment
from fuzz import keys
from fuzz.targets import CORPUS, TARGETS
from fuzz.tokens import GOOD, POLICIES
from tests.conformance import examples
from tests.support import AUDIENCE, NOW

_RFCS = (7515, 7517, 7519, 7520, 7638, 7797, 8037)


def found(value: Any, name: str) -> Iterator[Any]:
    """Every member of a name, however deep."""
    if isinstance(value, dict):
        for each, inner in value.items():
            if each == name:
                yield inner
            yield from found(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, name)


def printed_tokens() -> list[bytes]:
    every = [one for rfc in _RFCS for one in found(examples.of(rfc), "token")]
    every += [one for one in found(examples.of(7520), "compact") if isinstance(one, str)]
    return [one.encode() for one in every if one.isascii() and one.count(".") == 2]


def printed_keys() -> list[dict[str, Any]]:
    names = ("jwk", "key", "jwk_private", "jwk_public", "keys")
    every = [one for rfc in _RFCS for name in names for one in found(examples.of(rfc), name)]
    flat = [inner for one in every for inner in (one if isinstance(one, list) else [one])]
    return [one for one in flat if isinstance(one, dict) and "kty" in one]


def base64url() -> Iterator[bytes]:
    yield from (b"", b"A", b"AA", b"AB", b"AAA", b"AAB", b"A-_z", b"AA==", b"AA\n", b"A+/A", b"\xc3\xbc")
    yield bytes(range(256))
    for size in (15, 16, 31, 32, 33, 63, 64, 130):
        yield encode_segment(bytes((i * 37) % 256 for i in range(size)))
        yield b"A" * (size - 1) + b"."


def json_texts() -> Iterator[bytes]:
    for one in printed_tokens()[:6]:
        yield from (decode_segment(part) for part in one.split(b".")[:2])
    yield from (
        b"",
        b"{}",
        b"[]",
        b'""',
        b"0",
        b"-0",
        b"-0.0",
        b"1e400",
        b"1E-7",
        b"true",
        b"nul",
        b"\xef\xbb\xbf{}",
    )
    yield b'{"a":1,"a":2}'
    yield b'{"a":1,"\\u0061":2}'
    yield '{"ü":["\u2028","\\ud83d\\ude00","\\ud800"],"\\u00fc":{}}'.encode()
    yield b'{"exp":1900000000,"aud":["orders","billing"],"iss":"https://issuer.example/","a":[{"a":[]}]} \t\r\n'
    yield b"[" * 128 + b"]" * 128
    yield b'{"a":' * 129 + b"1" + b"}" * 129
    yield b'["' + "ü€😀".encode() * 12 + b'\\n\\u20ac"]'
    yield b"[123456789012345678901234567890.5e-10,9007199254740993,-9223372036854775808,18446744073709551616]"
    yield b"{" + b",".join(b'"m%d":%d' % (n, n) for n in range(40)) + b"}"
    yield b"9" * 400


def json_write() -> Iterator[bytes]:
    yield from (b"", b"\x00\x08abcd", b"\x03\x00\x03\x09\x07\x02", b"\x06\x00\x06\x01\x06\x02\x07\x03")
    yield b"\x00\x06sub\x00\x0442\x09\x01"
    yield b"\x00\x06exp\x0c\x00\x71\x3f\xb3\x00\x01\x09\x01"
    yield from (bytes([5, n]) for n in range(10))
    yield from (bytes([3, n]) for n in range(14))
    yield b"\x06\x00\x0b\x0b\x0b" + b"\x0f\x80"
    yield b"\x0d\x00\x0d\x02\x07\x02" + b"\x00\x0c" + "ü€".encode() + b"\x0e\x00\x07\x02"
    yield b"\x01\x81" + bytes(range(64))


def tokens() -> Iterator[bytes]:
    for n, one in enumerate(printed_tokens()):
        yield b"%d" % (n % 2) + one
    shapes: list[dict[str, Any]] = [
        GOOD,
        {},
        {**GOOD, "aud": ["billing", AUDIENCE], "nbf": NOW, "jti": "t-1"},
        {**GOOD, "exp": NOW},
        {**GOOD, "iat": NOW + 0.5, "x": {"y": [1.5, None, "\u2028"]}},
        {**GOOD, **{f"m{n}": n for n in range(40)}},
        {**GOOD, "iss": None, "sub": 1},
    ]
    headers: list[dict[str, Any]] = [
        {"alg": "HS256", "kid": "h"},
        {"typ": "at+jwt", "alg": "HS256", "kid": "h"},
        {"alg": "HS512", "kid": "h", "crit": ["x"], "x": 1},
        {"alg": "EdDSA", "kid": "d"},
        {"alg": "HS256"},
        {"alg": "ES256", "kid": "e", "b64": True},
        {"alg": "RS256", "kid": "r"},
    ]
    for n, (header, claims) in enumerate(
        [*zip(headers, shapes, strict=True), *zip(headers, [GOOD] * 7, strict=True)]
    ):
        text = b".".join(map(encode_segment, (baseline.dumps(header), baseline.dumps(claims))))
        # ECDSA signs otherwise each time; whether it is there is told by the text before the signature.
        yield b"%d" % (n % len(POLICIES)) + keys.sign(header.get("kid", "h"), header["alg"], text)


def jwks() -> Iterator[bytes]:
    yield from (json.dumps(one).encode() for one in found([examples.of(rfc) for rfc in _RFCS], "jwks"))
    several = [one for one in printed_keys() if one["kty"] != "RSA"][:4]
    yield json.dumps({"keys": several}, separators=(",", ":")).encode()
    yield json.dumps({"keys": [{**one, "kid": "1"} for one in several + several[:1]]}).encode()
    yield from (b'{"keys":[]}', b'{"keys":[{},1,null]}', b'{"keys":{}}', b'{"keys":[],"keys":[]}', b"[]")


def pem() -> Iterator[bytes]:
    for key in keys.ENGINE.values():
        if key.kty != "oct":
            yield from (key.to_pem().encode(), key.to_pem(private=True).encode())
            yield from (key.to_der(), key.to_der(private=True))
            held = key.to_cryptography()
            if key.kty == "RSA":
                yield held.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.PKCS1)
                yield held.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.PKCS1)
            if key.kty != "OKP":
                yield held.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption())
    for chain in found(examples.of(7517), "x5c"):
        body = "\n".join(chain[0][at : at + 64] for at in range(0, len(chain[0]), 64))
        yield f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
    yield from (
        bytes(range(32)),
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        b"\x30\x00",
        b"a" * 64,
    )
    # Of no use, each in a way of its own: the exponent, the curve, the purpose.
    weak = rsa.RSAPublicNumbers(
        3, keys.ENGINE["r"].to_cryptography().public_key().public_numbers().n
    ).public_key()
    for other in (
        weak,
        ec.derive_private_key(1, ec.SECP224R1()).public_key(),
        x25519.X25519PrivateKey.from_private_bytes(bytes(range(32))).public_key(),
    ):
        for encoding in (s.Encoding.PEM, s.Encoding.DER):
            yield other.public_bytes(encoding, s.PublicFormat.SubjectPublicKeyInfo)
    yield b'{"kty":"oct","k":"AAAA"}' + b" " * 20
    yield b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDN+" + b"A" * 40


def jwk() -> Iterator[bytes]:
    unique = {json.dumps(one, separators=(",", ":")).encode() for one in printed_keys()}
    yield from sorted(unique)
    yield b'{"kty":"OKP","crv":"Ed448","x":"%s"}' % encode_segment(bytes([4] * 56) + b"\0")
    yield b'{"kty":"oct","k":"%s","use":"sig","key_ops":["verify"],"alg":"HS256"}' % encode_segment(
        bytes(range(32))
    )
    yield b'{"kty":"OKP","crv":"Ed25519","x":"%s"}' % encode_segment(bytes(32))
    yield b'{"kty":"oct","k":"%s"}' % encode_segment(bytes(16))
    octets = keys.PRIVATE["d"]["x"].encode()
    for more in (
        b'"key_ops":["encrypt"]',
        b'"key_ops":["sign"]',
        b'"key_ops":["verify","verify"]',
        b'"use":"enc"',
    ):
        yield b'{"kty":"OKP","crv":"Ed25519","x":"%s",%s}' % (octets, more)
    yield b'{"kty":"RSA","n":"%s","e":"Aw"}' % keys.PRIVATE["r"]["n"].encode()


MAKERS = {
    "base64url": base64url,
    "json": json_texts,
    "json_write": json_write,
    "token": tokens,
    "jwk": jwk,
    "jwks": jwks,
    "pem": pem,
}


def name_of(data: bytes) -> str:
    """A file's name by its contents, as libFuzzer names its finds."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def main() -> None:
    for name in TARGETS:
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for data in MAKERS[name]():
            (folder / name_of(data)).write_bytes(data)


if __name__ == "__main__":
    main()
