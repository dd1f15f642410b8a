"""JSON in and out: strict in, safe for a terminal out."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from cyjwt._engine import jsontext, jsonwrite
from cyjwt.cli.failure import Failure
from cyjwt.errors import DecodeError

__all__ = ["json_line", "pretty", "strict_json", "tamed", "without_controls", "write_bytes", "write_pretty"]

# The second form is U+0080 to U+009F in UTF-8, in which these two octets are never part of another character.
_CONTROLS = re.compile(rb"\x7f|\xc2[\x80-\x9f]")
_ALL_CONTROLS = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def strict_json(name: str, text: bytes | str) -> Any:
    """Read JSON as strictly as the engine does: no member twice, no NaN.

    Raises:
        click.UsageError: the text is not JSON.
    """
    try:
        return jsontext.loads(text.encode("utf-8") if isinstance(text, str) else text)
    except (DecodeError, UnicodeEncodeError):
        raise click.UsageError(f"{name} is not JSON, or holds a member twice.") from None


def json_line(value: Any) -> bytes:
    """One line of JSON in UTF-8, without a control character."""
    return without_controls(jsonwrite.dumps(value)) + b"\n"


def without_controls(text: bytes) -> bytes:
    r"""Escape the control characters that JSON leaves as they are, DEL and U+0080 to U+009F: terminals obey them.

    Args:
        text: JSON, in which they occur in strings alone, where ``\u009b`` means the same; line ends stay.
    """
    return _CONTROLS.sub(_escape, text) if b"\x7f" in text or not text.isascii() else text


def tamed(text: bytes) -> bytes:
    """Escape every control character but the line feed, for text of any kind on its way to a terminal."""
    return _ALL_CONTROLS.sub(_escape, text)


def _escape(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode("utf-8"))


def pretty(value: Any) -> str:
    """JSON for people: indented, and with every character escaped that could play with a terminal."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def write_bytes(data: bytes) -> None:
    """Write to standard output at once, in UTF-8 whatever the locale says."""
    if sys.stdout is None:
        raise Failure("standard output is closed")
    left = memoryview(data)
    while left:
        # Under PYTHONUNBUFFERED there is no buffer, and a pipe may take a part only.
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


def write_pretty(value: Any) -> None:
    """Write a value to standard output as JSON for people."""
    write_bytes(pretty(value).encode("utf-8") + b"\n")
