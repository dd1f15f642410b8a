"""Header and claims: `exp`, `nbf`, `iat`, the clock, and required claims."""

from __future__ import annotations

import datetime
import json

import pytest

import cyjwt
from tests.security.claims_verdicts import HS256, accepted, raw, refused
from tests.support import NOW

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


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "sub", "aud", "jti", "scope", "é", "a" * 100])
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
