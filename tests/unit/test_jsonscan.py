"""The JSON scanner: the reader's verdict on every text, with the same reason, and no objects."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import jsonscan, jsontext

CODES = {
    "invalid_json",
    "invalid_utf8",
    "lone_surrogate",
    "duplicate_member",
    "too_deep",
    "number_range",
    "not_an_object",
}


def reason(text: bytes) -> str | None:
    """What the scanner would say, by the reader."""
    try:
        value = jsontext.loads_unsigned(text)
    except cyjwt.DecodeError as error:
        return error.code
    return None if type(value) is dict else "not_an_object"


def agree(text: bytes) -> str | None:
    found = jsonscan.check(text)
    assert found == reason(text), text
    return found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{}", None),
        (b' { "a" : [ ] } ', None),
        (b"[]", "not_an_object"),
        (b"1", "not_an_object"),
        (b'"{}"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"{}{}", "invalid_json"),
        (b"{}\x00", "invalid_json"),
        (b"[1,]", "invalid_json"),
        (b'{"a":tru}', "invalid_json"),
        (b'{"a":nulL}', "invalid_json"),
        (b'{"a":fals}', "invalid_json"),
        (b'{"a":tr', "invalid_json"),
        (b'{"\xff":1}', "invalid_utf8"),
        (b'{"a":"\xe2\x82"}', "invalid_utf8"),
        (b'{"a":"\xf0\x9f\x98', "invalid_utf8"),
        (rb'{"a":"\ud800"}', "lone_surrogate"),
        (rb'{"\udfff":1}', "lone_surrogate"),
        (b'{"a":1,"a":1}', "duplicate_member"),
        (rb'{"a":1,"\u0061":1}', "duplicate_member"),
        (b'{"x":[{"a":1,"a":1}]}', "duplicate_member"),
        (b'[{"a":1,"a":1}]', "duplicate_member"),
        (b"[" * 129 + b"]" * 129, "too_deep"),
        (b"[" * 129, "too_deep"),
        (b'{"a":' * 200, "too_deep"),
        (b"9" * 4301, "number_range"),
        (b'{"a":1e400}', "number_range"),
    ],
)
def test_reasons(text: bytes, code: str | None) -> None:
    assert agree(text) == code


def test_the_first_fault_is_the_one_that_is_told() -> None:
    """Both go from left to right, and look for duplicates where an object ends."""
    faults = {
        b'"\xff"': "invalid_utf8",
        rb'"\ud800"': "lone_surrogate",
        b"1e999": "number_range",
        b'{"d":1,"d":2}': "duplicate_member",
        b"[" * 128: "too_deep",
        b"nul": "invalid_json",
    }
    for first, code in faults.items():
        for second in faults:
            assert agree(b'{"a":' + first + b',"b":' + second + b"}") == code
            assert agree(b'{"a":1,"a":' + first + b"}") == code


def corpus() -> list[bytes]:
    made = [
        {},
        {"alg": "HS256", "typ": "JWT", "kid": "2026-01"},
        {
            "sub": "42",
            "aud": ["a", "b"],
            "exp": 1900000000,
            "iat": 1.5e9,
            "roles": {"x": [True, False, None]},
        },
        {"é": '€\n"\\\u0000😀', "": {"": {"": []}}, "n": [-0.0, 1e22, 123456789012345678901234567890]},
        {f"member-{i}": [i, str(i), {"i": i}] for i in range(20)},
    ]
    texts = [json.dumps(value, ensure_ascii=ascii).encode() for value in made for ascii in (True, False)]
    return texts + [json.dumps(value, separators=(",", ":")).encode() for value in made]


@pytest.mark.parametrize("seed", range(4))
def test_agreement_over_damaged_texts(seed: int) -> None:
    chosen = random.Random(seed)
    pieces = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud83d", b"0", b"1e999", b"-", b"."]
    pieces += [b"\x00", b"\x1f", b"\x80", b"\xff", b"\xc3\xa9", b"\xf0\x9f", b" ", b"true", b"nul", b'"a":1,']
    seen = set()
    texts = corpus()
    for _ in range(5000):
        text = bytearray(chosen.choice(texts))
        for _ in range(chosen.randrange(1, 4)):
            at = chosen.randrange(len(text) + 1)
            act = chosen.randrange(4)
            if act == 0:
                text[at:at] = chosen.choice(pieces)
            elif act == 1:
                del text[at : at + chosen.randrange(1, 5)]
            elif act == 2:
                text[at : at + 1] = chosen.choice(pieces)
            else:
                other = chosen.choice(texts)
                start = chosen.randrange(len(other))
                text[at:at] = other[start : start + 12]
        seen.add(agree(bytes(text)))
    assert {None, "invalid_json", "invalid_utf8", "duplicate_member"} <= seen <= CODES | {None}


def test_every_prefix_and_every_octet() -> None:
    for text in corpus()[:9]:
        for cut in range(len(text)):
            agree(text[:cut])
            agree(text[:cut] + bytes(((cut * 37) % 256,)) + text[cut + 1 :])


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 18, 47, 48, 49, 50, 191, 192, 193, 1000])
def test_duplicates_among_any_number_of_names(count: int) -> None:
    """On both sides of each table's size, with names in order, in reverse and at random."""
    chosen = random.Random(count)
    for spell in ("{}", "member-{:06d}", "{:>12d}", "long-common-prefix-{}", "{}-long-common-suffix"):
        names = [spell.format(i) for i in range(count)]
        for order in (names, names[::-1], chosen.sample(names, count)):
            whole = "{" + ",".join(f'"{name}":0' for name in order)
            assert agree((whole + "}").encode()) is None
            twin = chosen.choice(order)
            assert agree((whole + f',"{twin}":0}}').encode()) == "duplicate_member"
            assert agree((whole + f',"{twin} ":0}}').encode()) is None
            escaped = "".join(f"\\u{ord(c):04x}" for c in twin)
            assert agree((whole + f',"{escaped}":0}}').encode()) == "duplicate_member"


def test_names_of_an_outer_object_do_not_count_inside() -> None:
    inner = ",".join(f'"n{i}":0' for i in range(40))
    assert (
        agree(f'{{{inner},"inner":{{{inner},"deep":[{{{inner}}},{{{inner}}}]}},"last":{{{inner}}}}}'.encode())
        is None
    )
    text = f'{{{inner},"inner":{{{inner}}},"n39":{{{inner}}}}}'
    assert agree(text.encode()) == "duplicate_member"


def test_names_that_share_their_first_octets() -> None:
    names = ["12345678", "123456789", "1234567", "12345678\u0000", "12345678é", "", "1", "1\u0000"]
    spelt = [json.dumps(name, ensure_ascii=ascii) for ascii in (True, False) for name in names]
    for i, one in enumerate(spelt):
        for j, other in enumerate(spelt):
            expected = "duplicate_member" if i % len(names) == j % len(names) else None
            assert agree(f"{{{one}:1,{other}:2}}".encode()) == expected


def test_kinds_of_text() -> None:
    wrong: list[Any] = [None, 1, "{}", [], object(), bytearray(b"{}"), memoryview(b"{}")]
    for given in wrong:
        with pytest.raises(TypeError):
            jsonscan.check(given)
        with pytest.raises(TypeError):
            jsonscan.Scan(()).read(given)
