"""JWKSClient: the keys that issuers publish, fetched, cached and kept up to date."""

from cyjwt.jwks.client import JWKSClient
from cyjwt.jwks.health import Health
from cyjwt.jwks.refresh import Refresh
from cyjwt.jwks.transport import Request, Response

__all__ = ["Health", "JWKSClient", "Refresh", "Request", "Response"]
