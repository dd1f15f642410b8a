"""JWKSClient: an issuer's keys, kept up to date, for verifiers and for direct use."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import time
from typing import TYPE_CHECKING, Any, Literal, Self

from cyjwt.errors import InvalidKeyError
from cyjwt.jwks import storage
from cyjwt.jwks.fetcher import Published
from cyjwt.jwks.health import Health
from cyjwt.jwks.options import Options, path_text, read_options
from cyjwt.jwks.refresh import Refresh
from cyjwt.jwks.source import LiveSource
from cyjwt.keyset import KeySet

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType
    from typing import NotRequired, TypedDict, Unpack

    from cyjwt._arguments import BytesLike
    from cyjwt.jwks.transport import Fetch
    from cyjwt.keys import Key

    Seed = Mapping[str, object] | BytesLike | str
    Seconds = float | timedelta

    class ClientOptions(TypedDict):
        """The options of a ``JWKSClient``, for the checker."""

        lifetime: NotRequired[Seconds]
        min_lifetime: NotRequired[Seconds | None]
        max_lifetime: NotRequired[Seconds | None]
        max_stale: NotRequired[Seconds]
        refresh_ahead: NotRequired[Seconds]
        unknown_interval: NotRequired[Seconds]
        unknown_memory: NotRequired[Seconds]
        timeout: NotRequired[Seconds]
        retries: NotRequired[int]
        backoff: NotRequired[Seconds]
        backoff_factor: NotRequired[float]
        backoff_max: NotRequired[Seconds]
        max_size: NotRequired[int]
        max_keys: NotRequired[int]
        allow_http: NotRequired[bool]
        headers: NotRequired[Mapping[str, str]]
        ssl_context: NotRequired[SSLContext | None]
        fetch: NotRequired[Fetch | None]
        seed: NotRequired[Seed | None]
        path: NotRequired[str | os.PathLike[str] | None]
        clock: NotRequired[Callable[[], float] | None]


__all__ = ["JWKSClient"]


class JWKSClient(LiveSource):
    """The keys that an issuer publishes at a URL as a JWK Set (RFC 7517 section 5), kept up to date.

    Give it to a ``Verifier`` as its keys, and share both: between threads, tasks, and as many verifiers as
    there are. Nothing is fetched before the first key is needed. From then on whoever needs a key that is
    held never waits: the set is fetched again in the background before its lifetime ends, and where that
    fails, the last good one serves on for ``max_stale``. Durations are seconds, or a timedelta.

    Args:
        url: where the set is published: https, unless ``allow_http``. Redirects are refused.
        lifetime: how long a set is fresh where the server does not say (``Cache-Control``, ``Expires``).
        min_lifetime: the least that the server may say; 60, or ``lifetime`` if that is less.
        max_lifetime: the most that it may say; a day, or ``lifetime`` if that is more.
        max_stale: how long past its lifetime a set serves that cannot be fetched again; ``math.inf`` for
            ever. After that there are no keys: ``JWKSUnavailableError``.
        refresh_ahead: how long before its lifetime ends a set is fetched again (up to a quarter more, at
            random, and at most half of the lifetime).
        unknown_interval: at most once in so long a token with an unknown ``kid`` has the set fetched.
        unknown_memory: how long a ``kid`` that the server did not have is not asked for again.
        timeout: the most that one fetch may take, from the look-up of the name to the last octet.
        retries: how often a fetch is tried again at once, after a broken connection or a status of 500 and
            above; never for the sake of an unknown ``kid``.
        backoff: the pause after a fetch that failed. Each pause is drawn between half of it and the whole.
        backoff_factor: by which it grows with every further failure.
        backoff_max: beyond which it does not grow.
        max_size: the most octets of an answer, up to 1,048,576.
        max_keys: the most keys of a set, up to 1000.
        allow_http: admit plain http, by which anybody on the way may put keys of his own in force.
        headers: more fields for the requests.
        ssl_context: what TLS trusts, in place of the system's certificates.
        fetch: a transport in place of ``urllib``: called with a ``cyjwt.jwks.Request``, gives a
            ``cyjwt.jwks.Response`` or an object like it. It runs in a thread, and must heed the timeout.
        seed: a JWK Set to begin with, as ``KeySet.from_jwks`` takes it. It serves at once, and is fetched
            anew at the first use.
        path: a file in which the set is kept, to begin with after a restart, even while the server is down.
            Whoever may write to it may put keys in force.
        clock: a callable like ``time.monotonic``, which it replaces; for tests.

    Raises:
        TypeError: an option of the wrong type.
        ValueError: an option that can mean nothing.
        InvalidKeyError: the seed is no JWK Set of use.

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.generate("ES256", kid="2026-07")
        >>> keys = cyjwt.JWKSClient("https://issuer.example/jwks", seed=cyjwt.KeySet([key]).to_jwks())
        >>> verifier = cyjwt.Verifier(keys, issuer="https://issuer.example/", audience="orders")
        >>> keys.health().state, keys.health().keys
        ('stale', 1)
    """

    def __init__(
        self,
        url: str,
        *,
        lifetime: Seconds = 300,
        min_lifetime: Seconds | None = None,
        max_lifetime: Seconds | None = None,
        max_stale: Seconds = 3600,
        refresh_ahead: Seconds = 30,
        unknown_interval: Seconds = 30,
        unknown_memory: Seconds = 120,
        timeout: Seconds = 5,
        retries: int = 1,
        backoff: Seconds = 1,
        backoff_factor: float = 2,
        backoff_max: Seconds = 30,
        max_size: int = 524_288,
        max_keys: int = 200,
        allow_http: bool = False,
        headers: Mapping[str, str] | None = None,
        ssl_context: SSLContext | None = None,
        fetch: Fetch | None = None,
        seed: Seed | None = None,
        path: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] | None = None,
        _discover: bool = False,
    ) -> None:
        options = read_options(
            url=url,
            discover=_discover,
            lifetime=lifetime,
            min_lifetime=min_lifetime,
            max_lifetime=max_lifetime,
            max_stale=max_stale,
            refresh_ahead=refresh_ahead,
            unknown_interval=unknown_interval,
            unknown_memory=unknown_memory,
            timeout=timeout,
            retries=retries,
            backoff=backoff,
            backoff_factor=backoff_factor,
            backoff_max=backoff_max,
            max_size=max_size,
            max_keys=max_keys,
            allow_http=allow_http,
            headers=headers,
            ssl_context=ssl_context,
            fetch=fetch,
            path=path,
            clock=clock,
        )
        seeded = None if seed is None else KeySet.from_jwks(seed)
        self._begin(options)
        if seeded is not None:
            self._lend(seeded, 0.0)
        if options.path is not None:
            self._load(options.path)

    @classmethod
    def from_issuer(cls, issuer: str, **options: Unpack[ClientOptions]) -> Self:
        """Find the set by the issuer's metadata: OpenID Connect Discovery, or else RFC 8414.

        The metadata are fetched with the first keys, again every day, and whenever keys cannot be fetched.
        They must name this very issuer, octet by octet.

        Args:
            issuer: the issuer, as tokens name it in ``iss``. The same rules as for ``url`` hold for it and
                for what the metadata point to.
            options: as for the class.

        Returns:
            A client. A ``Verifier`` that uses it should insist on the ``issuer`` too.

        Raises:
            TypeError, ValueError, InvalidKeyError: as for the class.

        Example:
            >>> import cyjwt
            >>> client = cyjwt.JWKSClient.from_issuer("https://issuer.example/")
            >>> client.health().state
            'empty'
        """
        return cls(issuer, **options, _discover=True)

    # -- keys

    def keys(self) -> KeySet:
        """Give the keys in force; waits if there are none yet.

        Returns:
            The set of keys, which does not change: what comes later is in the next one.

        Raises:
            JWKSUnavailableError: there are none that may serve.
        """
        while True:
            if self.snapshot is None or self._clock() >= self._next:
                self._due()
            held = self.snapshot
            # Between these lines another thread may have found it too old.
            if held is not None:
                return held

    def get(self, kid: str) -> Key | None:
        """Give the key of a ``kid``, or None; waits for a fetch if it is unknown and the rate allows one.

        Args:
            kid: the ``kid``.

        Returns:
            The key, or ``None`` where the issuer has none of that ``kid``.

        Raises:
            JWKSUnavailableError: there are no keys that may serve.
            KeyNotFoundError: several different keys share the ``kid``.
            TypeError: the ``kid`` is not a string.
        """
        key = self.keys().get(kid)
        if key is None:
            self._missing(kid)
            key = self.keys().get(kid)
        return key

    def refresh(self) -> Refresh:
        """Begin to fetch the set at once, or join in the fetch that is under way.

        Neither a lifetime nor a back-off holds this up. It returns at once: what follows depends on what is
        done with what it returns.

        Returns:
            ``await client.refresh()`` waits in an event loop of asyncio, ``client.refresh().result()`` in a
            thread; both give the keys, or raise a ``JWKSError`` if the fetch failed. Who does neither goes
            on with the keys that are held.

        Raises:
            JWKSUnavailableError: the client was closed.

        Example:
            >>> import cyjwt
            >>> client = cyjwt.JWKSClient("https://issuer.example/jwks", fetch=lambda request: None)
            >>> try:
            ...     client.refresh().result()
            ... except cyjwt.JWKSError as error:
            ...     error.code
            'transport'
        """
        with self._lock:
            flight = self._flight
            if flight is None:
                if self._closed:
                    raise self._unavailable()
                flight = self._launch(self._options.retries)
            return flight

    def health(self) -> Health:
        """Tell how the client fares, without waiting for anything.

        Returns:
            What it knows of itself; ``help(cyjwt.jwks.Health)`` explains each member.
        """
        with self._lock:
            now, times, counters = self._clock(), self._schedule, self._counters
            held = self._published
            serving = self.snapshot is not None and now < times.stale_until
            state: Literal["empty", "fresh", "stale", "unavailable", "closed"]
            if self._closed:
                state = "closed"
            elif held is None:
                state = "empty"
            elif not serving:
                state = "unavailable"
            else:
                state = "fresh" if now < times.fresh_until else "stale"
            return Health(
                state=state,
                serving=serving,
                refreshing=self._flight is not None,
                keys=len(held.keys) if held is not None and serving else 0,
                left_out=held.left_out if held is not None else (),
                age=now - times.fetched if held is not None else None,
                expires_in=times.fresh_until - now if held is not None else None,
                serves_for=max(times.stale_until - now, 0.0) if held is not None else None,
                last_success=counters.last_success,
                last_failure=counters.last_failure,
                last_error=self._error,
                next_try_in=max(times.next_try - now, 0.0),
                failures_in_row=times.failures,
                fetches=counters.fetches,
                failures=counters.failures,
                unchanged=counters.unchanged,
                changes=counters.changes,
                unknown_fetches=counters.unknown_fetches,
                unknown_refused=counters.unknown_refused,
                unknown_remembered=counters.unknown_remembered,
                storage_error=self._storage_error,
            )

    # -- documents

    def dump(self, path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Write the keys in force as a JWK Set: what ``seed=`` takes.

        Only what may serve is in it: nothing private or secret that the server may have published.

        Args:
            path: a file to write it to, whole or not at all.

        Returns:
            A new dict.

        Raises:
            JWKSUnavailableError: there are no keys that may serve.
            OSError: the file cannot be written.
        """
        document = self.keys().to_jwks()
        if path is not None:
            storage.save(path_text("path", path), document)
        return document

    def _load(self, path: str) -> None:
        """Begin with what the file holds, if that is of use."""
        try:
            stored = storage.load(path)
            if stored is not None:
                content, age = stored
                if age < self._options.lifetime + self._options.max_stale:
                    self._lend(KeySet.from_jwks(content), age)
        except (OSError, InvalidKeyError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            self._storage_error = f"the file cannot be read: {said}"

    def _lend(self, keys: KeySet, age: float) -> None:
        """Put keys in force that were not fetched."""
        self._published = Published(keys, (), self._options.lifetime, "", ())
        self._schedule.lent(self._clock(), age)
        self.snapshot = keys
        self._arm()

    # -- the end

    def close(self) -> None:
        """Fetch nothing any more. What is held goes on serving for as long as it may."""
        with self._lock:
            self._closed = True
            self._arm()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the options and the last set: a copy in another process begins with it."""
        with self._lock:
            held, age = self._published, self._clock() - self._schedule.fetched
            lent = self._schedule.refresh_at == -math.inf
            return _restore, (type(self), self._options, held, None if held is None else time() - age, lent)

    def __repr__(self) -> str:
        health = self.health()
        return f"<JWKSClient {self._options.name}: {health.state}, {health.keys} keys>"


def _restore(
    cls: type[JWKSClient], options: Options, held: Published | None, since: float | None, lent: bool
) -> JWKSClient:
    """A client as it was pickled; ``since`` is when its set was asked for, in seconds since 1970."""
    self = cls.__new__(cls)
    self._begin(options)
    if held is not None and since is not None:
        age = max(time() - since, 0.0)
        self._published = held
        self._schedule.held(self._clock() - age, held.lifetime)
        if lent:
            self._schedule.lent(self._clock(), age)
        self.snapshot = held.keys
        self._arm()
    return self
