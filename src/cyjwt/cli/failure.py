"""Failure: what went wrong outside the tokens, told in one line, with exit status 2; and streams that cannot be written."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, Any, TextIO

import click

__all__ = ["Failure", "drop_unwritten"]


def drop_unwritten(stream: TextIO | None) -> None:
    """Give up what a standard stream could not write.

    Left in its buffer it would be tried, and fail, once more when the interpreter exits, which CPython answers with an
    exit status of its own.
    """
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Failure(click.ClickException):
    """A file that cannot be read or written, a key that is refused, or an input that is broken.

    Args:
        message: what went wrong. Files may have a say in it, so that no control character of it is let out.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in message))

    def show(self, file: IO[Any] | None = None) -> None:
        """Tell what went wrong; where that cannot be told, the exit status must do."""
        with contextlib.suppress(OSError):
            super().show(file)
        drop_unwritten(sys.stderr)
