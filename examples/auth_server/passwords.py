"""Password hashes: scrypt (RFC 7914), salted, with their cost written in each, so that it can be raised later."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
import unicodedata
from dataclasses import dataclass

__all__ = ["LONGEST", "Cost", "Passwords"]

#: Characters of a password: long ones are welcome; megabytes to be hashed are not.
LONGEST = 1_000

_SALT, _HASH = 16, 32

#: Hashes that are computed at a time: a flood of log-ins shall not take all the memory there is.
_AT_ONCE = 4


@dataclass(frozen=True)
class Cost:
    """What one hash costs: ``128 * r * 2**log_n`` octets of memory (32 MiB), ``p`` times over.

    The defaults are among those that OWASP's Password Storage Cheat Sheet counts as equally strong.
    """

    log_n: int = 15
    r: int = 8
    p: int = 3


class Passwords:
    """Makes and checks hashes.

    Args:
        cost: what a new hash costs. Old ones are checked at the cost that they were made at.
    """

    def __init__(self, cost: Cost) -> None:
        self._cost = cost
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        # Checked where there is no such user, so that the answer takes as long as where there is one.
        self.nobody = self.hash(os.urandom(_SALT).hex())

    def hash(self, password: str) -> str:
        """Give what to keep of a password."""
        salt, cost = os.urandom(_SALT), self._cost
        text = [base64.b64encode(part).decode() for part in (salt, self._derive(password, salt, cost))]
        return "$".join(("scrypt", str(cost.log_n), str(cost.r), str(cost.p), *text))

    def check(self, password: str, kept: str) -> bool:
        """Tell whether a password is the one that ``kept`` was made of."""
        cost, salt, expected = _read(kept)
        return hmac.compare_digest(self._derive(password, salt, cost), expected)

    def outdated(self, kept: str) -> bool:
        """Tell whether a hash was made at another cost than new ones are."""
        return _read(kept)[0] != self._cost

    def _derive(self, password: str, salt: bytes, cost: Cost) -> bytes:
        # One password can be typed in several forms of Unicode (NIST SP 800-63B).
        octets = unicodedata.normalize("NFKC", password).encode()
        memory = 128 * cost.r * (2**cost.log_n + cost.p + 2)
        with self._turn:
            return hashlib.scrypt(
                octets, salt=salt, n=2**cost.log_n, r=cost.r, p=cost.p, maxmem=memory, dklen=_HASH
            )


def _read(kept: str) -> tuple[Cost, bytes, bytes]:
    scheme, log_n, r, p, salt, digest = kept.split("$")
    if scheme != "scrypt":
        raise ValueError("the hash of a password is of an unknown scheme")
    return Cost(int(log_n), int(r), int(p)), base64.b64decode(salt), base64.b64decode(digest)
