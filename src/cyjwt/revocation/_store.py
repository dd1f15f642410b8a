"""Store: what every store of revocations can do, whatever it keeps its entries in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from time import time
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

from cyjwt._arguments import type_name, utf8_text
from cyjwt._engine.revocationtable import KEY, SUBJECT, TOKEN, thumbprint
from cyjwt.errors import CyJWTError
from cyjwt.keys import Key
from cyjwt.policy import LAST_DATE, read_clock, seconds, text

__all__ = ["Entry", "RevocationStore", "RevocationStoreError", "Store", "StoreInfo", "read_times"]

#: A date, as the methods of a store take it.
Moment: TypeAlias = float | datetime

NEVER = math.inf

#: Stands for it where a number is written as text and compared: later than any date, and infinity may have no form.
FAR_OFF = 1e18

#: The kind, the issuer (None: any), the jti, sub or thumbprint; of a subject the moment before which its tokens are
#: revoked, else infinity; and the end of the entry, or infinity.
Entry: TypeAlias = tuple[int, str | None, str, float, float]


class RevocationStoreError(CyJWTError):
    """A store that cannot tell, or cannot keep, what is revoked: a file, a server or a bound is in the way.

    Its ``code`` is ``"revocation_store"``, or ``"revocation_store_full"`` where a bound is.
    """

    code = "revocation_store"


class RevocationStore(Protocol):
    """What ``Verifier(..., revoked=store)`` asks of a store. Any object with this method will do.

    It is called for each token whose signature and claims hold, under the interpreter lock, perhaps by several threads
    at once, and by ``verify_async`` in the event loop's thread: it must not block. What it raises (an ``Exception``)
    means that it does not know, and the verifier's ``revocation_failure`` decides.
    """

    def is_revoked(self, claims: dict[str, Any], key: Key, /) -> bool:
        """Tell whether a verified token is revoked.

        Args:
            claims: its claims, not to be changed.
            key: the key that verified it.

        Returns:
            Whether it is.
        """
        ...


class StoreInfo(NamedTuple):
    """What a store holds and has done.

    Attributes:
        tokens: how many entries revoke a ``jti``.
        subjects: how many revoke what a subject was issued.
        keys: how many revoke a key.
        checks: how many tokens this object was asked about.
        revoked: how many of those were revoked.
        failures: how often it could not tell.
    """

    tokens: int
    subjects: int
    keys: int
    checks: int
    revoked: int
    failures: int


class Store:
    """The methods that all stores of this package share.

    An entry is for the tokens of one ``issuer``, or for those of any where it names none: a ``jti`` or a ``sub`` is
    unique for its issuer alone (RFC 7519 sections 4.1.2 and 4.1.7), so name it where a store serves several issuers.
    """

    __slots__ = ()

    _clock: Callable[[], float]
    _leeway: float

    # What a kind of store brings.

    def _put(self, entries: Iterable[Entry]) -> None:
        """Add entries. One that is there already lasts as long, and reaches as far, as the further of the two."""
        raise NotImplementedError

    def _drop(self, kind: int, issuer: str | None, value: str) -> bool:
        raise NotImplementedError

    def is_revoked(self, claims: dict[str, Any], key: Key, /) -> bool:
        """Tell whether a verified token is revoked: by its ``jti``, by its ``sub`` and ``iat``, or by its key.

        Args:
            claims: its claims.
            key: the key that verified it.

        Returns:
            Whether it is.

        Raises:
            RevocationStoreError: the store cannot tell.
        """
        raise NotImplementedError

    def prune(self) -> int:
        """Forget the entries whose time is over, which a store also does by itself as it grows.

        Returns:
            How many there were.

        Raises:
            RevocationStoreError: the store cannot be written to.
        """
        raise NotImplementedError

    def info(self) -> StoreInfo:
        """Tell what the store holds and has done.

        Returns:
            Its counters.

        Raises:
            RevocationStoreError: the store cannot be read.
        """
        raise NotImplementedError

    # What its users call.

    def revoke(
        self, jti: str, *, expires: Moment | timedelta | None = None, issuer: str | None = None
    ) -> None:
        """Revoke the token with a ``jti``.

        Args:
            jti: the ``jti``.
            expires: the token's ``exp``, in seconds since 1970 or as a datetime with a time zone; or a timedelta from
                now. The entry is forgotten some time after it. Left out, the entry stays until it is removed.
            issuer: the token's ``iss``; left out, the ``jti`` is revoked whoever issued it.

        Raises:
            TypeError, ValueError: an argument that can mean nothing.
            RevocationStoreError: the store cannot keep it.
        """
        self._put([(TOKEN, _issuer(issuer), text("jti", jti), NEVER, self._end(expires))])

    def revoke_many(
        self,
        jtis: Iterable[str],
        *,
        expires: Moment | timedelta | None = None,
        issuer: str | None = None,
    ) -> None:
        """Revoke the tokens with these ``jti``, in one step where the store knows such.

        Args:
            jtis: the ``jti`` of each.
            expires: as for ``revoke``, for all of them.
            issuer: as for ``revoke``, for all of them.

        Raises:
            TypeError, ValueError, RevocationStoreError: as for ``revoke``.
        """
        if isinstance(jtis, str | bytes):
            raise TypeError("jtis must be an iterable of str: revoke takes one")
        whose, end = _issuer(issuer), self._end(expires)
        self._put((TOKEN, whose, text("jti", jti), NEVER, end) for jti in jtis)

    def revoke_token(self, claims: Mapping[str, Any]) -> None:
        """Revoke one token, by its claims: its ``jti``, as one of its ``iss``, until its ``exp``.

        Args:
            claims: the claims, as ``Verifier.verify`` gives them.

        Raises:
            ValueError: it has no ``jti``, so that nothing tells it from others of its subject.
            TypeError: not claims.
            RevocationStoreError: the store cannot keep it.
        """
        if not isinstance(claims, Mapping):
            raise TypeError(f"claims must be a mapping, not {type_name(claims)}")
        if claims.get("jti") is None:
            raise ValueError("the token has no jti: revoke its subject, or its key")
        self.revoke(claims["jti"], expires=claims.get("exp"), issuer=claims.get("iss"))

    def revoke_subject(
        self,
        sub: str,
        *,
        before: Moment | None = None,
        expires: Moment | timedelta | None = None,
        issuer: str | None = None,
    ) -> None:
        """Revoke every token that a subject was issued before a moment: "log out everywhere".

        A token without ``iat`` counts as issued before. Many signers cut ``iat`` to a whole second: what is issued in
        the second of ``before`` is revoked by it as well.

        Args:
            sub: the ``sub``.
            before: the moment, in seconds since 1970 or as a datetime with a time zone; now when left out.
            expires: when the last of these tokens has expired, as for ``revoke``.
            issuer: as for ``revoke``.

        Raises:
            TypeError, ValueError, RevocationStoreError: as for ``revoke``.
        """
        since = self._clock() if before is None else _moment("before", before)
        self._put([(SUBJECT, _issuer(issuer), text("sub", sub), since, self._end(expires))])

    def revoke_key(self, key: Key | str, *, expires: Moment | timedelta | None = None) -> None:
        """Revoke every token that a key verifies.

        Args:
            key: the ``Key``, or its RFC 7638 thumbprint by SHA-256.
            expires: when the last of these tokens has expired, as for ``revoke``.

        Raises:
            TypeError, ValueError, RevocationStoreError: as for ``revoke``.
        """
        self._put([(KEY, None, _thumbprint(key), NEVER, self._end(expires))])

    def reinstate(self, jti: str, *, issuer: str | None = None) -> bool:
        """Take back a ``revoke``.

        Args:
            jti: the ``jti``.
            issuer: the issuer that ``revoke`` was given, if any.

        Returns:
            Whether there was such an entry.

        Raises:
            TypeError, ValueError, RevocationStoreError: as for ``revoke``.
        """
        return self._drop(TOKEN, _issuer(issuer), text("jti", jti))

    def reinstate_subject(self, sub: str, *, issuer: str | None = None) -> bool:
        """Take back a ``revoke_subject``. Arguments, result and errors are those of ``reinstate``."""
        return self._drop(SUBJECT, _issuer(issuer), text("sub", sub))

    def reinstate_key(self, key: Key | str) -> bool:
        """Take back a ``revoke_key``. Result and errors are those of ``reinstate``."""
        return self._drop(KEY, None, _thumbprint(key))

    def close(self) -> None:
        """Let go of files, connections and threads. A store that is asked afterwards opens what it needs again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        return sum(self.info()[:3])

    def __bool__(self) -> bool:
        # An empty store is a store.
        return True

    def _end(self, expires: Moment | timedelta | None) -> float:
        """When an entry may be forgotten."""
        if expires is None:
            return NEVER
        if isinstance(expires, timedelta):
            return min(self._clock() + expires.total_seconds(), LAST_DATE) + self._leeway
        return _moment("expires", expires) + self._leeway


def read_times(
    leeway: float | timedelta, clock: Callable[[], float] | float | None
) -> tuple[float, Callable[[], float]]:
    """Check the options of these names.

    Raises:
        TypeError, ValueError: one that can mean nothing.
    """
    return seconds("leeway", leeway), read_clock(clock) or time


def _moment(option: str, value: object) -> float:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{option} must have a time zone: a naive datetime is no moment")
        value = value.timestamp()
    if isinstance(value, timedelta):
        raise TypeError(f"{option} must be seconds since 1970 or a datetime, not a timedelta")
    moment = seconds(option, value)
    if moment > LAST_DATE:
        raise ValueError(f"{option} must lie before the year 10000, in seconds since 1970")
    return moment


def _issuer(issuer: object) -> str | None:
    return None if issuer is None else text("issuer", issuer)


def _thumbprint(key: object) -> str:
    if not isinstance(key, str):
        return thumbprint(key)
    plain = utf8_text("key", key)
    if len(plain) != 43:
        raise ValueError("key must be a Key or its RFC 7638 thumbprint by SHA-256: 43 characters")
    return plain
