"""The application server over HTTP."""

import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

import cyjwt
from cyjwt.revocation import SQLiteStore
from examples.app_server.bearer import Caller, RefusedError, access_token_verifier, refusal, role
from examples.app_server.settings import Settings

__all__ = ["create_app"]

_log = logging.getLogger("examples.app_server")


def create_app(settings: Settings) -> FastAPI:
    """Make the server."""
    # Behind a proxy that speaks TLS, a redirect from /orders/ would lead away from it.
    app = FastAPI(title="Orders", lifespan=_lifespan, redirect_slashes=False)
    keys = cyjwt.JWKSClient(
        settings.jwks_url, allow_http=settings.on_loopback, clock=settings.monotonic, max_lifetime=900
    )
    app.state.keys = keys
    app.state.revoked = SQLiteStore(settings.revoked, clock=settings.clock)
    app.state.verifier = access_token_verifier(keys, app.state.revoked, settings)
    app.state.orders = {1: "a lamp", 2: "a chair"}
    app.include_router(_router)
    app.add_exception_handler(RefusedError, refusal)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    try:
        # Before the first request, so that none has to wait.
        await app.state.keys.refresh()
    except cyjwt.JWKSError as error:
        # The two may be started in any order: the first token asks again.
        _log.warning("no keys yet: %s", error.code)
    yield
    app.state.keys.close()
    app.state.revoked.close()


_router = APIRouter()


@_router.get("/me")
async def me(caller: Caller) -> dict[str, object]:
    """Tell whom the token is of: any good one will do."""
    return {"sub": caller.sub, "roles": caller.roles}


@_router.get("/orders", dependencies=[Depends(role("clerk"))])
async def orders(request: Request) -> dict[int, str]:
    """List the orders."""
    held: dict[int, str] = request.app.state.orders
    return held


@_router.delete("/orders/{number}", dependencies=[Depends(role("manager"))])
async def cancel(request: Request, number: int) -> Response:
    """Cancel an order."""
    if request.app.state.orders.pop(number, None) is None:
        raise HTTPException(404)
    return Response(status_code=204)


@_router.get("/health")
async def health(request: Request) -> Response:
    """Tell a load balancer whether tokens can be verified."""
    keys: cyjwt.JWKSClient = request.app.state.keys
    state = keys.health()
    if not state.serving and not state.next_try_in and state.state != "closed":
        # Tokens have keys fetched, and none comes as long as this says 503. It waits for nothing: the next probe sees.
        keys.refresh()
    return JSONResponse({"keys": state.state}, 200 if state.serving else 503)
