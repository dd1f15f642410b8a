"""THREATS.md, "Header and claims": what a well-signed token may still get wrong."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import AUDIENCE, ISSUER, NOW, clock, forge, good_claims, pair

HS256 = pair("HS256")
PAYLOAD = baseline.dumps(good_claims())


def header_token(**members: Any) -> str:
    return forge(json.dumps({"alg": "HS256", **members}).encode(), PAYLOAD, HS256.oracle)


def refused(token: str, error: type[Exception], claim: str | None = None, **options: Any) -> None:
    """Refused by the engine and by the oracle, with this very class and claim."""
    with pytest.raises(error) as caught:
        HS256.verifier(**options).verify(token)
    assert caught.type is error
    assert caught.value.claim == claim  # type: ignore[attr-defined]
    options.setdefault("clock", clock)
    assert baseline.verdict(token, HS256.oracle, **options) == (error.__name__, claim)


def accepted(token: str, **options: Any) -> dict[str, Any]:
    claims = HS256.verifier(**options).verify(token)
    options.setdefault("clock", clock)
    assert baseline.verify(token, HS256.oracle, **options) == claims
    return claims


def raw(claims: str) -> str:
    """A token whose payload is this very text."""
    return forge(b'{"alg":"HS256"}', claims.encode(), HS256.oracle)


# -- crit (RFC 7515 section 4.1.11)


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["x"], "x": 1},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["x", "x"], "x": 1},
        {"crit": "x", "x": 1},
        {"crit": {"x": 1}, "x": 1},
        {"crit": None},
        {"crit": True},
        {"crit": 1},
        {"crit": [1], "1": 1},
        {"crit": [None]},
        {"crit": [["x"]], "x": 1},
        {"crit": [""], "": 1},
        {"crit": ["x"]},
        {"crit": ["X"], "x": 1},
        {"crit": ["alg"]},
        {"crit": ["crit"]},
        {"crit": ["typ"], "typ": "JWT"},
        {"crit": ["kid"], "kid": "a"},
        {"crit": ["jwk"], "jwk": {}},
        {"crit": ["x5t#S256"], "x5t#S256": ""},
        {"crit": ["b64"], "b64": False},
        {"crit": ["http://example.com/UNDEFINED"], "http://example.com/UNDEFINED": True},
    ],
    ids=repr,
)
def test_crit_that_is_not_understood_or_not_right(members: dict[str, Any]) -> None:
    refused(header_token(**members), cyjwt.DecodeError)


def test_crit_that_is_understood() -> None:
    token = header_token(crit=["x", "y"], x=1, y=None)
    refused(token, cyjwt.DecodeError)
    refused(token, cyjwt.DecodeError, critical=["x"])
    accepted(token, critical=["x", "y"])
    accepted(token, critical=["x", "y", "z"])
    accepted(header_token(x=1), critical=["x"])


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["x", "x"], "x": 1},
        {"crit": []},
        {"crit": ["x"]},
        {"crit": ["x", "alg"], "x": 1},
        {"crit": ["x", 1], "x": 1},
        {"crit": "x", "x": 1},
    ],
    ids=repr,
)
def test_crit_must_be_right_even_where_its_names_are_understood(members: dict[str, Any]) -> None:
    try:
        verifier = HS256.verifier(critical=["x"])
    except ValueError:
        pytest.fail("a fair list of names")
    with pytest.raises(cyjwt.DecodeError):
        verifier.verify(header_token(**members))


@pytest.mark.parametrize("names", ["x", [1], [None], 1])
def test_critical_option_is_a_collection_of_names(names: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        HS256.verifier(critical=names)


# -- b64 (RFC 7797 section 7)


@pytest.mark.parametrize("members", [{"b64": False}, {"b64": False, "crit": ["b64"]}], ids=repr)
@pytest.mark.parametrize("critical", [(), ("b64",)])
def test_b64_false_is_refused(members: dict[str, Any], critical: tuple[str, ...]) -> None:
    try:
        verifier = HS256.verifier(critical=critical)
    except ValueError:
        return
    with pytest.raises(cyjwt.DecodeError):
        verifier.verify(header_token(**members))


@pytest.mark.parametrize("value", [0, None, "false", "", [], 1])
def test_b64_must_be_a_boolean(value: Any) -> None:
    refused(header_token(b64=value), cyjwt.DecodeError)


def test_b64_true_is_what_every_jwt_is() -> None:
    accepted(header_token(b64=True))


# -- typ (RFC 8725 section 3.11)


@pytest.mark.parametrize(
    ("wanted", "typ", "good"),
    [
        ("at+jwt", "at+jwt", True),
        ("at+jwt", "application/at+jwt", True),
        ("application/at+jwt", "at+jwt", True),
        ("application/at+jwt", "application/at+jwt", True),
        ("at+jwt", "AT+JWT", True),
        ("at+jwt", "Application/At+Jwt", True),
        ("JWT", "jwt", True),
        ("at+jwt", "JWT", False),
        ("at+jwt", "jwt", False),
        ("JWT", "at+jwt", False),
        ("at+jwt", "at+jwt ", False),
        ("at+jwt", " at+jwt", False),
        ("at+jwt", "at jwt", False),
        ("at+jwt", "", False),
        ("at+jwt", "at+jwt2", False),
        ("at+jwt", "at+jw", False),
        ("at+jwt", "text/at+jwt", False),
        ("at+jwt", "application/", False),
        ("at+jwt", "application/application/at+jwt", False),
        ("at+jwt", "at+jwt;charset=utf-8", False),
    ],
)
def test_typ_insisted_on(wanted: str, typ: str, good: bool) -> None:
    verifier = HS256.verifier(type=wanted)
    if good:
        assert verifier.verify(header_token(typ=typ))
    else:
        with pytest.raises(cyjwt.InvalidTokenError):
            verifier.verify(header_token(typ=typ))


def test_typ_insisted_on_and_absent() -> None:
    with pytest.raises(cyjwt.InvalidTokenError):
        HS256.verifier(type="at+jwt").verify(header_token())


@pytest.mark.parametrize("typ", [None, 1, True, [], ["at+jwt"], {}], ids=repr)
def test_typ_that_is_no_string(typ: Any) -> None:
    refused(header_token(typ=typ), cyjwt.DecodeError)
    refused(header_token(typ=typ), cyjwt.DecodeError, type="at+jwt")


def test_typ_is_free_where_none_is_insisted_on() -> None:
    for typ in ("JWT", "at+jwt", "whatever", ""):
        accepted(header_token(typ=typ))


# -- exp, nbf, iat

NO_DATE = [
    *('"1900000600"', '"x"', '""', "true", "false", "[]", "[1900000600]", "{}", "-1", "-0.5", "-1e300"),
    *("253402300800", "253402300799.5", "1e300", "9223372036854775808", "1" + "0" * 400),
]


@pytest.mark.parametrize("text", NO_DATE)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_dates_of_wrong_type_or_range(name: str, text: str) -> None:
    error = cyjwt.InvalidIssuedAtError if name == "iat" else cyjwt.DecodeError
    assert issubclass(error, cyjwt.DecodeError)
    refused(raw(f'{{"{name}":{text}}}'), error, name, required=())
    rest = '"exp":1900000600,' if name != "exp" else ""
    refused(raw(f'{{{rest}"{name}":{text}}}'), error, name)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_null_dates(name: str) -> None:
    error = cyjwt.InvalidIssuedAtError if name == "iat" else cyjwt.DecodeError
    refused(raw(f'{{"{name}":null}}'), error, name, required=())
    refused(
        raw(f'{{"exp":1900000600,"{name}":null}}') if name != "exp" else raw('{"exp":null}'),
        cyjwt.MissingRequiredClaimError,
        name,
        required=(name,),
    )


@pytest.mark.parametrize(
    "text", ["1900000600", "1900000600.0", "1900000600.75", "1.9000006e9", "19000006E2", "253402300799"]
)
def test_dates_that_are_right(text: str) -> None:
    value = json.loads(text)
    claims = accepted(raw(f'{{"exp":{text}}}'))
    assert claims == {"exp": value}
    assert type(claims["exp"]) is type(value)


def test_exp_edges() -> None:
    """Not valid "on or after" exp (RFC 7519 section 4.1.4); leeway moves the edge by as much."""
    expired = cyjwt.ExpiredSignatureError
    for leeway in (0, 5, 0.5, 60):
        refused(raw(f'{{"exp":{NOW - leeway}}}'), expired, "exp", leeway=leeway)
        refused(raw(f'{{"exp":{NOW - leeway - 1}}}'), expired, "exp", leeway=leeway)
        accepted(raw(f'{{"exp":{NOW - leeway + 1}}}'), leeway=leeway)
        accepted(raw(f'{{"exp":{NOW - leeway + 0.25}}}'), leeway=leeway)
    refused(raw('{"exp":0}'), expired, "exp")
    refused(raw('{"exp":0}'), expired, "exp", required=())


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_nbf_and_iat_edges(name: str) -> None:
    for leeway in (0, 5, 0.5, 60):
        accepted(raw(f'{{"{name}":{NOW + leeway}}}'), leeway=leeway, required=())
        accepted(raw(f'{{"{name}":0}}'), leeway=leeway, required=())
        for late in (0.25, 1, 1000):
            refused(
                raw(f'{{"{name}":{NOW + leeway + late}}}'),
                cyjwt.ImmatureSignatureError,
                name,
                leeway=leeway,
                required=(),
            )


def test_max_age() -> None:
    for age, leeway, good in (
        (0, 0, True),
        (10, 0, True),
        (11, 0, False),
        (15, 5, True),
        (16, 5, False),
        (10.5, 0, False),
    ):
        token = raw(f'{{"exp":{NOW + 9},"iat":{NOW - age}}}')
        if good:
            accepted(token, max_age=10, leeway=leeway)
        else:
            refused(token, cyjwt.ExpiredSignatureError, "iat", max_age=10, leeway=leeway)
    refused(raw(f'{{"exp":{NOW + 9}}}'), cyjwt.MissingRequiredClaimError, "iat", max_age=10)


def test_max_age_as_timedelta_is_defined() -> None:
    """A timedelta is taken, or refused in the constructor; never misread."""
    try:
        verifier = HS256.verifier(max_age=datetime.timedelta(seconds=10))
    except (TypeError, ValueError):
        return
    assert verifier.verify(raw(f'{{"exp":{NOW + 9},"iat":{NOW - 10}}}'))
    with pytest.raises(cyjwt.ExpiredSignatureError):
        verifier.verify(raw(f'{{"exp":{NOW + 9},"iat":{NOW - 11}}}'))


def test_exp_is_required_by_default() -> None:
    refused(raw('{"sub":"a"}'), cyjwt.MissingRequiredClaimError, "exp")
    accepted(raw('{"sub":"a"}'), required=())
    accepted(raw("{}"), required=())


# -- required


@pytest.mark.parametrize(
    "name", ["exp", "nbf", "iat", "iss", "sub", "aud", "jti", "scope", "", "é", "a" * 100]
)
def test_required_claim_absent_or_null(name: str) -> None:
    missing = cyjwt.MissingRequiredClaimError
    refused(raw("{}"), missing, name, required=(name,))
    refused(raw(json.dumps({name: None})), missing, name, required=(name,))
    refused(raw(json.dumps({name + "x": 1, "x": {name: 1}})), missing, name, required=(name,))


def test_required_claims_are_reported_in_the_callers_order() -> None:
    for order in (("a", "b"), ("b", "a")):
        refused(raw("{}"), cyjwt.MissingRequiredClaimError, order[0], required=order)
    refused(raw('{"a":0,"c":""}'), cyjwt.MissingRequiredClaimError, "b", required=("a", "b", "c"))


@pytest.mark.parametrize("value", ["0", "false", '""', "[]", "{}"])
def test_required_claim_may_be_falsy(value: str) -> None:
    accepted(raw(f'{{"a":{value}}}'), required=("a",))


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


# -- options, checked in the constructor


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, -0.001])
@pytest.mark.parametrize("name", ["leeway", "max_age"])
def test_times_in_options(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        HS256.verifier(**{name: value})


@pytest.mark.parametrize(
    "options",
    [
        *(
            {"leeway": "5"},
            {"leeway": None},
            {"leeway": [1]},
            {"max_age": "x"},
            {"max_token_size": 0},
            {"max_token_size": -1},
        ),
        *(
            {"max_token_size": "x"},
            {"max_token_size": 1.5},
            {"issuer": 1},
            {"issuer": [1]},
            {"issuer": []},
            {"issuer": b"x"},
        ),
        *(
            {"audience": 1},
            {"audience": [None]},
            {"audience": []},
            {"audience": b"x"},
            {"subject": 1},
            {"subject": ["a"]},
        ),
        *(
            {"required": [1]},
            {"required": "exp"},
            {"required": 1},
            {"type": 1},
            {"type": ["JWT"]},
            {"clock": 1},
        ),
        *({"allow_padding": "no"}, {"algorithms": 1}, {"unknown": 1}),
    ],
    ids=repr,
)
def test_other_options(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        HS256.verifier(**options)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, None, "x", 1j])
def test_clock_that_shows_no_time(value: Any) -> None:
    """No claims come of it: NaN compares false with everything, and would keep every token alive."""
    with pytest.raises(Exception) as caught:
        HS256.verifier(clock=lambda: value).verify(raw('{"exp":1,"nbf":0}'))
    assert caught.type is not SystemError


def test_clock_that_raises() -> None:
    """The clock is the caller's own code: its error is the caller's to see."""

    def broken() -> float:
        raise LookupError("no time")

    with pytest.raises(LookupError):
        HS256.verifier(clock=broken).verify(HS256.token())


def test_the_real_clock_is_the_systems() -> None:
    import time

    now = int(time.time())
    verifier = cyjwt.Verifier(HS256.public)
    assert verifier.verify(HS256.token({"exp": now + 60, "nbf": now - 60, "iat": now - 60}))
    with pytest.raises(cyjwt.ExpiredSignatureError):
        verifier.verify(HS256.token({"exp": now - 1}))
    with pytest.raises(cyjwt.ImmatureSignatureError):
        verifier.verify(HS256.token({"exp": now + 60, "nbf": now + 30}))
