"""Mirror: the entries of a Redis server in the memory of this process, kept up by a thread.

The thread subscribes to the channel on which every change is told, then reads all entries, then follows the channel.
Now and then it sends a ping on that same connection: with the answer it has every change that was made before the ping
was sent, for a server tells changes and answers in order. So it is known at any time as of when the mirror is complete.
A connection that breaks, or does not answer, is given up for a new one, and everything is read anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from random import uniform
from secrets import token_hex
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

from cyjwt._engine.revocationtable import SHARDS, RevocationTable
from cyjwt.revocation._entries import (
    ADD,
    name_of,
    pattern_of,
    read_message,
    read_name,
    read_value,
    value_of,
    wanted,
)
from cyjwt.revocation._store import NEVER, Entry, RevocationStoreError

__all__ = ["Mirror"]

#: Entries that are read, or given back, at a time; seconds before another try, at first and at most; and between two
#: looks whether the thread is to end.
_AT_ONCE, _FIRST_PAUSE, _LAST_PAUSE, _NAP = 1000, 0.1, 2.0, 0.25


class Mirror:
    """A mirror and its thread, which begins when something is asked.

    Args:
        connect: makes a client of the server whose every wait is bounded.
        prefix: what the names of entries begin with.
        channel: where changes are told.
        clock: tells seconds since 1970.
        max_stale: seconds after which a mirror that is not known to be complete may not answer.

    Attributes:
        tables: the one that answers, and behind it the one that is being made, if any.
        good_until: what ``monotonic`` must not have passed for an answer without a second look.
        known_at: as of when, by ``monotonic``, it is complete; minus infinity where it never was.
        checks, hits: of tables that have answered before.
        failures: how often it could not answer.
        resyncs: how often everything was read.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        prefix: str,
        channel: str,
        clock: Callable[[], float],
        max_stale: float,
    ) -> None:
        self._connect = connect
        self._prefix = prefix
        self._channel = channel
        self._clock = clock
        self._max_stale = max_stale
        self._pulse = min(1.0, max_stale / 4)
        self._epoch: bytes | None = None
        self._reason = "the server has not answered yet"
        self.tables = [RevocationTable()]
        self.known_at = self.good_until = -NEVER
        self.failures = self.resyncs = self.checks = self.hits = 0
        self._begin_anew()
        _mirrors.add(self)

    def _begin_anew(self) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._ready = threading.Event()
        # Whoever asks next goes by way of check, and begins the thread.
        self.good_until = -NEVER

    def start(self) -> None:
        """Begin the thread, if there is none."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stopped = threading.Event()
                thread = threading.Thread(
                    target=self._run, args=(self._stopped,), name="cyjwt-revocation", daemon=True
                )
                thread.start()
                # Not before: where there is no thread to be had, the next one who asks tries again.
                self._thread = thread

    def stop(self, patience: float = 2.0) -> None:
        """End the thread, and wait so many seconds for it at most."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopped.set()
            self.good_until = -NEVER
        if thread is not None and thread is not threading.current_thread():
            thread.join(patience)

    def wait(self, seconds: float) -> bool:
        """Wait until it may answer."""
        self.start()
        return self._ready.wait(seconds) and monotonic() <= self.known_at + self._max_stale

    def check(self) -> None:
        """Look again whether it may answer, and see to it that it will.

        Raises:
            RevocationStoreError: it may not.
        """
        if self._thread is None:
            try:
                self.start()
            except RuntimeError as error:
                self._reason = str(error)
        if monotonic() > self.known_at + self._max_stale:
            self.failures += 1
            raise RevocationStoreError(f"the mirror is out of date: {self._reason}")

    def put(self, entry: Entry) -> None:
        """Add an entry of which the server knows."""
        now = self._clock()
        for table in list(self.tables):
            table._put_one(*entry, now)

    def drop(self, kind: int, issuer: str | None, value: str) -> None:
        """Remove an entry of which the server knows no more."""
        for table in list(self.tables):
            table._drop_one(kind, issuer, value)

    def await_drop(self, kind: int, issuer: str | None, value: str) -> None:
        """Wait a moment for the thread to be told that an entry is no more.

        Whoever has removed it does not drop it here as well: another host may have added it again, and the thread have
        been told so already.
        """
        end = monotonic() + self._pulse
        while monotonic() < min(end, self.good_until) and self.tables[0]._holds(kind, issuer, value):
            sleep(0.0005)

    def _run(self, stopped: threading.Event) -> None:
        pause = _FIRST_PAUSE
        while not stopped.is_set():
            synced = self.resyncs
            try:
                self._follow(stopped)
            except Exception as error:
                # Whatever it is, nobody else would see it; the next try may fare better.
                self._reason = f"{type(error).__name__}: {error}"
            pause = _FIRST_PAUSE if self.resyncs > synced else min(2 * pause, _LAST_PAUSE)
            stopped.wait(pause * uniform(0.5, 1))  # noqa: S311

    def _follow(self, stopped: threading.Event) -> None:
        client = self._connect()
        news = client.pubsub()
        fresh: RevocationTable | None = None
        try:
            news.subscribe(self._channel)
            if not self._next(news, self._max_stale, b"subscribe"):
                raise TimeoutError("the server does not answer")
            fresh = self._read_all(client, stopped)
            if fresh is None:
                return
            self.tables = [*self.tables, fresh]
            # What was changed meanwhile has been told, and is here with the answer.
            self._catch_up(news, fresh)
            self.resyncs += 1
            while not stopped.is_set():
                began = monotonic()
                self._catch_up(news, fresh)
                while (left := began + self._pulse - monotonic()) > 0 and not stopped.is_set():
                    self._take(news, min(left, _NAP))
        finally:
            # Where the store was closed and asked again, another thread may have a table there as well.
            self.tables = [self.tables[0], *(table for table in self.tables[1:] if table is not fresh)]
            news.close()
            client.close()

    def _catch_up(self, news: Any, table: RevocationTable) -> None:
        """Send a ping, and take what comes until it is answered: then the table has all that was told before."""
        sent = monotonic()
        mark = token_hex(8)
        news.ping(mark)
        while self._take(news, sent + self._max_stale - monotonic()) != mark.encode():
            if monotonic() > sent + self._max_stale:
                raise TimeoutError("the server does not answer")
        if self.tables[0] is not table:
            self.checks += self.tables[0].checks
            self.hits += self.tables[0].hits
            self.tables = [table, *(other for other in self.tables[1:] if other is not table)]
        self.known_at = sent
        self.good_until = sent + self._max_stale
        self._ready.set()

    def _take(self, news: Any, seconds: float) -> bytes | None:
        """Take one message, if one comes in time. Returns what a ping was answered with."""
        message = news.get_message(timeout=max(seconds, 0.001))
        if message is None:
            return None
        if message["type"] == "pong":
            return bytes(message["data"])
        if message["type"] != "message":
            # The client has made a new connection by itself: nobody knows what was told meanwhile.
            raise ConnectionError("the connection was lost")
        now = self._clock()
        try:
            added, entry = read_message(self._prefix, message["data"], now)
        except ValueError:
            # Not told by a store: the channel is anybody's who may publish.
            return None
        if added:
            self.put(entry)
        else:
            self.drop(*entry[:3])
        return None

    def _next(self, news: Any, seconds: float, kind: bytes) -> bool:
        """Wait for a message of this type, which is the first to come."""
        message = news.get_message(timeout=seconds)
        return message is not None and message["type"].encode() == kind

    def _read_all(self, client: Any, stopped: threading.Event) -> RevocationTable | None:
        """Read every entry of the server, and give it back what it has lost. None where it is stopped on the way."""
        table = RevocationTable()
        pattern = pattern_of(self._prefix, "012")
        cursor = 0
        while True:
            cursor, names = client.scan(cursor, match=pattern, count=_AT_ONCE)
            if names:
                reader = client.pipeline(transaction=False)
                reader.mget(names)
                for name in names:
                    reader.pttl(name)
                values, *lasts = reader.execute()
                now = self._clock()
                for name, value, left in zip(names, values, lasts, strict=True):
                    if value is not None and left != -2:
                        end = NEVER if left < 0 else now + left / 1000
                        table._put_one(*read_name(self._prefix, name), read_value(value), end, now)
            if stopped.is_set():
                # A part must not be taken for the whole.
                return None
            if cursor == 0:
                break
        self._mend(client, table)
        return table

    def _mend(self, client: Any, table: RevocationTable) -> None:
        """Give a server that has lost its memory the entries that are known here.

        Every server that has been asked once bears a mark. Where it bears another one, or none, it was restarted
        without its data, or emptied.
        """
        name = f"{self._prefix}epoch"
        client.set(name, token_hex(16), nx=True)
        epoch = client.get(name)
        if self._epoch is not None and epoch != self._epoch:
            add, now = client.register_script(ADD), self._clock()
            for shard in range(SHARDS):
                entries = [entry for entry in self.tables[0]._entries(shard) if entry[4] > now]
                writer = client.pipeline(transaction=False)
                for kind, issuer, value, before, end in entries:
                    table._put_one(kind, issuer, value, before, end, now)
                    key = name_of(self._prefix, kind, issuer, value)
                    add([key], [value_of(before), wanted(end, now), self._channel], client=writer)
                if entries:
                    writer.execute()
        self._epoch = epoch


#: Every mirror of the process. A child has none of the threads, and locks in whatever state they were.
_mirrors: WeakSet[Mirror] = WeakSet()


def _after_fork() -> None:
    for mirror in list(_mirrors):
        mirror._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
