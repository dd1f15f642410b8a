"""Keys: RFC 7517 appendices A and B, RFC 7518's table, RFC 7520 section 3, RFC 7638, RFC 8037."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt.algorithms import ALGORITHMS, RSA_PSS
from tests.conformance import examples
from tests.support import native_key

DATA = b"some octets to sign"


def test_rfc7517_a1_public_set() -> None:
    jwks = examples.one(7517, "A.1")["jwks"]
    with warnings.catch_warnings():
        # The set's EC key is for encryption; whether that is worth a warning is not the point here.
        warnings.simplefilter("ignore")
        keys = list(cyjwt.KeySet.from_jwks(jwks))
    [rsa] = [key for key in keys if key.kty == "RSA"]
    assert rsa.kid == "2011-04-29"
    assert rsa.verify_algorithms == {"RS256"}
    assert not rsa.private
    for key in keys:
        if key.use == "enc":
            assert not key.verify_algorithms


def test_rfc7517_a2_private_set_is_not_for_verifying() -> None:
    jwks = examples.one(7517, "A.2")["jwks"]
    with pytest.warns(UserWarning, match="private"), pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.KeySet.from_jwks(jwks)
    public = [{k: v for k, v in jwk.items() if k in ("kty", "n", "e", "kid")} for jwk in jwks["keys"]]
    mixed = {"keys": [jwks["keys"][0], public[1]]}
    with pytest.warns(UserWarning, match="private"):
        assert [key.private for key in cyjwt.KeySet.from_jwks(mixed)] == [False]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keys = list(cyjwt.KeySet.from_jwks(jwks, private=True))
    [rsa] = [key for key in keys if key.kty == "RSA"]
    assert rsa.private
    rsa.public().verify(DATA, rsa.sign(DATA, "RS256"), "RS256")


def test_rfc7517_a3_symmetric_keys_are_never_published() -> None:
    jwks = examples.one(7517, "A.3")["jwks"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(cyjwt.InvalidKeyError):
            cyjwt.KeySet.from_jwks(jwks)
        keys = list(cyjwt.KeySet.from_jwks(jwks, private=True))
    # The first is for key wrapping and 128 bits long; no JWS algorithm may use it.
    assert [key.kid for key in keys if key.verify_algorithms] == ["HMAC key used in JWS A.1 example"]


def test_rfc7517_b_key_with_certificate_chain() -> None:
    jwk = examples.one(7517, "B")["jwk"]
    key = cyjwt.Key.from_jwk(jwk)
    assert (key.kty, key.kid, key.use, key.bits) == ("RSA", "1b94c", "sig", 2048)


@pytest.mark.parametrize("rule", examples.of(7518), ids=lambda rule: rule["alg"])
def test_rfc7518_table(rule: dict[str, Any]) -> None:
    row = ALGORITHMS[rule["alg"]]
    assert (row.kty, row.hash_bits) == (rule["kty"], rule["hash"])
    assert row.signature_size == (rule["signature_octets"] or 0)
    if "least_key_bits" in rule:
        assert row.least_key_bits == rule["least_key_bits"]
    if "crv" in rule:
        assert row.curves == (rule["crv"],)
    if "salt_octets" in rule:
        assert row.family == RSA_PSS


@pytest.mark.parametrize("rule", examples.of(7518), ids=lambda rule: rule["alg"])
def test_rfc7518_signatures_have_the_size_and_are_the_oracles(rule: dict[str, Any]) -> None:
    native = native_key("RS256" if rule["kty"] == "RSA" else rule["alg"])
    if rule["kty"] == "oct":
        key, oracle = cyjwt.Key.from_secret(native), baseline.Key.from_secret(native)
    else:
        key, oracle = cyjwt.Key.from_cryptography(native), baseline.Key.from_cryptography(native)
    signature = key.sign(DATA, rule["alg"])
    assert len(signature) == (rule["signature_octets"] or 256)
    # `cryptography` checks the salt's length exactly: hash length, as section 3.5 demands.
    assert baseline.check_signature(oracle, rule["alg"], DATA, signature)
    key.verify(DATA, baseline.make_signature(oracle, rule["alg"], DATA), rule["alg"])


@pytest.mark.parametrize("section", ["3.1", "3.2", "3.3", "3.4", "3.5"])
def test_rfc7520_keys_round_trip(section: str) -> None:
    jwk = examples.one(7520, section)["jwk"]
    key = cyjwt.Key.from_jwk(jwk)
    assert key.kid == jwk["kid"]
    assert key.private == ("d" in jwk or "k" in jwk)
    again = key.to_jwk(private=key.private)
    assert {name: again.get(name) for name in jwk} == jwk


def test_rfc7520_encryption_key_is_not_for_signing() -> None:
    jwk = examples.one(7520, "3.6")["jwk"]
    assert jwk["use"] == "enc"
    try:
        key = cyjwt.Key.from_jwk(jwk)
    except cyjwt.InvalidKeyError:
        return
    assert not key.algorithms


@pytest.mark.parametrize(
    "example",
    [examples.one(7638, "3.1"), examples.one(8037, "A.3")],
    ids=["rfc7638", "rfc8037"],
)
def test_thumbprints(example: dict[str, Any]) -> None:
    assert cyjwt.Key.from_jwk(example["jwk"]).thumbprint() == example["thumbprint"]


def test_rfc8037_private_key_gives_its_public_half() -> None:
    example = examples.one(8037, "A.1-A.2")
    key = cyjwt.Key.from_jwk(example["jwk_private"])
    public = key.public().to_jwk()
    assert {name: public[name] for name in ("kty", "crv", "x")} == example["jwk_public"]
    assert "d" not in public
