"""How long a fetched document may serve: what the server says (RFC 9111), held within the caller's bounds."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["held_lifetime", "stated_lifetime"]

#: Seconds beyond which a number says nothing more (RFC 9111 section 1.2.2).
MOST_SECONDS = 2**31


def stated_lifetime(headers: Mapping[str, str]) -> float | None:
    """The seconds for which the server calls its answer fresh, less those that it spent in caches.

    Args:
        headers: the fields of the answer, by lower-case name.

    Returns:
        The seconds, 0 where the answer is not to be kept, or None where the server says nothing.

    Note:
        ``max-age`` counts before ``s-maxage``, which is meant for caches that many share; that one
        counts where it stands alone. Then comes ``Expires`` (RFC 9111 section 4.2.1).
    """
    directives = cache_directives(headers.get("cache-control", ""))
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    age = whole_seconds(headers.get("age", "")) or 0
    for name in ("max-age", "s-maxage"):
        if name in directives:
            # What cannot be read is stale (RFC 9111 section 4.2.1).
            return float(max((whole_seconds(directives[name]) or 0) - age, 0))
    if "expires" in headers:
        try:
            expires = parsedate_to_datetime(headers["expires"]).timestamp()
            date = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            # "0" and its like mean: already expired (RFC 9111 section 5.3).
            return 0.0
        return max(expires - date - age, 0.0)
    return None


def cache_directives(text: str) -> dict[str, str]:
    """The directives of a Cache-Control field and their arguments; of one that occurs twice, the first."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, argument = part.strip().partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def whole_seconds(text: str) -> int | None:
    """A number of seconds as HTTP writes it (RFC 9111 section 1.2.2), or None for anything else."""
    text = text.strip()
    if not text.isascii() or not text.isdecimal():
        return None
    return int(text) if len(text) < 10 else MOST_SECONDS


def held_lifetime(stated: float | None, usual: float, least: float, most: float) -> float:
    """A lifetime as stated, but no shorter and no longer than the caller wants; the usual one if none is."""
    return usual if stated is None else min(max(stated, least), most)
