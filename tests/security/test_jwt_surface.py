"""PyJWT's surface: as lax as PyJWT where that is its contract, and no laxer."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt import jwt
from tests.support import b64, forge, pair

SECRET = pair("HS256").native
CONFUSED = ["HS256", "RS256", "ES256", "EdDSA"]


def test_a_buffer_that_changes_is_never_taken_for_what_was_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is asked for when the signature is known to hold; what is read after that must be what was verified."""
    keys = pair("HS256")
    good = keys.forge(b'{"alg":"HS256"}', b'{"exp":1000,"sub":"me!"}')
    head, _, tail = good.split(".")
    forged = ".".join((head, b64(b'{"exp":9000,"sub":"you"}'), tail))
    assert len(forged) == len(good)
    buffer = bytearray()
    asked = []

    def clock() -> float:
        asked.append(bytes(buffer))
        buffer[:] = forged.encode()
        return 5000.0

    monkeypatch.setattr(time, "time", clock)
    for function in (jwt.decode, jwt.decode_complete):
        buffer[:] = good.encode()
        asked.clear()
        with pytest.raises(jwt.InvalidTokenError):
            function(buffer, keys.native, algorithms=["HS256"])
        assert asked[0] == good.encode()


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_never_a_secret(name: str) -> None:
    keys = pair(name)
    jwk = json.dumps(keys.public.to_jwk())
    for material in (keys.public_pem, keys.public_pem.decode(), b"\n" + keys.public_pem, jwk, f"[{jwk}]"):
        with pytest.raises(jwt.InvalidKeyError):
            jwt.encode({}, material, algorithm="HS256")
        forged = _forge(material)
        with pytest.raises((jwt.InvalidKeyError, jwt.InvalidTokenError)):
            jwt.decode(forged, material, algorithms=CONFUSED)


def _forge(material: str | bytes) -> str:
    """An HS256 token whose secret is this text."""
    octets = material.encode() if isinstance(material, str) else material
    return forge(b'{"alg":"HS256"}', b"{}", baseline.Key.from_secret(octets))


@pytest.mark.parametrize("key", ["", None, SECRET, b""])
def test_none_is_never_verified(key: Any) -> None:
    token = jwt.encode({"sub": "me"}, None, algorithm="none")  # type: ignore[arg-type]
    for algorithms in (["none"], ["none", "HS256"], None, []):
        for text in (token, token + "AAAA"):
            with pytest.raises((jwt.InvalidTokenError, jwt.InvalidKeyError)):
                jwt.decode(text, key, algorithms=algorithms)


def test_the_header_never_brings_the_key() -> None:
    """The token is signed with its own `jwk`; the caller's key is another's."""
    keys = pair("ES256")
    for member in ("jwk", "jku", "x5u", "x5c"):
        headers = {member: keys.public.to_jwk()}
        token = jwt.encode({}, keys.native, algorithm="ES256", headers=headers)
        assert jwt.decode(token, keys.public_pem, algorithms=["ES256"]) == {}
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, cyjwt.Key.generate("ES256").to_pem(), algorithms=["ES256"])


def test_what_is_remembered_of_one_key_or_rule_serves_no_other() -> None:
    token = jwt.encode({"aud": "a", "iss": "i"}, SECRET, algorithm="HS256")
    for _ in range(3):
        assert jwt.decode(token, SECRET, ["HS256"], audience="a", issuer="i")
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, SECRET[:-1] + b"\xff", ["HS256"], audience="a", issuer="i")
        with pytest.raises(jwt.InvalidIssuerError):
            jwt.decode(token, SECRET, ["HS256"], audience="i", issuer="a")
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, SECRET, ["HS512"], audience="a", issuer="i")
        assert jwt.decode(token, SECRET, ["HS256"], {"verify_aud": False}, issuer="i")
        with pytest.raises(jwt.InvalidAudienceError):
            jwt.decode(token, SECRET, ["HS256"], {"verify_aud": True}, issuer="i")


def test_no_error_or_warning_repeats_a_secret_or_the_token() -> None:
    secret = "a secret that none may read"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        token = jwt.encode({"sub": "someone"}, secret, algorithm="HS256")
        said = []
        for text, key, options in (
            (token, secret + "!", {}),
            (token[:-3], secret, {}),
            (token, secret, {"audience": "x"}),
            (token, secret, {"options": {"require": ["exp"]}}),
            (token, secret, {"options": {"enforce_minimum_key_length": True}}),
            ("x" + token, secret, {}),
        ):
            with pytest.raises(jwt.PyJWTError) as error:
                jwt.decode(text, key, algorithms=["HS256"], **options)
            said.append(f"{error.value} {error.value!r} {error.value.args}")
    said += [str(item.message) for item in caught]
    assert caught
    for text in said:
        assert secret not in text
        assert token.split(".")[1] not in text
        assert "someone" not in text


def test_an_exp_counts_to_its_fraction_and_nbf_to_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/migrating.md says of fractions, whichever way the call goes."""
    expiring = jwt.encode({"exp": 1000.9}, SECRET, algorithm="HS256")
    starting = jwt.encode({"nbf": 1000.9, "iat": 1000.9}, SECRET, algorithm="HS256")
    spelt = jwt.encode({"nbf": "1000", "exp": "1001"}, SECRET, algorithm="HS256")
    for moment, lives, started in ((999.5, True, False), (1000.5, True, True), (1000.95, False, True)):
        monkeypatch.setattr(time, "time", lambda: moment)  # noqa: B023
        for token, good in ((expiring, lives), (starting, started), (spelt, started)):
            try:
                jwt.decode(token, SECRET, algorithms=["HS256"])
            except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
                assert not good, (token, moment)
            else:
                assert good, (token, moment)
