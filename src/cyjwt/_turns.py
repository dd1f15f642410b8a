"""Callers that wait in an event loop, gathered turn by turn and verified together.

A turn begins with the first call and ends when the loop comes round to what that call has scheduled. A call that has
met no company is verified at once, so that it costs no more than ``verify``; whoever comes later in the turn waits for
its end, when all who wait share one run. After a turn with company the next one's first call waits as well. Where there
are no lanes to share, nobody waits but those who come when the turn has lasted too long already.
"""

from __future__ import annotations

import os
from asyncio import _get_running_loop as running_loop
from asyncio import current_task
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from time import monotonic, thread_time
from weakref import WeakKeyDictionary, ref

from cyjwt._engine import lanes
from cyjwt._engine.batch import Work, refusal
from cyjwt._engine.single import at_hand, verify
from cyjwt._engine.verify import Engine
from cyjwt._parallel import cores
from cyjwt.algorithms import HMAC, RSA_PKCS1, RSA_PSS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Task
    from typing import Any

__all__ = ["Turns"]

#: Seconds that a run may keep its loop from other work; a longer one goes to threads.
STALL = 0.001
#: So many who wait are quicker together; fewer would rather not have waited.
COMPANY = 3
#: What ends a program rather than a call; asyncio lets nothing else out of a loop.
END = (KeyboardInterrupt, SystemExit)
#: Signatures that share lanes, and the most tokens that one thread takes at a time.
LANES, MOST = 8, 256
#: Seconds for which one task may verify token after token before it lets others run.
ALONE = 0.00025
#: Seconds of one token, until it is measured: where all allowed algorithms are RSA, and elsewhere. Too much sends a run
#: to a thread that needed none; too little stalls the loop.
RSA_AT_FIRST, COST_AT_FIRST = 15e-6, 100e-6
#: Beyond this the interpreter lock, under which claims are made, leaves threads little to gain.
MOST_THREADS = 4


class Turns:
    """The event loops in which a verifier's callers wait.

    Args:
        families: those of the algorithms that the verifier allows.
        direct: whether no call is to wait, whatever the algorithms.
    """

    __slots__ = ("_cost", "_direct", "_known", "_lanes", "_last")

    def __init__(self, families: set[int], direct: bool) -> None:
        # An HMAC is checked in less time than it takes to wait.
        self._direct = direct or families == {HMAC}
        self._lanes = lanes.live()
        self._cost = Cost(RSA_AT_FIRST if families <= {RSA_PKCS1, RSA_PSS} else COST_AT_FIRST)
        self._known: WeakKeyDictionary[AbstractEventLoop, Collector] = WeakKeyDictionary()
        self._last: Collector | None = None

    def join(self, engine: Engine, token: Any) -> Awaitable[Any] | None:
        """Wait with the others of this turn.

        Args:
            engine: the verifier.
            token: any token.

        Returns:
            A future of the token's claims, or of the exception (as its result, too) that ``verify`` would raise; or
            ``None`` where the caller should verify the token itself.

        Raises:
            InvalidTokenError: the token is neither text nor octets.
        """
        loop = None if self._direct else running_loop()
        if loop is None or engine._keeps(token):
            return None
        collector = self._last
        if collector is None or collector.loop() is not loop:
            collector = self._collector(loop)
        # Who is no task of this loop (trio as its guest, say) cannot wait in it.
        task = current_task(loop)
        if task is None:
            return None
        turn = collector.turn()
        if turn is None:
            turn = Turn(loop, collector, engine)
            collector.turn = ref(turn)
            loop.call_soon(turn.end, context=collector.context)
            turn.began = monotonic()
            direct = collector.company < COMPANY or not self._lanes
        elif task is turn.task:
            # Token after token. Company comes to nothing if it is not let in now and then.
            direct = collector.company < 2 and monotonic() < turn.began + ALONE
        else:
            direct = not self._lanes and monotonic() < turn.began + STALL
        if direct:
            turn.task = task
            return None
        if type(token) is not str and type(token) is not bytes:
            token = engine._held(token)
        future: Future[Any] = loop.create_future()
        turn.futures.append(future)
        turn.tokens.append(token)
        return future

    def _collector(self, loop: AbstractEventLoop) -> Collector:
        collector = self._known.get(loop)
        if collector is None:
            collector = self._known[loop] = Collector(loop, self._cost)
        self._last = collector
        return collector


class Cost:
    """What tokens of a verifier have cost in runs, which several loops learn together.

    Attributes:
        seconds: what one token is thought to cost.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def learn(self, seconds: float) -> None:
        """Believe at once that tokens cost more than thought, and by and by that they cost less."""
        self.seconds = max(seconds, (self.seconds + seconds) / 2)


class Collector:
    """What lasts from turn to turn of one loop. It keeps neither the loop alive nor who waits in it.

    Attributes:
        loop: refers to the loop.
        turn: refers to the turn that has begun; its end, which the loop has scheduled, keeps that alive.
        company: how many waited in the last turn.
        cost: of one token.
        context: what the turns' ends run in, so that no caller's context variables leak into another's verdict.
    """

    __slots__ = ("company", "context", "cost", "loop", "turn")

    def __init__(self, loop: AbstractEventLoop, cost: Cost) -> None:
        self.loop = ref(loop)
        self.turn: Callable[[], Turn | None] = _no_turn
        self.company = 0
        self.cost = cost
        self.context = Context()


class Run:
    """Tokens that are verified together, and who waits for them."""

    __slots__ = ("collector", "engine", "futures", "loop", "tokens")

    def __init__(
        self,
        loop: AbstractEventLoop,
        collector: Collector,
        engine: Engine,
        futures: list[Future[Any]],
        tokens: list[str | bytes],
    ) -> None:
        self.loop = loop
        self.collector = collector
        self.engine = engine
        self.futures = futures
        self.tokens = tokens

    def waiting(self) -> tuple[list[Future[Any]], list[str | bytes]]:
        """Who still waits, and for which tokens; the others have been cancelled."""
        if True not in [future.done() for future in self.futures]:
            return self.futures, self.tokens
        pairs = [pair for pair in zip(self.futures, self.tokens, strict=True) if not pair[0].done()]
        return [future for future, _ in pairs], [token for _, token in pairs]

    def here(self) -> None:
        """Verify them in the loop's own thread."""
        futures, tokens = self.waiting()
        began = thread_time()
        try:
            outcomes = verify_all(self.engine, tokens)
        except END:
            # It is for the loop to raise. If the loop goes on, so do those who wait.
            self.loop.call_soon(self.here, context=self.collector.context)
            raise
        self.settle(futures, outcomes, thread_time() - began)

    def apart(self) -> None:
        """Verify them in another thread, and leave it to the loop to tell who waits."""
        if self.loop.is_closed():
            return
        futures, tokens = self.waiting()
        began = thread_time()
        try:
            outcomes = verify_all(self.engine, tokens)
        except BaseException:
            self._call(self.here)
        else:
            self._call(self.settle, futures, outcomes, thread_time() - began)

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self.loop.call_soon_threadsafe(callback, *arguments, context=self.collector.context)
        except RuntimeError:
            # The loop was closed meanwhile: nobody waits.
            return

    def settle(self, futures: list[Future[Any]], outcomes: list[Any], seconds: float) -> None:
        """Give each its own."""
        if len(outcomes) >= LANES:
            # Fewer tell little, since a lane left empty costs as much as a full one.
            self.collector.cost.learn(seconds / len(outcomes))
        for future, outcome in zip(futures, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)


class Turn(Run):
    """A run that is gathering.

    Attributes:
        task: who came last and did not wait, if any.
        began: when it did, by ``monotonic``.
    """

    __slots__ = ("__weakref__", "began", "task")

    def __init__(self, loop: AbstractEventLoop, collector: Collector, engine: Engine) -> None:
        super().__init__(loop, collector, engine, [], [])
        self.task: Task[Any] | None = None
        self.began = 0.0

    def end(self) -> None:
        """Verify for all who wait."""
        collector = self.collector
        collector.turn = _no_turn
        collector.company = len(self.futures)
        futures, tokens = self.futures, self.tokens = self.waiting()
        count = len(futures)
        cost = collector.cost.seconds
        if count * cost <= STALL:
            if count:
                self.here()
            return
        size = share(count, cost)
        for first in range(0, count, size):
            part = slice(first, first + size)
            run = Run(self.loop, collector, self.engine, futures[part], tokens[part])
            try:
                workers().submit(run.apart)
            except RuntimeError:
                # No thread can be had, or none any more since the interpreter is about to end.
                run.here()


def _no_turn() -> None:
    return None


def share(count: int, cost: float) -> int:
    """How many tokens one thread takes at a time: what fills lanes, keeps all threads busy and is soon done."""
    parts = max(int(count * cost / STALL), threads())
    return min(-(-count // (parts * LANES)) * LANES, MOST)


def verify_all(engine: Engine, tokens: list[str | bytes]) -> list[Any]:
    """Verify several tokens together.

    Args:
        engine: the verifier.
        tokens: the tokens.

    Returns:
        For each its claims, or the exception that ``verify`` would raise: one of its own.
    """
    if len(tokens) > 1:
        try:
            work = Work(engine, tuple(tokens), True)
            work.of_turn = True
            work.work()
        except END:
            raise
        except BaseException:
            # A caller's clock, or lack of memory. It is for each of them to meet.
            return [outcome(engine, token) for token in tokens]
        outcomes: list[Any] = work.results or []
        if work.statuses.count(0) < len(tokens):
            for index, status in enumerate(work.statuses):
                if status:
                    detail = work.details.get(index)
                    outcomes[index] = refusal(work.checked, status, work.absent[index], detail)
        return outcomes
    return [outcome(engine, token) for token in tokens]


def outcome(engine: Engine, token: str | bytes) -> Any:
    """The claims of a token, or the exception. It waits for no keys."""
    try:
        return verify(at_hand(engine), token)
    except END:
        raise
    except BaseException as error:
        return error


def threads() -> int:
    """How many threads long runs may have. A core is left to the loop, which would wait for its share of time."""
    return max(1, min(cores() - 1, MOST_THREADS))


#: Threads of our own: in the loop's executor a run would wait behind what blocks there, which may wait for the run.
_workers: ThreadPoolExecutor | None = None


def workers() -> ThreadPoolExecutor:
    """The threads for long runs of all loops."""
    global _workers
    pool = _workers
    if pool is None:
        # If two threads come here at once, the pool that loses finishes its work and goes.
        pool = _workers = ThreadPoolExecutor(threads(), "cyjwt")
    return pool


def _forget_workers() -> None:
    global _workers
    _workers = None


if hasattr(os, "register_at_fork"):
    # A forked process has a copy of the pool, but none of its threads.
    os.register_at_fork(after_in_child=_forget_workers)
