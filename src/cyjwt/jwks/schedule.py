"""When a held set is fresh, when it is fetched again, how long it serves without: times, and nothing else.

All are seconds of the client's clock. Nothing here waits, locks or fetches.
"""

from __future__ import annotations

import math
import random

from cyjwt.jwks.backoff import pause
from cyjwt.jwks.options import Options

__all__ = ["Schedule"]

#: By how much of itself the time of a refresh before expiry may differ from client to client.
SPREAD = 0.25


class Schedule:
    """The times of one client.

    Attributes:
        fetched: when the set that is held was asked for, or ``-inf``.
        fresh_until: when its lifetime ends.
        stale_until: when it must no longer serve.
        refresh_at: when it should be fetched again.
        next_try: before which a server that has failed is left alone.
        failures: how many there have been in a row.
    """

    __slots__ = (
        "_options",
        "failures",
        "fetched",
        "fresh_until",
        "next_try",
        "refresh_at",
        "stale_until",
    )

    def __init__(self, options: Options) -> None:
        self._options = options
        self.fetched = self.fresh_until = self.stale_until = -math.inf
        self.refresh_at = self.next_try = -math.inf
        self.failures = 0

    def held(self, fetched: float, lifetime: float) -> None:
        """Note that a set was got that was asked for then, and is fresh for so long since."""
        self.failures = 0
        self.next_try = -math.inf
        self.fetched = fetched
        self.fresh_until = fetched + lifetime
        self.stale_until = self.fresh_until + self._options.max_stale
        # Clients that began together should not all come back in the same second. No secret hangs on it.
        ahead = self._options.refresh_ahead * (1 + SPREAD * random.random())  # noqa: S311
        self.refresh_at = self.fresh_until - min(ahead, lifetime / 2)

    def lent(self, now: float, age: float) -> None:
        """Note that a set of that age was given by the caller: it serves, and is fetched at once."""
        self.held(now - age, self._options.lifetime)
        self.fresh_until = min(self.fresh_until, now)
        self.refresh_at = -math.inf

    def failed(self, now: float, asked: float) -> None:
        """Note that a fetch failed, and that the server asked to be left alone for so long."""
        options = self._options
        self.failures += 1
        step = pause(self.failures, options.backoff, options.backoff_factor, options.backoff_max)
        self.next_try = now + max(step, min(asked, options.backoff_max))

    def due(self) -> float:
        """When somebody must see to the set: to have it fetched again, or because it may serve no longer."""
        return min(max(self.refresh_at, self.next_try), self.stale_until)
