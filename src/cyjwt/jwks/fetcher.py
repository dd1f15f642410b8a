"""One fetch of an issuer's keys from beginning to end: metadata, the set, retries, all within one time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import monotonic, sleep
from typing import Any, NamedTuple

from cyjwt.errors import JWKSError
from cyjwt.jwks.documents import metadata_urls, read_jwk_set, read_metadata
from cyjwt.jwks.faults import fault
from cyjwt.jwks.freshness import held_lifetime, stated_lifetime, whole_seconds
from cyjwt.jwks.options import Options
from cyjwt.jwks.transport import Fetch, Request, Response, UrllibTransport
from cyjwt.keyset import KeySet

__all__ = ["Fetcher", "Published"]

#: Seconds after which an issuer is asked anew where its set lies.
METADATA_LIFETIME = 86_400.0
#: Seconds before a retry.
BREATH = 0.05


class Published(NamedTuple):
    """A set as it was published.

    Attributes:
        keys: those that may serve.
        left_out: why others were left out.
        lifetime: the seconds for which it is fresh, from when it was asked for.
        url: where it lay.
        validators: the fields by which that server may say that nothing has changed (RFC 9110 section 13.1).
    """

    keys: KeySet
    left_out: tuple[str, ...]
    lifetime: float
    url: str
    validators: tuple[tuple[str, str], ...]


class Fetcher:
    """Asks a key server. One call at a time: the client sees to that.

    Attributes:
        retry_after: the seconds for which a server that failed asked to be left alone, or 0.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._fetch: Fetch = options.fetch or UrllibTransport(options.ssl_context)
        self._url: str | None = None if options.discover else options.url
        self._url_until = math.inf
        self._fleeting = False
        self.retry_after = 0.0

    def fetch(self, retries: int, held: Published | None) -> Published:
        """Fetch the set.

        Args:
            retries: how often to try again where that may help.
            held: the last set, which the server need not send again.

        Returns:
            The set; with the very keys of ``held`` if the server says that they are the same.

        Raises:
            JWKSError: nothing that can be used came in time.
        """
        deadline = monotonic() + self._options.timeout
        while True:
            self.retry_after = 0.0
            try:
                return self._once(deadline, held)
            except JWKSError as error:
                if self._options.discover:
                    # Perhaps the set has moved.
                    self._url = None
                # What else there is would cost the same again and bring the same.
                fleeting = error.code == "unreachable" or (error.code == "status" and self._fleeting)
                if not retries or not fleeting or monotonic() + BREATH >= deadline:
                    raise
            retries -= 1
            sleep(BREATH)

    def _once(self, deadline: float, held: Published | None) -> Published:
        url = self._url
        if url is None or monotonic() >= self._url_until:
            url = self._discover(deadline)
        # Another server's validators mean nothing to this one.
        known = held if held is not None and held.validators and held.url == url else None
        answer = self._ask(url, deadline, known.validators if known is not None else ())
        stated, options = stated_lifetime(answer.headers), self._options
        lifetime = held_lifetime(stated, options.lifetime, options.min_lifetime, options.max_lifetime)
        if answer.status == 304 and known is not None:
            # One that says nothing of the lifetime leaves it as it was (RFC 9111 section 4.3.4).
            return known if stated is None else known._replace(lifetime=lifetime)
        if answer.status != 200:
            raise self._refused(answer)
        keys, left_out = self._read(answer)
        asked = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
        validators = tuple((field, answer.headers[name]) for name, field in asked if answer.headers.get(name))
        return Published(keys, left_out, lifetime, url, validators)

    def _discover(self, deadline: float) -> str:
        """Where the issuer's set lies."""
        options = self._options
        first, second = metadata_urls(options.url)
        answer = self._ask(first, deadline)
        if 400 <= answer.status < 500 and answer.status != 429:
            # No OpenID provider; an authorization server of OAuth alone has its metadata elsewhere.
            other = self._ask(second, deadline)
            answer = other if other.status == 200 else answer
        if answer.status != 200:
            raise self._refused(answer)
        self._whole(answer)
        url = read_metadata(answer.body, options.max_size, options.url, options.allow_http)
        self._url, self._url_until = url, monotonic() + METADATA_LIFETIME
        return url

    def _ask(self, url: str, deadline: float, more: Iterable[tuple[str, str]] = ()) -> Response:
        """One request, and an answer that is known to be one."""
        left = deadline - monotonic()
        if left <= 0:
            raise fault("timeout", "the server took too long")
        headers = {**dict(self._options.headers), "Accept-Encoding": "identity", **dict(more)}
        try:
            answer = self._fetch(Request(url, headers, left, self._options.max_size))
        except JWKSError:
            raise
        except Exception as error:
            raise fault("transport", f"the fetch failed: {type(error).__name__}") from error
        if monotonic() > deadline + 1:
            # Whoever waited has gone, and what it says may be as old.
            raise fault("timeout", "the fetch took longer than it may")
        return checked(answer)

    def _read(self, answer: Response) -> tuple[KeySet, tuple[str, ...]]:
        self._whole(answer)
        try:
            return read_jwk_set(answer.body, self._options.max_size, self._options.max_keys)
        except JWKSError as error:
            kind = answer.headers.get("content-type", "")[:60]
            if not kind or "json" in kind:
                raise
            raise fault("content", f"{error} (the answer calls itself {kind!r})") from None

    def _whole(self, answer: Response) -> None:
        """Refuse what is too large, and what would have to be decompressed: a small body may grow without end."""
        if len(answer.body) > self._options.max_size:
            raise fault("too_large", f"the answer has more than {self._options.max_size} octets")
        if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise fault("content", "the answer is compressed, which was not asked for")

    def _refused(self, answer: Response) -> JWKSError:
        """The error for a status other than 200 and 304."""
        if 300 <= answer.status < 400:
            return fault(
                "redirect", f"the server redirects (status {answer.status}): name the URL it points to"
            )
        self._fleeting = answer.status >= 500 and "retry-after" not in answer.headers
        self.retry_after = float(whole_seconds(answer.headers.get("retry-after", "")) or 0)
        return fault("status", f"the server answers with status {answer.status}")


def checked(answer: Any) -> Response:
    """What a transport gave back, with the names of its fields in lower case.

    Raises:
        JWKSError: it is no answer.
    """
    try:
        status, headers, body = answer.status, answer.headers, answer.body
        fields = {str(name).lower(): str(value) for name, value in headers.items()}
        if isinstance(status, bool) or not isinstance(status, int):
            raise TypeError("status must be an int")
        return Response(int(status), fields, bytes(memoryview(body)))
    except Exception as error:
        raise fault("transport", "what the fetch gave back is no answer: see cyjwt.jwks.Response") from error
