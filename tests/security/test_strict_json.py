"""Encoding and JSON: what is no strict JSON, and how long it takes to say so."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import NOW, forge, good_claims, pair

HS256 = pair("HS256")
HEADER = b'{"alg":"HS256"}'
PAYLOAD = baseline.dumps(good_claims())


def malformed(token: Any, **options: Any) -> None:
    with pytest.raises(cyjwt.DecodeError) as caught:
        HS256.verifier(**options).verify(token)
    assert caught.type is cyjwt.DecodeError


# -- strict JSON, in the header and in the payload

NOT_JSON = {
    "empty": b"",
    "space": b" ",
    "BOM": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "UTF-16-LE": '{"a":1}'.encode("utf-16-le"),
    "UTF-16-BE": '{"a":1}'.encode("utf-16-be"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "UTF-32-LE": '{"a":1}'.encode("utf-32-le"),
    "Latin-1": b'{"a":"\xe9"}',
    "overlong": b'{"a":"\xc0\x80"}',
    "overlong slash": b'{"a":"\xe0\x80\xaf"}',
    "CESU-8 pair": b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
    "surrogate octets": b'{"a":"\xed\xa0\x80"}',
    "beyond Unicode": b'{"a":"\xf4\x90\x80\x80"}',
    "cut sequence": b'{"a":"\xe2\x82"}',
    "continuation alone": b'{"a":"\x80"}',
    "bad UTF-8 in a name": b'{"\xff":1}',
    "lone high surrogate": rb'{"a":"\ud800"}',
    "lone low surrogate": rb'{"a":"\udc00"}',
    "surrogates turned": rb'{"a":"\udc00\ud800"}',
    "high, then text": rb'{"a":"\ud800x"}',
    "high, then another escape": rb'{"a":"\ud800\n"}',
    "lone surrogate in a name": rb'{"\ud800":1}',
    "lone surrogate deep": rb'{"a":[{"b":["\ud800"]}]}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "1e400": b'{"a":1e400}',
    "-1e400": b'{"a":-1e400}',
    "leading zero": b'{"a":01}',
    "leading zeros": b'{"a":-007}',
    "plus": b'{"a":+1}',
    "dot first": b'{"a":.5}',
    "dot last": b'{"a":5.}',
    "bare minus": b'{"a":-}',
    "half exponent": b'{"a":1e}',
    "half signed exponent": b'{"a":1e+}',
    "hex": b'{"a":0x10}',
    "underscore": b'{"a":1_000}',
    "line comment": b'{"a":1}//x',
    "block comment": b'{/**/"a":1}',
    "hash comment": b'{"a":1}#x',
    "trailing comma": b'{"a":1,}',
    "trailing comma in array": b'{"a":[1,]}',
    "leading comma": b'{,"a":1}',
    "double comma": b'{"a":1,,"b":2}',
    "no comma": b'{"a":1 "b":2}',
    "no colon": b'{"a" 1}',
    "single quotes": b"{'a':1}",
    "bare name": b"{a:1}",
    "number as name": b"{1:1}",
    "trailing text": b'{"a":1}x',
    "trailing NUL": b'{"a":1}\x00',
    "two values": b"{}{}",
    "trailing brace": b"{}}",
    "form feed": b'{\x0c"a":1}',
    "no-break space": b'{\xc2\xa0"a":1}',
    "NUL in a string": b'{"a":"\x00"}',
    "newline in a string": b'{"a":"\n"}',
    "tab in a string": b'{"a":"\t"}',
    "0x1f in a string": b'{"a":"\x1f"}',
    "control in a name": b'{"\x01":1}',
    "bad escape": rb'{"a":"\x41"}',
    "escaped quote mark": rb'{"a":"\'"}',
    "short escape": rb'{"a":"\u12"}',
    "escape with a sign": rb'{"a":"\u+123"}',
    "capital U": rb'{"a":"\U0041"}',
    "unclosed string": b'{"a":"',
    "unclosed object": b'{"a":1',
    "unclosed array": b'{"a":[1',
    "mismatched": b'{"a":[1}]',
    "True": b'{"a":True}',
    "truex": b'{"a":truex}',
    "nul": b'{"a":nul}',
    "duplicate": b'{"a":1,"a":2}',
    "duplicate, equal values": b'{"a":1,"a":1}',
    "duplicate by escape": rb'{"a":1,"\u0061":2}',
    "duplicate by two escapes": rb'{"\u00e9":1,"\u00E9":2}',
    "duplicate by UTF-8 and escape": '{"é":1,"\\u00e9":2}'.encode(),
    "duplicate astral": '{"😀":1,"\\ud83d\\ude00":2}'.encode(),
    "duplicate empty": b'{"":1,"":2}',
    "duplicate NUL": rb'{"\u0000":1,"\u0000":2}',
    "duplicate deep": b'{"a":{"b":[{"c":1,"c":2}]}}',
    "duplicate in an array": b'{"a":[1,{"x":1,"y":2,"x":3}]}',
    "duplicate far apart": b'{"a":1,' + b",".join(b'"m%d":1' % i for i in range(300)) + b',"a":2}',
    "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "-5,000 digits": b'{"a":-' + b"9" * 5000 + b"}",
    "129 arrays": b'{"a":' + b"[" * 128 + b"]" * 128 + b"}",
    "129 objects": b'{"a":' * 129 + b"1" + b"}" * 129,
    "30,000 brackets": b"[" * 30_000,
    "30,000 braces": b'{"a":' * 6_000,
    "shut before opened": b"]" * 100,
}


def with_members(document: bytes, members: bytes) -> bytes:
    """``document`` with good members before its own, where it is an object at all."""
    return document.replace(b"{", b"{" + members + b",", 1) if document.startswith(b"{") else document


@pytest.mark.parametrize("name", NOT_JSON)
def test_header_that_is_not_strict_json(name: str) -> None:
    document = NOT_JSON[name]
    malformed(forge(document, PAYLOAD, HS256.oracle))
    malformed(forge(with_members(document, b'"alg":"HS256"'), PAYLOAD, HS256.oracle))


@pytest.mark.parametrize("name", NOT_JSON)
def test_payload_that_is_not_strict_json(name: str) -> None:
    document = NOT_JSON[name]
    malformed(forge(HEADER, document, HS256.oracle), required=())
    malformed(forge(HEADER, with_members(document, PAYLOAD[1:-1]), HS256.oracle))


@pytest.mark.parametrize("name", NOT_JSON)
def test_unverified_reading_is_as_strict(name: str) -> None:
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.read_unverified(forge(HEADER, NOT_JSON[name], HS256.oracle))
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.read_unverified(forge(NOT_JSON[name], PAYLOAD, HS256.oracle))


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (rb'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":1e-400}', {"a": 0.0}),
        (b'{"a":-0}', {"a": 0}),
        (b'{"a":1E+2,"b":0.10}', {"a": 100.0, "b": 0.1}),
        (b' \t\r\n{ "a" : [ ] , "b" : { } } \n', {"a": [], "b": {}}),
        (rb'{"\u0000":"\u0000","\"\\\/\b\f\n\r\t":1}', {"\0": "\0", '"\\/\b\f\n\r\t': 1}),
        (b'{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', {"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]}),
        (b'{"A":1,"a":2,"a ":3}', {"A": 1, "a": 2, "a ": 3}),
        ('{"é":1,"e\u0301":2}'.encode(), {"é": 1, "e\u0301": 2}),
        (b'{"a":' + b"9" * 4300 + b"}", {"a": 10**4300 - 1}),
        (b'{"a":18446744073709551616}', {"a": 2**64}),
        (b'{"a":-9223372036854775809}', {"a": -(2**63) - 1}),
        (b'{"__proto__":1,"constructor":2}', {"__proto__": 1, "constructor": 2}),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_strict_json_is_all_of_json(document: bytes, value: dict[str, Any]) -> None:
    token = forge(HEADER, document, HS256.oracle)
    assert HS256.verifier(required=()).verify(token) == value
    header = with_members(document.strip(), b'"alg":"HS256"')
    assert HS256.verifier().verify_complete(forge(header, PAYLOAD, HS256.oracle)).header == {
        "alg": "HS256",
        **value,
    }


def test_depth_128_is_admitted() -> None:
    document = b'{"exp":%d,"a":' % (NOW + 9) + b"[" * 127 + b"]" * 127 + b"}"
    assert HS256.verifier().verify(forge(HEADER, document, HS256.oracle))["exp"] == NOW + 9


@pytest.mark.parametrize(
    "document",
    [b"[]", b"[1]", b'[{"exp":1900000600}]', b'"text"', b"1", b"1.5", b"true", b"null", b'""', b"0"],
)
def test_payload_and_header_must_be_objects(document: bytes) -> None:
    malformed(forge(HEADER, document, HS256.oracle), required=())
    malformed(forge(document, PAYLOAD, HS256.oracle), required=())
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.read_unverified(forge(HEADER, document, HS256.oracle))


# -- bounded time and stack


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'"' + b"\\" * 1_000_000,
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":0.' + b"9" * 1_000_000 + b"}",
        b'{"a":1e' + b"9" * 1_000_000 + b"}",
        b" " * 1_000_000,
        b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(60_000)) + b"}",
        b'{"a":"' + b"\xff" * 1_000_000 + b'"}',
        b'{"a":"' + rb"\ud800" * 150_000 + b'"}',
        b"{" + b'"a":1,' * 150_000 + b'"a":1}',
    ],
    ids=[
        "arrays",
        "objects",
        "backslashes",
        "digits",
        "fraction",
        "exponent",
        "space",
        "members",
        "0xff",
        "surrogates",
        "twins",
    ],
)
@pytest.mark.parametrize("part", ["header", "payload"])
def test_a_megabyte_is_read_in_bounded_time(part: str, document: bytes) -> None:
    token = (
        forge(document, PAYLOAD, HS256.oracle) if part == "header" else forge(HEADER, document, HS256.oracle)
    )
    malformed(token)
    verifier = HS256.verifier(max_token_size=10_000_000, required=("sub", "exp"))
    start = time.perf_counter()
    with pytest.raises(cyjwt.InvalidTokenError):
        verifier.verify(token)
    assert time.perf_counter() - start < 1


def test_members_whose_hashes_collide_cost_no_more() -> None:
    """Names of one length and one first and last octet, which a weak hash would pile up."""
    names = [f"k{i:08d}z" for i in range(40_000)]
    document = ("{" + ",".join(f'"{name}":1' for name in names) + f',"exp":{NOW + 9}}}').encode()
    token = forge(HEADER, document, HS256.oracle)
    start = time.perf_counter()
    assert len(HS256.verifier(max_token_size=10_000_000).verify(token)) == 40_001
    assert time.perf_counter() - start < 1


def test_interpreter_limits_do_not_leak_through() -> None:
    """A lowered digit limit makes no ValueError of a long integer, nor a deep stack a RecursionError."""
    token = forge(HEADER, b'{"exp":%d,"a":' % (NOW + 9) + b"9" * 1000 + b"}", HS256.oracle)
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with contextlib.suppress(cyjwt.DecodeError):
            assert HS256.verifier().verify(token)["exp"] == NOW + 9
    finally:
        sys.set_int_max_str_digits(before)


def test_near_the_recursion_limit() -> None:
    document = b'{"exp":%d,"a":' % (NOW + 9) + b"[" * 120 + b"]" * 120 + b"}"
    good, bad = forge(HEADER, document, HS256.oracle), HS256.token() + "A"
    verifier = HS256.verifier()

    def at_the_bottom(depth: int) -> tuple[Any, Any]:
        if depth:
            return at_the_bottom(depth - 1)
        try:
            verifier.verify(bad)
        except cyjwt.InvalidTokenError as error:
            return verifier.verify(good), error
        return None, None

    limit = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame is not None:
        used, frame = used + 1, frame.f_back  # type: ignore[assignment]
    claims, error = at_the_bottom(limit - used - 30)
    assert claims["exp"] == NOW + 9
    assert isinstance(error, cyjwt.InvalidTokenError)
