"""The caches of keys and policies behind one-shot calls: never a wrong key, never a wrong policy."""

from __future__ import annotations

import json
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

import cyjwt
from cyjwt import caches
from tests.live_support import Source
from tests.support import NOW, b64, pair
from tests.unit.caches_support import CLAIMS, SECRETS, counts, decode

pytestmark = pytest.mark.usefixtures("empty_caches")


# -- found again


def test_each_form_is_read_once() -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        key = pair(algorithm)
        token = key.token(CLAIMS)
        for form in (
            key.public_pem, key.public_pem.decode(), bytearray(key.public_pem), memoryview(key.public_pem),
            key.public.to_der(), key.public.to_jwk(), json.dumps(key.public.to_jwk()), key.native.public_key(),
            {"keys": [key.public.to_jwk()]}, key.public, cyjwt.KeySet([key.public]),
        ):  # fmt: skip
            caches.clear()
            for _ in range(3):
                assert decode(token, form, algorithm) == CLAIMS
            assert counts("verifiers") == (1, 1)
            raw = not isinstance(form, cyjwt.Key | cyjwt.KeySet)
            assert counts("keys") == ((1, 1) if raw else (0, 0))
            # Another policy: the key is not read again.
            assert decode(token, form, algorithm, leeway=5) == CLAIMS
            assert counts("verifiers") == (2, 2)
            assert counts("keys") == ((1, 1) if raw else (0, 0))


def test_a_private_key_is_read_once() -> None:
    key = pair("RS256")
    for form in (key.private_pem, key.private_pem.decode(), key.private.to_jwk(private=True), key.native):
        caches.clear()
        tokens = {cyjwt.encode(CLAIMS, form, algorithm="RS256") for _ in range(3)}
        assert tokens == {key.token(CLAIMS)}
        assert counts("signers") == counts("keys") == (1, 1)
        cyjwt.encode(CLAIMS, form, algorithm="RS256", type=None)
        assert (counts("signers"), counts("keys")) == ((2, 2), (1, 1))


def test_content_that_comes_anew_is_found_again() -> None:
    """As a file that is read on each call, or a document that is parsed."""
    key = pair("ES256")
    token, jwk, pem = key.token(CLAIMS), json.dumps(key.public.to_jwk()), key.public_pem
    for _ in range(3):
        assert cyjwt.decode(token, json.loads(jwk), algorithms=["ES" + "256"], clock=NOW) == CLAIMS
        assert cyjwt.decode(token, bytes(bytearray(pem)), algorithms=["ES256"], clock=NOW) == CLAIMS
    assert counts("keys") == (2, 2)
    for _ in range(3):
        assert decode(token, MappingProxyType(json.loads(jwk)), "ES256") == CLAIMS
    assert counts("keys") == (2, 2), "a mapping of another type is read as the plain one is"


# -- never another key


def test_one_secret_is_never_another() -> None:
    tokens = [cyjwt.encode(CLAIMS, secret, "HS256") for secret in SECRETS]
    assert len(set(tokens)) == len(SECRETS)
    for form in (bytes, bytearray, memoryview, bytes.decode, lambda s: {"kty": "oct", "k": b64(s)}):
        for mine, secret in enumerate(SECRETS):
            for other, token in enumerate(tokens):
                if mine == other:
                    assert decode(token, form(secret)) == CLAIMS
                else:
                    with pytest.raises(cyjwt.InvalidSignatureError):
                        decode(token, form(secret))


def test_octets_and_text_that_look_alike() -> None:
    """A str is its UTF-8, a bytes is itself, and what one of them may be says nothing about the other."""
    text = "\xe9" * 32
    assert cyjwt.encode({}, text, "HS256") == cyjwt.encode({}, text.encode(), "HS256")
    assert cyjwt.encode({}, text, "HS256") != cyjwt.encode({}, text.encode("latin-1"), "HS256")
    der = pair("ES256").public.to_der()
    token = pair("ES256").token(CLAIMS)
    for _ in range(2):
        assert decode(token, der, "ES256") == CLAIMS
        with pytest.raises(cyjwt.InvalidKeyError):
            decode(token, der.decode("latin-1"), "ES256")


def test_material_that_is_changed_in_place() -> None:
    one, two = SECRETS[:2]
    signed = [cyjwt.encode(CLAIMS, secret, "HS256") for secret in (one, two)]
    octets = bytearray(one)
    jwk = {"kty": "oct", "k": b64(one)}
    proxied = MappingProxyType(jwk)
    for material in (octets, memoryview(octets), jwk, proxied):
        assert decode(signed[0], material) == CLAIMS
    octets[:] = two
    jwk["k"] = b64(two)
    for material in (octets, memoryview(octets), jwk, proxied):
        assert decode(signed[1], material) == CLAIMS
        with pytest.raises(cyjwt.InvalidSignatureError):
            decode(signed[0], material)
    jwks = {"keys": [pair("ES256").public.to_jwk()]}
    assert decode(pair("ES256").token(CLAIMS), jwks, "ES256") == CLAIMS
    jwks["keys"][0] = pair("RS256").public.to_jwk()
    with pytest.raises(cyjwt.InvalidKeyError):
        decode(pair("ES256").token(CLAIMS), jwks, "ES256")


def test_the_kind_of_a_key_is_part_of_what_is_remembered() -> None:
    """What was read as a public key is not a secret for that, nor the other way round (RFC 8725 section 3.1)."""
    pem = pair("RS256").public_pem
    token = pair("RS256").token(CLAIMS)
    forged = cyjwt.encode(CLAIMS, SECRETS[0], "HS256")
    for _ in range(3):
        assert decode(token, pem, "RS256") == CLAIMS
        for algorithms in (["HS256"], ["ES256"]):
            with pytest.raises(cyjwt.InvalidKeyError):
                cyjwt.decode(forged, pem, algorithms=algorithms, clock=NOW)
        with pytest.raises(ValueError, match="mix HMAC"):
            cyjwt.decode(forged, pem, algorithms=["RS256", "HS256"], clock=NOW)
        with pytest.raises(cyjwt.InvalidAlgorithmError):
            decode(token, pem, "PS256")


def test_keys_that_are_equal_are_told_by_identity() -> None:
    """Of a ``Key`` itself nothing is compared; two of one name and type are two."""
    keys = [cyjwt.Key.from_secret(secret, kid="same") for secret in SECRETS[:2]]
    tokens = [cyjwt.encode(CLAIMS, key, "HS256") for key in keys]
    for key, token in zip(keys, tokens, strict=True):
        assert decode(token, key) == CLAIMS
    with pytest.raises(cyjwt.InvalidSignatureError):
        decode(tokens[0], keys[1])


def test_a_key_that_is_gone_leaves_no_trace_under_its_address() -> None:
    for secret in SECRETS * 3:
        key = cyjwt.Key.from_secret(secret)
        token = cyjwt.encode(CLAIMS, key, "HS256")
        assert token == cyjwt.Signer(key, algorithm="HS256").sign(CLAIMS)
        del key


# -- never another policy


def refuses(token: str, error: type[Exception], **options: Any) -> None:
    with pytest.raises(error):
        decode(token, SECRETS[0], **options)


def test_one_policy_is_never_another() -> None:
    claims = {**CLAIMS, "iss": "i", "aud": "a", "nbf": NOW + 3, "iat": NOW}
    token = cyjwt.encode(claims, SECRETS[0], "HS256", type="at+jwt")
    good: dict[str, Any] = {"issuer": "i", "audience": "a", "leeway": 5}
    variants: list[tuple[dict[str, Any], type[Exception] | None]] = [
        ({}, None),
        ({"issuer": "j"}, cyjwt.InvalidIssuerError),
        ({"issuer": ["i"]}, None),
        ({"issuer": ["j"]}, cyjwt.InvalidIssuerError),
        ({"issuer": {"j", "i"}}, None),
        ({"issuer": None}, None),
        ({"audience": None}, cyjwt.InvalidAudienceError),
        ({"audience": ["b"]}, cyjwt.InvalidAudienceError),
        ({"audience": ("b", "a")}, None),
        ({"leeway": 0}, cyjwt.ImmatureSignatureError),
        ({"leeway": 0.0}, cyjwt.ImmatureSignatureError),
        ({"leeway": timedelta(seconds=5)}, None),
        ({"leeway": timedelta(seconds=1)}, cyjwt.ImmatureSignatureError),
        ({"leeway": True}, TypeError),
        ({"leeway": 1}, cyjwt.ImmatureSignatureError),
        ({"leeway": 1.0}, cyjwt.ImmatureSignatureError),
        ({"leeway": -1}, ValueError),
        ({"leeway": float("nan")}, ValueError),
        ({"leeway": "5"}, TypeError),
        ({"required": ["exp", "jti"]}, cyjwt.MissingRequiredClaimError),
        ({"required": []}, None),
        ({"type": "at+jwt"}, None),
        ({"type": "JWT"}, cyjwt.InvalidTokenError),
        ({"max_age": 10}, None),
        ({"clock": NOW + 605}, cyjwt.ExpiredSignatureError),
        ({"clock": lambda: NOW + 605}, cyjwt.ExpiredSignatureError),
        ({"clock": lambda: NOW}, None),
        ({"max_token_size": 10}, cyjwt.DecodeError),
        ({"allow_padding": True}, None),
        ({"allow_padding": 1}, TypeError),
        ({"subject": "43"}, cyjwt.InvalidSubjectError),
        ({"subject": "42"}, None),
        ({"unknown": 1}, TypeError),
    ]
    for _ in range(3):
        for change, error in variants:
            if error is None:
                assert decode(token, SECRETS[0], **good | change) == claims, change
            else:
                refuses(token, error, **good | change)


def test_a_policy_that_is_changed_in_place() -> None:
    token = cyjwt.encode({**CLAIMS, "aud": "b"}, SECRETS[0], "HS256")
    audience = ["a"]
    for _ in range(2):
        refuses(token, cyjwt.InvalidAudienceError, audience=audience)
    audience.append("b")
    assert decode(token, SECRETS[0], audience=audience)["aud"] == "b"
    audience.remove("b")
    refuses(token, cyjwt.InvalidAudienceError, audience=audience)
    algorithms = ["HS256"]
    assert cyjwt.decode(token, SECRETS[0], algorithms=algorithms, audience="b", clock=NOW)
    algorithms[0] = "HS512"
    with pytest.raises((cyjwt.InvalidKeyError, ValueError)):
        cyjwt.decode(token, SECRETS[0], algorithms=algorithms, audience="b", clock=NOW)


def test_clocks_are_told_by_identity() -> None:
    class Clock:
        now = float(NOW)

        def __call__(self) -> float:
            return self.now

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    token = cyjwt.encode(CLAIMS, SECRETS[0], "HS256")
    early, late = Clock(), Clock()
    late.now += 1000
    for _ in range(2):
        assert decode(token, SECRETS[0], clock=early) == CLAIMS
        refuses(token, cyjwt.ExpiredSignatureError, clock=late)
    early.now += 1000
    refuses(token, cyjwt.ExpiredSignatureError, clock=early)


def test_what_is_revoked_is_asked_anew_and_told_by_identity() -> None:
    """Two sets may be equal at one moment, and name others at the next."""
    token = cyjwt.encode({**CLAIMS, "jti": "7"}, SECRETS[0], "HS256")
    mine: set[str] = set()
    other: set[str] = set()
    for revoked in (mine, other):
        assert decode(token, SECRETS[0], revoked=revoked)["jti"] == "7"
    mine.add("7")
    refuses(token, cyjwt.RevokedTokenError, revoked=mine)
    assert decode(token, SECRETS[0], revoked=other)["jti"] == "7"
    other.add("7")
    mine.clear()
    refuses(token, cyjwt.RevokedTokenError, revoked=other)
    assert decode(token, SECRETS[0], revoked=mine)["jti"] == "7"
    refuses(token, cyjwt.RevokedTokenError, revoked={"7"})
    assert decode(token, SECRETS[0], revoked=set())["jti"] == "7"


def test_a_source_of_live_keys_is_asked_anew() -> None:
    """Its keys may change while it stays the same object."""
    one, two = pair("ES256"), cyjwt.Key.generate("ES256", kid="two")
    client = Source(cyjwt.Key.from_jwk(one.public.to_jwk(), kid="one"))
    token = cyjwt.encode(CLAIMS, one.private, "ES256", headers={"kid": "one"})
    for _ in range(2):
        assert cyjwt.decode(token, client, clock=NOW) == CLAIMS
    assert counts("verifiers") == (1, 1)
    client.publish(two.public())
    with pytest.raises(cyjwt.KeyNotFoundError):
        cyjwt.decode(token, client, clock=NOW)
    assert cyjwt.decode(cyjwt.encode(CLAIMS, two, "ES256"), client, clock=NOW) == CLAIMS
    assert counts("verifiers") == (1, 1)


def test_headers_that_are_signed() -> None:
    nested: dict[str, Any] = {"x": {"y": [1]}, "z": 1}

    def header(headers: Any) -> Any:
        token = cyjwt.encode({}, SECRETS[0], "HS256", headers=headers, type=None)
        return list(cyjwt.read_unverified(token).header.items())[1:]

    for _ in range(2):
        assert header(nested) == [("x", {"y": [1]}), ("z", 1)]
    nested["x"]["y"].append(2)
    assert header(nested) == [("x", {"y": [1, 2]}), ("z", 1)]
    assert header({"z": 1, "x": 2}) == [("z", 1), ("x", 2)]
    assert header({"x": 2, "z": 1}) == [("x", 2), ("z", 1)], "the order of members is kept"
    for value, said in ((True, True), (1, 1), (1.0, 1.0), ("1", "1"), (None, None)):
        read = header({"x": value})
        assert (read, type(read[0][1])) == ([("x", said)], type(said))


# -- failures


def test_what_is_wrong_is_refused_each_time() -> None:
    token = cyjwt.encode(CLAIMS, SECRETS[0], "HS256")
    caches.clear()
    wrong: list[tuple[Any, dict[str, Any], type[Exception]]] = [
        (b"short", {}, cyjwt.InvalidKeyError),
        (pair("RS256").public_pem, {}, cyjwt.InvalidKeyError),
        ({"kty": "oct"}, {}, cyjwt.InvalidKeyError),
        (None, {}, TypeError),
        (SECRETS[0], {"leeway": -1}, ValueError),
        (SECRETS[0], {"issuer": ""}, ValueError),
        (SECRETS[0], {"clock": "x"}, TypeError),
        (SECRETS[0], {"nothing": 1}, TypeError),
    ]
    for _ in range(3):
        for key, options, error in wrong:
            with pytest.raises(error):
                decode(token, key, **options)
            with pytest.raises((error, TypeError)):
                cyjwt.encode(CLAIMS, key, "HS256", **options)
    assert counts("verifiers")[1] == counts("signers")[1] == 0
    assert counts("keys")[1] == 1, "the secret itself is a good one"


def test_a_refused_token_leaves_nothing() -> None:
    token = cyjwt.encode(CLAIMS, SECRETS[0], "HS256")
    decode(token, SECRETS[0])
    before = {name: info["size"] for name, info in caches.info().items()}
    for n in range(300):
        with pytest.raises(cyjwt.InvalidTokenError):
            decode(f"{token[:-5]}{n:05}", SECRETS[0])
        with pytest.raises(cyjwt.InvalidTokenError):
            decode(f"{'x' * n}.y.z", SECRETS[0])
    assert {name: info["size"] for name, info in caches.info().items()} == before
