"""JSONTestSuite, against the reader, the scanner and the oracle.

``y_`` is accepted, but for objects with duplicate members, which a JWT must not have (RFC 7519
section 4); ``n_`` is refused; ``i_`` may go either way, but all three go the same way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from bench import strict
from cyjwt._engine import jsonscan, jsontext
from tests.support import NO_VECTORS, vectors_folder

_FOLDER = vectors_folder()
pytestmark = pytest.mark.skipif(_FOLDER is None, reason=NO_VECTORS)

CASES = sorted((_FOLDER / "jsontestsuite" / "test_parsing").glob("*.json")) if _FOLDER else []

#: Good JSON that a JWT must not hold.
DUPLICATES = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


def outcome(reader: Any, data: bytes) -> tuple[bool, Any]:
    """Whether the reader accepts, and what it reads; an error outside cyjwt's tree passes through."""
    try:
        return True, reader(data)
    except cyjwt.DecodeError:
        return False, None


def wrapped_outcome(data: bytes) -> bool:
    """Whether the oracle accepts the document as the value of a member."""
    return outcome(strict.loads, b'{"a":' + data + b"}")[0]


def test_the_suite_is_here(vectors: Path) -> None:
    assert len(list((vectors / "jsontestsuite" / "test_parsing").glob("*.json"))) > 100


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_parsing(path: Path) -> None:
    data = path.read_bytes()
    accepted, value = outcome(jsontext.loads, data)
    assert outcome(strict.loads, data) == (accepted, value)
    # The scanner says what the reader says; it wants an object at the top, as headers and payloads are.
    assert (jsonscan.check(data) is None) == (type(value) is dict)
    assert (jsonscan.check(b'{"a":' + data + b"}") is None) == wrapped_outcome(data)
    if path.name.startswith("y_"):
        assert accepted == (path.name not in DUPLICATES)
    if path.name.startswith("n_"):
        assert not accepted
    if accepted:
        assert value == json.loads(data)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_parsing_text(path: Path) -> None:
    """A ``str`` is read as its UTF-8 would be."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        pytest.skip("not UTF-8, so there is no such str")
    assert outcome(jsontext.loads, text) == outcome(strict.loads, text)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_read_past_the_end(path: Path) -> None:
    """Every prefix of a document gets the oracle's verdict."""
    data = path.read_bytes()[:200]
    for end in range(len(data)):
        prefix = data[:end]
        expected = outcome(strict.loads, prefix)
        assert outcome(jsontext.loads, prefix) == expected
        assert (jsonscan.check(prefix) is None) == (type(expected[1]) is dict)
