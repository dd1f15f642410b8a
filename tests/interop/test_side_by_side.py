"""Real PyJWT beside `cyjwt.jwt`: the same call gives the same result or the same exception, or a listed difference."""

from __future__ import annotations

import collections
import importlib
import inspect
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from cyjwt import jwt as ours
from tests.interop import differential, sides
from tests.interop.differences import DIFFERENCES, listed
from tests.interop.sides import Call, outcome_of
from tests.support import b64, forge, pair

theirs = pytest.importorskip("jwt", reason="PyJWT is not installed")

pytestmark = [pytest.mark.interop]

MODULES = [
    "algorithms",
    "api_jwk",
    "api_jws",
    "api_jwt",
    "exceptions",
    "help",
    "jwk_set_cache",
    "jwks_client",
    "types",
    "utils",
    "warnings",
]
STEADY = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def modules(name: str) -> tuple[ModuleType, ModuleType]:
    return importlib.import_module(f"jwt.{name}"), importlib.import_module(f"cyjwt.jwt.{name}")


@pytest.mark.parametrize(
    ("calls", "examples"),
    [
        (differential.decode_calls(), 1500),
        (differential.header_calls(), 300),
        (differential.encode_calls(), 600),
    ],
    ids=["decode", "header", "encode"],
)
def test_calls_end_alike(calls: SearchStrategy[Call], examples: int) -> None:
    ended: collections.Counter[str] = collections.Counter()

    @settings(max_examples=examples, **STEADY)
    @given(calls)
    def compare(call: Call) -> None:
        expected, found = sides.make(theirs, call), sides.make(ours, call)
        ended[expected.error or "a value"] += 1
        assert found.like(expected) or listed(call, expected, found)

    compare()
    # Neither side is to be right by refusing everything.
    assert ended["a value"] > examples // 8
    assert len(ended) >= 3


def token(header: bytes, payload: bytes) -> str:
    return forge(header, payload, sides.family_key("secret"))


def decode(header: bytes, payload: bytes) -> Call:
    return Call("decode", token(header, payload), "secret", {"algorithms": ["HS256"]})


HS256 = b'{"alg":"HS256"}'
EXAMPLES = [
    ("JSON is", decode(HS256, b'{"a":1,"\\u0061":2}')),
    ("JSON is", decode(HS256, b'{"a":{"b":1,"b":2}}')),
    ("JSON is", decode(b'{"alg":"HS256","alg":"HS256"}', b"{}")),
    ("JSON is", decode(HS256, b'{"a":NaN}')),
    ("JSON is", decode(HS256, b'{"a":-Infinity}')),
    ("JSON is", decode(HS256, b'{"a":1e400}')),
    ("JSON is", decode(HS256, '{"a":1}'.encode("utf-16"))),
    ("JSON is", decode(HS256, b'{"a":"\xed\xa0\x80"}')),
    ("JSON is", decode(HS256, b'{"a":"\\ud800"}')),
    ("a typ", decode(b'{"alg":"HS256","typ":5}', b"{}")),
    ("a b64", decode(b'{"alg":"HS256","b64":"false"}', b"{}")),
    ("a crit", decode(b'{"alg":"HS256","b64":true,"crit":["b64","b64"]}', b"{}")),
    ("an alg", Call("decode", token(b'{"alg":["HS256"]}', b"{}"), "secret", {"algorithms": {"HS256"}})),
    ("a token may", Call("decode", bytearray(token(HS256, b"{}").encode()), "secret", {"algorithms": ["HS256"]})),
    ("half a character", Call("get_unverified_header", "\ud800" + token(HS256, b"{}"), "")),
    ("algorithms that are one", Call("decode", token(HS256, b"{}"), "secret", {"algorithms": "HS256 HS512"})),
    ("algorithms that are no", Call("decode", token(b'{"alg":""}', b"{}"), "secret", {"algorithms": 5})),
    ("an Ed25519 key", Call("PyJWK", {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" + bytes(31))}, "")),
    ("an Ed25519 key", Call("PyJWK", {**pair("RS256").public.to_jwk(), "e": "Aw"}, "")),
    ("a JWK that lacks", Call("PyJWK", {"kty": "oct"}, "")),
    ("a public key", Call("encode", {}, "rsa-public-pem", {"algorithm": "RS256"})),
    ("a private RSA key", Call("decode", pair("RS256").forge(b'{"alg":"RS256"}', b"{}"), "rsa-private-pem", {"algorithms": ["RS256"]})),
]  # fmt: skip


@pytest.mark.parametrize(("difference", "call"), EXAMPLES)
def test_a_listed_difference_is_one(difference: str, call: Call) -> None:
    expected, found = sides.make(theirs, call), sides.make(ours, call)
    assert not found.like(expected)
    assert str(listed(call, expected, found)).startswith(difference)


def test_every_listed_difference_has_an_example() -> None:
    assert all(any(name.startswith(start) for start, _ in EXAMPLES) for name in DIFFERENCES)


@pytest.mark.parametrize("name", sorted(theirs.algorithms.get_default_algorithms()))
def test_algorithms_take_the_same_keys(name: str) -> None:
    """Every key, good or bad, for every algorithm: what is prepared, how long it should be, its JWK, its signatures."""

    def tell(library: ModuleType, key: Any, which: str) -> Any:
        algorithm = library.algorithms.get_default_algorithms()[name]
        prepared = algorithm.prepare_key(key)
        if which == "prepared":
            return type(prepared).__name__ if not isinstance(prepared, bytes) else prepared
        if which == "length":
            return algorithm.check_key_length(prepared)
        if which == "jwk":
            return sorted(algorithm.to_jwk(prepared, as_dict=True).items()), _sorted(
                algorithm.to_jwk(prepared)
            )
        if which == "verify":
            return algorithm.verify(b"message", prepared, bytes(64)), algorithm.verify(b"", prepared, b"")
        # Whatever one side signs, the other verifies.
        signature = algorithm.sign(b"message", prepared)
        return len(signature), [
            side.algorithms.get_default_algorithms()[name].verify(b"message", _public(prepared), signature)
            for side in (theirs, ours)
        ]

    differing = {}
    for key_name, key in sides.plain_keys().items():
        for which in ("prepared", "length", "jwk", "verify", "sign"):
            expected = outcome_of(lambda: tell(theirs, key, which))  # noqa: B023
            found = outcome_of(lambda: tell(ours, key, which))  # noqa: B023
            call = Call(f"{name}.{which}", None, key_name)
            if not found.like(expected) and not listed(call, expected, found):
                differing[key_name, which] = (expected, found)
    assert not differing


def _sorted(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def _public(key: Any) -> Any:
    return key.public_key() if hasattr(key, "public_key") else key


def jwks() -> dict[str, Any]:
    """JWKs of every kind, and each without each of its members, or with a wrong one."""
    good = {
        name: pair(name).private.to_jwk(private=True)
        for name in ("RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA")
    }
    good |= {f"{name} public": pair(name).public.to_jwk() for name in list(good)}
    # The neutral point of Ed25519, for which anyone can sign.
    good["low order"] = {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" + bytes(31))}
    for exponent in ("AQ", "Aw", "AA", "Ag", "AQAB" * 100):
        good[f"RSA with e {exponent[:8]}"] = {**good["RS256 public"], "e": exponent}
    good["HS256"] = {"kty": "oct", "k": b64(sides.SECRET), "kid": "k", "use": "sig"}
    found: dict[str, Any] = {
        "empty": {},
        "kty": {"kty": "XX"},
        "alg": {"kty": "oct", "k": "AAAA", "alg": "XX"},
    }
    for name, jwk in good.items():
        found[name] = jwk
        for member in jwk:
            found[f"{name} without {member}"] = {key: value for key, value in jwk.items() if key != member}
            for wrong in ("", "AA", "!", None, 5, []):
                found[f"{name} with {member} {wrong!r}"] = {**jwk, member: wrong}
        found[f"{name} as HS256"] = {**jwk, "alg": "HS256"}
        found[f"{name} as ES256"] = {**jwk, "alg": "ES256"}
        found[f"{name} for enc"] = {**jwk, "use": "enc", "key_ops": []}
    return found


def test_jwks_are_read_alike() -> None:
    def tell(library: ModuleType, jwk: Any) -> Any:
        key = library.PyJWK(jwk)
        told = sorted(key.Algorithm.to_jwk(key.key, as_dict=True).items())
        return key.algorithm_name, key.key_type, key.key_id, key.public_key_use, type(key.key).__name__, told

    differing = {}
    for name, jwk in jwks().items():
        expected, found = outcome_of(lambda: tell(theirs, jwk)), outcome_of(lambda: tell(ours, jwk))  # noqa: B023
        if not found.like(expected) and not listed(Call("PyJWK", None, name), expected, found):
            differing[name] = (expected, found)
    assert not differing


@pytest.mark.parametrize("name", MODULES)
def test_public_names_and_signatures_are_the_same(name: str) -> None:
    real, stand_in = modules(name)
    for public, value in vars(real).items():
        if public.startswith("_") or getattr(value, "__module__", None) != real.__name__:
            continue
        found = getattr(stand_in, public)
        if isinstance(value, type):
            if issubclass(value, Exception):
                # Whatever clause catches theirs catches ours.
                wanted = {base.__name__ for base in value.__mro__ if base.__module__ == real.__name__}
                assert wanted <= {spelt(base) for base in found.__mro__}, public
            for member, function in vars(value).items():
                if not member.startswith("_") or member == "__init__":
                    assert hasattr(found, member), f"{public}.{member}"
                    if inspect.isfunction(function):
                        assert serves(getattr(found, member), function), f"{public}.{member}"
        elif inspect.isfunction(value):
            assert serves(found, value), public


def spelt(kind: type) -> str:
    return {"CyJWTError": "PyJWTError"}.get(kind.__name__, kind.__name__)


def serves(found: Any, real: Any) -> bool:
    """Whether every call that suits the real function suits this: the same names in the same order, none demanded more."""
    wanted = list(inspect.signature(real).parameters.values())
    there = list(inspect.signature(found).parameters.values())
    return all(
        (mine.name, mine.kind) == (other.name, other.kind) and (mine.default is mine.empty) <= (other.default is other.empty)
        for mine, other in zip(there, wanted, strict=False)
    ) and all(
        more.kind in (more.VAR_POSITIONAL, more.VAR_KEYWORD) or more.default is not more.empty
        for more in there[len(wanted) :]
    )  # fmt: skip


def test_the_package_has_pyjwts_names() -> None:
    assert set(theirs.__all__) <= set(ours.__all__)
    for name in theirs.__all__:
        assert getattr(ours, name) is not None
        assert isinstance(getattr(ours, name), type) == isinstance(getattr(theirs, name), type), name
        if not isinstance(getattr(theirs, name), type):
            assert serves(getattr(ours, name), getattr(theirs, name)), name
    assert ours.__version__ == theirs.__version__
