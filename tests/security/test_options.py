"""Header and claims: options are checked in the constructor, once."""

from __future__ import annotations

import math
from typing import Any

import pytest

import cyjwt
from tests.security.claims_verdicts import HS256, raw

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
            {"subject": ""},
            {"issuer": ""},
            {"audience": [""]},
            {"required": [""]},
            {"type": ["JWT"]},
            {"clock": "now"},
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
