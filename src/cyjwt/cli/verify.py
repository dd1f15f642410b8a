"""``cyjwt verify``: one token, a pipe of tokens, or a file of them."""

from __future__ import annotations

import sys
from collections.abc import Collection

import click

from cyjwt.algorithms import ALGORITHMS
from cyjwt.cli.failure import Failure
from cyjwt.cli.keyfiles import verification_keys
from cyjwt.cli.lines import (
    Source,
    UnreadableError,
    blocks,
    looks_like_file,
    no_such_file,
    on_terminal,
    open_source,
    piped_in,
)
from cyjwt.cli.text import json_line, write_bytes, write_pretty
from cyjwt.errors import CyJWTError, InvalidTokenError
from cyjwt.policy import DEFAULT_TOKEN_SIZE
from cyjwt.verifier import Verifier

__all__ = ["command"]

_NOT_VALID = 1
_UNREADABLE = 2
_INTERRUPTED = 130


@click.command("verify", short_help="Verify one token, a pipe of tokens, or a file of them.")
@click.argument("given", required=False, metavar="[TOKEN_OR_FILE]")
@click.option("-f", "--file", "file", metavar="FILE", help="A file of tokens, one a line, plain or gzipped.")
@click.option(
    "-k",
    "--key",
    "keys",
    multiple=True,
    metavar="FILE",
    help="A key: PEM, DER, JWK or JWK Set. May be repeated.",
)
@click.option(
    "--secret-file",
    metavar="FILE",
    help="An HMAC secret: every octet of the file, a final newline too. Needs --algorithm.",
)
@click.option(
    "--private-set",
    is_flag=True,
    help="Take private keys and secrets from JWK Sets too: for a set of your own, not a published one.",
)
@click.option(
    "-a",
    "--algorithm",
    "algorithms",
    multiple=True,
    type=click.Choice(list(ALGORITHMS)),
    metavar="NAME",
    help="An algorithm to allow. May be repeated. [default: what each key is fit for]",
)
@click.option(
    "--issuer", "issuers", multiple=True, metavar="TEXT", help="The iss to insist on; repeated: one of them."
)
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    metavar="TEXT",
    help="An audience (aud) you answer to. May be repeated. Without it a token that has an aud is refused.",
)
@click.option("--subject", metavar="TEXT", help="The sub to insist on.")
@click.option(
    "--leeway",
    type=float,
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="How far the clocks may differ.",
)
@click.option(
    "--require",
    "required",
    multiple=True,
    metavar="CLAIM",
    help="A claim that must be present, beside exp. May be repeated.",
)
@click.option(
    "--no-require-exp", is_flag=True, help="Accept tokens without exp; where it is present, it still counts."
)
@click.option("--type", "typ", metavar="TEXT", help="The header's typ to insist on, such as at+jwt.")
@click.option("--max-age", type=float, metavar="SECONDS", help="Refuse tokens whose iat is longer ago.")
@click.option(
    "--max-token-size",
    type=int,
    default=DEFAULT_TOKEN_SIZE,
    show_default=True,
    metavar="OCTETS",
    help="Refuse longer tokens.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a token; the summary to stderr.")
@click.option(
    "-q", "--quiet", count=True, help="Only the summary, or only the results of --json; -qq: nothing."
)
def command(
    given: str | None,
    file: str | None,
    keys: tuple[str, ...],
    secret_file: str | None,
    private_set: bool,
    algorithms: tuple[str, ...],
    issuers: tuple[str, ...],
    audiences: tuple[str, ...],
    subject: str | None,
    leeway: float,
    required: tuple[str, ...],
    no_require_exp: bool,
    typ: str | None,
    max_age: float | None,
    max_token_size: int,
    as_json: bool,
    quiet: int,
) -> None:
    """Verify signatures and claims, and say of every bad token why.

    TOKEN_OR_FILE is a token, or the name of a file of tokens, one a line, plain or gzipped; with -, or
    with nothing where something is piped in, the lines come from standard input. A name that has a slash,
    a file that exists, and an ending such as .txt or .gz mean a file; --file says so outright. A script
    that was handed a token should pipe it in, so that nobody can hand it an option or a file's name.

    A bad line is told with its number and reason, and the run goes on. Blank lines are no tokens. A summary
    by reason follows. One token given as the argument has its claims printed.

    One key serves whatever kid a token names; in a JWK Set, or with several --key, the token's kid is
    looked up. Which algorithms may be used is up to the keys and --algorithm, never to the token.

    \b
      cyjwt verify --key public.pem --issuer https://issuer.example/ --audience orders eyJhbGciOi...
      cyjwt verify --key jwks.json --audience orders --require sub tokens.txt.gz
      cyjwt verify --key jwks.json --key hmac.jwk --audience orders --json < tokens.txt > results.jsonl
      cyjwt verify --secret-file secret.bin --algorithm HS256 --quiet tokens.txt

    \b
    With --json each line is one of
      {"line":1,"status":"valid","claims":{...}}
      {"line":2,"status":"invalid","reason":"expired","error":"ExpiredSignatureError",
       "message":"The token has expired","claim":"exp"}

    \b
    Exit status: 0 every token is valid
                 1 at least one is not
                 2 wrong usage, or input or a key that cannot be read, or no token in the input
               130 interrupted by Ctrl-C; the summary tells how far it came
    """  # noqa: D301 - click's \b
    if file is not None and given is not None:
        raise click.UsageError("Give a token, or a file, not both.")
    try:
        verifier = Verifier(
            verification_keys(keys, secret_file, algorithms, private_sets=private_set),
            algorithms=algorithms or None,
            issuer=issuers or None,
            audience=audiences or None,
            subject=subject,
            leeway=leeway,
            required=_required(required, no_require_exp),
            type=typ,
            max_age=max_age,
            max_token_size=max_token_size,
        )
    except (TypeError, ValueError, CyJWTError) as error:
        raise click.UsageError(f"{error}.") from None
    if given is None and file is None and not piped_in():
        raise click.UsageError("Give a token, a file, or - for standard input.")
    if given is not None and given != "-" and not looks_like_file(given):
        _verify_one(verifier, given, as_json=as_json, quiet=quiet)
        return
    path = file if file is not None else given
    with open_source(None if path == "-" else path) as source:
        status = _verify_lines(verifier, source, max_token_size, as_json=as_json, quiet=quiet)
    if status:
        click.get_current_context().exit(status)


def _required(names: Collection[str], no_exp: bool) -> tuple[str, ...]:
    if no_exp and "exp" in names:
        raise click.UsageError("--no-require-exp contradicts --require exp.")
    return (*(() if no_exp else ("exp",)), *names)


def _verify_one(verifier: Verifier, token: str, *, as_json: bool, quiet: int) -> None:
    from cyjwt.cli.report import refusal_members

    try:
        claims = verifier.verify(token)
    except InvalidTokenError as error:
        if as_json and quiet < 2:
            write_bytes(json_line({"line": 1, **refusal_members(error)}))
        elif not quiet:
            hint = no_such_file(token)
            click.echo(f"Not valid: {error.code}: {error} ({type(error).__name__}){hint}", err=True)
        click.get_current_context().exit(_NOT_VALID)
    if as_json and quiet < 2:
        write_bytes(json_line({"line": 1, "status": "valid", "claims": claims}))
    elif not quiet:
        write_pretty(claims)


def _verify_lines(verifier: Verifier, source: Source, most: int, *, as_json: bool, quiet: int) -> int:
    from rich.console import Console

    from cyjwt.cli.progress import bar, no_bar
    from cyjwt.cli.report import Report

    report = Report(verifier.verify, as_json=as_json and quiet < 2, each_bad=not as_json and not quiet)
    status, stopped = 0, ""
    shown = not quiet and on_terminal(sys.stderr) and not (as_json and on_terminal(sys.stdout))
    try:
        with bar(source, report) if shown else no_bar() as screen:
            for lines in blocks(source.read, most):
                output: list[bytes] = []
                try:
                    report.block(lines, output)
                finally:
                    if output:
                        screen.write(b"".join(output))
                screen.advance()
    except UnreadableError as error:
        status, stopped = _UNREADABLE, f"{source.name}: {error}"
    except KeyboardInterrupt:
        status, stopped = _INTERRUPTED, f"{source.name}: interrupted"
    if quiet < (1 if as_json else 2):
        report.summary(Console(stderr=as_json, highlight=False))
    if stopped:
        click.echo(f"Error: {stopped} after line {report.lines}", err=True)
        return status
    if not report.tokens:
        raise Failure(f"{source.name}: no token in it")
    return _NOT_VALID if report.invalid else 0
