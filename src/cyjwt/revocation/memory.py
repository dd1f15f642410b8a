"""MemoryStore: what is revoked, in the memory of one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from time import monotonic
from typing import NoReturn

from cyjwt._arguments import type_name
from cyjwt._engine.revocationtable import SHARDS, RevocationTable
from cyjwt.revocation._store import Entry, RevocationStoreError, Store, StoreInfo, read_times

__all__ = ["MemoryStore"]

#: Seconds for which a store that is full does not look again whether something has expired.
_PAUSE = 1.0


class MemoryStore(RevocationTable, Store):
    """A store in the memory of one process, for one process: compiled, and asked in a fraction of a microsecond.

    An entry takes some 130 octets with a ``jti`` of 36 characters. Entries that have expired are forgotten as the
    store grows, a shard of it at a time. Other processes see nothing of it, and a process that ends forgets it: use
    ``SQLiteStore`` or ``RedisStore`` where that matters.

    Args:
        max_entries: the most entries; what is revoked beyond raises, and nothing is ever forgotten to make room.
        leeway: seconds, or a timedelta, for which an entry outlives its ``expires``: no less than the largest
            ``leeway`` of the verifiers that ask.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.

    Raises:
        TypeError, ValueError: an option that can mean nothing.

    Example:
        >>> import cyjwt, cyjwt.revocation
        >>> store = cyjwt.revocation.MemoryStore()
        >>> store.revoke("a-jti")
        >>> len(store), store.reinstate("a-jti"), len(store)
        (1, True, 0)
    """

    __slots__ = ("_clock", "_full", "_leeway", "_most")

    def __init__(
        self,
        *,
        max_entries: int | None = None,
        leeway: float | timedelta = 300,
        clock: Callable[[], float] | float | None = None,
    ) -> None:
        if max_entries is not None:
            if not isinstance(max_entries, int) or isinstance(max_entries, bool):
                raise TypeError(f"max_entries must be an int, not {type_name(max_entries)}")
            if max_entries < 1:
                raise ValueError("max_entries must be 1 or more")
        self._leeway, self._clock = read_times(leeway, clock)
        self._most = max_entries
        self._full = -_PAUSE

    def _put(self, entries: Iterable[Entry]) -> None:
        put, most = self._put_one, self._most
        now = self._clock()
        for entry in entries:
            if most is not None and len(self) >= most and not self._holds(*entry[:3]):
                self._make_room(most)
            put(*entry, now)

    def _make_room(self, most: int) -> None:
        if monotonic() >= self._full + _PAUSE:
            self._full = monotonic()
            self.prune()
        if len(self) >= most:
            error = RevocationStoreError(f"the store is full: max_entries is {most}")
            error.code = "revocation_store_full"
            raise error

    def _drop(self, kind: int, issuer: str | None, value: str) -> bool:
        return self._drop_one(kind, issuer, value)

    def prune(self) -> int:
        """Forget the entries whose time is over, which the store also does by itself as it grows.

        Returns:
            How many there were.
        """
        now = self._clock()
        # Shard by shard, between which other threads get their turn.
        return sum(self._prune(shard, now) for shard in range(SHARDS))

    def info(self) -> StoreInfo:
        """Tell what the store holds and has done.

        Returns:
            Its counters.
        """
        return StoreInfo(*self._counts(), self.checks, self.hits, 0)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a MemoryStore is of one process: what is revoked later would not reach its copy. Use SQLiteStore or "
            "RedisStore, or a frozenset of jtis for a verifier that goes by what is revoked now"
        )
