"""Tokens: RFC 7519 sections 3.1 and 6.1, appendix A."""

from __future__ import annotations

import pytest

import cyjwt
from bench import baseline
from tests.conformance import examples


def test_rfc7519_section_3_1() -> None:
    example = examples.one(7519, "3.1")
    verifier = cyjwt.Verifier(
        cyjwt.Key.from_jwk(example["key"]), algorithms=["HS256"], issuer="joe", clock=lambda: 1300819379
    )
    token = verifier.verify_complete(example["token"])
    assert token.claims == example["claims"]
    assert token.header == {"typ": "JWT", "alg": "HS256"}
    assert token.signature == baseline.decode_segment(example["token"].rpartition(".")[2].encode())


def test_rfc7519_section_6_1_unsecured_is_refused() -> None:
    example = examples.one(7519, "6.1")
    verifier = cyjwt.Verifier(cyjwt.Key.from_secret(bytes(32)), clock=lambda: 1300819379)
    with pytest.raises(cyjwt.InvalidAlgorithmError):
        verifier.verify(example["token"])
    unverified = cyjwt.read_unverified(example["token"])
    assert (unverified.header, unverified.claims) == ({"alg": "none"}, example["claims"])
    assert unverified.signature == b""


@pytest.mark.parametrize("section", ["A.1", "A.2"])
def test_rfc7519_encrypted_tokens_are_refused(section: str) -> None:
    example = examples.one(7519, section)
    key = cyjwt.Key.from_jwk({k: v for k, v in example["key"].items() if k in ("kty", "n", "e")})
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.Verifier(key).verify(example["token"])


def test_rfc7519_nested_token_inside() -> None:
    example = examples.one(7519, "A.2")
    key = cyjwt.Key.from_jwk({k: v for k, v in example["inner_key"].items() if k in ("kty", "n", "e")})
    claims = cyjwt.Verifier(key, clock=lambda: 1300819379).verify(example["inner_token"])
    assert claims == example["claims"]
