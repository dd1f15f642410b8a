"""A bound on how often passwords may be tried: by account, and by the address that tries."""

from __future__ import annotations

from examples.auth_server.database import Database
from examples.auth_server.settings import Settings

__all__ = ["Throttle"]

#: Many people may share one address, and one who guesses has many accounts to try: so many times the bound of one.
_ADDRESS = 10


class Throttle:
    """The table of attempts. It is in the database, so that several processes count together."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def admit(self, name: str, address: str) -> float:
        """Count an attempt before its password is looked at, so that many at once are no way around the bound.

        Returns:
            0.0, or the seconds after which the next attempt makes sense; such an attempt is not counted.
        """
        settings, now = self._settings, self._settings.clock()
        limits = {f"name {name}": settings.attempts, f"address {address}": _ADDRESS * settings.attempts}
        with self._database.writing() as connection:
            connection.execute("DELETE FROM attempts WHERE moment <= ?", (now - settings.attempts_window,))
            for bucket, limit in limits.items():
                # The newest ``limit`` attempts: there is room again once the oldest of these is forgotten.
                rows = connection.execute(
                    "SELECT moment FROM attempts WHERE bucket = ? ORDER BY moment DESC LIMIT ?",
                    (bucket, limit),
                ).fetchall()
                if len(rows) == limit:
                    return float(rows[-1][0]) + settings.attempts_window - now
            connection.executemany("INSERT INTO attempts VALUES (?, ?)", [(bucket, now) for bucket in limits])
        return 0.0

    def succeeded(self, name: str) -> None:
        """Forget the attempts on an account whose owner has come. Those of the address stay."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM attempts WHERE bucket = ?", (f"name {name}",))
