"""How a client fares, at one moment."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cyjwt.errors import JWKSError

__all__ = ["Health"]


class Health(NamedTuple):
    """What a ``JWKSClient`` knows of itself, for logs, metrics and readiness probes.

    Counters begin with the client; a copy in another process has its own.

    Attributes:
        state: ``"empty"`` (no keys have been got yet), ``"fresh"``, ``"stale"`` (past the lifetime; the keys
            still serve), ``"unavailable"`` (no keys may serve any more) or ``"closed"``.
        serving: whether there are keys that may serve now.
        refreshing: whether a fetch is under way.
        keys: how many keys serve.
        left_out: why other keys of the set do not.
        age: seconds since the set was asked for, or None without one.
        expires_in: seconds of its lifetime that are left, negative once it is stale, or None.
        serves_for: seconds until it may serve no longer, unless it is fetched again; ``inf`` without a bound.
        last_success: when the last fetch succeeded, in seconds since 1970, or None.
        last_failure: when the last fetch failed, likewise.
        last_error: what the last fetch failed with, or None if it did not.
        next_try_in: seconds for which a server that failed is left alone, or 0.
        failures_in_row: how many fetches have failed since one succeeded.
        fetches: how many fetches have ended, well or not.
        failures: how many of them failed.
        unchanged: how many of them brought what was held already.
        changes: how often the keys changed.
        unknown_fetches: how many fetches began for the sake of an unknown ``kid``.
        unknown_refused: how often there was none for an unknown ``kid``, since one had been too lately.
        unknown_remembered: how often there was none since that ``kid`` was remembered as unknown.
        storage_error: what reading or writing the file ``path`` last failed with, or None.
    """

    state: Literal["empty", "fresh", "stale", "unavailable", "closed"]
    serving: bool
    refreshing: bool
    keys: int
    left_out: tuple[str, ...]
    age: float | None
    expires_in: float | None
    serves_for: float | None
    last_success: float | None
    last_failure: float | None
    last_error: JWKSError | None
    next_try_in: float
    failures_in_row: int
    fetches: int
    failures: int
    unchanged: int
    changes: int
    unknown_fetches: int
    unknown_refused: int
    unknown_remembered: int
    storage_error: str | None
