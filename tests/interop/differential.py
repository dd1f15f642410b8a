"""Calls of PyJWT's functions made up at random, to be made with PyJWT and with `cyjwt.jwt` alike."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bench import baseline
from tests.interop.sides import FITTING, SIGNERS, Call, family_key, key_names
from tests.support import b64

#: The time about which the tokens' dates lie; real, because both sides read the real clock.
NOW = int(time.time())
FAR = 100_000


def rarely(draw: st.DrawFn, of: int) -> bool:
    """True one time in so many; what shrinks, or is tried first, is False."""
    return bool(draw(st.sampled_from(range(of))) == of - 1)


# Tokens.

DATES: st.SearchStrategy[Any] = st.sampled_from([
    NOW - FAR, NOW + FAR, NOW - FAR + 0.5, NOW + FAR + 0.5, str(NOW - FAR), str(NOW + FAR), f" {NOW + FAR} ", f"{NOW + FAR}.5",
    "soon", "", "1_0", None, True, False, [], [1], {}, 0, -1, 10**18, 10**30, -(10**30), 1e300, -0.0, 0.5, "٣", "0x10",
])  # fmt: skip
_NAMES: st.SearchStrategy[Any] = st.sampled_from(
    ["a", "b", "ab", "", "é", "😀", None, 5, 0, True, [], ["a"], {}, 1.5]
)
_AUDIENCES: st.SearchStrategy[Any] = st.sampled_from(
    ["a", "b", "", ["a"], ["b", "a"], [], [""], ["a", 5], [None], 5, 0, None, True, {}, {"a": 1}, [["a"]]]
)
_OTHERS: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "exp": st.just(NOW + FAR) | DATES,
        "nbf": st.just(NOW - FAR) | DATES,
        "iat": st.just(NOW - FAR) | DATES,
        "iss": st.just("a") | _NAMES,
        "aud": st.just("a") | _AUDIENCES,
        "sub": st.just("a") | _NAMES,
        "jti": st.just("a") | _NAMES,
        "other": _OTHERS,
    },
)
#: Payloads that are not what ``json.dumps`` writes of claims.
RAW_PAYLOADS = [
    b"", b"[]", b"1", b'"a"', b"null", b"{", b"{}x", b" { } ", b'{"a":1,}', b"{'a':1}", b'{"a":01}', b'{"a":+1}', b"\xef\xbb\xbf{}",
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e400}', b'{"exp":NaN}', b'{"exp":Infinity}', b'{"exp":1e400}',
    b'{"iat":Infinity}', b'{"nbf":-Infinity}', b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'{"b":{"a":1,"a":2}}', b'{"exp":1,"exp":9999999999}',
    b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":1}\x00', b"{}\n",
    '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-16-le"), '{"a":1}'.encode("utf-32"), b"[" * 100_000, b'{"a":' * 1100 + b"1" + b"}" * 1100,
    b'{"a":' + b"1" * 5000 + b"}", b'{"a":' + b"1" * 4000 + b"}", b'{"a":1.0000000000000000000001}', b'{"a":1E5,"b":-0,"c":-0.0}', b'{"":{"":""}}',
]  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt", None, 5, "", ["JWT"]]),
        "kid": st.sampled_from(["k1", "", None, 5, ["k"], "é"]),
        "crit": st.sampled_from([[], ["exp"], ["b64"], "b64", None, [5], ["b64", "b64"], {"b64": 1}]),
        "b64": st.sampled_from([True, False, None, 0, "false"]),
        "cty": st.sampled_from(["JWT", 5, None]),
        "jwk": st.just({"kty": "oct", "k": "AAAA"}),
        "x": _OTHERS,
    },
)
NO_HEADER: st.SearchStrategy[dict[str, Any]] = st.just({})
#: The `alg` that a header states, where that is not the algorithm that signs.
STATED: st.SearchStrategy[Any] = st.sampled_from(
    [
        "none",
        "None",
        "hs256",
        "HS256 ",
        "HS384",
        "RS256",
        "ES512",
        "ES521",
        "HS1",
        "",
        None,
        5,
        ["HS256"],
        {},
        "absent",
    ]
)


def _damage(text: str) -> list[str]:
    """The token and what may become of it on its way."""
    head, payload, signature = text.split(".")
    last = signature[-1:]
    # The last character of a whole number of octets carries bits that must be zero.
    other = {"A": "B", "Q": "R", "g": "h", "w": "x"}.get(last, "A" if last != "A" else "B")
    return [
        f"{text}=", f"{text}==", f"{text}===", f"{head}=.{payload}.{signature}", f"{head}.{payload}=.{signature}", f"{head}==.{payload}==.{signature}==",
        f"{head}.{payload}.", f"{head}.{payload}", f"{head}", "", ".", "..", "...", f"{text}.", f".{text}", f"{text}.{signature}",
        f"{head}..{signature}", f".{payload}.{signature}", f"{head}.{payload}.{signature[:-1]}", f"{head}.{payload}.{signature}A",
        f"{head}.{payload}.{signature[:-1]}{other}", f"{head}.{payload}.{'A' + signature[1:]}", f"{head}.{payload}.{'+' + signature[1:]}",
        f"{head}.{payload}.{'/' + signature[1:]}", f" {text}", f"{text}\n", f"{text} ", f"{head}.{payload}\n.{signature}", f"{head[:4]}\n{head[4:]}.{payload}.{signature}",
        f"{head}.{payload}.é{signature}", f"{head}.{payload}.\x00", text.replace(".", ". "), f"{head}.{payload[:-1]}.{signature}", f"\ud800{text}", f"{head}.!{payload}.{signature}",
    ]  # fmt: skip


@st.composite
def tokens(draw: st.DrawFn) -> tuple[Any, str, str, frozenset[str]]:
    """A token, its algorithm, the name of a key that verifies it, and what is odd about it."""
    algorithm = draw(st.sampled_from(["HS256"] * 4 + list(SIGNERS)))
    kind = set()
    payload: bytes
    if rarely(draw, 6):
        payload = draw(st.sampled_from(RAW_PAYLOADS))
        kind.add("raw payload")
    else:
        payload = json.dumps(draw(CLAIMS), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    stated: dict[str, Any] = {"alg": algorithm}
    if rarely(draw, 10):
        stated = {"alg": draw(STATED)}
        kind.add("stated alg")
        if stated["alg"] == "absent":
            del stated["alg"]
    more = draw(NO_HEADER | NO_HEADER | HEADERS)
    header = json.dumps(stated | more).encode()
    if rarely(draw, 20):
        header = draw(st.sampled_from(RAW_PAYLOADS))
        kind.add("raw header")
    body = b64(payload)
    if more.get("b64", True) is False and draw(st.booleans()):
        body = ""
    signing_input = f"{b64(header)}.{body}".encode()
    if not body and draw(st.booleans()):
        signing_input += draw(st.sampled_from([b"detached", b""]))
    family = SIGNERS[algorithm]
    key = family_key(family)
    signature = baseline.make_signature(key, algorithm, signing_input)
    text = f"{b64(header)}.{body}.{b64(signature)}"
    if rarely(draw, 6):
        text = draw(st.sampled_from(_damage(text)))
        kind.add("damaged")
    token: Any = text
    form = draw(st.sampled_from(range(20)))
    if form > 16 and "\ud800" not in text:
        token = text.encode()
    elif form == 16 and "\ud800" not in text:
        token = draw(st.sampled_from([bytearray(text.encode()), memoryview(text.encode()), None, 5, [text]]))
        kind.add("odd type")
    return token, algorithm, draw(st.sampled_from(FITTING[family])), frozenset(kind)


_ALGORITHMS: st.SearchStrategy[Any] = st.sampled_from([
    None, [], ["HS256"], ["HS256", "HS512"], ("RS256",), {"HS256", "ES256"}, ["EdDSA", "PS256", "RS256"], "HS256", "HS256 HS512",
    ["none"], ["nothing", "HS256"], [None], [5], {"HS256": 1}, 5, ["HS256", "RS256", "ES256", "EdDSA"],
])  # fmt: skip
_EXPECTED: dict[str, st.SearchStrategy[Any]] = {
    "audience": st.sampled_from(
        ["a", "b", "", ["a"], ["b", "c"], [], ("a",), {"a", "b"}, [None], [5], 5, None, {"a": 1}]
    ),
    "issuer": st.sampled_from(["a", "b", "", ["a"], [], ("a", "b"), {"a"}, 5, None, {"a": 1}, ["ab"], b"a"]),
    "subject": st.sampled_from(["a", "b", "", None, 5, ["a"]]),
    "leeway": st.sampled_from([0, 10, 2 * FAR, 1.5, timedelta(seconds=2 * FAR), -2 * FAR, None, "1"]),
    "verify": st.sampled_from([True, False, None]),
    "detached_payload": st.sampled_from([b"detached", b"", b"{}"]),
}
_SWITCHES = ["signature", "exp", "nbf", "iat", "aud", "iss", "sub", "jti"]
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        **{f"verify_{name}": st.booleans() for name in _SWITCHES},
        "require": st.sampled_from(
            [[], ["exp"], ["exp", "other"], ("sub",), ["aud"], "exp", ["iss", "jti", "nbf", "iat"], None, 5]
        ),
        "strict_aud": st.booleans(),
        "enforce_minimum_key_length": st.booleans(),
        "unknown": st.booleans(),
    },
)
#: Most calls use one or two of them, if any.
_FEW = st.lists(st.sampled_from(sorted(_EXPECTED)), max_size=3, unique=True)


@st.composite
def decode_calls(draw: st.DrawFn) -> Call:
    token, algorithm, key, kind = draw(tokens())
    options: dict[str, Any] = {name: draw(_EXPECTED[name]) for name in draw(_FEW)}
    if rarely(draw, 4):
        options["options"] = draw(_OPTIONS | st.none())
    options["algorithms"] = draw(_ALGORITHMS) if rarely(draw, 8) else [algorithm]
    if rarely(draw, 7):
        key = draw(st.sampled_from(key_names()))
        kind |= {"any key"}
    function = draw(st.sampled_from(["decode"] * 3 + ["decode_complete", "api_jws.decode_complete"]))
    if function.startswith("api_jws"):
        options = {
            name: value
            for name, value in options.items()
            if name in ("algorithms", "detached_payload", "options")
        }
    return Call(function, token, key, options, kind)


@st.composite
def header_calls(draw: st.DrawFn) -> Call:
    token, _, _, kind = draw(tokens())
    return Call("get_unverified_header", token, "", {}, kind)


class Encoder(json.JSONEncoder):
    """Writes what JSON has no form for as text."""

    def default(self, o: Any) -> Any:
        return f"<{o}>"


_MOMENTS: list[Any] = [
    datetime(2030, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=timezone(timedelta(hours=-5, minutes=30))),
    datetime(2030, 1, 2, 3, 4), datetime(1969, 1, 1, tzinfo=UTC), date(2030, 1, 2), timedelta(seconds=5),
]  # fmt: skip
_WRITTEN: st.SearchStrategy[Any] = st.one_of(
    _OTHERS,
    st.sampled_from(
        [
            float("nan"),
            float("inf"),
            (1, 2),
            {1, 2},
            b"x",
            Decimal("1.5"),
            object,
            "\ud800",
            "é😀\u2028</",
            {1: 2},
            {None: 1},
            {True: 1},
        ]
    )
    | st.sampled_from([{(1,): 2}, {1: 1, "1": 2}, 1e16, 1e-7, 1e22, 5e-324, 10**400, *_MOMENTS]),
)
_PAYLOADS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "exp": st.sampled_from([NOW + FAR, *_MOMENTS]) | DATES,
        "nbf": st.sampled_from(_MOMENTS),
        "iat": st.sampled_from(_MOMENTS),
        "iss": st.just("a") | _NAMES,
        "aud": _AUDIENCES | st.just(("a", "b")),
        "other": _WRITTEN,
    },
)
_WRITTEN_HEADERS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["at+jwt", None, "", False, 5]),
        "alg": st.sampled_from(["HS512", "", None, "none", "HS1"]),
        "kid": st.sampled_from(["k1", 5, None, ""]),
        "crit": st.sampled_from([["b64"], ["exp"], [], "b64"]),
        "b64": st.sampled_from([False, True, None]),
        "a": _WRITTEN,
    },
)


@st.composite
def encode_calls(draw: st.DrawFn) -> Call:
    algorithm = draw(st.sampled_from(["HS256"] * 3 + ["RS256", "EdDSA", "HS512"]))
    key = {"secret": "secret", "rsa": "rsa-private-pem", "ed": "ed-private-pem"}[SIGNERS[algorithm]]
    payload = draw(_PAYLOADS)
    options: dict[str, Any] = {"algorithm": algorithm}
    if rarely(draw, 8):
        options["algorithm"] = draw(st.sampled_from([None, "none", "HS1", "", 5, "hs256", "HS384", "RS512"]))
    if rarely(draw, 12):
        del options["algorithm"]
    if rarely(draw, 3):
        options["headers"] = draw(_WRITTEN_HEADERS | st.none())
    if rarely(draw, 4):
        options["json_encoder"] = Encoder
    if rarely(draw, 4):
        options["sort_headers"] = draw(st.booleans())
    if rarely(draw, 6):
        key = draw(st.sampled_from(key_names()))
    if rarely(draw, 12):
        payload = draw(st.sampled_from([None, [], "a", b"{}", 5, {1: 2}, {"a": {}}]))
    return Call("encode", payload, key, options)
