"""The group of commands, and what is the same for all of them: exit statuses, pipes, Ctrl-C."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any, cast

import click

from cyjwt.cli.failure import Failure, drop_unwritten
from cyjwt.info import __version__

__all__ = ["app"]

_COMMANDS = ("keygen", "jwks", "sign", "verify", "inspect", "info")

#: What a shell reports of a program that a closed pipe, or Ctrl-C, has ended (128 + the signal).
_BROKEN_PIPE = 141
_INTERRUPTED = 130


class _Commands(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which one meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(f"cyjwt.cli.{cmd_name}").command)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the options, some of which are answered at once."""
        with _answering():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with _answering():
            return super().invoke(ctx)


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """A closed pipe, a full disk and Ctrl-C end a command with a status of their own, and without a traceback."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        raise click.exceptions.Exit(_BROKEN_PIPE) from None
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_INTERRUPTED) from None
    except OSError as error:
        raise Failure(error.strerror or str(error)) from None
    finally:
        drop_unwritten(sys.stdout)
        drop_unwritten(sys.stderr)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cyjwt")
def app() -> None:
    """Make keys, sign tokens, and verify them: one token, a pipe, or a file of millions.

    \b
    A first round:
      cyjwt keygen --algorithm ES256 --out private.jwk
      cyjwt jwks private.jwk --out jwks.json
      cyjwt sign --key private.jwk --audience orders --lifetime 900 '{"sub": "42"}' > token.txt
      cyjwt verify --key jwks.json --audience orders token.txt

    Every command explains itself: cyjwt COMMAND --help.

    \b
    Exit status: 0 it worked, and every token was valid
                 1 at least one token was not
                 2 wrong usage, or input that cannot be read
    """  # noqa: D301 - click's \b
