"""What the engine found out about a token's signature before it refused the token."""

from __future__ import annotations

from typing import NamedTuple

from cyjwt.jwt._notices import warn_of_key
from cyjwt.jwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

__all__ = ["Known", "known_from"]

#: What it raises of a token whose signature it found to hold.
_ABOUT_CLAIMS = (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidSubjectError,
    MissingRequiredClaimError,
)


class Known(NamedTuple):
    """Whether a signature holds, and what there is to warn of."""

    holds: bool
    warning: str | None

    def tell(self) -> None:
        """Warn and refuse as the verification would have."""
        warn_of_key(self.warning, enforced=False)
        if not self.holds:
            raise InvalidSignatureError("Signature verification failed")


def known_from(token: object, refusal: InvalidTokenError, warning: str | None) -> Known | None:
    """What a refusal says about the signature; None where that has yet to be verified."""
    if not isinstance(token, str | bytes):
        # A buffer may be another token when it is read again.
        return None
    if isinstance(refusal, InvalidSignatureError):
        return Known(False, warning)
    if isinstance(refusal, _ABOUT_CLAIMS) or (isinstance(refusal, DecodeError) and refusal.claim):
        return Known(True, warning)
    return None
