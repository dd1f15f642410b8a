"""What the tests of the caches behind one-shot calls share: claims, secrets, and short ways to ask."""

from __future__ import annotations

from typing import Any

import cyjwt
from cyjwt import caches
from tests.support import NOW

CLAIMS = {"sub": "42", "exp": NOW + 600}
SECRETS = [bytes([n]) * 32 for n in range(40)]


def counts(name: str) -> tuple[int, int]:
    info = caches.info()[name]
    return info["misses"], info["size"]


def decode(token: str, key: object, algorithm: str = "HS256", **options: Any) -> dict[str, Any]:
    return cyjwt.decode(token, key, algorithms=[algorithm], **{"clock": NOW, **options})
