"""Keys, algorithms and objects that become others while they stay the same object."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cyjwt import jwt
from cyjwt.jwt import api_jwt
from cyjwt.jwt.algorithms import HMACAlgorithm
from cyjwt.jwt.utils import base64url_encode
from tests.jwt.calls import HS256, SECRET

OLD, NEW = b"o" * 64, b"n" * 64
DECODERS: list[Callable[..., Any]] = [
    lambda *args, **more: jwt.decode(*args, **more),
    lambda *args, **more: jwt.decode_complete(*args, **more)["payload"],
    lambda *args, **more: jwt.PyJWT().decode(*args, **more),
]


def secret_jwk(secret: bytes = OLD, kind: type[jwt.PyJWK] = jwt.PyJWK, **more: Any) -> jwt.PyJWK:
    return kind({"kty": "oct", "k": base64url_encode(secret).decode(), **more})


@pytest.fixture
def restored() -> Iterator[None]:
    """Puts back what a change leaves behind, so that later tests meet the engine again."""
    yield
    type.__setattr__(HMACAlgorithm, "_plain", True)


@pytest.mark.parametrize("decode", DECODERS)
def test_a_jwk_that_gets_another_key_serves_that_one(decode: Callable[..., Any]) -> None:
    key = secret_jwk()
    before = jwt.encode({}, key)
    assert decode(before, key) == {}
    key.key = NEW
    with pytest.raises(jwt.InvalidSignatureError):
        decode(before, key)
    assert decode(jwt.encode({}, NEW), key) == {}
    assert decode(jwt.encode({"by": "the key"}, key), NEW, HS256) == {"by": "the key"}


@pytest.mark.parametrize("decode", DECODERS)
def test_a_jwk_that_gets_another_algorithm_serves_that_one(decode: Callable[..., Any]) -> None:
    key = secret_jwk()
    before = jwt.encode({}, key)
    assert decode(before, key) == {}
    key.algorithm_name, key.Algorithm = "HS512", jwt.get_algorithm_by_name("HS512")
    with pytest.raises(jwt.InvalidAlgorithmError):
        decode(before, key)
    assert decode(jwt.encode({}, OLD, "HS512"), key) == {}
    jwt.PyJWK.__init__(key, {"kty": "oct", "k": base64url_encode(NEW).decode(), "alg": "HS384"})
    with pytest.raises(jwt.InvalidAlgorithmError):
        decode(jwt.encode({}, OLD, "HS512"), key)
    assert decode(jwt.encode({}, NEW, "HS384"), key) == {}


@pytest.mark.parametrize("decode", DECODERS)
def test_a_jwk_that_asks_for_its_key_each_time_is_asked(decode: Callable[..., Any]) -> None:
    class Rotating(jwt.PyJWK):
        current = OLD

        @property
        def key(self) -> bytes:
            return self.current

        @key.setter
        def key(self, key: bytes) -> None:
            pass

    key = secret_jwk(kind=Rotating)
    before = jwt.encode({}, key)
    assert decode(before, key) == {}
    Rotating.current = NEW
    with pytest.raises(jwt.InvalidSignatureError):
        decode(before, key)
    assert decode(jwt.encode({}, NEW), key) == {}


def test_a_subclass_of_jwk_may_keep_more() -> None:
    class Named(jwt.PyJWK):
        name = "mine"

    key = secret_jwk(kind=Named)
    assert jwt.decode(jwt.encode({}, key), key) == {}
    assert copy.copy(key).key == OLD


@pytest.mark.usefixtures("restored")
def test_an_algorithm_object_that_is_changed_does_what_it_now_says() -> None:
    token = jwt.encode({}, OLD)
    key = secret_jwk()
    assert jwt.decode(token, OLD, HS256) == jwt.decode(token, key) == {}
    key.Algorithm.verify = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, key)
    held: Any = jwt.get_algorithm_by_name("HS256")
    try:
        held.hash_alg = HMACAlgorithm.SHA512
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, OLD, HS256)
    finally:
        held.hash_alg = HMACAlgorithm.SHA256
    assert jwt.decode(token, OLD, HS256) == {}


def test_an_object_with_a_check_of_its_own_makes_it() -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise jwt.InvalidTokenError("by a check of its own")

    token = jwt.encode({}, SECRET)
    for name in ("_validate_claims", "decode_complete", "_validate_iss"):
        strict, other = jwt.PyJWT(), jwt.PyJWT()
        assert strict.decode(token, SECRET, HS256) == {}
        setattr(strict, name, refuse)
        with pytest.raises(jwt.InvalidTokenError, match="of its own"):
            strict.decode(token, SECRET, HS256)
        assert other._plain
        assert other.decode(token, SECRET, HS256) == {}
    strict = jwt.PyJWT()
    strict._jws._verify_signature = refuse  # type: ignore[method-assign]
    with pytest.raises(jwt.InvalidTokenError, match="of its own"):
        strict.decode(token, SECRET, HS256)


def test_the_functions_make_a_check_that_their_object_got() -> None:
    def refuse(*args: Any, **more: Any) -> None:
        raise jwt.InvalidTokenError("by a check of its own")

    token, owner = jwt.encode({}, SECRET), api_jwt._jwt_global_obj
    assert jwt.decode(token, SECRET, HS256) == {}
    try:
        owner._validate_claims = refuse  # type: ignore[method-assign]
        with pytest.raises(jwt.InvalidTokenError, match="of its own"):
            jwt.decode(token, SECRET, HS256)
    finally:
        del owner._validate_claims
        object.__delattr__(owner, "_plain")
        owner._standing = None
    assert jwt.decode(token, SECRET, HS256) == {}


def test_a_subclass_may_say_its_options_each_time() -> None:
    class Tenant(jwt.PyJWT):
        wanted: tuple[str, ...] = ()

        @property
        def options(self) -> Any:
            return {**self._own, "require": list(self.wanted)}

        @options.setter
        def options(self, options: Any) -> None:
            self._own = options

    token = jwt.encode({"exp": 1}, SECRET)
    tenant = Tenant(options={"verify_exp": False})
    assert tenant.decode(token, SECRET, HS256) == {"exp": 1}
    tenant.wanted = ("sub",)
    with pytest.raises(jwt.MissingRequiredClaimError):
        tenant.decode(token, SECRET, HS256)


def test_an_option_that_changes_its_mind_is_asked_again() -> None:
    class Switch:
        on = False

        def __bool__(self) -> bool:
            return self.on

    switch, token = Switch(), jwt.encode({"exp": 1}, SECRET)
    options: Any = {"verify_exp": switch}
    assert jwt.decode(token, SECRET, HS256, options=options) == {"exp": 1}
    switch.on = True
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, SECRET, HS256, options=options)
