"""Errors: one tree, stable codes, the claim at fault, and never a word of the token."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt import errors
from tests.support import NOW, b64, clock, forge, forge_text, good_claims, pair

HS256 = pair("HS256")
MARK = "s3cr3tmark"
EVERY = [getattr(errors, name) for name in errors.__all__]


def bad_tokens() -> dict[str, Any]:
    """A token for each way to fail, with the mark in every part that a message might repeat."""
    head = json.dumps({"alg": "HS256", "kid": MARK, "typ": MARK}).encode()

    def claims(**more: Any) -> str:
        return forge(head, json.dumps({**good_claims(sub=MARK, jti=MARK), **more}).encode(), HS256.oracle)

    def header(**more: Any) -> str:
        return forge(
            json.dumps({"alg": "HS256", **more}).encode(), baseline.dumps(good_claims(x=MARK)), HS256.oracle
        )

    return {
        "no segments": MARK,
        "four segments": claims() + "." + b64(MARK.encode()),
        "size": claims(pad="x" * 70_000),
        "not ASCII": claims() + "é" + MARK,
        "header base64": "!" + MARK + claims(),
        "header JSON": forge(f'{{"alg":"{MARK}'.encode(), b"{}", HS256.oracle),
        "header no object": forge(f'"{MARK}"'.encode(), b"{}", HS256.oracle),
        "alg": header(alg=MARK),
        "alg type": header(alg=[MARK]),
        "kid type": header(kid=[MARK]),
        "typ type": header(typ=[MARK]),
        "typ": header(typ=MARK),
        "crit": header(typ="JWT", crit=[MARK], **{MARK: 1}),
        "b64": header(b64=MARK),
        "signature": claims()[:-8] + "AAAAAAAA",
        "signature base64": claims() + "=",
        "payload base64": forge_text(f"{b64(head)}.!{MARK}".encode(), HS256.oracle),
        "payload JSON": forge(head, f'{{"a":"{MARK}"'.encode(), HS256.oracle),
        "payload duplicate": forge(head, f'{{"{MARK}":"{MARK}","{MARK}":1}}'.encode(), HS256.oracle),
        "payload no object": forge(head, f'["{MARK}"]'.encode(), HS256.oracle),
        "exp": claims(exp=1),
        "exp type": claims(exp=MARK),
        "nbf": claims(nbf=NOW + 1000),
        "iat": claims(iat=MARK),
        "iss": claims(iss=MARK),
        "iss type": claims(iss=[MARK]),
        "aud": claims(iss="me", aud=MARK),
        "aud type": claims(iss="me", aud={MARK: 1}),
        "sub": claims(iss="me", aud="me", sub=MARK),
        "sub type": claims(iss="me", aud="me", sub=[MARK]),
        "jti": claims(iss="me", aud="me", sub="me", jti=[MARK]),
    }


TOKENS = bad_tokens()


def caught(verifier: cyjwt.Verifier, token: Any) -> cyjwt.InvalidTokenError:
    with pytest.raises(cyjwt.InvalidTokenError) as info:
        verifier.verify(token)
    return info.value


def verifiers() -> list[cyjwt.Verifier]:
    own = cyjwt.KeySet([cyjwt.Key.from_secret(HS256.native, kid="a"), pair("RS256").public])
    return [
        HS256.verifier(issuer="me", audience="me", subject="me"),
        HS256.verifier(type="JWT"),
        cyjwt.Verifier(own, algorithms=["HS256", "RS256"], issuer="me", clock=clock),
    ]


def refused_tokens() -> list[tuple[str, cyjwt.InvalidTokenError]]:
    found = []
    for verifier in verifiers():
        for name, token in TOKENS.items():
            for text in (token, token.encode()):
                try:
                    verifier.verify(text)
                except cyjwt.InvalidTokenError as error:
                    found.append((name, error))
    return found


def test_every_way_to_fail_does_fail() -> None:
    strict = HS256.verifier(issuer="me", audience="me", subject="me", type=MARK)
    for token in TOKENS.values():
        caught(strict, token)


def test_no_message_repeats_the_token() -> None:
    found = refused_tokens()
    assert len(found) > 100
    for name, error in found:
        said = [
            str(error),
            repr(error),
            repr(error.args),
            repr(vars(error)),
            str(error.code),
            str(error.claim),
        ]
        said += ["".join(traceback.format_exception_only(error))]
        for text in said:
            assert MARK not in text, name
            assert MARK[:6] not in text, name
            assert b64(MARK.encode())[1:8] not in text, name
            assert "alg" not in text or "HS256" not in text, name


def test_no_cause_carries_the_token() -> None:
    for name, error in refused_tokens():
        assert error.__cause__ is None, name
        assert error.__context__ is None, name


def test_every_error_says_why_and_has_a_code() -> None:
    for name, error in refused_tokens():
        assert len(str(error)) > 8, name
        assert error.code.isidentifier(), name
        assert error.code == error.code.lower(), name
        assert error.claim is None or error.claim in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti"), name


def test_unverified_reading_repeats_nothing() -> None:
    for name in (
        "no segments",
        "four segments",
        "header base64",
        "header JSON",
        "payload JSON",
        "payload duplicate",
    ):
        with pytest.raises(cyjwt.DecodeError) as info:
            cyjwt.read_unverified(TOKENS[name])
        assert MARK not in repr(info.value) + str(info.value), name


def test_claim_at_fault_is_named() -> None:
    verifier = HS256.verifier(issuer="me", audience="me", subject="me")
    for name in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti"):
        error = caught(verifier, TOKENS[name])
        assert error.claim == name
    assert caught(HS256.verifier(required=("exp", "nothere")), TOKENS["iat"]).claim == "nothere"


def test_the_tree() -> None:
    for error in EVERY:
        assert issubclass(error, cyjwt.CyJWTError)
        assert getattr(cyjwt, error.__name__) is error
    for error in EVERY:
        if error not in (
            errors.CyJWTError,
            errors.InvalidKeyError,
            errors.JWKSError,
            errors.JWKSUnavailableError,
        ):
            assert issubclass(error, cyjwt.InvalidTokenError)
    assert issubclass(errors.JWKSUnavailableError, errors.JWKSError)
    assert not issubclass(errors.JWKSError, cyjwt.InvalidTokenError)
    assert not issubclass(errors.InvalidKeyError, cyjwt.InvalidTokenError)
    assert not issubclass(errors.CyJWTError, ValueError | TypeError | KeyError)
    codes = [error.code for error in EVERY]
    assert len(set(codes)) == len(codes)


def test_errors_pickle_and_copy() -> None:
    for name, error in refused_tokens():
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert type(again) is type(error), name
            assert (str(again), again.code, again.claim) == (str(error), error.code, error.claim), name


def test_errors_are_fresh_each_time() -> None:
    """A shared instance would grow tracebacks, and leak frames between threads."""
    verifier = HS256.verifier()
    one, other = caught(verifier, TOKENS["signature"]), caught(verifier, TOKENS["signature"])
    assert one is not other


def test_keys_and_verifiers_render_no_secret() -> None:
    secret = MARK.encode() * 4
    key = cyjwt.Key.from_secret(secret)
    for thing in (key, cyjwt.KeySet([key]), cyjwt.Verifier(key), cyjwt.Signer(key, algorithm="HS256")):
        assert MARK not in repr(thing)
        assert MARK not in str(thing)
        assert b64(secret)[:10] not in repr(thing)


def test_signer_errors_repeat_no_claims() -> None:
    signer = cyjwt.Signer(HS256.private)
    with pytest.raises(TypeError) as info:
        signer.sign({"sub": MARK, "roles": [{1, 2}]})
    assert MARK not in str(info.value)
    assert "roles" in str(info.value)
