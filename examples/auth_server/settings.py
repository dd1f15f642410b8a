"""What the authentication server can be told: names, places and lifetimes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from examples.auth_server.passwords import Cost

__all__ = ["Settings"]

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times are seconds.

    Attributes:
        data: the folder of the two databases. It holds password hashes and private keys.
        issuer: the ``iss`` of every token; the URL at which clients reach this server.
        audience: the ``aud`` of every access token: who it is for.
        client_id: which program tokens are issued to (RFC 9068 section 2.2). There is one: the company's own.
        access_lifetime: so long an access token holds, and so long a change of roles may take to show.
        refresh_lifetime: so long a refresh token may lie unused.
        session_lifetime: so long after a log-in a password is asked for again, however busy the session was.
        key_period: so long a key signs.
        key_lead: so long before it signs a key is published.
        margin: so long beyond its end an access token may be good somewhere, for clocks differ: its key stays
            published, and a log-out revokes it. No less than the leeway of any application server.
        jwks_max_age: so long verifiers may keep the JWK Set. A key is published for longer than that before it signs.
        attempts: log-ins that one account may be tried with in ``attempts_window``; each address has ten times that.
        attempts_window: see there.
        password_cost: what a password hash costs.
        clock: seconds since 1970; another one for tests.
    """

    data: Path
    issuer: str = "http://127.0.0.1:8000"
    audience: str = "orders"
    client_id: str = "orders-web"
    access_lifetime: int = 5 * MINUTE
    refresh_lifetime: int = 7 * DAY
    session_lifetime: int = 30 * DAY
    key_period: int = 30 * DAY
    key_lead: int = 1 * HOUR
    margin: int = 5 * MINUTE
    jwks_max_age: int = 5 * MINUTE
    attempts: int = 10
    attempts_window: int = 5 * MINUTE
    password_cost: Cost = field(default_factory=Cost)
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if self.key_lead <= self.jwks_max_age:
            raise ValueError("key_lead must be more than jwks_max_age, or a key may sign before it is known")
        if self.key_period <= self.key_lead:
            raise ValueError("key_period must be more than key_lead")

    @property
    def jwks_path(self) -> str:
        """The path below the issuer's URL at which the JWK Set lies."""
        return "/.well-known/jwks.json"
