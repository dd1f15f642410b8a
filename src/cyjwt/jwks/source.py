"""Live keys: a snapshot that readers take as it is, and one fetch at a time that replaces it whole.

A reader of a key that is held takes no lock and waits for nothing. Fetches run in a thread that lives as long as the
fetch; between them there is neither a thread nor a timer, for it is verifications that notice when one is due.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, time
from typing import Any
from weakref import WeakSet

from cyjwt._engine.keysource import KeySource
from cyjwt.errors import JWKSError, JWKSUnavailableError
from cyjwt.jwks import storage
from cyjwt.jwks.faults import fault
from cyjwt.jwks.fetcher import Fetcher, Published
from cyjwt.jwks.options import Options
from cyjwt.jwks.refresh import Refresh
from cyjwt.jwks.schedule import Schedule
from cyjwt.jwks.unknown import UnknownKids
from cyjwt.keyset import KeySet, KeySetWarning

__all__ = ["LiveSource"]

#: Seconds beyond its own time after which nobody waits for a fetch any longer: a name server may keep it.
GRACE = 1.0
#: How many fetches a token with an unknown kid waits for: one that was under way, and the one that it may cause.
MOST_WAITS = 2
LOG = logging.getLogger("cyjwt.jwks")


class Counters:
    """What has happened. Those of unknown kids are counted without a lock, and may miss one now and then."""

    __slots__ = (
        "changes",
        "failures",
        "fetches",
        "last_failure",
        "last_success",
        "unchanged",
        "unknown_fetches",
        "unknown_refused",
        "unknown_remembered",
    )

    def __init__(self) -> None:
        self.last_success: float | None = None
        self.last_failure: float | None = None
        self.fetches = self.failures = self.unchanged = self.changes = 0
        self.unknown_fetches = self.unknown_refused = self.unknown_remembered = 0


class LiveSource(KeySource):
    """Keys that a verifier asks for at every token, and that are kept up to date meanwhile."""

    _options: Options

    def _begin(self, options: Options) -> None:
        self._options = options
        self._clock = options.clock
        # With any other clock than the engine's, each verification has to ask this one.
        self._clock_is_real = options.clock is monotonic
        self._lock = Lock()
        self._fetcher = Fetcher(options)
        self._schedule = Schedule(options)
        self._unknown = UnknownKids(options.unknown_memory)
        self._unknown_again = -math.inf
        self._counters = Counters()
        self._published: Published | None = None
        self._flight: Refresh | None = None
        self._error: JWKSError | None = None
        self._storage_lock = Lock()
        self._stored: KeySet | None = None
        self._storage_error: str | None = None
        self._closed = False
        self._arm()
        _sources.add(self)

    # -- what the engine calls

    def _ready(self) -> bool:
        """Whether neither ``_due`` nor the look-up of a known key would wait now."""
        return self.snapshot is not None and self._clock() < self._schedule.stale_until

    def _due(self) -> None:
        """See to a refresh that is due, in the background; or to the first keys, for which this waits.

        Raises:
            JWKSUnavailableError: there are no keys that may serve, and none can be had now.
        """
        if not self._ready():
            self._obtain()
        elif self._clock() >= self._next and not self._lock.locked():
            # Whoever holds the lock sees to it, or is about to arm ``due`` anew.
            with self._lock:
                if self._clock() >= self._next:
                    if self._flight is None and not self._closed:
                        self._launch(self._options.retries)
                    self._arm()

    def _refuses(self, kid: str | None) -> bool:
        """Whether the server is not to be asked for that ``kid`` now; most of a flood ends here, without a lock."""
        snapshot, now, counters = self.snapshot, self._clock(), self._counters
        if kid is not None and snapshot is not None and kid in snapshot:
            # The key is there, and not fit for the token's algorithm.
            return True
        if (kid, now) in self._unknown:
            counters.unknown_remembered += 1
            return True
        if self._flight is not None:
            # If the server is failing, it is not worth the wait.
            refused = self._schedule.failures > 0
        else:
            refused = now < self._unknown_again or now < self._schedule.next_try
        counters.unknown_refused += refused
        return refused

    def _missing(self, kid: str | None) -> bool:
        """See whether the server has a key of that ``kid`` by now, if it may be asked.

        Returns:
            Whether the keys have changed meanwhile, so that another look is worth the while.
        """
        if self._refuses(kid):
            return False
        before = self.snapshot
        for _ in range(MOST_WAITS):
            with self._lock:
                flight, now = self._flight, self._clock()
                mine = flight is None
                if flight is None:
                    if self._found(kid, before):
                        return True
                    if self._closed or now < max(self._unknown_again, self._schedule.next_try):
                        self._counters.unknown_refused += 1
                        return False
                    self._unknown_again = now + self._options.unknown_interval
                    self._counters.unknown_fetches += 1
                    # No retries: the rate holds for a server that fails, too.
                    flight = self._launch(0)
            flight.wait(self._options.timeout + GRACE)
            if self._found(kid, before):
                return True
            if mine and flight.done() and self._error is None:
                with self._lock:
                    self._unknown.add(kid, self._clock())
            if mine or not flight.done():
                break
        return self.snapshot is not before

    # -- the rest is for the client

    def _found(self, kid: str | None, before: KeySet | None) -> bool:
        snapshot = self.snapshot
        return snapshot is not None and (snapshot is not before if kid is None else kid in snapshot)

    def _obtain(self) -> None:
        """Wait for keys where there are none that may serve."""
        with self._lock:
            now = self._clock()
            expired = self.snapshot is not None
            if expired:
                if now < self._schedule.stale_until:
                    return
                self.snapshot = None
                self._arm()
            flight = self._flight
            if flight is None and now >= self._schedule.next_try and not self._closed:
                flight = self._launch(self._options.retries)
        if expired:
            # Without the lock, here as elsewhere: where logs go is not known.
            LOG.error("the keys of %s are too old to serve any longer", self._options.name)
        if flight is not None:
            flight.wait(self._options.timeout + GRACE)
        if self.snapshot is None:
            raise self._unavailable()

    def _unavailable(self) -> JWKSUnavailableError:
        if self._closed:
            return JWKSUnavailableError("the client of the key server was closed")
        error = self._error
        unavailable = JWKSUnavailableError(
            f"there are no keys that may serve: {error if error is not None else 'the key server took too long'}"
        )
        unavailable.__cause__ = error
        return unavailable

    def _arm(self) -> None:
        """Say when a verification is to call ``_due``; the caller holds the lock."""
        if self._flight is not None or self._closed:
            self._next = self._schedule.stale_until
        else:
            self._next = self._schedule.due()
        # Without a snapshot it lies in the past.
        self.due = self._next if self._clock_is_real else -math.inf

    def _launch(self, retries: int) -> Refresh:
        """Begin the one fetch; the caller holds the lock, and has seen that there is none."""
        flight = Refresh()
        try:
            self._flight = flight
            self._arm()
            Thread(target=self._fly, args=(flight, retries), name="cyjwt-jwks", daemon=True).start()
        except BaseException as raised:
            # There are too many threads, the interpreter is about to end, or somebody pressed Ctrl-C.
            error = fault("transport", "no thread can be had for the fetch")
            self._flight = None
            self._fail(error, 0.0)
            flight.end(error)
            if not isinstance(raised, RuntimeError):
                raise
        return flight

    def _fly(self, flight: Refresh, retries: int) -> None:
        """Fetch, and tell all who wait. This is all that the thread does."""
        with self._lock:
            if self._flight is not flight:
                # Whoever began it was interrupted, and has given it up.
                return
            began, held = self._clock(), self._published
        got: Published | JWKSError
        try:
            got = self._fetcher.fetch(retries, held)
        except JWKSError as error:
            got = error
        except BaseException as error:
            # Whoever waits must hear of it, whatever a caller's transport threw.
            got = fault("transport", f"the fetch failed: {type(error).__name__}")
            got.__cause__ = error
        changed = False
        try:
            with self._lock:
                self._flight = None
                if self._closed:
                    got = fault("closed", "the client was closed meanwhile")
                elif isinstance(got, JWKSError):
                    self._fail(bare(got), self._fetcher.retry_after)
                else:
                    got, changed = self._succeed(got, began)
                self._arm()
        finally:
            flight.end(got if isinstance(got, JWKSError) else got.keys)
        if isinstance(got, JWKSError):
            LOG.warning("the keys of %s could not be fetched: %s", self._options.name, got)
        else:
            self._tell(got, held, changed)

    def _succeed(self, got: Published, began: float) -> tuple[Published, bool]:
        """Put what was fetched in force, and say whether it is new; the caller holds the lock."""
        held, counters = self._published, self._counters
        if held is not None and got.keys == held.keys:
            # What is compiled from the old object goes on serving.
            got = got._replace(keys=held.keys)
        changed = held is None or got.keys is not held.keys
        self._published = got
        self._schedule.held(began, got.lifetime)
        self._error = None
        counters.fetches += 1
        counters.changes += changed
        counters.unchanged += not changed
        counters.last_success = time()
        self.snapshot = got.keys
        return got, changed

    def _fail(self, error: JWKSError, asked: float) -> None:
        """Note a fetch that brought nothing; the caller holds the lock."""
        self._error = error
        self._schedule.failed(self._clock(), asked)
        self._counters.fetches += 1
        self._counters.failures += 1
        self._counters.last_failure = time()
        self._arm()

    def _tell(self, got: Published, held: Published | None, changed: bool) -> None:
        """Warn of keys that were left out, and keep the file up to date; in the thread of the fetch."""
        if changed:
            LOG.info("%d keys of %s are in force", len(got.keys), self._options.name)
        if held is None or got.left_out != held.left_out:
            for message in got.left_out:
                try:
                    warnings.warn(f"{message} ({self._options.name})", KeySetWarning, stacklevel=1)
                except KeySetWarning:
                    # Where warnings are errors, there is nobody here to raise one to.
                    LOG.warning("%s", message)
        if self._options.path is not None:
            self._store(self._options.path)

    def _store(self, path: str) -> None:
        """Keep the file up to date."""
        # The thread of the next fetch may come meanwhile: whoever writes last writes what is in force by then.
        with self._storage_lock:
            held = self._published
            try:
                if held is not None and (held.keys is not self._stored or not Path(path).exists()):
                    storage.save(path, held.keys.to_jwks())
                    self._stored = held.keys
                else:
                    storage.confirm(path)
                self._storage_error = None
            except OSError as error:
                self._storage_error = f"the file cannot be written: {error.strerror}"
                LOG.warning("the keys of %s: %s", self._options.name, self._storage_error)

    def _after_fork(self) -> None:
        """Begin anew in a child, which has its parent's keys but not its parent's threads."""
        self._lock, self._storage_lock = Lock(), Lock()
        self._flight = None
        self._arm()


def bare(error: JWKSError) -> JWKSError:
    """The error without its tracebacks, so that keeping it keeps nothing else alive."""
    link: Any = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


#: All that live, for forks.
_sources: WeakSet[LiveSource] = WeakSet()


def _after_fork() -> None:
    for source in list(_sources):
        source._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
