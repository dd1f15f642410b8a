"""encode and decode: raw material of every form, read as the kind that the algorithms call for."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

import cyjwt
from cyjwt.algorithms import ALGORITHMS
from tests.support import NOW, b64, pair

CLAIMS = {"sub": "42", "exp": NOW + 600}
ASYMMETRIC = [name for name, row in ALGORITHMS.items() if row.kty != "oct"]
SYMMETRIC = [name for name, row in ALGORITHMS.items() if row.kty == "oct"]
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
SPKI, PKCS8 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PrivateFormat.PKCS8


def private_forms(algorithm: str) -> dict[str, Any]:
    key = pair(algorithm)
    der = key.native.private_bytes(DER, PKCS8, serialization.NoEncryption())
    jwk = key.private.to_jwk(private=True)
    return {
        "Key": key.private,
        "PEM": key.private_pem,
        "PEM text": key.private_pem.decode(),
        "PEM bytearray": bytearray(key.private_pem),
        "PEM memoryview": memoryview(key.private_pem),
        "DER": der,
        "DER bytearray": bytearray(der),
        "JWK": jwk,
        "JWK text": json.dumps(jwk),
        "JWK bytes": json.dumps(jwk).encode(),
        "JWK proxy": MappingProxyType(jwk),
        "object of cryptography": key.native,
    }


def public_forms(algorithm: str) -> dict[str, Any]:
    key = pair(algorithm)
    der = key.native.public_key().public_bytes(DER, SPKI)
    jwk = key.public.to_jwk()
    return {
        "Key": key.public,
        "KeySet": cyjwt.KeySet([key.public]),
        "PEM": key.public_pem,
        "PEM text": key.public_pem.decode(),
        "PEM bytearray": bytearray(key.public_pem),
        "DER": der,
        "DER memoryview": memoryview(der),
        "JWK": jwk,
        "JWK text": json.dumps(jwk),
        "JWK bytes": json.dumps(jwk).encode(),
        "JWKS": {"keys": [jwk]},
        "JWKS text": json.dumps({"keys": [jwk]}),
        "JWKS bytes": json.dumps({"keys": [jwk]}).encode(),
        "object of cryptography": key.native.public_key(),
    }


def secret_forms(algorithm: str) -> dict[str, Any]:
    secret = pair(algorithm).native
    jwk = {"kty": "oct", "k": b64(secret)}
    return {
        "Key": pair(algorithm).private,
        "bytes": secret,
        "bytearray": bytearray(secret),
        "memoryview": memoryview(secret),
        "JWK": jwk,
        "JWK proxy": MappingProxyType(jwk),
    }


def checked(token: str, algorithm: str) -> None:
    assert pair(algorithm).verifier().verify(token) == CLAIMS


# -- every form of every kind


@pytest.mark.parametrize(
    "algorithm", ["RS256", "PS512", "ES256", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448"]
)
def test_private_material(algorithm: str) -> None:
    for name, material in private_forms(algorithm).items():
        token = cyjwt.encode(CLAIMS, material, algorithm)
        checked(token, algorithm)
        assert cyjwt.decode(token, material, algorithms=[algorithm], clock=NOW) == CLAIMS, name


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_public_material(algorithm: str) -> None:
    token = pair(algorithm).token(CLAIMS)
    for name, material in public_forms(algorithm).items():
        assert cyjwt.decode(token, material, algorithms=[algorithm], clock=NOW) == CLAIMS, name
        with pytest.raises(cyjwt.InvalidSignatureError):
            cyjwt.decode(token[:-8] + "AAAAAAAA", material, algorithms=[algorithm], clock=NOW)
        if name != "KeySet":
            with pytest.raises((cyjwt.InvalidKeyError, TypeError)):
                cyjwt.encode(CLAIMS, material, algorithm)


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_secrets(algorithm: str) -> None:
    for name, material in secret_forms(algorithm).items():
        token = cyjwt.encode(CLAIMS, material, algorithm)
        checked(token, algorithm)
        assert cyjwt.decode(token, material, algorithms=[algorithm], clock=NOW) == CLAIMS, name
        other = pair(algorithm).token(CLAIMS)[:-8] + "AAAAAAAA"
        with pytest.raises(cyjwt.InvalidSignatureError):
            cyjwt.decode(other, material, algorithms=[algorithm], clock=NOW)


def test_a_secret_that_is_text_is_its_utf_8() -> None:
    for text in ("correct horse battery staple, and more", "é€😀" * 10):
        token = cyjwt.encode(CLAIMS, text, "HS256")
        assert cyjwt.decode(token, text.encode(), algorithms=["HS256"], clock=NOW) == CLAIMS
        assert cyjwt.encode(CLAIMS, text.encode(), "HS256") == token


def test_a_set_of_several_keys() -> None:
    names = ["RS256", "ES256", "EdDSA"]
    jwks = {"keys": [{**pair(name).public.to_jwk(), "kid": name} for name in names]}
    for name in names:
        token = cyjwt.encode(CLAIMS, pair(name).private, name, headers={"kid": name})
        for material in (jwks, json.dumps(jwks)):
            assert cyjwt.decode(token, material, algorithms=names, clock=NOW) == CLAIMS
            others = [other for other in names if other != name]
            with pytest.raises(cyjwt.InvalidAlgorithmError):
                cyjwt.decode(token, material, algorithms=others, clock=NOW)
        stray = cyjwt.encode(CLAIMS, pair(name).private, name, headers={"kid": "x"})
        with pytest.raises(cyjwt.KeyNotFoundError):
            cyjwt.decode(stray, jwks, algorithms=names, clock=NOW)


def test_private_and_secret_keys_of_a_published_set_serve_nobody() -> None:
    jwks = {"keys": [pair("RS256").private.to_jwk(private=True), {"kty": "oct", "k": b64(bytes(range(32)))}]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cyjwt.KeySetWarning)
        for material in (jwks, json.dumps(jwks)):
            with pytest.raises(cyjwt.InvalidKeyError):
                cyjwt.decode(pair("RS256").token(CLAIMS), material, algorithms=["RS256"], clock=NOW)


# -- the algorithms decide how material is read


@pytest.mark.parametrize(
    "algorithms", [["HS256", "RS256"], ["ES256", "HS512"], ["EdDSA", "HS256", "PS256"], list(ALGORITHMS)]
)
def test_families_do_not_mix(algorithms: list[str]) -> None:
    for material in (
        bytes(range(32)),
        pair("RS256").public_pem,
        pair("RS256").public.to_jwk(),
        "x" * 40,
        None,
    ):
        with pytest.raises(ValueError, match="mix HMAC"):
            cyjwt.decode(pair("HS256").token(CLAIMS), material, algorithms=algorithms)
    # With keys that are made, it is known what they are.
    made = cyjwt.KeySet([pair("HS256").public, pair("RS256").public])
    for name in {"HS256", "RS256"} & set(algorithms):
        assert cyjwt.decode(pair(name).token(CLAIMS), made, algorithms=algorithms, clock=NOW) == CLAIMS


def test_public_key_algorithms_do_mix() -> None:
    asymmetric = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
    for name in asymmetric:
        for form, material in public_forms(name).items():
            assert (
                cyjwt.decode(pair(name).token(CLAIMS), material, algorithms=asymmetric, clock=NOW) == CLAIMS
            ), form


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_key_material_is_never_a_secret(algorithm: str) -> None:
    for forms in (public_forms(algorithm), private_forms(algorithm)):
        for name, material in forms.items():
            if name in ("Key", "KeySet"):
                with pytest.raises(ValueError):
                    cyjwt.decode("a.b.c", material, algorithms=["HS256"])
                continue
            with pytest.raises((cyjwt.InvalidKeyError, TypeError)):
                cyjwt.decode("a.b.c", material, algorithms=["HS256"])
            with pytest.raises((cyjwt.InvalidKeyError, TypeError)):
                cyjwt.encode(CLAIMS, material, "HS256")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_secret_is_never_a_key(algorithm: str) -> None:
    for name, material in secret_forms("HS512").items():
        if name == "Key":
            continue
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.decode("a.b.c", material, algorithms=[algorithm])
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.encode(CLAIMS, material, algorithm)
    for text in ("x" * 64, "{}", "[]", "", " ", "-----BEGIN", "\x30\x82", "\ufeff{}", "é"):
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.decode("a.b.c", text, algorithms=[algorithm])


@pytest.mark.parametrize(
    ("of", "for_"), [("RS256", "ES256"), ("ES256", "RS256"), ("EdDSA", "ES256"), ("ES256", "EdDSA")]
)
def test_a_key_of_another_kind(of: str, for_: str) -> None:
    for name, material in public_forms(of).items():
        error = ValueError if name in ("Key", "KeySet") else cyjwt.InvalidKeyError
        with pytest.raises(error):
            cyjwt.decode("a.b.c", material, algorithms=[for_])
    for material in private_forms(of).values():
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.encode(CLAIMS, material, for_)


def test_a_curve_of_another_algorithm() -> None:
    for material in private_forms("ES384").values():
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.encode(CLAIMS, material, "ES256")


def test_material_that_is_none_at_all() -> None:
    for wrong in (None, 1, True, object(), [1], 1.5):
        for algorithm in ("HS256", "RS256"):
            with pytest.raises((TypeError, cyjwt.InvalidKeyError)):
                cyjwt.decode("a.b.c", wrong, algorithms=[algorithm])
            with pytest.raises((TypeError, cyjwt.InvalidKeyError)):
                cyjwt.encode(CLAIMS, wrong, algorithm)


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_text_without_a_utf_8_is_no_key(algorithm: str) -> None:
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.decode("a.b.c", "\ud800" * 40, algorithms=[algorithm])


# -- what is missing, and what is too much


def test_decode_needs_algorithms_beside_raw_material() -> None:
    for material in (bytes(range(32)), pair("RS256").public_pem, {"kty": "oct", "k": "x"}, None, "x"):
        with pytest.raises(TypeError, match="needs algorithms"):
            cyjwt.decode("a.b.c", material)
    assert cyjwt.decode(pair("ES256").token(CLAIMS), pair("ES256").public, clock=NOW) == CLAIMS
    assert (
        cyjwt.decode(pair("ES256").token(CLAIMS), cyjwt.KeySet([pair("ES256").public]), clock=NOW) == CLAIMS
    )


def test_decode_with_no_algorithm_to_allow() -> None:
    """The same mistake is the same error, whatever the key is."""
    for key in (
        pair("HS256").private,
        bytes(range(32)),
        {"kty": "oct", "k": "x"},
        pair("RS256").public_pem,
        None,
    ):
        for empty in ([], (), set()):
            with pytest.raises(ValueError, match="algorithms must not be empty"):
                cyjwt.decode("a.b.c", key, algorithms=empty)


@pytest.mark.parametrize("key", [pair("HS256").private, bytes(range(32)), None], ids=type)
def test_algorithms_of_a_wrong_type_or_name(key: Any) -> None:
    for wrong in ("HS256", b"HS256", 1, [1], [None], iter(["HS256"])):
        with pytest.raises(TypeError):
            cyjwt.decode("a.b.c", key, algorithms=wrong)  # type: ignore[arg-type]
    for name in ("none", "hs256", "HS256 ", "A128KW"):
        with pytest.raises(ValueError):
            cyjwt.decode("a.b.c", key, algorithms=[name])


def test_encode_needs_an_algorithm_beside_raw_material() -> None:
    for material in (bytes(range(32)), pair("RS256").private_pem, None):
        with pytest.raises(TypeError, match="needs algorithm"):
            cyjwt.encode(CLAIMS, material)
        for wrong in (1, ["HS256"], b"HS256"):
            with pytest.raises(TypeError):
                cyjwt.encode(CLAIMS, material, wrong)  # type: ignore[arg-type]
        for name in ("none", "hs256", "", "XX"):
            with pytest.raises(ValueError):
                cyjwt.encode(CLAIMS, material, name)
    assert (
        cyjwt.decode(cyjwt.encode(CLAIMS, pair("ES256").private), pair("ES256").public, clock=NOW) == CLAIMS
    )
    with pytest.raises(ValueError, match="say which algorithm"):
        cyjwt.encode(CLAIMS, pair("RS256").private)


def test_encode_needs_one_key() -> None:
    jwk = pair("RS256").private.to_jwk(private=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cyjwt.KeySetWarning)
        for material in (
            {"keys": [pair("RS256").public.to_jwk()]},
            cyjwt.KeySet([pair("RS256").private]),
            {"keys": [jwk]},
        ):
            with pytest.raises((TypeError, cyjwt.InvalidKeyError)):
                cyjwt.encode(CLAIMS, material, "RS256")


def test_options_of_encode() -> None:
    token = cyjwt.encode(
        {"a": {1}},
        pair("HS256").private,
        "HS256",
        headers={"x": 1},
        type="at+jwt",
        default=lambda v: sorted(v),
    )
    read = cyjwt.read_unverified(token)
    assert read[:2] == ({"alg": "HS256", "typ": "at+jwt", "x": 1}, {"a": [1]})
    assert cyjwt.read_unverified(cyjwt.encode({}, bytes(range(32)), "HS256", type=None)).header == {
        "alg": "HS256"
    }
    for wrong in (None, [], "x", MappingProxyType({})):
        with pytest.raises(TypeError, match="claims must be a dict"):
            cyjwt.encode(wrong, bytes(range(32)), "HS256")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        cyjwt.encode({}, bytes(range(32)), "HS256", issuer="i")  # type: ignore[call-arg]


def test_options_of_decode_are_those_of_a_verifier() -> None:
    claims = {**CLAIMS, "iss": "i", "aud": "a", "iat": NOW}
    key = pair("HS256")
    token = key.token(claims, {"typ": "at+jwt", "crit": ["x"], "x": 1})
    good: dict[str, Any] = {
        "issuer": "i",
        "audience": "a",
        "subject": "42",
        "type": "at+jwt",
        "critical": ["x"],
    }
    good |= {"leeway": 1, "max_age": 5, "required": ["exp", "iat"], "max_token_size": 1000, "clock": NOW}
    assert cyjwt.decode(token, key.native, algorithms=["HS256"], allow_padding=True, **good) == claims
    for name, wrong in [
        ("issuer", "x"),
        ("audience", "x"),
        ("subject", "x"),
        ("type", "JWT"),
        ("critical", ()),
    ]:
        with pytest.raises(cyjwt.InvalidTokenError):
            cyjwt.decode(token, key.native, algorithms=["HS256"], **good | {name: wrong})
    for name in ("verify", "options", "verify_signature", "iss", "aud", "verify_exp"):
        with pytest.raises(TypeError, match=name):
            cyjwt.decode(token, key.native, algorithms=["HS256"], **good | {name: False})


def test_material_is_left_as_it_was() -> None:
    jwk = pair("ES256").private.to_jwk(private=True)
    jwks = {"keys": [pair("ES256").public.to_jwk()]}
    headers = {"x": [1]}
    before = json.dumps([jwk, jwks, headers])
    token = cyjwt.encode(CLAIMS, jwk, "ES256", headers=headers)
    cyjwt.decode(token, jwks, algorithms=["ES256"], clock=NOW)
    assert json.dumps([jwk, jwks, headers]) == before


def test_bytes_whose_class_gives_itself_again() -> None:
    """In a process of its own, for it must not take this one with it."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(cyjwt.__file__).parent.parent)!r})
import cyjwt

class Again(bytes):
    def __bytes__(self):
        return self

text = Again({json.dumps(pair("ES256").public.to_jwk()).encode()!r})
try:
    assert cyjwt.Key.from_jwk(text).kty == "EC"
except (TypeError, cyjwt.InvalidKeyError):
    pass
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_an_unknown_option_of_decode_is_named() -> None:
    key = cyjwt.Key.generate("HS256")
    with pytest.raises(TypeError, match=r"decode\(\) has no option 'options'"):
        cyjwt.decode(cyjwt.encode({}, key), key, options={"verify_exp": False})  # type: ignore[arg-type]


def test_algorithms_may_stand_third() -> None:
    key = cyjwt.Key.generate("HS256")
    assert cyjwt.decode(cyjwt.encode({"a": 1}, key), key, ["HS256"], required=()) == {"a": 1}
