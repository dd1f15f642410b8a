"""Policy: what a token must satisfy, validated once so that tokens pay nothing for it."""

from __future__ import annotations

import math
import sys
from _collections_abc import Callable, Collection, Container
from datetime import timedelta

from cyjwt._arguments import algorithm_row, type_name, utf8_text
from cyjwt._engine.claims import LAST_DATE
from cyjwt._engine.header import REGISTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Literal, Protocol, TypedDict

    from cyjwt.keys import Key

    class RevocationStore(Protocol):
        """What tells whether a token was revoked."""

        def is_revoked(self, claims: dict[str, Any], key: Key, /) -> bool:
            """Whether the token of these claims, verified with this key, was revoked."""

    #: The option ``revoked``: a store, or a container of ``jti``.
    Revoked = RevocationStore | Container[str]

    class VerifierOptions(TypedDict, total=False):
        """The options that ``cyjwt.decode`` and ``Verifier`` share, for checkers.

        ``decode`` takes ``algorithms`` by place too; ``cache`` and ``claims_type`` are for a ``Verifier`` of one's own.
        """

        issuer: str | Collection[str] | None
        audience: str | Collection[str] | None
        subject: str | None
        leeway: float | timedelta
        required: Collection[str]
        type: str | None
        max_age: float | timedelta | None
        max_token_size: int
        clock: Callable[[], float] | float | None
        allow_padding: bool
        critical: Collection[str]
        revoked: Revoked | None
        revocation_failure: Literal["refuse", "accept"]


__all__ = [
    "DEFAULT_TOKEN_SIZE",
    "LAST_DATE",
    "NEVER_CRITICAL",
    "Policy",
    "is_coroutine_function",
    "media_type",
    "names",
    "read_clock",
    "read_policy",
    "seconds",
    "text",
]

#: The most octets of a token unless the caller says otherwise.
DEFAULT_TOKEN_SIZE: Final = 65_536
_MOST_TOKEN_SIZE: Final = 1 << 30

#: Of a function's co_flags: calling it gives a coroutine (inspect.CO_COROUTINE).
_COROUTINE: Final = 0x80

#: RFC 7515 section 4.1.11 forbids crit to name these, and RFC 7797 section 7 forbids b64 in a JWT.
NEVER_CRITICAL: Final = frozenset(REGISTERED) | {"b64"}


class Policy:
    """The validated options of a ``Verifier``, in the form that the engine is built from."""

    __slots__ = (
        "algorithms",
        "allow_padding",
        "audiences",
        "cache",
        "claims_type",
        "clock",
        "critical",
        "issuers",
        "leeway",
        "max_age",
        "max_token_size",
        "required",
        "revocation_failure",
        "revoked",
        "subject",
        "type",
        "unchecked",
    )

    def __init__(
        self,
        *,
        algorithms: tuple[str, ...] | None,
        issuers: tuple[str, ...],
        audiences: tuple[str, ...],
        subject: str | None,
        leeway: float,
        required: tuple[str, ...],
        type: str | None,
        max_age: float | None,
        max_token_size: int,
        clock: Callable[[], float] | None,
        allow_padding: bool,
        critical: tuple[str, ...],
        revoked: Revoked | None = None,
        revocation_failure: str = "refuse",
        unchecked: tuple[str, ...] = (),
        cache: int = 0,
        claims_type: Any = None,
    ) -> None:
        self.algorithms = algorithms
        self.issuers = issuers
        self.audiences = audiences
        self.subject = subject
        self.leeway = leeway
        self.required = required
        self.type = type
        self.max_age = max_age
        self.max_token_size = max_token_size
        self.clock = clock
        self.allow_padding = allow_padding
        self.critical = critical
        self.revoked = revoked
        self.revocation_failure = revocation_failure
        self.unchecked = unchecked
        self.cache = cache
        self.claims_type = claims_type

    def options(self) -> dict[str, object]:
        """The options by name: what ``Policy(**options)`` makes anew."""
        return {name: getattr(self, name) for name in self.__slots__}

    def said(self) -> dict[str, object]:
        """The options that say something, for people to read: of a store, which may be large, its type."""
        options = self.options()
        if self.revoked is None:
            del options["revocation_failure"]
        else:
            options["revoked"] = type(self.revoked)
        if not self.cache:
            del options["cache"]
        return {name: value for name, value in options.items() if value not in (None, ())}

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.options(),)


def _restore(options: dict[str, Any]) -> Policy:
    return Policy(**options)


def text(option: str, value: object) -> str:
    """A string that is not empty and has a UTF-8 form."""
    plain = utf8_text(option, value)
    if not plain:
        raise ValueError(f"{option} must not be empty")
    return plain


def names(option: str, value: object, *, single: bool = False) -> tuple[str, ...]:
    """The distinct strings of a collection, in its order; with ``single`` a lone string will do."""
    if single and isinstance(value, str):
        return (text(option, value),)
    if isinstance(value, str | bytes) or not isinstance(value, Collection):
        wanted = "a str or a collection of str" if single else "a collection of str, such as a list"
        raise TypeError(f"{option} must be {wanted}, not {type_name(value)}")
    return tuple(dict.fromkeys(text(option, item) for item in value))


def seconds(option: str, value: object) -> float:
    """A duration that is finite and not negative, from a number of seconds or a timedelta."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{option} must be a number of seconds or a timedelta")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise ValueError(f"{option} must be finite and not negative")
    return number


def media_type(value: str) -> str:
    """The normal form of a ``typ``: lower case, without "application/" (RFC 7515 section 4.1.9)."""
    # Media types are ASCII; str.lower would change other letters too, and the engine does not.
    lower = value.encode().lower().decode()
    bare = lower.removeprefix("application/")
    return lower if "/" in bare or not bare else bare


def read_clock(clock: object) -> Callable[[], float] | None:
    """A clock that is known to tell a time; a number stands for a clock that stands still."""
    if clock is None:
        return None
    told = clock() if callable(clock) else clock
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise TypeError("clock must be a callable that returns seconds since 1970, or such a number")
    if seconds("clock", told) > LAST_DATE:
        raise ValueError("clock must tell seconds since 1970, before the year 10000")
    return clock if callable(clock) else _Fixed(seconds("clock", clock))


def is_coroutine_function(function: object) -> bool:
    """Whether calling it gives a coroutine; without the module ``inspect``, which takes long to import."""
    return bool(getattr(getattr(function, "__code__", None), "co_flags", 0) & _COROUTINE)


def read_revoked(revoked: object) -> Revoked | None:
    """A store or a container, as far as can be told without asking it."""
    if revoked is None:
        return None
    ask = getattr(revoked, "is_revoked", None)
    if isinstance(revoked, type | str | bytes) or not (callable(ask) or hasattr(revoked, "__contains__")):
        raise TypeError("revoked must have a method is_revoked(claims, key), or be a container of jti")
    if is_coroutine_function(ask):
        raise TypeError("revoked must answer at once: its is_revoked must not be a coroutine function")
    return revoked  # type: ignore[return-value]


def read_capacity(cache: object) -> int:
    """How many tokens to keep; 0 for none."""
    if cache is None:
        return 0
    if isinstance(cache, bool) or not isinstance(cache, int):
        raise TypeError("cache must be a number of tokens, or None")
    if not 0 <= cache <= sys.maxsize:
        raise ValueError("cache must be 0 or more, and fit a machine word")
    return int(cache)


class _Fixed:
    """A clock that stands still. A class, so that a verifier that has one can be pickled."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def read_policy(
    *,
    algorithms: object,
    issuer: object,
    audience: object,
    subject: object,
    leeway: object,
    required: object,
    type: object,
    max_age: object,
    max_token_size: object,
    clock: object,
    allow_padding: object,
    critical: object,
    revoked: object,
    revocation_failure: object,
    cache: object,
    claims_type: object,
) -> Policy:
    """Validate the options of a ``Verifier``.

    Raises:
        TypeError: an option of the wrong type.
        ValueError: an option with a value that can mean nothing.
    """
    allowed = None
    if algorithms is not None:
        allowed = tuple(algorithm_row(name).name for name in names("algorithms", algorithms))
        if not allowed:
            raise ValueError("algorithms must not be empty")
    issuers = () if issuer is None else names("issuer", issuer, single=True)
    audiences = () if audience is None else names("audience", audience, single=True)
    if (issuer is not None and not issuers) or (audience is not None and not audiences):
        raise ValueError("issuer and audience must not be empty: leave them out to state none")
    understood = names("critical", critical)
    if NEVER_CRITICAL & set(understood):
        raise ValueError(f"critical must not name {', '.join(sorted(NEVER_CRITICAL & set(understood)))}")
    if isinstance(max_token_size, bool) or not isinstance(max_token_size, int):
        raise TypeError("max_token_size must be a number of octets")
    if not 0 < max_token_size <= _MOST_TOKEN_SIZE:
        raise ValueError(f"max_token_size must be from 1 to {_MOST_TOKEN_SIZE}")
    if not isinstance(allow_padding, bool):
        raise TypeError("allow_padding must be a bool")
    if not isinstance(revocation_failure, str):
        raise TypeError('revocation_failure must be "refuse" or "accept"')
    if revocation_failure not in ("refuse", "accept"):
        raise ValueError('revocation_failure must be "refuse" or "accept"')
    return Policy(
        algorithms=allowed,
        issuers=issuers,
        audiences=audiences,
        subject=None if subject is None else text("subject", subject),
        leeway=seconds("leeway", leeway),
        required=names("required", required),
        type=None if type is None else media_type(text("type", type)),
        max_age=None if max_age is None else seconds("max_age", max_age),
        max_token_size=max_token_size,
        clock=read_clock(clock),
        allow_padding=allow_padding,
        critical=understood,
        revoked=read_revoked(revoked),
        revocation_failure=revocation_failure,
        cache=read_capacity(cache),
        claims_type=claims_type,
    )
