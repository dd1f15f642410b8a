"""Ctrl-C, put off for a moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["undisturbed"]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Have Ctrl-C wait until a batch is written, so that a file ends with a whole one, and the one that is counted.

    Only for what ends by itself: writing to a pipe may not.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; at the end.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Ctrl-C is ignored, as in the background of a shell, or somebody else's business.
        yield
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
