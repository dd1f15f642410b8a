"""Calls of the surface, by the exact way alone, and tokens made by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from cyjwt import jwt

SECRET = "a secret of thirty-two octets or more"
NOW = 1_900_000_000
HS256 = ["HS256"]


def exactly(token: Any, key: Any = SECRET, algorithms: Any = HS256, **more: Any) -> Any:
    """What the code that knows PyJWT's order and words makes of a call."""
    more = {
        "options": None,
        "verify": None,
        "detached_payload": None,
        "audience": None,
        "issuer": None,
        "subject": None,
        "leeway": 0,
    } | more
    return jwt.PyJWT()._decode_exactly(token, key, algorithms, known=None, **more)["payload"]


def outcome(function: Callable[..., Any], *args: Any, **more: Any) -> Any:
    try:
        return function(*args, **more)
    except Exception as error:
        return type(error), str(error)


def signed(payload: bytes, header: bytes = b'{"alg":"HS256"}', key: bytes = SECRET.encode()) -> str:
    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    text = encode(header) + b"." + encode(payload)
    return (text + b"." + encode(hmac.digest(key, text, hashlib.sha256))).decode()
