"""A fetch under way, for all who wait for it: threads and tasks of event loops."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Timeout
from typing import TYPE_CHECKING, Any

from cyjwt.errors import JWKSError
from cyjwt.jwks.faults import fault

if TYPE_CHECKING:
    from cyjwt.keyset import KeySet

__all__ = ["Refresh"]


class Refresh:
    """A refresh that has begun. Wait for it with ``result()``, or in an event loop with ``await``; or do not.

    Many may wait for the same one. Whoever gives up waiting, or is cancelled, does not end it.

    Example:
        >>> import cyjwt
        >>> from cyjwt.jwks import Response
        >>> document = b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1",'
        >>> document += b' "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
        >>> def fetch(request):
        ...     return Response(200, {}, document)
        >>> with cyjwt.JWKSClient("https://issuer.example/jwks", fetch=fetch) as client:
        ...     len(client.refresh().result())
        1
    """

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future: Future[KeySet | JWKSError] = Future()
        # So that nobody who waits can cancel it for the others.
        self._future.set_running_or_notify_cancel()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> KeySet:
        """Wait for its end.

        Args:
            timeout: the most seconds to wait; without it, as long as the client's own ``timeout`` lets it take.

        Returns:
            The keys in force.

        Raises:
            JWKSError: it failed, whether or not keys from before still serve.
            TimeoutError: it has not ended yet.
        """
        return _outcome(self._future.result(timeout))

    def __await__(self) -> Generator[Any, None, KeySet]:
        from asyncio import wrap_future

        return _outcome((yield from wrap_future(self._future)))

    def wait(self, seconds: float) -> None:
        """Wait for its end, however it ends, but no longer than that."""
        try:
            self._future.result(seconds)
        except Timeout:
            return

    def end(self, outcome: KeySet | JWKSError) -> None:
        """Tell all who wait."""
        self._future.set_result(outcome)

    def __repr__(self) -> str:
        return f"<Refresh {'done' if self.done() else 'under way'}>"


def _outcome(outcome: KeySet | JWKSError) -> KeySet:
    if isinstance(outcome, JWKSError):
        # Each who waits gets an exception of its own: a shared one would gather all their tracebacks.
        raise fault(outcome.code, str(outcome)) from outcome  # type: ignore[arg-type]
    return outcome
