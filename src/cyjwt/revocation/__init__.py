"""Revocation: stores of what is revoked before its time, for ``Verifier(..., revoked=store)``."""

from __future__ import annotations

import importlib

from cyjwt.revocation._store import RevocationStore, RevocationStoreError, Store, StoreInfo
from cyjwt.revocation.memory import MemoryStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cyjwt.revocation.redis import RedisStore
    from cyjwt.revocation.sqlite import SQLiteStore
else:
    # Not for the checker, which would take any name to be there.

    #: What is imported when it is first asked for: sqlite3 and redis are not everybody's.
    _LATER = {"SQLiteStore": "cyjwt.revocation.sqlite", "RedisStore": "cyjwt.revocation.redis"}

    def __getattr__(name):
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_LATER[name]), name)
        globals()[name] = value
        return value

    def __dir__():
        return [*globals(), *_LATER]


__all__ = [
    "MemoryStore",
    "RedisStore",
    "RevocationStore",
    "RevocationStoreError",
    "SQLiteStore",
    "Store",
    "StoreInfo",
]
