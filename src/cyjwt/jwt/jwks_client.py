"""PyJWKClient: keys by ``kid`` from a key server, as PyJWK's users know it.

``cyjwt.JWKSClient`` does more: it refreshes ahead, keeps serving while the server is down, and never makes a
verification wait for a key that it has.
"""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
import urllib.request
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlparse

from cyjwt.jwt.api_jwk import PyJWK, PyJWKSet
from cyjwt.jwt.api_jwt import decode_complete as decode_token
from cyjwt.jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError
from cyjwt.jwt.jwk_set_cache import JWKSetCache

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["PyJWKClient"]


class _NoRedirectHandler(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: keys come from the server that was named, or not at all."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        return None


class PyJWKClient:
    """Fetches a JWK Set and finds the keys in it.

    Args:
        uri: where the set is, by ``http`` or ``https``.
        cache_keys: remember single keys by ``kid``, with no limit of time.
        max_cached_keys: how many of those.
        cache_jwk_set: remember the set.
        lifespan: seconds for which the set is remembered.
        headers: header fields of the requests.
        timeout: seconds for each step of a request.
        ssl_context: how ``https`` is to be spoken.
        cooldown_duration: seconds after a fetch during which an unknown ``kid`` causes no other. It does not
            count where the set is not remembered.

    Raises:
        PyJWKClientError: an option that can mean nothing, or a URI of another scheme.
    """

    def __init__(
        self,
        uri: str,
        cache_keys: bool = False,
        max_cached_keys: int = 16,
        cache_jwk_set: bool = True,
        lifespan: float = 300,
        headers: dict[str, Any] | None = None,
        timeout: float = 30,
        ssl_context: SSLContext | None = None,
        cooldown_duration: float = 30,
    ) -> None:
        # urllib would open files and more for whoever can choose the URI.
        scheme = urlparse(uri).scheme.lower()
        if scheme not in ("http", "https"):
            raise PyJWKClientError(
                f"Invalid JWKS URI scheme {scheme!r}: only 'http' and 'https' are supported."
            )
        if cooldown_duration < 0:
            raise PyJWKClientError(
                f'Cooldown duration must be greater than or equal to 0, the input is "{cooldown_duration}"'
            )
        if not math.isfinite(cooldown_duration):
            raise PyJWKClientError(f'Cooldown duration must be finite, the input is "{cooldown_duration}"')
        if cache_jwk_set and lifespan <= 0:
            raise PyJWKClientError(f'Lifespan must be greater than 0, the input is "{lifespan}"')
        self.uri = uri
        self.headers = {} if headers is None else headers
        self.timeout = timeout
        self.ssl_context = ssl_context
        self.cooldown_duration = cooldown_duration
        self.jwk_set_cache: JWKSetCache | None = JWKSetCache(lifespan) if cache_jwk_set else None
        self._last_successful_fetch: float | None = None
        self._client_lock = threading.RLock()
        if cache_keys:
            remembered = lru_cache(maxsize=max_cached_keys)(self.get_signing_key)
            self.get_signing_key = remembered  # type: ignore[method-assign]

    def fetch_data(self) -> Any:
        """Fetch the set, and remember it where sets are remembered.

        Returns:
            The document's members.

        Raises:
            PyJWKClientConnectionError: the server could not be asked, or redirected.
            PyJWKClientError: its answer is no JSON object.
            PyJWKSetError: no key in it can be used.
        """
        request = urllib.request.Request(url=self.uri, headers=self.headers)  # noqa: S310 - checked above
        handlers: list[urllib.request.BaseHandler] = [_NoRedirectHandler()]
        if self.ssl_context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=self.ssl_context))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=self.timeout) as response:
                document = json.load(response)
        except (URLError, TimeoutError, http.client.HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()
            raise PyJWKClientConnectionError(f'Fail to fetch data from the url, err: "{error}"') from error
        except (ValueError, RecursionError) as error:
            raise PyJWKClientError("The JWKS endpoint did not return a JSON object") from error
        members = self._members(document)
        # What is remembered stays where a fetch fails.
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(members)
        self._last_successful_fetch = time.monotonic()
        return members

    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        """The set that is remembered, or a fresh one.

        Args:
            refresh: fetch it whatever is remembered.

        Raises:
            PyJWKClientError: as for ``fetch_data``.
        """
        cache = self.jwk_set_cache
        if cache is not None and not refresh:
            kept = cache.get()
            if kept is not None:
                return kept
        data = self.fetch_data()
        jwk_set = data if isinstance(data, PyJWKSet) else PyJWKSet.from_dict(self._members(data))
        if cache is not None:
            # A subclass may give another set than was fetched; that one is the one to remember.
            cache.put(jwk_set)
        return jwk_set

    @staticmethod
    def _members(document: object) -> dict[str, Any]:
        if not isinstance(document, dict):
            raise PyJWKClientError("The JWKS endpoint did not return a JSON object")
        return document

    def get_signing_keys(self, refresh: bool = False) -> list[PyJWK]:
        """The keys of the set that have a ``kid`` and are not for another use than signatures.

        Raises:
            PyJWKClientError: there is none, or as for ``fetch_data``.
        """
        keys = [
            key
            for key in self.get_jwk_set(refresh).keys
            if key.public_key_use in ("sig", None) and key.key_id
        ]
        if not keys:
            raise PyJWKClientError("The JWKS endpoint did not contain any signing keys")
        return keys

    def get_signing_key(self, kid: str) -> PyJWK:
        """The key of that ``kid``; the set is fetched anew, within its rate, where that is unknown.

        Raises:
            PyJWKClientError: there is none, or as for ``fetch_data``.
        """
        with self._client_lock:
            key = self.match_kid(self.get_signing_keys(), kid)
            if key is None and not self._is_cooling_down():
                key = self.match_kid(self.get_signing_keys(refresh=True), kid)
                self._last_successful_fetch = time.monotonic()
        if key is None:
            # Without the kid, which a token may have brought.
            raise PyJWKClientError("Unable to find a signing key that matches the kid")
        return key

    def _is_cooling_down(self) -> bool:
        last = self._last_successful_fetch
        if self.jwk_set_cache is None or last is None:
            return False
        return time.monotonic() - last < self.cooldown_duration

    def get_signing_key_from_jwt(self, token: str | bytes) -> PyJWK:
        """The key of the ``kid`` that a token's header, not verified yet, names.

        Raises:
            DecodeError: the token is not well formed.
            PyJWKClientError: as for ``get_signing_key``.
        """
        unverified = decode_token(token, options={"verify_signature": False})
        return self.get_signing_key(unverified["header"].get("kid"))

    @staticmethod
    def match_kid(signing_keys: list[PyJWK], kid: str) -> PyJWK | None:
        """The first of these keys that has that ``kid``."""
        return next((key for key in signing_keys if key.key_id == kid), None)
