"""SQLiteStore: what is revoked, in a file that the processes of one host share."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from cyjwt._arguments import type_name
from cyjwt._engine.revocationtable import KEY, SUBJECT, TOKEN, thumbprint
from cyjwt.keys import Key
from cyjwt.policy import seconds
from cyjwt.revocation._breaker import Breaker
from cyjwt.revocation._sqlitepool import APPLICATION, VERSION, Pool, connect, make_file, wrong_version
from cyjwt.revocation._store import (
    FAR_OFF,
    NEVER,
    Entry,
    RevocationStoreError,
    Store,
    StoreInfo,
    read_times,
)

__all__ = ["SQLiteStore"]

_SCHEMA = """
CREATE TABLE revoked (
    kind INTEGER NOT NULL, value TEXT NOT NULL, issuer TEXT NOT NULL, before REAL NOT NULL, expires REAL,
    PRIMARY KEY (kind, value, issuer)
) WITHOUT ROWID;
CREATE INDEX revoked_expires ON revoked (expires) WHERE expires IS NOT NULL;
"""

#: Of the kinds TOKEN, SUBJECT and KEY. An entry for any issuer has the issuer ''; a claim that the token lacks is NULL.
_ASK = """
SELECT EXISTS (SELECT 1 FROM revoked WHERE kind = 0 AND value = ?1 AND issuer IN ('', ?2))
    OR EXISTS (SELECT 1 FROM revoked WHERE kind = 1 AND value = ?3 AND issuer IN ('', ?2) AND before > ?4)
    OR EXISTS (SELECT 1 FROM revoked WHERE kind = 2 AND value = ?5 AND issuer = '')
"""

_ADD = """
INSERT INTO revoked VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    before = max(before, excluded.before),
    expires = CASE WHEN expires IS NULL OR excluded.expires IS NULL THEN NULL ELSE max(expires, excluded.expires) END
"""

#: So many entries are forgotten in one transaction, so that no other writer waits long.
_AT_ONCE = 1000
#: Seconds between two prunings that writers do on the way.
_PRUNE_EVERY = 60.0


class SQLiteStore(Store):
    """A store in an SQLite file, for any number of threads and processes of one host.

    What one process revokes, every other one sees with its next verification: each asks the file, by one statement
    over its index. Readers never wait for writers (the file's journal is a write-ahead log); where the file is locked
    nevertheless, a verification waits ``read_timeout`` seconds at most, and those that follow within a quarter of a
    second fail without waiting. A revocation is on the disk when the call returns.

    The file is made for its owner alone (mode 0600) if there is none; it must lie on a file system of the host's own.
    The store may be forked and pickled, and goes on with the same file.

    Args:
        path: the file.
        leeway: seconds, or a timedelta, for which an entry outlives its ``expires``: no less than the largest
            ``leeway`` of the verifiers that ask.
        timeout: seconds, or a timedelta, that a change waits for other writers.
        read_timeout: seconds, or a timedelta, that a verification waits for a lock.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.

    Raises:
        TypeError, ValueError: an option that can mean nothing.
        RevocationStoreError: the file cannot be made or opened, or is not a store.

    Example:
        >>> import cyjwt, cyjwt.revocation, os, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> with cyjwt.revocation.SQLiteStore(os.path.join(folder.name, "revoked.db")) as store:
        ...     store.revoke("a-jti", issuer="https://issuer.example/")
        ...     len(store)
        1
        >>> folder.cleanup()
    """

    __slots__ = (
        "__weakref__",
        "_breaker",
        "_checks",
        "_clock",
        "_hits",
        "_leeway",
        "_options",
        "_path",
        "_pruned",
        "_readers",
        "_writers",
    )

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        leeway: float | timedelta = 300,
        timeout: float | timedelta = 5,
        read_timeout: float | timedelta = 0.05,
        clock: Callable[[], float] | float | None = None,
    ) -> None:
        named = os.fspath(path)
        if not isinstance(named, str):
            raise TypeError(f"path must be a str or a path, not {type_name(named)}")
        if not named or named.startswith(":"):
            raise ValueError("path must name a file: a MemoryStore needs none")
        self._leeway, self._clock = read_times(leeway, clock)
        wait, brief = seconds("timeout", timeout), seconds("read_timeout", read_timeout)
        self._path = str(Path(named).absolute())
        self._options = {"leeway": self._leeway, "timeout": wait, "read_timeout": brief, "clock": clock}
        self._breaker = Breaker()
        self._checks = self._hits = 0
        self._pruned = monotonic()
        self._readers = Pool(self._path, brief)
        self._writers = Pool(self._path, wait)
        with _told("be opened"):
            _create(self._path, wait)

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
        self._breaker.check()
        find = claims.get
        issued = find("iat")
        asked = (
            find("jti"),
            find("iss"),
            find("sub"),
            -FAR_OFF if issued is None else issued,
            thumbprint(key),
        )
        used = self._readers.take()
        try:
            (revoked,) = used.opened().execute(_ASK, asked).fetchone()
        except (sqlite3.Error, OSError) as error:
            used.close()
            raise self._breaker.trip(f"the store cannot be read: {_reason(error)}") from error
        finally:
            self._readers.give(used)
        self._checks += 1
        self._hits += revoked
        return bool(revoked)

    def _put(self, entries: Iterable[Entry]) -> None:
        rows = [
            (kind, value, issuer or "", min(before, FAR_OFF), None if expires == NEVER else expires)
            for kind, issuer, value, before, expires in entries
        ]
        with _told("be written to"), self._writers.lent() as connection, _transaction(connection):
            connection.executemany(_ADD, rows)
        if monotonic() >= self._pruned + _PRUNE_EVERY:
            self.prune()

    def _drop(self, kind: int, issuer: str | None, value: str) -> bool:
        with _told("be written to"), self._writers.lent() as connection:
            done = connection.execute(
                "DELETE FROM revoked WHERE kind = ? AND value = ? AND issuer = ?", (kind, value, issuer or "")
            )
            return done.rowcount > 0

    def prune(self) -> int:
        """Forget the entries whose time is over, which writers also do once a minute.

        Returns:
            How many there were.

        Raises:
            RevocationStoreError: the file cannot be written to.
        """
        self._pruned = monotonic()
        total = 0
        while True:
            with _told("be written to"), self._writers.lent() as connection:
                done = connection.execute(
                    "DELETE FROM revoked WHERE (kind, value, issuer) IN "
                    "(SELECT kind, value, issuer FROM revoked WHERE expires <= ? LIMIT ?)",
                    (self._clock(), _AT_ONCE),
                )
                total += done.rowcount
                if done.rowcount < _AT_ONCE:
                    return total

    def info(self) -> StoreInfo:
        """Tell what the file holds, and what this object has done.

        Returns:
            Its counters.

        Raises:
            RevocationStoreError: the file cannot be read.
        """
        with _told("be read"), self._readers.lent() as connection:
            counts = dict(connection.execute("SELECT kind, count(*) FROM revoked GROUP BY kind"))
        tokens, subjects, keys = (counts.get(kind, 0) for kind in (TOKEN, SUBJECT, KEY))
        return StoreInfo(tokens, subjects, keys, self._checks, self._hits, self._breaker.failures)

    def close(self) -> None:
        """Close the file. A store that is asked afterwards opens it again."""
        self._readers.close()
        self._writers.close()

    def __del__(self) -> None:
        # Where the constructor failed there may be nothing to close.
        for name in ("_readers", "_writers"):
            if (pool := getattr(self, name, None)) is not None:
                pool.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self._path, self._options)

    def __repr__(self) -> str:
        return f"<SQLiteStore {self._path}>"


def _restore(path: str, options: dict[str, Any]) -> SQLiteStore:
    return SQLiteStore(path, **options)


def _create(path: str, wait: float) -> None:
    """Make the file and its tables where there are none. Several processes may do so at once."""
    make_file(path)
    end = monotonic() + wait
    connection = connect(path, wait)
    try:
        while True:
            try:
                # That one is not waited for by SQLite itself.
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError:
                if monotonic() >= end:
                    raise
                sleep(0.01)
        if mode != "wal":
            raise sqlite3.NotSupportedError("its file system has no write-ahead log")
        with _transaction(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if (application, version, tables) == (0, 0, 0):
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif application != APPLICATION:
                raise sqlite3.DatabaseError("it is a database of something else")
            elif version != VERSION:
                raise wrong_version(version)
    finally:
        connection.close()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise RevocationStoreError(f"the store cannot {what}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return error.strerror or "an error of the system" if isinstance(error, OSError) else str(error)
