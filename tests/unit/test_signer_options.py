"""Signer as an object: header, key and algorithm, pickling, immutability, references."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import weakref
from datetime import timedelta
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.sign import SignEngine
from tests.support import pair
from tests.unit.test_signer import HS256, claims_of, header_of, signer

# -- the header


def test_type_and_kid() -> None:
    assert header_of(signer()) == {"alg": "HS256", "typ": "JWT"}
    assert header_of(signer(type=None)) == {"alg": "HS256"}
    assert header_of(signer(type="at+jwt")) == {"alg": "HS256", "typ": "at+jwt"}
    for kid in ("", "a", "é😀", 'quo"te', "\x00"):
        key = cyjwt.Key.from_secret(HS256.native, kid=kid)
        assert header_of(cyjwt.Signer(key, algorithm="HS256")) == {"alg": "HS256", "typ": "JWT", "kid": kid}
    for wrong in ("", "\ud800"):
        with pytest.raises(ValueError, match="type"):
            signer(type=wrong)
    for wrong_type in (1, b"JWT", ["JWT"]):
        with pytest.raises(TypeError, match="type"):
            signer(type=wrong_type)


def test_further_headers() -> None:
    from types import MappingProxyType

    made = signer(headers={"cty": "x", "n": [1, {"a": None}], "typ": "other", "kid": "k"})
    assert header_of(made) == {"alg": "HS256", "typ": "other", "kid": "k", "cty": "x", "n": [1, {"a": None}]}
    assert header_of(signer(headers=MappingProxyType({"x": 1})))["x"] == 1
    assert header_of(signer(headers={})) == header_of(signer())
    for name in ("alg", "b64"):
        for value in ("none", True, None):
            with pytest.raises(ValueError, match=f"headers must not set {name}"):
                signer(headers={name: value})
    for name in ("typ", "kid"):
        for value in (1, None, ["a"], b"a"):
            with pytest.raises(TypeError, match=f"the {name} in headers must be a str"):
                signer(headers={name: value})
    for wrong in ([("x", 1)], "x", 1, {1}):
        with pytest.raises(TypeError, match="headers must be a mapping"):
            signer(headers=wrong)
    for wrong in ({1: 2}, {"x": object()}, {"x": b"a"}):
        with pytest.raises(TypeError):
            signer(headers=wrong)
    for wrong in ({"x": math.nan}, {"x": "\ud800"}, {"\ud800": 1}):
        with pytest.raises(ValueError):
            signer(headers=wrong)


def test_errors_of_a_header_do_not_speak_of_claims() -> None:
    for wrong in ({"x": object()}, {"x": math.nan}, {"x": "\ud800"}):
        with pytest.raises((TypeError, ValueError)) as caught:
            signer(headers=wrong)
        assert "claims" not in str(caught.value)
        assert "x" in str(caught.value)


def test_crit() -> None:
    made = signer(headers={"crit": ["x", "y", "x"], "x": 1, "y": None})
    assert header_of(made)["crit"] == ["x", "y"]
    verifier = cyjwt.Verifier(HS256.public, required=(), critical=["x", "y"])
    assert verifier.verify(made.sign({"a": 1})) == {"a": 1}
    for crit in ([], ["z"], ["x", "z"], ["alg"], ["typ"], ["kid", "x"], ["crit"], ["b64"]):
        with pytest.raises(ValueError, match="crit"):
            signer(headers={"crit": crit, "x": 1, "kid": "k"})
    for crit in ("x", 1, None, [1], b"x"):
        with pytest.raises(TypeError, match="crit"):
            signer(headers={"crit": crit, "x": 1})


# -- the key and its algorithm


def test_which_algorithm() -> None:
    for algorithm in ("ES256", "ES384", "ES512", "ES256K", "EdDSA"):
        assert cyjwt.Signer(pair(algorithm).private).algorithm == algorithm
    assert cyjwt.Signer(cyjwt.Key.generate("HS256")).algorithm == "HS256"
    assert cyjwt.Signer(pair("Ed25519").private, algorithm="Ed25519").algorithm == "Ed25519"
    bound = cyjwt.Key.from_cryptography(pair("RS256").native, algorithm="PS384")
    assert cyjwt.Signer(bound).algorithm == "PS384"
    with pytest.raises(ValueError, match="PS256, PS384"):
        cyjwt.Signer(pair("RS256").private)
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Signer(bound, algorithm="RS256")


def test_keys_that_may_not_sign() -> None:
    for wrong in (pair("RS256").public, pair("ES256").public, pair("Ed448").public):
        for algorithm in (None, "RS256", "ES256"):
            with pytest.raises(cyjwt.InvalidKeyError, match="may not sign"):
                cyjwt.Signer(wrong, algorithm=algorithm)
    jwk = {**pair("ES256").private.to_jwk(private=True), "key_ops": ["verify"]}
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Signer(cyjwt.Key.from_jwk(jwk))
    for key in (None, HS256.native, "secret", pair("RS256").private_pem, cyjwt.KeySet([HS256.private])):
        with pytest.raises(TypeError, match="key must be a Key"):
            cyjwt.Signer(key, algorithm="HS256")  # type: ignore[arg-type]
    for name in ("none", "hs256", "XX256", ""):
        with pytest.raises(ValueError):
            signer(algorithm=name)
    for wrong_type in (1, b"HS256", ["HS256"]):
        with pytest.raises(TypeError):
            signer(algorithm=wrong_type)


@pytest.mark.parametrize("option", ["issuer", "audience"])
def test_names_that_can_mean_nothing(option: str) -> None:
    for value in ("", "\ud800"):
        with pytest.raises(ValueError, match=option):
            signer(**{option: value})
    for value in (1, b"a", True, object()):
        with pytest.raises(TypeError, match=option):
            signer(**{option: value})
    if option == "audience":
        for value in ([], ()):
            with pytest.raises(ValueError, match="audience must not be empty"):
                signer(audience=value)
        with pytest.raises(TypeError, match="audience"):
            signer(audience=[1])
    else:
        with pytest.raises(TypeError, match="issuer must be str"):
            signer(issuer=["a"])


def test_options_are_keywords_that_exist() -> None:
    with pytest.raises(TypeError):
        cyjwt.Signer(HS256.private, "HS256")  # type: ignore[misc]
    with pytest.raises(TypeError):
        signer(subject="s")


# -- one object, shared


def everything() -> cyjwt.Signer:
    return signer(
        issuer="i",
        audience=["a", "b"],
        lifetime=timedelta(minutes=5),
        headers={"x": 1},
        type="at+jwt",
        default=str,
    )


def test_pickling_and_copies_keep_every_option() -> None:
    made = everything()
    token = made.sign({"n": 1, "path": 1j})
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(made, protocol))
        assert type(again) is cyjwt.Signer
        assert again.sign({"n": 1, "path": 1j}) == token
        assert again.key == made.key
    for again in (copy.copy(made), copy.deepcopy(made)):
        assert again.sign({"n": 1, "path": 1j}) == token


def test_what_it_was_made_of_may_change_without_its_knowing() -> None:
    headers: dict[str, Any] = {"x": [1]}
    audience = ["a"]
    made = signer(headers=headers, audience=audience)
    token = made.sign({})
    headers["x"].append(2)
    headers["alg"] = "none"
    audience.append("b")
    assert made.sign({}) == token
    assert copy.copy(made).sign({}) == token
    assert pickle.loads(pickle.dumps(made)).sign({}) == token


def test_it_cannot_be_changed() -> None:
    made = everything()
    for name in ("key", "algorithm", "_key", "_options", "sign", "more", "_native"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(made, name, None)
        with pytest.raises(AttributeError, match="immutable"):
            delattr(made, name)
    assert not hasattr(made, "__dict__")
    ref = weakref.ref(made)
    del made
    gc.collect()
    assert ref() is None


def test_subclasses() -> None:
    assert type(pickle.loads(pickle.dumps(Ours(HS256.private, algorithm="HS256")))) is Ours
    assert claims_of(Ours(HS256.private, algorithm="HS256"), {"a": 1}) == {"a": 1, "by": "ours"}


class Ours(cyjwt.Signer):
    """At module level, so that it can be pickled."""

    def sign(self, claims: dict[str, Any], /) -> str:
        return super().sign({**claims, "by": "ours"})


def test_repr_says_no_secret() -> None:
    assert repr(signer()) == f"<Signer {HS256.private!r} HS256>"


def test_the_engine_cannot_be_made_half() -> None:
    make: Any = SignEngine
    for arguments in ([], [None] * 9, [1] * 9, [b"{}"]):
        with pytest.raises(TypeError):
            make(*arguments)


def test_reference_counts_stay_where_they_were() -> None:
    made = signer(issuer="issuer of this test", lifetime=5, headers={"x": 1}, default=lambda _: "y")
    claims: dict[str, Any] = {"name of this test": ["value of this test", None, True]}
    broken = [{"a": math.nan}, {"a": "\ud800"}, {1: 2}]
    watched: list[Any] = [
        claims,
        next(iter(claims)),
        *claims.values(),
        made,
        HS256.private,
        None,
        True,
        *broken,
    ]

    def rounds(count: int) -> None:
        for _ in range(count):
            made.sign(claims)
            made.sign({**claims, "b": object})
            for wrong in broken:
                try:
                    made.sign(wrong)
                except (TypeError, ValueError):
                    continue

    rounds(10)
    gc.collect()
    before, blocks = [sys.getrefcount(x) for x in watched], sys.getallocatedblocks()
    rounds(1000)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 100
    # A leak shows as 1000 or more. Before Python 3.12 None and True are counted, and anybody may hold a few.
    assert all(abs(sys.getrefcount(x) - n) < 50 for x, n in zip(watched, before, strict=True))
