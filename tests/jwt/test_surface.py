"""The surface itself: its names and signatures, what it imports, and what it says of itself."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from cyjwt import jwt
from cyjwt.jwt import api_jwk, api_jws, api_jwt, exceptions, jwk_set_cache, jwks_client

SECRET = "a secret of thirty-two octets or more"


def parameters(function: object) -> list[str]:
    return [str(one).split(":")[0].split(" =")[0] for one in inspect.signature(function).parameters.values()]  # type: ignore[arg-type]


def test_every_name_is_there() -> None:
    for name in jwt.__all__:
        assert getattr(jwt, name) is not None
    assert jwt.__version__ == "2.15.1"
    assert jwt.PyJWKClient is jwks_client.PyJWKClient
    assert jwt.decode is api_jwt.decode
    with pytest.raises(AttributeError):
        jwt.nothing  # noqa: B018


def test_signatures() -> None:
    encode = ["payload", "key", "algorithm", "headers", "json_encoder"]
    decode = ["jwt", "key", "algorithms", "options", "verify", "detached_payload", "audience"]
    assert parameters(jwt.encode) == [*encode, "sort_headers"]
    assert parameters(jwt.decode) == [*decode, "subject", "issuer", "leeway", "**kwargs"]
    assert parameters(jwt.decode_complete) == [*decode, "issuer", "subject", "leeway", "**kwargs"]
    assert parameters(api_jws.encode) == [*encode, "is_payload_detached", "sort_headers"]
    assert parameters(jwt.PyJWK) == ["jwk_data", "algorithm"]
    assert parameters(jwt.PyJWKClient) == [
        "uri",
        "cache_keys",
        "max_cached_keys",
        "cache_jwk_set",
        "lifespan",
        "headers",
        "timeout",
        "ssl_context",
        "cooldown_duration",
    ]


def test_one_class_for_each_exception() -> None:
    assert exceptions.PyJWTError is cyjwt.CyJWTError
    shared = [name for name in exceptions.__all__ if hasattr(cyjwt, name)]
    assert len(shared) == 13
    for name in shared:
        assert getattr(exceptions, name) is getattr(cyjwt, name)
    for name in exceptions.__all__:
        assert issubclass(getattr(exceptions, name), jwt.PyJWTError)
    assert issubclass(jwt.PyJWKClientConnectionError, jwt.PyJWKClientError)
    assert issubclass(exceptions.MissingCryptographyError, jwt.PyJWKError)


def test_cryptography_and_urllib_are_imported_when_needed() -> None:
    code = (
        "import sys\n"
        "from cyjwt import jwt\n"
        f"token = jwt.encode({{'sub': '42'}}, {SECRET!r})\n"
        f"jwt.decode(token, {SECRET!r}, algorithms=['HS256'])\n"
        "jwt.PyJWS().get_algorithms(), jwt.algorithms.has_crypto\n"
        "print([name for name in ('cryptography', 'urllib.request', 'ssl') if name in sys.modules])\n"
        "jwt.algorithms.AllowedKeys, jwt.PyJWKClient\n"
        "print([name for name in ('cryptography', 'urllib.request') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['cryptography', 'urllib.request']"]
    done = subprocess.run(
        [sys.executable, "-c", "import sys, cyjwt; print('cyjwt.jwt' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_help_says_what_is_in_use() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cyjwt.jwt.help"], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert said == importlib.import_module("cyjwt.jwt.help").info()
    assert said["pyjwt"]["version"] == jwt.__version__
    assert said["cyjwt"]["version"] == cyjwt.__version__
    assert said["cryptography"]["version"]


def test_the_functions_travel() -> None:
    assert pickle.loads(pickle.dumps(jwt.decode)) is jwt.decode
    assert jwt.decode.__name__ == "decode"
    assert (jwt.decode.__doc__ or "").startswith("Verify a token")

    class Holder:
        decode = jwt.decode

    assert Holder().decode(jwt.encode({}, SECRET), SECRET, algorithms=["HS256"]) == {}


@pytest.mark.parametrize("away", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_all_functions_travel_to_other_processes(away: Callable[[Any], Any]) -> None:
    """As PyJWT's do, they are methods of an object that comes along."""
    token = away(jwt.encode)({"sub": "42"}, SECRET)
    assert away(jwt.decode)(token, SECRET, algorithms=["HS256"]) == {"sub": "42"}
    assert away(jwt.decode_complete)(token, SECRET, algorithms=["HS256"])["payload"] == {"sub": "42"}
    assert away(jwt.get_unverified_header)(token) == jwt.get_unverified_header(token)
    signed = away(api_jws.encode)(b"any", SECRET)
    assert away(api_jws.decode)(signed, SECRET, algorithms=["HS256"]) == b"any"


def test_a_copy_keeps_what_a_class_of_ones_own_adds() -> None:
    class Own(jwt.PyJWT):
        __slots__ = ("mine",)

    own = Own({"verify_exp": False})
    own.mine = 5
    again = copy.deepcopy(own)
    assert again.mine == 5
    assert again.options == own.options
    assert again.options is not own.options
    plain = copy.copy(jwt.api_jwt._jwt_global_obj)
    assert plain.decode(jwt.encode({}, SECRET), SECRET, algorithms=["HS256"]) == {}


def test_unions_of_keys_are_types() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    private, either = jwt.algorithms.AllowedPrivateKeys, jwt.algorithms.AllowedKeys
    assert ec.EllipticCurvePrivateKey in private.__args__
    assert rsa.RSAPublicKey not in private.__args__
    assert rsa.RSAPublicKey in either.__args__
    assert len(either.__args__) == 8


def test_a_set_is_forgotten_when_its_time_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    members = {"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]}
    cache = jwk_set_cache.JWKSetCache(10)
    assert cache.get() is None
    assert not cache.is_expired()
    cache.put(members)
    moment[0] += 10
    assert isinstance(cache.get(), api_jwk.PyJWKSet)
    moment[0] += 0.1
    assert cache.is_expired()
    assert cache.get() is None
    lasting = jwk_set_cache.JWKSetCache(-1)
    lasting.put(members)
    moment[0] += 1e9
    assert lasting.get() is not None


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_detached_payload_may_lie_in_a_buffer(kind: Callable[[bytes], Any]) -> None:
    token = jwt.PyJWS().encode(b'{"a":1}', SECRET, is_payload_detached=True)

    def decode(payload: bytes) -> Any:
        return jwt.decode(token, SECRET, algorithms=["HS256"], detached_payload=kind(payload))

    assert decode(b'{"a":1}') == {"a": 1}
    with pytest.raises(jwt.InvalidSignatureError):
        decode(b'{"a":2}')
