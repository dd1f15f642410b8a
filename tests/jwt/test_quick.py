"""The engine in the place of PyJWT's code: the same verdicts, remembered, and never kept past a change."""

from __future__ import annotations

import gc
import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

import cyjwt
from cyjwt import caches, jwt
from cyjwt.jwt import _calls, _clock, _quick, api_jws, api_jwt
from cyjwt.jwt.algorithms import HMACAlgorithm, NoneAlgorithm

SECRET = "a secret of thirty-two octets or more"
NOW = 1_900_000_000
HS256 = ["HS256"]

Refusal = tuple[type[BaseException], str]


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clock.time, "time", lambda: float(NOW))


def exactly(token: Any, key: Any = SECRET, algorithms: Any = HS256, **more: Any) -> Any:
    """What the code that knows PyJWT's order and words makes of a call."""
    more = {
        "options": None,
        "verify": None,
        "detached_payload": None,
        "audience": None,
        "issuer": None,
        "subject": None,
        "leeway": 0,
    } | more
    return jwt.PyJWT()._decode_exactly(token, key, algorithms, known=None, **more)["payload"]


def outcome(function: Callable[..., Any], *args: Any, **more: Any) -> Any:
    try:
        return function(*args, **more)
    except Exception as error:
        return type(error), str(error)


def signed(payload: bytes, header: bytes = b'{"alg":"HS256"}', key: bytes = SECRET.encode()) -> str:
    import base64
    import hashlib
    import hmac

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    text = encode(header) + b"." + encode(payload)
    return (text + b"." + encode(hmac.digest(key, text, hashlib.sha256))).decode()


CLAIMS: list[dict[str, Any]] = [
    {},
    {"exp": NOW + 1},
    {"exp": NOW},
    {"exp": NOW - 4},
    {"exp": str(NOW + 9)},
    {"exp": "x"},
    {"exp": True},
    {"exp": None},
    {"exp": -1},
    {"exp": NOW + 0.5},
    {"nbf": NOW + 1},
    {"nbf": NOW + 0.5},
    {"nbf": str(NOW)},
    {"iat": NOW + 1},
    {"iat": [1]},
    {"iat": "1", "exp": NOW + 5},
    {"exp": NOW - 9, "iat": NOW + 9},
    {"iss": "a"},
    {"iss": 1},
    {"iss": ["a"]},
    {"aud": "a"},
    {"aud": ["a"]},
    {"aud": ["b", "a"]},
    {"aud": ["a", 1]},
    {"aud": []},
    {"aud": ""},
    {"aud": None},
    {"aud": {"a": 1}},
    {"sub": "a"},
    {"sub": 1},
    {"sub": None},
    {"jti": "a"},
    {"jti": 1},
    {"exp": NOW + 1, "iss": "a", "aud": "a", "sub": "a", "jti": "a", "iat": NOW, "nbf": NOW},
]
ASKED: list[dict[str, Any]] = [
    {},
    {"leeway": 5},
    {"leeway": timedelta(seconds=5)},
    {"leeway": -5},
    {"audience": "a"},
    {"audience": ["c", "a"]},
    {"audience": ("c",)},
    {"audience": []},
    {"audience": b"a"},
    {"audience": ""},
    {"issuer": "a"},
    {"issuer": {"a", "b"}},
    {"issuer": []},
    {"issuer": {"a": 1}},
    {"issuer": 5},
    {"subject": "a"},
    {"subject": "b"},
    {"subject": ""},
    {"options": {"require": ["exp", "x"]}},
    {"options": {"require": ("exp",)}},
    {"options": {"require": []}},
    {"options": {"verify_exp": False}},
    {"options": {"verify_exp": False, "require": ["exp"]}},
    {"options": {"verify_nbf": False, "verify_iat": False}},
    {"options": {"verify_aud": False}},
    {"options": {"verify_aud": False}, "audience": "b"},
    {"options": {"verify_iss": False}, "issuer": "b"},
    {"options": {"verify_sub": False, "verify_jti": False}},
    {"options": {"strict_aud": True}, "audience": "a"},
    {"options": {"strict_aud": True}, "audience": ["a"]},
    {"options": {"strict_aud": True, "verify_aud": False}, "audience": "a"},
    {"options": {"verify_signature": False}},
    {"options": {"verify_signature": False, "verify_exp": True, "verify_aud": True}},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_both_ways_agree_on_claims(asked: dict[str, Any]) -> None:
    """The first call prepares, the second one finds."""
    for claims in CLAIMS:
        token = signed(json.dumps(claims).encode())
        wanted = outcome(exactly, token, **asked)
        for _ in range(2):
            assert outcome(jwt.decode, token, SECRET, HS256, **asked) == wanted, claims
        assert outcome(jwt.PyJWT().decode, token, SECRET, HS256, **asked) == wanted, claims
        whole = outcome(jwt.decode_complete, token, SECRET, HS256, **asked)
        assert (whole["payload"] if isinstance(whole, dict) else whole) == wanted, claims


def test_fractions_of_a_second_count() -> None:
    """PyJWT cuts exp to a whole second, which is NOW here."""
    token = signed(json.dumps({"exp": NOW + 0.5}).encode())
    assert jwt.decode(token, SECRET, HS256) == {"exp": NOW + 0.5}


HEADERS = [
    b"{}",
    b'{"alg":"none"}',
    b'{"alg":"hs256"}',
    b'{"alg":"HS512"}',
    b'{"alg":["HS256"]}',
    b'{"alg":null}',
    b'{"alg":"HS256","alg":"HS256"}',
    b'{"alg":"HS256","kid":1}',
    b'{"alg":"HS256","kid":"a","typ":"x"}',
    b'{"alg":"HS256","typ":1}',
    b'{"alg":"HS256","crit":["exp"],"exp":1}',
    b'{"alg":"HS256","crit":[]}',
    b'{"alg":"HS256","crit":["b64"]}',
    b'{"alg":"HS256","crit":["b64"],"b64":true}',
    b'{"alg":"HS256","crit":["b64"],"b64":false}',
    b'{"alg":"HS256","b64":false}',
    b'{"alg":"HS256","b64":0}',
    b'{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}',
    b'\xef\xbb\xbf{"alg":"HS256"}',
    b"[]",
    b"null",
    b"{",
    '{"alg":"HS256"}'.encode("utf-16"),
]


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_both_ways_agree_on_headers(header: bytes) -> None:
    for payload in (b"{}", b"[]", b"{", b'{"a":1,"a":2}', b'{"exp":NaN}', b'{"a":NaN}', b'{"a":"\xff"}'):
        token = signed(payload, header)
        wanted = outcome(exactly, token)
        for _ in range(2):
            assert outcome(jwt.decode, token, SECRET, HS256) == wanted
        assert outcome(jwt.decode, token[:-2] + "AA", SECRET, HS256) == outcome(exactly, token[:-2] + "AA")


@pytest.mark.parametrize(
    "mangle",
    [
        lambda token: token + "=",
        lambda token: token + "==",
        lambda token: token.replace(".", "=.", 1),
        lambda token: token.replace(".", ".."),
        lambda token: token.rpartition(".")[0],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "." + token,
        lambda token: token + " ",
        lambda token: token.replace("_", "/").replace("-", "+") + "é",
        lambda token: token + "\ud800",
        lambda token: token.encode(),
        lambda token: token[:-1] + ("B" if token[-1] != "B" else "C"),
        lambda token: "",
        lambda token: None,
        lambda token: 7,
        lambda token: [token],
    ],
)
def test_both_ways_agree_on_segments(mangle: Callable[[str], Any]) -> None:
    token = mangle(signed(b'{"a":1}'))
    wanted = outcome(exactly, token)
    for _ in range(2):
        assert outcome(jwt.decode, token, SECRET, HS256) == wanted
    if isinstance(wanted, tuple):
        assert issubclass(wanted[0], jwt.DecodeError)


# -- the strict part: what PyJWT would read


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_member"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_member"),
        (b'{"a":NaN}', "invalid_json"),
        (b'{"a":-Infinity}', "invalid_json"),
        (b'{"a":1e999}', "number_range"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        ('{"a":1}'.encode("utf-16"), None),
        (b'\xef\xbb\xbf{"a":1}', None),
        (b'{"a":' + b"[" * 600 + b"]" * 600 + b"}", None),
    ],
)
def test_json_is_strict(payload: bytes, code: str | None) -> None:
    token = signed(payload)
    for options in (None, {"verify_signature": False}, {"verify_aud": False}):
        for function in (jwt.decode, jwt.decode_complete):
            with pytest.raises(jwt.DecodeError, match="Invalid payload string") as caught:
                function(token, SECRET, HS256, options)
            if code is not None:
                assert caught.value.code == code
    for forged in (signed(b"{}", payload), signed(b"{}", payload.replace(b"{", b'{"alg":"HS256",', 1))):
        with pytest.raises(jwt.DecodeError, match="Invalid header string"):
            jwt.get_unverified_header(forged)


def test_a_name_of_an_algorithm_is_no_part_of_one() -> None:
    token = jwt.encode({}, SECRET, "HS256")
    assert jwt.decode(token, SECRET, "HS256") == {}  # type: ignore[arg-type]
    for algorithms in ("HS2567", "RS256 HS256"):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, SECRET, algorithms)  # type: ignore[arg-type]


def test_a_point_of_low_order_verifies_nothing() -> None:
    key = ed25519.Ed25519PublicKey.from_public_bytes(b"\1" + bytes(31))
    forged = api_jws.encode(b"{}", ed25519.Ed25519PrivateKey.generate(), "EdDSA").rpartition(".")[0]
    token = forged + "." + "AQ" + "A" * 84
    for material in (key, jwt.algorithms.OKPAlgorithm.to_jwk):
        if material is key:
            with pytest.raises(jwt.InvalidKeyError):
                jwt.decode(token, key, algorithms=["EdDSA"])
    with pytest.raises(jwt.InvalidKeyError):
        jwt.PyJWK({"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41})
    with pytest.raises(jwt.InvalidKeyError):
        jwt.algorithms.OKPAlgorithm().verify(b"", key, b"\1" + bytes(63))


# -- keys in every form


def pairs() -> list[tuple[str, Any]]:
    small = rsa.generate_private_key(65537, 2048)
    return [
        *((name, small) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("ES512", ec.generate_private_key(ec.SECP521R1())),
        ("ES521", ec.generate_private_key(ec.SECP521R1())),
        ("ES256K", ec.generate_private_key(ec.SECP256K1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        ("EdDSA", ed448.Ed448PrivateKey.generate()),
    ]


@pytest.mark.parametrize(("name", "private"), pairs(), ids=lambda one: one if isinstance(one, str) else "")
def test_keys_in_every_form(name: str, private: Any) -> None:
    from cryptography.hazmat.primitives import serialization as s

    algorithm = jwt.get_algorithm_by_name(name)
    public = private.public_key()
    pem = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    spki = public.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    jwk = jwt.PyJWK(algorithm.to_jwk(public, as_dict=True), name)
    own = jwt.PyJWK(algorithm.to_jwk(private, as_dict=True), name)
    for signer in (private, pem, pem.decode(), own):
        for _ in range(2):
            token = jwt.encode({"a": 1}, signer, algorithm=name)
            for key in (public, spki, spki.decode(), jwk, private, own):
                assert jwt.decode(token, key, algorithms=[name, "HS256"]) == {"a": 1}
                assert exactly(token, key, [name]) == {"a": 1}
                forged = token.replace(".", ".e30", 1)
                with pytest.raises(jwt.InvalidTokenError):
                    jwt.decode(forged, key, algorithms=[name])
    for key in (spki, pem):
        with pytest.raises(jwt.InvalidKeyError):
            jwt.encode({}, key, algorithm="HS256")
    with pytest.raises(jwt.InvalidKeyError):
        jwt.encode({}, public, algorithm=name)


def test_a_header_chooses_no_key_of_another_kind() -> None:
    private = rsa.generate_private_key(65537, 2048)
    from cryptography.hazmat.primitives import serialization as s

    pem = private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    forged = signed(b"{}", key=pem)
    for _ in range(2):
        with pytest.raises(jwt.InvalidKeyError):
            jwt.decode(forged, pem, algorithms=["RS256", "HS256"])


def test_weak_keys_warn_each_time() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    for key, verifying, name in (("short", "short", "HS256"), (weak, weak.public_key(), "RS256")):
        for _ in range(2):
            with pytest.warns(jwt.InsecureKeyLengthWarning, match="below") as caught:
                token = jwt.encode({"a": 1}, key, algorithm=name)
            assert caught[0].filename == __file__
            with pytest.warns(jwt.InsecureKeyLengthWarning, match="below") as caught:
                assert jwt.decode(token, verifying, algorithms=[name]) == {"a": 1}
            assert caught[0].filename == __file__
            with pytest.warns(jwt.InsecureKeyLengthWarning), pytest.raises(jwt.ExpiredSignatureError):
                jwt.decode(jwt.encode({"exp": 1}, key, name), verifying, [name])
            with pytest.raises(jwt.InvalidKeyError, match="below"):
                jwt.decode(token, verifying, [name], {"enforce_minimum_key_length": True})


def test_a_key_may_be_weak_for_one_algorithm_alone() -> None:
    secret = "k" * 40
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        token = jwt.encode({}, secret, "HS256")
        for _ in range(2):
            assert jwt.decode(token, secret, ["HS256", "HS512"]) == {}
    with pytest.warns(jwt.InsecureKeyLengthWarning, match="64 bytes"):
        token = jwt.encode({}, secret, "HS512")
    for _ in range(2):
        with pytest.warns(jwt.InsecureKeyLengthWarning, match="64 bytes"):
            assert jwt.decode(token, secret, ["HS256", "HS512"]) == {}


# -- writing


def test_dates_are_written_as_pyjwt_does() -> None:
    naive = datetime(2030, 1, 2, 3, 4, 5, 999_999)
    aware = naive.replace(tzinfo=timezone(timedelta(hours=2)))
    for _ in range(2):
        token = jwt.encode({"exp": naive, "nbf": aware, "iat": naive.replace(tzinfo=UTC)}, SECRET)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims == {"exp": 1893553445, "nbf": 1893546245, "iat": 1893553445}
        with pytest.raises(TypeError):
            jwt.encode({"other": aware}, SECRET)
        with pytest.raises(TypeError):
            jwt.encode({"exp": [aware]}, SECRET)


def test_headers_are_those_of_the_call() -> None:
    for _ in range(2):
        for sort in (True, False):
            token = jwt.encode({}, SECRET, headers={"kid": "b", "a": [1, {"x": None}]}, sort_headers=sort)
            header = jwt.get_unverified_header(token)
            assert header == {"typ": "JWT", "alg": "HS256", "kid": "b", "a": [1, {"x": None}]}
            assert (list(header) == sorted(header)) == sort
        assert jwt.get_unverified_header(jwt.encode({}, SECRET, headers={"typ": ""})) == {"alg": "HS256"}
        assert jwt.get_unverified_header(jwt.encode({}, SECRET, headers={"b64": True}))["alg"] == "HS256"
        with pytest.raises(jwt.InvalidTokenError):
            jwt.encode({}, SECRET, headers={"kid": 1})
        with pytest.raises(TypeError, match="iss"):
            jwt.encode({"iss": 1}, SECRET)
        with pytest.raises(TypeError):
            jwt.encode([], SECRET)  # type: ignore[arg-type]


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
