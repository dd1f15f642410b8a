"""Header and claims: `crit`, `b64` and `typ`."""

from __future__ import annotations

from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.security.claims_verdicts import HS256, accepted, header_token, refused
from tests.support import forge, good_claims

# -- crit (RFC 7515 section 4.1.11)


NAMES_TWICE = {"crit": ["x", "x"], "x": 1}
NAMES_ABSENT = {"crit": ["x"]}


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["x"], "x": 1},
        {"crit": ["exp"], "exp": 1},
        {"crit": [""], "": 1},
        {"crit": ["X"], "x": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": ["http://example.com/UNDEFINED"], "http://example.com/UNDEFINED": True},
        NAMES_TWICE,
        NAMES_ABSENT,
    ],
    ids=repr,
)
def test_crit_that_is_not_understood(members: dict[str, Any]) -> None:
    refused(header_token(**members), cyjwt.InvalidTokenError)


@pytest.mark.parametrize(
    "members",
    [
        {"crit": []},
        {"crit": "x", "x": 1},
        {"crit": {"x": 1}, "x": 1},
        {"crit": None},
        {"crit": True},
        {"crit": 1},
        {"crit": [1], "1": 1},
        {"crit": [None]},
        {"crit": ["x", None], "x": 1},
        {"crit": [["x"]], "x": 1},
        {"crit": ["alg"]},
        {"crit": ["crit"]},
        {"crit": ["x", "typ"], "typ": "JWT", "x": 1},
        {"crit": ["kid"], "kid": "a"},
        {"crit": ["jwk"], "jwk": {}},
        {"crit": ["x5t#S256"], "x5t#S256": ""},
        {"crit": ["b64"], "b64": False},
    ],
    ids=repr,
)
@pytest.mark.parametrize("critical", [(), ("x",), ("x", "y")], ids=str)
def test_crit_that_is_malformed(members: dict[str, Any], critical: tuple[str, ...]) -> None:
    refused(header_token(**members), cyjwt.DecodeError, critical=critical)


@pytest.mark.parametrize("members", [NAMES_TWICE, NAMES_ABSENT], ids=repr)
def test_crit_that_names_an_understood_member_twice_or_an_absent_one(members: dict[str, Any]) -> None:
    refused(header_token(**members), cyjwt.DecodeError, critical=["x"])


def test_crit_that_is_understood() -> None:
    token = header_token(crit=["x", "y"], x=1, y=None)
    refused(token, cyjwt.InvalidTokenError)
    refused(token, cyjwt.InvalidTokenError, critical=["x"])
    accepted(token, critical=["x", "y"])
    accepted(token, critical=["x", "y", "z"])
    accepted(header_token(x=1), critical=["x"])
    text = rb'{"alg":"HS256","\u0078":1,"crit":["\u0078"]}'
    escaped = forge(text, baseline.dumps(good_claims()), HS256.oracle)
    refused(escaped, cyjwt.InvalidTokenError)
    accepted(escaped, critical=["x"])


@pytest.mark.parametrize("name", ["alg", "crit", "kid", "b64"])
def test_critical_option_names_no_member_that_must_not_be_critical(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        HS256.verifier(critical=["x", name])


@pytest.mark.parametrize("names", ["x", [1], [None], 1])
def test_critical_option_is_a_collection_of_names(names: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        HS256.verifier(critical=names)


# -- b64 (RFC 7797 section 7)


@pytest.mark.parametrize("members", [{"b64": False}, {"b64": False, "crit": ["b64"]}], ids=repr)
def test_b64_false_is_refused(members: dict[str, Any]) -> None:
    refused(header_token(**members), cyjwt.DecodeError)


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
        refused(header_token(typ=typ), cyjwt.InvalidTokenError, type=wanted)


def test_typ_insisted_on_and_absent() -> None:
    refused(header_token(), cyjwt.InvalidTokenError, type="at+jwt")


@pytest.mark.parametrize("typ", [None, 1, True, [], ["at+jwt"], {}], ids=repr)
def test_typ_that_is_no_string(typ: Any) -> None:
    refused(header_token(typ=typ), cyjwt.DecodeError)
    refused(header_token(typ=typ), cyjwt.DecodeError, type="at+jwt")


def test_typ_is_free_where_none_is_insisted_on() -> None:
    for typ in ("JWT", "at+jwt", "whatever", ""):
        accepted(header_token(typ=typ))
