"""Token: the three parts of a token, read."""

from __future__ import annotations

from cyjwt._engine.unverified import read
from cyjwt.batch import Claims
from cyjwt.policy import DEFAULT_TOKEN_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, Self
else:
    # For checkers of types alone.
    Generic = {Claims: object}

__all__ = ["Token", "read_unverified"]


class Token(tuple["dict[str, Any]", Claims, bytes], Generic[Claims]):
    """The header, the claims and the signature of a token; also a tuple of these three.

    What it is worth depends on where it comes from: ``Verifier.verify_complete`` gives one whose signature
    and claims hold, ``read_unverified`` one of which nothing is known.

    Attributes:
        header: the members of the JOSE header (RFC 7515 section 4).
        claims: the claims set (RFC 7519 section 4); of a verifier with a ``claims_type`` the instance.
        signature: the octets of the signature.
    """

    __slots__ = ()
    __match_args__ = ("header", "claims", "signature")

    def __new__(cls, header: dict[str, Any], claims: Claims, signature: bytes) -> Self:
        """Join the three parts."""
        return super().__new__(cls, (header, claims, signature))

    if not TYPE_CHECKING:

        def __class_getitem__(cls, claims: object) -> type[Token]:
            return cls

    @property
    def header(self) -> dict[str, Any]:
        """The members of the JOSE header."""
        return self[0]

    @property
    def claims(self) -> Claims:
        """The claims set; of a verifier with a ``claims_type`` the instance."""
        return self[1]

    @property
    def signature(self) -> bytes:
        """The octets of the signature."""
        return self[2]

    def __getnewargs__(self) -> tuple[dict[str, Any], Claims, bytes]:
        return self.header, self.claims, self.signature

    def __repr__(self) -> str:
        return f"Token(header={self.header!r}, claims={self.claims!r}, signature={self.signature!r})"


def read_unverified(token: str | bytes | bytearray | memoryview) -> Token:
    """Read a token and VERIFY NOTHING: anybody may have written it.

    For logs, for debugging, and for finding out which issuer's verifier to ask. Never decide on what it
    gives. The text is read as strictly as ``Verifier.verify`` reads it.

    Args:
        token: the compact serialization, at most 65,536 octets.

    Returns:
        Its three parts.

    Raises:
        DecodeError: the token is not well formed (RFC 7519 section 7.2, steps 1 to 10).

    Example:
        >>> import cyjwt
        >>> key = cyjwt.Key.from_secret(bytes(range(32)))
        >>> cyjwt.read_unverified(cyjwt.encode({"sub": "42"}, key, algorithm="HS256")).claims
        {'sub': '42'}
    """
    return Token(*read(token, DEFAULT_TOKEN_SIZE))
