"""SQLiteStore: processes that share a file, forks, locks, damage, and what the file looks like."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import cyjwt
from cyjwt.revocation import RevocationStoreError, SQLiteStore
from cyjwt.revocation._breaker import Breaker
from tests.revocation.stores import KEY, claims
from tests.support import NOW, ROOT, Clock

SOURCE = str(Path(cyjwt.__file__).parent.parent)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "revoked.db"


@pytest.fixture
def shared(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(path) as store:
        yield store


class Process:
    """Another interpreter, which does line by line what it is told and prints what comes of it."""

    def __init__(self, path: Path) -> None:
        code = (
            "import sys\n"
            f"sys.path[:0] = [{SOURCE!r}, {str(ROOT)!r}]\n"
            "from cyjwt.revocation import SQLiteStore\n"
            "from tests.revocation.stores import KEY, claims\n"
            f"store = SQLiteStore({str(path)!r})\n"
            "print('ready', flush=True)\n"
            "for line in sys.stdin: print(repr(eval(line)), flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.out, self.put = self.process.stdout, self.process.stdin
        assert self.out.readline() == "ready\n"

    def do(self, line: str) -> str:
        self.put.write(line + "\n")
        self.put.flush()
        return self.out.readline().strip()

    def end(self) -> None:
        self.put.close()
        self.out.close()
        assert self.process.wait(60) == 0


@pytest.fixture
def other(path: Path, shared: SQLiteStore) -> Iterator[Process]:
    process = Process(path)
    yield process
    process.end()


def test_what_one_process_revokes_the_next_check_of_another_sees(shared: SQLiteStore, other: Process) -> None:
    for n in range(50):
        jti = f"j{n}"
        assert not shared.is_revoked(claims(jti=jti), KEY)
        assert other.do(f"store.revoke({jti!r})") == "None"
        assert shared.is_revoked(claims(jti=jti), KEY)
        assert other.do(f"store.reinstate({jti!r})") == "True"
        assert not shared.is_revoked(claims(jti=jti), KEY)
        shared.revoke(jti)
        assert other.do(f"store.is_revoked(claims(jti={jti!r}), KEY)") == "True"
    assert len(shared) == 50


def revoke_elsewhere(path: Path, jti: str) -> None:
    """In a process that has the file open for no longer than that."""
    process = Process(path)
    assert process.do(f"store.revoke({jti!r})") == "None"
    assert process.do("store.close()") == "None"
    process.end()


def test_a_second_store_of_the_file_leaves_the_locks_of_the_first(shared: SQLiteStore, path: Path) -> None:
    """SQLite removes the log when the last process leaves: this one must not seem to have left."""
    assert not shared.is_revoked(claims(), KEY)
    for jti in ("a", "b"):
        with SQLiteStore(path), pickle.loads(pickle.dumps(shared)):
            pass
        revoke_elsewhere(path, jti)
        assert shared.is_revoked(claims(jti=jti), KEY)


def test_a_log_that_was_removed_is_noticed(
    shared: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else in the process has opened and closed the file, and so undone the locks."""
    monkeypatch.setattr("cyjwt.revocation._sqlitepool._LOOK_EVERY", 0.0)
    assert not shared.is_revoked(claims(), KEY)
    path.read_bytes()
    revoke_elsewhere(path, "a")
    assert shared.is_revoked(claims(jti="a"), KEY)
    shared.revoke("b")
    assert shared.is_revoked(claims(jti="b"), KEY)


def test_a_process_that_is_killed_leaves_a_whole_file(shared: SQLiteStore, path: Path) -> None:
    process = Process(path)
    process.do("store.revoke('kept')")
    process.put.write("[store.revoke(str(n)) for n in range(10**6)]\n")
    process.put.flush()
    time.sleep(0.2)
    process.process.kill()
    process.process.wait(20)
    process.put.close()
    process.out.close()
    assert shared.is_revoked(claims(jti="kept"), KEY)
    shared.revoke("after")
    assert shared.is_revoked(claims(jti="after"), KEY)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_nobody_waits_for_a_writer(shared: SQLiteStore, path: Path) -> None:
    """Another connection holds the lock of writers: what is asked is answered, what is written waits in vain."""
    shared.revoke("a-jti")
    brief = SQLiteStore(path, timeout=0.05)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM revoked")
    began = time.monotonic()
    for _ in range(200):
        assert shared.is_revoked(claims(), KEY), "what is not committed is not seen"
    assert time.monotonic() - began < 1
    with pytest.raises(RevocationStoreError, match="locked"):
        brief.revoke("b")
    writer.execute("COMMIT")
    assert not shared.is_revoked(claims(), KEY)
    writer.close()
    brief.close()


def test_a_file_that_is_locked_whole_costs_one_bounded_wait(path: Path) -> None:
    SQLiteStore(path).close()
    alone = sqlite3.connect(path, isolation_level=None)
    alone.execute("PRAGMA locking_mode = EXCLUSIVE")
    alone.execute("BEGIN EXCLUSIVE")
    alone.execute("DELETE FROM revoked")
    with pytest.raises(RevocationStoreError):
        SQLiteStore(path, timeout=0.05)
    alone.execute("COMMIT")
    alone.close()
    whole = SQLiteStore(path, read_timeout=0.1)
    alone = sqlite3.connect(path, isolation_level=None)
    alone.execute("PRAGMA locking_mode = EXCLUSIVE")
    alone.execute("BEGIN EXCLUSIVE")
    alone.execute("DELETE FROM revoked")
    began = time.monotonic()
    for _ in range(1000):
        with pytest.raises(RevocationStoreError):
            whole.is_revoked(claims(), KEY)
    # One wait of read_timeout in each quarter of a second, and not a thousand.
    assert time.monotonic() - began < 5
    assert whole._breaker.failures == 1000
    alone.execute("COMMIT")
    alone.close()
    time.sleep(0.3)
    assert not whole.is_revoked(claims(), KEY)
    whole.close()


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be one" * 100)
    with pytest.raises(RevocationStoreError, match="not a database"):
        SQLiteStore(path)


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE revoked (a)")
    connection.commit()
    with pytest.raises(RevocationStoreError, match="something else"):
        SQLiteStore(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("revoked",)]
    connection.close()


def test_tables_of_a_later_version(shared: SQLiteStore, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(RevocationStoreError, match="version 2"):
        SQLiteStore(path)
    with pytest.raises(RevocationStoreError, match="version 2"):
        shared.is_revoked(claims(), KEY)


def test_damage_is_a_failure_and_no_verdict(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.revoke_many(str(n) for n in range(5000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    store = SQLiteStore(path)
    failures = 0
    for n in range(50):
        store._breaker = Breaker()
        try:
            assert store.is_revoked(claims(jti=str(n)), KEY)
        except RevocationStoreError:
            failures += 1
    assert failures == 50
    store.close()


def test_a_file_that_goes_or_is_replaced_is_noticed(shared: SQLiteStore, path: Path, tmp_path: Path) -> None:
    shared.revoke("a-jti")
    with SQLiteStore(tmp_path / "new.db") as new:
        new.revoke("new")
    (tmp_path / "new.db").replace(path)
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    time.sleep(0.55)
    assert shared.is_revoked(claims(jti="new"), KEY)
    path.unlink()
    time.sleep(0.55)
    with pytest.raises(RevocationStoreError, match="No such file"):
        shared.is_revoked(claims(), KEY)
    assert not path.exists(), "what has gone is not made anew without its entries"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forks(shared: SQLiteStore) -> None:
    """Parent and children go on with the same file, each by connections of its own."""
    shared.revoke("before")
    assert shared.is_revoked(claims(jti="before"), KEY)
    stop: list[bool] = []

    def busy() -> None:
        while not stop:
            shared.is_revoked(claims(jti="before"), KEY)

    thread = Thread(target=busy)
    thread.start()
    children = []
    for n in range(8):
        child = os.fork()
        if child == 0:
            good = False
            try:
                good = shared.is_revoked(claims(jti="before"), KEY)
                shared.revoke(f"child-{n}")
            finally:
                os._exit(0 if good else 1)
        children.append(child)
        shared.revoke(f"parent-{n}")
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    stop.append(True)
    thread.join()
    assert codes == [0] * 8
    for n in range(8):
        assert shared.is_revoked(claims(jti=f"child-{n}"), KEY)
        assert shared.is_revoked(claims(jti=f"parent-{n}"), KEY)


def test_threads_do_not_wait_for_each_other(shared: SQLiteStore) -> None:
    """Many threads that keep the interpreter busy: none of them takes another for a failure."""
    failures: list[BaseException] = []
    end = time.monotonic() + 2

    def work(number: int) -> None:
        try:
            while time.monotonic() < end:
                assert not shared.is_revoked(claims(), KEY)
                sum(range(1000))
                if number == 0:
                    shared.revoke("b")
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=work, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert shared.info().failures == 0


def test_many_processes_may_make_the_file_at_once(path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {SOURCE!r})\n"
        f"from cyjwt.revocation import SQLiteStore\nSQLiteStore({str(path)!r}).revoke(sys.argv[1])"
    )
    crowd = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(6)]
    assert [process.wait(60) for process in crowd] == [0] * 6
    with SQLiteStore(path) as store:
        assert len(store) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_it_is_its_owners_alone(shared: SQLiteStore, path: Path) -> None:
    before = os.umask(0)
    try:
        shared.revoke("a")
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert len(list(path.parent.iterdir())) == 3
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_it_is_pickled_by_its_path(shared: SQLiteStore) -> None:
    shared.revoke("a-jti")
    again = pickle.loads(pickle.dumps(shared))
    assert again.is_revoked(claims(), KEY)
    assert again._options == shared._options
    again.close()


def test_writers_prune_on_the_way(path: Path, clock: Clock) -> None:
    store = SQLiteStore(path, clock=clock, leeway=0)
    store.revoke_many((str(n) for n in range(2500)), expires=NOW + 1)
    clock.now += 10
    store._pruned -= 61
    store.revoke("a")
    assert len(store) == 1
    store.close()


def test_nothing_of_an_entry_is_kept_by_half(path: Path) -> None:
    def entries() -> Iterator[str]:
        yield "a"
        raise KeyError("stop")

    with SQLiteStore(path) as store:
        with pytest.raises(KeyError):
            store.revoke_many(entries())
        assert len(store) == 0


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((":memory:",), {}, ValueError),
        (("",), {}, ValueError),
        ((7,), {}, TypeError),
        ((b"x",), {}, TypeError),
        (("x",), {"timeout": -1}, ValueError),
        (("x",), {"read_timeout": "1"}, TypeError),
        (("x",), {"leeway": float("nan")}, ValueError),
        (("no/such/folder/x",), {}, RevocationStoreError),
    ],
)
def test_options(
    arguments: Any, options: Any, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        SQLiteStore(*arguments, **options)
    assert not list(tmp_path.iterdir())


def test_a_path_of_any_characters(tmp_path: Path) -> None:
    for name in ("a b", "100%", "q?x=1", "h#y", "é"):
        with SQLiteStore(tmp_path / name) as store:
            store.revoke(name)
            assert store.is_revoked(claims(jti=name), KEY)
        assert (tmp_path / name).exists()
