"""The options of a verifier, each alone: what it becomes, and what it refuses."""

from __future__ import annotations

import math
import pickle
from collections import UserList, deque
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt import policy
from cyjwt.algorithms import ALGORITHMS

DEFAULTS: dict[str, Any] = {
    "algorithms": None,
    "issuer": None,
    "audience": None,
    "subject": None,
    "leeway": 0,
    "required": ("exp",),
    "type": None,
    "max_age": None,
    "max_token_size": 65_536,
    "clock": None,
    "allow_padding": False,
    "critical": (),
    "revoked": None,
    "revocation_failure": "refuse",
    "cache": None,
    "claims_type": None,
}


def read(**options: Any) -> policy.Policy:
    return policy.read_policy(**{**DEFAULTS, **options})


def test_defaults_are_those_of_a_verifier() -> None:
    import inspect

    parameters = inspect.signature(cyjwt.Verifier.__new__).parameters
    said = {name: p.default for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    assert said == DEFAULTS
    made = read()
    assert (made.algorithms, made.issuers, made.audiences, made.subject) == (None, (), (), None)
    assert (made.leeway, made.required, made.type, made.max_age) == (0.0, ("exp",), None, None)
    assert (made.max_token_size, made.clock, made.allow_padding, made.critical) == (65_536, None, False, ())


def test_a_checker_is_told_of_every_option() -> None:
    """The list that nothing at run time reads, and so nothing else would miss a new option in."""
    import ast

    tree = ast.parse(Path(policy.__file__).read_text("utf-8"))
    (listed,) = (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == "VerifierOptions")
    told = {
        n.target.id for n in listed.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    }
    assert told == DEFAULTS.keys() - {"algorithms", "cache", "claims_type"}


def test_a_policy_says_its_options_and_travels() -> None:
    made = read(issuer=["a"], required=["x"], leeway=5, type="at+jwt", clock=7)
    options = made.options()
    assert set(options) == {*DEFAULTS, "issuers", "audiences", "unchecked"} - {"issuer", "audience"}
    assert policy.Policy(**options).options() == options  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(made))
    assert again.options() | {"clock": None} == options | {"clock": None}
    assert again.clock() == 7
    with pytest.raises((AttributeError, TypeError)):
        made.more = 1  # type: ignore[attr-defined]


# -- text and names

TEXTS: list[tuple[str, str]] = [("issuer", "issuers"), ("audience", "audiences")]
COLLECTIONS: list[Callable[[list[Any]], Any]] = [list, tuple, set, frozenset, deque, UserList, dict.fromkeys]


@pytest.mark.parametrize(("option", "field"), TEXTS)
def test_one_or_several_names(option: str, field: str) -> None:
    assert getattr(read(**{option: "a"}), field) == ("a",)
    assert getattr(read(**{option: ["b", "a", "b"]}), field) == ("b", "a")
    for make in COLLECTIONS:
        assert set(getattr(read(**{option: make(["a", "b"])}), field)) == {"a", "b"}
    for empty in ([], (), set(), {}):
        with pytest.raises(ValueError, match="must not be empty"):
            read(**{option: empty})


@pytest.mark.parametrize("option", ["algorithms", "required", "critical"])
def test_several_names(option: str) -> None:
    name = "HS256" if option == "algorithms" else "a"
    other = "ES256" if option == "algorithms" else "b"
    assert getattr(read(**{option: [name, other, name]}), option) == (name, other)
    for make in COLLECTIONS:
        assert set(getattr(read(**{option: make([name, other])}), option)) == {name, other}
    with pytest.raises(TypeError, match=option):
        read(**{option: name})


@pytest.mark.parametrize("option", ["issuer", "audience", "required", "critical", "algorithms"])
@pytest.mark.parametrize(
    "value", [b"a", bytearray(b"a"), 1, 1.5, True, object(), iter(["a"]), [1], [None], [b"a"], [["a"]]]
)
def test_names_of_a_wrong_type(option: str, value: Any) -> None:
    with pytest.raises(TypeError):
        read(**{option: value})


@pytest.mark.parametrize("option", ["issuer", "audience", "required", "critical", "subject", "type"])
def test_names_that_can_mean_nothing(option: str) -> None:
    for value in ("", "\ud800", "a\udfffb"):
        given = value if option in ("subject", "type") else [value]
        with pytest.raises(ValueError, match=f"{option} "):
            read(**{option: given})


@pytest.mark.parametrize("option", ["subject", "type"])
def test_a_single_text(option: str) -> None:
    assert getattr(read(**{option: "a"}), option) == "a"
    for value in (b"a", 1, ["a"], ("a",), True, object()):
        with pytest.raises(TypeError, match=f"{option} must be str"):
            read(**{option: value})


def test_algorithms_are_exact_names() -> None:
    assert read(algorithms=list(ALGORITHMS)).algorithms == tuple(ALGORITHMS)
    for wrong in ("none", "None", "hs256", "HS256 ", "HS", "", "RSA-OAEP", "A256KW", "*"):
        with pytest.raises(ValueError, match=r"algorithm|empty"):
            read(algorithms=[wrong])
    with pytest.raises(ValueError, match="algorithms must not be empty"):
        read(algorithms=[])


def test_critical_names_no_registered_member() -> None:
    assert read(critical=["exp", "http://example.com/x"]).critical == ("exp", "http://example.com/x")
    for name in ("alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "b64"):
        with pytest.raises(ValueError, match=f"critical must not name {name}"):
            read(critical=["x", name])
    with pytest.raises(ValueError, match="critical must not name alg, b64"):
        read(critical=["b64", "alg", "x"])


# -- durations


@pytest.mark.parametrize("option", ["leeway", "max_age"])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0.0),
        (0.0, 0.0),
        (-0.0, 0.0),
        (5, 5.0),
        (2.5, 2.5),
        (10**300, 1e300),
        (timedelta(), 0.0),
        (timedelta(minutes=2, milliseconds=500), 120.5),
        (timedelta.max, timedelta.max.total_seconds()),
    ],
)
def test_durations(option: str, value: Any, seconds: float) -> None:
    made = getattr(read(**{option: value}), option)
    assert type(made) is float
    assert made == seconds


@pytest.mark.parametrize("option", ["leeway", "max_age"])
@pytest.mark.parametrize(
    "value",
    [-1, -0.001, math.nan, math.inf, -math.inf, 10**400, -(10**400), timedelta(seconds=-1), timedelta.min],
)
def test_durations_that_can_mean_nothing(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{option} must be finite and not negative"):
        read(**{option: value})


@pytest.mark.parametrize("option", ["leeway", "max_age"])
@pytest.mark.parametrize("value", [True, False, "5", b"5", 1j, Decimal(5), Fraction(5), [5], (5,), object()])
def test_durations_of_a_wrong_type(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{option} must be a number of seconds or a timedelta"):
        read(**{option: value})


def test_leeway_none_is_no_leeway_to_speak_of() -> None:
    with pytest.raises(TypeError):
        read(leeway=None)


# -- sizes and switches


def test_max_token_size() -> None:
    for size in (1, 100, 1 << 30):
        assert read(max_token_size=size).max_token_size == size
    for size in (0, -1, (1 << 30) + 1, 10**30):
        with pytest.raises(ValueError, match="max_token_size must be from 1 to"):
            read(max_token_size=size)
    for wrong in (True, 1.5, "1", None, math.inf):
        with pytest.raises(TypeError, match="max_token_size"):
            read(max_token_size=wrong)


def test_allow_padding() -> None:
    assert read(allow_padding=True).allow_padding is True
    for wrong in (0, 1, None, "yes", []):
        with pytest.raises(TypeError, match="allow_padding must be a bool"):
            read(allow_padding=wrong)


# -- typ


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("JWT", "jwt"),
        ("at+JWT", "at+jwt"),
        ("application/at+jwt", "at+jwt"),
        ("APPLICATION/At+Jwt", "at+jwt"),
        ("application/a/b", "application/a/b"),
        ("text/plain", "text/plain"),
        ("applications/x", "applications/x"),
        ("xapplication/x", "xapplication/x"),
    ],
)
def test_the_normal_form_of_a_type(given: str, normal: str) -> None:
    assert policy.media_type(given) == normal
    assert read(type=given).type == normal


# -- the clock


def test_a_clock_is_asked_once_when_it_is_given() -> None:
    calls: list[int] = []

    def clock() -> float:
        calls.append(1)
        return 5.0

    assert read(clock=clock).clock is clock
    assert calls == [1]


@pytest.mark.parametrize("value", [0, 0.5, 1_900_000_000, 253_402_300_799])
def test_a_number_is_a_clock_that_stands_still(value: float) -> None:
    clock = read(clock=value).clock
    assert clock is not None
    assert clock() == clock() == value


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 10**400])
def test_times_that_no_clock_shows(value: Any) -> None:
    for clock in (value, lambda: value):
        with pytest.raises(ValueError, match="clock must be finite and not negative"):
            read(clock=clock)


def test_times_past_the_year_9999_are_refused_at_once() -> None:
    """A clock in milliseconds is a mistake that ``verify`` must not be the first to notice."""
    for value in (1.9e12, 253_402_300_800, 1e300):
        for clock in (value, lambda shown=value: shown):
            with pytest.raises(ValueError, match="clock"):
                read(clock=clock)


@pytest.mark.parametrize("value", [True, "5", b"5", None, 1j, [5], Decimal(5)])
def test_clocks_of_a_wrong_type(value: Any) -> None:
    if value is not None:
        with pytest.raises(TypeError):
            read(clock=value)
    with pytest.raises(TypeError):
        read(clock=lambda: value)


def test_a_clock_that_raises_is_heard_at_once() -> None:
    def broken() -> float:
        raise LookupError("no time")

    with pytest.raises(LookupError):
        read(clock=broken)


def test_every_error_of_an_option_is_a_type_or_value_error() -> None:
    """Not one of the library's own, which are about tokens and keys."""
    junk: list[Any] = [object(), b"\xff", [object()], {1: 2}, "", "\ud800", -1, math.nan, [[]]]
    for option in DEFAULTS.keys() - {"claims_type"}:  # which is read when the engine is compiled
        for value in junk:
            if option == "revoked" and isinstance(value, list | dict):
                continue  # a container, whatever it holds
            with pytest.raises(
                (TypeError, ValueError), match="algorithm" if option == "algorithms" else option
            ):
                read(**{option: value})
