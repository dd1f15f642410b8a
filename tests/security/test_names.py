"""Header and claims: `iss`, `aud`, `sub`, `jti`, and which fault comes first."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cyjwt
from tests.security.claims_verdicts import HS256, accepted, raw, refused
from tests.support import AUDIENCE, ISSUER, NOW

# -- iss


@pytest.mark.parametrize("text", ["1", "null", "true", "[]", "{}", json.dumps([ISSUER])])
def test_iss_that_is_no_string(text: str) -> None:
    refused(raw(f'{{"iss":{text}}}'), cyjwt.InvalidIssuerError, "iss", required=())
    with pytest.raises((cyjwt.InvalidIssuerError, cyjwt.MissingRequiredClaimError)) as caught:
        HS256.verifier(required=(), issuer=ISSUER).verify(raw(f'{{"iss":{text}}}'))
    assert caught.value.claim == "iss"


@pytest.mark.parametrize(
    "issuer",
    [
        ISSUER[:-1],
        ISSUER + "x",
        ISSUER.upper(),
        "",
        "https",
        "e",
        ISSUER + "\x00",
        " " + ISSUER,
        ISSUER + ISSUER,
    ],
)
@pytest.mark.parametrize("wanted", [ISSUER, [ISSUER], {ISSUER, "other"}], ids=["str", "list", "set"])
def test_iss_equality_is_exact(issuer: str, wanted: Any) -> None:
    refused(raw(json.dumps({"iss": issuer})), cyjwt.InvalidIssuerError, "iss", required=(), issuer=wanted)
    accepted(raw(json.dumps({"iss": ISSUER})), required=(), issuer=wanted)
    refused(raw("{}"), cyjwt.MissingRequiredClaimError, "iss", required=(), issuer=wanted)


def test_iss_is_free_where_none_is_wanted() -> None:
    accepted(raw('{"iss":"anybody"}'), required=())


# -- aud


@pytest.mark.parametrize(
    "text",
    ["1", "true", "{}", "[]", "[1]", '["orders",1]', '[["orders"]]', '["orders",null]', '{"orders":1}'],
)
@pytest.mark.parametrize("wanted", [AUDIENCE, None])
def test_aud_of_wrong_type(text: str, wanted: str | None) -> None:
    refused(raw(f'{{"aud":{text}}}'), cyjwt.InvalidAudienceError, "aud", required=(), audience=wanted)


def test_aud_null() -> None:
    refused(raw('{"aud":null}'), cyjwt.InvalidAudienceError, "aud", required=())
    with pytest.raises((cyjwt.InvalidAudienceError, cyjwt.MissingRequiredClaimError)):
        HS256.verifier(required=(), audience=AUDIENCE).verify(raw('{"aud":null}'))


@pytest.mark.parametrize(
    "aud",
    ["order", "orders2", "xorders", "Orders", "", "o", "orders ", "orders,billing", ["order", "s"], [""]],
)
@pytest.mark.parametrize("wanted", [AUDIENCE, [AUDIENCE], ("x", AUDIENCE), frozenset([AUDIENCE])], ids=repr)
def test_aud_equality_is_exact(aud: Any, wanted: Any) -> None:
    refused(raw(json.dumps({"aud": aud})), cyjwt.InvalidAudienceError, "aud", required=(), audience=wanted)


@pytest.mark.parametrize(
    "aud", [AUDIENCE, [AUDIENCE], ["billing", AUDIENCE], [AUDIENCE, "billing"], [AUDIENCE, AUDIENCE]]
)
@pytest.mark.parametrize("wanted", [AUDIENCE, [AUDIENCE], ("x", AUDIENCE), {AUDIENCE}], ids=repr)
def test_aud_that_names_this_audience(aud: Any, wanted: Any) -> None:
    accepted(raw(json.dumps({"aud": aud})), required=(), audience=wanted)


def test_aud_wanted_and_absent_or_present_and_unwanted() -> None:
    refused(raw("{}"), cyjwt.MissingRequiredClaimError, "aud", required=(), audience=AUDIENCE)
    for aud in (AUDIENCE, [AUDIENCE], ""):
        refused(raw(json.dumps({"aud": aud})), cyjwt.InvalidAudienceError, "aud", required=())


# -- sub and jti


@pytest.mark.parametrize("text", ["1", "null", "true", "[]", "{}", '["a"]', "1.5"])
def test_sub_and_jti_that_are_no_strings(text: str) -> None:
    refused(raw(f'{{"sub":{text}}}'), cyjwt.InvalidSubjectError, "sub", required=())
    refused(raw(f'{{"jti":{text}}}'), cyjwt.InvalidJTIError, "jti", required=())


def test_subject_expected() -> None:
    accepted(raw('{"sub":"a"}'), required=(), subject="a")
    for other in ("b", "aa", "", "A", "a "):
        refused(raw(json.dumps({"sub": other})), cyjwt.InvalidSubjectError, "sub", required=(), subject="a")
    refused(raw("{}"), cyjwt.MissingRequiredClaimError, "sub", required=(), subject="a")


def test_unicode_is_compared_as_it_is() -> None:
    """No normalisation: a composed and a decomposed letter are two issuers."""
    accepted(raw('{"iss":"\\u00e9"}'), required=(), issuer="é")
    refused(raw('{"iss":"e\\u0301"}'), cyjwt.InvalidIssuerError, "iss", required=(), issuer="é")
    accepted(raw('{"aud":"\\ud83d\\ude00"}'), required=(), audience="😀")


# -- the order of the checks


def test_first_fault_wins() -> None:
    """Signature before claims; required before dates; dates before names."""
    everything = {"exp": 1, "nbf": NOW + 99, "iat": "x", "iss": 1, "aud": 1, "sub": 1, "jti": 1}
    steps: list[tuple[str, Any, type[Exception]]] = [
        ("iat", NOW - 1, cyjwt.InvalidIssuedAtError),
        ("exp", NOW + 99, cyjwt.ExpiredSignatureError),
        ("nbf", NOW, cyjwt.ImmatureSignatureError),
        ("iss", ISSUER, cyjwt.InvalidIssuerError),
        ("aud", AUDIENCE, cyjwt.InvalidAudienceError),
        ("sub", "a", cyjwt.InvalidSubjectError),
        ("jti", "a", cyjwt.InvalidJTIError),
    ]
    options = {"issuer": ISSUER, "audience": AUDIENCE, "subject": "a"}
    refused(
        raw(json.dumps(everything)), cyjwt.MissingRequiredClaimError, "z", required=("exp", "z"), **options
    )
    for name, repaired, error in steps:
        refused(raw(json.dumps(everything)), error, name, **options)
        everything[name] = repaired
    accepted(raw(json.dumps(everything)), **options)
