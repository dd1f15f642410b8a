"""Algorithm: what the classes of this surface's algorithms share."""

from __future__ import annotations

import json
from abc import abstractmethod
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from cyjwt.jwt._watch import Watched
from cyjwt.jwt.exceptions import InvalidKeyError
from cyjwt.jwt.utils import force_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from cyjwt.jwt.types import JWKDict

__all__ = ["Algorithm", "HashedAlgorithm", "LazyTypes", "UnreadableKeyError", "has_crypto", "members_of"]

_SHA2 = {"sha256": 256, "sha384": 384, "sha512": 512}

#: Whether the package ``cryptography`` is installed. It is imported when a key first needs it.
has_crypto: bool = PathFinder.find_spec("cryptography") is not None


class UnreadableKeyError(InvalidKeyError, ValueError):
    """Key material that cannot be read. A ``ValueError`` too, which is what PyJWT lets through here."""


class Algorithm(metaclass=Watched):
    """How tokens are signed and verified under one ``alg``. Derive from it for an algorithm of your own."""

    #: Whether the engine may stand in for its objects. See ``Watched``.
    _plain: ClassVar[bool] = True

    #: The classes of ``cryptography`` whose objects are keys for it.
    _crypto_key_types: LazyTypes | tuple[type, ...] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(self)
        replaced = name in self.__dict__ or hasattr(kind, name)
        object.__setattr__(self, name, value)
        if replaced and kind._plain:
            # The engine knows algorithms by their classes, not by their objects.
            kind._note(name)

    def compute_hash_digest(self, bytestr: bytes) -> bytes:
        """Hash octets with the algorithm's hash.

        Raises:
            NotImplementedError: it has none of its own.
        """
        hash_alg = getattr(self, "hash_alg", None)
        if hash_alg is None:
            raise NotImplementedError
        if hasattr(hash_alg, "digest_size"):
            from cryptography.hazmat.primitives.hashes import Hash

            digest = Hash(hash_alg())
            digest.update(bytestr)
            return digest.finalize()
        return bytes(hash_alg(bytestr).digest())

    def check_crypto_key_type(self, key: Any) -> None:
        """Refuse a key object of another type than the algorithm's.

        Raises:
            ValueError: the algorithm is not one of those that ``cryptography`` serves, or that is missing.
            InvalidKeyError: the key is of another type.
        """
        types: Any = self._crypto_key_types
        if not has_crypto or types is None:
            raise ValueError("Only an algorithm that the package cryptography serves has types of keys")
        if not isinstance(key, types):
            wanted = ", ".join(kind.__name__ for kind in types)
            raise InvalidKeyError(
                f"Expected one of {wanted}, got: {type(key).__name__}. Invalid Key type for {type(self).__name__}"
            )

    @abstractmethod
    def prepare_key(self, key: Any) -> Any:
        """Read a key in whatever form it is at hand, and return it as ``sign`` and ``verify`` take it."""

    @abstractmethod
    def sign(self, msg: bytes, key: Any) -> bytes:
        """Sign octets with a prepared key."""

    @abstractmethod
    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Tell whether a signature over octets holds under a prepared key."""

    @overload
    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: Literal[True]) -> JWKDict: ...
    @overload
    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> JWKDict | str:
        """Write a prepared key as a JWK: its members, or their JSON text."""

    @staticmethod
    @abstractmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a JWK, by its members or their JSON text, into a prepared key."""

    def check_key_length(self, key: Any) -> str | None:
        """Say what is wrong with a prepared key's size, or None where it will do."""
        return None


class LazyTypes:
    """A class attribute that holds classes of ``cryptography``, which is imported when it is first read."""

    def __init__(self, find: Callable[[], tuple[type, ...]]) -> None:
        self._find = find

    def __get__(self, instance: object, owner: type) -> tuple[type, ...]:
        return self._find()


class _LazyHash:
    """A class attribute that holds a hash of ``cryptography``, as ``LazyTypes`` does."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> type[HashAlgorithm]:
        return find_hash(self._name)


def find_hash(name: str) -> type[HashAlgorithm]:
    """The class of a hash in ``cryptography``."""
    from cryptography.hazmat.primitives import hashes

    found: type[HashAlgorithm] = getattr(hashes, name)
    return found


class HashedAlgorithm(Algorithm):
    """An algorithm that ``cryptography`` serves with a hash that is chosen.

    Attributes:
        SHA256, SHA384, SHA512: the hashes to choose from.
        hash_alg: the one that was chosen.
    """

    SHA256 = _LazyHash("SHA256")
    SHA384 = _LazyHash("SHA384")
    SHA512 = _LazyHash("SHA512")

    #: How the one-line form of SSH begins for its keys.
    _ssh: ClassVar[bytes]
    #: Written past __setattr__, to which it would be a change.
    _hash: type[HashAlgorithm] | str

    def __init__(self, hash_alg: type[HashAlgorithm] | str) -> None:
        # A name stands for the class, so that a table of algorithms can be made without cryptography.
        self.__dict__["_hash"] = hash_alg

    @property
    def hash_alg(self) -> type[HashAlgorithm]:
        """The class of the hash."""
        if isinstance(self._hash, str):
            self.__dict__["_hash"] = find_hash(self._hash)
        return self._hash  # type: ignore[return-value]

    @hash_alg.setter
    def hash_alg(self, hash_alg: type[HashAlgorithm]) -> None:
        self._hash = hash_alg

    @property
    def _hash_bits(self) -> int:
        """The size of the hash where it is one of SHA-2, else -1."""
        return _SHA2.get(self.hash_alg().name, -1)

    def _read_key(self, key: Any) -> Any:
        """A key object as it is, or what PEM or the one-line form of SSH holds."""
        types: Any = self._crypto_key_types
        if isinstance(key, types):
            return key
        if not isinstance(key, str | bytes):
            raise TypeError("Expecting a PEM-formatted key.")
        from cryptography.exceptions import InternalError, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization as s

        octets = force_bytes(key)
        loaded: Any
        try:
            if octets.startswith(self._ssh):
                loaded = s.load_ssh_public_key(octets)
            elif b"PRIVATE KEY" in octets:
                loaded = s.load_pem_private_key(octets, password=None)
            else:
                loaded = s.load_pem_public_key(octets)
        except (ValueError, UnsupportedAlgorithm, InternalError):
            raise UnreadableKeyError("Could not parse the provided public key.") from None
        self.check_crypto_key_type(loaded)
        return loaded


def members_of(jwk: object) -> JWKDict:
    """The members of a JWK that is given by them or by their JSON text."""
    if isinstance(jwk, str):
        try:
            jwk = json.loads(jwk)
        except (ValueError, RecursionError):
            jwk = None
    if not isinstance(jwk, dict):
        raise InvalidKeyError("Key is not valid JSON")
    return jwk


def jwk_text(members: JWKDict, as_dict: bool) -> JWKDict | str:
    """What ``to_jwk`` returns."""
    return members if as_dict else json.dumps(members)
