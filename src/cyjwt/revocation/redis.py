"""RedisStore: what is revoked, in a Redis server that many hosts share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Literal
from weakref import finalize

from cyjwt._arguments import type_name
from cyjwt._engine.revocationtable import KEY, SHARDS, SUBJECT, TOKEN, thumbprint
from cyjwt._extras import needed
from cyjwt.keys import Key
from cyjwt.policy import seconds, text
from cyjwt.revocation._breaker import Breaker
from cyjwt.revocation._entries import ADD, dropped, name_of, pattern_of, read_value, value_of, wanted
from cyjwt.revocation._mirror import Mirror
from cyjwt.revocation._store import Entry, RevocationStoreError, Store, StoreInfo, read_times

__all__ = ["RedisStore"]

#: Entries that are written at a time.
_AT_ONCE = 1000


class RedisStore(Store):
    """A store in a Redis or Valkey server, for the processes of any number of hosts. Needs the extra ``redis``.

    With ``mode="mirror"`` a thread keeps a copy of all entries in the memory of this process, and verification never
    waits for the network. The server tells the thread of every change at once; a mirror that is not known to have been
    complete within the last ``max_stale`` seconds does not answer, but fails. With ``mode="direct"`` every
    verification asks the server, and waits ``timeout`` seconds at most for each answer.

    The keys of entries have a time to live. The server should keep its data on disk, and evict none of these keys.

    Args:
        url: of the server, such as ``"redis://127.0.0.1:6379/0"``, ``"rediss://..."`` or ``"unix://..."``; as
            ``redis.Redis.from_url`` takes it.
        mode: ``"mirror"`` or ``"direct"``.
        prefix: what the names of all keys begin with, and the channel on which changes are told.
        max_stale: seconds, or a timedelta: how old the mirror may be.
        timeout: seconds, or a timedelta, that a verification waits for an answer in direct mode.
        write_timeout: seconds, or a timedelta, that changes, and the thread, wait for an answer.
        leeway: seconds, or a timedelta, for which an entry outlives its ``expires``: no less than the largest
            ``leeway`` of the verifiers that ask.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.

    Raises:
        TypeError, ValueError: an option that can mean nothing.
        ImportError: the package ``redis`` is not installed.
    """

    __slots__ = (
        "__weakref__",
        "_breaker",
        "_channel",
        "_checks",
        "_clock",
        "_direct",
        "_errors",
        "_hits",
        "_leeway",
        "_lost",
        "_mirror",
        "_options",
        "_prefix",
        "_url",
        "_writer",
    )

    def __init__(
        self,
        url: str,
        *,
        mode: Literal["mirror", "direct"] = "mirror",
        prefix: str = "cyjwt:revoked:",
        max_stale: float | timedelta = 10,
        timeout: float | timedelta = 0.1,
        write_timeout: float | timedelta = 2,
        leeway: float | timedelta = 300,
        clock: Callable[[], float] | float | None = None,
    ) -> None:
        if mode not in ("mirror", "direct"):
            raise ValueError('mode must be "mirror" or "direct"')
        if not isinstance(url, str):
            raise TypeError(f"url must be a str, not {type_name(url)}")
        self._leeway, self._clock = read_times(leeway, clock)
        self._prefix = text("prefix", prefix)
        stale, brief = seconds("max_stale", max_stale), seconds("timeout", timeout)
        wait = seconds("write_timeout", write_timeout)
        if not min(stale, brief, wait) > 0:
            raise ValueError("max_stale, timeout and write_timeout must be more than 0")
        self._url = url
        self._options = {
            "mode": mode, "prefix": self._prefix, "max_stale": stale, "timeout": brief, "write_timeout": wait,
            "leeway": self._leeway, "clock": clock,
        }  # fmt: skip
        redis = needed("redis", "redis", "RedisStore")
        self._errors = (redis.exceptions.RedisError, OSError)
        self._lost = redis.exceptions.ConnectionError
        self._breaker = Breaker()
        self._checks = self._hits = 0
        self._writer = _connect(url, wait)
        # A server's channels are not its databases' own, as its keys are.
        database = self._writer.connection_pool.connection_kwargs.get("db") or 0
        self._channel = f"{self._prefix}changes:{database}"
        self._direct = _connect(url, brief) if mode == "direct" else None
        self._mirror: Mirror | None = None
        if mode == "mirror":
            # A pulse that takes longer than the mirror may be old is none.
            slow = min(wait, stale)
            self._mirror = Mirror(
                lambda: _connect(url, slow), self._prefix, self._channel, self._clock, stale
            )
            self._mirror.start()
            # Whoever drops the last reference must not wait.
            finalize(self, self._mirror.stop, 0.0).atexit = False

    def is_revoked(self, claims: dict[str, Any], key: Key, /) -> bool:
        """Tell whether a verified token is revoked: by its ``jti``, by its ``sub`` and ``iat``, or by its key.

        Args:
            claims: its claims.
            key: the key that verified it.

        Returns:
            Whether it is.

        Raises:
            RevocationStoreError: the store cannot tell.
        """
        mirror = self._mirror
        if mirror is None:
            return self._ask(claims, key)
        if monotonic() > mirror.good_until:
            mirror.check()
        return mirror.tables[0].is_revoked(claims, key)

    def _ask(self, claims: dict[str, Any], key: Key) -> bool:
        self._breaker.check()
        issuer, prefix = claims.get("iss"), self._prefix
        names = [name_of(prefix, KEY, None, thumbprint(key))]
        subjects = 0
        for kind, claim in ((TOKEN, "jti"), (SUBJECT, "sub")):
            value = claims.get(claim)
            if value is not None:
                scopes = [None] if issuer is None else [None, issuer]
                names += [name_of(prefix, kind, scope, value) for scope in scopes]
                subjects = len(scopes) if kind == SUBJECT else 0
        try:
            held = self._get(names)
            issued = claims.get("iat")
            plain = len(held) - subjects
            revoked = any(value is not None for value in held[:plain]) or any(
                value is not None and (issued is None or issued < read_value(value)) for value in held[plain:]
            )
        except (*self._errors, ValueError) as error:
            raise self._breaker.trip(f"the server does not tell: {_reason(error)}") from error
        self._checks += 1
        self._hits += revoked
        return revoked

    def _get(self, names: list[str]) -> list[bytes | None]:
        client: Any = self._direct
        held: list[bytes | None] = self._twice(lambda: client.mget(names))
        return held

    def _twice(self, step: Callable[[], Any]) -> Any:
        """Do it, and once more if the connection was lost: it may have been long since it was last used."""
        try:
            return step()
        except self._lost:
            return step()

    def _put(self, entries: Iterable[Entry]) -> None:
        held = iter(list(entries))
        with self._told():
            add = self._writer.register_script(ADD)
            while some := list(islice(held, _AT_ONCE)):
                self._twice(partial(self._add, add, some))
                # What this process has revoked it need not be told.
                for entry in some if self._mirror is not None else ():
                    self._mirror.put(entry)  # type: ignore[union-attr]

    def _add(self, add: Any, entries: list[Entry]) -> None:
        # Each try has a pipeline of its own: one that failed is empty, and would do nothing and say it was done.
        now = self._clock()
        writer = self._writer.pipeline(transaction=True)
        for kind, issuer, value, before, end in entries:
            name = name_of(self._prefix, kind, issuer, value)
            add([name], [value_of(before), wanted(end, now), self._channel], client=writer)
        writer.execute()

    def _drop(self, kind: int, issuer: str | None, value: str) -> bool:
        with self._told():
            there = self._twice(partial(self._delete, name_of(self._prefix, kind, issuer, value)))
        if self._mirror is not None:
            self._mirror.await_drop(kind, issuer, value)
        return bool(there)

    def _delete(self, name: str) -> bool:
        writer = self._writer.pipeline(transaction=True)
        writer.delete(name)
        writer.publish(self._channel, dropped(name))
        return bool(writer.execute()[0])

    def wait(self, timeout: float | timedelta = 10) -> bool:
        """Wait until the mirror can answer, as when a service begins. In direct mode there is nothing to wait for.

        Args:
            timeout: seconds, or a timedelta, to wait at most.

        Returns:
            Whether it can.
        """
        most = seconds("timeout", timeout)
        return self._mirror is None or self._mirror.wait(most)

    @property
    def staleness(self) -> float:
        """Seconds since the mirror was known to be complete: infinity where it never was, 0 in direct mode."""
        return 0.0 if self._mirror is None else monotonic() - self._mirror.known_at

    def prune(self) -> int:
        """Forget the entries of the mirror whose time is over. The server does so by itself.

        Returns:
            How many there were.
        """
        now = self._clock()
        if self._mirror is None:
            return 0
        table = self._mirror.tables[0]
        return sum(table._prune(shard, now) for shard in range(SHARDS))

    def info(self) -> StoreInfo:
        """Tell what the store holds (in direct mode by walking the server's keys), and what this object has done.

        Returns:
            Its counters.

        Raises:
            RevocationStoreError: the server cannot be asked.
        """
        if self._mirror is not None:
            table = self._mirror.tables[0]
            checks, hits = self._mirror.checks + table.checks, self._mirror.hits + table.hits
            return StoreInfo(*table._counts(), checks, hits, self._mirror.failures)
        with self._told():
            tokens, subjects, keys = (
                # A walk may come by the same key twice.
                len(set(self._writer.scan_iter(match=pattern_of(self._prefix, str(kind)), count=_AT_ONCE)))
                for kind in (TOKEN, SUBJECT, KEY)
            )
        return StoreInfo(tokens, subjects, keys, self._checks, self._hits, self._breaker.failures)

    def close(self) -> None:
        """End the thread and close connections. A store that is asked afterwards begins them again."""
        if self._mirror is not None:
            self._mirror.stop()
        for client in (self._writer, self._direct):
            if client is not None:
                client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise RevocationStoreError(f"the server did not do what was asked: {_reason(error)}") from error

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self._url, self._options)

    def __repr__(self) -> str:
        # Without the URL, which may hold a password.
        return f"<RedisStore {self._prefix!r} {self._options['mode']}>"


def _restore(url: str, options: dict[str, Any]) -> RedisStore:
    return RedisStore(url, **options)


def _connect(url: str, wait: float) -> Any:
    """A client that waits no longer for anything, and tries nothing twice by itself."""
    redis = needed("redis", "redis", "RedisStore")
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_timeout=wait, socket_connect_timeout=wait, retry=once, protocol=2)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
