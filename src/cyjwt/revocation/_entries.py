"""How an entry is spelt in Redis: the name and value of its key, and the messages that tell of it."""

from __future__ import annotations

import math

from cyjwt._engine.revocationtable import KEY, SUBJECT, TOKEN
from cyjwt.revocation._store import FAR_OFF, NEVER, Entry

__all__ = [
    "ADD",
    "dropped",
    "name_of",
    "pattern_of",
    "read_message",
    "read_name",
    "read_value",
    "value_of",
    "wanted",
]

#: Adds an entry, or makes the one that is there reach as far and last as long as the further of the two, and tells.
#: KEYS: its name. ARGV: its value, the milliseconds that it lasts ("" for ever), the channel. Returns nothing.
ADD = """
local value, lasts = ARGV[1], tonumber(ARGV[2])
local held = redis.call('GET', KEYS[1])
if held then
    if tonumber(held) > tonumber(value) then value = held end
    local left = redis.call('PTTL', KEYS[1])
    if left == -1 then lasts = nil elseif lasts and left > lasts then lasts = left end
end
if lasts then
    redis.call('SET', KEYS[1], value, 'PX', lasts)
else
    redis.call('SET', KEYS[1], value)
end
redis.call('PUBLISH', ARGV[3], '+' .. value .. ' ' .. (lasts or '') .. ' ' .. KEYS[1])
"""


def name_of(prefix: str, kind: int, issuer: str | None, value: str) -> str:
    """Name an entry's key. The issuer's length keeps it and the value apart."""
    whose = issuer or ""
    return f"{prefix}{kind}:{len(whose)}:{whose}{value}"


def pattern_of(prefix: str, kinds: str) -> str:
    """Spell the pattern of the keys of entries of these kinds."""
    return "".join(f"\\{c}" if c in "*?[]^-\\" else c for c in prefix) + f"[{kinds}]:*"


def read_name(prefix: str, name: bytes) -> tuple[int, str | None, str]:
    """Read a key's name.

    Raises:
        ValueError: it is no entry's.
    """
    text = name.decode()
    kind, length, rest = text.removeprefix(prefix).split(":", 2)
    if int(kind) not in (TOKEN, SUBJECT, KEY) or not text.startswith(prefix) or int(length) > len(rest):
        raise ValueError("not the name of an entry")
    return int(kind), rest[: int(length)] or None, rest[int(length) :]


def value_of(before: float) -> str:
    """Spell the value of an entry's key: the moment before which a subject's tokens are revoked."""
    return repr(min(before, FAR_OFF))


def read_value(value: bytes) -> float:
    """Read what ``value_of`` spelt."""
    before = float(value)
    return NEVER if before >= FAR_OFF else before


def wanted(end: float, now: float) -> str:
    """Spell how long a key lasts, in milliseconds."""
    return "" if end == NEVER else str(max(math.ceil((end - now) * 1000), 1))


def dropped(name: str) -> str:
    """Spell the message that an entry is no more."""
    return f"-{name}"


def read_message(prefix: str, message: bytes, now: float) -> tuple[bool, Entry]:
    """Read a message.

    Returns:
        Whether the entry was added, else it was removed; and the entry.

    Raises:
        ValueError: it is no message of a store.
    """
    if message[:1] == b"-":
        return False, (*read_name(prefix, message[1:]), NEVER, NEVER)
    if message[:1] != b"+":
        raise ValueError("not a message of a store")
    value, lasts, name = message[1:].split(b" ", 2)
    end = NEVER if not lasts else now + float(lasts) / 1000
    return True, (*read_name(prefix, name), read_value(value), end)
