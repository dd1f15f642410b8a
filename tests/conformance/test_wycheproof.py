"""Wycheproof's JOSE vectors that are about MACs and signatures.

A vector's payload is seldom a claims set, so a case is judged by the signature over the token's text:
``valid`` must hold through ``Key.verify``, ``invalid`` must be refused at some step. Besides, no
``invalid`` token may get a claims set, or a payload error (which only follows a good signature), out
of a ``Verifier``.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import NO_VECTORS, vectors_folder

pytestmark = pytest.mark.skipif(vectors_folder() is None, reason=NO_VECTORS)

#: Vectors marked ``valid`` that cyjwt refuses on purpose, by (file, comment).
STRICTER = {
    # The JWK's `alg` is the misspelt "ES521"; a key serves the algorithm that it names, exactly.
    ("json_web_signature", "Figure27"),
    # A `?` inside the payload's base64url.
    ("json_web_signature", "InvalidCharacterInsertedInPayload"),
}

#: Marked ``invalid``, yet the very text of another vector of the file that is ``valid``.
UNSPOILT = {("json_web_signature", "invalidBase64Padding")}


def is_good(test: dict[str, Any], name: str) -> bool:
    """The verdict that cyjwt must give."""
    case = (name, test["comment"])
    return case in UNSPOILT or (test["result"] == "valid" and case not in STRICTER)


def cases(name: str) -> list[Any]:
    folder = vectors_folder()
    if folder is None:
        return []
    document = json.loads((folder / "wycheproof" / "jose" / f"{name}_test.json").read_text("utf-8"))
    return [
        pytest.param(group, test, name, id=f"{test['tcId']}-{test['comment']}")
        for group in document["testGroups"]
        for test in group["tests"]
        if "jws" in test
    ]


CASES = [case for name in ("json_web_signature", "json_web_key", "json_web_crypto") for case in cases(name)]


def keys_of(group: dict[str, Any]) -> cyjwt.Key | cyjwt.KeySet:
    """The verifying key or set of a group, as a careful application would load it."""
    document = group.get("public", group["private"])
    if "keys" not in document:
        return cyjwt.Key.from_jwk(document)
    # Only a set that holds nothing but secrets can have been meant as a set of secrets.
    secrets = all(jwk["kty"] == "oct" for jwk in document["keys"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cyjwt.KeySet.from_jwks(document, private=secrets)


def text_of(test: dict[str, Any]) -> str:
    """The token, or the JSON text of a token in JSON serialization."""
    return test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])


def holds(keys: cyjwt.Key | cyjwt.KeySet, text: str) -> bool:
    """Whether the JWS verifies, over bare octets."""
    head, payload, tail = text.encode().split(b".")
    header = baseline.loads(baseline.decode_segment(head))
    baseline.decode_segment(payload)
    signature = baseline.decode_segment(tail)
    if isinstance(keys, cyjwt.KeySet):
        [key] = [key for key in keys if key.kid == header["kid"]]
    else:
        key = keys
    key.verify(head + b"." + payload, signature, header["alg"])
    return True


def test_the_vectors_are_here() -> None:
    assert len(CASES) > 200


@pytest.mark.parametrize(("group", "test", "name"), CASES)
def test_signature(group: dict[str, Any], test: dict[str, Any], name: str) -> None:
    text = text_of(test)
    if is_good(test, name):
        assert holds(keys_of(group), text)
    else:
        with pytest.raises((cyjwt.CyJWTError, ValueError, KeyError)):
            # ValueError and KeyError are this test's own: not three segments, no such key.
            holds(keys_of(group), text)


@pytest.mark.parametrize(("group", "test", "name"), CASES)
def test_verifier(group: dict[str, Any], test: dict[str, Any], name: str) -> None:
    text = text_of(test)
    if is_good(test, name):
        # A payload error is what comes after a signature that holds.
        with pytest.raises(cyjwt.DecodeError):
            cyjwt.Verifier(keys_of(group), required=()).verify(text)
        return
    with pytest.raises(cyjwt.CyJWTError) as caught:
        cyjwt.Verifier(keys_of(group), required=()).verify(text)
    well_formed = test["flags"] and test["flags"][0] in (
        "ModifiedPadding",
        "ModifiedSignature",
        "WrongPrimitive",
    )
    if well_formed:
        assert caught.type is cyjwt.InvalidSignatureError or caught.type is cyjwt.InvalidAlgorithmError
