"""The exception tree: its shape, its codes, and how little a refusal carries."""

from __future__ import annotations

import copy
import gc
import inspect
import json
import pickle
import sys
from typing import Any

import pytest

import cyjwt
from cyjwt import errors
from cyjwt._engine.status import message_of_json, reason_of_json
from tests.support import AUDIENCE, ISSUER, NOW, good_claims, pair

HS256 = pair("HS256")

CLASSES = {name: getattr(errors, name) for name in errors.__all__}

#: Codes are for logs and metrics: changing one is a breaking change.
CODES = {
    "CyJWTError": "error",
    "DecodeError": "malformed",
    "ExpiredSignatureError": "expired",
    "ImmatureSignatureError": "immature",
    "InvalidAlgorithmError": "invalid_algorithm",
    "InvalidAudienceError": "invalid_audience",
    "InvalidClaimsError": "claims_type",
    "InvalidIssuedAtError": "invalid_iat",
    "InvalidIssuerError": "invalid_issuer",
    "InvalidJTIError": "invalid_jti",
    "InvalidKeyError": "invalid_key",
    "InvalidSignatureError": "invalid_signature",
    "InvalidSubjectError": "invalid_subject",
    "InvalidTokenError": "invalid_token",
    "JWKSError": "jwks",
    "JWKSUnavailableError": "keys_unavailable",
    "KeyNotFoundError": "key_not_found",
    "MissingRequiredClaimError": "missing_claim",
    "RevocationUnknownError": "revocation_unknown",
    "RevokedTokenError": "revoked",
}

#: Classes that are about one claim name it themselves.
CLAIMS = {
    "ExpiredSignatureError": "exp",
    "InvalidAudienceError": "aud",
    "InvalidIssuedAtError": "iat",
    "InvalidIssuerError": "iss",
    "InvalidJTIError": "jti",
    "InvalidSubjectError": "sub",
}


def test_classes_and_codes() -> None:
    assert {name: kind.code for name, kind in CLASSES.items()} == CODES
    assert len(set(CODES.values())) == len(CODES)
    assert {name: kind.claim for name, kind in CLASSES.items() if kind.claim is not None} == CLAIMS
    for name, kind in CLASSES.items():
        assert kind.__name__ == name
        assert kind.__module__ == "cyjwt.errors"
        assert getattr(cyjwt, name) is kind
        assert inspect.getdoc(kind)
        parents = {
            "InvalidIssuedAtError": errors.DecodeError,
            "InvalidSignatureError": errors.DecodeError,
            "JWKSUnavailableError": errors.JWKSError,
            "CyJWTError": Exception,
        }
        above = (
            errors.CyJWTError
            if name in ("InvalidKeyError", "InvalidTokenError", "JWKSError")
            else errors.InvalidTokenError
        )
        assert kind.__bases__ == (parents.get(name, above),)
    defined = {n for n, v in vars(errors).items() if isinstance(v, type) and v.__module__ == "cyjwt.errors"}
    assert defined == set(errors.__all__)


@pytest.mark.parametrize("name", CLASSES)
def test_pickling_and_copies(name: str) -> None:
    plain, finer = CLASSES[name]("words"), CLASSES[name]("words", 2)
    finer.code, finer.claim, finer.more = "finer", "exp", [1]
    finer.add_note("a note")
    for error in (plain, finer, CLASSES[name]()):
        made = [copy.copy(error), copy.deepcopy(error)]
        made += [pickle.loads(pickle.dumps(error, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)]
        for again in made:
            assert type(again) is type(error)
            assert again.args == error.args
            assert (again.code, again.claim, vars(again)) == (error.code, error.claim, vars(error))
    assert CLASSES[name].code == CODES[name]
    assert CLASSES[name].claim == CLAIMS.get(name)


def forged(payload: bytes, header: bytes = b'{"alg":"HS256"}') -> str:
    return HS256.forge(header, payload)


def claims(**more: Any) -> str:
    whole: dict[str, Any] = {"exp": NOW + 9, "iss": ISSUER, "aud": AUDIENCE, "sub": "s", "iat": NOW}
    return HS256.token({name: value for name, value in (whole | more).items() if value != "absent"})


def header(text: str) -> str:
    return forged(json.dumps(good_claims()).encode(), text.encode())


#: Every reason for which ``verify`` refuses: a token, the class, the code, the claim.
REASONS: list[tuple[Any, str, str, str | None]] = [
    (None, "DecodeError", "token_type", None),
    ("x" * 2001, "DecodeError", "too_large", None),
    (b"x" * 2001, "DecodeError", "too_large", None),
    (bytearray(2001), "DecodeError", "too_large", None),
    ("a.b", "DecodeError", "segments", None),
    ("é.b.c", "DecodeError", "invalid_base64", None),
    ("*.b.c", "DecodeError", "invalid_base64", None),
    (claims() + "=", "DecodeError", "invalid_base64", None),
    (header("[]"), "DecodeError", "not_an_object", None),
    (header("{"), "DecodeError", "invalid_json", None),
    (
        header('{"a":"\udcff"}'.encode("utf-8", "surrogateescape").decode("latin-1")),
        "InvalidAlgorithmError",
        "invalid_algorithm",
        None,
    ),
    (forged(b"{}", b'{"a":"\xff"}'), "DecodeError", "invalid_utf8", None),
    (header(r'{"a":"\ud800"}'), "DecodeError", "lone_surrogate", None),
    (header('{"alg":"HS256","alg":"HS256"}'), "DecodeError", "duplicate_member", None),
    (header("[" * 129), "DecodeError", "too_deep", None),
    (header('{"a":1e999}'), "DecodeError", "number_range", None),
    (header("{}"), "InvalidAlgorithmError", "invalid_algorithm", None),
    (header('{"alg":1}'), "InvalidAlgorithmError", "invalid_algorithm", None),
    (header('{"alg":"XS256"}'), "InvalidAlgorithmError", "invalid_algorithm", None),
    (header('{"alg":"nOnE"}'), "InvalidAlgorithmError", "invalid_algorithm", None),
    (header('{"alg":"HS384"}'), "InvalidAlgorithmError", "invalid_algorithm", None),
    (header('{"alg":"HS256","kid":1}'), "DecodeError", "invalid_header", None),
    (header('{"alg":"HS256","typ":1}'), "DecodeError", "invalid_header", None),
    (header('{"alg":"HS256","typ":"x"}'), "InvalidTokenError", "invalid_type", None),
    (header('{"alg":"HS256","crit":[]}'), "DecodeError", "invalid_crit", None),
    (header('{"alg":"HS256","crit":["x"]}'), "InvalidTokenError", "unsupported_crit", None),
    (header('{"alg":"HS256","b64":false}'), "DecodeError", "unencoded_payload", None),
    (HS256.token(header={"kid": "b"}), "KeyNotFoundError", "key_not_found", None),
    (claims()[:-4] + "AAAA", "InvalidSignatureError", "invalid_signature", None),
    (claims(exp="absent"), "MissingRequiredClaimError", "missing_claim", "exp"),
    (claims(exp="x"), "DecodeError", "invalid_exp", "exp"),
    (claims(nbf="x"), "DecodeError", "invalid_nbf", "nbf"),
    (claims(iat="x"), "InvalidIssuedAtError", "invalid_iat", "iat"),
    (claims(exp=NOW), "ExpiredSignatureError", "expired", "exp"),
    (claims(nbf=NOW + 1), "ImmatureSignatureError", "immature", "nbf"),
    (claims(iat=NOW + 1), "ImmatureSignatureError", "immature", "iat"),
    (claims(iat=NOW - 61), "ExpiredSignatureError", "too_old", "iat"),
    (claims(iat="absent"), "MissingRequiredClaimError", "missing_claim", "iat"),
    (claims(iss=1), "InvalidIssuerError", "invalid_issuer", "iss"),
    (claims(iss="x"), "InvalidIssuerError", "invalid_issuer", "iss"),
    (claims(iss="absent"), "MissingRequiredClaimError", "missing_claim", "iss"),
    (claims(aud=1), "InvalidAudienceError", "invalid_audience", "aud"),
    (claims(aud="x"), "InvalidAudienceError", "invalid_audience", "aud"),
    (claims(aud="absent"), "MissingRequiredClaimError", "missing_claim", "aud"),
    (claims(sub=1), "InvalidSubjectError", "invalid_subject", "sub"),
    (claims(sub="x"), "InvalidSubjectError", "invalid_subject", "sub"),
    (claims(sub="absent"), "MissingRequiredClaimError", "missing_claim", "sub"),
    (claims(jti=1), "InvalidJTIError", "invalid_jti", "jti"),
    (forged(b"[]"), "DecodeError", "not_an_object", None),
    (forged(b"{"), "DecodeError", "invalid_json", None),
    (forged(b'{"a":"\xff"}'), "DecodeError", "invalid_utf8", None),
    (forged(rb'{"a":"\udc00"}'), "DecodeError", "lone_surrogate", None),
    (forged(b'{"a":1,"a":1}'), "DecodeError", "duplicate_member", None),
    (forged(b"[" * 129), "DecodeError", "too_deep", None),
    (forged(b'{"a":1e999}'), "DecodeError", "number_range", None),
]


def strict() -> cyjwt.Verifier:
    key = cyjwt.KeySet([cyjwt.Key.from_secret(HS256.native, kid="a", algorithm="HS256")])
    options: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "subject": "s",
        "max_age": 60,
        "clock": NOW,
    }
    return cyjwt.Verifier(key, max_token_size=2000, **options)


def verifier_for(code: str) -> cyjwt.Verifier:
    if code == "invalid_type":
        return HS256.verifier(type="JWT")
    return strict()


@pytest.mark.parametrize(("token", "kind", "code", "claim"), REASONS)
def test_every_reason(token: Any, kind: str, code: str, claim: str | None) -> None:
    with pytest.raises(cyjwt.InvalidTokenError) as caught:
        verifier_for(code).verify(token)
    error = caught.value
    assert (type(error).__name__, error.code, error.claim) == (kind, code, claim)
    # Message, and nothing that holds on to more: no cause, no context, no frame of the engine.
    assert len(error.args) == 1
    assert isinstance(error.args[0], str)
    assert error.__cause__ is None
    assert error.__context__ is None
    traceback = error.__traceback__
    assert traceback is not None
    assert traceback.tb_next is None, "the engine adds no traceback entry"
    assert set(vars(error)) <= {"code", "claim"}
    assert len(gc.get_referrers(error)) < 5


def test_codes_are_told_apart() -> None:
    """A code belongs to one class, but for a claim that is absent or a date that has passed."""
    classes: dict[str, set[str]] = {}
    for _, kind, code, _ in REASONS:
        classes.setdefault(code, set()).add(kind)
    assert all(len(kinds) == 1 for kinds in classes.values())


def test_an_error_is_new_each_time() -> None:
    verifier = strict()
    for token in (claims()[:-4] + "AAAA", claims(exp=1), "a.b", header("{}")):
        made = []
        for _ in range(2):
            with pytest.raises(cyjwt.InvalidTokenError) as caught:
                verifier.verify(token)
            made.append(caught.value)
        assert made[0] is not made[1]
        made[0].code = made[0].claim = "changed"
        made[0].args = ("changed",)
        assert "changed" not in (made[1].code, made[1].claim, *made[1].args)
        assert "changed" not in (type(made[1]).code, type(made[1]).claim)
        with pytest.raises(type(made[1])) as caught:
            verifier.verify(token)
        assert caught.value.args == made[1].args


def test_an_error_inside_an_except_clause_has_its_context() -> None:
    try:
        raise LookupError("first")
    except LookupError as first:
        with pytest.raises(cyjwt.InvalidSignatureError) as caught:
            strict().verify(claims()[:-4] + "AAAA")
        assert caught.value.__context__ is first  # noqa: PT017


def test_missing_claims_are_named_in_words_too() -> None:
    for name in ("exp", "é", "https://example.com/role", "a b"):
        with pytest.raises(cyjwt.MissingRequiredClaimError) as caught:
            HS256.verifier(required=[name]).verify(forged(b"{}"))
        assert caught.value.claim == name
        assert str(caught.value) == f'Token is missing the "{name}" claim'


def test_reference_counts_of_what_errors_share() -> None:
    verifier = strict()
    tokens = [token for token, _, code, _ in REASONS if code != "invalid_type"]

    def rounds(count: int) -> None:
        for _ in range(count):
            for token in tokens:
                try:
                    verifier.verify(token)
                except cyjwt.InvalidTokenError:
                    continue

    gc.collect()  # what other tests left holds some of these, and may go at any moment
    rounds(40)  # until the memories have settled
    watched = [*CLASSES.values(), "exp", "iss", None]
    before, blocks = [sys.getrefcount(x) for x in watched], sys.getallocatedblocks()
    rounds(100)
    assert all(abs(sys.getrefcount(x) - n) < 50 for x, n in zip(watched, before, strict=True))
    assert sys.getallocatedblocks() - blocks < 100


def test_words_for_json() -> None:
    assert reason_of_json(0) is None
    assert reason_of_json(-1) == "not_an_object"
    codes = [reason_of_json(kind) for kind in range(1, 7)]
    assert len(set(codes)) == 6
    assert len({message_of_json(kind) for kind in range(1, 7)}) == 6
    with pytest.raises(MemoryError):
        reason_of_json(7)
