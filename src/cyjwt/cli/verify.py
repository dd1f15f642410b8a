"""``cyjwt verify``: one token, a pipe of tokens, or a file of them."""

from __future__ import annotations

from collections.abc import Collection

import click

from cyjwt.algorithms import ALGORITHMS
from cyjwt.cli import inputs, outputs
from cyjwt.cli.keyfiles import verification_keys
from cyjwt.cli.run import Run, verify_input, verify_one
from cyjwt.cli.source import looks_like_file, piped_in
from cyjwt.errors import CyJWTError
from cyjwt.policy import DEFAULT_TOKEN_SIZE
from cyjwt.verifier import Verifier

__all__ = ["command"]

#: Enough for the lanes and the threads; more brings nothing.
_BATCH = 10_000


def _delimiter(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    named = {"tab": "\t", "\\t": "\t"}.get(value or "", value)
    if named is not None and (len(named) != 1 or not named.isascii() or named in '"\r\n'):
        raise click.BadParameter("one ASCII character, no quote and no line end; or tab.")
    return named


@click.command("verify", short_help="Verify one token, a pipe of tokens, or a file of them.")
@click.argument("given", required=False, metavar="[TOKEN_OR_FILE]")
@click.option("-f", "--file", "file", metavar="FILE", help="A file of tokens.")
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
@click.option(
    "--input-format",
    type=click.Choice(inputs.FORMATS),
    help="What the input is. [default: by its name, its first octets and the options]",
)
@click.option("--field", metavar="NAME", help="NDJSON: the member that holds the token. [default: token]")
@click.option("--column", metavar="NAME", help="CSV, Parquet: the column that holds it. [default: token]")
@click.option(
    "--delimiter",
    metavar="CHARACTER",
    callback=_delimiter,
    help="CSV: what stands between fields. [default: a comma; a tab in .tsv]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a token; the summary to stderr.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the results there: .ndjson, .csv or .parquet; - for stdout."
)
@click.option(
    "--output-format", type=click.Choice(outputs.FORMATS), help="Their form. [default: by the file's name]"
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME[:TYPE]",
    help="A claim to write. TYPE: string, int64, double, bool, list<string> or json. May be repeated.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=_BATCH,
    show_default=True,
    metavar="TOKENS",
    help="How many tokens to verify, and hold, at a time.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="NUMBER", help="How many verify. [default: the cores]"
)
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
    input_format: str | None,
    field: str | None,
    column: str | None,
    delimiter: str | None,
    as_json: bool,
    output: str | None,
    output_format: str | None,
    claims: tuple[str, ...],
    batch_size: int,
    threads: int | None,
    quiet: int,
) -> None:
    """Verify signatures and claims, and say of every bad token why.

    TOKEN_OR_FILE is a token, or the name of a file of them: text with one a line, NDJSON, CSV or Parquet,
    plain or compressed by gzip or Zstandard. With -, or with nothing where something is piped in, standard input
    is read. A name that has a slash, a file that exists, and an ending such as .txt or .gz mean a file; --file
    says so outright. A script that was handed a token should pipe it in, so that nobody can hand it an option or
    a file's name.

    A bad line is told with its number and reason, and the run goes on. Blank lines are no tokens. A summary
    by reason follows. One token given as the argument has its claims printed.

    One key serves whatever kid a token names; in a JWK Set, or with several --key, the token's kid is
    looked up. Which algorithms may be used is up to the keys and --algorithm, never to the token.

    \b
      cyjwt verify --key public.pem --issuer https://issuer.example/ --audience orders eyJhbGciOi...
      cyjwt verify --key jwks.json --audience orders --require sub tokens.txt.gz
      cyjwt verify --key jwks.json --key hmac.jwk --audience orders --json < tokens.txt > results.jsonl
      cyjwt verify --key jwks.json --field auth.token --claim sub --claim exp requests.ndjson.zst -o results.csv
      cyjwt verify --key jwks.json --column access_token --claim scope:string table.parquet -o results.parquet
      cyjwt verify --secret-file secret.bin --algorithm HS256 --quiet tokens.txt

    \b
    With --json each line is one of
      {"line":1,"status":"valid","claims":{...}}
      {"line":2,"status":"invalid","reason":"expired","error":"ExpiredSignatureError",
       "message":"The token has expired","claim":"exp"}
    and --claim leaves in claims those that it names. CSV and Parquet have a row a token: line (row, of
    Parquet), status, reason, and a column for each --claim.

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
    asked = outputs.read_output(as_json=as_json, path=output, kind=output_format, claims=claims)
    try:
        verifier.verify_batch((), claims=[claim.name for claim in asked.claims] if asked else False)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    if given is None and file is None and not piped_in():
        raise click.UsageError("Give a token, a file, or - for standard input.")
    path = file if file is not None else given
    # Standard input may well be a file, whose name nobody tells: its descriptor is asked.
    read = [0 if path in (None, "-") else path, *keys, *((secret_file,) if secret_file is not None else ())]
    run = Run(asked, batch_size, threads, quiet, read)
    if given is not None and given != "-" and not looks_like_file(given):
        status = verify_one(verifier, given, run)
    else:
        wanted = inputs.Wanted(input_format, field, column, delimiter, max_token_size, batch_size)
        status = verify_input(verifier, inputs.open_input(None if path == "-" else path, wanted), run)
    if status:
        click.get_current_context().exit(status)


def _required(names: Collection[str], no_exp: bool) -> tuple[str, ...]:
    if no_exp and "exp" in names:
        raise click.UsageError("--no-require-exp contradicts --require exp.")
    return (*(() if no_exp else ("exp",)), *names)
