"""Revocation: stores of what is revoked before its time, for ``Verifier(..., revoked=store)``."""

from __future__ import annotations

from cyjwt.revocation._store import RevocationStore, RevocationStoreError, Store, StoreInfo
from cyjwt.revocation.memory import MemoryStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cyjwt.revocation.redis import RedisStore
    from cyjwt.revocation.sqlite import SQLiteStore
else:
    from cyjwt._lazy import late_names

    # sqlite3 and redis are not everybody's.
    __getattr__, __dir__ = late_names(
        globals(), {"SQLiteStore": "cyjwt.revocation.sqlite", "RedisStore": "cyjwt.revocation.redis"}
    )
    del late_names

__all__ = [
    "MemoryStore",
    "RedisStore",
    "RevocationStore",
    "RevocationStoreError",
    "SQLiteStore",
    "Store",
    "StoreInfo",
]
