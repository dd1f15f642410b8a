"""Who calls, and may they: access tokens from the Authorization header, roles, and refusals as RFC 6750 has them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response

import cyjwt
from cyjwt.revocation import Store
from examples.app_server.settings import Settings

__all__ = ["AccessToken", "Caller", "RefusedError", "access_token_verifier", "refusal", "role"]

_REALM = "orders"


@dataclass(frozen=True)
class AccessToken:
    """The claims that this server goes by. Whatever else a token has is checked or left aside by the verifier."""

    sub: str
    roles: tuple[str, ...] = field(default=())


class RefusedError(Exception):
    """A request that is refused for want of a token that allows it.

    Args:
        status: the status of the answer.
        error: its error code (RFC 6750 section 3.1); none where the request brought no token at all.
        reason: more about it, for who writes the client.
    """

    def __init__(self, status: int, error: str | None = None, reason: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.reason = reason


def access_token_verifier(
    keys: cyjwt.JWKSClient, revoked: Store, settings: Settings
) -> cyjwt.Verifier[AccessToken]:
    """Make the one verifier: RFC 9068 section 4, with the issuer's keys and the store of what it has revoked."""
    return cyjwt.Verifier(
        keys,
        algorithms=["RS256"],
        issuer=settings.issuer,
        audience=settings.audience,
        type="at+jwt",
        required=("exp", "iat", "sub", "client_id", "jti"),
        leeway=settings.leeway,
        clock=settings.clock,
        revoked=revoked,
        # A client sends one token with many requests. Its times and its revocation are checked with each.
        cache=10_000,
        claims_type=AccessToken,
    )


async def _caller(request: Request) -> AccessToken:
    token = _token(request.headers.getlist("Authorization"))
    verifier: cyjwt.Verifier[AccessToken] = request.app.state.verifier
    try:
        return await verifier.verify_async(token)
    except (cyjwt.JWKSError, cyjwt.RevocationUnknownError) as error:
        # The token may be good: it is this server that cannot tell, and the client should not ask for a password.
        raise RefusedError(503) from error
    except cyjwt.InvalidTokenError as error:
        raise RefusedError(401, "invalid_token", error.code) from error


Caller = Annotated[AccessToken, Depends(_caller)]


def role(name: str) -> Callable[[AccessToken], Awaitable[AccessToken]]:
    """Make a dependency that lets in who has the role."""

    async def allowed(caller: Caller) -> AccessToken:
        if name not in caller.roles:
            raise RefusedError(403, "insufficient_scope", f"role {name} is needed")
        return caller

    return allowed


def refusal(request: Request, error: Exception) -> Response:
    """Answer a request that was refused (RFC 6750 section 3)."""
    if not isinstance(error, RefusedError):
        raise error
    if error.status == 503:
        return JSONResponse({"error": "temporarily_unavailable"}, 503, {"Retry-After": "1"})
    parameters = {"realm": _REALM}
    if error.error is not None:
        parameters["error"] = error.error
    if error.reason is not None:
        parameters["error_description"] = error.reason
    challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return JSONResponse({"error": error.error}, error.status, {"WWW-Authenticate": challenge})


def _token(fields: list[str]) -> str:
    """Take the token from the header, and from nowhere else: URLs end up in logs (RFC 6750 section 5.3)."""
    if not fields:
        raise RefusedError(401)
    scheme, _, token = fields[0].partition(" ")
    if scheme.lower() != "bearer":
        raise RefusedError(401)
    token = token.strip(" ")
    if len(fields) > 1 or not token or " " in token:
        raise RefusedError(400, "invalid_request")
    return token
