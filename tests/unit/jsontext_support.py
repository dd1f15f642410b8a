"""What the tests of the JSON readers share: texts, and what both readers and ``json`` make of them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import cyjwt
from cyjwt._engine import jsontext

READERS = [jsontext.loads, jsontext.loads_unsigned]


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def same(one: Any, other: Any) -> bool:
    """Equal in type, value and order, all the way down."""
    return type(one) is type(other) and repr(one) == repr(other)


def agrees(text: bytes) -> Any:
    """What both readers and ``json`` say of the text."""
    expected = json.loads(text)
    for read in READERS:
        assert same(read(text), expected), text
    return expected


def code_of(text: bytes | str) -> str | None:
    codes = set()
    for read in READERS:
        try:
            read(text)
        except cyjwt.DecodeError as error:
            codes.add(error.code)
        else:
            codes.add(None)
    (code,) = codes
    return code


def in_child(code: str) -> int:
    """The exit status of a fresh interpreter that runs the code, for what may kill it."""
    path = str(Path(cyjwt.__file__).parent.parent)
    program = f"import sys; sys.path.insert(0, {path!r})\n" + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", program], timeout=60, stderr=subprocess.DEVNULL).returncode
