"""Claims made of the scanner's notes in a batch are those that a JSON reader makes of the text."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt

KEY = cyjwt.Key.from_secret(bytes(range(32)))
#: So many tokens of one order until it is trusted, and more.
WARM = 12

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
#: Names that are looked for, names under which values are kept, plain ones, and any.
NAMES = st.sampled_from(["exp", "iss", "aud", "scope", "roles", "sub", "jti", "a", "b"]) | st.text(max_size=9)


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def token(payload: str, kid: str = "k") -> str:
    """A token with this very text for a payload."""
    text = f"{segment(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{segment(payload.encode())}"
    return f"{text}.{segment(KEY.sign(text.encode(), 'HS256'))}"


def exact(value: Any) -> str:
    """All that can be seen of a value: types, orders, the sign of a zero."""
    return repr(value)


def verifier() -> cyjwt.Verifier[dict[str, Any]]:
    return cyjwt.Verifier(KEY, algorithms=["HS256"], required=())


def same(payloads: list[str], *, threads: int = 1) -> None:
    """Each of them, among tokens before it that make its order of names a trusted one."""
    tokens = [token(payload) for payload in payloads]
    one = verifier()
    batch = one.verify_batch(tokens, threads=threads)
    for payload, text, given_ in zip(payloads, tokens, batch, strict=True):
        if isinstance(given_, cyjwt.InvalidTokenError):
            with pytest.raises(type(given_), match=f"^{re.escape(str(given_))}$"):
                one.verify(text)
        else:
            assert exact(given_) == exact(one.verify(text)) == exact(json.loads(payload))


@given(
    st.dictionaries(NAMES, LEAVES, max_size=8).map(lambda claims: claims | {"exp": 4_102_444_800}), st.data()
)
def test_claims_of_one_order(claims: dict[str, Any], data: st.DataObject) -> None:
    others = [{name: data.draw(VALUES) for name in claims} | {"exp": 4_102_444_800} for _ in range(4)]
    for one in others:
        one.pop("aud", None)
        one.pop("iss", None)
    plain = {name: value for name, value in claims.items() if name not in ("aud", "iss")}
    same([json.dumps(one) for one in [*[plain] * WARM, *others, plain]])


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=2, max_size=6))
def test_claims_of_any_order(many: list[dict[str, Any]]) -> None:
    texts = [json.dumps(one, ensure_ascii=False) for one in many if not {"aud", "iss"} & set(one)]
    same([text for text in texts for _ in range(4)])


BASE = '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a","b"],"exp":4102444800}'
ODD = [
    '{"sub":"u","n":1,"iss2":"i","scope":"read","ok":false,"roles":[],"exp":4102444800}',
    '{"sub":"","n":-0,"iss2":"\\u00e9","scope":"r\\n","ok":null,"roles":["\\ud83d\\ude00"],"exp":4102444800}',
    '{"sub":"é","n":-0.0,"iss2":"ü","scope":"ß","ok":[true],"roles":{"a":{"b":[1]}},"exp":4102444800}',
    '{"sub":1,"n":"1","iss2":{},"scope":7,"ok":"true","roles":"a","exp":4102444800}',
    '{"sub":"u","n":999999999999999,"iss2":"i","scope":"s","ok":true,"roles":[],"exp":4102444800}',
    '{"sub":"u","n":-99999999999999,"iss2":"i","scope":"s","ok":true,"roles":[],"exp":4102444800}',
    '{"sub":"u","n":9007199254740993,"iss2":"i","scope":"s","ok":true,"roles":[],"exp":4102444800}',
    '{"sub":"u","n":123456789012345678901234567890,"iss2":"i","scope":"s","ok":1e3,"roles":[],"exp":4102444800}',
    ' { "sub" : "u" , "n" : 1 , "iss2" : "i" , "scope" : "s" , "ok" : true , "roles" : [ ] , "exp" : 4102444800 } ',
    '{"s\\u0075b":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":4102444800}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":4102444800,"more":1}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"]}',
    '{"n":1,"sub":"u","iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":4102444800}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"sub":"v","exp":4102444800}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":1}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":"4102444800"}',
    '{"sub":"u","n":01,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":4102444800}',
    '{"sub":"u","n":1,"iss2":"i","scope":"read write","ok":true,"roles":["a"],"exp":4102444800}x',
    "{}",
    "[]",
    '"sub"',
    "",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("threads", [1, 2])
def test_one_that_differs_among_many_of_an_order(odd: str, threads: int) -> None:
    same([*[BASE] * WARM, odd, BASE, odd, odd, BASE], threads=threads)


def test_a_value_that_recurs_and_then_does_not() -> None:
    texts = [
        BASE.replace("read write", scope)
        for scope in ["read write"] * WARM + ["read writf", "read write", "r"]
    ]
    same(texts)


@pytest.mark.parametrize("members", [1, 2, 31, 32, 33, 63, 64, 65, 66, 500])
def test_few_and_many_members(members: int) -> None:
    """More than there is room for notes, and more than a shape has."""
    one = json.dumps({f"m{i}": f"v{i}" for i in range(members)})
    same([*[one] * 300, BASE, one])


def test_results_of_two_batches_are_not_shared() -> None:
    one = verifier()
    tokens = [token(BASE)] * (3 * WARM)
    first, second = one.verify_batch(tokens).claims(), one.verify_batch(tokens).claims()
    seen = [claims for claims in [*first, *second] if claims is not None]
    assert len({id(claims) for claims in seen}) == len({id(claims["roles"]) for claims in seen}) == 6 * WARM
    seen[0]["sub"] = "changed"
    assert {claims["sub"] for claims in seen[1:]} == {"u"}
