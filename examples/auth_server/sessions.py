"""Sessions: a log-in, and the chain of refresh tokens that goes on from it.

A refresh token is good for one use, which gives the next one. Whoever presents one that was used before has either
stolen it or been stolen from, and nobody can tell which: the whole session ends, and with it every access token that it
has been given (RFC 9700 section 4.14.2). The server keeps hashes alone: who reads the file cannot use what is in it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass

import cyjwt
from cyjwt.revocation import Store
from examples.auth_server.database import Database
from examples.auth_server.settings import Settings
from examples.auth_server.signing_keys import ALGORITHM, SigningKeys
from examples.auth_server.users import User, user_of

__all__ = ["Grant", "InvalidGrantError", "Sessions"]


class InvalidGrantError(Exception):
    """A refresh token that is unknown, has expired or was used before, or whose session has ended. Which is not told."""


@dataclass(frozen=True)
class Grant:
    """What a client gets: the two tokens, and the seconds that the first one holds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Sessions:
    """The tables of sessions and refresh tokens.

    Args:
        revoked: the store that application servers ask.
    """

    def __init__(self, database: Database, keys: SigningKeys, revoked: Store, settings: Settings) -> None:
        self._database = database
        self._keys = keys
        self._revoked = revoked
        self._settings = settings

    def start(self, user: User) -> Grant:
        """Begin a session for a user who has just proved who it is."""
        now, session = self._settings.clock(), str(uuid.uuid4())
        signer = self._signer()
        with self._database.writing() as connection:
            # With them go their refresh tokens.
            connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            expires = now + self._settings.session_lifetime
            connection.execute(
                "INSERT INTO sessions (id, user, expires) VALUES (?, ?, ?)", (session, user.id, expires)
            )
            return self._grant(connection, signer, session, user)

    def refresh(self, token: str) -> Grant:
        """Take a refresh token, and give the next one, with an access token that has the roles of this moment.

        Raises:
            InvalidGrantError: it is not good, or was used before: then its session has ended.
        """
        now, digest = self._settings.clock(), _hash(token)
        signer = self._signer()
        # One transaction: of two that present one token at a time, the second finds it used.
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT session, user, used, min(t.expires, s.expires), ended FROM refresh_tokens AS t "
                "JOIN sessions AS s ON s.id = t.session WHERE hash = ?",
                (digest,),
            ).fetchone()
            if row is None:
                raise InvalidGrantError
            session, user, used, expires, ended = row
            if ended is None and used is None and now < expires:
                connection.execute("UPDATE refresh_tokens SET used = ? WHERE hash = ?", (now, digest))
                return self._grant(connection, signer, session, user_of(connection, user))
            if ended is None and used is not None:
                self._end(connection, [session])
        # Raised out here, so that the end of the session is not undone.
        raise InvalidGrantError

    def end(self, token: str, *, everywhere: bool = False) -> None:
        """Log out: end the session of a refresh token, or all sessions of its user.

        A token that is unknown is no error: what was asked for holds already (RFC 7009 section 2.2).

        Raises:
            InvalidGrantError: all sessions were to end, by a token that has expired or whose own session has ended:
                whoever finds one shall not keep its user out from then on.
        """
        now = self._settings.clock()
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT s.id, user, min(t.expires, s.expires), ended FROM sessions AS s "
                "JOIN refresh_tokens AS t ON t.session = s.id WHERE hash = ?",
                (_hash(token),),
            ).fetchone()
            if row is None:
                return
            session, user, expires, ended = row
            if everywhere:
                if ended is not None or now >= expires:
                    raise InvalidGrantError
                rows = connection.execute("SELECT id FROM sessions WHERE user = ?", (user,)).fetchall()
                self._end(connection, [identity for (identity,) in rows])
            else:
                self._end(connection, [session])

    def _signer(self) -> cyjwt.Signer:
        # Before the transaction: a rotation that is due has one of its own.
        settings = self._settings
        return cyjwt.Signer(
            self._keys.signing(),
            algorithm=ALGORITHM,
            issuer=settings.issuer,
            audience=settings.audience,
            lifetime=settings.access_lifetime,
            type="at+jwt",
            clock=settings.clock,
        )

    def _grant(self, connection: sqlite3.Connection, signer: cyjwt.Signer, session: str, user: User) -> Grant:
        settings, now, jti = self._settings, self._settings.clock(), str(uuid.uuid4())
        # The profile of RFC 9068 section 2.2; the signer adds iss, aud, iat and exp.
        claims = {"sub": user.id, "client_id": settings.client_id, "jti": jti, "roles": list(user.roles)}
        access, refresh = signer.sign(claims), secrets.token_urlsafe(32)
        connection.execute(
            "INSERT INTO refresh_tokens (hash, session, expires, jti, access_expires) VALUES (?, ?, ?, ?, ?)",
            (_hash(refresh), session, now + settings.refresh_lifetime, jti, now + settings.access_lifetime),
        )
        return Grant(access, refresh, settings.access_lifetime)

    def _end(self, connection: sqlite3.Connection, sessions: list[str]) -> None:
        now, settings = self._settings.clock(), self._settings
        jtis: list[str] = []
        for session in sessions:
            connection.execute("UPDATE sessions SET ended = coalesce(ended, ?) WHERE id = ?", (now, session))
            rows = connection.execute(
                "SELECT jti FROM refresh_tokens WHERE session = ? AND access_expires > ?",
                (session, now - settings.margin),
            )
            jtis += [jti for (jti,) in rows]
        # Before the commit: if the store fails nothing has ended, the client is told so, and tries again.
        if jtis:
            last = now + settings.access_lifetime + settings.margin
            self._revoked.revoke_many(jtis, expires=last, issuer=settings.issuer)


def _hash(token: str) -> bytes:
    # The token is 256 random bits, which nobody can guess from a fast hash.
    return hashlib.sha256(token.encode()).digest()
