"""The keys of the token target: those that the RFCs print, so that a find means the same on every machine."""

from __future__ import annotations

from typing import Any

import cyjwt
from bench import baseline
from fuzz import jwk
from tests.conformance import examples

#: A kid, and the section that prints the key.
_PRINTED = (
    ("h", 7515, "A.1"),
    ("r", 7515, "A.2"),
    ("e", 7515, "A.3"),
    ("eee", 7515, "A.4"),
    ("d", 8037, "A.4-A.5"),
)


def printed(rfc: int, section: str) -> dict[str, Any]:
    """The members of a key that an RFC prints, with nothing that binds it."""
    [key] = [one["key"] for one in examples.of(rfc) if one["section"] == section]
    return {name: value for name, value in key.items() if name not in ("alg", "use", "key_ops", "kid")}


PRIVATE = {kid: printed(rfc, section) for kid, rfc, section in _PRINTED}

#: For the engine and for the oracle, private, by kid.
ENGINE = {kid: cyjwt.Key.from_jwk(members, kid=kid) for kid, members in PRIVATE.items()}
ORACLE = {kid: jwk.material(members, kid) for kid, members in PRIVATE.items()}


def sign(kid: str, algorithm: str, signing_input: bytes) -> bytes:
    """A token's text, of the text before its last dot."""
    signature = baseline.make_signature(ORACLE[kid], algorithm, signing_input)
    return signing_input + b"." + baseline.encode_segment(signature)
