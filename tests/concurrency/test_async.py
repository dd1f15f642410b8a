"""``verify_async``: each caller gets the verdict of ``verify``, in whatever surroundings."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import sys
import traceback
import weakref
from typing import Any

import pytest

import cyjwt
from cyjwt import _turns
from tests.concurrency.async_support import Runs, async_verdict, bad_tokens, tokens, verdict
from tests.support import NOW, clock, good_claims, pair

ALGORITHMS = ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed448"]

# -- verdicts


@pytest.mark.parametrize("place", ["here", "apart"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_gets_its_own(algorithm: str, place: str, request: pytest.FixtureRequest) -> None:
    """Good and bad tokens at once, in the loop's thread and in others: each caller gets what ``verify`` says."""
    request.getfixturevalue(place)
    verifier = pair(algorithm).verifier(required=("exp", "sub"))
    mixed: list[Any] = [*tokens(algorithm, 40), *bad_tokens(algorithm), None, 7, "é"]
    mixed[::3], mixed[1::3] = mixed[::3][::-1], mixed[1::3][::-1]
    expected = [verdict(verifier, token) for token in mixed]
    assert len({str(one) for one in expected}) > 40

    async def main() -> list[Any]:
        return await asyncio.gather(*(async_verdict(verifier, token) for token in mixed))

    for _ in range(3):
        assert asyncio.run(main()) == expected


def test_keys_of_all_kinds_at_once(runs: Runs, here: None) -> None:
    """A turn's tokens may be of different keys and algorithms."""
    kinds = ["HS256", "RS256", "ES256", "EdDSA", "PS384"]
    keys = cyjwt.KeySet([pair(kind).public for kind in kinds])
    verifier = cyjwt.Verifier(keys, clock=clock)
    mixed = [pair(kinds[n % 5]).token(good_claims(n=n)) for n in range(30)]
    expected = [verdict(verifier, token) for token in mixed]
    assert sum(isinstance(one, dict) for one in expected) == 30

    async def main() -> list[Any]:
        return await asyncio.gather(*(async_verdict(verifier, token) for token in mixed))

    assert asyncio.run(main()) == expected
    assert runs.sizes == [29]


def test_the_claims_are_the_callers_own(here: None) -> None:
    verifier = pair("ES256").verifier()
    token = pair("ES256").token(good_claims(roles=["a"]))

    async def main() -> None:
        first, second, third = await asyncio.gather(*(verifier.verify_async(token) for _ in range(3)))
        for mine, other in ((first, second), (second, third)):
            mine["roles"].append("admin")
            assert other["roles"] == ["a"]

    asyncio.run(main())


@pytest.mark.parametrize("place", ["here", "apart"])
def test_the_exception_is_the_callers_own(place: str, request: pytest.FixtureRequest) -> None:
    """An instance for each, whose traceback begins with the caller and shows no other."""
    request.getfixturevalue(place)
    verifier, expired = pair("RS256").verifier(), pair("RS256").token({"exp": 1})

    async def one() -> Any:
        await verifier.verify_async(expired)

    async def another() -> Any:
        await verifier.verify_async(expired)

    async def main() -> list[Any]:
        return await asyncio.gather(
            *(one() if n % 2 else another() for n in range(12)), return_exceptions=True
        )

    errors = asyncio.run(main())
    assert len({id(error) for error in errors}) == 12
    for n, error in enumerate(errors):
        assert type(error) is cyjwt.ExpiredSignatureError
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert frames[0] == ("one" if n % 2 else "another")
        assert not {"one", "another"} & set(frames[1:])
        assert error.__context__ is None
        assert error.__cause__ is None


def test_an_exception_holds_nothing(here: None) -> None:
    """It goes when the caller lets go of it: no circle keeps it, its frames and their tokens for the collector."""
    verifier, bad = pair("ES256").verifier(), pair("ES256").token({"exp": 1})
    gone: list[weakref.ref[BaseException]] = []

    async def caller() -> None:
        try:
            await verifier.verify_async(bad)
        except cyjwt.InvalidTokenError as error:
            gone.append(weakref.ref(error))

    async def main() -> None:
        for _ in range(2):
            await asyncio.gather(*(caller() for _ in range(5)))

    gc.disable()
    try:
        asyncio.run(main())
        assert len(gone) == 10
        assert not [error for error in gone if error() is not None]
    finally:
        gc.enable()


def test_a_clock_that_raises_raises_for_each(here: None) -> None:
    """What is no fault of the token reaches every caller too, as an instance of its own."""
    good = [NOW]

    def broken() -> float:
        if good:
            return good.pop()
        raise LookupError("no time")

    verifier = pair("ES256").verifier(clock=broken)
    token = pair("ES256").token()

    async def main() -> list[Any]:
        return await asyncio.gather(*(verifier.verify_async(token) for _ in range(9)), return_exceptions=True)

    good[:] = []
    errors = asyncio.run(main())
    assert [type(error) for error in errors] == [LookupError] * 9
    assert len({id(error) for error in errors}) == 9


def test_a_buffer_is_read_when_the_call_is_made(here: None) -> None:
    verifier, token = pair("ES256").verifier(), pair("ES256").token(good_claims(n=1))
    texts = [bytearray(token.encode()) for _ in range(4)]

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(verifier.verify_async(memoryview(text))) for text in texts]
        calls.append(asyncio.ensure_future(asyncio.sleep(0)))
        await asyncio.sleep(0)
        for text in texts:
            text[:20] = b"A" * 20
        return await asyncio.gather(*calls)

    assert asyncio.run(main()) == [good_claims(n=1)] * 4 + [None]


def test_what_a_subclass_adds_to_verify_is_not_left_out() -> None:
    class Picky(cyjwt.Verifier):
        def verify(self, token: Any, /) -> dict[str, Any]:
            claims = super().verify(token)
            if claims["n"] == 3:
                raise cyjwt.InvalidTokenError("revoked")
            return claims

    verifier = Picky(pair("RS256").public, clock=clock)

    async def main() -> list[Any]:
        calls = (verifier.verify_async(token) for token in tokens("RS256", 6))
        return await asyncio.gather(*calls, return_exceptions=True)

    for _ in range(2):
        assert [isinstance(one, cyjwt.InvalidTokenError) for one in asyncio.run(main())] == [
            n == 3 for n in range(6)
        ]


# -- surroundings


def test_it_is_a_coroutine_function() -> None:
    assert inspect.iscoroutinefunction(cyjwt.Verifier.verify_async)
    assert str(inspect.signature(cyjwt.Verifier.verify_async)).startswith("(self, token: ")


def test_context_variables(here: None) -> None:
    """Each caller finds its own again; a clock that looks at them sees no caller's."""
    who: contextvars.ContextVar[int] = contextvars.ContextVar("who", default=-1)
    seen = []

    def looking() -> int:
        seen.append(who.get())
        return NOW

    verifier, good = pair("RS256").verifier(clock=looking), tokens("RS256", 6)
    seen.clear()

    async def caller(n: int) -> int:
        who.set(n)
        assert (await verifier.verify_async(good[n]))["n"] == n
        return who.get()

    async def main() -> None:
        assert await asyncio.gather(*(caller(n) for n in range(6))) == list(range(6))

    asyncio.run(main())
    assert seen == [0, -1]


@pytest.mark.parametrize("place", ["here", "apart"])
@pytest.mark.filterwarnings("error")
def test_debug_mode(place: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """asyncio's own checks (which thread calls what) find nothing."""
    request.getfixturevalue(place)
    verifier, mixed = pair("ES256").verifier(), [*tokens("ES256", 20), *bad_tokens("ES256")]

    async def main() -> list[Any]:
        asyncio.get_running_loop().slow_callback_duration = 60
        return await asyncio.gather(*(async_verdict(verifier, token) for token in mixed))

    for _ in range(2):
        assert asyncio.run(main(), debug=True) == [verdict(verifier, token) for token in mixed]
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
@pytest.mark.parametrize("place", ["here", "apart"])
def test_eager_tasks(place: str, request: pytest.FixtureRequest, runs: Runs) -> None:
    """Tasks that begin to run when they are made."""
    request.getfixturevalue(place)
    verifier, mixed = pair("ES256").verifier(), [*tokens("ES256", 20), *bad_tokens("ES256")]
    expected = [verdict(verifier, token) for token in mixed]

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        for _ in range(2):
            assert await asyncio.gather(*(async_verdict(verifier, token) for token in mixed)) == expected

    asyncio.run(main())
    assert sum(runs.sizes) == 2 * len(mixed) - 1


def test_ctrl_c_is_for_the_loop(here: None) -> None:
    """It leaves the loop as it would from any callback, and who waits is served if the loop goes on."""
    interrupts: list[BaseException] = []

    def interrupted() -> float:
        if interrupts:
            raise interrupts.pop()
        return NOW

    verifier, good = pair("ES256").verifier(clock=interrupted), tokens("ES256", 6)
    loop = asyncio.new_event_loop()
    try:

        async def main() -> list[Any]:
            calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
            await asyncio.sleep(0)
            interrupts.append(KeyboardInterrupt())
            return await asyncio.gather(*calls)

        task = loop.create_task(main())
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(task)
        assert not task.done()
        assert [one["n"] for one in loop.run_until_complete(task)] == list(range(6))
    finally:
        loop.close()


def test_an_exit_in_a_thread_reaches_the_loop(apart: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no Exception is raised where it ends the program, not lost in a thread."""
    exits: list[BaseException] = []

    def leaving() -> float:
        if exits:
            raise exits.pop()
        return NOW

    verifier, good = pair("ES256").verifier(clock=leaving), tokens("ES256", 6)

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(verifier.verify_async(token)) for token in good]
        await asyncio.sleep(0)
        exits.extend([SystemExit(2), SystemExit(1)])
        return await asyncio.gather(*calls)

    with pytest.raises(SystemExit):
        asyncio.run(main())


def test_nothing_is_left_behind(here: None) -> None:
    """Neither futures nor runs, after many turns with all kinds of ends."""
    verifier, mixed = pair("ES256").verifier(), [*tokens("ES256", 6), *bad_tokens("ES256")]

    def living() -> int:
        kinds = (asyncio.Future, _turns.Run)
        return sum(isinstance(one, kinds) for one in gc.get_objects() if type(one).__module__ != "weakref")

    async def main() -> None:
        await asyncio.sleep(0)
        gc.collect()
        before = living()
        for _ in range(20):
            calls = [asyncio.ensure_future(async_verdict(verifier, token)) for token in mixed]
            await asyncio.sleep(0)
            calls[-1].cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        del calls
        await asyncio.sleep(0)
        assert living() <= before

    gc.collect()
    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()
