"""THREATS.md, "Header and claims": `crit`, `b64` and `typ`."""

from __future__ import annotations

from typing import Any

import pytest

import cyjwt
from tests.security.claims_verdicts import HS256, accepted, header_token, refused

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
