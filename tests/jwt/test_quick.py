"""The engine in the place of PyJWT's code: the same verdicts by both ways."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from cyjwt import jwt
from cyjwt.jwt import api_jws
from tests.jwt.calls import HS256, NOW, SECRET, exactly, outcome, signed

CLAIMS: list[dict[str, Any]] = [
    {},
    {"exp": NOW + 1},
    {"exp": NOW},
    {"exp": NOW - 4},
    {"exp": str(NOW + 9)},
    {"exp": "x"},
    {"exp": True},
    {"exp": None},
    {"exp": -1},
    {"exp": NOW + 0.5},
    {"nbf": NOW + 1},
    {"nbf": NOW + 0.5},
    {"nbf": str(NOW)},
    {"iat": NOW + 1},
    {"iat": [1]},
    {"iat": "1", "exp": NOW + 5},
    {"exp": NOW - 9, "iat": NOW + 9},
    {"iss": "a"},
    {"iss": 1},
    {"iss": ["a"]},
    {"aud": "a"},
    {"aud": ["a"]},
    {"aud": ["b", "a"]},
    {"aud": ["a", 1]},
    {"aud": []},
    {"aud": ""},
    {"aud": None},
    {"aud": {"a": 1}},
    {"sub": "a"},
    {"sub": 1},
    {"sub": None},
    {"jti": "a"},
    {"jti": 1},
    {"exp": NOW + 1, "iss": "a", "aud": "a", "sub": "a", "jti": "a", "iat": NOW, "nbf": NOW},
]
ASKED: list[dict[str, Any]] = [
    {},
    {"leeway": 5},
    {"leeway": timedelta(seconds=5)},
    {"leeway": -5},
    {"audience": "a"},
    {"audience": ["c", "a"]},
    {"audience": ("c",)},
    {"audience": []},
    {"audience": b"a"},
    {"audience": ""},
    {"issuer": "a"},
    {"issuer": {"a", "b"}},
    {"issuer": []},
    {"issuer": {"a": 1}},
    {"issuer": 5},
    {"subject": "a"},
    {"subject": "b"},
    {"subject": ""},
    {"options": {"require": ["exp", "x"]}},
    {"options": {"require": ("exp",)}},
    {"options": {"require": []}},
    {"options": {"verify_exp": False}},
    {"options": {"verify_exp": False, "require": ["exp"]}},
    {"options": {"verify_nbf": False, "verify_iat": False}},
    {"options": {"verify_aud": False}},
    {"options": {"verify_aud": False}, "audience": "b"},
    {"options": {"verify_iss": False}, "issuer": "b"},
    {"options": {"verify_sub": False, "verify_jti": False}},
    {"options": {"strict_aud": True}, "audience": "a"},
    {"options": {"strict_aud": True}, "audience": ["a"]},
    {"options": {"strict_aud": True, "verify_aud": False}, "audience": "a"},
    {"options": {"verify_signature": False}},
    {"options": {"verify_signature": False, "verify_exp": True, "verify_aud": True}},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_both_ways_agree_on_claims(asked: dict[str, Any]) -> None:
    """The first call prepares, the second one finds."""
    for claims in CLAIMS:
        token = signed(json.dumps(claims).encode())
        wanted = outcome(exactly, token, **asked)
        for _ in range(2):
            assert outcome(jwt.decode, token, SECRET, HS256, **asked) == wanted, claims
        assert outcome(jwt.PyJWT().decode, token, SECRET, HS256, **asked) == wanted, claims
        whole = outcome(jwt.decode_complete, token, SECRET, HS256, **asked)
        assert (whole["payload"] if isinstance(whole, dict) else whole) == wanted, claims


def test_fractions_of_a_second_count() -> None:
    """PyJWT cuts exp to a whole second, which is NOW here."""
    token = signed(json.dumps({"exp": NOW + 0.5}).encode())
    assert jwt.decode(token, SECRET, HS256) == {"exp": NOW + 0.5}


HEADERS = [
    b"{}",
    b'{"alg":"none"}',
    b'{"alg":"hs256"}',
    b'{"alg":"HS512"}',
    b'{"alg":["HS256"]}',
    b'{"alg":null}',
    b'{"alg":"HS256","alg":"HS256"}',
    b'{"alg":"HS256","kid":1}',
    b'{"alg":"HS256","kid":"a","typ":"x"}',
    b'{"alg":"HS256","typ":1}',
    b'{"alg":"HS256","crit":["exp"],"exp":1}',
    b'{"alg":"HS256","crit":[]}',
    b'{"alg":"HS256","crit":["b64"]}',
    b'{"alg":"HS256","crit":["b64"],"b64":true}',
    b'{"alg":"HS256","crit":["b64"],"b64":false}',
    b'{"alg":"HS256","b64":false}',
    b'{"alg":"HS256","b64":0}',
    b'{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}',
    b'\xef\xbb\xbf{"alg":"HS256"}',
    b"[]",
    b"null",
    b"{",
    '{"alg":"HS256"}'.encode("utf-16"),
]


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_both_ways_agree_on_headers(header: bytes) -> None:
    for payload in (b"{}", b"[]", b"{", b'{"a":1,"a":2}', b'{"exp":NaN}', b'{"a":NaN}', b'{"a":"\xff"}'):
        token = signed(payload, header)
        wanted = outcome(exactly, token)
        for _ in range(2):
            assert outcome(jwt.decode, token, SECRET, HS256) == wanted
        assert outcome(jwt.decode, token[:-2] + "AA", SECRET, HS256) == outcome(exactly, token[:-2] + "AA")


@pytest.mark.parametrize(
    "mangle",
    [
        lambda token: token + "=",
        lambda token: token + "==",
        lambda token: token.replace(".", "=.", 1),
        lambda token: token.replace(".", ".."),
        lambda token: token.rpartition(".")[0],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "." + token,
        lambda token: token + " ",
        lambda token: token.replace("_", "/").replace("-", "+") + "é",
        lambda token: token + "\ud800",
        lambda token: token.encode(),
        lambda token: token[:-1] + ("B" if token[-1] != "B" else "C"),
        lambda token: "",
        lambda token: None,
        lambda token: 7,
        lambda token: [token],
    ],
)
def test_both_ways_agree_on_segments(mangle: Callable[[str], Any]) -> None:
    token = mangle(signed(b'{"a":1}'))
    wanted = outcome(exactly, token)
    for _ in range(2):
        assert outcome(jwt.decode, token, SECRET, HS256) == wanted
    if isinstance(wanted, tuple):
        assert issubclass(wanted[0], jwt.DecodeError)


# -- the strict part: what PyJWT would read


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_member"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_member"),
        (b'{"a":NaN}', "invalid_json"),
        (b'{"a":-Infinity}', "invalid_json"),
        (b'{"a":1e999}', "number_range"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        ('{"a":1}'.encode("utf-16"), None),
        (b'\xef\xbb\xbf{"a":1}', None),
        (b'{"a":' + b"[" * 600 + b"]" * 600 + b"}", None),
    ],
)
def test_json_is_strict(payload: bytes, code: str | None) -> None:
    token = signed(payload)
    for options in (None, {"verify_signature": False}, {"verify_aud": False}):
        for function in (jwt.decode, jwt.decode_complete):
            with pytest.raises(jwt.DecodeError, match="Invalid payload string") as caught:
                function(token, SECRET, HS256, options)
            if code is not None:
                assert caught.value.code == code
    for forged in (signed(b"{}", payload), signed(b"{}", payload.replace(b"{", b'{"alg":"HS256",', 1))):
        with pytest.raises(jwt.DecodeError, match="Invalid header string"):
            jwt.get_unverified_header(forged)


def test_a_name_of_an_algorithm_is_no_part_of_one() -> None:
    token = jwt.encode({}, SECRET, "HS256")
    assert jwt.decode(token, SECRET, "HS256") == {}  # type: ignore[arg-type]
    for algorithms in ("HS2567", "RS256 HS256"):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, SECRET, algorithms)  # type: ignore[arg-type]


def test_a_point_of_low_order_verifies_nothing() -> None:
    key = ed25519.Ed25519PublicKey.from_public_bytes(b"\1" + bytes(31))
    forged = api_jws.encode(b"{}", ed25519.Ed25519PrivateKey.generate(), "EdDSA").rpartition(".")[0]
    token = forged + "." + "AQ" + "A" * 84
    for material in (key, jwt.algorithms.OKPAlgorithm.to_jwk):
        if material is key:
            with pytest.raises(jwt.InvalidKeyError):
                jwt.decode(token, key, algorithms=["EdDSA"])
    with pytest.raises(jwt.InvalidKeyError):
        jwt.PyJWK({"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41})
    with pytest.raises(jwt.InvalidKeyError):
        jwt.algorithms.OKPAlgorithm().verify(b"", key, b"\1" + bytes(63))


# -- keys in every form


def pairs() -> list[tuple[str, Any]]:
    small = rsa.generate_private_key(65537, 2048)
    return [
        *((name, small) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("ES512", ec.generate_private_key(ec.SECP521R1())),
        ("ES521", ec.generate_private_key(ec.SECP521R1())),
        ("ES256K", ec.generate_private_key(ec.SECP256K1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        ("EdDSA", ed448.Ed448PrivateKey.generate()),
    ]


@pytest.mark.parametrize(("name", "private"), pairs(), ids=lambda one: one if isinstance(one, str) else "")
def test_keys_in_every_form(name: str, private: Any) -> None:
    from cryptography.hazmat.primitives import serialization as s

    algorithm = jwt.get_algorithm_by_name(name)
    public = private.public_key()
    pem = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    spki = public.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    jwk = jwt.PyJWK(algorithm.to_jwk(public, as_dict=True), name)
    own = jwt.PyJWK(algorithm.to_jwk(private, as_dict=True), name)
    for signer in (private, pem, pem.decode(), own):
        for _ in range(2):
            token = jwt.encode({"a": 1}, signer, algorithm=name)
            for key in (public, spki, spki.decode(), jwk, private, own):
                assert jwt.decode(token, key, algorithms=[name, "HS256"]) == {"a": 1}
                assert exactly(token, key, [name]) == {"a": 1}
                forged = token.replace(".", ".e30", 1)
                with pytest.raises(jwt.InvalidTokenError):
                    jwt.decode(forged, key, algorithms=[name])
    for key in (spki, pem):
        with pytest.raises(jwt.InvalidKeyError):
            jwt.encode({}, key, algorithm="HS256")
    with pytest.raises(jwt.InvalidKeyError):
        jwt.encode({}, public, algorithm=name)


def test_a_header_chooses_no_key_of_another_kind() -> None:
    private = rsa.generate_private_key(65537, 2048)
    from cryptography.hazmat.primitives import serialization as s

    pem = private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    forged = signed(b"{}", key=pem)
    for _ in range(2):
        with pytest.raises(jwt.InvalidKeyError):
            jwt.decode(forged, pem, algorithms=["RS256", "HS256"])


def test_weak_keys_warn_each_time() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    for key, verifying, name in (("short", "short", "HS256"), (weak, weak.public_key(), "RS256")):
        for _ in range(2):
            with pytest.warns(jwt.InsecureKeyLengthWarning, match="below") as caught:
                token = jwt.encode({"a": 1}, key, algorithm=name)
            assert caught[0].filename == __file__
            with pytest.warns(jwt.InsecureKeyLengthWarning, match="below") as caught:
                assert jwt.decode(token, verifying, algorithms=[name]) == {"a": 1}
            assert caught[0].filename == __file__
            with pytest.warns(jwt.InsecureKeyLengthWarning), pytest.raises(jwt.ExpiredSignatureError):
                jwt.decode(jwt.encode({"exp": 1}, key, name), verifying, [name])
            with pytest.raises(jwt.InvalidKeyError, match="below"):
                jwt.decode(token, verifying, [name], {"enforce_minimum_key_length": True})


def test_a_key_may_be_weak_for_one_algorithm_alone() -> None:
    secret = "k" * 40
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        token = jwt.encode({}, secret, "HS256")
        for _ in range(2):
            assert jwt.decode(token, secret, ["HS256", "HS512"]) == {}
    with pytest.warns(jwt.InsecureKeyLengthWarning, match="64 bytes"):
        token = jwt.encode({}, secret, "HS512")
    for _ in range(2):
        with pytest.warns(jwt.InsecureKeyLengthWarning, match="64 bytes"):
            assert jwt.decode(token, secret, ["HS256", "HS512"]) == {}


# -- writing


def test_dates_are_written_as_pyjwt_does() -> None:
    naive = datetime(2030, 1, 2, 3, 4, 5, 999_999)
    aware = naive.replace(tzinfo=timezone(timedelta(hours=2)))
    for _ in range(2):
        token = jwt.encode({"exp": naive, "nbf": aware, "iat": naive.replace(tzinfo=UTC)}, SECRET)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims == {"exp": 1893553445, "nbf": 1893546245, "iat": 1893553445}
        with pytest.raises(TypeError):
            jwt.encode({"other": aware}, SECRET)
        with pytest.raises(TypeError):
            jwt.encode({"exp": [aware]}, SECRET)


def test_headers_are_those_of_the_call() -> None:
    for _ in range(2):
        for sort in (True, False):
            token = jwt.encode({}, SECRET, headers={"kid": "b", "a": [1, {"x": None}]}, sort_headers=sort)
            header = jwt.get_unverified_header(token)
            assert header == {"typ": "JWT", "alg": "HS256", "kid": "b", "a": [1, {"x": None}]}
            assert (list(header) == sorted(header)) == sort
        assert jwt.get_unverified_header(jwt.encode({}, SECRET, headers={"typ": ""})) == {"alg": "HS256"}
        assert jwt.get_unverified_header(jwt.encode({}, SECRET, headers={"b64": True}))["alg"] == "HS256"
        with pytest.raises(jwt.InvalidTokenError):
            jwt.encode({}, SECRET, headers={"kid": 1})
        with pytest.raises(TypeError, match="iss"):
            jwt.encode({"iss": 1}, SECRET)
        with pytest.raises(TypeError):
            jwt.encode([], SECRET)  # type: ignore[arg-type]
