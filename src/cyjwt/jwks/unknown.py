"""The kids that a server was asked for and did not have: remembered for a while, and within bounds."""

from __future__ import annotations

__all__ = ["UnknownKids"]

#: Bounds on what hostile tokens may leave here; at most so many kids can be asked for in any sensible time.
MOST, LONGEST = 1024, 256


class UnknownKids:
    """A memory of kids, each for the same time. Reading it takes no lock.

    Args:
        seconds: for how long a kid is remembered.
    """

    __slots__ = ("_seconds", "_until")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str | None, float] = {}

    def __contains__(self, asked: tuple[str | None, float]) -> bool:
        """Whether a kid is remembered at a time."""
        until = self._until.get(asked[0])
        return until is not None and asked[1] < until

    def add(self, kid: str | None, now: float) -> None:
        """Remember a kid; the caller holds the client's lock."""
        if not self._seconds or (kid is not None and len(kid) > LONGEST):
            return
        # In order of time: what is added again comes last.
        self._until.pop(kid, None)
        self._until[kid] = now + self._seconds
        if len(self._until) > MOST:
            del self._until[next(iter(self._until))]

    def __len__(self) -> int:
        return len(self._until)
