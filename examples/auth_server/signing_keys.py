"""Signing keys and their rotation: published, then signing, then published only, then gone.

A key signs from the moment in its row until the moment in the next one's. It is published for ``key_lead`` before that,
so that every verifier that keeps the JWK Set for no longer than ``jwks_max_age`` knows it by then; and afterwards until
the last token that it signed has expired. What is due is done by whoever asks first: no timer has to run.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from itertools import pairwise

import cyjwt
from cyjwt.revocation import Store
from examples.auth_server.database import Database
from examples.auth_server.settings import Settings

__all__ = ["ALGORITHM", "SigningKeys"]

ALGORITHM = "RS256"


@dataclass(frozen=True)
class _Scheduled:
    key: cyjwt.Key
    signs_from: float


class SigningKeys:
    """The table of signing keys.

    The private keys lie in the database as they are: its file is the owner's alone. Where there is a key service or a
    hardware module, that is the better place.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        #: Keys by ``kid``, so that a private key is read and checked once. It is replaced as a whole, never changed.
        self._read: dict[str, cyjwt.Key] = {}

    def signing(self) -> cyjwt.Key:
        """Give the key that signs now."""
        held = self._in_force()
        # The clock is read afterwards, for another process may have made the first key just now. Should it have been
        # set back since, the oldest key serves.
        now = self._settings.clock()
        return next((each.key for each in reversed(held) if each.signs_from <= now), held[0].key)

    def published(self) -> cyjwt.KeySet:
        """Give the keys to publish: the one that signs, the one that will, and those whose tokens may still hold."""
        return cyjwt.KeySet(held.key.public() for held in self._in_force())

    def rotate(self) -> None:
        """Have a new key sign as soon as every verifier knows it, unless one is on its way."""
        with self._database.writing() as connection:
            now = self._settings.clock()
            if self._settle(connection)[-1].signs_from <= now:
                _make(connection, now + self._settings.key_lead)

    def replace(self, revoked: Store) -> None:
        """Have a new key sign at once, and revoke and forget the others: for when they may be known to somebody else.

        An application server that meets the new ``kid`` fetches the set at once; the old keys it refuses from now on,
        whatever set it still holds.
        """
        with self._database.writing() as connection:
            for held in self._load(connection):
                # Without an end: who has the key can write any exp.
                revoked.revoke_key(held.key)
            connection.execute("DELETE FROM signing_keys")
            _make(connection, self._settings.clock())

    def _in_force(self) -> list[_Scheduled]:
        with self._database.reading() as connection:
            held = self._load(connection)
        if self._is_settled(held):
            return held
        with self._database.writing() as connection:
            return self._settle(connection)

    def _settle(self, connection: sqlite3.Connection) -> list[_Scheduled]:
        """Do what is due, and give the keys in force. Another process may have done it meanwhile."""
        now, settings = self._settings.clock(), self._settings
        held = self._load(connection)
        if not held:
            # Nobody can have kept a set without it.
            held = [_make(connection, now)]
        if now >= (ends := held[-1].signs_from + settings.key_period) - settings.key_lead:
            # A server that slept through the end has the old key sign until the new one is known.
            held.append(_make(connection, max(ends, now + settings.key_lead)))
        for gone in held[: len(held) - len(remaining := self._remaining(held))]:
            connection.execute("DELETE FROM signing_keys WHERE kid = ?", (gone.key.kid,))
        return remaining

    def _is_settled(self, held: list[_Scheduled]) -> bool:
        settings = self._settings
        return (
            bool(held)
            and settings.clock() < held[-1].signs_from + settings.key_period - settings.key_lead
            and len(self._remaining(held)) == len(held)
        )

    def _remaining(self, held: list[_Scheduled]) -> list[_Scheduled]:
        """Leave out the keys all of whose tokens have expired: those whose successor has signed for long enough."""
        kept = self._settings.access_lifetime + self._settings.margin
        over = sum(self._settings.clock() >= after.signs_from + kept for _, after in pairwise(held))
        return held[over:]

    def _load(self, connection: sqlite3.Connection) -> list[_Scheduled]:
        """Read the keys, the oldest first."""
        rows = connection.execute(
            "SELECT kid, jwk, signs_from FROM signing_keys ORDER BY signs_from"
        ).fetchall()
        known = self._read
        # Other threads do the same: each goes on with what it has read itself.
        self._read = read = {kid: known.get(kid) or cyjwt.Key.from_jwk(jwk) for kid, jwk, _ in rows}
        return [_Scheduled(read[kid], signs_from) for kid, _, signs_from in rows]


def _make(connection: sqlite3.Connection, signs_from: float) -> _Scheduled:
    key = cyjwt.Key.generate(ALGORITHM, kid=str(uuid.uuid4()))
    jwk = json.dumps(key.to_jwk(private=True))
    connection.execute("INSERT INTO signing_keys VALUES (?, ?, ?)", (key.kid, jwk, signs_from))
    return _Scheduled(key, signs_from)
