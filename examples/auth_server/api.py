"""The authentication server over HTTP. Members and errors have the names of OAuth 2.0 (RFC 6749 section 5)."""

import math
import sqlite3
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cyjwt.revocation import RevocationStoreError, SQLiteStore
from examples.auth_server.database import Database
from examples.auth_server.passwords import LONGEST, Passwords
from examples.auth_server.sessions import Grant, InvalidGrantError, Sessions
from examples.auth_server.settings import Settings
from examples.auth_server.signing_keys import SigningKeys
from examples.auth_server.throttle import Throttle
from examples.auth_server.users import LONGEST_NAME, Users

__all__ = ["Services", "create_app", "services"]


@dataclass(frozen=True)
class Services:
    """What the endpoints work with."""

    settings: Settings
    users: Users
    throttle: Throttle
    keys: SigningKeys
    sessions: Sessions
    revoked: SQLiteStore


def services(settings: Settings) -> Services:
    """Open the databases, and make what works with them."""
    database = Database(settings.data / "auth.db")
    revoked = SQLiteStore(settings.data / "revoked.db", clock=settings.clock)
    keys = SigningKeys(database, settings)
    return Services(
        settings,
        Users(database, Passwords(settings.password_cost)),
        Throttle(database, settings),
        keys,
        Sessions(database, keys, revoked, settings),
        revoked,
    )


def create_app(settings: Settings) -> FastAPI:
    """Make the server."""
    # The pages that explain an API load scripts from elsewhere, and this is a server that sees passwords. Behind a proxy
    # that speaks TLS, a redirect from /login/ would have them sent once more without it.
    app = FastAPI(title="Authentication server", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = services(settings)
    app.include_router(_router)
    app.add_middleware(_BoundedBodies)
    # What is no JSON, and what is not the JSON that was asked for. FastAPI has an exception of its own for a body that
    # is no text, or is nested too deeply.
    for malformed in (RequestValidationError, 400):
        app.add_exception_handler(malformed, _malformed)
    app.add_exception_handler(413, _too_large)
    app.add_exception_handler(InvalidGrantError, _refused)
    for failure in (RevocationStoreError, sqlite3.OperationalError):
        app.add_exception_handler(failure, _unavailable)
    return app


def _services(request: Request) -> Services:
    held: Services = request.app.state.services
    return held


Using = Annotated[Services, Depends(_services)]
Name = Annotated[str, Body(min_length=1, max_length=LONGEST_NAME)]
Password = Annotated[str, Body(min_length=1, max_length=LONGEST)]
RefreshToken = Annotated[str, Body(min_length=1, max_length=100, embed=True)]

#: Octets of a request. JSON may write a character as twelve, and the longest name and password have 1,100 of them.
_LARGEST = 16_384

_router = APIRouter()


@_router.post("/login")
def login(using: Using, request: Request, username: Name, password: Password) -> Response:
    """Take a name and a password, give the first tokens of a session."""
    address = request.client.host if request.client else ""
    if wait := using.throttle.admit(username, address):
        return _error(429, "too_many_attempts", {"Retry-After": str(math.ceil(wait))})
    user = using.users.authenticate(username, password)
    if user is None:
        raise InvalidGrantError
    using.throttle.succeeded(username)
    return _tokens(using.sessions.start(user))


@_router.post("/refresh")
def refresh(using: Using, refresh_token: RefreshToken) -> Response:
    """Take a refresh token, give an access token and the next refresh token."""
    return _tokens(using.sessions.refresh(refresh_token))


@_router.post("/logout")
def logout(
    using: Using, refresh_token: RefreshToken, everywhere: Annotated[bool, Body()] = False
) -> Response:
    """End a session, or all sessions of its user: no token of theirs is good any more, access tokens included."""
    using.sessions.end(refresh_token, everywhere=everywhere)
    return Response(status_code=204)


# The path is the one that Settings.jwks_path names.
@_router.get("/.well-known/jwks.json")
def jwks(using: Using) -> Response:
    """Give the public keys (RFC 7517)."""
    return JSONResponse(
        using.keys.published().to_jwks(),
        headers={"Cache-Control": f"public, max-age={using.settings.jwks_max_age}"},
        media_type="application/jwk-set+json",
    )


def _tokens(grant: Grant) -> Response:
    # No cache may keep it (RFC 6749 section 5.1).
    return JSONResponse({**asdict(grant), "token_type": "Bearer"}, headers={"Cache-Control": "no-store"})


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": code}, status, {"Cache-Control": "no-store", **(headers or {})})


class _BoundedBodies:
    """Reads no more of a request than any good one has: whoever sends it has shown no password yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > _LARGEST:
                raise HTTPException(413)
            return message

        await self._app(scope, bounded, send)


def _malformed(request: Request, error: Exception) -> Response:
    # FastAPI's own answer repeats what was sent: passwords, that is.
    return _error(400, "invalid_request")


def _too_large(request: Request, error: Exception) -> Response:
    # Else the rest would be waited for, however much that is.
    return _error(413, "invalid_request", {"Connection": "close"})


def _refused(request: Request, error: Exception) -> Response:
    # One answer, whether the user, the password or the token is wrong. 400, not 401: that one is for requests that an
    # Authorization header would have mended (RFC 6749 section 5.2).
    return _error(400, "invalid_grant")


def _unavailable(request: Request, error: Exception) -> Response:
    return _error(503, "temporarily_unavailable", {"Retry-After": "1"})
