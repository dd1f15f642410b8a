"""``verify_async``: who waits for company, who does not, and which runs go to threads."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from cyjwt import _turns
from tests.concurrency.async_support import Runs, tokens
from tests.support import good_claims, pair

# -- who waits


def test_a_lone_call_does_not_wait(runs: Runs) -> None:
    """Not one step of the loop passes."""
    verifier, token = pair("RS256").verifier(), pair("RS256").token()

    async def main() -> None:
        for _ in range(3):
            call = verifier.verify_async(token)
            before = time.monotonic()
            with pytest.raises(StopIteration) as caught:
                call.send(None)
            assert caught.value.value == good_claims()
            turn = verifier._waiting._last.turn()  # type: ignore[union-attr]
            assert before <= turn.began <= time.monotonic()
            del turn
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(main())
    assert runs.sizes == []


def test_a_lone_call_schedules_one_callback(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, token = pair("RS256").verifier(), pair("RS256").token()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        scheduled: list[Any] = []
        call_soon = loop.call_soon
        monkeypatch.setattr(loop, "call_soon", lambda *a, **k: scheduled.append(a) or call_soon(*a, **k))
        for _ in range(5):
            await verifier.verify_async(token)
        assert len(scheduled) == 1

    asyncio.run(main())


def test_a_lone_call_costs_little_more() -> None:
    """By the best of many, with wide bounds for a machine that is busy; measured, it is one or two microseconds."""
    verifier, token = pair("RS256").verifier(), pair("RS256").token()

    async def main() -> tuple[float, float]:
        direct = waited = 1.0
        for _ in range(2000):
            began = time.perf_counter()
            verifier.verify(token)
            direct = min(direct, time.perf_counter() - began)
            began = time.perf_counter()
            await verifier.verify_async(token)
            waited = min(waited, time.perf_counter() - began)
            await asyncio.sleep(0)
        return direct, waited

    direct, waited = asyncio.run(main())
    assert waited < direct + 20e-6


def test_hmac_never_waits(runs: Runs) -> None:
    """An HMAC is checked sooner than anybody could wait for it."""
    verifier, good = pair("HS256").verifier(), tokens("HS256", 30)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    for _ in range(2):
        assert [claims["n"] for claims in asyncio.run(main())] == list(range(30))
    assert runs.sizes == []


def test_the_calls_of_a_turn_are_verified_together(runs: Runs, here: None) -> None:
    """The first caller of all is not kept waiting; after a turn with company every caller is."""
    verifier, good = pair("RS256").verifier(), tokens("RS256", 20)

    async def main() -> None:
        for _ in range(3):
            claims = await asyncio.gather(*(verifier.verify_async(token) for token in good))
            assert [one["n"] for one in claims] == list(range(20))

    asyncio.run(main())
    assert runs.sizes == [19, 20, 20]
    assert runs.tokens[1] == good


def test_a_turn_that_has_ended_is_not_joined(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if somebody (a debugger, say) holds on to what the loop has run."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 6)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        handles: list[Any] = []
        call_soon = loop.call_soon
        monkeypatch.setattr(loop, "call_soon", lambda *a, **k: handles.append((a, call_soon(*a, **k))))
        for _ in range(3):
            calls = asyncio.gather(*(verifier.verify_async(token) for token in good))
            assert [one["n"] for one in await asyncio.wait_for(calls, 10)] == list(range(6))

    asyncio.run(main())


def test_company_that_has_gone_is_forgotten(runs: Runs, here: None) -> None:
    verifier, good = pair("RS256").verifier(), tokens("RS256", 8)

    async def main() -> None:
        await asyncio.gather(*(verifier.verify_async(token) for token in good))
        for _ in range(4):
            await verifier.verify_async(good[0])
            await asyncio.sleep(0)

    asyncio.run(main())
    assert runs.sizes == [7, 1]


@pytest.mark.parametrize("lanes", ["with_lanes", "without_lanes"])
@pytest.mark.parametrize("callers", [2, 3, 8])
def test_nobody_is_passed_over(
    callers: int, lanes: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks that verify without end all come on, and let others run."""
    request.getfixturevalue(lanes)
    monkeypatch.setattr(_turns, "ALONE", 0.005)
    verifier, token = pair("ES256").verifier(), pair("ES256").token()
    done = [0] * callers
    ticks = 0

    async def caller(i: int) -> None:
        while True:
            await verifier.verify_async(token)
            done[i] += 1

    async def main() -> None:
        nonlocal ticks
        tasks = [asyncio.ensure_future(caller(i)) for i in range(callers)]
        while min(done) < 30:
            ticks += 1
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    assert max(done) < 200
    assert ticks > 5


def test_a_lone_caller_without_end_lets_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Awaiting token after token, as ``verify`` would not."""
    monkeypatch.setattr(_turns, "ALONE", 0.0001)
    verifier, token = pair("ES256").verifier(), pair("ES256").token()
    ticks = 0

    async def ticker() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def main() -> None:
        task = asyncio.ensure_future(ticker())
        for _ in range(400):
            await verifier.verify_async(token)
        task.cancel()

    asyncio.run(main())
    assert ticks > 20


def test_without_lanes_nobody_waits_for_company(runs: Runs, without_lanes: None, here: None) -> None:
    """There is nothing to share."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 20)

    async def main() -> None:
        for _ in range(3):
            claims = await asyncio.gather(*(verifier.verify_async(token) for token in good))
            assert [one["n"] for one in claims] == list(range(20))

    asyncio.run(main())
    assert runs.sizes == []


def test_without_lanes_no_turn_lasts_too_long(runs: Runs, without_lanes: None, apart: None) -> None:
    """Who comes when the time of a turn is up is verified in threads."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 20)

    async def main() -> None:
        for _ in range(3):
            claims = await asyncio.gather(*(verifier.verify_async(token) for token in good))
            assert [one["n"] for one in claims] == list(range(20))

    asyncio.run(main())
    assert sum(runs.sizes) == 57
    assert runs.apart


# -- long runs


def test_long_runs_go_to_threads(runs: Runs, apart: None) -> None:
    """Each thread takes a part, and the loop goes on meanwhile."""
    verifier, good = pair("ES256").verifier(), tokens("ES256", 100)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    claims = asyncio.run(main())
    assert [one["n"] for one in claims] == list(range(100))
    assert runs.apart
    assert sum(runs.sizes) == 99
    assert max(runs.sizes) == 8


def test_the_loop_goes_on_while_a_run_is_verified(closed_runs: Runs) -> None:
    verifier, good = pair("ES256").verifier(), tokens("ES256", 4)

    async def main() -> None:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        await closed_runs.started()
        await asyncio.sleep(0.001)
        assert [call.done() for call in calls] == [True, False, False, False]
        closed_runs.gate.set()
        assert [claims["n"] for claims in await asyncio.gather(*calls)] == [0, 1, 2, 3]

    asyncio.run(main())


@pytest.mark.parametrize(("cost", "in_threads"), [(1e-9, False), (1e-3, True)])
def test_what_tokens_have_cost_decides(
    cost: float, in_threads: bool, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_turns, "COST_AT_FIRST", cost)
    verifier, good = pair("ES256").verifier(), tokens("ES256", 10)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    assert [one["n"] for one in asyncio.run(main())] == list(range(10))
    assert sum(runs.sizes) == 9
    assert runs.apart is in_threads


@pytest.mark.parametrize(("algorithm", "in_threads"), [("RS256", False), ("PS256", False), ("ES256", True)])
def test_what_tokens_are_thought_to_cost_at_first(algorithm: str, in_threads: bool, runs: Runs) -> None:
    """RSA is quick enough for 64 callers at once; of what may be slow, the loop is spared until it is measured."""
    verifier, good = pair(algorithm).verifier(), tokens(algorithm, 64)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    assert [one["n"] for one in asyncio.run(main())] == list(range(64))
    assert runs.apart is in_threads


def test_what_one_loop_has_learned_another_knows(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_turns, "COST_AT_FIRST", 1.0)
    monkeypatch.setattr(_turns, "STALL", 0.1)
    verifier, good = pair("ES256").verifier(), tokens("ES256", 10)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    for _ in range(12):
        asyncio.run(main())
    names = [thread.name.startswith("cyjwt") for thread in runs.threads]
    assert names[0]
    assert not names[-1]


def test_what_tokens_cost_is_learned() -> None:
    """More is believed at once, less by and by; so few tokens tell nothing."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        cost = _turns.Cost(1e-4)
        costs = []
        for seconds in (8e-5, 1.6e-4, 4e-5, 4e-5):
            cost.learn(seconds)
            costs.append(cost.seconds)
        assert costs == pytest.approx([9e-5, 1.6e-4, 1e-4, 7e-5])
        turn = _turns.Turn(loop, _turns.Collector(loop, cost), pair("ES256").verifier())
        for count, learned in ((7, 7e-5), (8, 1.0)):
            futures = [loop.create_future() for _ in range(count)]
            turn.settle(futures, [None] * count, 8.0)
            assert cost.seconds == pytest.approx(learned)
            assert all(future.done() for future in futures)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("count", "cost"), [(1, 1.0), (100, 1e-5), (1000, 5e-6), (10_000, 2e-5), (10_000, 1e-6), (65, 1e-3)]
)
def test_shares(count: int, cost: float) -> None:
    size = _turns.share(count, cost)
    assert 1 <= size <= 256
    assert size % 8 == 0
    # A part is about what may stall the loop, unless one filling of the lanes is more.
    assert size == 8 or size * cost <= 2 * _turns.STALL


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (4, 3), (64, 4)])
def test_a_core_is_left_to_the_loop(cores: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_turns, "cores", lambda: cores)
    assert _turns.threads() == threads
    assert _turns.share(64, 1e-5) == -(-64 // threads // 8) * 8


def test_without_threads_the_loop_does_it(runs: Runs, apart: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter is about to end, or the system has no thread to give."""

    class NoThreads:
        def submit(self, *_: Any) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_turns, "_workers", NoThreads())
    verifier, good = pair("ES256").verifier(), tokens("ES256", 20)

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for token in good))

    assert [one["n"] for one in asyncio.run(main())] == list(range(20))
    assert sum(runs.sizes) == 19
