"""Failure: what went wrong outside the tokens, told in one line, with exit status 2."""

from __future__ import annotations

import click

__all__ = ["Failure"]


class Failure(click.ClickException):
    """A file that cannot be read or written, a key that is refused, or an input that is broken."""

    exit_code = 2
