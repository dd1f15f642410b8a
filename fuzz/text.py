"""base64url and JSON: every reader and every route against ``bench.strict``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cyjwt
from bench import strict
from cyjwt._engine import base64url, jsoncopy, jsonscan, jsontext, jsonwrite
from tests.batch import agreement
from tests.property.test_json import same

#: What stands for a refusal, which no value equals.
REFUSED = object()

ROUTES = base64url.levels()
#: Names that a header and claims are searched for, and some that few texts have.
NAMES = ("alg", "kid", "exp", "aud", "iss", "a", "", "ü", "absent")
SCAN = jsonscan.Scan(NAMES)

KEY = cyjwt.Key.from_secret(bytes(range(32)))
HEADER = base64url.encode(b'{"alg":"HS256"}')
VERIFIER = cyjwt.Verifier(KEY, algorithms=["HS256"], required=(), clock=1.0)
#: Of one text in a batch: the first ones teach the order of its names, the others are made of notes.
TIMES = 4


def outcome(read: Callable[[Any], Any], text: Any) -> Any:
    """What a reader gives, or ``REFUSED``; any other exception than a DecodeError passes through."""
    try:
        return read(text)
    except cyjwt.DecodeError:
        return REFUSED


def check_base64url(data: bytes) -> None:
    """Decode the octets as text, and encode them as data, by every route."""
    expected = outcome(strict.decode_segment, data)
    encoded = strict.encode_segment(data)
    before = base64url.level()
    try:
        for route in ROUTES:
            base64url.use_level(route)
            # At another address each, so that a vector begins and ends elsewhere.
            for lead in (0, 1, 15):
                view = memoryview(bytes(lead) + data)[lead:]
                assert outcome(base64url.decode, view) == expected, (route, lead)
                assert base64url.encode(view) == encoded, (route, lead)
            assert outcome(base64url.decode, data) == expected, route
            if data.isascii():
                assert outcome(base64url.decode, data.decode("ascii")) == expected, route
            assert base64url.decode(encoded) == data, route
    finally:
        base64url.use_level(before)


def check_json(data: bytes) -> None:
    """Read, scan, copy and write the octets as JSON text."""
    expected = outcome(strict.loads, data)
    for read in (jsontext.loads, jsontext.loads_unsigned):
        # Twice: what the first time left in the memory of names serves the second.
        for _ in range(2):
            got = outcome(read, data)
            assert got is expected or same(got, expected), (read, got, expected)
    check_scan(data, expected)
    check_claims(data, expected)
    check_str(data, expected)
    if expected is REFUSED:
        return
    assert same(json.loads(data), expected), "the standard library reads another value"
    written = jsonwrite.dumps(expected)
    assert same(strict.loads(written), expected), written
    assert same(jsontext.loads(written), expected), written
    if isinstance(expected, dict):
        copied = jsoncopy.copy(expected)
        assert same(copied, expected)
        assert copied is not expected


def check_scan(data: bytes, expected: Any) -> None:
    """The scanner, which makes no objects, accepts the same objects and finds the same members."""
    accepted = isinstance(expected, dict)
    assert (jsonscan.check(data) is None) == accepted
    # Again under the same number: the order of the members that it learned serves the second time.
    for line in (0, 0, 1):
        refusal, places = SCAN.read(data, line)
        assert (refusal is None) == accepted, refusal
        for name, place in zip(NAMES, places, strict=False):
            assert (place is not None) == (name in expected), name
            if place is not None:
                check_place(expected[name], *place)


def check_claims(data: bytes, expected: Any) -> None:
    """As claims that are signed, alone and in a batch."""
    text = HEADER + b"." + base64url.encode(data)
    token = text + b"." + base64url.encode(KEY.sign(text, "HS256"))
    verdict = agreement.verdict(VERIFIER, token)
    assert not isinstance(verdict, dict) or same(verdict, expected)
    agreement.check(VERIFIER.verify_batch([token] * TIMES, threads=1), [verdict] * TIMES, True)


def check_place(expected: Any, kind: int, flags: int, spelt: bytes, number: float | None) -> None:
    """A member's own text says what the reader made of it."""
    if isinstance(expected, str):
        spelt = b'"' + spelt + b'"'
    assert same(strict.loads(spelt), expected), spelt
    assert (number is not None) == (type(expected) in (int, float)), kind
    if isinstance(expected, float) or (number is not None and abs(expected) <= 2**53):
        assert number == expected, (number, expected)


def check_str(data: bytes, expected: Any) -> None:
    """The same text as a ``str``, whatever its width."""
    try:
        as_text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return
    for read in (strict.loads, jsontext.loads):
        got = outcome(read, as_text)
        assert got is expected or same(got, expected), (read, got)
