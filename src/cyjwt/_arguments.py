"""The arguments that the constructors of keys and key sets share, checked in one place.

A wrong Python type is a TypeError and an unknown name a ValueError: the caller's mistake, and never a
verdict on a key.
"""

from __future__ import annotations

from _collections_abc import Collection

from cyjwt import _strength
from cyjwt.algorithms import ALGORITHMS, Algorithm
from cyjwt.errors import InvalidKeyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = [
    "BytesLike",
    "algorithm_row",
    "allowances",
    "key_name",
    "octets",
    "octets_or_text",
    "password_octets",
    "type_name",
    "utf8_text",
]

BytesLike: TypeAlias = bytes | bytearray | memoryview


def octets(name: str, value: object) -> bytes:
    """The octets of a bytes-like argument."""
    if isinstance(value, bytes | bytearray | memoryview):
        # By its memory: what __bytes__ of a subclass gives may be anything.
        return bytes(memoryview(value))
    raise TypeError(f"{name} must be bytes, not {type(value).__name__}")


def octets_or_text(name: str, value: object) -> bytes:
    """The octets of a bytes-like argument, or a text's UTF-8."""
    if not isinstance(value, str):
        if isinstance(value, bytes | bytearray | memoryview):
            return octets(name, value)
        raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
    try:
        return str.encode(value, "utf-8")
    except UnicodeEncodeError:
        raise InvalidKeyError(f"{name} is not valid Unicode text") from None


def algorithm_row(name: object) -> Algorithm:
    """The row of a JWS algorithm, by its exact and case-sensitive name."""
    if not isinstance(name, str):
        raise TypeError(f"algorithm must be a str, not {type(name).__name__}")
    row = ALGORITHMS.get(name)
    if row is None:
        raise ValueError(f"{name[:40]!r} is not one of the algorithms {', '.join(ALGORITHMS)}")
    return row


def utf8_text(name: str, value: object) -> str:
    """A string that has a UTF-8 form, as a plain ``str`` even where it is of a subclass such as StrEnum."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    try:
        str.encode(value)
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds a lone surrogate") from None
    return str.__str__(value)


def key_name(kid: object) -> str | None:
    """A ``kid`` that the caller gives a key: any string, or none (RFC 7517 section 4.5)."""
    return None if kid is None else utf8_text("kid", kid)


def allowances(allow: object) -> frozenset[str]:
    """The names of the rules that the caller relaxes."""
    if isinstance(allow, str) or not isinstance(allow, Collection):
        raise TypeError("allow must be a collection of str")
    names = frozenset(allow)
    if not names <= _strength.ALLOWANCES:
        raise ValueError(f"allow may name {', '.join(sorted(_strength.ALLOWANCES))} alone")
    return names


def password_octets(password: object) -> bytes | None:
    """The octets of a password, or None."""
    return None if password is None else octets_or_text("password", password)


def type_name(value: object) -> str:
    """The name of a value's type, also for functions in which ``type`` is an argument."""
    return type(value).__name__
