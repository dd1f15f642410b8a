"""JWK in and out: every member, and the examples of RFC 7517, RFC 7638 and RFC 8037."""

from __future__ import annotations

import functools
import json
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import octets_of, text64
from tests.unit.rfc_keys import (
    RFC7515_SECRET,
    RFC7517_EC,
    RFC7638_RSA,
    RFC7638_THUMBPRINT,
    RFC8037_ED25519,
    RFC8037_SIGNATURE,
    RFC8037_SIGNING_INPUT,
    RFC8037_THUMBPRINT,
)


@functools.cache
def made(algorithm: str) -> dict[str, Any]:
    return Key.generate(algorithm).to_jwk(private=True)


def rsa_jwk() -> dict[str, Any]:
    return {name: value for name, value in made("RS256").items() if name != "alg"}


# --- the examples ----------------------------------------------------------------------------------------


def test_rfc7638_thumbprint() -> None:
    key = Key.from_jwk(RFC7638_RSA)
    assert key.thumbprint() == RFC7638_THUMBPRINT
    assert (key.kid, key.alg, key.algorithms, key.bits) == ("2011-04-29", "RS256", {"RS256"}, 2048)
    # Neither the metadata nor the order of the members has a part in it.
    bare = Key.from_jwk({name: RFC7638_RSA[name] for name in ("n", "e", "kty")})
    assert bare.thumbprint() == RFC7638_THUMBPRINT
    assert bare != key


def test_rfc8037() -> None:
    key = Key.from_jwk(RFC8037_ED25519)
    assert key.private
    assert key.thumbprint() == key.public().thumbprint() == RFC8037_THUMBPRINT
    assert key.public().to_jwk() == {name: RFC8037_ED25519[name] for name in ("kty", "crv", "x")}
    assert key.to_jwk(private=True) == RFC8037_ED25519
    assert key.sign(RFC8037_SIGNING_INPUT, "EdDSA") == octets_of(RFC8037_SIGNATURE)
    key.public().verify(RFC8037_SIGNING_INPUT, octets_of(RFC8037_SIGNATURE), "EdDSA")


def test_rfc7517_keys_round_trip() -> None:
    assert Key.from_jwk(RFC7517_EC).to_jwk(private=True) == RFC7517_EC
    assert Key.from_jwk(RFC7638_RSA).to_jwk() == RFC7638_RSA
    assert Key.from_jwk(RFC7515_SECRET).to_jwk(private=True) == RFC7515_SECRET
    with pytest.raises(InvalidKeyError, match='"use"'):
        Key.from_jwk(RFC7517_EC | {"use": "enc"})


def test_thumbprints_of_other_hashes() -> None:
    import hashlib

    canonical = '{"e":"AQAB","kty":"RSA","n":"' + RFC7638_RSA["n"] + '"}'
    key = Key.from_jwk(RFC7638_RSA)
    assert key.thumbprint("sha512") == text64(hashlib.sha512(canonical.encode()).digest())
    for other in ("md5", "sha1", "SHA256", ""):
        with pytest.raises(ValueError, match="hash_name"):
            key.thumbprint(other)
    canonical = '{"k":"' + RFC7515_SECRET["k"] + '","kty":"oct"}'
    assert Key.from_jwk(RFC7515_SECRET).thumbprint() == text64(hashlib.sha256(canonical.encode()).digest())


# --- text ------------------------------------------------------------------------------------------------


def test_text_and_mappings() -> None:
    key = Key.from_jwk(RFC7638_RSA)
    text = json.dumps(RFC7638_RSA)
    for document in (text, text.encode(), bytearray(text.encode()), MappingProxyType(RFC7638_RSA)):
        assert Key.from_jwk(document) == key
    assert Key.from_jwk(json.dumps(RFC7638_RSA, indent=2)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"text"',
        "1",
        "{",
        "{}",
        "\ufeff" + json.dumps(RFC7638_RSA),
        json.dumps(RFC7638_RSA).encode("utf-16"),
        json.dumps(RFC7638_RSA) + "x",
        json.dumps([RFC7638_RSA]),
        json.dumps({"keys": [RFC7638_RSA]}),
        json.dumps(RFC7638_RSA)[:-1] + ', "n": "AQAB"}',
        json.dumps(RFC7638_RSA)[:-1] + ', "k\\u0069d": "2"}',
        json.dumps(RFC7638_RSA)[:-1] + ', "x": {"a": 1, "a": 2}}',
        json.dumps(RFC7638_RSA)[:-1] + ', "x": NaN}',
        json.dumps(RFC7638_RSA | {"x": "y" * 70_000}),
        "[" * 60_000,
        b"\xff\xfe",
        "\ud800",
    ],
)
def test_text_that_is_no_jwk(text: str | bytes) -> None:
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(text)


# --- members that are wrong ------------------------------------------------------------------------------

STRINGS = {"kty": RFC7638_RSA, "n": RFC7638_RSA, "e": RFC7638_RSA, "kid": RFC7638_RSA, "alg": RFC7638_RSA}
STRINGS |= {"crv": RFC7517_EC, "x": RFC7517_EC, "y": RFC7517_EC, "d": RFC7517_EC, "use": RFC7517_EC}
STRINGS |= {"k": RFC7515_SECRET}


@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["RSA"], b"AQAB"], ids=repr)
@pytest.mark.parametrize("name", STRINGS)
def test_member_that_is_not_a_string(name: str, value: object) -> None:
    with pytest.raises(InvalidKeyError, match=f'"{name}"'):
        Key.from_jwk({**STRINGS[name], name: value})


@pytest.mark.parametrize("name", ["kty", "n", "e", "crv", "x", "y", "k"])
def test_member_that_is_missing(name: str) -> None:
    with pytest.raises(InvalidKeyError, match=f'"{name}" of the JWK is missing'):
        Key.from_jwk({member: value for member, value in STRINGS[name].items() if member != name})


@pytest.mark.parametrize("kty", ["rsa", "RSA ", "", "AKP", "Oct", "OCT", "oct\0", "RSAPublicKey"])
def test_key_type_is_exact(kty: str) -> None:
    for jwk in (RFC7638_RSA, RFC7517_EC, RFC7515_SECRET):
        with pytest.raises(InvalidKeyError, match='"kty"'):
            Key.from_jwk(jwk | {"kty": kty})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text[:4] + "+" + text[5:],
        lambda text: text[:4] + "/" + text[5:],
        lambda text: text[:4] + "\u00e9" + text[5:],
        lambda text: text[:4] + "\0" + text[5:],
        lambda text: text + "A" * (5 - len(text) % 4),
        lambda text: text + "\ud800",
    ],
)
@pytest.mark.parametrize(
    ("jwk", "name"),
    [
        (RFC7638_RSA, "n"),
        (RFC7638_RSA, "e"),
        (RFC7517_EC, "x"),
        (RFC7517_EC, "d"),
        (RFC8037_ED25519, "x"),
        (RFC8037_ED25519, "d"),
        (RFC7515_SECRET, "k"),
    ],
)
def test_member_that_is_not_base64url(jwk: dict[str, str], name: str, spoil: Any) -> None:
    with pytest.raises(InvalidKeyError, match=f'"{name}"'):
        Key.from_jwk(jwk | {name: spoil(jwk[name])})


def test_stray_trailing_bits() -> None:
    # 32 octets in 43 characters leave two bits, which must be zero: "o" has them so, "p" has not.
    assert RFC8037_ED25519["x"].endswith("o")
    public = {name: RFC8037_ED25519[name] for name in ("kty", "crv", "x")}
    Key.from_jwk(public)
    with pytest.raises(InvalidKeyError, match="canonical"):
        Key.from_jwk(public | {"x": public["x"][:-1] + "p"})


@pytest.mark.parametrize("name", ["x", "y", "d"])
@pytest.mark.parametrize("change", [lambda v: b"\0" + v, lambda v: v[1:], lambda v: v + b"\0", lambda v: b""])
def test_ec_members_have_exactly_the_fields_size(name: str, change: Any) -> None:
    with pytest.raises(InvalidKeyError, match="32 octets"):
        Key.from_jwk(RFC7517_EC | {name: text64(change(octets_of(RFC7517_EC[name])))})


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K"])
def test_coordinates_keep_their_leading_zeros(algorithm: str) -> None:
    size = {"ES256": 32, "ES256K": 32, "ES384": 48, "ES512": 66}[algorithm]
    for _ in range(12 if algorithm == "ES512" else 4):
        jwk = Key.generate(algorithm).to_jwk(private=True)
        assert {len(octets_of(jwk[name])) for name in ("x", "y", "d")} == {size}


@pytest.mark.parametrize("name", ["x", "d"])
@pytest.mark.parametrize("algorithm", ["Ed25519", "Ed448"])
def test_okp_members_have_exactly_their_size(name: str, algorithm: str) -> None:
    jwk = made(algorithm)
    size = {"Ed25519": 32, "Ed448": 57}[algorithm]
    for value in (octets_of(jwk[name]) + b"\0", octets_of(jwk[name])[:-1], b""):
        with pytest.raises(InvalidKeyError, match=f"{size} octets"):
            Key.from_jwk(jwk | {name: text64(value)})


@pytest.mark.parametrize("crv", ["p-256", "P-256 ", "P256", "secp256r1", "P-224", "Ed25519", ""])
def test_ec_curve_is_exact(crv: str) -> None:
    with pytest.raises(InvalidKeyError, match='"crv"'):
        Key.from_jwk(RFC7517_EC | {"crv": crv})


@pytest.mark.parametrize("crv", ["ed25519", "ED25519", "P-256", ""])
def test_okp_curve_is_exact(crv: str) -> None:
    with pytest.raises(InvalidKeyError, match='"crv"'):
        Key.from_jwk(RFC8037_ED25519 | {"crv": crv})


def test_one_leading_zero_octet_of_an_rsa_number_is_let_pass() -> None:
    expected = Key.from_jwk(RFC7638_RSA)
    for name in ("n", "e"):
        padded = text64(b"\0" + octets_of(RFC7638_RSA[name]))
        assert Key.from_jwk(RFC7638_RSA | {name: padded}) == expected
        assert Key.from_jwk(RFC7638_RSA | {name: padded}).to_jwk() == RFC7638_RSA
        with pytest.raises(InvalidKeyError, match="zero"):
            Key.from_jwk(RFC7638_RSA | {name: text64(b"\0\0" + octets_of(RFC7638_RSA[name]))})
        for empty in (b"", b"\0"):
            with pytest.raises(InvalidKeyError, match="zero"):
                Key.from_jwk(RFC7638_RSA | {name: text64(empty)})


# --- private parts ---------------------------------------------------------------------------------------


def test_rsa_private_with_d_alone() -> None:
    jwk = rsa_jwk()
    bare = {name: jwk[name] for name in ("kty", "n", "e", "d")}
    key = Key.from_jwk(bare)
    key.public().verify(b"data", key.sign(b"data", "RS256"), "RS256")
    assert key.to_cryptography().public_key() == Key.from_jwk(jwk).to_cryptography().public_key()
    value = octets_of(jwk["d"])
    with pytest.raises(InvalidKeyError, match="do not belong"):
        Key.from_jwk(bare | {"d": text64(value[:1] + bytes((value[1] ^ 1,)) + value[2:])})


@pytest.mark.parametrize("missing", ["p", "q", "dp", "dq", "qi"])
def test_rsa_private_in_part(missing: str) -> None:
    jwk = rsa_jwk()
    del jwk[missing]
    with pytest.raises(InvalidKeyError, match="lacks some"):
        Key.from_jwk(jwk)
    del jwk["d"]
    with pytest.raises(InvalidKeyError, match='"d" is missing'):
        Key.from_jwk(jwk)


@pytest.mark.parametrize("name", ["n", "d", "p", "q", "dp", "dq", "qi"])
def test_rsa_private_number_that_is_wrong(name: str) -> None:
    jwk = rsa_jwk()
    value = octets_of(jwk[name])
    wrong = value[:-1] + bytes((value[-1] ^ 2,))
    with pytest.raises(InvalidKeyError, match="do not belong"):
        Key.from_jwk(jwk | {name: text64(wrong)})


def test_rsa_private_of_another_modulus() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    with pytest.raises(InvalidKeyError, match="do not belong"):
        Key.from_jwk(rsa_jwk() | {"n": text64(other.n.to_bytes(256, "big"))})


def test_more_than_two_primes() -> None:
    with pytest.raises(InvalidKeyError, match="two primes"):
        Key.from_jwk(rsa_jwk() | {"oth": [{"r": "AQAB", "d": "AQAB", "t": "AQAB"}]})


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448"])
def test_private_part_of_another_key(algorithm: str) -> None:
    other = Key.generate(algorithm).to_jwk(private=True)
    with pytest.raises(InvalidKeyError, match="does not belong"):
        Key.from_jwk(made(algorithm) | {"d": other["d"]})


@pytest.mark.parametrize(
    "value",
    [
        bytes(32),
        b"\xff" * 32,
        bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    ],
    ids=["zero", "large", "order"],
)
def test_ec_private_out_of_range(value: bytes) -> None:
    # Older releases of `cryptography` reduce what is too large; it is no less refused.
    with pytest.raises(InvalidKeyError, match=r"out of range|does not belong"):
        Key.from_jwk(RFC7517_EC | {"d": text64(value)})


def test_ec_private_that_fits_its_point_only_when_reduced() -> None:
    # The 66 octets of P-521 have room for d + n.
    order = int("01" + "ff" * 32 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16)
    value = int.from_bytes(octets_of(made("ES512")["d"]), "big")
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(made("ES512") | {"d": text64((value + order).to_bytes(66, "big"))})
