"""Keys by the interface of the package cryptography, whose material is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cyjwt import jwt
from tests.remote_keys import remote

DECODERS: list[Callable[..., Any]] = [
    lambda *args, **more: jwt.decode(*args, **more),
    lambda *args, **more: jwt.decode_complete(*args, **more)["payload"],
    lambda *args, **more: jwt.PyJWT().decode(*args, **more),
]


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
