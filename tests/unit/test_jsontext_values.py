"""The JSON reader: numbers are exact, and strings are what they say, whatever their length."""

from __future__ import annotations

import random
import struct
import sys

import pytest

from cyjwt._engine import jsontext
from tests.unit.jsontext_support import agrees, code_of, compact, in_child

# -- numbers


@pytest.mark.parametrize("digits", range(1, 41))
def test_integers_of_every_length(digits: int) -> None:
    chosen = random.Random(digits)
    numbers = [10 ** (digits - 1), 10**digits - 1, int("1" * digits), int("9" + "0" * (digits - 1))]
    numbers += [chosen.randrange(10 ** (digits - 1), 10**digits) for _ in range(40)]
    assert agrees(compact([n * sign for n in numbers for sign in (1, -1)]))


def test_integers_around_the_machine_words() -> None:
    edges = [2**k + d for k in (15, 30, 31, 32, 53, 59, 60, 62, 63, 64, 65, 127, 128) for d in (-1, 0, 1)]
    agrees(compact(edges + [-n for n in edges]))
    assert type(jsontext.loads(b"-0")) is int
    assert jsontext.loads(b"-0") == 0


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_cap_on_digits_is_exact(sign: str) -> None:
    assert jsontext.loads(f"{sign}{'7' * 4300}") == int(sign + "7" * 4300)
    assert code_of(f"{sign}{'7' * 4301}") == "number_range"
    assert code_of(f'{{"a":[{sign}{"7" * 4301}]}}') == "number_range"
    assert code_of("[" + f"{sign}{'7' * 4301}" + ",,]") == "number_range"


def number_texts(seed: int, count: int) -> list[str]:
    """Texts of fractions: short and long, of every scale, and the neighbours of ties."""
    chosen = random.Random(seed)
    made = []
    for _ in range(count):
        kind = chosen.randrange(6)
        if kind == 0:
            raw = struct.unpack("<d", chosen.randbytes(8))[0]
            made.append(repr(raw) if raw - raw == 0 else "0.5")
        elif kind == 1:
            made.append(f"{chosen.randrange(10**10)}.{chosen.randrange(10**9):09d}")
        elif kind == 2:
            made.append(f"{chosen.randrange(10**17)}e{chosen.randrange(-40, 40)}")
        elif kind == 3:
            digits = "".join(chosen.choices("0123456789", k=chosen.randrange(1, 60)))
            made.append(f"{chosen.randrange(10)}.{digits}E{chosen.choice('+-')}{chosen.randrange(300)}")
        elif kind == 4:
            # Half way between two doubles, and one digit to either side of it.
            half = (2 * chosen.randrange(2**52, 2**53) + 1) * 2 ** chosen.randrange(0, 12)
            made.append(f"{half // 2 + chosen.choice((-1, 0, 1))}{chosen.choice(['.5', '.0', '.50000001'])}")
        else:
            made.append(f"0.{'0' * chosen.randrange(30)}{chosen.randrange(1, 10 ** chosen.randrange(1, 25))}")
        if chosen.random() < 0.3:
            made[-1] = "-" + made[-1].removeprefix("-")
    return [text if set(text) & set(".eE") else text + ".0" for text in made]


@pytest.mark.parametrize("seed", range(4))
def test_floats_are_bit_equal(seed: int) -> None:
    texts = number_texts(seed, 6000)
    got = jsontext.loads("[" + ",".join(texts) + "]")
    for text, value in zip(texts, got, strict=True):
        assert type(value) is float
        assert struct.pack("<d", value) == struct.pack("<d", float(text)), text


@pytest.mark.parametrize(
    "text",
    [
        *("1e22", "1e23", "9007199254740992.0", "9007199254740993.0", "9007199254740994e22", "0e0", "-0.0"),
        *("123456789012345678.0", "1234567890123456789.0", "0.123456789012345678", "0.1234567890123456789"),
        *("4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "0e400", "-0e-400"),
        *("2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308", "1e-22", "1e-23"),
        *("0." + "0" * 21 + "1", "0." + "0" * 22 + "1", "1" + "0" * 17 + "e0", "1" + "0" * 18 + "e0"),
        *("100000000000000000000000e-23", "0.000e99999", "1.0E+2", "1E2", "1e-0", "1e+00000000000000000002"),
    ],
)
def test_floats_at_the_edges(text: str) -> None:
    assert struct.pack("<d", jsontext.loads(text)) == struct.pack("<d", float(text))


@pytest.mark.parametrize(
    "text", ["1e309", "-1e309", "1.8e308", "1" + "0" * 400 + ".0", "1e99999999999999999"]
)
def test_numbers_without_a_finite_double(text: str) -> None:
    assert code_of(text) == "number_range"


def test_numbers_do_not_follow_the_locale() -> None:
    code = """
        import locale
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", ""):
            try:
                locale.setlocale(locale.LC_ALL, name)
                break
            except locale.Error:
                pass
        from cyjwt._engine import jsontext, jsonwrite
        assert jsontext.loads("[1.5,1.234567890123456789,1e5]") == [1.5, 1.234567890123456789, 1e5]
        assert jsonwrite.dumps([1.5, 1e300]) == b"[1.5,1e+300]"
    """
    assert in_child(code) == 0


# -- strings


@pytest.mark.parametrize("size", [*range(20), 23, 24, 25, *range(30, 36), 47, 48, 49, *range(60, 69), 96])
def test_strings_of_every_length_with_something_at_every_place(size: int) -> None:
    plain = ("abcdefghijklmnopqrstuvwxyz0123456789" * 3)[:size]
    specials = [
        "\\n",
        '\\"',
        "\\\\",
        "\\u0041",
        "\\u00e9",
        "\\ud83d\\ude00",
        "é",
        "€",
        "😀",
        "\x7f",
        "\\u0000",
    ]
    agrees(f'["{plain}",{{"{plain}":"{plain}"}}]'.encode())
    for at in range(size + 1):
        for special in specials:
            body = plain[:at] + special + plain[at:]
            agrees(f'{{"{body}":"{body}","iss":"{body}"}}'.encode())
        for wrong, code in [
            (b"\x1f", "invalid_json"),
            (b"\x00", "invalid_json"),
            (b"\\x", "invalid_json"),
            (b"\\u12g4", "invalid_json"),
            (b"\x80", "invalid_utf8"),
            (b"\xc3", "invalid_utf8"),
            (b"\xed\xa0\x80", "invalid_utf8"),
            (b"\\ud800", "lone_surrogate"),
            (b"\\udc00", "lone_surrogate"),
        ]:
            body_octets = plain[:at].encode() + wrong + plain[at:].encode()
            assert code_of(b'["' + body_octets + b'"]') == code
            assert code_of(b'{"' + body_octets + b'":1}') == code


def test_every_escape() -> None:
    assert jsontext.loads(rb'"\"\\\/\b\f\n\r\t"') == '"\\/\b\f\n\r\t'
    for octet in range(128):
        text = b'"\\' + bytes((octet,)) + b'"'
        if chr(octet) in '"\\/bfnrt':
            agrees(text)
        else:
            assert code_of(text) == "invalid_json", text


def test_every_escaped_character_of_the_basic_plane() -> None:
    for start in range(0, 0x10000, 256):
        points = [p for p in range(start, start + 256) if not 0xD800 <= p <= 0xDFFF]
        text = "[" + ",".join(f'"\\u{p:04x}","\\u{p:04X}"' for p in points) + "]"
        assert jsontext.loads(text) == [chr(p) for p in points for _ in range(2)]


def test_surrogate_pairs() -> None:
    for point in [0x10000, 0x103FF, 0x10400, 0x1F600, 0xFFFFF, 0x100000, 0x10FFFF]:
        high, low = 0xD800 + (point - 0x10000 >> 10), 0xDC00 + (point & 0x3FF)
        assert jsontext.loads(f'"\\u{high:x}\\u{low:X}"') == chr(point)
        assert jsontext.loads(f'{{"\\u{high:X}\\u{low:x}":1}}') == {chr(point): 1}
        assert code_of(f'"\\u{low:x}\\u{high:x}"') == "lone_surrogate"
        assert code_of(f'"\\u{high:x}"') == "lone_surrogate"
        assert code_of(f'"\\u{high:x}\\u{high:x}\\u{low:x}"') == "lone_surrogate"
        assert code_of(f'"\\u{high:x} \\u{low:x}"') == "lone_surrogate"
        assert code_of(f'"\\u{high:x}\\u{low:x}'[:-2] + '"') == "invalid_json"


def test_embedded_nul() -> None:
    assert agrees(rb'{"a\u0000b":"\u0000","\u0000":"c\u0000"}') == {"a\0b": "\0", "\0": "c\0"}
    for text in (b'"\x00"', b"{}\x00", b"\x00{}", b'{"a"\x00:1}', b"[1\x00]", b"[1,\x00]", b"1\x00", b"\x00"):
        assert code_of(text) == "invalid_json"
    agrees(rb'{"a":1,"a\u0000":2,"a\u0000\u0000":3}')
    assert code_of(rb'{"\u0000":1,"\u0000":2}') == "duplicate_member"


def test_characters_come_in_the_narrowest_form() -> None:
    """Equal strings must hash alike, so a str must be kept as CPython itself would."""
    for text in ("plain", "é", "ÿ", "Ā", "€", "😀", "a\x7f", "a\x80"):
        for body in (text, "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text)):
            (got,) = jsontext.loads(f'["{body}"]')
            assert got == text
            assert hash(got) == hash(text)
            assert sys.getsizeof(got) <= sys.getsizeof(text.encode().decode())
