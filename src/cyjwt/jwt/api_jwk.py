"""PyJWK and PyJWKSet: keys in the form of RFC 7517."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from cyjwt.jwt._watch import forget_all
from cyjwt.jwt.algorithms import get_default_algorithms, has_crypto, requires_cryptography
from cyjwt.jwt.exceptions import (
    InvalidKeyError,
    MissingCryptographyError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from cyjwt.jwt.types import JWKDict

__all__ = ["PyJWK", "PyJWKSet", "PyJWTSetWithTimestamp"]

#: The algorithm of a JWK that names none, by its type and curve.
_BY_TYPE = {"RSA": "RS256", "oct": "HS256"}
_BY_CURVE: dict[str, dict[str | None, str]] = {
    "EC": {
        None: "ES256",
        "": "ES256",
        "P-256": "ES256",
        "P-384": "ES384",
        "P-521": "ES512",
        "secp256k1": "ES256K",
    },
    "OKP": {"Ed25519": "EdDSA"},
}


class PyJWK:
    """One JWK, and the algorithm that it is bound to.

    Args:
        jwk_data: its members.
        algorithm: the algorithm; left out, it is the JWK's ``alg``, or else what its type stands for.

    Raises:
        InvalidKeyError: a member is missing or malformed, or the type or curve is not supported.
        MissingCryptographyError: the algorithm needs ``cryptography``, which is not installed.
        PyJWKError: there is no algorithm of that name.

    Attributes:
        algorithm_name: the name of the algorithm.
        Algorithm: the object that signs and verifies.
        key: the key as that object takes it.

    Example:
        >>> from cyjwt import jwt
        >>> jwk = jwt.PyJWK({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"})
        >>> jwt.decode(jwt.encode({"sub": "42"}, jwk), jwk)
        {'sub': '42'}
    """

    def __init__(self, jwk_data: JWKDict, algorithm: str | None = None) -> None:
        self._jwk_data = jwk_data
        if not jwk_data.get("kty"):
            raise InvalidKeyError("kty is not found")
        name = algorithm or jwk_data.get("alg") or _algorithm_of(jwk_data)
        if not has_crypto and name in requires_cryptography:
            raise MissingCryptographyError(f"{name} requires 'cryptography' to be installed.")
        table = get_default_algorithms()
        if not isinstance(name, str) or name not in table:
            raise PyJWKError("Unable to find an algorithm for key")
        self.algorithm_name: str = name
        self.Algorithm = table[name]
        try:
            self.key: Any = self.Algorithm.from_jwk(jwk_data)
        except (TypeError, ValueError) as error:
            raise InvalidKeyError("Unable to construct key from JWK: a member is malformed") from error

    def __setattr__(self, name: str, value: Any) -> None:
        changed = name in self.__dict__
        object.__setattr__(self, name, value)
        if changed:
            # What was prepared for this object was prepared from what it held before.
            forget_all()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        forget_all()

    @staticmethod
    def from_dict(obj: JWKDict, algorithm: str | None = None) -> PyJWK:
        """Make one from its members. See the class."""
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str, algorithm: str | None = None) -> PyJWK:
        """Make one from the JSON text of its members. See the class."""
        return PyJWK.from_dict(json.loads(data), algorithm)

    @property
    def key_type(self) -> str | None:
        """The JWK's ``kty``."""
        return self._jwk_data.get("kty", None)

    @property
    def key_id(self) -> str | None:
        """The JWK's ``kid``."""
        return self._jwk_data.get("kid", None)

    @property
    def public_key_use(self) -> str | None:
        """The JWK's ``use``."""
        return self._jwk_data.get("use", None)


def _algorithm_of(jwk: JWKDict) -> str:
    kty, crv = jwk["kty"], jwk.get("crv")
    if not isinstance(kty, str) or (kty not in _BY_TYPE and kty not in _BY_CURVE):
        raise InvalidKeyError("Unsupported kty")
    if kty in _BY_TYPE:
        return _BY_TYPE[kty]
    if kty == "OKP" and not crv:
        raise InvalidKeyError("crv is not found")
    if (crv is not None and not isinstance(crv, str)) or crv not in _BY_CURVE[kty]:
        raise InvalidKeyError("Unsupported crv")
    return _BY_CURVE[kty][crv]


class PyJWKSet:
    """A JWK Set. Keys that cannot be used are left out.

    Args:
        keys: the members of each key.

    Raises:
        PyJWKSetError: there is no list of keys, or none in it that can be used.

    Attributes:
        keys: the keys, each a ``PyJWK``.
    """

    def __init__(self, keys: list[JWKDict]) -> None:
        self.keys: list[PyJWK] = []
        if not keys:
            raise PyJWKSetError("The JWK Set did not contain any keys")
        if not isinstance(keys, list):
            raise PyJWKSetError("Invalid JWK Set value")
        for members in keys:
            if not isinstance(members, dict):
                continue
            try:
                self.keys.append(PyJWK(members))
            except MissingCryptographyError:
                raise
            except PyJWTError:
                continue
        if not self.keys:
            raise PyJWKSetError(
                "The JWK Set did not contain any usable keys. Perhaps 'cryptography' is not installed?"
            )

    @staticmethod
    def from_dict(obj: dict[str, Any]) -> PyJWKSet:
        """Make one from the members of a JWK Set document."""
        return PyJWKSet(obj.get("keys", []))

    @staticmethod
    def from_json(data: str) -> PyJWKSet:
        """Make one from the JSON text of a JWK Set document."""
        return PyJWKSet.from_dict(json.loads(data))

    def __getitem__(self, kid: str) -> PyJWK:
        """The first key of that ``kid``; KeyError where there is none."""
        for key in self.keys:
            if key.key_id == kid:
                return key
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __iter__(self) -> Iterator[PyJWK]:
        return iter(self.keys)


class PyJWTSetWithTimestamp:
    """A JWK Set, and when it was fetched by the monotonic clock."""

    def __init__(self, jwk_set: PyJWKSet) -> None:
        self.jwk_set = jwk_set
        self.timestamp = time.monotonic()

    def get_jwk_set(self) -> PyJWKSet:
        """The set."""
        return self.jwk_set

    def get_timestamp(self) -> float:
        """When it was fetched."""
        return self.timestamp
