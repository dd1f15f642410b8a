"""Key objects by the interface of the package cryptography, whose material is elsewhere."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa


class _Remote:
    """What a key elsewhere, such as in a KMS, can do: its material never leaves."""

    def __init__(self, key: Any) -> None:
        self.there = key

    @property
    def key_size(self) -> int:
        return int(self.there.key_size)

    @property
    def curve(self) -> Any:
        return self.there.curve


class _RemotePrivate(_Remote):
    def sign(self, *args: Any) -> Any:
        return self.there.sign(*args)

    def public_key(self) -> Any:
        return self.there.public_key()

    def private_bytes(self, *args: Any) -> Any:
        raise NotImplementedError("the key is elsewhere")


class _RemotePublic(_Remote):
    def verify(self, *args: Any) -> None:
        self.there.verify(*args)

    def public_numbers(self) -> Any:
        return self.there.public_numbers()

    def public_bytes(self, *args: Any) -> Any:
        return self.there.public_bytes(*args)


REMOTES: dict[Any, type[_Remote]] = {
    rsa.RSAPrivateKey: _RemotePrivate,
    rsa.RSAPublicKey: _RemotePublic,
    ec.EllipticCurvePrivateKey: _RemotePrivate,
    ec.EllipticCurvePublicKey: _RemotePublic,
}


def remote(key: Any) -> Any:
    """A key elsewhere, by the interface that the key has."""
    interface, own = next(pair for pair in REMOTES.items() if isinstance(key, pair[0]))
    methods = {name: getattr(own, name, None) for name in interface.__abstractmethods__}
    return type("Remote", (own, interface), methods | {"__hash__": object.__hash__})(key)
