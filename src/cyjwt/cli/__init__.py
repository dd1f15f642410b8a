"""The command line: ``cyjwt keygen | jwks | sign | verify | inspect | info``.

Nothing here is imported by ``import cyjwt``. It needs ``click`` and ``rich``, which the extra ``cli`` brings.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback

__all__ = ["main"]

_NEEDED = ("click", "rich")


def main() -> None:
    """Run the command line on ``sys.argv`` and exit with its status."""
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        print("cyjwt: the command line needs click and rich: pip install 'cyjwt[cli]'", file=sys.stderr)
        sys.exit(2)
    from cyjwt.cli.app import app

    try:
        app(prog_name="cyjwt")
    except Exception:
        # A defect of ours must not look like the verdict that a token is not valid, which is status 1.
        traceback.print_exc()
        sys.exit(2)
