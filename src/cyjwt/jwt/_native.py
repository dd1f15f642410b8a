"""The engine's handles for keys in the forms that this surface deals in: octets and ``cryptography`` objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyjwt._classified import handle
from cyjwt._engine.memo import Memo
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS, EC, OKP, RSA_PKCS1, RSA_PSS
from cyjwt.errors import InvalidKeyError

if TYPE_CHECKING:
    from cyjwt.algorithms import Algorithm as Row

__all__ = ["find_row", "native_of"]

_FAMILIES = (RSA_PKCS1, RSA_PSS, EC, OKP)
_KEPT = 256


def _make(key: Any) -> NativeKey | None:
    try:
        made = handle(key)
    except InvalidKeyError:
        # Such as a weak RSA key, which this surface only warns of.
        return None
    return made if isinstance(made, NativeKey) else None


_handles = Memo(_make, _KEPT)


def native_of(key: object) -> NativeKey | None:
    """The engine's handle of a key object; None where ``cryptography`` itself must serve it."""
    native: NativeKey | None = _handles.find(key)
    return native


def find_row(family: int, curve: str | None, hash_bits: int) -> Row | None:
    """The engine's algorithm of a family, the ``crv`` of a curve and a size of SHA-2, where it has one."""
    for row in ALGORITHMS.values():
        if row.family == family and row.hash_bits == hash_bits and (not row.curves or curve in row.curves):
            return row
    return None
