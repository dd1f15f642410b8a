"""Keys that change, in an event loop: their source is asked in another thread, and whoever needs no answer goes on."""

from __future__ import annotations

import copy
import os
from asyncio import _get_running_loop as running_loop
from asyncio import current_task, shield, wrap_future
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from threading import Lock, Thread

from cyjwt._engine.keysource import KeySource
from cyjwt._engine.verify import Engine
from cyjwt._turns import Turns, outcome
from cyjwt.errors import JWKSError, JWKSUnavailableError, KeyNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: A call of the source, by what tells it from others.
    Question = tuple[str, str | None]

__all__ = ["LiveTurns"]


class LiveTurns(Turns):
    """The event loops in which the callers of a verifier with a source wait, for each other and for keys.

    Args:
        families: as for ``Turns``.
        direct: as for ``Turns``: whether the verifier is of a class with a ``verify`` of its own, most of all.
        source: where the keys come from.
    """

    __slots__ = ("_asking", "_own", "_source")

    def __init__(self, families: set[int], direct: bool, source: KeySource) -> None:
        super().__init__(families, direct)
        self._own = direct
        self._source = source
        self._asking = Asking(source)

    def join(self, engine: Engine, token: Any) -> Awaitable[Any] | None:
        """Wait with the others of this turn, and for a key that is not found, once.

        Args:
            engine: the verifier.
            token: any token.

        Returns:
            What to wait for, as of ``Turns.join``; besides it may raise ``JWKSUnavailableError`` where no keys may
            serve. ``None`` where no task of an event loop of asyncio asks, so that nothing can be waited for in it.

        Raises:
            InvalidTokenError: the token is neither text nor octets.
        """
        loop = running_loop()
        if loop is None or current_task(loop) is None:
            return None
        return self._verify(engine, token if type(token) in (str, bytes) else engine._held(token))

    async def _verify(self, engine: Engine, token: str | bytes) -> Any:
        if not self._source._ready():
            await self._asking.answer(("due", None))
        snapshot = self._source.snapshot
        verdict = await self._once(engine, token)
        if isinstance(verdict, JWKSUnavailableError):
            # The keys have become too old since this looked. There may be others.
            await self._asking.answer(("due", None))
            verdict = await self._once(engine, token)
        if isinstance(verdict, KeyNotFoundError) and verdict.code == KeyNotFoundError.code:
            kid = engine._header_and_signature(token)[0].get("kid")
            # A flood of unknown keys is not to become one of questions.
            found = not self._source._refuses(kid) and await self._asking.answer(("missing", kid))
            if found or self._source.snapshot is not snapshot:
                verdict = await self._once(engine, token)
        # What a class adds to verify is not left out, and has nothing to wait for any more.
        return engine.verify(token) if self._own else verdict  # type: ignore[attr-defined]

    async def _once(self, engine: Engine, token: str | bytes) -> Any:
        future = super().join(engine, token)
        return outcome(engine, token) if future is None else await future


class Asking:
    """Calls of a source that may wait, one after the other in one thread, and once for all who ask the same.

    The thread is there as long as there is something to ask. It does not keep the process from its end.
    """

    __slots__ = ("_queue", "_source")

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._queue = Queue()

    async def answer(self, question: Question) -> bool:
        """Wait for the source's answer.

        Raises:
            JWKSError: what the source raised, an exception of the caller's own.
        """
        queue = self._queue
        if queue.pid != os.getpid():
            # A forked process has a copy of the queue, but nobody who works on it.
            queue = self._queue = Queue()
        try:
            return await shield(wrap_future(queue.put(question, self._call)))
        except JWKSError as error:
            again = copy.copy(error)
            again.__cause__ = error
            raise again from error

    def _call(self, question: Question) -> bool:
        kind, kid = question
        if kind == "due":
            self._source._due()
            return True
        return bool(self._source._missing(kid))


class Queue:
    """Questions that wait to be answered, and who waits for the answers.

    Attributes:
        pid: the process that it belongs to.
    """

    __slots__ = ("_busy", "_futures", "_lock", "_questions", "pid")

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = Lock()
        self._busy = False
        self._questions: deque[Question] = deque()
        self._futures: dict[Question, Future[bool]] = {}

    def put(self, question: Question, call: Callable[[Question], bool]) -> Future[bool]:
        """Give the future of the answer, which may be that of somebody who asked the same before."""
        with self._lock:
            future = self._futures.get(question)
            if future is not None:
                return future
            future = self._futures[question] = Future()
            future.set_running_or_notify_cancel()
            self._questions.append(question)
            begin, self._busy = not self._busy, True
        if begin:
            try:
                Thread(target=self._work, args=(call,), name="cyjwt-keys", daemon=True).start()
            except RuntimeError:
                # No thread can be had.
                self._work(call)
        return future

    def _work(self, call: Callable[[Question], bool]) -> None:
        while (question := self._next()) is not None:
            answer: bool | BaseException
            try:
                answer = call(question)
            except BaseException as error:
                answer = error
            # Who asks from now on wants an answer of its own.
            future = self._futures.pop(question)
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
            del answer, future

    def _next(self) -> Question | None:
        with self._lock:
            if self._questions:
                return self._questions.popleft()
            self._busy = False
            return None
