"""``verify_async``: whoever is cancelled, or runs out of patience, is the only one to notice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.concurrency.async_support import Runs, tokens
from tests.support import NOW, pair


def test_cancelled_before_the_turn_ends(runs: Runs, here: None) -> None:
    """Its token is not even verified; the others do not notice."""
    verifier, good = pair("RS256").verifier(), tokens("RS256", 10)

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]

        async def cancel() -> None:
            for n in (0, 4, 9):
                calls[n].cancel()

        await asyncio.gather(cancel(), return_exceptions=True)
        return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(main())
    # The first had its claims before anybody could cancel it.
    assert [type(one) for one in results] == [
        asyncio.CancelledError if n in (4, 9) else dict for n in range(10)
    ]
    assert runs.tokens == [[token for n, token in enumerate(good) if n not in (0, 4, 9)]]


def test_cancelled_while_it_is_verified(closed_runs: Runs) -> None:
    verifier, good = pair("RS256").verifier(), tokens("RS256", 6)

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        await closed_runs.started()
        calls[2].cancel()
        with pytest.raises(asyncio.CancelledError):
            await calls[2]
        closed_runs.gate.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(one) for one in results] == [asyncio.CancelledError if n == 2 else dict for n in range(6)]


def test_cancelled_with_its_verdict_at_hand(here: None) -> None:
    """Between the verdict and the step of the loop in which its caller would see it."""
    verifier, good = pair("RS256").verifier(), tokens("RS256", 6)

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        await asyncio.sleep(0)
        # It runs in the step in which the turn ends, behind it.
        asyncio.get_running_loop().call_soon(calls[3].cancel)
        return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(main())
    assert [type(one) for one in results] == [asyncio.CancelledError if n == 3 else dict for n in range(6)]


def test_all_are_cancelled(runs: Runs, here: None) -> None:
    verifier, good = pair("RS256").verifier(), tokens("RS256", 6)

    async def main() -> None:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        await asyncio.sleep(0)
        for call in calls[1:]:
            call.cancel()
        assert len(await asyncio.gather(*calls, return_exceptions=True)) == 6
        assert (await verifier.verify_async(good[5]))["n"] == 5

    asyncio.run(main())
    # Not even looked at; the last call came after a turn with company, and waited alone.
    assert runs.sizes == [1]


@pytest.mark.parametrize("how", ["timeout", "wait_for"])
def test_timeouts(how: str, closed_runs: Runs) -> None:
    """One caller's patience ends; the others wait on, and the verifier serves the next."""
    verifier, good = pair("RS256").verifier(), tokens("RS256", 6)

    async def impatient(token: str) -> Any:
        if how == "wait_for":
            return await asyncio.wait_for(verifier.verify_async(token), 0.02)
        async with asyncio.timeout(0.02):
            return await verifier.verify_async(token)

    async def main() -> None:
        first = asyncio.ensure_future(verifier.verify_async(good[0]))
        patient = [asyncio.ensure_future(verifier.verify_async(token)) for token in good[1:5]]
        late = asyncio.ensure_future(impatient(good[5]))
        with pytest.raises(TimeoutError):
            await late
        closed_runs.gate.set()
        assert [one["n"] for one in await asyncio.gather(first, *patient)] == [0, 1, 2, 3, 4]
        assert (await verifier.verify_async(good[5]))["n"] == 5

    asyncio.run(main())


def test_a_caller_that_stops_listening(here: None) -> None:
    """A coroutine that is closed while it waits disturbs nobody."""
    verifier, good = pair("RS256").verifier(), tokens("RS256", 3)

    async def main() -> None:
        first = asyncio.ensure_future(verifier.verify_async(good[0]))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(verifier.verify_async(good[1]))
        third = asyncio.ensure_future(verifier.verify_async(good[2]))
        call = verifier.verify_async(good[1])
        call.send(None)
        call.close()
        assert [one["n"] for one in await asyncio.gather(first, second, third)] == [0, 1, 2]

    asyncio.run(main())


class Stop(BaseException):
    """What a clock of somebody's own may raise."""


@pytest.mark.parametrize("kind", [Stop, asyncio.CancelledError, GeneratorExit, ValueError])
def test_whatever_a_clock_raises_reaches_each_caller(kind: type[BaseException]) -> None:
    """Nobody is left waiting, and the loop does not go round for them."""
    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise kind
        return NOW

    verifier = pair("RS256").verifier(clock=clock)
    token = pair("RS256").token()

    async def caller() -> type[BaseException] | None:
        try:
            await verifier.verify_async(token)
        except BaseException as error:
            return type(error)
        return None

    async def main() -> list[type[BaseException] | None]:
        async with asyncio.timeout(5):
            return await asyncio.gather(*(caller() for _ in range(6)))

    assert asyncio.run(main()) == [kind] * 6
    assert asked < 20
