"""What the application server can be told."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times are seconds.

    Attributes:
        revoked: the file of the revocation store, which the authentication server writes.
        issuer: the ``iss`` to insist on, below which the JWK Set is published.
        jwks_path: where below it.
        audience: the ``aud`` to insist on: this server's own name.
        leeway: by which the clocks of the two servers may differ.
        clock: seconds since 1970; another one for tests.
        monotonic: the clock of the keys' lifetimes; another one for tests.
    """

    revoked: Path
    issuer: str = "http://127.0.0.1:8000"
    jwks_path: str = "/.well-known/jwks.json"
    audience: str = "orders"
    leeway: int = 5
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    @property
    def jwks_url(self) -> str:
        """The URL of the JWK Set."""
        return self.issuer.rstrip("/") + self.jwks_path

    @property
    def on_loopback(self) -> bool:
        """Whether the issuer is this very machine, by its address: nobody is on the way who could change a key."""
        try:
            return ipaddress.ip_address(urlsplit(self.issuer).hostname or "").is_loopback
        except ValueError:
            return False
