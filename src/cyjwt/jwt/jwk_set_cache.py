"""What a ``PyJWKClient`` remembers of its key server's last answer."""

from __future__ import annotations

import time
from typing import Any

from cyjwt.jwt.api_jwk import PyJWKSet, PyJWTSetWithTimestamp
from cyjwt.jwt.exceptions import PyJWKSetError

__all__ = ["JWKSetCache"]


class JWKSetCache:
    """One JWK Set, kept for ``lifespan`` seconds; for ever if that is -1.

    Attributes:
        jwk_set_with_timestamp: the set and when it was put here, or None.
        lifespan: seconds for which it is given out.
    """

    def __init__(self, lifespan: float) -> None:
        self.jwk_set_with_timestamp: PyJWTSetWithTimestamp | None = None
        self.lifespan = lifespan

    def put(self, jwk_set: PyJWKSet | dict[str, Any] | None) -> None:
        """Keep a set, or the document of one, in place of what is kept; None forgets it.

        Raises:
            PyJWKSetError: it is neither, or has no key that can be used.
        """
        if jwk_set is None:
            self.jwk_set_with_timestamp = None
            return
        if isinstance(jwk_set, dict):
            jwk_set = PyJWKSet.from_dict(jwk_set)
        if not isinstance(jwk_set, PyJWKSet):
            raise PyJWKSetError("Invalid JWK Set value")
        self.jwk_set_with_timestamp = PyJWTSetWithTimestamp(jwk_set)

    def get(self) -> PyJWKSet | None:
        """The set that is kept, unless its time has passed."""
        kept = self.jwk_set_with_timestamp
        return None if kept is None or self.is_expired() else kept.get_jwk_set()

    def is_expired(self) -> bool:
        """Whether a set is kept whose time has passed."""
        kept = self.jwk_set_with_timestamp
        if kept is None or self.lifespan <= -1:
            return False
        return time.monotonic() > kept.get_timestamp() + self.lifespan
