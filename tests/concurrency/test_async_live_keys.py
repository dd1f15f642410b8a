"""``verify_async`` over keys that change: nothing that a source waits for keeps the event loop waiting."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import cyjwt
from cyjwt import _turns
from tests.live_support import Source, token
from tests.support import NOW, good_claims

A = cyjwt.Key.generate("ES256", kid="a")
B = cyjwt.Key.generate("EdDSA", kid="b")
SECRET = cyjwt.Key.from_secret(b"s" * 32, kid="s", algorithm="HS256")


OF_A, OF_B, OF_S = token(A), token(B), token(SECRET)
UNKNOWN = token(cyjwt.Key.generate("ES256", kid="x"))


def verifier(source: Source, **options: Any) -> cyjwt.Verifier:
    return cyjwt.Verifier(source, clock=NOW, **options)


async def code(made: cyjwt.Verifier, one: Any) -> str | None:
    try:
        claims = await made.verify_async(one)
    except cyjwt.CyJWTError as error:
        return error.code
    assert claims["exp"] == NOW + 600
    return None


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    """Run it, in debug mode: what blocks the loop or is never awaited is told."""
    return asyncio.run(main(), debug=True)  # type: ignore[arg-type]


def test_verdicts_are_those_of_verify() -> None:
    tokens: list[Any] = [OF_A, OF_B, UNKNOWN, "x", None, OF_A[:-5] + "AAAAA", OF_S, bytearray(OF_A.encode())]
    expected = [
        None,
        None,
        "key_not_found",
        "segments",
        "token_type",
        "invalid_signature",
        "invalid_algorithm",
        None,
    ]
    source = Source(A.public(), store=(B.public(),))
    made = verifier(source)

    async def main() -> None:
        assert await asyncio.gather(*(code(made, one) for one in tokens)) == expected
        assert [await code(made, one) for one in tokens] == expected
        assert await asyncio.gather(*(code(made, one) for one in tokens * 40)) == expected * 40

    run(main)
    assert set(source.asked) == {"b", "x"}
    assert source.threads == {"cyjwt-keys"}


def test_an_hmac_does_not_wait_either() -> None:
    source = Source(store=(SECRET,))
    made = verifier(source, algorithms=["HS256"])

    async def main() -> None:
        assert await asyncio.gather(code(made, OF_S), code(made, OF_A)) == [None, "invalid_algorithm"]

    run(main)
    assert source.threads == {"cyjwt-keys"}


def test_a_key_that_is_asked_for_keeps_nobody_else_waiting() -> None:
    source = Source(A.public(), store=(B.public(),))
    source.gate.clear()
    made = verifier(source)

    async def main() -> None:
        waiting = [asyncio.ensure_future(code(made, OF_B)) for _ in range(50)]
        for _ in range(100):
            assert await asyncio.wait_for(code(made, OF_A), 5) is None
        await asyncio.sleep(0.02)
        assert not any(one.done() for one in waiting)
        # Cancelled is who was cancelled.
        waiting[0].cancel()
        await asyncio.sleep(0)
        source.gate.set()
        assert await asyncio.gather(*waiting[1:]) == [None] * 49
        assert waiting[0].cancelled()

    run(main)
    assert source.asked == ["b"]


def test_the_first_keys_are_waited_for_once() -> None:
    source = Source(store=(A.public(),))
    source.gate.clear()
    made = verifier(source)

    async def main() -> None:
        waiting = [asyncio.ensure_future(code(made, OF_A)) for _ in range(50)]
        await asyncio.sleep(0.02)
        assert not any(one.done() for one in waiting)
        source.gate.set()
        assert await asyncio.gather(*waiting) == [None] * 50

    run(main)
    assert source.told == 1
    assert source.threads == {"cyjwt-keys"}


def test_a_refresh_that_is_due_is_begun_and_not_waited_for() -> None:
    source = Source(A.public())
    source.due = 0.0
    made = verifier(source)

    async def main() -> None:
        assert await asyncio.gather(*(code(made, OF_A) for _ in range(20))) == [None] * 20

    run(main)
    assert source.told == 1


def test_no_keys_at_all() -> None:
    source = Source()
    source.fails = True
    made = verifier(source)

    async def main() -> None:
        errors = await asyncio.gather(*(made.verify_async(OF_A) for _ in range(9)), return_exceptions=True)
        assert {type(error) for error in errors} == {cyjwt.JWKSUnavailableError}
        assert len(set(map(id, errors))) == 9
        assert {str(error) for error in errors} == {"down"}
        assert await code(made, None) == "token_type"
        source.fails = False
        source.publish(A.public())
        assert await code(made, OF_A) is None

    run(main)


def test_a_flood_of_kids_has_one_thread() -> None:
    key = cyjwt.Key.generate("ES256")
    flood = [
        cyjwt.encode(good_claims(), key, algorithm="ES256", headers={"kid": f"k{n}"}) for n in range(300)
    ]
    source = Source(A.public())
    source.gate.clear()
    made = verifier(source)

    async def main() -> None:
        before = threading.active_count()
        waiting = [asyncio.ensure_future(code(made, one)) for one in flood]
        assert [await code(made, OF_A) for _ in range(20)] == [None] * 20
        await asyncio.sleep(0.02)
        # Lanes may have threads of their own.
        assert threading.active_count() - before <= 5
        source.gate.set()
        assert await asyncio.gather(*waiting) == ["key_not_found"] * 300

    run(main)
    assert len(source.asked) == 300
    deadline = time.monotonic() + 5
    while any(thread.name == "cyjwt-keys" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "its thread stays"
        time.sleep(0.001)


def test_several_loops_ask_together() -> None:
    source = Source(A.public(), store=(B.public(),))
    source.gate.clear()
    made, codes = verifier(source), []

    def loop() -> None:
        async def main() -> None:
            codes.extend(await asyncio.gather(code(made, OF_A), code(made, OF_B), code(made, UNKNOWN)))

        asyncio.run(main())

    threads = [threading.Thread(target=loop) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    source.gate.set()
    for thread in threads:
        thread.join()
    assert sorted(map(str, codes)) == ["None"] * 12 + ["key_not_found"] * 6
    assert set(source.asked) == {"b", "x"}


def test_a_loop_that_closes_leaves_the_others_alone() -> None:
    source = Source(A.public(), store=(B.public(),))
    source.gate.clear()
    made = verifier(source)

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(made.verify_async(OF_B), 0.02)

    asyncio.run(leave())

    async def stay() -> None:
        waiting = asyncio.ensure_future(code(made, OF_B))
        await asyncio.sleep(0.02)
        source.gate.set()
        assert await waiting is None

    asyncio.run(stay())
    assert source.asked == ["b"]


def test_what_a_subclass_adds_is_not_left_out() -> None:
    class Strict(cyjwt.Verifier):
        __slots__ = ()

        def verify(self, token: Any, /) -> dict[str, Any]:
            return {**super().verify(token), "strict": threading.current_thread().name}

    source = Source(A.public(), store=(B.public(),))
    made = Strict(source, clock=NOW)

    async def main() -> None:
        names = [(await made.verify_async(one))["strict"] for one in (OF_A, OF_B, OF_A)]
        assert names == [threading.current_thread().name] * 3
        assert await code(made, UNKNOWN) == "key_not_found"

    run(main)
    assert source.asked == ["b", "x", "x"]


def test_without_a_loop_of_asyncio_it_is_verify() -> None:
    source = Source(A.public(), store=(B.public(),))
    coroutine = verifier(source).verify_async(OF_B)
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    assert caught.value.value == good_claims()
    assert source.threads == {threading.current_thread().name}


def test_revocation_and_complete_agreement() -> None:
    source = Source(A.public(), store=(B.public(),))
    made = verifier(source, revoked={"j"})

    async def main() -> None:
        tokens = [token(B, jti="j"), token(A, jti="j"), token(B, jti="k")] * 5
        assert await asyncio.gather(*(code(made, one) for one in tokens)) == ["revoked", "revoked", None] * 5

    run(main)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_asks_for_itself() -> None:
    source = Source(A.public(), store=(B.public(),))
    source.gate.clear()
    made = verifier(source)

    async def ask() -> None:
        waiting = asyncio.ensure_future(code(made, OF_B))
        while not source.asked:
            await asyncio.sleep(0.001)
        child = os.fork()
        if child == 0:
            # The thread that waits is not here; the gate is, and its lock may be held.
            source.gate = threading.Event()
            source.gate.set()
            os._exit(int(threading.Thread(target=check).start() or not answered.wait(10)))
        source.gate.set()
        assert await waiting is None
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    answered = threading.Event()

    def check() -> None:
        async def main() -> None:
            if await code(made, OF_B) is None:
                answered.set()

        asyncio.run(main())

    asyncio.run(ask())


def test_nothing_is_kept() -> None:
    source = Source(A.public())
    made = verifier(source)
    kept: list[Any] = []

    async def main() -> None:
        for one in (OF_A, UNKNOWN, "x"):
            try:
                kept.append(weakref.ref(asyncio.current_task()))  # type: ignore[arg-type]
                await made.verify_async(one)
            except cyjwt.CyJWTError as error:
                kept.append(weakref.ref(error))

    asyncio.run(main())
    gc.collect()
    assert [one() for one in kept] == [None] * 5


@pytest.mark.parametrize("found", [True, False], ids=["others", "none"])
@pytest.mark.parametrize("cache", [0, 10])
def test_keys_that_go_while_a_turn_gathers(found: bool, cache: int) -> None:
    source = Source(A.public(), store=(A.public(), B.public()))
    made = verifier(source, cache=cache)

    async def go() -> None:
        source.snapshot = None
        source.fails = not found

    async def main() -> None:
        # After two turns with company the third has all of its callers wait for its end.
        for _ in range(2):
            assert await asyncio.gather(*(code(made, one) for one in [OF_A, UNKNOWN] * 8))
        made.clear_cache()
        assert await asyncio.gather(*(code(made, OF_A) for _ in range(16)), go()) == [
            *[None if found else "keys_unavailable"] * 16,
            None,
        ]

    run(main)
    assert source.threads == {"cyjwt-keys"}


@pytest.mark.parametrize("cache", [0, 10])
def test_a_run_for_which_there_are_no_keys(cache: int) -> None:
    source = Source(A.public())
    made = verifier(source, cache=cache)
    source.snapshot = None
    outcomes = _turns.verify_all(made, [OF_A, OF_B, "x" * 70_000])
    assert [one.code for one in outcomes] == ["keys_unavailable", "keys_unavailable", "too_large"]
    assert made.cache_info().size == 0


class Aging(Source):
    """A source that still has the keys which are too old to serve, until it is told that it is due."""

    old = False

    def _ready(self) -> bool:
        return super()._ready() and not self.old

    def _due(self) -> None:
        if self.old:
            self.snapshot, self.old = None, False
        super()._due()


def test_keys_that_grow_too_old_while_a_turn_gathers_do_not_have_the_loop_wait_for_others() -> None:
    source = Aging(A.public(), store=(A.public(),))
    made = verifier(source)

    async def age() -> None:
        source.old, source.due = True, -math.inf

    async def main() -> None:
        for _ in range(2):
            await asyncio.gather(*(code(made, OF_A) for _ in range(16)))
        assert await asyncio.gather(*(code(made, OF_A) for _ in range(16)), age()) == [None] * 17

    run(main)
    # Elsewhere than in the loop's thread, which it would keep from all else.
    assert source.threads == {"cyjwt-keys"}
