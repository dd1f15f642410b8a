"""``verify_async`` in several loops, in threads, after a fork, in closed loops and under other libraries."""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import os
import pickle
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt import _turns
from tests.concurrency.async_support import Runs, async_verdict, bad_tokens, tokens, verdict
from tests.support import NOW, pair

THREADS = 5


def fixed_clock() -> int:
    """A clock that pickles by name."""
    return NOW


# -- loops and threads


@pytest.mark.parametrize("place", ["here", "apart"])
def test_loops_in_threads_share_a_verifier(place: str, request: pytest.FixtureRequest) -> None:
    """Each loop's callers get their own verdicts, while other loops verify with the same object."""
    request.getfixturevalue(place)
    verifier = pair("ES256").verifier()
    mixed = [*tokens("ES256", 20), *bad_tokens("ES256")]
    expected = [verdict(verifier, token) for token in mixed]
    gate = threading.Barrier(THREADS)

    async def main(turn: int) -> bool:
        mine = mixed[turn:] + mixed[:turn]
        right = expected[turn:] + expected[:turn]
        for _ in range(10):
            if await asyncio.gather(*(async_verdict(verifier, token) for token in mine)) != right:
                return False
        return True

    def run(i: int) -> bool:
        gate.wait()
        return asyncio.run(main(i))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(run, range(THREADS))) == [True] * THREADS
    finally:
        sys.setswitchinterval(before)


def test_one_loop_after_the_other(runs: Runs, here: None) -> None:
    """What one loop has learned of company is not another's."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 6)

    async def main() -> list[int]:
        return [one["n"] for one in await asyncio.gather(*(verifier.verify_async(token) for token in good))]

    for _ in range(3):
        assert asyncio.run(main()) == list(range(6))
    assert runs.sizes == [5, 5, 5]


def test_verifiers_do_not_mix(runs: Runs, here: None) -> None:
    """Two verifiers in one turn: each token is verified by its own."""
    mine = pair("ES256").verifier()
    other = pair("RS256").verifier()
    mixed = [*tokens("ES256", 5), *tokens("RS256", 5)]

    async def main() -> list[Any]:
        calls = [async_verdict(verifier, token) for token in mixed for verifier in (mine, other)]
        return await asyncio.gather(*calls)

    assert asyncio.run(main()) == [verdict(one, token) for token in mixed for one in (mine, other)]
    assert runs.sizes == [9, 9]


@pytest.mark.parametrize("pending", [False, True])
def test_no_loop_is_kept_alive(pending: bool) -> None:
    """By a verifier that was used in it, be it closed with callers that still wait."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 5)
    loop = asyncio.new_event_loop()

    async def main() -> None:
        await asyncio.gather(*(verifier.verify_async(token) for token in good))

    loop.run_until_complete(main())
    if pending:
        calls = [loop.create_task(verifier.verify_async(token)) for token in good]
        for call in calls:
            call._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.call_soon(loop.stop)
        loop.run_forever()
        # They wait, and the loop is closed before the turn comes to its end.
        assert not any(call.done() for call in calls)
        del call, calls
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
    assert len(verifier._waiting._known) == 0  # type: ignore[union-attr]
    asyncio.run(main())


def test_no_verifier_is_kept_alive(here: None) -> None:
    verifier, good = pair("ES256").verifier(), tokens("ES256", 5)

    async def main() -> weakref.ref[Any]:
        nonlocal verifier
        await asyncio.gather(*(verifier.verify_async(token) for token in good))
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        gone = weakref.ref(verifier)
        del verifier
        assert [claims["n"] for claims in await asyncio.gather(*calls)] == list(range(5))
        del calls
        await asyncio.sleep(0)
        return gone

    gc.disable()
    try:
        assert asyncio.run(main())() is None
    finally:
        gc.enable()


def test_a_loop_that_is_closed_meanwhile(closed_runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    """Its run comes to nothing, without a word; the verifier serves the next loop."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 5)
    loop = asyncio.new_event_loop()
    calls = [loop.create_task(verifier.verify_async(token)) for token in good]
    loop.run_until_complete(closed_runs.started())
    for call in calls:
        call._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    closed_runs.gate.set()
    # The thread is done when it has done something else.
    _turns.workers().submit(int).result(30)
    assert not any(call.done() for call in calls[1:])
    # One that comes to its thread after that has nothing to do, and one that is done by then nobody to tell.
    began = len(closed_runs.sizes)
    turn = _turns.Turn(loop, _turns.Collector(loop, _turns.Cost(1.0)), verifier)
    turn.apart()
    turn._call(turn.here)
    assert len(closed_runs.sizes) == began

    async def main() -> list[int]:
        return [one["n"] for one in await asyncio.gather(*(verifier.verify_async(token) for token in good))]

    assert asyncio.run(main()) == list(range(5))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# -- processes


def test_pickled_and_copied_in_use(here: None) -> None:
    """A verifier on its way elsewhere leaves its loops at home."""
    verifier, good = pair("ES256").verifier(clock=fixed_clock), tokens("ES256", 5)

    async def main() -> None:
        await asyncio.gather(*(verifier.verify_async(token) for token in good))
        for other in (pickle.loads(pickle.dumps(verifier)), copy.copy(verifier), copy.deepcopy(verifier)):
            assert other._waiting is None
            claims = await asyncio.gather(*(other.verify_async(token) for token in good))
            assert [one["n"] for one in claims] == list(range(5))

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_after_use(apart: None) -> None:
    """A child has a copy of the parent's threads' work, and none of the threads."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 30)

    async def main() -> list[int]:
        calls = asyncio.gather(*(verifier.verify_async(token) for token in good))
        return [one["n"] for one in await asyncio.wait_for(calls, 30)]

    assert asyncio.run(main()) == list(range(30))
    assert _turns._workers is not None
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if asyncio.run(main()) == list(range(30)) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert asyncio.run(main()) == list(range(30))


def test_the_interpreter_ends_with_runs_under_way() -> None:
    """Daemon loop or not: nothing hangs, nothing is printed."""
    code = """
import asyncio, threading, cyjwt
from cyjwt import _turns
_turns.STALL = 1e-9
key = cyjwt.Key.generate("ES256")
token = cyjwt.Signer(key, lifetime=900).sign({})
verifier = cyjwt.Verifier(key.public())

async def caller():
    while True:
        await verifier.verify_async(token)

async def main(under_way):
    for _ in range(20):
        asyncio.ensure_future(caller())
    await asyncio.sleep(0.05)
    under_way.set()
    await asyncio.sleep(60)

under_way = threading.Event()
threading.Thread(target=asyncio.run, args=(main(under_way),), daemon=True).start()
under_way.wait()
"""
    folder = str(Path(cyjwt.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_import_leaves_asyncio_alone() -> None:
    folder = str(Path(cyjwt.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {folder!r}); import cyjwt; cyjwt.Verifier(cyjwt.Key.generate('HS256'))"
    code += (
        "; print({'asyncio', 'cyjwt._turns', 'concurrent.futures', 'weakref'} & set(sys.modules) - before)"
    )
    code = f"import sys; before = set(sys.modules); {code}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "set()\n"


# -- other libraries


def test_without_a_loop() -> None:
    """Whoever drives the coroutine: where no loop of asyncio runs, it is ``verify``."""
    verifier = pair("ES256").verifier()
    with pytest.raises(StopIteration) as caught:
        verifier.verify_async(tokens("ES256", 1)[0]).send(None)
    assert caught.value.value["n"] == 0
    with pytest.raises(cyjwt.DecodeError):
        verifier.verify_async("garbage").send(None)


def test_beside_the_tasks_of_a_loop() -> None:
    """A library that runs within a callback of asyncio, as trio does as a guest, cannot wait for its futures."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 3)
    served = []

    def guest() -> None:
        for token in good:
            try:
                verifier.verify_async(token).send(None)
            except StopIteration as end:
                served.append(end.value["n"])

    async def main() -> None:
        asyncio.get_running_loop().call_soon(guest)
        # Its tasks may have company, and a turn that has begun.
        await asyncio.gather(*(verifier.verify_async(token) for token in good))
        await asyncio.sleep(0)

    asyncio.run(main())
    assert served == [0, 1, 2]


def test_uvloop(runs: Runs) -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")
    verifier, mixed = pair("ES256").verifier(), [*tokens("ES256", 20), *bad_tokens("ES256")]
    expected = [verdict(verifier, token) for token in mixed]
    gone: list[weakref.ref[Any]] = []

    async def main() -> None:
        gone.append(weakref.ref(asyncio.get_running_loop()))
        for _ in range(3):
            assert await asyncio.gather(*(async_verdict(verifier, token) for token in mixed)) == expected

    for stall in (1e-9, 1e9):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(_turns, "STALL", stall)
            uvloop.run(main())
        assert sum(runs.sizes) == 3 * len(mixed) - 1
        runs.tokens.clear()
    gc.collect()
    assert [one() for one in gone] == [None, None]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(backend: str, runs: Runs, here: None) -> None:
    """With lanes on asyncio, directly on trio; a cancel scope ends one caller alone."""
    anyio = pytest.importorskip("anyio", reason="anyio is not installed")
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    verifier, mixed = pair("ES256").verifier(), [*tokens("ES256", 10), *bad_tokens("ES256")]
    results: dict[int, Any] = {}

    async def caller(n: int) -> None:
        with anyio.CancelScope() as scope:
            if n == 5:
                scope.cancel()
                await anyio.sleep(0)
            results[n] = await async_verdict(verifier, mixed[n])

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for n in range(len(mixed)):
                group.start_soon(caller, n)

    anyio.run(main, backend=backend)
    assert results == {n: verdict(verifier, token) for n, token in enumerate(mixed) if n != 5}
    assert sum(runs.sizes) == (len(mixed) - 2 if backend == "asyncio" else 0)


def test_trio_as_a_guest_of_asyncio() -> None:
    trio = pytest.importorskip("trio", reason="trio is not installed")
    verifier, good = pair("ES256").verifier(), tokens("ES256", 5)

    async def in_trio() -> list[int]:
        served = []
        for token in good:
            served.append((await verifier.verify_async(token))["n"])
            await trio.sleep(0)
        return served

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        trio.lowlevel.start_guest_run(
            in_trio,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=lambda outcome: done.set_result(outcome.unwrap()),
        )
        await asyncio.gather(*(verifier.verify_async(token) for token in good))
        return await done

    assert asyncio.run(main()) == list(range(5))
