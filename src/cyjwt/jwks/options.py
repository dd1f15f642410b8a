"""The options of a ``JWKSClient``: every one checked once, when the client is made."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from cyjwt.info import __version__
from cyjwt.keyset import MOST_KEYS, MOST_OCTETS
from cyjwt.policy import is_coroutine_function, seconds, text

if TYPE_CHECKING:
    from ssl import SSLContext

    from cyjwt.jwks.transport import Fetch

__all__ = ["Options", "checked_url", "read_options"]

#: What a server's statement of a lifetime is held between, unless the caller says otherwise.
LEAST_LIFETIME, MOST_LIFETIME = 60.0, 86_400.0
#: The longest that a thread can be told to wait for.
MOST_TIMEOUT = 3600.0
USER_AGENT = f"cyjwt/{__version__}"


class Options(NamedTuple):
    """What ``JWKSClient`` was told; see there. Durations are seconds."""

    url: str
    discover: bool
    lifetime: float
    min_lifetime: float
    max_lifetime: float
    max_stale: float
    refresh_ahead: float
    unknown_interval: float
    unknown_memory: float
    timeout: float
    retries: int
    backoff: float
    backoff_factor: float
    backoff_max: float
    max_size: int
    max_keys: int
    allow_http: bool
    headers: tuple[tuple[str, str], ...]
    ssl_context: SSLContext | None
    fetch: Fetch | None
    path: str | None
    clock: Callable[[], float]

    @property
    def name(self) -> str:
        """The URL, fit for logs: a query may hold what is nobody's business."""
        bare, mark, _ = self.url.partition("?")
        return f"{bare}{mark and '?...'}"


def checked_url(name: str, value: object, allow_http: bool) -> str:
    """An absolute URL that may be asked: https, or plain http where that is allowed by name."""
    url = text(name, value)
    if not url.isascii() or any(ord(char) <= 0x20 or char in '\\"<>^`{|}' or char == "\x7f" for char in url):
        raise ValueError(f"{name} must be a URL (RFC 3986): ASCII without white space")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{name} must be a URL (RFC 3986)") from None
    if parts.scheme.lower() not in (("https", "http") if allow_http else ("https",)):
        raise ValueError(f"{name} must be an https URL; allow_http=True admits plain http too")
    if not host:
        raise ValueError(f"{name} must name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{name} must hold no user name or password: send them with headers=")
    if "#" in url:
        raise ValueError(f"{name} must have no fragment")
    return url


def positive(name: str, value: object, *, most: float = math.inf) -> float:
    """A duration of more than nothing."""
    number = seconds(name, value)
    if not 0 < number <= most:
        raise ValueError(
            f"{name} must be more than 0" + (f" and at most {most:g}" if most < math.inf else "")
        )
    return number


def perhaps_endless(name: str, value: object) -> float:
    """A duration that may be infinite."""
    if value is None:
        raise TypeError(f"{name} must be a number of seconds or a timedelta: math.inf for ever")
    return math.inf if isinstance(value, float) and value == math.inf else seconds(name, value)


def path_text(name: str, value: object) -> str:
    """The path of a file, as text."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be a str or a path, not {type(value).__name__}")
    return os.fsdecode(value)


def count(name: str, value: object, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}")
    return value


def read_headers(value: object) -> tuple[tuple[str, str], ...]:
    """The fields that the caller adds to a request (RFC 9110 section 5)."""
    if not isinstance(value, Mapping):
        raise TypeError("headers must be a mapping of str to str")
    fields = {"Accept": "application/jwk-set+json, application/json", "User-Agent": USER_AGENT}
    names = {name.lower(): name for name in fields}
    for name, content in value.items():
        name, content = text("a name in headers", name), text("a value in headers", content)
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError("headers must have names of letters, digits, - and _")
        if not content.isascii() or not content.isprintable():
            raise ValueError("headers must have values of printable ASCII")
        if name.lower() in ("accept-encoding", "if-none-match", "if-modified-since", "host", "connection"):
            raise ValueError(f"headers must not set {name}: it is the client's to say")
        fields.pop(names.get(name.lower(), name), None)
        names[name.lower()] = name
        fields[name] = content
    return tuple(fields.items())


def read_options(
    *,
    url: object,
    discover: bool,
    lifetime: object,
    min_lifetime: object,
    max_lifetime: object,
    max_stale: object,
    refresh_ahead: object,
    unknown_interval: object,
    unknown_memory: object,
    timeout: object,
    retries: object,
    backoff: object,
    backoff_factor: object,
    backoff_max: object,
    max_size: object,
    max_keys: object,
    allow_http: object,
    headers: object,
    ssl_context: object,
    fetch: object,
    path: object,
    clock: object,
) -> Options:
    """Validate the options of a ``JWKSClient``.

    Raises:
        TypeError: an option of the wrong type.
        ValueError: an option with a value that can mean nothing, or two that contradict each other.
    """
    if not isinstance(allow_http, bool):
        raise TypeError("allow_http must be a bool")
    span = positive("lifetime", lifetime)
    least = min(LEAST_LIFETIME, span) if min_lifetime is None else seconds("min_lifetime", min_lifetime)
    most = max(MOST_LIFETIME, span) if max_lifetime is None else positive("max_lifetime", max_lifetime)
    if not least <= span <= most:
        raise ValueError("lifetime must lie between min_lifetime and max_lifetime")
    if isinstance(backoff_factor, bool) or not isinstance(backoff_factor, int | float):
        raise TypeError("backoff_factor must be a number")
    if not 1 <= backoff_factor <= 100:
        raise ValueError("backoff_factor must be from 1 to 100")
    step = positive("backoff", backoff)
    longest = positive("backoff_max", backoff_max)
    if longest < step:
        raise ValueError("backoff_max must not be less than backoff")
    if ssl_context is not None:
        from ssl import SSLContext

        if not isinstance(ssl_context, SSLContext):
            raise TypeError("ssl_context must be an ssl.SSLContext")
        if fetch is not None:
            raise ValueError("ssl_context is for the transport that fetch replaces: give one of them")
    if fetch is not None and not callable(fetch):
        raise TypeError("fetch must be a callable")
    if is_coroutine_function(fetch):
        raise TypeError("fetch must not be a coroutine function: it runs in a thread of the client's")
    if clock is not None and not callable(clock):
        raise TypeError("clock must be a callable that returns seconds")
    return Options(
        url=checked_url("issuer" if discover else "url", url, allow_http),
        discover=discover,
        lifetime=span,
        min_lifetime=least,
        max_lifetime=most,
        max_stale=perhaps_endless("max_stale", max_stale),
        refresh_ahead=seconds("refresh_ahead", refresh_ahead),
        unknown_interval=seconds("unknown_interval", unknown_interval),
        unknown_memory=seconds("unknown_memory", unknown_memory),
        timeout=positive("timeout", timeout, most=MOST_TIMEOUT),
        retries=count("retries", retries, 0, 10),
        backoff=step,
        backoff_factor=float(backoff_factor),
        backoff_max=longest,
        max_size=count("max_size", max_size, 1, MOST_OCTETS),
        max_keys=count("max_keys", max_keys, 1, MOST_KEYS),
        allow_http=allow_http,
        headers=read_headers({} if headers is None else headers),
        ssl_context=ssl_context,
        fetch=fetch,
        path=None if path is None else path_text("path", path),
        clock=monotonic if clock is None else clock,
    )
