"""The engine's handles for keys in the forms that this surface deals in: octets and ``cryptography`` objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cyjwt import caches
from cyjwt._classified import handle
from cyjwt._engine.memo import Memo
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key

if TYPE_CHECKING:
    from cyjwt.algorithms import Algorithm as Row

__all__ = ["find_row", "lax_key", "make_native", "native_of"]


def make_native(key: Any) -> NativeKey | None:
    """The engine's handle of a prepared key; None where the engine will not have it."""
    if not isinstance(key, bytes) and type(key).__module__.partition(".")[0] != "cryptography":
        # Such as a key of a KMS, which signs and verifies by methods of its own: only these know how.
        return None
    try:
        made = NativeKey.from_secret(key) if isinstance(key, bytes) else handle(key)
    except InvalidKeyError:
        # Such as a weak RSA key, which this surface only warns of.
        return None
    return made if isinstance(made, NativeKey) else None


_handles = Memo(make_native, caches.DEFAULT_SIZE)
caches.register("jwt_handles", _handles)


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


def lax_key(native: NativeKey, algorithms: tuple[str, ...]) -> Key:
    """A ``Key`` that serves these algorithms although its secret may be too short for them.

    ``Key`` itself refuses such a secret; PyJWT warns, and so does this surface, each time it is used.
    """
    key = object.__new__(Key)
    served = frozenset(algorithms)
    for name, value in (
        ("kty", native.kind),
        ("curve", native.curve or None),
        ("bits", native.bits),
        ("private", native.private),
        ("kid", None),
        ("use", None),
        ("key_ops", None),
        ("alg", None),
        ("algorithms", served),
        ("sign_algorithms", served if native.private else frozenset()),
        ("verify_algorithms", served),
        ("native", native),
        ("_fit", served),
        ("_foreign", None),
    ):
        object.__setattr__(key, name, value)
    return key
