"""Users: who there is, who knows which password, who has which roles."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from examples.auth_server.database import Database
from examples.auth_server.passwords import Passwords

__all__ = ["LONGEST_NAME", "User", "Users", "user_of"]

#: Characters of a name.
LONGEST_NAME = 100


@dataclass(frozen=True)
class User:
    """A user.

    Attributes:
        id: the ``sub`` of tokens: never given to anybody else, unlike a name.
        roles: what the user may do, by the names that application servers know.
    """

    id: str
    roles: tuple[str, ...]


class Users:
    """The table of users."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def add(self, name: str, password: str, roles: Iterable[str]) -> User:
        """Add a user.

        Raises:
            ValueError: the name is taken.
        """
        user = User(str(uuid.uuid4()), tuple(roles))
        row = (user.id, name, self._passwords.hash(password), json.dumps(user.roles))
        try:
            with self._database.writing() as connection:
                connection.execute("INSERT INTO users (id, name, password, roles) VALUES (?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise ValueError("there is a user of that name") from error
        return user

    def authenticate(self, name: str, password: str) -> User | None:
        """Give the user of that name and password, or None. Either takes the same time, whether there is that user or not."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT id, password, roles FROM users WHERE name = ?", (name,)
            ).fetchone()
        identity, kept, roles = row or ("", self._passwords.nobody, "[]")
        if not self._passwords.check(password, kept) or row is None:
            return None
        if self._passwords.outdated(kept):
            renewed = self._passwords.hash(password)
            with self._database.writing() as connection:
                connection.execute(
                    # Not if it was changed meanwhile.
                    "UPDATE users SET password = ? WHERE id = ? AND password = ?",
                    (renewed, identity, kept),
                )
        return User(identity, tuple(json.loads(roles)))

    def set_roles(self, name: str, roles: Iterable[str]) -> bool:
        """Give a user other roles, which the next access token has. Tell whether there is that user."""
        with self._database.writing() as connection:
            done = connection.execute(
                "UPDATE users SET roles = ? WHERE name = ?", (json.dumps(list(roles)), name)
            )
            return done.rowcount > 0


def user_of(connection: sqlite3.Connection, identity: str) -> User:
    """Give the user of an id, as of this moment."""
    (roles,) = connection.execute("SELECT roles FROM users WHERE id = ?", (identity,)).fetchone()
    return User(identity, tuple(json.loads(roles)))
