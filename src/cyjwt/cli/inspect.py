"""``cyjwt inspect``: what a token says, unverified."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from cyjwt.cli.failure import Failure
from cyjwt.cli.lines import blocks
from cyjwt.cli.source import (
    UnreadableError,
    looks_like_file,
    no_such_file,
    open_source,
    piped_in,
)
from cyjwt.cli.text import json_line, write_bytes, write_pretty
from cyjwt.errors import DecodeError
from cyjwt.policy import DEFAULT_TOKEN_SIZE, LAST_DATE
from cyjwt.token import read_unverified

__all__ = ["command"]

_WARNING = (
    "UNVERIFIED: nothing was checked. Anybody may have written this token; never decide on what it says."
)


@click.command("inspect", short_help="Show what a token says, unverified.")
@click.argument("given", required=False, metavar="[TOKEN_OR_FILE]")
@click.option("-f", "--file", "file", metavar="FILE", help="A file that holds one token.")
@click.option("--json", "as_json", is_flag=True, help="Write one line of JSON.")
def command(given: str | None, file: str | None, as_json: bool) -> None:
    """Show a token's header and claims WITHOUT VERIFYING anything.

    For debugging, and for finding out which key and issuer a token claims to have. TOKEN_OR_FILE is a
    token, the name of a file that holds one, or - for standard input, which is read where something is
    piped in. A warning goes to standard error, and the dates in a form that people read.

    \b
      cyjwt inspect eyJhbGciOi...
      cyjwt inspect --json < token.txt
    """  # noqa: D301 - click's \b
    if file is not None and given is not None:
        raise click.UsageError("Give a token, or a file, not both.")
    if given is None and file is None and not piped_in():
        raise click.UsageError("Give a token, a file, or - for standard input.")
    path = file if file is not None else given
    text: str | bytes = given or ""
    if given is None or given == "-" or looks_like_file(given):
        text = _only_line(None if path == "-" else path)
    click.secho(_WARNING, err=True, fg="yellow", bold=True)
    try:
        token = read_unverified(text)
    except DecodeError as error:
        hint = no_such_file(text) if isinstance(text, str) else ""
        click.echo(f"Not a token: {error.code}: {error}{hint}", err=True)
        click.get_current_context().exit(1)
    shown = {"header": token.header, "claims": token.claims}
    if as_json:
        write_bytes(json_line(shown))
        return
    write_pretty(shown)
    for name in ("iat", "nbf", "exp"):
        date = _date(token.claims.get(name))
        if date:
            click.echo(f"{name} {date}", err=True)


def _only_line(path: str | None) -> bytes:
    found: bytes | None = None
    with open_source(path) as source:
        try:
            for lines in blocks(source.read, DEFAULT_TOKEN_SIZE):
                for line in filter(bytes.strip, lines):
                    if found is not None:
                        raise Failure(f"{source.name}: more than one line; inspect takes one token")
                    found = line
        except UnreadableError as error:
            raise Failure(f"{source.name}: {error}") from None
    if found is None:
        raise Failure(f"{source.name}: no token in it")
    return found


def _date(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LAST_DATE:
        return None
    date = datetime.fromtimestamp(int(value), UTC)
    seconds = int((date - datetime.now(UTC)).total_seconds())
    away = f"{abs(seconds):,} s" if abs(seconds) < 7200 else f"{abs(seconds) // 3600:,} h"
    return f"{date:%Y-%m-%d %H:%M:%S}Z ({f'in {away}' if seconds > 0 else f'{away} ago'})"
