"""Tokens in NDJSON: a JSON object a line, one of whose members is the token."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

from cyjwt._engine.jsontext import loads_unsigned
from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs.part import BOM, Part, Refusal, no_token, unreadable
from cyjwt.cli.lines import blocks
from cyjwt.cli.source import Source
from cyjwt.errors import DecodeError

__all__ = ["parts"]

_NOT_JSON = unreadable("The line is not a JSON object, or holds a member twice")


def parts(source: Source, field: str, most: int, rows: int) -> Generator[Part, None, None]:
    r"""Read records, one a line.

    Args:
        source: the input.
        field: the name of the member that holds the token; ``a.b`` is member ``b`` of object ``a``, and ``a\.b``
            is one name.
        most: the most octets of a record.
        rows: the most rows of a part.

    Raises:
        Failure: it is a JSON array.
        UnreadableError: the input ended in the middle.
    """
    path = [name.replace("\\.", ".") for name in re.split(r"(?<!\\)\.", field)]
    # As repr has it, which no terminal acts on; but "\." as it was typed.
    told = repr(field).replace("\\\\", "\\")
    missing = no_token(f"The record has no member {told}: --field names another")
    no_text = no_token(f"The record's member {told} is null, or no text")
    too_long = unreadable(f"The record is longer than {most} octets")
    last = 0
    # A mark is taken off the first line, which must stay too long where it was cut.
    for block in blocks(source.read, most + len(BOM)):
        if last == 0:
            block[0] = block[0].removeprefix(BOM)
            if block[0].lstrip().startswith(b"["):
                raise Failure(f"{source.name}: a JSON array: `jq -c '.[]'` makes NDJSON of it")
        for start in range(0, len(block), rows):
            lines = block[start : start + rows]
            tokens: list[str] = []
            numbers: list[int] = []
            refused: dict[int, Refusal] = {}
            for number, line in enumerate(lines, last + 1):
                if not line or line.isspace():
                    continue
                token = too_long if len(line) > most else _token(line, path, missing, no_text)
                if isinstance(token, Refusal):
                    refused[len(tokens)] = token
                    token = ""
                tokens.append(token)
                numbers.append(number)
            last += len(lines)
            blank = len(lines) - len(tokens)
            yield Part(tokens, numbers, last, source.position(), refused=refused, blank=blank)


def _token(line: bytes, path: Sequence[str], missing: Refusal, no_text: Refusal) -> str | Refusal:
    try:
        value = loads_unsigned(line)
    except DecodeError:
        return _NOT_JSON
    if not isinstance(value, dict):
        return _NOT_JSON
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return missing
        value = value[name]
    return value if isinstance(value, str) else no_text
