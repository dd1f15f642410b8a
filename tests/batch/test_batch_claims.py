"""The claims option: dicts of all claims, of those asked for, or none."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

import pytest

import cyjwt
from bench import strict
from tests.batch.agreement import agree, picked
from tests.property.test_json import same
from tests.support import NOW, forge, good_claims, pair

HS256 = pair("HS256")
VERIFIER = HS256.verifier(required=())


def token_of(payload: str | bytes) -> str:
    """A well-signed token of this very payload."""
    return forge(
        b'{"alg":"HS256"}', payload if isinstance(payload, bytes) else payload.encode(), HS256.oracle
    )


def picks(payload: str, *names: str, verifier: cyjwt.Verifier = VERIFIER) -> Any:
    """What a batch picks, after it agreed with ``verify``; alone and behind other tokens."""
    token = token_of(payload)
    agree(verifier, [token], names=names)
    agree(verifier, [HS256.token(good_claims(a=1)), token, "x", token], names=names)
    return verifier.verify_batch([token], claims=names)[0]


VALUES = [
    *("0", "-0", "1", "-1", "9" * 17, "9" * 18, "9" * 19, "-" + "9" * 18, "-" + "9" * 40, "9" * 4299),
    *("0.0", "-0.0", "1.5", "1e3", "1E-7", "123456789.123456789", "5e-324", "1e308", "0." + "3" * 300),
    *("true", "false", "null", '""', '"x"', '"' + "y" * 5000 + '"', '"Zürich 😀"'),
    *(
        r'"\""',
        r'"\\"',
        r'"\\\""',
        r'"\u0041"',
        r'"\ud83d\ude00"',
        r'"a\nb\/c"',
        r'"\u0000"',
        r'"ends in \\"',
    ),
    *("[]", "{}", "[1]", "[[[]]]", '["a","b"]', '{"a":{"b":[1,{"c":null}]}}', '[1,"]",2]', '{"}":"{"}'),
    *("[ 1 , 2 ]", '{ "a" : 1 ,\n"b"\t:\r2 }', "[" * 127 + "]" * 127, '{"a":' * 100 + "1" + "}" * 100),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[:30])
def test_every_kind_of_value(value: str) -> None:
    """First, last, alone and between; whatever stands behind it in the text."""
    expected = json.loads(value)
    for payload in (
        f'{{"a":{value}}}',
        f'{{"a":{value},"b":1}}',
        f'{{"b":"a","a":{value}}}',
        f'{{"b":{value},"a":{value},"c":{value}}}',
        f'{{"a":{value} , "b" :\n{value}}}\r\n',
    ):
        assert same(picks(payload, "a"), {"a": expected})
    assert same(picks(f'{{"b":1,"a":{value},"c":3}}', "c", "a", "b"), {"c": 3, "a": expected, "b": 1})


SPACES = ["", " ", "\n", "\t\r\n ", " " * 100]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_white_space_around_members(space: str) -> None:
    for value in ("1", '"x"', "null", "[1]", '{"a":2}', "true", "1.5"):
        s = space
        payload = f'{s}{{{s}"a"{s}:{s}{value}{s},{s}"b"{s}:{s}{value}{s}}}{s}'
        assert same(picks(payload, "b", "a"), {"b": json.loads(value), "a": json.loads(value)})
        assert same(picks(payload, "b"), {"b": json.loads(value)})


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"\u0073\u0063\u0070", "scp"),
        (r"sc\u0070", "scp"),
        (r"\u0000", "\0"),
        (r"\"", '"'),
        (r"\\", "\\"),
        (r"\/", "/"),
        (r"a\/b", "a/b"),
        ("a/b", "a/b"),
        (r"\ud83d\ude00", "😀"),
        ("😀", "😀"),
        ("ü", "ü"),
        (r"\u00fc", "ü"),
        (r"\u00FC", "ü"),
        ("", ""),
        (" ", " "),
        ("x" * 200, "x" * 200),
        (r"\u0078" + "x" * 199, "x" * 200),
        ("x" * 31, "x" * 31),
        ("https://issuer.example/claims/roles", "https://issuer.example/claims/roles"),
        (r"https:\/\/issuer.example\/claims\/roles", "https://issuer.example/claims/roles"),
        ("\u2028", "\u2028"),
        ("exp2", "exp2"),
    ],
)
def test_names(written: str, name: str) -> None:
    """A claim is found by its name, however that is spelt in the token."""
    for value in ('"x"', "[1]", "2"):
        expected = json.loads(value)
        assert same(picks(f'{{"{written}":{value}}}', name), {name: expected})
        assert same(picks(f'{{"a":1,"{written}":{value},"z":"z"}}', "z", name), {"z": "z", name: expected})
        assert picks(f'{{"{written}":{value}}}', name + "x", "x" + name) == {}
        nested = f'{{"a":{{"{written}":{value}}},"b":["{written}"]}}'
        if name not in ("a", "b"):
            assert picks(nested, name) == {}


def test_names_that_differ_late_or_in_length() -> None:
    names = ["a" * n for n in (1, 7, 8, 9, 15, 16, 17, 30, 31, 32, 33, 63, 64, 65)]
    claims = {name: n for n, name in enumerate(names)}
    claims |= {"b" * 20 + tail: tail for tail in ("", "a", "b", "c")}
    payload = json.dumps(claims)
    for some in (names, list(claims)[10:], list(claims)[::-2]):
        assert same(picks(payload, *some), {name: claims[name] for name in some})


def test_absent_null_and_twice() -> None:
    payload = '{"a":null,"b":[],"c":""}'
    assert picks(payload, "c", "x", "a", "c") == {"c": "", "a": None}
    assert picks(payload, "x", "y") == {}
    assert picks(payload) == {}
    assert picks("{}", "a") == {}


def test_names_that_the_policy_checks_too() -> None:
    claims = good_claims(iss="i", aud=["a", "b"], jti="j", nbf=NOW, iat=NOW - 0.5, tenant=[1], x={"y": 1})
    verifier = HS256.verifier(audience="b", issuer="i", required=("tenant", "exp"))
    for names in (["exp"], ["aud", "tenant"], list(claims), ["x", *list(claims)[::-1]], ["tenant"]):
        got = picks(json.dumps(claims), *names, verifier=verifier)
        assert same(got, picked(claims, names))


@pytest.mark.parametrize(
    "make", [list, tuple, set, frozenset, iter, dict.fromkeys, lambda names: (name for name in names)]
)
def test_any_collection_of_names(make: Any) -> None:
    batch = VERIFIER.verify_batch([HS256.token()], claims=make(["sub", "absent"]))
    assert batch[0] == {"sub": "user-8f14e45f"}


def test_duplicates_are_refused_wherever_they_are() -> None:
    """Asking for one claim does not make the others unread."""
    for payload in (
        '{"a":1,"b":2,"b":3}',
        '{"a":1,"a":1}',
        r'{"a":1,"b":2,"\u0062":3}',
        '{"a":1,"b":{"c":1,"c":1}}',
        '{"b":[{"c":1,"c":1}],"a":1}',
    ):
        token = token_of(payload)
        for names in (["a"], ["b"], ["z"], []):
            [expected] = agree(VERIFIER, [token], names=names)
            assert expected.code == "duplicate_member"


BROKEN = [
    *(
        "",
        " ",
        "{",
        "}",
        "[]",
        "1",
        "null",
        '"a"',
        "{}{}",
        "{},",
        '{"a":1,}',
        '{"a" 1}',
        "{a:1}",
        "[1",
        '{"a":[1}',
    ),
    *('{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":NaN}', '{"a":1e999}', '{"a":' + "9" * 4301 + "}"),
    *('{"a":tru}', '{"a":nul}', '{"a":"\n"}', '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":"\\u12"}', '{"a":"'),
    *(
        '{"a":1}\0',
        '\ufeff{"a":1}',
        '{"a":' + "[" * 128 + "]" * 128 + "}",
        "[" * 200,
        '{"a":1}x',
        '{"a":"b\0"}',
    ),
]


@pytest.mark.parametrize("payload", BROKEN, ids=lambda value: repr(value[:30]))
def test_broken_payloads(payload: str) -> None:
    """The reader of dicts and the scanner of statuses see the same fault first."""
    tail = [payload[:end] for end in range(min(len(payload), 12))]
    tokens = [token_of(one) for one in (payload, *tail)]
    for one, token in zip(agree(VERIFIER, tokens, names=["a", "b"]), tokens, strict=True):
        if isinstance(one, dict):
            assert one == strict.loads(strict.decode_segment(token.split(".")[1].encode()))


@pytest.mark.parametrize(
    "octets",
    [b'{"a":"\xff"}', b'{"\xc3":1}', b'{"a":"\xed\xa0\x80"}', b'{"a":1}\xff', b'{"a":"\xf4\x90\x80\x80"}'],
)
def test_payloads_that_are_not_utf8(octets: bytes) -> None:
    agree(VERIFIER, [token_of(octets)], names=["a"])


def test_a_fault_behind_what_was_asked_for() -> None:
    """Every prefix of a payload, so that whatever comes behind the text counts for nothing."""
    payload = '{"a":"x\\n","b":[1,{"c":"Zü"}],"exp":1900000600,"d":1.5e3}'.encode()
    tokens = [token_of(payload[:end]) for end in range(len(payload) + 1)]
    expected = agree(VERIFIER, tokens, names=["a", "d", "b"])
    assert [isinstance(one, dict) for one in expected] == [False] * len(payload) + [True]


def test_many_members() -> None:
    """More members than a dict's first table, the scanner's stack or the reader's holds."""
    for count in (5, 16, 17, 48, 49, 200, 3000):
        claims = good_claims(**{f"m{n}": n for n in range(count)})
        token = HS256.token(claims)
        names = ["m0", f"m{count - 1}", f"m{count // 2}", f"m{count}"]
        assert isinstance(agree(VERIFIER, [token, token], names=names)[0], dict)
        text = json.dumps(claims)[:-1] + f',"\\u006d{count // 3}":1}}'
        assert agree(VERIFIER, [token_of(text)], names=names)[0].code == "duplicate_member"


def test_large_values_of_many_tokens(route: str) -> None:
    """Picked members are read after the whole run was scanned: no token's text moves another's."""
    keys = pair("RS256")
    tokens = [keys.token(good_claims(n=n, pad=str(n) * (1 + 37 * n), more=[n] * n)) for n in range(60)]
    mixed = [
        one for n, token in enumerate(tokens) for one in (token, tokens[n][:-5], token.encode(), "x" * n)
    ]
    agree(keys.verifier(), mixed * 3, names=["pad", "n", "more"], threads=2)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="garbage is collected with each object that is made")
def test_garbage_is_not_collected_after_each_run() -> None:
    """All that it could find are the claims themselves, which are alive."""
    tokens = [HS256.token(good_claims(n=n, roles=["a", "b"])) for n in range(3000)]
    collections = 0

    def count(phase: str, info: dict[str, int]) -> None:
        nonlocal collections
        collections += phase == "start"

    threshold = gc.get_threshold()
    gc.callbacks.append(count)
    try:
        gc.collect()
        gc.set_threshold(100, *threshold[1:])
        collections, start = 0, time.perf_counter()
        batch = VERIFIER.verify_batch(tokens, threads=1)
        took = time.perf_counter() - start
    finally:
        gc.callbacks.remove(count)
        gc.set_threshold(*threshold)
    assert batch.valid == len(tokens)
    # What is made before and after the runs may be the occasion as well.
    assert collections <= 6 + took / 0.05
