"""base64url against the oracle, on every route this machine has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt
from bench import strict
from cyjwt._engine import base64url

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OTHERS = bytes(sorted(set(range(256)) - set(ALPHABET)))


@pytest.fixture(scope="module", params=base64url.levels(), autouse=True)
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each SIMD route in turn."""
    before = base64url.level()
    base64url.use_level(request.param)
    yield request.param
    base64url.use_level(before)


def outcome(text: Any) -> bytes | None:
    try:
        return base64url.decode(text)
    except cyjwt.DecodeError:
        return None


def expected(text: bytes) -> bytes | None:
    try:
        return strict.decode_segment(text)
    except cyjwt.DecodeError:
        return None


def test_the_route_is_the_one_asked_for(level: str) -> None:
    assert base64url.level() == level


def test_scalar_is_always_there() -> None:
    assert "scalar" in base64url.levels()


def test_every_length_round_trips() -> None:
    data = bytes((i * 151 + 13) % 256 for i in range(700))
    for size in range(400):
        for start in (0, 1, 7):
            piece = data[start : start + size]
            text = base64url.encode(piece)
            assert text == strict.encode_segment(piece)
            assert base64url.decode(text) == piece


def test_every_foreign_octet_at_every_place() -> None:
    for size in (1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 128, 131):
        good = (ALPHABET * 3)[:size]
        for at in {0, 1, size // 3, size // 2, size - 2, size - 1}:
            if not 0 <= at < size:
                continue
            for other in OTHERS:
                bad = good[:at] + bytes([other]) + good[at + 1 :]
                assert outcome(bad) is None, (size, at, other)


def test_every_last_character() -> None:
    """Trailing bits must be zero (RFC 4648 section 3.5): one spelling for each octet string."""
    for size in (*range(2, 12), 30, 31, 34, 66, 67, 130):
        for last in ALPHABET:
            text = b"A" * (size - 1) + bytes([last])
            assert outcome(text) == expected(text)


def test_length_one_more_than_a_multiple_of_four() -> None:
    for size in range(1, 200, 4):
        assert outcome(b"A" * size) is None


@given(st.binary(max_size=300))
def test_round_trip(data: bytes) -> None:
    text = base64url.encode(data)
    assert type(text) is bytes
    assert text == strict.encode_segment(data)
    assert base64url.decode(text) == data
    assert base64url.decode(text.decode()) == data
    assert base64url.decode(bytearray(text)) == data
    assert base64url.decode(memoryview(text)) == data


@given(st.binary(max_size=200))
def test_any_octets(text: bytes) -> None:
    assert outcome(text) == expected(text)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    want = expected(text.encode()) if text.isascii() else None
    assert outcome(text) == want


@given(st.lists(st.sampled_from(ALPHABET + b"=+/ \n"), max_size=150).map(bytes))
def test_nearly_base64url(text: bytes) -> None:
    assert outcome(text) == expected(text)


@given(st.lists(st.sampled_from(ALPHABET), max_size=150).map(bytes))
def test_alphabet_only(text: bytes) -> None:
    assert outcome(text) == expected(text)


@pytest.mark.parametrize("wrong", [None, 1, 1.5, ["A"], object()])
def test_other_types_are_type_or_decode_errors(wrong: Any) -> None:
    with pytest.raises((TypeError, cyjwt.DecodeError)):
        base64url.decode(wrong)
    with pytest.raises(TypeError):
        base64url.encode(wrong)
