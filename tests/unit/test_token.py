"""Token and read_unverified: read as strictly as verified, and nothing is verified."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import base64url
from tests.support import b64, good_claims, pair

HS256 = pair("HS256")


def unsigned(header: bytes = b'{"alg":"none"}', payload: bytes = b"{}", signature: bytes = b"") -> str:
    return f"{b64(header)}.{b64(payload)}.{b64(signature)}"


def test_a_token_is_a_tuple_with_names() -> None:
    read = cyjwt.read_unverified(HS256.token())
    header, claims, signature = read
    assert (read.header, read.claims, read.signature) == (header, claims, signature)
    assert type(read) is cyjwt.Token
    assert cyjwt.Token(*read) == cyjwt.Token(header=header, claims=claims, signature=signature) == read
    match read:
        case cyjwt.Token(header=found, signature=octets):
            assert (found, octets) == (header, signature)
    assert type(header) is type(claims) is dict
    assert type(signature) is bytes
    assert pickle.loads(pickle.dumps(read)) == read
    assert read != cyjwt.Token(header, claims, b"")
    with pytest.raises(AttributeError):
        read.header = {}  # type: ignore[misc]


def test_nothing_is_verified() -> None:
    """Not the algorithm, nor the key, nor the signature, nor any claim."""
    for header in (b"{}", b'{"alg":"none"}', b'{"alg":1,"kid":[],"typ":0,"crit":"x","b64":false}'):
        for payload in (b"{}", b'{"exp":1,"nbf":"x","iss":1,"aud":[],"sub":null}'):
            for signature in (b"", b"x", bytes(5000)):
                read = cyjwt.read_unverified(unsigned(header, payload, signature))
                assert read == (json.loads(header), json.loads(payload), signature)


#: Tokens that are not well formed, whatever key they were signed with.
MALFORMED: dict[str, Any] = {
    "empty": "",
    "one segment": "e30",
    "two segments": "e30.e30",
    "four segments": "e30.e30.e30.e30",
    "five segments": "a.b.c.d.e",
    "empty header": ".e30.",
    "dots": "..",
    "header of one character": "e.e30.",
    "padding": "e30=.e30=.",
    "standard alphabet": unsigned(payload=b'{"a":"???>>>"}').replace("_", "/").replace("-", "+"),
    "white space": " " + unsigned(),
    "newline at the end": unsigned() + "\n",
    "trailing bits": "e31.e30.",
    "not ASCII": unsigned() + "é",
    "wide": "\uff21" + unsigned(),
    "not ASCII octets": unsigned().encode() + b"\xff",
    "NUL": unsigned() + "\0",
    "header is a list": unsigned(b"[]"),
    "header is a number": unsigned(b"1"),
    "header is not JSON": unsigned(b"{"),
    "header is not UTF-8": unsigned(b'{"a":"\xff"}'),
    "header twice": unsigned(b'{"alg":1,"alg":2}'),
    "payload is a list": unsigned(payload=b"[]"),
    "payload is null": unsigned(payload=b"null"),
    "payload is text": unsigned(payload=b'"x"'),
    "payload is empty": unsigned(payload=b""),
    "payload is not JSON": unsigned(payload=b"{'a':1}"),
    "payload twice": unsigned(payload=b'{"a":{"b":1,"b":2}}'),
    "payload with a surrogate": unsigned(payload=rb'{"a":"\ud800"}'),
    "payload too deep": unsigned(payload=b'{"a":' + b"[" * 128 + b"]" * 128 + b"}"),
    "payload with a long number": unsigned(payload=b'{"a":' + b"9" * 4301 + b"}"),
    "payload with NaN": unsigned(payload=b'{"a":NaN}'),
    "payload with a BOM": unsigned(payload=b"\xef\xbb\xbf{}"),
    "too large": unsigned(payload=b'{"a":"' + b"x" * 50_000 + b'"}'),
    "million dots": "." * 1_000_000,
    "nothing": None,
    "number": 1,
    "list": ["e30", "e30", ""],
    "object": object(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_well_formed(name: str) -> None:
    token = MALFORMED[name]
    with pytest.raises(cyjwt.DecodeError) as caught:
        cyjwt.read_unverified(token)
    assert type(caught.value) is cyjwt.DecodeError
    assert caught.value.__cause__ is None
    assert caught.value.claim is None
    if isinstance(token, str) and len(token) > 4:
        assert token not in str(caught.value)


def refused(token: Any) -> cyjwt.InvalidTokenError:
    with pytest.raises(cyjwt.InvalidTokenError) as caught:
        HS256.verifier().verify(token)
    return caught.value


def code_of(token: Any) -> str:
    with pytest.raises(cyjwt.DecodeError) as caught:
        cyjwt.read_unverified(token)
    return caught.value.code


def test_the_codes_are_those_that_verify_gives() -> None:
    """One reason has one code, whoever finds it, where ``verify`` comes so far as to find it."""
    differ = {}
    for name, token in MALFORMED.items():
        if name.startswith("payload"):
            payload = base64url.decode(token.split(".")[1])
            expected = refused(HS256.forge(b'{"alg":"HS256"}', payload))
        else:
            expected = refused(token)
        if type(expected) is cyjwt.DecodeError and code_of(token) != expected.code:
            differ[name] = code_of(token), expected.code
    assert not differ


def test_the_size_cap_is_exact() -> None:
    for fill in range(49_100, 49_160):
        token = unsigned(payload=b'{"a":"' + b"x" * fill + b'"}')
        if len(token) <= 65_536:
            assert len(cyjwt.read_unverified(token).claims["a"]) == fill
        else:
            with pytest.raises(cyjwt.DecodeError):
                cyjwt.read_unverified(token)


def test_everything_is_new_each_time() -> None:
    token = HS256.token(good_claims(a=[1], b={"c": [2]}, iss="i", d=1, e=2))
    for _ in range(3):
        read = cyjwt.read_unverified(token)
        assert read.claims == good_claims(a=[1], b={"c": [2]}, iss="i", d=1, e=2)
        assert read.header["alg"] == "HS256"
        read.claims["a"].append(2)
        read.claims["b"]["c"].clear()
        read.header["alg"] = "none"
        del read.claims["sub"]


def test_one_positional_argument() -> None:
    with pytest.raises(TypeError):
        cyjwt.read_unverified()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        cyjwt.read_unverified(unsigned(), unsigned())  # type: ignore[call-arg]
