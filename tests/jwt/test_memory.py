"""What is remembered of calls, and what puts an end to it."""

from __future__ import annotations

import gc
from datetime import datetime
from typing import Any

import pytest

import cyjwt
from cyjwt import caches, jwt
from cyjwt.jwt import _calls, _clock, _quick, api_jws, api_jwt
from cyjwt.jwt.algorithms import HMACAlgorithm, NoneAlgorithm
from tests.jwt.calls import HS256, NOW, SECRET, signed

# -- what is remembered


def test_a_second_call_finds_what_the_first_prepared() -> None:
    caches.clear()
    token = jwt.encode({"aud": "a"}, SECRET, "HS256")
    for _ in range(3):
        jwt.decode(token, SECRET, algorithms=["HS256"], audience="a")
    assert caches.info()["jwt_calls"]["hits"] == 2
    assert caches.info()["jwt_verifiers"]["misses"] == 1
    caches.clear()
    for _ in range(3):
        jwt.PyJWT().decode(token, SECRET, algorithms=["HS256"], audience="a")
        jwt.PyJWT().encode({}, SECRET, "HS256")
    assert caches.info()["jwt_calls"]["size"] == 0
    for name in ("jwt_verifiers", "jwt_signers"):
        assert (caches.info()[name]["hits"], caches.info()[name]["misses"]) == (2, 1)
    assert jwt.decode(token, SECRET, algorithms=["HS256"], audience="a")
    caches.clear()
    assert {caches.info()[name]["size"] for name in ("jwt_calls", "jwt_verifiers", "jwt_signers")} == {0}


def test_a_key_is_read_once_for_many_claims() -> None:
    caches.clear()
    token = jwt.encode({"sub": "a"}, SECRET)
    for number in range(5):
        with pytest.raises(cyjwt.InvalidSubjectError):
            jwt.decode(token, SECRET, HS256, subject=f"b{number}")
    assert caches.info()["jwt_verifiers"]["misses"] == 5
    assert caches.info()["jwt_keys"]["misses"] == 1


def test_containers_are_told_by_what_they_hold_now() -> None:
    token = jwt.encode({"aud": "a"}, SECRET)
    audience, algorithms, options = ["a"], ["HS256"], {"verify_aud": True}
    assert jwt.decode(token, SECRET, algorithms, options, audience=audience)
    audience[0] = "b"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, SECRET, algorithms, options, audience=audience)
    options["verify_aud"] = False
    assert jwt.decode(token, SECRET, algorithms, options, audience=audience)
    algorithms[0] = "HS512"
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, SECRET, algorithms, options, audience=audience)


def test_an_iterator_is_asked_each_time() -> None:
    token = jwt.encode({"aud": "a"}, SECRET)
    assert jwt.decode(token, SECRET, HS256, audience=iter(["a"]))
    odd = jwt.encode({"exp": str(NOW + 9)}, SECRET)
    for _ in range(2):
        assert jwt.decode(odd, SECRET, iter(["HS256"])) == {"exp": str(NOW + 9)}  # type: ignore[arg-type]
    spent = iter(["a"])
    assert jwt.decode(token, SECRET, HS256, audience=spent)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, SECRET, HS256, audience=spent)


def test_a_change_of_algorithms_is_seen() -> None:
    jws = jwt.PyJWS()
    owner = jwt.PyJWT()
    owner._jws = jws
    token = owner.encode({}, SECRET)
    assert owner.decode(token, SECRET, HS256) == {}
    jws.unregister_algorithm("HS256")
    with pytest.raises(jwt.InvalidAlgorithmError):
        owner.decode(token, SECRET, HS256)
    jws.register_algorithm("HS256", NoneAlgorithm())
    with pytest.raises(jwt.InvalidKeyError):
        owner.decode(token, SECRET, HS256)
    assert jwt.decode(token, SECRET, HS256) == {}
    jwt.unregister_algorithm("HS256")
    try:
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, SECRET, HS256)
    finally:
        jwt.register_algorithm("HS256", HMACAlgorithm(HMACAlgorithm.SHA256))
    assert jwt.decode(token, SECRET, HS256) == {}


def test_a_change_of_options_is_seen() -> None:
    owner = jwt.PyJWT()
    token = owner.encode({"exp": 1}, SECRET)
    with pytest.raises(jwt.ExpiredSignatureError):
        owner.decode(token, SECRET, HS256)
    owner.options["verify_exp"] = False
    assert owner.decode(token, SECRET, HS256) == {"exp": 1}
    owner.options = jwt.PyJWT().options
    with pytest.raises(jwt.ExpiredSignatureError):
        owner.decode(token, SECRET, HS256)


def test_options_of_the_functions_are_seen_too() -> None:
    token = jwt.encode({"exp": 1}, SECRET)
    owner = api_jwt._jwt_global_obj
    for _ in range(2):
        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(token, SECRET, HS256)
    owner.options["verify_exp"] = False
    try:
        for _ in range(2):
            assert jwt.decode(token, SECRET, HS256) == {"exp": 1}
    finally:
        owner.options["verify_exp"] = True
        owner._standing = None
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, SECRET, HS256)


def test_a_hook_of_a_subclass_is_asked() -> None:
    seen: list[str] = []

    class Watcher(jwt.PyJWT):
        def _validate_jti(self, payload: dict[str, Any]) -> None:
            seen.append("jti")

    class Further(Watcher):
        pass

    class Same(jwt.PyJWT):
        def more(self) -> None: ...

    class Signature(jwt.PyJWS):
        header_typ = "other"

    token = jwt.encode({"jti": 1}, SECRET)
    assert Watcher().decode(token, SECRET, HS256) == {"jti": 1}
    assert Further().decode_complete(token, SECRET, HS256)["payload"] == {"jti": 1}
    assert seen == ["jti", "jti"]
    assert (Watcher._plain, Further._plain, Same._plain) == (False, False, True)
    owner = jwt.PyJWT()
    owner._jws = Signature()
    assert jwt.get_unverified_header(owner.encode({}, SECRET))["typ"] == "other"


def test_a_replaced_method_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Child(jwt.PyJWT):
        pass

    token = jwt.encode({"jti": 1}, SECRET)
    for one in (jwt.decode, Child().decode):
        with pytest.raises(cyjwt.InvalidJTIError):
            one(token, SECRET, HS256)
    before = [(kind, kind._plain) for kind in (jwt.PyJWT, Child)]
    with monkeypatch.context() as patched:
        patched.setattr(jwt.PyJWT, "_validate_jti", lambda self, payload: None)
        assert jwt.decode(token, SECRET, HS256) == {"jti": 1}
        assert Child().decode(token, SECRET, HS256) == {"jti": 1}
    for kind, plain in before:
        type.__setattr__(kind, "_plain", plain)
    with pytest.raises(cyjwt.InvalidJTIError):
        jwt.decode(token, SECRET, HS256)


def test_a_clock_that_is_replaced_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    token = jwt.encode({"exp": NOW + 1}, SECRET)
    assert jwt.decode(token, SECRET, HS256)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(NOW + 10, tz)

    monkeypatch.setattr(_clock, "datetime", Later)
    for _ in range(2):
        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(token, SECRET, HS256)


def test_a_refused_buffer_is_read_once_more_and_verified() -> None:
    """What the engine found out about one text says nothing about another."""
    good, forged = jwt.encode({"exp": 1}, SECRET), signed(b'{"exp":1}', key=b"x" * 32)

    class Changing(jwt.PyJWT):
        pass

    buffer = bytearray(good.encode())
    refusal = jwt.ExpiredSignatureError("Signature has expired")
    assert _calls.known_from(good, refusal, None) is not None
    assert _calls.known_from(buffer, refusal, None) is None
    buffer[:] = forged.encode()
    with pytest.raises(jwt.InvalidSignatureError):
        Changing().decode(buffer, SECRET, HS256)  # type: ignore[arg-type]


def test_nothing_holds_a_secret_after_clear() -> None:
    class Text(str):
        __slots__ = ()

    secret = Text("a secret that nobody else has, and long enough")
    token = jwt.encode({}, secret, "HS256")
    jwt.decode(token, secret, HS256)
    caches.clear()
    gc.collect()
    assert not [held for held in gc.get_referrers(secret) if not isinstance(held, type(locals()))]


def test_what_has_no_quick_way_is_not_kept() -> None:
    caches.clear()
    token = jwt.encode({}, SECRET)
    caches.clear()
    for number in range(5):
        assert jwt.decode(token, SECRET, HS256, issuer=None, leeway=-number - 1) == {}
        with pytest.raises(TypeError):
            jwt.decode(token, object(), HS256)  # type: ignore[arg-type]
    assert caches.info()["jwt_verifiers"]["size"] == caches.info()["jwt_calls"]["size"] == 0
    with pytest.raises(_quick.NoQuickWayError):
        _quick.find_verifier(api_jws._jws_global_obj._table, None, HS256, None, None, None, None, 0, None)
