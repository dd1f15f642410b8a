"""What the tests of keys that change share: keys, tokens of each, and short ways to a verdict."""

from __future__ import annotations

from typing import Any

import cyjwt
from cyjwt._engine.keysource import KeySource
from tests.live_support import token
from tests.support import NOW

A = cyjwt.Key.generate("ES256", kid="a")
B = cyjwt.Key.generate("EdDSA", kid="b")
C = cyjwt.Key.generate("RS256", kid="c")
SECRET = cyjwt.Key.from_secret(b"s" * 32, kid="s", algorithm="HS256")

OF = {name: token(key) for name, key in (("a", A), ("b", B), ("c", C), ("s", SECRET))}
UNKNOWN = token(cyjwt.Key.generate("ES256", kid="x"))
NAMELESS = token(cyjwt.Key.generate("ES256"))


def verifier(source: KeySource, **options: Any) -> cyjwt.Verifier:
    return cyjwt.Verifier(source, clock=NOW, **options)


def code(made: cyjwt.Verifier, one: Any) -> str | None:
    try:
        made.verify(one)
    except cyjwt.CyJWTError as error:
        return error.code
    return None
