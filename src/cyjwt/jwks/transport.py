"""One GET over the standard library, with an end to all that a server may draw out.

``urllib`` follows redirects, reads files and waits anew for every octet. Here nothing is opened but http(s), an
answer is given as it comes, whatever its status, and one deadline holds for the connection, the handshake, the
header and the body together.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple, Protocol, TypeAlias

from cyjwt.errors import JWKSError
from cyjwt.jwks.faults import fault

__all__ = ["Answer", "Fetch", "Request", "Response", "UrllibTransport"]


class Request(NamedTuple):
    """What a transport is asked for: one GET.

    Attributes:
        url: https, or http where the client was told ``allow_http``.
        headers: the fields to send.
        timeout: seconds that all of it may take, more than 0.
        max_size: octets of a body beyond which it will be refused, and need not be read.
    """

    url: str
    headers: Mapping[str, str]
    timeout: float
    max_size: int


class Answer(Protocol):
    """What a transport gives back: any object with these attributes."""

    @property
    def status(self) -> int:
        """The status code, as the server sent it: a redirect must not be followed."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields, their names in any case."""

    @property
    def body(self) -> bytes:
        """The content, not compressed."""


class Response(NamedTuple):
    """An answer, for transports that have no class of their own.

    Example:
        >>> from cyjwt.jwks import Response
        >>> Response(200, {"Cache-Control": "max-age=600"}, b'{"keys": []}').status
        200
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


Fetch: TypeAlias = Callable[[Request], Answer]


class UrllibTransport:
    """Fetches with ``urllib``: proxies as the environment names them, no cookies, no ``.netrc``.

    Args:
        context: what TLS trusts; the system's certificates if it is None.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    def __call__(self, request: Request) -> Response:
        """Ask for a document.

        Raises:
            JWKSError: no answer came in time.
        """
        deadline = monotonic() + request.timeout
        if self._context is None:
            # Made late: it reads the system's certificates, which takes milliseconds.
            self._context = ssl.create_default_context()
        opener = urllib.request.OpenerDirector()
        opener.add_handler(urllib.request.ProxyHandler())
        opener.add_handler(_Handler(self._context, deadline))
        asked = urllib.request.Request(request.url, headers=dict(request.headers))  # noqa: S310
        try:
            with opener.open(asked, timeout=request.timeout) as response:
                length = response.headers.get("content-length", "")
                body = response.read(request.max_size + 1)
                if length.isdecimal() and len(body) <= request.max_size and len(body) != int(length):
                    raise fault("unreachable", "the connection broke before the answer had ended")
                return Response(response.status, dict(response.headers.items()), body)
        except JWKSError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _broken(error) from error


def _broken(error: Exception) -> JWKSError:
    """The error of a fetch that brought no answer."""
    cause = error
    while isinstance(cause, urllib.error.URLError) and isinstance(cause.reason, Exception):
        cause = cause.reason
    if isinstance(cause, ssl.SSLCertVerificationError):
        return fault("certificate", f"the server's certificate is not trusted: {cause.verify_message}")
    if isinstance(cause, TimeoutError):
        return fault("timeout", "the server took too long")
    said = cause.strerror if isinstance(cause, OSError) else None
    return fault("unreachable", f"the server cannot be reached: {said or type(cause).__name__}")


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens http and https, with a deadline for everything."""

    def __init__(self, context: ssl.SSLContext, deadline: float) -> None:
        super().__init__(context=context)
        self._deadline = deadline

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Plain, request, deadline=self._deadline)  # type: ignore[arg-type]

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_Secure, request, context=self._context, deadline=self._deadline)  # type: ignore[arg-type, attr-defined]


class _Plain(http.client.HTTPConnection):
    """A connection whose every step has the time that is left."""

    def __init__(self, host: str, *, deadline: float, **options: Any) -> None:
        super().__init__(host, **options)
        self._deadline = deadline
        # A host may have many addresses, each of which would have the whole time.
        self._create_connection = self._connect_to
        self.response_class = self._response  # type: ignore[assignment]

    def _connect_to(self, address: tuple[str, int], timeout: object, source: object) -> socket.socket:
        failure: OSError | None = None
        for *kind, _, target in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            connection = socket.socket(*kind)
            try:
                connection.settimeout(remaining(self._deadline))
                connection.connect(target)
                # For the handshake, which heeds it as a whole.
                connection.settimeout(remaining(self._deadline))
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure or OSError("the name has no address")

    def _response(
        self, connection: socket.socket, *arguments: Any, **options: Any
    ) -> http.client.HTTPResponse:
        timed: Any = _Timed(connection, self._deadline)
        return http.client.HTTPResponse(timed, *arguments, **options)


class _Secure(_Plain, http.client.HTTPSConnection):
    """The same over TLS."""


class _Timed:
    """A socket as ``HTTPResponse`` sees it: something to make a file of."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedFile(self._connection, self._deadline))


class _TimedFile(io.RawIOBase):
    """Reads a socket until the deadline: a server that sends an octet now and then gains no time by it."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        # Closing the connection leaves this file of it open, as HTTPResponse expects.
        self._file = connection.makefile("rb", buffering=0)
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(remaining(self._deadline))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def remaining(deadline: float) -> float:
    """The seconds until then.

    Raises:
        TimeoutError: there are none.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the time is up")
    return left
