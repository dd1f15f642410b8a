"""One call made with PyJWT and with `cyjwt.jwt`: the keys as each takes them, and what came of it."""

from __future__ import annotations

import base64
import functools
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives import serialization

from bench import baseline
from tests.support import b64, pair

# Keys: by name, because those that are a library's own objects are another one on each side.

SIGNERS = {"HS256": "secret", "HS512": "secret", "RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "ed"}
_FAMILY = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}
SECRET = bytes(range(40, 40 + 64))


def _ssh(name: str) -> bytes:
    public = pair(name).native.public_key()
    return bytes(public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH))


@functools.cache
def plain_keys() -> dict[str, Any]:
    found: dict[str, Any] = {
        "secret": SECRET,
        "secret-text": SECRET.decode(),
        "secret-short": b"short",
        "secret-other": bytes(64),
        "secret-empty": b"",
        "nothing": "",
        "None": None,
        "number": 5,
        "bytearray": bytearray(SECRET),
        "json": b'{"kty":"oct","k":"AAAA"}',
        "list": [SECRET],
    }
    for family, name in _FAMILY.items():
        keys = pair(name)
        found |= {
            f"{family}-private-pem": keys.private_pem,
            f"{family}-public-pem": keys.public_pem,
            f"{family}-public-text": keys.public_pem.decode(),
            f"{family}-private": keys.native,
            f"{family}-public": keys.native.public_key(),
            f"{family}-ssh": _ssh(name),
            f"{family}-dict": keys.public.to_jwk(),
        }
    return found


@functools.cache
def _jwks() -> dict[str, dict[str, Any]]:
    found = {
        "jwk-oct": {"kty": "oct", "k": b64(SECRET)},
        "jwk-oct-512": {"kty": "oct", "k": b64(SECRET), "alg": "HS512"},
    }
    for family, name in _FAMILY.items():
        found[f"jwk-{family}-public"] = pair(name).public.to_jwk()
        found[f"jwk-{family}-private"] = pair(name).private.to_jwk(private=True)
    return found


def key_of(library: ModuleType, name: str) -> Any:
    """The key of this name, as this library takes it."""
    if name in _jwks():
        return library.PyJWK(_jwks()[name])
    return plain_keys()[name]


def key_names() -> list[str]:
    return [*plain_keys(), *_jwks()]


def family_key(family: str) -> baseline.Key:
    """The oracle's key of a family."""
    return baseline.Key.from_secret(SECRET) if family == "secret" else pair(_FAMILY[family]).oracle


#: The keys that verify what each family signs.
FITTING = {
    "secret": ["secret", "secret-text", "jwk-oct"],
    "rsa": ["rsa-public-pem", "rsa-public-text", "rsa-public", "rsa-ssh", "jwk-rsa-public"],
    "ec": [
        "ec-public-pem",
        "ec-public-text",
        "ec-public",
        "ec-private",
        "ec-ssh",
        "jwk-ec-public",
        "jwk-ec-private",
    ],
    "ed": [
        "ed-public-pem",
        "ed-public-text",
        "ed-public",
        "ed-private",
        "ed-ssh",
        "jwk-ed-public",
        "jwk-ed-private",
    ],
}


@dataclass(frozen=True)
class Call:
    """One call: the function, what it is given, and the key by name.

    Attributes:
        function: its name, as the library's module has it.
        token: the text or octets, or whatever else is passed for them.
        key: the name of the key.
        options: the keyword arguments.
        kind: what the token was made from, for a difference to be recognised by.
    """

    function: str
    token: Any
    key: str
    options: dict[str, Any] = field(default_factory=dict)
    kind: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What came of a call.

    Attributes:
        value: what it returned, as text.
        errors: the names of the class of what it raised, and of those that this descends from.
        warned: the names of the classes of its warnings.
        said: the message of what it raised.
    """

    value: str | None
    errors: tuple[str, ...] = ()
    warned: frozenset[str] = frozenset()
    said: str = ""

    @property
    def error(self) -> str:
        """The name of the class of what was raised, or nothing."""
        return self.errors[0] if self.errors else ""

    def like(self, other: Outcome) -> bool:
        """Whether who expects the other's outcome is served by this: an `except` clause catches descendants too."""
        if other.errors:
            return other.error in self.errors and self.warned == other.warned
        return (self.value, self.errors, self.warned) == (other.value, (), other.warned)


def outcome_of(call: Callable[[], Any]) -> Outcome:
    """Make a call and see what comes of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, errors, said = repr(call()), (), ""
        except Exception as error:
            value, errors, said = None, tuple(kind.__name__ for kind in type(error).__mro__), str(error)
    return Outcome(value, errors, frozenset(item.category.__name__ for item in caught), said)


def make(library: ModuleType, call: Call) -> Outcome:
    """Make the call with this library."""
    function: Any = library
    for part in call.function.split("."):
        function = getattr(function, part)
    if not call.key:
        return outcome_of(lambda: function(call.token))
    return outcome_of(lambda: read(function(call.token, key_of(library, call.key), **call.options)))


def read(value: Any) -> Any:
    """What a signed token says, since there is more than one way to write it; anything else as it is."""
    if not isinstance(value, str) or value.count(".") != 2:
        return value
    header, payload, signature = (base64.urlsafe_b64decode(part + "==") for part in value.split("."))
    return json.loads(header), json.loads(payload or b"null"), len(signature)
