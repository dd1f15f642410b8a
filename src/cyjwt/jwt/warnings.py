"""The warnings of this surface."""

from __future__ import annotations

__all__ = ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"]


class RemovedInPyjwt3Warning(DeprecationWarning):
    """An argument that does nothing, and that PyJWT 3 will refuse."""


class InsecureKeyLengthWarning(UserWarning):
    """A key shorter than RFC 7518 section 3.2 or NIST SP 800-131A asks for."""
