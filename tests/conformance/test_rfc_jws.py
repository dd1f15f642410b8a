"""JWS examples: RFC 7515 appendix A, RFC 7520 section 4, RFC 7797 section 4, RFC 8037 appendix A."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.conformance import examples
from tests.support import b64

COMPACT = [
    pytest.param(example, id=f"rfc{rfc}-{examples.name(example)}")
    for rfc in (7515, 7797, 8037)
    for example in examples.of(rfc, "jws-compact")
]


def private_key(jwk: dict[str, Any]) -> cyjwt.Key:
    return cyjwt.Key.from_jwk(jwk)


def public_key(jwk: dict[str, Any]) -> cyjwt.Key:
    """The verifying half, read from a JWK without its private members."""
    if jwk["kty"] == "oct":
        return cyjwt.Key.from_jwk(jwk)
    return cyjwt.Key.from_jwk({k: v for k, v in jwk.items() if k not in ("d", "p", "q", "dp", "dq", "qi")})


@pytest.mark.parametrize("example", COMPACT)
def test_the_signature_of_the_example_holds(example: dict[str, Any]) -> None:
    data, _, signature = example["token"].rpartition(".")
    public_key(example["key"]).verify(
        data.encode(), baseline.decode_segment(signature.encode()), example["alg"]
    )


@pytest.mark.parametrize("example", COMPACT)
def test_a_changed_signature_does_not_hold(example: dict[str, Any]) -> None:
    data, _, text = example["token"].rpartition(".")
    signature = bytearray(baseline.decode_segment(text.encode()))
    signature[len(signature) // 2] ^= 1
    with pytest.raises(cyjwt.InvalidSignatureError):
        public_key(example["key"]).verify(data.encode(), bytes(signature), example["alg"])


@pytest.mark.parametrize("example", COMPACT)
def test_signing_the_example_again(example: dict[str, Any]) -> None:
    data, _, text = example["token"].rpartition(".")
    signature = private_key(example["key"]).sign(data.encode(), example["alg"])
    public_key(example["key"]).verify(data.encode(), signature, example["alg"])
    if example.get("reproducible"):
        assert b64(signature) == text


@pytest.mark.parametrize("section", ["A.1", "A.2", "A.3"])
def test_rfc7515_examples_are_tokens(section: str) -> None:
    example = examples.one(7515, section)
    verifier = cyjwt.Verifier(public_key(example["key"]), clock=lambda: 1300819379)
    read = verifier.verify_complete(example["token"])
    assert read.claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert read.header["alg"] == example["alg"]
    late = cyjwt.Verifier(public_key(example["key"]), clock=lambda: 1300819380)
    with pytest.raises(cyjwt.ExpiredSignatureError):
        late.verify(example["token"])


@pytest.mark.parametrize(
    ("rfc", "section"), [(7515, "A.4"), (7797, "4.1"), (8037, "A.4-A.5")], ids=["A.4", "7797", "8037"]
)
def test_a_signed_payload_that_is_no_claims_set_is_not_a_jwt(rfc: int, section: str) -> None:
    example = examples.one(rfc, section)
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.Verifier(public_key(example["key"]), required=()).verify(example["token"])


@pytest.mark.parametrize("section", ["A.5", "E"])
def test_rfc7515_unsecured_tokens_are_refused(section: str) -> None:
    example = examples.one(7515, section)
    key = cyjwt.Key.from_secret(bytes(32))
    with pytest.raises(cyjwt.InvalidTokenError):
        cyjwt.Verifier(key, clock=lambda: 0, required=()).verify(example["token"])


def test_rfc7515_unsecured_token_is_an_algorithm_error() -> None:
    with pytest.raises(cyjwt.InvalidAlgorithmError):
        cyjwt.Verifier(cyjwt.Key.from_secret(bytes(32))).verify(examples.one(7515, "A.5")["token"])


@pytest.mark.parametrize("section", ["A.6", "A.7"])
def test_rfc7515_json_serialization_signatures_hold_and_are_no_jwt(section: str) -> None:
    example = examples.one(7515, section)
    jws = example["jws"]
    for signed, jwk in zip(jws.get("signatures", [jws]), example["keys"], strict=True):
        data = f"{signed['protected']}.{jws['payload']}".encode()
        algorithm = {"RSA": "RS256", "EC": "ES256"}[jwk["kty"]]
        public_key(jwk).verify(data, baseline.decode_segment(signed["signature"].encode()), algorithm)
        with pytest.raises(cyjwt.DecodeError):
            cyjwt.Verifier(public_key(jwk)).verify(baseline.dumps(jws))


def signatures(example: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, bytes, str]]:
    """Key, algorithm, signing input and signature text of each signature of an RFC 7520 example."""
    as_list = isinstance(example["alg"], list)
    algorithms = example["alg"] if as_list else [example["alg"]]
    keys = example["key"] if as_list else [example["key"]]
    payload = b64(example["payload"].encode())
    signed = example["output"]["json"]["signatures"]
    for algorithm, jwk, entry in zip(algorithms, keys, signed, strict=True):
        yield jwk, algorithm, f"{entry.get('protected', '')}.{payload}".encode(), entry["signature"]


@pytest.mark.parametrize("example", examples.of(7520, "jws"), ids=examples.name)
def test_rfc7520_signatures_hold(example: dict[str, Any]) -> None:
    for jwk, algorithm, data, text in signatures(example):
        public_key(jwk).verify(data, baseline.decode_segment(text.encode()), algorithm)
        again = private_key(jwk).sign(data, algorithm)
        public_key(jwk).verify(data, again, algorithm)
        # PKCS#1 v1.5 and HMAC have one signature; PSS and ECDSA are drawn anew.
        assert (b64(again) == text) == (algorithm in ("RS256", "HS256"))


@pytest.mark.parametrize("section", ["4.1", "4.2", "4.3", "4.4"])
def test_rfc7520_compact_is_the_same_signature(section: str) -> None:
    example = examples.one(7520, section)
    [(_, _, data, text)] = signatures(example)
    assert example["output"]["compact"] == f"{data.decode()}.{text}"
    # The payload is a sentence, so it is a JWS and not a JWT.
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.Verifier(public_key(example["key"]), required=()).verify(example["output"]["compact"])


def test_rfc7520_detached_content_is_not_a_jwt() -> None:
    example = examples.one(7520, "4.5")
    with pytest.raises(cyjwt.InvalidSignatureError):
        cyjwt.Verifier(public_key(example["key"]), required=()).verify(example["output"]["compact"])


def test_rfc7797_unencoded_payload_is_refused_in_a_jwt() -> None:
    example = examples.one(7797, "4.2")
    key = public_key(example["key"])
    # The signature itself is genuine, over the unencoded payload.
    head, _, text = example["token"].split(".")
    key.verify(f"{head}.$.02".encode(), baseline.decode_segment(text.encode()), "HS256")
    for token in (example["token"], f"{head}.$.02.{text}", f"{head}.{example['payload_b64u']}.{text}"):
        with pytest.raises(cyjwt.DecodeError):
            cyjwt.Verifier(key, required=()).verify(token)
