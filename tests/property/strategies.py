"""Documents, claims, headers and damage, for the property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.support import AUDIENCE, ISSUER, NOW

#: Text that has a UTF-8: no surrogates.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

#: Text as it is in real tokens, of lengths on both sides of a vector register.
plain_text = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_ :/.", max_size=80)

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-300, 300),
    st.sampled_from([2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1]),
    st.floats(allow_nan=False, allow_infinity=False),
)

scalars = st.one_of(st.none(), st.booleans(), numbers, text, plain_text)

values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(text, inner, max_size=5)),
    max_leaves=25,
)

objects = st.dictionaries(st.one_of(plain_text, text), values, max_size=12)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """JSON text of some value, in one of several spellings."""
    value = draw(values)
    spelling = draw(
        st.sampled_from(
            [
                {"separators": (",", ":")},
                {},
                {"indent": 1},
                {"indent": "\t\r\n "},
                {"ensure_ascii": False},
                {"ensure_ascii": False, "separators": (" ,\n", "\t:\r")},
            ]
        )
    )
    return json.dumps(value, **spelling).encode("utf-8")


#: The digits of a number, right or nearly right, long or short.
number_texts = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[-+]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{0,4})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"{x:.17e}"),
    st.integers(-(2**200), 2**200).map(str),
)

#: What a string may hold between its quotation marks, good and bad.
string_bodies = st.lists(
    st.one_of(
        plain_text.map(str.encode),
        text.map(lambda t: json.dumps(t)[1:-1].encode()),
        text.map(lambda t: json.dumps(t, ensure_ascii=False)[1:-1].encode()),
        st.from_regex(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", fullmatch=True),
        st.sampled_from([b"\\", b'"', b"\\x", b"\\u12", b"\\u00g0", b"\x00", b"\x1f", b"\x7f", b"\n"]),
        st.sampled_from(
            [b"\xff", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"]
        ),
        st.sampled_from(
            [b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\\ud83d\\ude00"]
        ),
    ),
    max_size=6,
).map(lambda parts: b'"' + b"".join(parts) + b'"')


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Octets of ``whole`` after one to three acts of damage."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        act = draw(st.sampled_from(["flip", "insert", "delete", "cut", "repeat", "bit"]))
        if act == "flip" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif act == "bit" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif act == "insert":
            data[at:at] = draw(
                st.one_of(st.binary(max_size=4), st.sampled_from([b".", b"=", b"\n", b",", b"}", b'"']))
            )
        elif act == "delete":
            del data[at : at + draw(st.integers(1, 3))]
        elif act == "cut":
            del data[at:]
        elif act == "repeat":
            data[at:at] = data[at : at + draw(st.integers(1, 20))]
    return bytes(data)


#: A registered claim's value: right, at an edge, or of a wrong type.
dates = st.one_of(
    st.integers(NOW - 20, NOW + 20),
    st.floats(NOW - 20, NOW + 20),
    st.sampled_from([0, -1, -0.5, 0.0, 253402300799, 253402300799.5, 253402300800, 2**63, 1e300, 10**30]),
    st.sampled_from([None, True, False, "1", str(NOW + 9), [], [NOW + 9], {}]),
)
names = st.one_of(
    st.sampled_from([ISSUER, ISSUER[:-1], AUDIENCE, AUDIENCE + "2", "", "user-1", "order"]),
    st.lists(st.sampled_from([AUDIENCE, "billing", ISSUER, "", 1, None]), max_size=3),
    st.sampled_from([None, True, 0, 1.5, {}, {"orders": True}]),
)


@st.composite
def claims(draw: st.DrawFn) -> dict[str, Any]:
    """A claims set in which each registered claim may be absent, right or wrong."""
    drawn: dict[str, Any] = {}
    for name in draw(st.permutations(["exp", "nbf", "iat", "iss", "aud", "sub", "jti"])):
        if draw(st.integers(0, 3)):
            drawn[name] = draw(dates if name in ("exp", "nbf", "iat") else names)
    drawn.update(draw(st.dictionaries(plain_text, values, max_size=4)))
    return drawn


header_members = {
    "typ": st.one_of(
        st.sampled_from(
            ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/x/at+jwt", "", None, 1]
        ),
        text,
    ),
    "kid": st.one_of(st.sampled_from(["a", "b", "", "../../etc/passwd", 1, None, ["a"], True]), text),
    "crit": st.one_of(
        st.sampled_from(
            [[], ["exp"], ["x"], ["x", "x"], ["alg"], ["b64"], "x", None, 1, [1], {}, ["x", "y"]]
        ),
        st.lists(text, max_size=2),
    ),
    "b64": st.sampled_from([True, False, 0, 1, None, "false"]),
    "x": scalars,
    "y": scalars,
    "exp": scalars,
    "jwk": st.just({"kty": "oct", "k": "AAAA"}),
    "cty": scalars,
}
algorithm_names = st.one_of(
    st.sampled_from(
        ["HS256", "HS384", "hs256", "HS256 ", "none", "None", "RS256", "ES256", "EdDSA", "", "A128KW"]
    ),
    st.sampled_from([None, 1, True, [], ["HS256"], {}]),
)


@st.composite
def headers(draw: st.DrawFn, algorithm: str) -> dict[str, Any]:
    """A header, most of the time with the right ``alg`` and few surprises."""
    drawn: dict[str, Any] = {}
    if draw(st.integers(0, 9)):
        drawn["alg"] = algorithm if draw(st.integers(0, 4)) else draw(algorithm_names)
    for name in draw(st.lists(st.sampled_from(sorted(header_members)), max_size=3, unique=True)):
        drawn[name] = draw(header_members[name])
    return drawn


policies = st.fixed_dictionaries(
    {},
    optional={
        "issuer": st.sampled_from([ISSUER, [ISSUER, "other"], ("other",), {"user-1"}]),
        "audience": st.sampled_from([AUDIENCE, [AUDIENCE, "billing"], ("nobody",), {"user-1"}]),
        "subject": st.sampled_from(["user-1", "user-2"]),
        "leeway": st.sampled_from([0, 5, 2.5, 1000]),
        "required": st.sampled_from([(), ("exp",), ("sub", "exp"), ("nbf", "iat", "jti"), ("custom",)]),
        "type": st.sampled_from(["JWT", "at+jwt", "application/at+jwt"]),
        "max_age": st.sampled_from([0, 10, 3600, 1.5]),
        "allow_padding": st.booleans(),
        "critical": st.sampled_from([(), ("x",), ("x", "y"), ("exp",)]),
    },
)
