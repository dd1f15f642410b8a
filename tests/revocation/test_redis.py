"""RedisStore: what hosts tell each other, and a server that is killed, restarted, frozen, slow, or loses its data."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt.revocation import RedisStore, RevocationStoreError
from cyjwt.revocation._entries import name_of, read_message, read_name
from tests.revocation.redis_server import Server, Slow, why_none
from tests.revocation.stores import KEY, claims
from tests.support import ISSUER, ROOT

pytestmark = pytest.mark.skipif(why_none() is not None, reason=str(why_none()))


def soon(holds: Callable[[], bool], seconds: float = 10) -> float:
    """Wait until it holds, and tell how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, "it never came to that"
        time.sleep(0.002)
    return time.monotonic() - began


def answers(store: RedisStore, expected: bool = True, jti: str = "a-jti") -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return store.is_revoked(claims(jti=jti), KEY) is expected
        except RevocationStoreError:
            return False

    return ask


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, which forgets everything when it ends."""
    with Server(tmp_path) as server:
        yield server


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, which keeps its data."""
    with Server(tmp_path, keep=True) as server:
        yield server


@pytest.fixture
def mirrors(mortal: Server) -> Iterator[list[RedisStore]]:
    """Two mirrors of it, as of two hosts."""
    made = [RedisStore(mortal.url, max_stale=2) for _ in range(2)]
    assert all(store.wait(20) for store in made)
    yield made
    for store in made:
        store.close()


def test_what_one_host_revokes_the_others_know_at_once(mirrors: list[RedisStore]) -> None:
    here, there = mirrors
    for n in range(30):
        here.revoke(f"j{n}", issuer=ISSUER, expires=time.time() + 60)
        assert here.is_revoked(claims(jti=f"j{n}"), KEY), "its own it knows without being told"
        assert soon(answers(there, jti=f"j{n}")) < 1
    assert there.reinstate("j3", issuer=ISSUER)
    assert soon(answers(here, False, "j3")) < 1
    here.revoke_subject("42")
    assert soon(lambda: there.is_revoked(claims(jti="x", iat=5), KEY)) < 1
    here.revoke_key(KEY)
    assert soon(lambda: there.is_revoked({}, KEY)) < 1
    assert (len(here), len(there)) == (31, 31)


def test_a_mirror_never_waits(mirrors: list[RedisStore], mortal: Server) -> None:
    """Frozen for longer than it may be old: it answers, then fails; each time at once. And then it knows again."""
    here, there = mirrors
    here.revoke("a-jti")
    soon(answers(there))
    mortal.freeze()
    began, longest, failures = time.monotonic(), 0.0, 0
    told, early = set(), False
    while time.monotonic() < began + 3.5:
        asked = time.thread_time()
        try:
            assert there.is_revoked(claims(), KEY)
            assert time.monotonic() < began + 2.1, "it is out of date"
        except RevocationStoreError as error:
            told.add(str(error).partition(":")[0])
            early |= time.monotonic() < began + 0.9
            failures += 1
        longest = max(longest, time.thread_time() - asked)
        time.sleep(0.001)
    assert failures > 100
    assert told == {"the mirror is out of date"}
    assert not early, "it may be two seconds old, and was confirmed within the last"
    assert longest < 0.02
    assert there.info().failures >= failures
    mortal.thaw()
    assert soon(answers(there)) < 5
    here.close()


def test_a_server_that_comes_back_with_its_data(lasting: Server) -> None:
    with RedisStore(lasting.url, max_stale=1) as store, RedisStore(lasting.url) as other:
        assert store.wait(20)
        store.revoke("a-jti")
        lasting.kill()
        soon(lambda: not answers(store)())
        with pytest.raises(RevocationStoreError):
            store.revoke("b")
        lasting.start()
        assert soon(answers(store)) < 5
        # The first connection that is tried again is a dead one.
        other.revoke("b")
        assert soon(answers(store, jti="b")) < 5


def test_a_server_that_has_lost_its_data_gets_them_back(mirrors: list[RedisStore], mortal: Server) -> None:
    here, there = mirrors
    here.revoke("a-jti")
    here.revoke("with an end", expires=time.time() + 1000)
    here.revoke_subject("42", issuer=ISSUER)
    soon(lambda: len(there) == 3)
    mortal.kill()
    mortal.start()
    synced = [store._mirror.resyncs for store in mirrors if store._mirror]
    soon(lambda: [s._mirror.resyncs for s in mirrors if s._mirror] > synced and all(map(len, mirrors)))
    with RedisStore(mortal.url) as newcomer:
        assert newcomer.wait(20)
        assert soon(lambda: len(newcomer) == 3) < 5
        assert newcomer.is_revoked(claims(), KEY)
        assert newcomer.is_revoked(claims(jti="x", iat=1), KEY)


def test_a_taken_back_entry_stays_so_over_a_lost_connection(lasting: Server) -> None:
    with Slow(lasting, 0) as way, RedisStore(way.url, max_stale=20) as far, RedisStore(lasting.url) as near:
        assert far.wait(20)
        assert near.wait(20)
        near.revoke("a-jti")
        near.revoke("b")
        soon(answers(far, jti="b"))
        way.delay = 1
        near.reinstate("a-jti")
        way.cut()
        way.delay = 0
        assert soon(answers(far, False)) < 10
        assert far.is_revoked(claims(jti="b"), KEY)


def test_a_slow_server_is_waited_for_as_long_as_is_said(mortal: Server) -> None:
    with Slow(mortal, 0) as way:
        direct = RedisStore(way.url, mode="direct", timeout=0.1)
        direct.revoke("a-jti")
        assert direct.is_revoked(claims(), KEY)
        way.delay = 0.05
        assert direct.is_revoked(claims(), KEY)
        way.delay = 2
        began = time.monotonic()
        for _ in range(500):
            with pytest.raises(RevocationStoreError):
                direct.is_revoked(claims(), KEY)
        # One wait, and the others are told at once.
        assert time.monotonic() - began < 1
        way.delay = 0
        assert soon(answers(direct)) < 3
        direct.close()


def test_a_frozen_server_in_direct_mode(mortal: Server) -> None:
    direct = RedisStore(mortal.url, mode="direct", timeout=0.1)
    assert not direct.is_revoked(claims(), KEY)
    mortal.freeze()
    began = time.monotonic()
    with pytest.raises(RevocationStoreError):
        direct.is_revoked(claims(), KEY)
    assert time.monotonic() - began < 0.5
    mortal.thaw()
    assert soon(answers(direct, False)) < 3
    direct.close()


def test_a_server_that_was_restarted_between_two_checks(lasting: Server) -> None:
    direct = RedisStore(lasting.url, mode="direct", timeout=1)
    direct.revoke("a-jti")
    assert direct.is_revoked(claims(), KEY)
    lasting.kill()
    lasting.start()
    assert direct.is_revoked(claims(), KEY), "a dead connection is no failure of the server"
    direct.close()


def test_there_is_no_server_at_first(tmp_path: Path) -> None:
    server = Server(tmp_path)
    store = RedisStore(server.url, max_stale=5)
    assert not store.wait(0.2)
    assert store.staleness == float("inf")
    careful = cyjwt.Verifier(KEY, issuer=ISSUER, required=(), clock=1_900_000_000, revoked=store)
    lenient = cyjwt.Verifier(
        KEY, issuer=ISSUER, required=(), clock=1_900_000_000, revoked=store, revocation_failure="accept"
    )
    token = cyjwt.encode(claims(), KEY, algorithm="HS256")
    with pytest.raises(cyjwt.RevocationUnknownError):
        careful.verify(token)
    assert lenient.verify(token)
    with server:
        assert store.wait(10)
        assert careful.verify(token)
        store.revoke("a-jti")
        with pytest.raises(cyjwt.RevokedTokenError):
            lenient.verify(token)
        assert store.staleness < 5
        store.close()


def test_entries_live_as_long_as_their_tokens(mortal: Server) -> None:
    store = RedisStore(mortal.url, mode="direct", leeway=0, timeout=2)
    store.revoke("short", expires=time.time() + 0.3)
    store.revoke("long", expires=time.time() + 0.3)
    store.revoke("long", expires=time.time() + 1000)
    store.revoke("long", expires=time.time() + 0.3)
    store.revoke("over", expires=1)
    store.revoke("ever", expires=time.time() + 0.3)
    store.revoke("ever")
    assert store.is_revoked(claims(jti="short"), KEY)
    soon(lambda: not store.is_revoked(claims(jti="short"), KEY), 3)
    assert store.is_revoked(claims(jti="long"), KEY)
    assert store.is_revoked(claims(jti="ever"), KEY)
    assert not store.is_revoked(claims(jti="over"), KEY)
    with RedisStore(mortal.url, leeway=0) as mirror:
        assert mirror.wait(20)
        assert len(mirror) == 2
    store.close()


def test_others_may_use_the_server_and_the_channel(mirrors: list[RedisStore], mortal: Server) -> None:
    import redis

    here, there = mirrors
    client: Any = redis.Redis.from_url(mortal.url)
    for noise in (
        b"",
        b"+",
        b"-",
        b"+1",
        b"+x y z",
        b"\xff",
        b"-cyjwt:revoked:9:0:x",
        b"-cyjwt:revoked:0:9:x",
    ):
        client.publish("cyjwt:revoked:changes:0", noise)
    client.set("something else", "x")
    client.set("cyjwt:revoked", "x")
    client.lpush("cyjwt", "x")
    here.revoke("a-jti")
    assert soon(answers(there)) < 1
    assert (len(here), len(there)) == (1, 1)
    with RedisStore(mortal.url) as newcomer, RedisStore(mortal.url, prefix="other:") as stranger:
        assert newcomer.wait(10)
        assert stranger.wait(10)
        assert (len(newcomer), len(stranger)) == (1, 0)
    client.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_has_a_thread_of_its_own(mirrors: list[RedisStore]) -> None:
    here, there = mirrors
    here.revoke("a-jti")
    soon(answers(there))
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # What it has from its parent is good for as long as it would be there.
            assert there.is_revoked(claims(), KEY)
            os.read(ready, 1)
            soon(answers(there, jti="later"))
            time.sleep(2.5)
            assert there.is_revoked(claims(jti="later"), KEY)
            code = 0
        finally:
            os._exit(code)
    here.revoke("later")
    os.write(go, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(ready)
    os.close(go)
    assert there.is_revoked(claims(jti="later"), KEY)


def test_it_is_pickled_by_its_url(mirrors: list[RedisStore]) -> None:
    mirrors[0].revoke("a-jti")
    again = pickle.loads(pickle.dumps(mirrors[0]))
    assert again.wait(10)
    assert again.is_revoked(claims(), KEY)
    assert again._options == mirrors[0]._options
    again.close()


def test_a_program_with_a_store_comes_to_its_end(mortal: Server) -> None:
    """The thread keeps no program from ending, closed or not, and a store that is gone has no thread."""
    code = (
        f"import sys; sys.path[:0] = [{str(Path(cyjwt.__file__).parent.parent)!r}, {str(ROOT)!r}]\n"
        "import gc, threading, time\n"
        "from cyjwt.revocation import RedisStore\n"
        f"store = RedisStore({mortal.url!r}); assert store.wait(10)\n"
        f"gone = RedisStore({mortal.url!r}); assert gone.wait(10)\n"
        "assert threading.active_count() == 3\n"
        "del gone; gc.collect(); time.sleep(1.5)\n"
        "assert threading.active_count() == 2\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_server_that_refuses(tmp_path: Path, mortal: Server) -> None:
    import redis

    client: Any = redis.Redis.from_url(mortal.url)
    client.config_set("requirepass", "secret")
    client.close()
    for mode in ("mirror", "direct"):
        store = RedisStore(mortal.url, mode=mode, timeout=1)  # type: ignore[arg-type]
        assert store.wait(0.3) is (mode == "direct")
        with pytest.raises(RevocationStoreError) as caught:
            store.is_revoked(claims(), KEY)
        assert "uthentication" in str(caught.value)
        store.close()
    path = mortal.path
    with RedisStore(f"unix://:secret@{path}") as store:
        assert store.wait(10)
        assert "secret" not in repr(store)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"mode": "both"}, ValueError),
        ({"max_stale": 0}, ValueError),
        ({"timeout": 0}, ValueError),
        ({"timeout": None}, TypeError),
        ({"write_timeout": -1}, ValueError),
        ({"prefix": ""}, ValueError),
        ({"prefix": b"x"}, TypeError),
        ({"url": 7}, TypeError),
        ({"url": "http://x"}, ValueError),
    ],
)
def test_options(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        RedisStore(**({"url": "redis://127.0.0.1:1"} | options))


def test_the_example_of_the_documentation(mortal: Server) -> None:
    (example,) = re.findall(
        r"^```py\n(.*?)^```$", (ROOT / "docs" / "revocation.md").read_text("utf-8"), re.M | re.S
    )
    scope: dict[str, Any] = {"cyjwt": cyjwt, "key": cyjwt.Key.generate("ES256")}
    exec(example.replace("redis://127.0.0.1:6379/0", mortal.url), scope)
    token = cyjwt.Signer(scope["key"], issuer="https://issuer.example/", lifetime=60).sign(
        {"sub": "42", "iat": 1}
    )
    with pytest.raises(cyjwt.RevokedTokenError):
        scope["verifier"].verify(token)
    scope["store"].close()


def test_names_are_read_as_they_are_spelt() -> None:
    for issuer in (None, "a", "a:b", "é", "1:x"):
        for value in ("b", "b:c", "0:", "é:"):
            for kind in (0, 1, 2):
                name = name_of("p:", kind, issuer, value).encode()
                assert read_name("p:", name) == (kind, issuer, value)
                assert read_message("p:", b"+5.0 1000 " + name, 7.0) == (
                    True,
                    (kind, issuer, value, 5.0, 8.0),
                )
                assert read_message("p:", b"-" + name, 7.0)[1][:3] == (kind, issuer, value)
