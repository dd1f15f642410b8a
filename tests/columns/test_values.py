"""Which value of a claim becomes what in a column of each type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt.arrow
from tests.columns.rows import TYPES, check_rows, same
from tests.property import strategies as sets
from tests.support import forge, pair

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")

HS256 = pair("HS256")
VERIFIER = HS256.verifier(required=())


def token(payload: str) -> str:
    return forge(b'{"alg":"HS256"}', payload.encode(), HS256.oracle)


def rows(
    tokens: list[str | None], claims: dict[str, str], verifier: cyjwt.Verifier = VERIFIER
) -> list[dict[str, Any]]:
    column = nanoarrow.Array(tokens, nanoarrow.string())
    verified = cyjwt.arrow.verify(column, verifier, claims)
    found: list[dict[str, Any]] = nanoarrow.Array(verified).to_pylist()
    return found


def value_of(text: str, kind: str, name: str = "v") -> Any:
    """What becomes of a claim with this text."""
    (row,) = rows([token(f'{{"v":{text}}}')], {name: kind})
    assert (row["status"], row["reason"]) == (0, None)
    return row[name]


STRINGS = [
    ('""', ""),
    ('"text"', "text"),
    ('"\\u00e9\\n\\t\\r\\b\\f\\/\\\\\\""', 'é\n\t\r\b\f/\\"'),
    ('"é€😀"', "é€😀"),
    ('"\\ud83d\\ude00"', "😀"),
    ('"\\u0000"', "\0"),
    (f'"{"long" * 3000}"', "long" * 3000),
]

INTEGERS = [
    ("0", 0),
    ("-0", 0),
    ("7", 7),
    ("-7", -7),
    ("1900000000", 1_900_000_000),
    ("999999999999999999", 10**18 - 1),
    ("1000000000000000000", 10**18),
    ("9007199254740993", 2**53 + 1),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775808", -(2**63)),
    ("1.0", 1),
    ("19e8", 1_900_000_000),
    ("-2.50e1", -25),
    ("-0.0", 0),
    ("1e18", 10**18),
    ("-9223372036854775808.0", -(2**63)),
    # Null, for no int64 says the same.
    ("9223372036854775808", None),
    ("-9223372036854775809", None),
    ("18446744073709551616", None),
    ("9" * 19, None),
    ("1" + "0" * 40, None),
    ("9223372036854775808.0", None),
    ("1e19", None),
    ("-1e19", None),
    ("0.5", None),
    ("1900000000.25", None),
    ("1e-3", None),
]

DOUBLES = [
    ("0", 0.0),
    ("-0", 0.0),
    ("-0.0", -0.0),
    ("7", 7.0),
    ("0.1", 0.1),
    ("1900000000.25", 1900000000.25),
    ("5e-324", 5e-324),
    ("1.7976931348623157e308", 1.7976931348623157e308),
    ("9007199254740993", 9007199254740992.0),
    ("123456789012345678", 123456789012345678.0),
    ("12345678901234567890", 12345678901234567890.0),
    ("-12345678901234567890123", -12345678901234567890123.0),
    ("1" + "0" * 308, 1e308),
    ("1" + "0" * 309, None),
    ("-2" + "0" * 400, None),
]

LISTS = [
    ("[]", []),
    ('["a"]', ["a"]),
    ('"a"', ["a"]),
    ('"\\u00e9"', ["é"]),
    ('[ "a" , "\\u00e9", "" ]', ["a", "é", ""]),
    ('["a",1]', None),
    ('["a",null]', None),
    ('["a",["b"]]', None),
    ('["a",{}]', None),
    ("{}", None),
]

CASES = [
    *[("string", text, value) for text, value in STRINGS],
    *[("int64", text, value) for text, value in INTEGERS],
    *[("double", text, value) for text, value in DOUBLES],
    *[("list<string>", text, value) for text, value in LISTS],
    ("bool", "true", True),
    ("bool", "false", False),
]

#: Of every JSON type one, and the column types that hold it.
OF_EACH = [
    ("null", set()),
    ("true", {"bool"}),
    ("1", {"int64", "double"}),
    ("1.5", {"double"}),
    ('"1"', {"string", "list<string>"}),
    ('["1"]', {"list<string>"}),
    ("[1]", set()),
    ('{"a":1}', set()),
]


@pytest.mark.parametrize(("kind", "text", "value"), CASES)
def test_the_value_that_a_column_has(kind: str, text: str, value: Any) -> None:
    assert same(value_of(text, kind), value)


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "json"])
@pytest.mark.parametrize(("text", "holds"), OF_EACH)
def test_what_a_type_does_not_hold_is_null(kind: str, text: str, holds: set[str]) -> None:
    assert (value_of(text, kind) is not None) == (kind in holds)


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_absent_is_null(kind: str) -> None:
    assert value_of("1", kind, name="w") is None
    assert value_of('"text"', kind, name="vv") is None


@pytest.mark.parametrize(
    "text",
    ["null", "true", "12.50e1", "-0", '"é\\u00e9\\n"', '""', "[ 1,\t2 ]", "[]", '{ "a" : [{}] }', "9" * 400],
)
def test_json_is_the_text_as_it_stands(text: str) -> None:
    assert value_of(text, "json") == text


@pytest.mark.parametrize("kind", TYPES)
def test_a_column_of_nulls_and_one_of_values(kind: str) -> None:
    text = {
        "string": '"s"',
        "int64": "1",
        "double": "1.5",
        "bool": "true",
        "list<string>": '["l"]',
        "json": "1",
    }
    good, other = token(f'{{"v":{text[kind]}}}'), token("{}")
    value = json.loads(text[kind]) if kind != "json" else "1"
    for tokens in ([good] * 9, [other] * 9, [other, good] * 9, [None, good, other] * 9):
        got = [row["v"] for row in rows([*tokens], {"v": kind})]
        assert got == [value if one is good else None for one in tokens]


def test_a_list_that_turns_out_bad_leaves_nothing_behind() -> None:
    """Of a list whose last element is no string, those before it were read already."""
    bad, good = token('{"v":["x","y",1]}'), token('{"v":["a","b"]}')
    got = [row["v"] for row in rows([good, bad, good, bad, bad, good], {"v": "list<string>"})]
    assert got == [["a", "b"], None, ["a", "b"], None, None, ["a", "b"]]


def test_claims_that_the_policy_checks_can_be_asked_for() -> None:
    claims = {"aud": "list<string>", "exp": "int64", "iss": "string", "jti": "json"}
    held = token('{"aud":["a","z"],"exp":1900000900,"iss":"i","jti":"j"}')
    (row,) = rows([held], claims, HS256.verifier(audience=["a", "b"], issuer="i"))
    assert row == {
        "status": 0, "reason": None, "aud": ["a", "z"], "exp": 1_900_000_900, "iss": "i", "jti": '"j"',
    }  # fmt: skip


def test_the_claims_of_a_bad_token_are_null() -> None:
    """However well its payload reads."""
    expired = token('{"v":"secret","exp":1}')
    forged = token('{"v":"secret"}')[:-4] + "AAAA"
    got = rows([expired, forged], dict.fromkeys(["v", "exp", "w"], "json"))
    assert [row["reason"] for row in got] == ["expired", "invalid_signature"]
    assert [(row["v"], row["exp"], row["w"]) for row in got] == [(None, None, None)] * 2


def test_names_of_claims_are_texts_of_any_kind() -> None:
    names = ["", "é", "\n", "a b", "x" * 500, "https://issuer.example/claims/groups"]
    held = token(json.dumps({name: i for i, name in enumerate(names)}))
    (row,) = rows([held], dict.fromkeys(names, "int64"))
    assert list(row.values())[2:] == list(range(len(names)))


@given(
    st.lists(st.dictionaries(st.sampled_from(["v", "w", "é"]), sets.values), min_size=1, max_size=4),
    st.booleans(),
    st.fixed_dictionaries({name: st.sampled_from(TYPES) for name in ("v", "w", "é")}),
)
def test_columns_are_what_verify_gives(
    documents: list[dict[str, Any]], ascii: bool, claims: dict[str, str]
) -> None:
    tokens = [token(json.dumps(document, ensure_ascii=ascii)) for document in documents]
    check_rows(rows(tokens, claims), VERIFIER, tokens, claims)


@given(sets.number_texts, st.sampled_from(["int64", "double", "json"]))
def test_numbers_are_what_verify_gives(text: str, kind: str) -> None:
    held = token(f'{{"v":{text}}}')
    check_rows(rows([held], {"v": kind}), VERIFIER, [held], {"v": kind})


@given(sets.string_bodies, st.sampled_from(["string", "list<string>", "json"]))
def test_strings_are_what_verify_gives(body: bytes, kind: str) -> None:
    held = forge(b'{"alg":"HS256"}', b'{"v":' + body + b"}", HS256.oracle)
    check_rows(rows([held], {"v": kind}), VERIFIER, [held], {"v": kind})
