"""Signer: its options, its header, the claims it adds, and what may go wrong while it signs."""

from __future__ import annotations

import base64
import json
import math
from collections import OrderedDict, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt.algorithms import ALGORITHMS
from tests.support import AUDIENCE, ISSUER, NOW, clock, pair

HS256 = pair("HS256")


def parts(token: str) -> tuple[str, str]:
    """The texts of header and payload."""
    header, payload, _ = token.split(".")
    return tuple(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)).decode() for x in (header, payload))  # type: ignore[return-value]


def signer(**options: Any) -> cyjwt.Signer:
    options.setdefault("algorithm", "HS256")
    options.setdefault("clock", clock)
    return cyjwt.Signer(HS256.private, **options)


def header_of(made: cyjwt.Signer) -> dict[str, Any]:
    return cyjwt.read_unverified(made.sign({})).header


def claims_of(made: cyjwt.Signer, claims: dict[str, Any] | None = None) -> dict[str, Any]:
    return cyjwt.read_unverified(made.sign({} if claims is None else claims)).claims


# -- the token


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm(algorithm: str) -> None:
    keys = pair(algorithm)
    made = cyjwt.Signer(keys.private, algorithm=algorithm)
    assert made.algorithm == algorithm
    assert made.key is keys.private
    for claims in ({}, {"a": 1}, {"text": "é€😀" * 2000}, {str(i): i for i in range(3000)}):
        token = made.sign(claims)
        assert type(token) is str
        assert token.isascii()
        assert baseline.verify(token, keys.oracle, required=()) == claims
        assert keys.verifier(required=(), max_token_size=1 << 20).verify(token) == claims


def test_the_octets_of_a_token() -> None:
    """Compact JSON, members in the order given, the signer's own claims at the end."""
    made = signer(issuer=ISSUER, audience=[AUDIENCE, "é"], lifetime=900)
    assert parts(made.sign({"z": 1, "a": [1.5, None]})) == (
        '{"alg":"HS256","typ":"JWT"}',
        f'{{"z":1,"a":[1.5,null],"iss":"{ISSUER}","aud":["{AUDIENCE}","é"],"iat":{NOW},"exp":{NOW + 900}}}',
    )
    assert parts(made.sign({}))[1].startswith('{"iss":"')
    assert parts(signer().sign({}))[1] == "{}"
    assert parts(signer(lifetime=1).sign({}))[1] == f'{{"iat":{NOW},"exp":{NOW + 1}}}'
    assert parts(signer(audience="a").sign({}))[1] == '{"aud":"a"}'
    assert signer().sign({"a": 1}) == signer().sign({"a": 1})


@pytest.mark.parametrize("size", [4060, 4090, 4095, 4096, 4097, 16_383, 16_384, 16_385, 70_000])
def test_payloads_of_every_size(size: int) -> None:
    claims = {"x": "y" * size}
    token = signer(lifetime=5).sign(claims)
    read = baseline.verify(token, HS256.oracle, clock=clock, max_token_size=1 << 20)
    assert read == {**claims, "iat": NOW, "exp": NOW + 5}


# -- claims that it adds, and claims that win


def test_it_adds_only_what_it_was_asked_to() -> None:
    assert claims_of(signer()) == {}
    assert claims_of(signer(issuer="i")) == {"iss": "i"}
    assert claims_of(signer(audience=["a"])) == {"aud": ["a"]}
    assert claims_of(signer(audience=("a", "b", "a"))) == {"aud": ["a", "b"]}
    assert claims_of(signer(lifetime=60)) == {"iat": NOW, "exp": NOW + 60}
    assert claims_of(signer(lifetime=timedelta(hours=1))) == {"iat": NOW, "exp": NOW + 3600}


def test_claims_given_win() -> None:
    made = signer(issuer="i", audience="a", lifetime=60)
    for given in (
        {"iss": "x"},
        {"aud": None},
        {"iat": 5},
        {"exp": 1.5},
        {"iss": None, "aud": [], "iat": "z", "exp": False},
    ):
        before = dict(given)
        assert claims_of(made, given) == {"iss": "i", "aud": "a", "iat": NOW, "exp": NOW + 60} | before
        assert given == before
        names = [name for name, _ in json.loads(parts(made.sign(given))[1], object_pairs_hook=list)]
        assert sorted(names) == ["aud", "exp", "iat", "iss"]


def test_claims_may_be_of_a_subclass_of_dict() -> None:
    """Whether the signer has claims to add or not."""

    class Claims(dict[str, Any]):
        pass

    for given in (OrderedDict(exp=1, n=2), Claims(exp=1, n=2), defaultdict(int, exp=1, n=2)):
        assert claims_of(signer(), given) == {"exp": 1, "n": 2}
        assert claims_of(signer(issuer="i"), given) == {"exp": 1, "n": 2, "iss": "i"}
        assert claims_of(signer(lifetime=5), given) == {"exp": 1, "n": 2, "iat": NOW}


def test_no_member_is_written_twice_for_a_name_of_another_class() -> None:
    class Text(str):
        __slots__ = ()

    assert claims_of(signer(issuer="i", lifetime=5), {Text("iss"): "x", Text("exp"): 1, Text("iat"): 2}) == {
        "iss": "x",
        "exp": 1,
        "iat": 2,
    }


def test_claims_must_be_a_dict() -> None:
    for wrong in (None, [], [("a", 1)], "{}", b"{}", 1, iter({}), {"a": 1}.items()):
        with pytest.raises(TypeError, match="claims must be a dict"):
            signer().sign(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        signer().sign()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"claims\.a\[2\]\.b is of type set"):
        signer().sign({"a": [1, 2, {"b": {1}}]})
    with pytest.raises(ValueError, match=r"claims\.a is not finite"):
        signer().sign({"a": math.nan})


def test_dates() -> None:
    moment = datetime.fromtimestamp(NOW, UTC)
    assert claims_of(signer(), {"exp": moment, "nbf": moment - timedelta(seconds=0.5)}) == {
        "exp": NOW,
        "nbf": NOW - 1,
    }


def test_the_default_hook() -> None:
    made = signer(default=lambda value: sorted(value))
    assert claims_of(made, {"roles": {"b", "a"}}) == {"roles": ["a", "b"]}
    with pytest.raises(TypeError, match="default must be callable"):
        signer(default="str")

    def raising(_: Any) -> Any:
        raise LookupError("hook")

    with pytest.raises(LookupError, match="hook"):
        signer(default=raising).sign({"a": object()})


# -- lifetimes and clocks


@pytest.mark.parametrize(
    "lifetime", [-1, math.nan, math.inf, timedelta(seconds=-1), 253_402_300_800, 10**400]
)
def test_lifetimes_that_can_mean_nothing(lifetime: Any) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        signer(lifetime=lifetime)


@pytest.mark.parametrize("lifetime", ["900", True, [900], 1j])
def test_lifetimes_of_a_wrong_type(lifetime: Any) -> None:
    with pytest.raises(TypeError, match="lifetime"):
        signer(lifetime=lifetime)


def test_the_clock_is_asked_once_and_only_for_a_lifetime() -> None:
    calls: list[int] = []

    def counting() -> float:
        calls.append(1)
        return NOW + 0.9

    made = signer(clock=counting, lifetime=5)
    calls.clear()
    assert claims_of(made) == {"iat": NOW, "exp": NOW + 5}
    assert len(calls) == 1
    made = signer(clock=counting, issuer="i")
    calls.clear()
    made.sign({})
    assert calls == []
    assert claims_of(signer(clock=NOW, lifetime=5)) == {"iat": NOW, "exp": NOW + 5}


def test_the_real_clock_is_the_systems() -> None:
    import time

    before = int(time.time())
    claims = claims_of(cyjwt.Signer(HS256.private, algorithm="HS256", lifetime=900))
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 900


def test_a_clock_that_goes_wrong_later() -> None:
    """No token with a date that no verifier would take, nor one that some verifier takes for ever."""
    shown = [float(NOW)]
    made = signer(clock=lambda: shown[0], lifetime=5)
    made.sign({})
    for value in (math.nan, math.inf, -math.inf, -5.0, 1e300, 253_402_300_800, -(2.0**63)):
        shown[0] = value
        with pytest.raises(ValueError, match="clock"):
            made.sign({})


def test_a_clock_that_raises_later() -> None:
    shown: list[Any] = [NOW]

    def showing() -> Any:
        if shown[0] is None:
            raise LookupError("no time")
        return shown[0]

    made = signer(clock=showing, lifetime=5)
    shown[0] = None
    with pytest.raises(LookupError):
        made.sign({})
    shown[0] = "x"
    with pytest.raises(TypeError):
        made.sign({})
    shown[0] = NOW
    assert claims_of(made) == {"iat": NOW, "exp": NOW + 5}
