"""The claim checks that the engine does not make: PyJWT's, by its order, its laxness and its words.

Numbers in strings, dates cut to seconds, an ``aud`` that is empty, a ``sub`` that is absent: what users of
PyJWT may rely on passes here although the engine refused it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cyjwt.jwt._clock import now
from cyjwt.jwt._watch import WatchedObject
from cyjwt.jwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

if TYPE_CHECKING:
    from cyjwt.jwt.types import FullOptions

__all__ = ["ClaimChecks"]


class ClaimChecks(WatchedObject):
    """The part of ``PyJWT`` that looks at claims; a subclass may replace any of it."""

    def _validate_claims(
        self,
        payload: dict[str, Any],
        options: FullOptions,
        audience: Iterable[str] | str | None = None,
        issuer: Container[str] | str | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
    ) -> None:
        seconds = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
        if audience is not None and not isinstance(audience, str | Iterable):
            raise TypeError("audience must be a string, iterable or None")
        self._validate_required_claims(payload, options["require"])
        moment = now()
        if "iat" in payload and options["verify_iat"]:
            self._validate_iat(payload, moment, seconds)
        if "nbf" in payload and options["verify_nbf"]:
            self._validate_nbf(payload, moment, seconds)
        if "exp" in payload and options["verify_exp"]:
            self._validate_exp(payload, moment, seconds)
        if options["verify_iss"]:
            self._validate_iss(payload, issuer)
        if options["verify_aud"]:
            self._validate_aud(payload, audience, strict=options.get("strict_aud", False))
        if options["verify_sub"]:
            self._validate_sub(payload, subject)
        if options["verify_jti"]:
            self._validate_jti(payload)

    def _validate_required_claims(self, payload: dict[str, Any], claims: Iterable[str]) -> None:
        for name in claims:
            if payload.get(name) is None:
                raise MissingRequiredClaimError(name)

    def _validate_sub(self, payload: dict[str, Any], subject: str | None = None) -> None:
        if "sub" not in payload:
            return
        if not isinstance(payload["sub"], str):
            raise InvalidSubjectError("Subject must be a string")
        if subject is not None and payload["sub"] != subject:
            raise InvalidSubjectError("Invalid subject")

    def _validate_jti(self, payload: dict[str, Any]) -> None:
        if "jti" in payload and not isinstance(payload["jti"], str):
            raise InvalidJTIError("JWT ID must be a string")

    def _validate_iat(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        iat = _whole(payload["iat"], InvalidIssuedAtError("Issued At claim (iat) must be an integer."), "iat")
        if iat > now + leeway:
            raise _at_fault(ImmatureSignatureError("The token is not yet valid (iat)"), "iat")

    def _validate_nbf(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        nbf = _whole(payload["nbf"], DecodeError("Not Before claim (nbf) must be an integer."), "nbf")
        if nbf > now + leeway:
            raise _at_fault(ImmatureSignatureError("The token is not yet valid (nbf)"), "nbf")

    def _validate_exp(self, payload: dict[str, Any], now: float, leeway: float) -> None:
        exp: float = _whole(
            payload["exp"], DecodeError("Expiration Time claim (exp) must be an integer."), "exp"
        )
        if isinstance(payload["exp"], float):
            # The engine lets a token live to the end of its last fraction of a second, and so does this.
            exp = payload["exp"]
        if exp <= now - leeway:
            raise ExpiredSignatureError("Signature has expired")

    def _validate_aud(
        self, payload: dict[str, Any], audience: str | Iterable[str] | None, *, strict: bool = False
    ) -> None:
        named = payload.get("aud")
        if audience is None:
            if named:
                # A token for somebody is not for a caller that is nobody.
                raise InvalidAudienceError("Invalid audience")
            return
        if not named:
            raise MissingRequiredClaimError("aud")
        if strict:
            _validate_strictly(named, audience)
            return
        if isinstance(named, str):
            named = [named]
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise InvalidAudienceError("Invalid claim format in token")
        wanted = [audience] if isinstance(audience, str) else audience
        if not any(name in named for name in wanted):
            raise InvalidAudienceError("Audience doesn't match")

    def _validate_iss(self, payload: dict[str, Any], issuer: Container[str] | str | None) -> None:
        if issuer is None:
            return
        if "iss" not in payload:
            raise MissingRequiredClaimError("iss")
        iss = payload["iss"]
        if not isinstance(iss, str):
            raise InvalidIssuerError("Payload Issuer (iss) must be a string")
        try:
            # In a string "in" would look for a part of it.
            named = iss == issuer if isinstance(issuer, str) else iss in issuer
        except TypeError:
            raise InvalidIssuerError('Issuer param must be "str" or "Container[str]"') from None
        if not named:
            raise InvalidIssuerError("Invalid issuer")


def _validate_strictly(named: object, audience: str | Iterable[str]) -> None:
    if not isinstance(audience, str):
        raise InvalidAudienceError("Invalid audience (strict)")
    if not isinstance(named, str):
        raise InvalidAudienceError("Invalid claim format in token (strict)")
    if audience != named:
        raise InvalidAudienceError("Audience doesn't match (strict)")


def _whole(value: Any, refusal: InvalidTokenError, claim: str) -> int:
    """A date as PyJWT reads it: what ``int`` makes of it."""
    try:
        return int(value)
    except (ValueError, TypeError, OverflowError):
        raise _at_fault(refusal, claim) from None


def _at_fault(error: InvalidTokenError, claim: str) -> InvalidTokenError:
    error.claim = claim
    return error
