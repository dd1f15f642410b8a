"""RedisStore: what two of its callers, or a caller and its thread, do in the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cyjwt.revocation import RedisStore, RevocationStoreError
from cyjwt.revocation._mirror import Mirror
from tests.revocation.redis_server import Server, Slow, why_none
from tests.revocation.stores import KEY, claims

pytestmark = pytest.mark.skipif(why_none() is not None, reason=str(why_none()))


#: For a server, and for a thread, that a busy machine may not come to for seconds.
PATIENT: dict[str, Any] = {"max_stale": 60, "write_timeout": 60}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as one:
        yield one


def revoked(store: RedisStore, jti: str) -> bool:
    return store.is_revoked(claims(jti=jti), KEY)


def await_word(store: RedisStore, jti: str) -> None:
    """Wait until the store has been told of an entry: then it has been told all that was before."""
    end = time.monotonic() + 60
    while not revoked(store, jti):
        assert time.monotonic() < end, "nobody told it"
        time.sleep(0.001)


def test_a_mirror_that_is_closed_while_it_reads_never_takes_a_part_for_the_whole(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    jtis = [f"j{n}" for n in range(5000)]
    with RedisStore(server.url, mode="direct", write_timeout=20) as writer:
        writer.revoke_many(jtis)
    at_it, go_on = threading.Event(), threading.Event()
    read_all: Callable[..., Any] = Mirror._read_all

    def slowly(mirror: Mirror, client: Any, stopped: threading.Event) -> Any:
        scan = client.scan

        def first(*arguments: Any, **options: Any) -> Any:
            found = scan(*arguments, **options)
            at_it.set()
            assert go_on.wait(20)
            return found

        client.scan = first
        return read_all(mirror, client, stopped)

    monkeypatch.setattr(Mirror, "_read_all", slowly)
    store = RedisStore(server.url)
    assert at_it.wait(20)
    assert store._mirror is not None
    thread = store._mirror._thread
    assert thread is not None
    store._mirror.stop(0)
    go_on.set()
    thread.join(20)
    assert store.staleness == float("inf")
    with pytest.raises(RevocationStoreError, match="out of date"):
        revoked(store, "j0")
    assert store.wait(20)
    assert all(revoked(store, jti) for jti in jtis)
    store.close()


def test_what_another_host_revokes_while_this_one_reinstates_it_stays_revoked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisStore(server.url) as here, RedisStore(server.url) as there:
        assert here.wait(20)
        assert there.wait(20)
        here.revoke("j")
        twice = RedisStore._twice

        def interrupted(store: RedisStore, step: Callable[[], Any]) -> Any:
            done = twice(store, step)
            if store is here:
                # The server has dropped it; before this host goes on, another one adds it again.
                there.revoke("j")
                there.revoke("later")
                await_word(here, "later")
            return done

        monkeypatch.setattr(RedisStore, "_twice", interrupted)
        assert here.reinstate("j")
        assert revoked(there, "j")
        assert revoked(here, "j")


def test_a_mirror_for_which_there_was_no_thread_tries_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisStore(server.url, max_stale=0.2) as store:
        assert store.wait(20)
        store.close()
        time.sleep(0.3)

        def none(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", none)
            for _ in range(2):
                with pytest.raises(RevocationStoreError, match="can't start new thread"):
                    revoked(store, "j")
        store.revoke("j")
        with pytest.raises(RevocationStoreError):
            revoked(store, "j")
        end = time.monotonic() + 10
        while store.staleness > 0.2:
            assert time.monotonic() < end, "the thread was never begun"
            time.sleep(0.01)
        assert revoked(store, "j")


@pytest.mark.parametrize("step", ["revoke", "reinstate"])
def test_a_change_under_which_the_connection_breaks_is_made(server: Server, step: str) -> None:
    with (
        Slow(server, 0) as way,
        RedisStore(way.url, mode="direct", **PATIENT, timeout=60) as store,
        RedisStore(server.url, mode="direct", **PATIENT, timeout=60) as other,
    ):
        store.revoke("before")
        # The transaction never reaches the server, on a connection that was good.
        way.break_at = b"MULTI"
        if step == "revoke":
            store.revoke("j")
        else:
            assert store.reinstate("before")
        assert way.break_at is None
        assert revoked(other, "j") == (step == "revoke")
        assert revoked(other, "before") == (step == "revoke")


def test_databases_of_one_server_are_apart(server: Server) -> None:
    with RedisStore(server.url, **PATIENT) as one, RedisStore(f"{server.url}?db=1", **PATIENT) as two:
        assert one.wait(60)
        assert two.wait(60)
        one.revoke("both")
        two.revoke("both")
        two.revoke("second")
        assert two.reinstate("both")
        # When it hears of this, it would have heard of that.
        with RedisStore(server.url, **PATIENT) as other:
            assert other.wait(60)
            other.revoke("last")
        await_word(one, "last")
        assert revoked(one, "both")
        assert not revoked(one, "second")
        assert not revoked(two, "last")
