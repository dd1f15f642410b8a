"""The types that this surface's signatures name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypedDict

__all__ = ["FullOptions", "HashlibHash", "JWKDict", "Options", "SigOptions"]

#: The members of a JWK.
JWKDict: TypeAlias = dict[str, Any]

#: A constructor of the module ``hashlib``.
HashlibHash: TypeAlias = Callable[..., Any]


class SigOptions(TypedDict, total=False):
    """The options of a ``PyJWS``."""

    #: Verify the signature; ``True`` unless stated.
    verify_signature: bool
    #: Refuse a key that is too short with ``InvalidKeyError`` instead of a warning; ``False`` unless stated.
    enforce_minimum_key_length: bool


class Options(TypedDict, total=False):
    """The options of ``decode`` and ``decode_complete``.

    A claim is checked where it is present: name it in ``require`` if it must be. Every ``verify_`` option is
    ``True`` unless stated, or ``False`` where ``verify_signature`` is stated to be ``False``.
    """

    #: Verify the signature.
    verify_signature: bool
    #: The names of claims that must be present and not null; none unless stated.
    require: list[str]
    #: Insist on an ``aud`` that is one string, equal to a single ``audience``; ``False`` unless stated.
    strict_aud: bool
    #: Check ``aud`` against ``audience``.
    verify_aud: bool
    #: Check that ``exp`` is to come.
    verify_exp: bool
    #: Check that ``iat`` is a number that is not to come.
    verify_iat: bool
    #: Check ``iss`` against ``issuer``.
    verify_iss: bool
    #: Check that ``jti`` is a string.
    verify_jti: bool
    #: Check that ``nbf`` has passed.
    verify_nbf: bool
    #: Check that ``sub`` is a string, and equal to ``subject``.
    verify_sub: bool
    #: Refuse a key that is too short with ``InvalidKeyError`` instead of a warning; ``False`` unless stated.
    enforce_minimum_key_length: bool


class FullOptions(TypedDict):
    """``Options`` of which every one is stated."""

    verify_signature: bool
    require: list[str]
    strict_aud: bool
    verify_aud: bool
    verify_exp: bool
    verify_iat: bool
    verify_iss: bool
    verify_jti: bool
    verify_nbf: bool
    verify_sub: bool
    enforce_minimum_key_length: bool
