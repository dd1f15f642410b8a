"""What holds of PyJWT and of `cyjwt.jwt` alike: what changes between calls, what a subclass or an algorithm of one's own does."""

from __future__ import annotations

import datetime
import functools
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import cyjwt.jwt
from tests.interop.sides import SECRET
from tests.support import pair

theirs = pytest.importorskip("jwt", reason="PyJWT is not installed")

pytestmark = [pytest.mark.interop]


@pytest.fixture(params=[theirs, cyjwt.jwt], ids=["PyJWT", "cyjwt"])
def jwt(request: pytest.FixtureRequest) -> ModuleType:
    library: ModuleType = request.param
    return library


@pytest.fixture
def decode(jwt: ModuleType) -> Any:
    return functools.partial(jwt.decode, key=SECRET, algorithms=["HS256"])


def sign(claims: dict[str, Any], **options: Any) -> str:
    token: str = theirs.encode(claims, SECRET, algorithm="HS256", **options)
    return token


def test_arguments_may_change_between_calls(jwt: ModuleType) -> None:
    token = sign({"iss": "a", "aud": "b", "sub": "c"})
    algorithms, audience, issuer, require = ["HS256"], ["b"], ["a"], ["sub"]
    options: dict[str, Any] = {"require": require}

    def decode() -> Any:
        return jwt.decode(token, SECRET, algorithms, options, audience=audience, issuer=issuer)

    for _ in range(3):
        assert decode()["sub"] == "c"
    audience[0] = "x"
    with pytest.raises(jwt.InvalidAudienceError):
        decode()
    audience.append("b")
    issuer[0] = "x"
    with pytest.raises(jwt.InvalidIssuerError):
        decode()
    issuer[0] = "a"
    require.append("exp")
    with pytest.raises(jwt.MissingRequiredClaimError) as caught:
        decode()
    assert caught.value.claim == "exp"
    options["require"] = []
    algorithms[:] = ["HS512"]
    with pytest.raises(jwt.InvalidAlgorithmError):
        decode()
    algorithms.append("HS256")
    assert decode()["sub"] == "c"


def test_claims_are_the_callers_own(decode: Any) -> None:
    token = sign({"a": {"b": [1]}})
    for _ in range(3):
        claims = decode(token)
        assert claims == {"a": {"b": [1]}}
        claims["a"]["b"].append(2)
        claims["c"] = 3


def test_one_and_true_are_not_one_argument(decode: Any) -> None:
    """What compares equal must not be taken for what it is not."""
    now = time.time()
    token = sign({"exp": int(now) - 5})
    for leeway in (100, 100.0, datetime.timedelta(seconds=100)):
        assert decode(token, leeway=leeway)
    for leeway in (1, True, 1.0, 0, False):
        with pytest.raises(Exception, match="expired"):
            decode(token, leeway=leeway)
    assert decode(token, options={"verify_exp": 0})
    assert decode(token, options={"verify_exp": False})
    with pytest.raises(Exception, match="expired"):
        decode(token, options={"verify_exp": 1})


def test_time_goes_by(jwt: ModuleType, decode: Any) -> None:
    token = sign({"exp": time.time() + 1.2})
    assert decode(token)
    time.sleep(1.5)
    with pytest.raises(jwt.ExpiredSignatureError):
        decode(token)


def test_audiences_may_be_an_iterator(jwt: ModuleType, decode: Any) -> None:
    token = sign({"aud": "b"})
    for _ in range(2):
        assert decode(token, audience=(name for name in ("a", "b")))
        assert decode(token, audience=iter({"b": 1}))
    spent = iter(["a", "b"])
    assert decode(token, audience=spent)
    with pytest.raises(jwt.InvalidAudienceError):
        decode(token, audience=spent)


def test_issuers_may_be_any_container(jwt: ModuleType, decode: Any) -> None:
    class Tenants:
        def __contains__(self, name: object) -> bool:
            return str(name).endswith(".example")

    assert decode(sign({"iss": "a.example"}), issuer=Tenants())
    with pytest.raises(jwt.InvalidIssuerError):
        decode(sign({"iss": "a.test"}), issuer=Tenants())


@pytest.mark.parametrize(
    ("hook", "claims"),
    [
        ("_validate_iss", {"iss": "x"}),
        ("_validate_aud", {"aud": "x"}),
        ("_validate_exp", {"exp": 1}),
        ("_validate_nbf", {"nbf": 9_999_999_999}),
        ("_validate_iat", {"iat": 9_999_999_999}),
        ("_validate_sub", {"sub": 5}),
        ("_validate_jti", {"jti": 5}),
        ("_validate_required_claims", {}),
        ("_validate_claims", {"exp": 1}),
    ],
)
def test_a_subclass_may_check_claims_otherwise(jwt: ModuleType, hook: str, claims: dict[str, Any]) -> None:
    asked = []
    kind = type("Mine", (jwt.PyJWT,), {hook: lambda self, *args, **options: asked.append(hook)})
    mine = kind()
    options = {"require": ["missing"]} if hook == "_validate_required_claims" else {}
    for _ in range(2):
        assert (
            mine.decode(sign(claims), SECRET, ["HS256"], options, issuer="a" if "iss" in claims else None)
            == claims
        )
    assert asked == [hook, hook]


def test_a_subclass_may_write_and_read_otherwise(jwt: ModuleType) -> None:
    class Reversed(jwt.PyJWT):
        def _encode_payload(self, payload: Any, headers: Any = None, json_encoder: Any = None) -> bytes:
            octets: bytes = super()._encode_payload(payload, headers=headers, json_encoder=json_encoder)
            return octets[::-1]

        def _decode_payload(self, decoded: Any) -> Any:
            return super()._decode_payload({**decoded, "payload": decoded["payload"][::-1]})

    mine = Reversed()
    token = mine.encode({"sub": "é"}, SECRET)
    assert mine.decode(token, SECRET, algorithms=["HS256"]) == {"sub": "é"}
    with pytest.raises(jwt.DecodeError):
        jwt.decode(token, SECRET, algorithms=["HS256"])


def test_options_of_an_object_may_change(jwt: ModuleType) -> None:
    mine = jwt.PyJWT({"verify_exp": False})
    token = sign({"exp": 1})
    assert mine.decode(token, SECRET, algorithms=["HS256"])
    mine.options["verify_exp"] = True
    with pytest.raises(jwt.ExpiredSignatureError):
        mine.decode(token, SECRET, algorithms=["HS256"])
    assert jwt.PyJWT().decode(sign({}), SECRET, algorithms=["HS256"]) == {}


@pytest.fixture
def rot(jwt: ModuleType) -> Iterator[Any]:
    class Rot(jwt.algorithms.Algorithm):
        def prepare_key(self, key: Any) -> Any:
            return key

        def sign(self, msg: bytes, key: Any) -> bytes:
            return msg[::-1]

        def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
            return sig == msg[::-1]

        @staticmethod
        def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:
            raise NotImplementedError

        @staticmethod
        def from_jwk(jwk: Any) -> Any:
            raise NotImplementedError

    jwt.register_algorithm("ROT", Rot())
    yield Rot
    if "ROT" in jwt.api_jws._jws_global_obj.get_algorithms():
        jwt.unregister_algorithm("ROT")


def test_an_algorithm_of_ones_own(jwt: ModuleType, rot: Any) -> None:
    token = jwt.encode({"a": 1}, "key", algorithm="ROT")
    assert jwt.decode(token, "key", algorithms=["ROT"]) == {"a": 1}
    assert jwt.decode(sign({"a": 2}), SECRET, algorithms=["ROT", "HS256"]) == {"a": 2}
    jwt.unregister_algorithm("ROT")
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, "key", algorithms=["ROT"])
    with pytest.raises(NotImplementedError):
        jwt.encode({}, "key", algorithm="ROT")


def test_an_algorithm_may_be_taken_away_and_replaced(jwt: ModuleType, rot: Any) -> None:
    token = sign({"a": 1})
    assert jwt.decode(token, SECRET, algorithms=["HS256"]) == {"a": 1}
    jwt.unregister_algorithm("HS256")
    try:
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token, SECRET, algorithms=["HS256"])
        jwt.register_algorithm("HS256", rot())
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, SECRET, algorithms=["HS256"])
        mine = jwt.encode({"a": 2}, SECRET, algorithm="HS256")
        assert jwt.decode(mine, SECRET, algorithms=["HS256"]) == {"a": 2}
    finally:
        if "HS256" in jwt.api_jws._jws_global_obj.get_algorithms():
            jwt.unregister_algorithm("HS256")
        jwt.register_algorithm("HS256", jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256))
    assert jwt.decode(token, SECRET, algorithms=["HS256"]) == {"a": 1}


def test_an_object_may_have_fewer_algorithms(jwt: ModuleType) -> None:
    few = jwt.PyJWS(algorithms=["HS512"])
    assert few.get_algorithms() == ["HS512"]
    token = sign({})
    with pytest.raises(jwt.InvalidAlgorithmError):
        few.decode(token, SECRET, algorithms=["HS256"])
    assert jwt.PyJWS().decode(token, SECRET, algorithms=["HS256"]) == b"{}"


def test_a_verify_of_ones_own_is_asked(jwt: ModuleType) -> None:
    """An algorithm that descends from the library's own, under its name, is asked."""
    asked = []

    class Doubtful(jwt.algorithms.HMACAlgorithm):
        def verify(self, msg: bytes, key: bytes, sig: bytes) -> bool:
            asked.append(msg)
            return False

    own = jwt.PyJWT()
    own._jws.unregister_algorithm("HS256")
    own._jws.register_algorithm("HS256", Doubtful(Doubtful.SHA256))
    for _ in range(2):
        with pytest.raises(jwt.InvalidSignatureError):
            own.decode(sign({}), SECRET, algorithms=["HS256"])
        assert jwt.decode(sign({}), SECRET, algorithms=["HS256"]) == {}
    assert len(asked) == 2


def test_short_keys_warn_or_are_refused(jwt: ModuleType) -> None:
    token = jwt.encode({}, b"k" * 32, algorithm="HS256")
    for _ in range(2):
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            short = jwt.encode({"a": 1}, "short", algorithm="HS256")
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            assert jwt.decode(short, "short", algorithms=["HS256"]) == {"a": 1}
        with pytest.raises(jwt.InvalidKeyError):
            jwt.decode(short, "short", ["HS256"], {"enforce_minimum_key_length": True})
    strict = jwt.PyJWT({"enforce_minimum_key_length": True})
    assert strict.decode(token, b"k" * 32, algorithms=["HS256"]) == {}
    with pytest.raises(jwt.InvalidKeyError):
        strict.encode({}, "short", algorithm="HS256")


def test_many_threads_many_keys(jwt: ModuleType) -> None:
    """One call's key and rules never serve another's."""
    jobs = [(f"secret {number} ".encode() * 5, f"aud{number}") for number in range(20)]
    tokens = [theirs.encode({"aud": name}, key, algorithm="HS256") for key, name in jobs]
    wrong: list[object] = []

    def work(start: int) -> None:
        for step in range(40):
            mine = (start + step) % len(jobs)
            other = (mine + 1) % len(jobs)
            key, name = jobs[mine]
            if jwt.decode(tokens[mine], key, ["HS256"], audience=name) != {"aud": name}:
                wrong.append(mine)
            for bad_key, bad_name in ((jobs[other][0], name), (key, jobs[other][1])):
                try:
                    jwt.decode(tokens[mine], bad_key, ["HS256"], audience=bad_name)
                except (jwt.InvalidSignatureError, jwt.InvalidAudienceError):
                    continue
                wrong.append((mine, other))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_a_private_key_object_signs_and_its_public_half_verifies(jwt: ModuleType, name: str) -> None:
    keys = pair(name)
    token = jwt.encode({"a": 1}, keys.native, algorithm=name)
    for key in (keys.native.public_key(), keys.public_pem, keys.public_pem.decode()):
        assert jwt.decode(token, key, algorithms=[name]) == {"a": 1}
        assert theirs.decode(token, key, algorithms=[name]) == {"a": 1}
    jwk = jwt.PyJWK({**keys.public.to_jwk(), "alg": name, "kid": "k"})
    assert jwt.decode(token, jwk) == jwt.decode(token, jwk, algorithms=[name]) == {"a": 1}
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, jwk, algorithms=["HS256"])


def test_text_may_be_a_subclass(jwt: ModuleType, decode: Any) -> None:
    class Text(str):
        __slots__ = ()

    token = Text(sign({"aud": "a", "iss": "b"}))
    assert decode(token, audience=Text("a"), issuer=Text("b"))
    assert jwt.decode(token, Text(SECRET.decode()), algorithms=[Text("HS256")], audience="a")


def test_complete_has_the_three_parts(jwt: ModuleType) -> None:
    token = sign({"a": 1}, headers={"kid": "k"})
    parts = jwt.decode_complete(token, SECRET, algorithms=["HS256"])
    assert list(parts) == ["payload", "header", "signature"]
    assert parts["header"] == {"alg": "HS256", "kid": "k", "typ": "JWT"}
    assert isinstance(parts["signature"], bytes)
    assert len(parts["signature"]) == 32
