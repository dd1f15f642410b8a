"""What the tests of every store share: claims, keys."""

from __future__ import annotations

from typing import Any

import cyjwt
from tests.support import ISSUER, NOW

OTHER = "https://other.example/"

KEY = cyjwt.Key.from_secret(bytes(range(32)), kid="one")
OTHER_KEY = cyjwt.Key.from_secret(bytes(range(1, 33)), kid="two")


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a token; None takes one out."""
    made = {"iss": ISSUER, "sub": "42", "jti": "a-jti", "iat": NOW - 10, "exp": NOW + 900} | changed
    return {name: value for name, value in made.items() if value is not None}
