"""Connections to an SQLite file, lent to one thread each, and to none while the process forks."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote
from weakref import WeakSet

__all__ = ["APPLICATION", "VERSION", "Pool", "connect", "make_file", "wrong_version"]

#: "cyjw", and the version of the tables.
APPLICATION, VERSION = 0x63796A77, 1

#: Seconds between two looks whether the file is still the same; and for which a fork waits for those who read or write.
_LOOK_EVERY, _PATIENCE = 0.5, 10.0
#: The most connections that wait for use.
_MOST_IDLE = 16


def connect(path: str, wait: float) -> sqlite3.Connection:
    # mode=rw: a file that has gone is not to be made anew, without the entries that it had.
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=rw", uri=True, timeout=wait, isolation_level=None, check_same_thread=False
    )
    try:
        # A revocation that was acknowledged outlasts a loss of power.
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino


def _log_identity(path: str) -> tuple[int, int] | None:
    """Which file the write-ahead log is, as long as there is one."""
    try:
        return _identity(f"{path}-wal")
    except FileNotFoundError:
        return None


def wrong_version(version: int) -> sqlite3.DatabaseError:
    """The error of tables that this release does not know."""
    return sqlite3.DatabaseError(f"its tables are of version {version}, and not of {VERSION}")


class _Connection:
    """A connection that is opened when it is needed, for one thread at a time.

    Args:
        path: the file.
        wait: seconds to wait for another connection's lock.
    """

    __slots__ = ("_connection", "_file", "_log", "_looked", "_path", "_wait")

    def __init__(self, path: str, wait: float) -> None:
        self._path = path
        self._wait = wait
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._log: tuple[int, int] | None = None
        self._looked = 0.0

    def opened(self) -> sqlite3.Connection:
        """The connection, to the file that is there now."""
        now = monotonic()
        if self._connection is not None and now >= self._looked + _LOOK_EVERY:
            self._looked = now
            if self._file != _identity(self._path) or self._log != _log_identity(self._path):
                # Another file has taken its place, and the one that is open gets no more entries. So it is with
                # the log, whose locks are lost where something else in this process opens and closes the file.
                self.close()
        if self._connection is None:
            self._file = _identity(self._path)
            self._looked = now
            self._connection = connect(self._path, self._wait)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                raise wrong_version(version)
            # That statement has opened the log, too.
            self._log = _log_identity(self._path)
        return self._connection

    def close(self) -> None:
        """Close it, if it is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Pool:
    """Connections that are lent to one thread each, so that none waits for another; none is lent during a fork."""

    __slots__ = ("__weakref__", "_idle", "_lent", "_open", "_path", "_wait")

    def __init__(self, path: str, wait: float) -> None:
        self._path = path
        self._wait = wait
        self._idle: list[_Connection] = []
        self.reopen()
        _pools.add(self)

    def take(self) -> _Connection:
        """Lend one."""
        while True:
            self._lent.append(None)
            if self._open.is_set():
                break
            self._lent.pop()
            self._open.wait()
        try:
            return self._idle.pop()
        except IndexError:
            return _Connection(self._path, self._wait)

    def give(self, used: _Connection) -> None:
        """Take one back."""
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(used)
        else:
            used.close()
        self._lent.pop()

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend one for a block, and close it where that fails."""
        used = self.take()
        try:
            yield used.opened()
        except BaseException:
            used.close()
            raise
        finally:
            self.give(used)

    def close(self) -> None:
        """Close those that are not lent."""
        while True:
            try:
                idle = self._idle.pop()
            except IndexError:
                return
            idle.close()

    def shut(self) -> None:
        """Lend none from now on."""
        self._open.clear()

    def unshut(self) -> None:
        """Lend again."""
        self._open.set()

    def drain(self, end: float) -> None:
        """Wait until all are back, and close them."""
        while self._lent and monotonic() < end:
            sleep(0.0005)
        self.close()

    def reopen(self) -> None:
        """Begin anew. In a child nobody has any: of its parent's threads it has but one."""
        self._lent: list[None] = []
        self._open = threading.Event()
        self._open.set()


#: Every pool of the process. No connection may be open across a fork: the child would share its locks.
_pools: WeakSet[Pool] = WeakSet()
_forking = threading.Lock()
_shut: list[Pool] = []


def make_file(path: str) -> None:
    """Make the file, for its owner alone, where there is none.

    One that is there is never opened here. To close it would undo the locks that connections of this process hold
    on it (POSIX fcntl), and SQLite elsewhere, finding none, would remove the log that they go on reading.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    # Nor may another thread connect to it before it is closed; and no child is to find this lock held.
    with _forking, suppress(FileExistsError):
        os.close(os.open(os.path.realpath(path), flags, 0o600))


def _before_fork() -> None:
    _forking.acquire()
    _shut[:] = list(_pools)
    for pool in _shut:
        pool.shut()
    end = monotonic() + _PATIENCE
    for pool in _shut:
        pool.drain(end)


def _after_fork_here() -> None:
    for pool in _shut:
        pool.unshut()
    _shut.clear()
    _forking.release()


def _after_fork_there() -> None:
    for pool in _shut:
        pool.reopen()
    _shut.clear()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_here, after_in_child=_after_fork_there
    )
