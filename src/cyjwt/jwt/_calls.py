"""The module's function ``decode``, with a front that is compiled: what it finds again costs no Python at all."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cyjwt import caches
from cyjwt._engine.memo import Memo
from cyjwt._engine.oneshot import one_shot
from cyjwt.jwt._known import known_from
from cyjwt.jwt._notices import warn_of_key
from cyjwt.jwt._quick import NoQuickWayError, QuickVerifier, find_verifier
from cyjwt.jwt._watch import on_change
from cyjwt.jwt.exceptions import InvalidTokenError
from cyjwt.verifier import Verifier

if TYPE_CHECKING:
    from cyjwt.jwt.api_jws import PublicKey
    from cyjwt.jwt.api_jwt import PyJWT
    from cyjwt.jwt.types import Options

__all__ = ["quick_decode"]

#: What a call has besides its token, in the order of ``_decode_exactly``.
_Arguments = tuple[Any, Any, Any, None, None, Any, Any, Any, Any]


class _Found(Verifier):
    """A verifier, and the arguments that it stands for."""

    __slots__ = ("arguments",)

    warning = None
    arguments: _Arguments


class _Other:
    """As ``_Found``, where there is more to do: a form of ``aud`` to look at, or a key to warn of."""

    def __init__(self, quick: QuickVerifier, arguments: _Arguments) -> None:
        self._verify = quick.verify
        self.warning = quick.warning
        self.arguments = arguments

    def verify(self, token: Any) -> dict[str, Any]:
        claims = self._verify(token)
        warn_of_key(self.warning, enforced=False)
        return claims


def quick_decode(owner: PyJWT) -> Callable[..., dict[str, Any]]:
    """The function that does what ``owner.decode`` does."""

    def is_usual() -> bool:
        return owner._standing is None and owner._plain and owner._jws._plain

    def find_call(
        key: Any,
        algorithms: Any,
        options: Any,
        verify: Any,
        detached_payload: Any,
        audience: Any,
        subject: Any,
        issuer: Any,
        leeway: Any,
    ) -> _Found | _Other:
        if not is_usual() or verify is not None or detached_payload is not None:
            raise NoQuickWayError
        quick = find_verifier(
            owner._jws._table, key, algorithms, options, audience, issuer, subject, leeway, None
        )
        arguments = key, algorithms, options, None, None, audience, issuer, subject, leeway
        verifier = getattr(quick.verify, "__self__", None)
        if quick.warning is not None or not isinstance(verifier, Verifier):
            return _Other(quick, arguments)
        found = _Found._build(verifier.keys, verifier._policy)
        object.__setattr__(found, "arguments", arguments)
        return found

    def refused(found: _Found | _Other, token: Any, refusal: InvalidTokenError) -> dict[str, Any]:
        known = known_from(token, refusal, found.warning)
        claims: dict[str, Any] = owner._decode_exactly(token, *found.arguments, known)["payload"]
        return claims

    calls = Memo(find_call, caches.DEFAULT_SIZE)
    caches.register("jwt_calls", calls)
    on_change(calls.clear)
    owner._forget = owner._jws._forget = calls.clear

    def decode(
        jwt: str | bytes,
        key: PublicKey = "",
        algorithms: Sequence[str] | None = None,
        options: Options | None = None,
        verify: bool | None = None,
        detached_payload: bytes | None = None,
        audience: str | Iterable[str] | None = None,
        subject: str | None = None,
        issuer: str | Container[str] | None = None,
        leeway: float | timedelta = 0,
        **kwargs: Any,
    ) -> dict[str, Any]:
        try:
            # So that the next call finds it.
            calls.find(key, algorithms, options, verify, detached_payload, audience, subject, issuer, leeway)
        except Exception:
            if not kwargs and is_usual():
                # What has no quick way here has none there.
                return owner._decode_exactly(  # type: ignore[no-any-return]
                    jwt,
                    key,
                    algorithms,
                    options,
                    verify,
                    detached_payload,
                    audience,
                    issuer,
                    subject,
                    leeway,
                    None,
                )["payload"]
        return owner.decode(
            jwt,
            key,
            algorithms,
            options,
            verify,
            detached_payload,
            audience,
            subject,
            issuer,
            leeway,
            **kwargs,
        )

    method = type(owner).decode
    decode.__doc__ = method.__doc__
    decode.__module__, decode.__qualname__ = method.__module__, method.__name__
    return one_shot(calls, "verify", retry=InvalidTokenError, otherwise=refused, free=True)(decode)
