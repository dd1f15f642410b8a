"""Key: PEM, DER, certificates and files in, every form out. JWK members have a file of their own."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from cyjwt import jwt
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import (
    DER,
    PEM,
    PKCS1,
    PKCS8,
    PLAIN,
    TRADITIONAL,
    armoured,
    certificate,
    integer,
    private,
    private_octets,
    public_octets,
    tlv,
)

PAIRED = ("RS256", "PS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448")
DATA = b"octets to sign"


@functools.cache
def key_for(algorithm: str) -> Key:
    return Key.generate(algorithm, kid=f"the {algorithm} key")


# --- PEM and DER in --------------------------------------------------------------------------------------

PRIVATE_FORMS = [
    ("rsa", PKCS8),
    ("rsa", TRADITIONAL),
    ("ec", PKCS8),
    ("ec", TRADITIONAL),
    ("ec521", TRADITIONAL),
    ("ed25519", PKCS8),
    ("ed448", PKCS8),
]


@pytest.mark.parametrize(("kind", "form"), PRIVATE_FORMS)
def test_private_pem_and_der(kind: str, form: Any) -> None:
    expected = Key.from_cryptography(private(kind))
    pem = private_octets(kind, PEM, form)
    assert Key.from_pem(pem) == expected
    assert Key.from_pem(pem.decode()) == expected
    assert Key.from_pem(bytearray(pem)) == expected
    assert Key.from_pem(pem.replace(b"\n", b"\r\n")) == expected
    der = private(kind).private_bytes(DER, form, PLAIN)
    assert Key.from_der(der) == expected
    assert Key.from_der(memoryview(der)) == expected


@pytest.mark.parametrize("kind", ["rsa", "ec", "ec521", "ed25519", "ed448"])
def test_public_pem_and_der(kind: str) -> None:
    expected = Key.from_cryptography(private(kind)).public()
    assert not expected.private
    assert Key.from_pem(public_octets(kind, PEM)) == expected
    assert Key.from_der(public_octets(kind, DER)) == expected
    assert Key.from_cryptography(private(kind).public_key()) == expected
    assert Key.from_cryptography(private(kind)) != expected


def test_pkcs1_public() -> None:
    expected = Key.from_pem(public_octets("rsa", PEM))
    assert Key.from_pem(public_octets("rsa", PEM, PKCS1)) == expected
    assert Key.from_der(public_octets("rsa", DER, PKCS1)) == expected


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519", "ed448"])
def test_certificate_stands_for_its_public_key(kind: str) -> None:
    expected = Key.from_pem(public_octets(kind, PEM))
    issued = certificate(kind)
    assert Key.from_pem(issued.public_bytes(PEM)) == expected
    assert Key.from_der(issued.public_bytes(DER)) == expected
    assert Key.from_cryptography(issued) == expected


def test_compressed_ec_point() -> None:
    numbers = private("ec").public_key()
    point = numbers.public_bytes(s.Encoding.X962, s.PublicFormat.CompressedPoint)
    head = public_octets("ec", DER)[2:23]
    der = bytes((0x30, len(head) + 3 + len(point))) + head + bytes((3, len(point) + 1, 0)) + point
    assert Key.from_der(der) == Key.from_pem(public_octets("ec", PEM))


def test_text_around_the_one_block_is_looked_past() -> None:
    pem = public_octets("ec", PEM)
    assert Key.from_pem(b"Bag Attributes\n    friendlyName: \xe9\n" + pem + b"\nthe end\n") == Key.from_pem(
        pem
    )
    params = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    sec1 = private_octets("ec", PEM, TRADITIONAL)
    assert Key.from_pem(params + sec1) == Key.from_cryptography(private("ec"))


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        ("", "empty"),
        ("no armour at all", "no PEM block"),
        ("-----BEGIN PUBLIC KEY-----\n", "no PEM block"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no PEM block"),
        ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "cannot be read"),
        ("-----BEGIN PUBLIC KEY-----\n%%%%\n-----END PUBLIC KEY-----\n", "cannot be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot be read"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        ("\ud800", "not valid Unicode"),
        ("x" * 70_000, "65536"),
    ],
)
def test_unreadable_pem(pem: str, reason: str) -> None:
    with pytest.raises(InvalidKeyError, match=reason):
        Key.from_pem(pem)


def test_more_than_one_block_is_ambiguous() -> None:
    with pytest.raises(InvalidKeyError, match="2 PEM blocks"):
        Key.from_pem(public_octets("ec", PEM) + public_octets("rsa", PEM))
    with pytest.raises(InvalidKeyError, match="2 PEM blocks"):
        Key.from_pem(private_octets("ec", PEM) + certificate("ec").public_bytes(PEM))


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"-----END CERTIFICATE-----\n"),
        (b"-----BEGIN CERTIFICATE-----\n", b""),
        (b"", b"-----END PRIVATE KEY-----\n"),
        (b"-----BEGIN EC PARAMETERS-----\n", b""),
    ],
)
def test_a_block_within_what_is_left_of_another(before: bytes, behind: bytes) -> None:
    """Found by fuzzing: which of the two is meant nobody can tell."""
    with pytest.raises(InvalidKeyError, match="damaged"):
        Key.from_pem(before + public_octets("ec", PEM) + behind)


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"text", b"\x30\x80\x00\x00"]
)
def test_unreadable_der(der: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        Key.from_der(der)


def test_der_with_octets_after_it() -> None:
    for octets in (
        public_octets("rsa", DER),
        private("rsa").private_bytes(DER, PKCS8, PLAIN),
        certificate("ec").public_bytes(DER),
    ):
        Key.from_der(octets)
        with pytest.raises(InvalidKeyError):
            Key.from_der(octets + b"\0")
        with pytest.raises(InvalidKeyError):
            Key.from_der(octets[:-1])


def test_containers_are_named_for_what_they_are() -> None:
    container = pkcs12.serialize_key_and_certificates(b"n", private("ec"), certificate("ec"), None, PLAIN)
    with pytest.raises(InvalidKeyError, match="PKCS#12"):
        Key.from_der(container)


def test_private_key_whose_public_part_is_anothers() -> None:
    der = private("ec").private_bytes(DER, PKCS8, PLAIN)
    own = public_octets("ec", s.Encoding.X962, s.PublicFormat.UncompressedPoint)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    foreign = other.public_bytes(s.Encoding.X962, s.PublicFormat.UncompressedPoint)
    assert own in der
    with pytest.raises(InvalidKeyError):
        Key.from_der(der.replace(own, foreign))


# --- passwords -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "form"), PRIVATE_FORMS)
def test_encrypted(kind: str, form: Any) -> None:
    lock = s.BestAvailableEncryption(b"p\xc3\xa4ss")
    pem = private_octets(kind, PEM, form, lock)
    expected = Key.from_cryptography(private(kind))
    assert Key.from_pem(pem, password=b"p\xc3\xa4ss") == expected
    assert Key.from_pem(pem, password="p\u00e4ss") == expected
    with pytest.raises(InvalidKeyError, match="password is needed"):
        Key.from_pem(pem)
    with pytest.raises(InvalidKeyError, match="password is wrong"):
        Key.from_pem(pem, password=b"other")
    with pytest.raises(TypeError):
        Key.from_pem(pem, password=1)  # type: ignore[arg-type]
    if form is PKCS8:
        der = private(kind).private_bytes(DER, form, lock)
        assert Key.from_der(der, password="p\u00e4ss") == expected
        with pytest.raises(InvalidKeyError, match="password is needed"):
            Key.from_der(der)


def test_password_for_what_is_not_encrypted() -> None:
    for pem in (private_octets("rsa", PEM), public_octets("rsa", PEM), certificate("rsa").public_bytes(PEM)):
        with pytest.raises(InvalidKeyError, match="not encrypted"):
            Key.from_pem(pem, password=b"x")
    for der in (public_octets("rsa", DER), certificate("rsa").public_bytes(DER)):
        with pytest.raises(InvalidKeyError, match="not encrypted"):
            Key.from_der(der, password=b"x")


# --- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("key.pem", lambda: private_octets("ec", PEM)),
        ("key.der", lambda: private("ec").private_bytes(DER, PKCS8, PLAIN)),
        ("key.jwk", lambda: json_of(Key.from_cryptography(private("ec")))),
        # The content decides, not the name.
        ("key.txt", lambda: b"\n" + private_octets("ec", PEM)),
        ("key.pem", lambda: json_of(Key.from_cryptography(private("ec")))),
    ],
)
def test_from_file(tmp_path: Path, name: str, content: Callable[[], bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(content())
    expected = Key.from_cryptography(private("ec"), kid="f", algorithm="ES256")
    assert Key.from_file(path, kid="f", algorithm="ES256") == expected
    assert Key.from_file(str(path), kid="f", algorithm="ES256") == expected
    with pytest.raises(InvalidKeyError, match="not encrypted"):
        Key.from_file(path, password=b"x")


def json_of(key: Key) -> bytes:
    return json.dumps(key.to_jwk(private=True)).encode()


def test_from_file_of_public_forms(tmp_path: Path) -> None:
    path = tmp_path / "key"
    expected = Key.from_pem(public_octets("rsa", PEM))
    for content in (
        public_octets("rsa", PEM),
        public_octets("rsa", DER),
        public_octets("rsa", DER, PKCS1),
        certificate("rsa").public_bytes(PEM),
        certificate("rsa").public_bytes(DER),
    ):
        path.write_bytes(content)
        assert Key.from_file(path) == expected
    path.write_bytes(private_octets("rsa", PEM, lock=s.BestAvailableEncryption(b"pw")))
    assert Key.from_file(path, password="pw").private


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"0123456789abcdef0123456789abcdef", "from_secret"),
        (b"", "from_secret"),
        (b'{"keys": []}', "KeySet.from_file"),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6 me", "ssh-keygen"),
        (b"x" * 100_000, "too large"),
    ],
)
def test_from_file_refuses(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(InvalidKeyError, match=reason):
        Key.from_file(path)


def test_from_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Key.from_file(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        Key.from_file(tmp_path)
    with pytest.raises(TypeError):
        Key.from_file(7)  # type: ignore[arg-type]


# --- out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRED)
def test_round_trips(name: str) -> None:
    key = key_for(name)
    again: dict[str, Any] = {"kid": key.kid, "algorithm": name}
    assert Key.from_pem(key.to_pem(private=True), **again) == key
    assert Key.from_der(key.to_der(private=True), **again) == key
    assert Key.from_jwk(key.to_jwk(private=True)) == key
    assert Key.from_cryptography(key.to_cryptography(), **again) == key
    public = key.public()
    assert Key.from_pem(key.to_pem(), **again) == public
    assert Key.from_der(key.to_der(), **again) == public
    assert Key.from_jwk(key.to_jwk()) == public
    assert Key.from_cryptography(public.to_cryptography(), **again) == public
    assert public.to_pem() == key.to_pem()
    assert public.to_jwk() == key.to_jwk()
    assert key.to_pem().startswith("-----BEGIN PUBLIC KEY-----\n")
    assert key.to_pem(private=True).startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "d" not in key.to_jwk()
    locked = key.to_pem(private=True, password="pw")
    assert locked.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert Key.from_pem(locked, password=b"pw", **again) == key
    assert Key.from_der(key.to_der(private=True, password=b"pw"), password="pw", **again) == key


def test_what_cannot_be_given_out() -> None:
    public, secret = key_for("ES256").public(), key_for("HS256")
    calls: list[Callable[[], object]] = [
        lambda: public.to_pem(private=True),
        lambda: public.to_der(private=True),
        lambda: public.to_jwk(private=True),
        secret.to_pem,
        secret.to_der,
        lambda: secret.to_pem(private=True),
        secret.to_cryptography,
        secret.to_jwk,
        secret.public,
    ]
    for call in calls:
        with pytest.raises(InvalidKeyError):
            call()
    with pytest.raises(ValueError, match="private=True"):
        key_for("ES256").to_pem(password=b"pw")
    with pytest.raises(ValueError, match="empty"):
        key_for("ES256").to_pem(private=True, password="")


def test_secret_round_trip() -> None:
    key = key_for("HS384")
    jwk = key.to_jwk(private=True)
    assert set(jwk) == {"kty", "k", "kid", "alg"}
    assert Key.from_jwk(jwk) == key


def test_public_part_of_a_key_bound_to_signing_verifies() -> None:
    jwk = key_for("ES256").to_jwk(private=True) | {"key_ops": ["sign"], "use": "sig"}
    key = Key.from_jwk(jwk)
    assert (key.sign_algorithms, key.verify_algorithms) == ({"ES256"}, set())
    public = key.public()
    assert (public.key_ops, public.use, public.kid, public.alg) == (("verify",), "sig", key.kid, "ES256")
    public.verify(DATA, key.sign(DATA))
    with pytest.raises(InvalidKeyError, match="may not verify"):
        key.verify(DATA, key.sign(DATA))
    assert key.to_jwk()["key_ops"] == ["verify"]


@pytest.mark.parametrize("octets", [0, 32, 56, 58])
def test_a_private_key_of_another_length_is_no_internal_error(octets: int) -> None:
    """What ``cryptography`` says of an Ed448 key in PKCS#8 that has not 57 octets is an error of its own inside."""
    algorithm = tlv(0x30, bytes.fromhex("06032b6571"))
    der = tlv(0x30, integer(0) + algorithm + tlv(4, tlv(4, b"\x7f" * octets)))
    pem = armoured("PRIVATE KEY", der)
    with pytest.raises(InvalidKeyError):
        Key.from_der(der)
    with pytest.raises(InvalidKeyError):
        Key.from_pem(pem)
    with pytest.raises(jwt.InvalidKeyError):
        jwt.get_algorithm_by_name("EdDSA").prepare_key(pem)
    with pytest.raises(jwt.InvalidKeyError):
        jwt.get_algorithm_by_name("ES256").prepare_key(pem)
