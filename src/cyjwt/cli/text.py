"""JSON in and out: strict in, safe for a terminal out."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from cyjwt._engine import jsontext, jsonwrite
from cyjwt.cli.failure import Failure
from cyjwt.errors import DecodeError

__all__ = ["json_line", "pretty", "strict_json", "write_bytes", "write_pretty"]


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
    """One line of JSON in UTF-8."""
    return jsonwrite.dumps(value) + b"\n"


def pretty(value: Any) -> str:
    """JSON for people: indented, and with every character escaped that could play with a terminal."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text.isascii():
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def write_bytes(data: bytes) -> None:
    """Write to standard output at once, in UTF-8 whatever the locale says."""
    if sys.stdout is None:
        raise Failure("standard output is closed")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_pretty(value: Any) -> None:
    """Write a value to standard output as JSON for people."""
    write_bytes(pretty(value).encode("utf-8") + b"\n")
