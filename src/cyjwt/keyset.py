"""KeySet: keys looked up by ``kid``, JWK Sets in and out (RFC 7517 section 5).

A set that another party publishes is read with care: what is bad, unsupported or not for signatures is
left out with a warning, and so is whatever is private or secret, since a published one is everybody's.
"""

from __future__ import annotations

import os
from _collections_abc import Iterable, Iterator, Mapping

from cyjwt._arguments import BytesLike, algorithm_row, key_name, octets_or_text
from cyjwt._lazy import LazyModule
from cyjwt.errors import InvalidKeyError, KeyNotFoundError
from cyjwt.keys import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import warnings
    from typing import Any, NoReturn, Self

    from cyjwt import _jwk
else:
    warnings = LazyModule("warnings")
    _jwk = LazyModule("cyjwt._jwk")

__all__ = ["MOST_KEYS", "MOST_OCTETS", "KeySet", "KeySetWarning", "read_entries", "some_key"]

#: Bounds on a JWK Set: far above what any issuer publishes, and cheap to reach.
MOST_KEYS = 1000
MOST_OCTETS = 1_048_576


class KeySetWarning(UserWarning):
    """A member of a JWK Set was left out; the message says which and why, and holds no key material."""


class KeySet:
    """Keys by ``kid``: immutable, safe to share between threads, picklable.

    Args:
        keys: the keys, at least one.

    Raises:
        InvalidKeyError: there is no key.
        TypeError: an element is not a ``Key``.

    Example:
        >>> import cyjwt
        >>> keys = cyjwt.KeySet([cyjwt.Key.generate("ES256", kid="a"), cyjwt.Key.generate("RS256", kid="b")])
        >>> keys.find("a", "ES256").curve
        'P-256'
    """

    __slots__ = ("__weakref__", "_by_kid", "_keys")

    _keys: tuple[Key, ...]
    _by_kid: dict[str, tuple[Key, ...]]

    def __init__(self, keys: Iterable[Key]) -> None:
        if isinstance(keys, str | bytes | Mapping) or not isinstance(keys, Iterable):
            raise TypeError(
                f"keys must be a Key, a KeySet, a JWKSClient or an iterable of Key, not {type(keys).__name__}: see "
                "Key.from_pem, Key.from_jwk, Key.from_secret and KeySet.from_jwks"
            )
        held = tuple(keys)
        for key in held:
            if not isinstance(key, Key):
                raise TypeError(f"keys must hold Key alone, not {type(key).__name__}")
        if not held:
            raise InvalidKeyError("a key set needs a key")
        by_kid: dict[str, tuple[Key, ...]] = {}
        for key in held:
            if key.kid is not None:
                by_kid[key.kid] = (*by_kid.get(key.kid, ()), key)
        object.__setattr__(self, "_keys", held)
        object.__setattr__(self, "_by_kid", by_kid)

    @classmethod
    def from_jwks(cls, document: Mapping[str, object] | BytesLike | str, *, private: bool = False) -> Self:
        """Read a JWK Set (RFC 7517 section 5).

        A key that is malformed, weak, unsupported or not for signatures is left out with a
        ``KeySetWarning``, and the others serve.

        Args:
            document: the members, or their JSON text, in which no member may occur twice.
            private: take private keys and secrets too, from a set of one's own. Without it they are left
                out with a warning: one that was published must not verify anything.

        Returns:
            The set, in the order of the document.

        Raises:
            InvalidKeyError: the document is not a JWK Set, is too large, or has no key left to use.
            TypeError: the document is of the wrong type.

        Example:
            >>> import cyjwt
            >>> published = cyjwt.KeySet([cyjwt.Key.generate("EdDSA", kid="1")]).to_jwks()
            >>> len(cyjwt.KeySet.from_jwks(published))
            1
        """
        members: Any = document
        if not isinstance(document, Mapping):
            if not isinstance(document, str | bytes | bytearray | memoryview):
                raise TypeError(f"document must be a dict, str or bytes, not {type(document).__name__}")
            members = _jwk.parse(octets_or_text("document", document), MOST_OCTETS)
        held, left_out = read_entries(members, private=private)
        for message in left_out:
            warnings.warn(message, KeySetWarning, stacklevel=2)
        return cls(some_key(held, left_out))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, private: bool = False) -> Self:
        """Read a JWK Set from a file. See ``from_jwks``.

        Args:
            path: the file, of JSON text.
            private: as for ``from_jwks``.

        Returns:
            The set.

        Raises:
            OSError: the file cannot be read.
            InvalidKeyError: as for ``from_jwks``.
        """
        with open(os.fspath(path), "rb") as file:
            content = file.read(MOST_OCTETS + 1)
        return cls.from_jwks(content, private=private)

    def to_jwks(self, *, private: bool = False) -> dict[str, Any]:
        """Write the set as a JWK Set, fit to publish unless ``private``.

        Args:
            private: write private and secret members too. Without it a private key gives its public part,
                and a secret, which has none, is left out.

        Returns:
            A new dict.

        Raises:
            InvalidKeyError: never for a public set; see ``Key.to_jwk``.

        Example:
            >>> import cyjwt
            >>> cyjwt.KeySet([cyjwt.Key.generate("HS256")]).to_jwks()
            {'keys': []}
        """
        if not private:
            return {"keys": [key.to_jwk() for key in self._keys if key.kty != "oct"]}
        return {"keys": [key.to_jwk(private=key.private) for key in self._keys]}

    def get(self, kid: str) -> Key | None:
        """Give the one key of that ``kid``, or None.

        Args:
            kid: the ``kid``.

        Returns:
            The key, or ``None`` where there is none.

        Raises:
            KeyNotFoundError: several different keys share the ``kid``; ``find`` may tell them apart.
            TypeError: the ``kid`` is not a string.
        """
        if key_name(kid) is None:
            raise TypeError("kid must be a str, not None")
        held = self._by_kid.get(kid, ())
        return _only(held, f"{len(held)} keys of the set share the kid") if held else None

    def keys_for(self, kid: str | None, algorithm: str) -> tuple[Key, ...]:
        """Give the keys that may verify with an algorithm: those of the ``kid``, or all if it is None."""
        row, name = algorithm_row(algorithm), key_name(kid)
        held = self._keys if name is None else self._by_kid.get(name, ())
        return tuple(key for key in held if row.name in key.verify_algorithms)

    def find(self, kid: str | None, algorithm: str) -> Key:
        """Find the key that verifies a token (RFC 7515 section 6).

        Args:
            kid: the ``kid`` of the token's header, or None if it has none.
            algorithm: the ``alg`` of the token's header, which only selects among keys fit for it.

        Returns:
            The one key of that ``kid`` (or, without a ``kid``, of the set) that may verify with it.

        Raises:
            KeyNotFoundError: there is none, or there are several that differ.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm.
        """
        fit = self.keys_for(kid, algorithm)
        if not fit:
            if kid is not None and kid not in self._by_kid:
                raise KeyNotFoundError("no key of the set has the token's kid")
            raise KeyNotFoundError("no key of the set that the token may mean is fit for its algorithm")
        if kid is None:
            return _only(fit, "the token names no kid, and several keys of the set are fit for its algorithm")
        return _only(fit, "several keys of the set share the token's kid and are fit for its algorithm")

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, item: object) -> bool:
        """Whether the set holds this key, or a key of this ``kid``."""
        return item in self._by_kid if isinstance(item, str) else item in self._keys

    def __eq__(self, other: object) -> bool:
        return self._keys == other._keys if isinstance(other, KeySet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._keys)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a KeySet is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a KeySet is immutable: {name} cannot be deleted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._keys,)

    def __repr__(self) -> str:
        return f"<KeySet of {len(self)}: {', '.join(map(repr, self._keys[:5]))}{', ...' if len(self) > 5 else ''}>"


def read_entries(
    members: object, most: int = MOST_KEYS, *, private: bool = False
) -> tuple[list[Key], list[str]]:
    """Read the members of a JWK Set.

    Args:
        members: the set.
        most: the most keys it may publish.
        private: take private keys and secrets too.

    Returns:
        The keys that can be used, and for each other one a sentence that says why not.

    Raises:
        InvalidKeyError: it is not a JWK Set, or publishes too many keys.
    """
    entries = members.get("keys") if isinstance(members, Mapping) else None
    if not isinstance(entries, list | tuple):
        raise InvalidKeyError('a JWK Set is a JSON object with an array "keys" (RFC 7517 section 5.1)')
    if len(entries) > most:
        raise InvalidKeyError(f"the JWK Set has {len(entries)} keys: {most} is the most")
    held = []
    left_out = []
    for index, entry in enumerate(entries):
        try:
            held.append(_read_entry(entry, private))
        except InvalidKeyError as error:
            left_out.append(f"key {index} of the JWK Set was left out: {error}")
    return held, left_out


def some_key(held: list[Key], left_out: list[str]) -> list[Key]:
    """Insist on a key that can be used."""
    if not held:
        raise InvalidKeyError("; ".join(["the JWK Set has no key that can be used", *left_out[:3]]))
    return held


def _read_entry(entry: object, private: bool) -> Key:
    if not isinstance(entry, Mapping):
        raise InvalidKeyError("it is not a JSON object")
    if not private and _jwk.is_private(entry):
        raise InvalidKeyError("it is private or secret, and private=True was not given")
    return Key.from_jwk(entry)


def _only(keys: tuple[Key, ...], reason: str) -> Key:
    """The one key that all of ``keys`` are; the same key published twice is no ambiguity."""
    if any(key != keys[0] for key in keys[1:]):
        raise KeyNotFoundError(f"{reason}: which one is meant cannot be told")
    return keys[0]
