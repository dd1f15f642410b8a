"""Breaker: whoever asks what has just failed is told so at once, and does not wait for it to fail again."""

from __future__ import annotations

from time import monotonic

from cyjwt.revocation._store import RevocationStoreError

__all__ = ["Breaker"]

#: Seconds for which a failure stands for the answers that were not asked for.
PAUSE = 0.25


class Breaker:
    """Remembers a failure for a moment.

    Attributes:
        failures: how many there were, those that were not waited for included.
    """

    __slots__ = ("_message", "_until", "failures")

    def __init__(self) -> None:
        self._until = 0.0
        self._message = ""
        self.failures = 0

    def check(self) -> None:
        """Raise if a failure is fresh.

        Raises:
            RevocationStoreError: it is.
        """
        if self._until and monotonic() < self._until:
            self.failures += 1
            raise RevocationStoreError(self._message)

    def trip(self, message: str) -> RevocationStoreError:
        """Remember a failure, and give the error that tells of it."""
        self.failures += 1
        self._message = message
        self._until = monotonic() + PAUSE
        return RevocationStoreError(message)
