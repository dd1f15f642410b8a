"""``cyjwt sign``: a token from claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cyjwt.algorithms import ALGORITHMS
from cyjwt.cli.failure import Failure
from cyjwt.cli.keyfiles import signing_key
from cyjwt.cli.source import piped_in, stdin
from cyjwt.cli.text import strict_json, write_bytes
from cyjwt.errors import CyJWTError
from cyjwt.signer import Signer

__all__ = ["command"]


@click.command("sign", short_help="Sign claims, and print the token.")
@click.argument("claims", required=False, metavar="[CLAIMS]")
@click.option("-k", "--key", metavar="FILE", help="The private key: PEM, DER, JWK, or a JWK Set of your own.")
@click.option(
    "--secret-file",
    metavar="FILE",
    help="An HMAC secret: every octet of the file, a final newline too. Needs --algorithm.",
)
@click.option(
    "-a",
    "--algorithm",
    type=click.Choice(list(ALGORITHMS)),
    metavar="NAME",
    help="The algorithm. Needed where the key is fit for several, as RSA keys from PEM are.",
)
@click.option(
    "--kid", metavar="TEXT", help="The header's kid; of a JWK Set, the key to take. [default: the key's]"
)
@click.option("--issuer", metavar="TEXT", help="The iss to add.")
@click.option(
    "--audience", "audiences", multiple=True, metavar="TEXT", help="The aud to add; repeated, a list of them."
)
@click.option("--lifetime", type=float, metavar="SECONDS", help="Add iat, and exp so much later.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=TEXT",
    help="A further header member; NAME:=JSON for one that is no text. May be repeated.",
)
@click.option("--type", "typ", default="JWT", show_default=True, metavar="TEXT", help="The typ; '' for none.")
def command(
    claims: str | None,
    key: str | None,
    secret_file: str | None,
    algorithm: str | None,
    kid: str | None,
    issuer: str | None,
    audiences: tuple[str, ...],
    lifetime: float | None,
    headers: tuple[str, ...],
    typ: str,
) -> None:
    """Sign CLAIMS, and print the token.

    CLAIMS is a JSON object; @FILE reads it from a file, and - from standard input, as does leaving it out
    where something is piped in. Only what you ask for is added to it: --issuer, --audience, --lifetime;
    where the claims say otherwise, they win. Give every token a lifetime: `cyjwt verify` insists on exp.

    \b
      cyjwt sign --key private.jwk --issuer https://issuer.example/ --audience orders --lifetime 900 '{"sub":"42"}'
      cyjwt sign --key private.pem --algorithm RS256 --kid 2026-07 --lifetime 60 @claims.json
      cyjwt sign --key private.jwk --type at+jwt --header 'b:=[1, 2]' < claims.json
    """  # noqa: D301 - click's \b
    members = _headers(headers)
    held = signing_key(key, secret_file, algorithm, kid)
    if kid is not None:
        members["kid"] = kid
    values = strict_json("CLAIMS", _read(claims))
    if not isinstance(values, dict):
        raise click.UsageError("CLAIMS is not a JSON object.")
    try:
        signer = Signer(
            held,
            algorithm=algorithm,
            issuer=issuer,
            audience=audiences[0] if len(audiences) == 1 else audiences or None,
            lifetime=lifetime,
            headers=members or None,
            type=typ or None,
        )
        token = signer.sign(values)
    except (TypeError, ValueError, CyJWTError) as error:
        raise click.UsageError(f"{error}.") from None
    write_bytes(token.encode("ascii") + b"\n")


def _headers(options: tuple[str, ...]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not sign or not name.rstrip(":"):
            raise click.UsageError("--header takes NAME=TEXT or NAME:=JSON.")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        if name in members:
            raise click.UsageError(f"--header {name} is given twice.")
        members[name] = strict_json(f"--header {name}", value) if is_json else value
    return members


def _read(claims: str | None) -> bytes | str:
    if claims is not None and claims.startswith("@"):
        try:
            return Path(claims[1:]).read_bytes()
        except (OSError, ValueError) as error:
            raise Failure(f"{claims[1:]}: {getattr(error, 'strerror', None) or error}") from None
    if claims is not None and claims != "-":
        return claims
    if claims is None and not piped_in():
        raise click.UsageError("Give the CLAIMS as JSON, @FILE, or - for standard input.")
    return stdin().read()
