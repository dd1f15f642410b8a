"""Keys of raw material: read as the kind that the algorithms call for, and remembered by its content."""

from __future__ import annotations

from _collections_abc import Mapping

from cyjwt import caches
from cyjwt._arguments import algorithm_row, octets_or_text, type_name
from cyjwt._engine.memo import Memo
from cyjwt._lazy import LazyModule
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from cyjwt.keyset import KeySet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cyjwt import _material
else:
    _material = LazyModule("cyjwt._material")

__all__ = ["key_for", "read_material"]


def key_for(material: object, algorithms: tuple[str, ...]) -> Key | KeySet:
    """The key that raw material holds, read as the one kind that the algorithms call for.

    It is read once, and found again by the exact type and content of the material and by the algorithms. An
    object of ``cryptography``, which does not change, is found again by its identity.

    Raises:
        InvalidKeyError: the material is no such key.
        TypeError, ValueError: nothing can be such material, or the algorithms leave open how to read it.
    """
    if isinstance(material, Mapping) and type(material) is not dict:
        # Any mapping may be a JWK, and only a plain one can be told by its content.
        material = dict(material)
    return _keys.find(material, algorithms)


def read_material(material: object, algorithms: tuple[str, ...]) -> Key | KeySet:
    """What ``key_for`` remembers, read anew."""
    kinds = {algorithm_row(name).kty for name in algorithms}
    if "oct" in kinds and len(kinds) > 1:
        # Material that could be either is what algorithm confusion is made of.
        raise ValueError("algorithms mix HMAC with public-key algorithms: make the key with Key.from_...")
    key = _read_secret(material) if kinds == {"oct"} else _read_pair(material)
    held = (key,) if isinstance(key, Key) else key
    if not any(item.kty in kinds for item in held):
        raise InvalidKeyError(f"the key is not of the kind that {', '.join(algorithms)} needs")
    return key


def _read_secret(material: object) -> Key:
    if isinstance(material, Mapping):
        return Key.from_jwk(material)
    if isinstance(material, str | bytes | bytearray | memoryview):
        return Key.from_secret(material)
    raise TypeError(f"a secret must be bytes, str or a JWK, not {type_name(material)}")


def _read_pair(material: object) -> Key | KeySet:
    if isinstance(material, Mapping):
        return KeySet.from_jwks(material) if "keys" in material else Key.from_jwk(material)
    if not isinstance(material, str | bytes | bytearray | memoryview):
        own = type(material).__module__.partition(".")[0] == "cryptography"
        if not own and (hasattr(material, "public_bytes") or hasattr(material, "private_bytes")):
            # Such as one of a KMS, which may be another key the next time. What is found by identity may not.
            raise TypeError(
                f"a key object of the class {type_name(material)}, which is not of the package cryptography, "
                "may change: make the key with Key.from_cryptography"
            )
        try:
            return Key.from_cryptography(material)
        except TypeError:
            raise TypeError(
                "key must be a Key or KeySet, PEM, DER, a JWK or JWK Set, or an object of cryptography, "
                f"not {type_name(material)} (a file: see Key.from_file)"
            ) from None
    octets = octets_or_text("key", material)
    kind = _material.classify(octets)
    if kind is _material.Material.PEM:
        return Key.from_pem(octets)
    if kind is _material.Material.JWK:
        return Key.from_jwk(octets)
    if kind is _material.Material.JWKS:
        return KeySet.from_jwks(octets)
    if kind is None or kind is _material.Material.SSH or isinstance(material, str):
        raise InvalidKeyError("the key is neither PEM, DER nor a JWK, which its algorithms call for")
    return Key.from_der(octets)


_keys = Memo(read_material, caches.DEFAULT_SIZE)
caches.register("keys", _keys)
