"""The JSON reader: its memories of names, values and shapes never show; numbers and strings are exact."""

from __future__ import annotations

import itertools
import json
import random
import sys
from typing import Any

import pytest

import cyjwt
from cyjwt._engine import jsonscan, jsontext
from tests.unit.jsontext_support import READERS, agrees, code_of, compact, in_child, same

#: Names under which the reader may keep values; every other value is made anew.
RECURRING = ["iss", "aud", "azp", "client_id", "scope", "scp", "roles", "groups", "permissions", "acr"]


# -- the memory of shapes

#: Values of every kind, so that each meets each other in the same place of the same shape.
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**40, 10**30, 1.5, 0.0, "", "a", "b", "é", "x" * 70, "\x00"),
    *([], [1], ["a"], [[]], {}, {"a": 1}, {"a": {"b": [None, True]}}, "admin", "https://issuer.example/"),
]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 8, 9, 16, 31, 63, 64, 65, 66, 130])
def test_same_names_in_the_same_order_with_other_values(count: int) -> None:
    chosen = random.Random(count)
    names = ([f"shape{count}-{i}" for i in range(count)] + RECURRING)[-count:]
    for _ in range(60):
        agrees(compact({name: chosen.choice(VALUES) for name in names}))


def test_every_value_follows_every_other_in_a_known_shape() -> None:
    names = ["iss", "scope", "p0", "p1", "p2", "p3", "p4"]
    for before, after in itertools.product(VALUES, repeat=2):
        for at in (0, 1, 2):
            for value in (before, after):
                members: dict[str, Any] = dict.fromkeys(names, "constant")
                members[names[at]] = value
                agrees(compact(members))


def test_same_names_in_another_order() -> None:
    names = ["o1", "o2", "o3", "o4", "iss", "aud", "roles"]
    for order in itertools.islice(itertools.permutations(names), 0, None, 37):
        agrees(compact({name: f"{name} {order[0]}" for name in order}))


def test_a_shape_and_its_prefix_and_its_extension() -> None:
    names = [f"prefix{i}" for i in range(12)]
    for count in [6, 12, 7, 11, 6, 8, 12, 9, 10, 6]:
        agrees(compact({name: i * count for i, name in enumerate(names[:count])}))


def test_shapes_inside_shapes() -> None:
    """The same shape at every level, and beside itself, while it is being read."""

    def nested(level: int) -> dict[str, Any]:
        made: dict[str, Any] = {f"n{i}": f"{level}.{i}" for i in range(7)}
        made["iss"] = f"issuer {level}"
        if level:
            made["n3"] = nested(level - 1)
            made["n5"] = [nested(level - 1), level, nested(0)]
        return made

    for level in (0, 3, 1, 4, 0, 2):
        agrees(compact(nested(level)))


def test_many_shapes_take_each_others_places() -> None:
    """More shapes than the memory holds, met again and again in a random order."""
    chosen = random.Random(7)
    shapes = [[f"s{i}m{j}" for j in range(6 + i % 5)] for i in range(200)]
    for _ in range(2000):
        agrees(compact({name: chosen.choice(VALUES[:16]) for name in chosen.choice(shapes)}))


def test_duplicate_members_in_a_known_shape_are_refused() -> None:
    names = [f"twin{i}" for i in range(8)]
    agrees(compact(dict.fromkeys(names, 1)))
    agrees(compact(dict.fromkeys(names, 2)))
    for i, j in itertools.permutations(range(8), 2):
        pairs = [(names[i] if k == j else name, k) for k, name in enumerate(names)]
        text = "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
        assert code_of(text) == "duplicate_member"
    agrees(compact(dict.fromkeys(names, 3)))


def test_a_refused_text_leaves_nothing_behind() -> None:
    members = {f"left{i}": i for i in range(8)}
    good = compact(members)
    agrees(good)
    for cut in range(len(good)):
        assert code_of(good[:cut]) == "invalid_json"
        agrees(good)


# -- the memories of names and of recurring values


def test_recurring_claims_with_changing_values() -> None:
    chosen = random.Random(3)
    words = ["orders", "billing", "orders ", "order", "é", "x" * 64, "x" * 65, "x" * 63 + "y", "", "a"]
    for _ in range(1500):
        value: Any = chosen.choice(words)
        if chosen.random() < 0.6:
            value = [chosen.choice(words) for _ in range(chosen.randrange(5))]
        if chosen.random() < 0.1:
            value = [value, {"roles": value, "sub": value}]
        agrees(compact({"sub": "42", chosen.choice(RECURRING): value, "aud": chosen.choice(words)}))


def test_texts_that_differ_in_one_octet_are_told_apart() -> None:
    """At every length that the memories keep, with the difference at every place."""
    for size in range(1, 70):
        for at in range(size):
            text = "m" * at + "n" + "m" * (size - at - 1)
            agrees(compact({text: text, "iss": text, "roles": ["m" * size, text]}))


def test_more_names_and_values_than_the_memories_hold() -> None:
    chosen = random.Random(11)
    for i in list(range(3000)) + [chosen.randrange(3000) for _ in range(3000)]:
        agrees(compact({f"name-{i}": i, "iss": f"https://issuer-{i}.example/", "aud": [f"{i}", f"{i + 1}"]}))


#: Names that have to be escaped, then texts in which the same octets mean something else or nothing.
POISONS: list[tuple[str, bytes]] = [
    ('a":1,"nbf', b'{"a":1,"nbf":9,"other":2}'),
    ('a":{},"a', b'{"a":{},"a":1,"other":2}'),
    ('a":[1,2],"b', b'{"a":[1,2],"b":3,"other":2}'),
    ('"', b'{""":1,"other":2}'),
    ("\\", b'{"\\":1,"other":2}'),
    ("a\\u0062", rb'{"a\u0062":1,"other":2}'),
    ("a\\", rb'{"a\":1,"other":2}'),
    ("\\n", rb'{"\n":1,"other":2}'),
    ("\\ud800", rb'{"\ud800":1,"other":2}'),
    ("\x00", b'{"\x00":1,"other":2}'),
    ("a\nb", b'{"a\nb":1,"other":2}'),
    ("\x1f" * 20, b'{"' + b"\x1f" * 20 + b'":1,"other":2}'),
]


@pytest.mark.parametrize(("name", "text"), POISONS)
def test_a_name_that_has_to_be_escaped_never_stands_for_what_is_written(name: str, text: bytes) -> None:
    """A memory compares octets, and a name's octets are not its text where there are escapes in it."""
    expected = read_or_code(text, json_knows=True)
    for members in ({name: 1, "other": 2}, {"first": 1, name: 1, "other": 2}):
        for depth in range(4):
            poison: Any = members
            shifted = text if len(members) == 2 else text.replace(b"{", b'{"first":1,', 1)
            for _ in range(depth):
                poison, shifted = {"in": poison, "x": 1}, b'{"in":' + shifted + b',"x":1}'
            for _ in range(3):
                jsontext.loads(compact(poison))
            for read in READERS:
                got = read_or_code(shifted, read)
                if isinstance(expected, str):
                    assert got == expected
                else:
                    assert got == json.loads(shifted)


def read_or_code(text: bytes, read: Any = jsontext.loads_unsigned, json_knows: bool = False) -> Any:
    """The value, or the code of the error."""
    if json_knows and (code := jsonscan.check(text)):
        # The scanner has no memory.
        return code
    try:
        return read(text)
    except cyjwt.DecodeError as error:
        return error.code


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_was_read_before_changes_what_a_text_means(seed: int) -> None:
    chosen = random.Random(seed)
    pieces = ["a", "b", '"', "\\", ",", ":", '":', ',"', '":1,"', "u0061", "\x00", "n", "{", "}", "é", ""]

    def name() -> str:
        return "".join(chosen.choices(pieces, k=chosen.randrange(4)))

    for _ in range(1500):
        names = [name() for _ in range(chosen.randrange(2, 5))]
        for _ in range(2):
            jsontext.loads(compact(dict.fromkeys(names, 1)))
        for raw in (names, [*names, "z"], names[::-1]):
            text = ("{" + ",".join(f'"{n}":1' for n in raw) + "}").encode()
            code = jsonscan.check(text)
            for read in READERS:
                assert read_or_code(text, read) == (code or json.loads(text)), (names, text)


def test_a_claim_cannot_be_hidden_by_the_name_of_a_claim_of_another_token() -> None:
    """An issuer that signs names of its users' choice must not change what other tokens say."""
    key = cyjwt.Key.from_secret(bytes(range(32)))
    verifier = cyjwt.Verifier(key, clock=1000)
    poison = cyjwt.encode({'sub":"s","nbf': 1, "exp": 2000}, key, "HS256")
    token = cyjwt.encode({"sub": "s", "nbf": 1500, "exp": 2000}, key, "HS256")
    for _ in range(3):
        assert verifier.verify(poison) == {'sub":"s","nbf': 1, "exp": 2000}
        with pytest.raises(cyjwt.ImmatureSignatureError):
            verifier.verify(token)


def test_names_that_were_signed_are_kept_and_unsigned_text_adds_nothing() -> None:
    text = b'{"kept-name-of-this-test":1}'

    def name(read: Any) -> str:
        return next(iter(read(text)))

    one, other = name(jsontext.loads_unsigned), name(jsontext.loads_unsigned)
    assert one is not other
    assert name(jsontext.loads) is not one
    assert name(jsontext.loads) is name(jsontext.loads) is name(jsontext.loads_unsigned)


def test_values_of_unsigned_text_are_not_kept() -> None:
    text = b'{"iss":"kept value of this test","roles":["kept role of this test"]}'

    def values(read: Any) -> tuple[str, str]:
        made = read(text)
        return made["iss"], made["roles"][0]

    jsontext.loads(b'{"iss":"x","roles":["x"]}')
    one, other = values(jsontext.loads_unsigned), values(jsontext.loads_unsigned)
    assert one == other
    assert all(a is not b for a, b in zip(one, other, strict=True))


def test_tokens_that_are_refused_add_nothing() -> None:
    """Neither a bad signature nor ``read_unverified`` brings a name into the memory."""
    key = cyjwt.Key.from_secret(bytes(range(32)))
    other = cyjwt.Key.from_secret(bytes(range(1, 33)))
    token = cyjwt.encode({"name-of-a-forger": 1, "iss": "issuer of a forger"}, other, "HS256")
    for _ in range(3):
        with pytest.raises(cyjwt.InvalidSignatureError):
            cyjwt.Verifier(key, required=()).verify(token)
    one, two = (cyjwt.read_unverified(token).claims for _ in range(2))
    assert one == two
    assert next(iter(one)) is not next(iter(two))
    assert one["iss"] is not two["iss"]


@pytest.mark.parametrize("name", ["sub", "email", "jti", "name", "phone_number", "nonce", "sid"])
def test_values_that_identify_a_person_are_not_kept(name: str) -> None:
    """Not as values, and not as a part of a shape: nothing but the dict itself refers to them."""
    members = {f"person{i}": i for i in range(7)} | {name: "user-8f14e45f", "list": ["user-8f14e45f"]}
    text = compact(members)
    made = [jsontext.loads(text) for _ in range(4)]
    for one, other in itertools.combinations(made, 2):
        assert one[name] is not other[name]
        assert one["list"][0] is not other["list"][0]
    control = {"value": "".join(["user-", "8f14e45f"])}
    for one in made:
        assert sys.getrefcount(one[name]) == sys.getrefcount(control["value"])


def test_changing_what_a_call_gave_changes_nothing_else() -> None:
    members: dict[str, Any] = {f"own{i}": i for i in range(6)}
    members |= {"iss": "i", "aud": ["a", "b"], "roles": ["r"], "deep": {f"own{i}": [i] for i in range(8)}}
    text = compact(members)
    for read in READERS * 3:
        made = read(text)
        assert same(made, members)
        made["aud"].append("c")
        made["aud"][0] = "changed"
        made["roles"].clear()
        made["deep"]["own1"].append(2)
        made["deep"]["new"] = 1
        del made["own0"]
        made["iss"] = "another"
        made["more"] = 1
        empty = read(b'{"e":{},"l":[]}')
        assert empty == {"e": {}, "l": []}
        empty["e"]["x"] = empty["l"].append(1)


# -- depth, types of text, and what surrounds a value


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_cap_on_depth_is_exact(opening: str, closing: str) -> None:
    assert code_of(opening * 128 + "1" + closing * 128) is None
    assert code_of(opening * 129 + "1" + closing * 129) == "too_deep"
    # Empty containers count like others.
    empty = "[]" if opening == "[" else "{}"
    assert code_of(opening * 127 + empty + closing * 127) is None
    assert code_of(opening * 128 + empty + closing * 128) == "too_deep"
    # Depth is counted on the way, so a wide document may hold many.
    row = opening * 127 + "1" + closing * 127
    assert code_of(f"[{','.join([row] * 20)}]") is None


def test_kinds_of_text() -> None:
    class Octets(bytes):
        pass

    class Text(str):
        __slots__ = ()

    text = '{"a":"é"}'
    raw = text.encode()
    for given in (
        text,
        raw,
        bytearray(raw),
        memoryview(raw),
        memoryview(b"x" + raw)[1:],
        Octets(raw),
        Text(text),
    ):
        assert jsontext.loads(given) == {"a": "é"}
    for wrong in (None, 1, [], {}, object()):
        for read in READERS:
            with pytest.raises(TypeError):
                read(wrong)
    assert code_of('"\ud800"') == "invalid_utf8"


def test_bytes_whose_class_gives_itself_again() -> None:
    """``bytes(x)`` may give a subclass again, so it must not be asked for until it does not."""
    code = """
        from cyjwt._engine import jsonscan, jsontext

        class Again(bytes):
            def __bytes__(self):
                return self

        try:
            assert jsontext.loads(Again(b"{}")) == {}
        except (TypeError, RecursionError):
            pass
    """
    assert in_child(code) == 0


@pytest.mark.parametrize("size", [0, 1, 1900, 1983, 1984, 1985, 2047, 2048, 2049, 5000, 70_000])
def test_texts_around_the_size_of_the_room_at_hand(size: int) -> None:
    agrees(compact({"a": "x" * size}))
    agrees(compact({"a": "é" * (size // 2)}))
    agrees(compact(["\n"] * (size // 4)))
    agrees(compact({f"k{i}": i for i in range(size // 8)}))


def test_white_space_everywhere() -> None:
    for space in (" ", "\t", "\n", "\r", " \t\r\n" * 5):
        parts = [
            "",
            "{",
            '"a"',
            ":",
            "[",
            "1",
            ",",
            '"b"',
            ",",
            "true",
            "]",
            ",",
            '"c"',
            ":",
            "{",
            "}",
            "}",
            "",
        ]
        agrees(space.join(parts).encode())
    for wrong in ("\x0b", "\x0c", "\xa0", "\ufeff", "\u2028"):
        assert code_of(f"[1,{wrong}2]") in ("invalid_json", "invalid_utf8")
