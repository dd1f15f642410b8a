"""ReadAhead: the input is read by a thread of its own, no further than one batch ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator

from cyjwt.cli.inputs.part import Part, joined

__all__ = ["ReadAhead"]


class ReadAhead:
    """Reads parts in another thread, and gives them joined to batches.

    A batch is what there is, up to so many rows: whoever waits at the end of a pipe gets each result at once,
    and a file that is read faster than it is verified comes in full batches.

    Args:
        parts: gives the parts; it is run, and closed, by the other thread.
        rows: the most rows of a batch, and the most that are read ahead of it.
        together: the most parts of a batch, and the most that are read ahead of it.
    """

    def __init__(self, parts: Generator[Part, None, None], rows: int, together: int) -> None:
        self._rows = rows
        self._together = together
        self._ready: deque[Part] = deque()
        self._held = 0
        self._change = threading.Condition()
        self._failure: BaseException | None = None
        self._ended = False
        self._stopped = False
        # The thread may wait for a pipe for ever: it must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, args=(parts,), name="cyjwt-read", daemon=True)
        self._thread.start()

    def _run(self, parts: Generator[Part, None, None]) -> None:
        failure: BaseException | None = None
        try:
            for part in parts:
                if not self._put(part):
                    break
        except BaseException as error:
            failure = error
        finally:
            try:
                parts.close()
            except BaseException as error:
                failure = failure or error
            with self._change:
                self._failure, self._ended = failure, True
                self._change.notify_all()

    def _put(self, part: Part) -> bool:
        count = len(part.tokens)
        with self._change:
            self._change.wait_for(lambda: self._stopped or not self._ready or self._fits(count))
            self._ready.append(part)
            self._held += count
            self._change.notify_all()
            return not self._stopped

    def _fits(self, count: int) -> bool:
        return self._held + count <= self._rows and len(self._ready) < self._together

    def take(self) -> Part | None:
        """Wait for the next batch.

        Returns:
            It, or None at the end.

        Raises:
            BaseException: what the reading raised, when all that was read before has been taken.
        """
        # No loop stands within the with: Ctrl-C while it jumps back would leave the lock held. See run.py.
        with self._change:
            self._change.wait_for(lambda: self._ready or self._ended)
            taken = self._taken()
            self._change.notify_all()
        if taken:
            return joined(taken)
        if self._failure is not None:
            raise self._failure
        return None

    def _taken(self) -> list[Part]:
        taken: list[Part] = []
        count = 0
        while self._ready and len(taken) < self._together:
            count += len(self._ready[0].tokens)
            if taken and count > self._rows:
                break
            taken.append(self._ready.popleft())
        self._held = sum(len(part.tokens) for part in self._ready)
        return taken

    def stop(self) -> None:
        """Have the other thread end, and wait for it unless it waits for input itself."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        self._thread.join(0.2)
