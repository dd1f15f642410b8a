"""``cyjwt jwks``: the public JWK Set of some keys, fit to publish."""

from __future__ import annotations

from typing import Any

import click

from cyjwt.cli.failure import Failure
from cyjwt.cli.keyfiles import read_keys, write_file
from cyjwt.cli.text import pretty, write_bytes

__all__ = ["command"]


@click.command("jwks", short_help="Write a public JWK Set from key files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--out", metavar="FILE", help="Where the JWK Set goes. [default: stdout]")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def command(files: tuple[str, ...], out: str | None, force: bool) -> None:
    """Write the JWK Set (RFC 7517) of the public parts of keys, fit to publish.

    Each FILE holds a key, private or public (PEM, DER or JWK), or a JWK Set. What is private stays out of
    the document. A key without a kid is named by its RFC 7638 thumbprint. An HMAC secret has no public
    part, and a file that holds one is refused.

    \b
      cyjwt jwks private.jwk --out jwks.json
      cyjwt jwks current.jwk next.pem partner-jwks.json > jwks.json
    """  # noqa: D301 - click's \b
    members: dict[tuple[str, str], dict[str, Any]] = {}
    for path in files:
        keys, _ = read_keys(path, private_sets=True, named=True)
        for key in keys:
            if key.kty == "oct":
                raise Failure(f"{path}: a secret has no public part, and must not be published")
            thumbprint = key.thumbprint()
            entry = {"kid": thumbprint, **key.to_jwk()}
            if key.key_ops is None:
                entry.setdefault("use", "sig")
            members.setdefault((thumbprint, entry["kid"]), entry)
    kids = [entry["kid"] for entry in members.values()]
    for kid in sorted({kid for kid in kids if kids.count(kid) > 1}):
        click.echo(
            f"Warning: several keys have the kid {kid!r}: tokens may not tell which is meant", err=True
        )
    text = pretty({"keys": list(members.values())}) + "\n"
    if out is None or out == "-":
        write_bytes(text.encode("utf-8"))
    else:
        write_file(out, text, private=False, force=force)
