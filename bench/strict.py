"""The oracle's text layer: strict base64url and strict JSON in plain Python.

JSON is RFC 8259 in UTF-8 with the members of an object distinct, no lone surrogate, no number beyond
a double, no number written with more than 4,300 characters (an integer's sign apart), and at most 128
arrays and objects inside each other (the outermost one counts as the first).
"""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

from cyjwt import errors

MAX_DEPTH = 128
MAX_DIGITS = 4300

_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def encode_segment(data: bytes) -> bytes:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode_segment(text: bytes, allow_padding: bool = False) -> bytes:
    """The octets of a base64url text in its one canonical spelling.

    With ``allow_padding`` a text may end in exactly the ``=`` that complete its last group of four.
    """
    if allow_padding and text.endswith(b"=") and len(text) % 4 == 0:
        text = text[:-2] if text.endswith(b"==") else text[:-1]
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise errors.DecodeError("not base64url")
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if encode_segment(data) != text:
        raise errors.DecodeError("base64url with stray trailing bits")
    return data


def loads(data: bytes | str) -> Any:
    """One JSON value, read strictly; see the module's docstring for the rules."""
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8")
        # A string can hold lone surrogates itself, which have no UTF-8.
        text.encode("utf-8")
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(text)
        value = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_constant,
        )
        if "\\" in text:
            _check_surrogates(value)
    except ValueError:
        raise errors.DecodeError("not strict JSON") from None
    return value


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _check_depth(text: str) -> None:
    depth = 0
    for token in _STRING_OR_BRACKET.findall(text):
        depth += (token in "[{") - (token in "]}")
        if depth > MAX_DEPTH:
            raise ValueError("too deep")


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, list):
        for item in value:
            _check_surrogates(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_surrogates(name)
            _check_surrogates(item)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _number(text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many characters")
    value = float(text)
    if math.isinf(value):
        raise ValueError("beyond a double")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError("not a JSON value")
