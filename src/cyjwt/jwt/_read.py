"""Readers of a token's parts for whatever the engine does not serve, and for the words of what it refused."""

from __future__ import annotations

import json
from typing import Any

from cyjwt._engine import base64url, jsonscan
from cyjwt.errors import DecodeError

__all__ = ["ask_for_strict_json", "decode_segment", "read_json", "split_token"]

#: What the engine refuses in a text that PyJWT would read, in words.
_WORDS = {
    "duplicate_member": "a member occurs twice in one object",
    "invalid_utf8": "it is not UTF-8",
    "lone_surrogate": "it holds a lone surrogate",
    "number_range": "it holds a number that is too long or too large",
    "too_deep": "it is nested too deeply",
}


def split_token(token: object) -> tuple[bytes, bytes, bytes]:
    """The header, the payload and the signature, each as it stands in the token."""
    if isinstance(token, str):
        try:
            # By its memory: what a method of a subclass gives may be anything.
            octets = str.encode(token, "utf-8")
        except UnicodeEncodeError:
            raise DecodeError("Invalid token: it is not valid Unicode text") from None
    elif isinstance(token, bytes | bytearray | memoryview):
        octets = bytes(memoryview(token))
    else:
        raise DecodeError(f"Invalid token type. Token must be a {bytes}")
    parts = octets.split(b".", 3)
    if len(parts) < 3:
        raise DecodeError("Not enough segments")
    if len(parts) > 3:
        raise DecodeError("Invalid payload padding: there are too many segments")
    return parts[0], parts[1], parts[2]


def decode_segment(segment: bytes, name: str) -> bytes:
    """The octets of canonical base64url; ``=`` that makes its size a multiple of four is admitted."""
    bare = segment.rstrip(b"=")
    padding = len(segment) - len(bare)
    try:
        if padding > 2 or (padding and len(segment) % 4):
            raise DecodeError
        return base64url.decode(bare)
    except DecodeError:
        raise DecodeError(f"Invalid {name} padding") from None


def read_json(octets: bytes, name: str) -> dict[str, Any]:
    """The members of a JSON object, read as PyJWT reads them: ``ask_for_strict_json`` has the last word."""
    try:
        value = json.loads(octets)
    except RecursionError as error:
        raise DecodeError(f"Invalid {name} string: it is nested too deep") from error
    except json.JSONDecodeError as error:
        raise DecodeError(f"Invalid {name} string: {error}") from None
    except ValueError:
        raise DecodeError(f"Invalid {name} string: it is not text, or has too long a number") from None
    if not isinstance(value, dict):
        raise DecodeError(f"Invalid {name} string: must be a json object")
    return value


def ask_for_strict_json(octets: bytes, name: str) -> None:
    """Refuse what PyJWT would read and the engine does not: duplicate members, NaN, other encodings."""
    # A detached payload is the caller's, who may have it in a buffer.
    reason = jsonscan.check(bytes(octets))
    if reason is not None:
        error = DecodeError(f"Invalid {name} string: {_WORDS.get(reason, 'it is not JSON by RFC 8259')}")
        error.code = reason
        raise error
