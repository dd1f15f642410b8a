"""Keys by the interface of the package cryptography, whose material is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cyjwt import jwt

DECODERS: list[Callable[..., Any]] = [
    lambda *args, **more: jwt.decode(*args, **more),
    lambda *args, **more: jwt.decode_complete(*args, **more)["payload"],
    lambda *args, **more: jwt.PyJWT().decode(*args, **more),
]


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


PAIRS = [
    ("RS256", rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)),
    ("PS256", rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)),
    ("ES256", ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())),
]


@pytest.mark.parametrize(("name", "private", "_other"), PAIRS)
def test_a_key_elsewhere_signs(name: str, private: Any, _other: Any) -> None:
    token = jwt.encode({}, remote(private), name)
    assert jwt.decode(token, private.public_key(), [name]) == {}


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize(("name", "private", "other"), PAIRS)
def test_a_key_elsewhere_is_asked_each_time(
    name: str, private: Any, other: Any, decode: Callable[..., Any]
) -> None:
    before, after = (jwt.encode({}, key, name) for key in (private, other))
    key = remote(private.public_key())
    assert decode(before, key, [name]) == {}
    with pytest.raises(jwt.InvalidSignatureError):
        decode(after, key, [name])
    key.there = other.public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        decode(before, key, [name])
    assert decode(after, key, [name]) == {}
