"""Failure: what went wrong outside the tokens, told in one line, with exit status 2."""

from __future__ import annotations

import click

__all__ = ["Failure"]


class Failure(click.ClickException):
    """A file that cannot be read or written, a key that is refused, or an input that is broken.

    Args:
        message: what went wrong. Files may have a say in it, so that no control character of it is let out.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in message))
