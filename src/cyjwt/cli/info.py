"""``cyjwt info``: what this copy of cyjwt is made of."""

from __future__ import annotations

import click

from cyjwt.cli.text import json_line, write_bytes
from cyjwt.info import build_info

__all__ = ["command"]


@click.command("info", short_help="Say what this copy of cyjwt is made of.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def command(as_json: bool) -> None:
    """Say what this copy of cyjwt is made of: for bug reports and audits.

    The version, the libcrypto that it is linked with and that library's version, the SIMD level of base64url
    on this CPU, the C compiler, whether signatures are verified several at a time on it (lanes), and the
    version of the crypto_mb that does so.
    """
    known = dict(build_info())
    if as_json:
        write_bytes(json_line(known))
        return
    from rich.console import Console
    from rich.table import Table

    from cyjwt.cli.tally import show_table

    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in known.items():
        table.add_row(name, ("yes" if value else "no") if isinstance(value, bool) else str(value) or "none")
    show_table(Console(highlight=False, markup=False), table)
