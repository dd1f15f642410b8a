"""Errors of key servers, made in one place: each with a finer ``code`` than its class has."""

from __future__ import annotations

from typing import Literal, TypeAlias

from cyjwt.errors import JWKSError

__all__ = ["Reason", "fault"]

#: What may go wrong with a fetch, which is the ``code`` of the error.
Reason: TypeAlias = Literal[
    "unreachable",  # no connection, or one that broke
    "certificate",  # the server could not prove who it is
    "timeout",  # the time for the whole fetch ran out
    "status",  # an answer other than 200 and 304
    "redirect",  # an answer that points elsewhere
    "too_large",  # more octets than max_size
    "content",  # no JWK Set, or none that is of use
    "issuer",  # metadata of another issuer
    "transport",  # the caller's fetch failed, or gave what is no answer
    "closed",  # the client was closed
]


def fault(reason: Reason, message: str) -> JWKSError:
    """An error of a key server, for a reason that logs and metrics may count."""
    error = JWKSError(message)
    error.code = reason
    return error
