"""``cyjwt keygen``: a new key."""

from __future__ import annotations

import os
import secrets
import shlex

import click

from cyjwt.algorithms import ALGORITHMS
from cyjwt.cli.failure import Failure
from cyjwt.cli.keyfiles import write_file
from cyjwt.cli.text import pretty, write_bytes
from cyjwt.errors import CyJWTError
from cyjwt.keys import Key

__all__ = ["command"]


@click.command("keygen", short_help="Make a private key, or an HMAC secret.")
@click.option(
    "-a",
    "--algorithm",
    required=True,
    type=click.Choice(list(ALGORITHMS)),
    metavar="NAME",
    help=f"The algorithm that the key is for: {', '.join(ALGORITHMS)}.",
)
@click.option("--bits", type=int, metavar="N", help="The size of an RSA key. [default: 2048]")
@click.option(
    "--kid",
    metavar="TEXT",
    help="The key's name, for a JWK. [default: the RFC 7638 thumbprint; for HMAC sixteen random octets]",
)
@click.option("--out", metavar="FILE", help="Where the private key goes, with mode 0600. [default: stdout]")
@click.option("--public-out", metavar="FILE", help="Where the public key goes too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jwk", "pem"]),
    default="jwk",
    show_default=True,
    help="PEM holds neither kid nor algorithm, and no HMAC secret.",
)
@click.option("--force", is_flag=True, help="Replace files that exist.")
def command(
    algorithm: str,
    bits: int | None,
    kid: str | None,
    out: str | None,
    public_out: str | None,
    form: str,
    force: bool,
) -> None:
    """Make a new private key, or an HMAC secret, for one algorithm.

    The private key goes to --out, readable by you alone, and an existing file is never replaced without
    --force. Whoever verifies gets the public key (--public-out, or `cyjwt jwks` for a JWK Set). An HMAC
    secret has no public part: whoever verifies with it can sign too.

    \b
      cyjwt keygen --algorithm ES256 --out private.jwk --public-out public.jwk
      cyjwt keygen --algorithm RS256 --bits 3072 --format pem --out private.pem --public-out public.pem
      cyjwt keygen --algorithm EdDSA --kid 2026-07 --out private.jwk
      cyjwt keygen --algorithm HS256 --out secret.jwk
    """  # noqa: D301 - click's \b
    symmetric = ALGORITHMS[algorithm].kty == "oct"
    if symmetric and form == "pem":
        raise click.UsageError(f"A secret for {algorithm} has no PEM form: use --format jwk.")
    if symmetric and public_out is not None:
        raise click.UsageError(f"A secret for {algorithm} has no public part: leave --public-out out.")
    if out == "-":
        out = None
    if public_out is not None and out is not None and os.path.realpath(out) == os.path.realpath(public_out):
        raise click.UsageError("--out and --public-out are the same file.")
    for path in (out, public_out):
        # Found out before anything is written; write_file makes sure.
        if path is not None and os.path.lexists(path) and not force:
            raise Failure(f"{path}: the file exists; --force replaces it")
    try:
        key = Key.generate(algorithm, bits=bits, kid=kid)
    except (ValueError, CyJWTError) as error:
        raise click.UsageError(f"{error}.") from None
    name = kid if kid is not None else secrets.token_hex(16) if symmetric else key.thumbprint()
    private_text = _text(key, name, form, private=True)
    if public_out is not None:
        write_file(public_out, _text(key, name, form, private=False), private=False, force=force)
    if out is None:
        write_bytes(private_text.encode("utf-8"))
    else:
        write_file(out, private_text, private=True, force=force)
        said = f"{out}: {algorithm} key"
        click.echo(said if form == "pem" else f"{said} {name}", err=True)
    if form == "pem" and kid is not None:
        click.echo(f"(PEM holds no kid: sign with --kid {shlex.quote(kid)})", err=True)


def _text(key: Key, kid: str, form: str, *, private: bool) -> str:
    if form == "pem":
        return key.to_pem(private=private)
    return pretty(key.to_jwk(private=private) | {"kid": kid}) + "\n"
