"""A source of keys for tests, which waits where it is told to and notes who asks; and tokens of its keys."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import cyjwt
from cyjwt._engine.keysource import KeySource
from tests.support import good_claims


class Source(KeySource):
    """A source that finds keys by ``kid`` in its store when it is asked for them.

    Attributes:
        store: the keys that there are, by kid; ``snapshot`` has those that were published.
        asked: the kids that were asked for.
        told: how often it was told that it is due.
        gate: cleared, it makes whoever asks wait.
        threads: the names of the threads that asked.
        fails: makes every call raise ``JWKSUnavailableError``.
    """

    def __init__(self, *published: cyjwt.Key, store: tuple[cyjwt.Key, ...] = ()) -> None:
        self.store = {key.kid: key for key in store}
        self.snapshot = cyjwt.KeySet(published) if published else None
        self.due = math.inf if published else -math.inf
        self.asked: list[str | None] = []
        self.told = 0
        self.gate = threading.Event()
        self.gate.set()
        self.threads: set[str] = set()
        self.fails = False

    def publish(self, *keys: cyjwt.Key) -> None:
        self.snapshot = cyjwt.KeySet(keys)

    def _answer(self) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(20), "nobody opened the gate"
        if self.fails:
            raise cyjwt.JWKSUnavailableError("down")

    def _due(self) -> None:
        self.told += 1
        self._answer()
        if self.snapshot is None and self.store:
            self.publish(*self.store.values())
        self.due = time.monotonic() + 3600

    def _missing(self, kid: str | None, /) -> bool:
        self.asked.append(kid)
        self._answer()
        if kid not in self.store or (self.snapshot is not None and self.store[kid] in self.snapshot):
            return False
        self.publish(*(self.snapshot or ()), self.store[kid])
        return True

    def __reduce__(self) -> Any:
        return _again, (tuple(self.snapshot or ()), tuple(self.store.values()))


def _again(published: tuple[cyjwt.Key, ...], store: tuple[cyjwt.Key, ...]) -> Source:
    return Source(*published, store=store)


def token(key: cyjwt.Key, **claims: Any) -> str:
    """Good claims, signed with a key that serves one algorithm or several alike."""
    (algorithm, *_) = key.sign_algorithms
    return cyjwt.encode(good_claims(**claims), key, algorithm=algorithm)
