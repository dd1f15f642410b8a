"""What the scanner remembers of a run of texts: it saves work and never shows."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from typing import Any

import pytest

from cyjwt._engine import jsonscan
from tests.unit.jsontext_support import compact

REGISTERED = ("exp", "nbf", "iat", "iss", "aud", "sub", "jti")
#: Names at the sizes where the comparison changes its step: a text is the name, two quotes and a colon.
SIZES = [1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 20, 21, 22, 28, 29, 30, 59, 60, 61, 62, 63, 64, 65, 100]


def agree(texts: Iterable[bytes], wanted: tuple[str, ...] = REGISTERED, lines: int = 1) -> set[str | None]:
    """Each text means the same to a scan that has seen those before it as to a fresh one; the verdicts."""
    scan = jsonscan.Scan(wanted)
    seen: set[str | None] = set()
    for i, text in enumerate(texts):
        fresh = jsonscan.Scan(wanted).read(text)
        assert fresh[0] == jsonscan.check(text), text
        assert scan.read(text, i % lines) == fresh, text
        seen.add(fresh[0])
    return seen


def test_what_is_noted_is_what_stands_there() -> None:
    scan = jsonscan.Scan(("exp", "sub", "gone", "deep"))
    text = b'{"sub":"a\\u0062","deep":{"exp":1,"sub":2},"exp":1900000000}'
    for _ in range(4):
        code, found = scan.read(text)
        assert code is None
        exp, sub, gone, deep = found
        assert gone is None
        assert exp is not None
        assert exp[2:] == (b"1900000000", 1.9e9)
        assert sub is not None
        assert sub[2] == b"a\\u0062"
        assert deep is not None
        assert deep[2] == b'{"exp":1,"sub":2}'


def test_the_same_members_with_other_values() -> None:
    chosen = random.Random(1)
    values: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        "a",
        "é",
        "x" * 15,
        "x" * 16,
        "x" * 17,
        "x" * 200,
    ]
    values += ['"', "\\", 'x"', "x" * 16 + '"', "x" * 15 + "\\", [], [1], {}, {"exp": 1}, [{"sub": "a"}] * 2]
    for count in (1, 2, 7, 12, 15, 16, 17, 40, 63, 64, 65, 130):
        names = ([*REGISTERED, *(f"m{i}" for i in range(count))])[:count]
        agree(compact({name: chosen.choice(values) for name in names}) for _ in range(100))


def test_every_length_follows_every_other() -> None:
    """The length of a string is guessed by the last one; what stands at that place may be anything."""
    for before, after in itertools.product([0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 70], repeat=2):
        for special in ("", '"', "\\", "\n", "é", "😀", '"]}', '","exp":1,"x":"'):
            text = "y" * min(before, after) + special + "y" * max(after - before, 0)
            assert agree(
                [compact({"sub": "x" * before, "exp": 2}), compact({"sub": text, "exp": 2})] * 2
            ) == {None}


def test_members_may_be_absent_or_come_in_addition_or_in_another_order() -> None:
    chosen = random.Random(2)
    names = [*REGISTERED, "scope", "tenant", "a-rather-long-name-of-a-claim", "roles"]
    texts = []
    for _ in range(600):
        order = chosen.sample(names, chosen.randrange(len(names) + 1)) if chosen.random() < 0.5 else names
        texts.append(compact({name: chosen.choice([1, "x", ["y"], {"sub": 1}]) for name in order}))
    assert agree(texts) == {None}
    assert agree(texts, lines=3) == {None}
    assert agree(texts, wanted=("roles", "tenant", "sub")) == {None}


@pytest.mark.parametrize("size", SIZES)
def test_names_that_differ_in_one_octet(size: int) -> None:
    base = "m" * size
    others = ["m" * at + "n" + "m" * (size - at - 1) for at in range(size)]
    others += [base + "m", base[:-1], base + '":1,"', base + "\\", base + "é", base + "\x00"]
    for other in others:
        texts = [compact({base: 1, "z": 2}), compact({other: 1, "z": 2}), compact({base: 1, other: 2})]
        assert agree(texts * 2, wanted=(base, other)) == {None}


def spelt(name: str, escaped: bool) -> str:
    """The name as JSON, each character escaped or none that need not be."""
    if not escaped:
        return json.dumps(name, ensure_ascii=False)
    units = name.encode("utf-16-be")
    return '"' + "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)) + '"'


def test_duplicates_are_found_among_known_and_unknown_names() -> None:
    """Whichever of the two is known, guessed, or spelt with escapes, at every place and depth."""
    names = ["sub", "scope", "a-rather-long-name-of-a-claim", "n" * 70, "é", "", 'q"q']
    for order in (names, names[::-1]):
        good = "{" + ",".join(f"{spelt(name, False)}:1" for name in order) + "}"
        for i, j in itertools.permutations(range(len(order)), 2):
            for escaped in (False, True):
                members = [f"{spelt(name, False)}:1" for name in order]
                members[j] = f"{spelt(order[i], escaped)}:2"
                bad = "{" + ",".join(members) + "}"
                for wrap in ("{}", '{{"in":{}}}', '{{"in":[{{}},{}],"sub":1}}'):
                    pair = [wrap.format(good).encode(), wrap.format(bad).encode()]
                    assert agree(pair * 2) == {None, "duplicate_member"}
                    assert agree(pair[::-1] * 2) == {None, "duplicate_member"}


def test_the_fault_that_is_told_is_the_first_one_to_be_complete() -> None:
    """A duplicate is told where its object ends, so a fault before that comes first."""
    good = b'{"sub":"x","exp":1,"deep":{"a":1,"b":2},"scope":"y"}'
    bad = [
        (b'{"sub":"x","sub":1,"deep":tru}', "invalid_json"),
        (b'{"sub":"x","sub":1,"deep":"\xff"}', "invalid_utf8"),
        (b'{"sub":"x","sub":1}}', "duplicate_member"),
        (b'{"sub":"x","sub":1', "invalid_json"),
        (b'{"deep":{"a":1,"a":2},"exp":1e999}', "duplicate_member"),
        (b'{"deep":{"a":1,"a":1e999}}', "number_range"),
        (b'{"exp":1,"exp":[' + b"[" * 130, "too_deep"),
    ]
    for text, code in bad:
        assert agree([good, good, text, good, text]) == {None, code}


def test_more_names_than_are_kept() -> None:
    chosen = random.Random(3)
    names = [*REGISTERED, *(f"https://claims.example/{i}" for i in range(300))]
    texts = []
    for _ in range(400):
        order = [*REGISTERED, *chosen.sample(names[7:], chosen.randrange(30))]
        if chosen.random() < 0.1:
            order.append(chosen.choice(order))
        texts.append(("{" + ",".join(f'"{name}":1' for name in order) + "}").encode())
    assert agree(texts) == {None, "duplicate_member"}
    assert agree([compact(dict.fromkeys(names, 1)), compact(dict.fromkeys(names[::-1], 2))] * 3) == {None}


def test_an_object_as_the_value_of_any_name() -> None:
    inner = {"sub": "inner", "roles": ["a"], "deep": {"sub": 1, "roles": {}}}
    texts = []
    for name in [*REGISTERED, "realm_access", "é", "n" * 80, 'with "quotes"']:
        texts += [compact({name: inner, "exp": 1}), compact({"exp": 1, name: [inner, inner, 1]})]
        texts += [compact({name: inner, "sub": {name: inner}})]
    assert agree(texts * 3) == {None}


def test_white_space_anywhere() -> None:
    value = {"sub": "x", "exp": 1, "roles": ["a", {"b": 1}], "deep": {"sub": 2}}
    spellings: list[dict[str, Any]] = [
        {},
        {"indent": 1},
        {"indent": "\t\r\n "},
        {"separators": (" ,\n", "\t:\r")},
    ]
    spellings.append({"separators": (",", ":")})
    texts = [json.dumps(value, **spelling).encode() for spelling in spellings]
    for order in itertools.permutations(texts, 3):
        assert agree(order * 2) == {None}


@pytest.mark.parametrize("seed", range(6))
def test_damaged_texts(seed: int) -> None:
    """One scan over good and bad texts, side by side; each is judged as if it were the first."""
    chosen = random.Random(seed)
    pieces = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\u0073ub", b'"sub":', b'"sub":1,']
    pieces += [b"\x00", b"\x1f", b"\x80", b"\xff", b"\xc3\xa9", b" ", b"true", b"nul", b"1e999", b"-", b"."]
    names = [*REGISTERED, "scope", "a-rather-long-name-of-a-claim", "roles", "deep", "é"]

    def good() -> bytes:
        order = names if chosen.random() < 0.6 else chosen.sample(names, 8)
        value: dict[str, Any] = {name: chosen.choice([1, 1.5, "x" * chosen.randrange(40)]) for name in order}
        value["roles"] = ["a", {"sub": 1, "deep": {"x": 1}}]
        return compact(value)

    texts = []
    for _ in range(1500):
        text = bytearray(good())
        for _ in range(chosen.choice([0, 0, 1, 2])):
            at = chosen.randrange(len(text) + 1)
            act = chosen.randrange(5)
            if act == 0:
                text[at:at] = chosen.choice(pieces)
            elif act == 1:
                del text[at : at + chosen.randrange(1, 5)]
            elif act == 2:
                text[at : at + 1] = chosen.choice(pieces)
            elif act == 3:
                text[1:1] = b'"sub":1,'
            else:
                other = good()
                start = chosen.randrange(len(other))
                text[at:at] = other[start : start + chosen.randrange(30)]
        texts.append(bytes(text))
    assert {None, "invalid_json", "duplicate_member"} <= agree(texts)


def test_every_prefix() -> None:
    text = compact({"sub": "x", "exp": 1, "a-rather-long-name-of-a-claim": {"sub": 1}, "scope": "s"})
    assert agree([part for cut in range(len(text)) for part in (text, text[:cut])]) == {None, "invalid_json"}


def test_a_string_that_is_none_teaches_no_length() -> None:
    """Its length was once learned before anybody had set it, which valgrind saw (`make valgrind`)."""
    texts = [
        b'{"a":{"sub":"%s"}}' % body
        for body in (b"right", b"\0", b"right", b"\xff", b"as right", b"\\x", b"")
    ]
    assert agree(texts * 2) == {None, "invalid_json", "invalid_utf8"}


def test_too_many_wanted_names() -> None:
    jsonscan.Scan(tuple(f"n{i}" for i in range(32)))
    with pytest.raises(ValueError, match="at most 32"):
        jsonscan.Scan(tuple(f"n{i}" for i in range(33)))
