"""No error, ``repr`` or hash of a key gives private material away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import LOCKED, PEM, PKCS8, private, private_octets


def test_no_error_repeats_the_material() -> None:
    marker = "c2VjcmV0LW1hdGVyaWFs"
    attempts: list[Callable[[], object]] = [
        lambda: Key.from_secret(marker),
        lambda: Key.from_secret(f"-----BEGIN {marker}" + "x" * 40),
        lambda: Key.from_pem(f"-----BEGIN PUBLIC KEY-----\n{marker}\n-----END PUBLIC KEY-----"),
        lambda: Key.from_pem(f"-----BEGIN PRIVATE KEY-----\n{marker}\n-----END PRIVATE KEY-----"),
        lambda: Key.from_pem(f"-----BEGIN CERTIFICATE-----\n{marker}\n-----END CERTIFICATE-----"),
        lambda: Key.from_pem(marker),
        lambda: Key.from_der(marker.encode()),
        lambda: Key.from_jwk({"kty": "oct", "k": marker}),
        lambda: Key.from_jwk({"kty": "RSA", "n": marker, "e": marker}),
        lambda: Key.from_jwk({"kty": "RSA", "n": marker + "=", "e": marker}),
        lambda: Key.from_jwk({"kty": "EC", "crv": "P-256", "x": marker, "y": marker, "d": marker}),
        lambda: Key.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": marker, "d": marker}),
        lambda: Key.from_jwk({"kty": "OKP", "crv": marker, "x": marker}),
        lambda: Key.from_jwk(f'{{"kty": "oct", "k": "{marker}", "k": "{marker}"}}'),
        lambda: Key.from_jwk(marker),
        lambda: Key.from_pem(private_octets("ec", PEM, PKCS8, LOCKED), password=marker),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidKeyError) as caught:
            attempt()
        error: BaseException | None = caught.value
        assert marker not in str(error)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519", "ed448"])
def test_repr_holds_no_private_material(kind: str) -> None:
    key = Key.from_cryptography(private(kind))
    secret = key.to_jwk(private=True)["d"]
    assert secret not in repr(key)
    assert secret not in str(key)
    assert secret not in repr(key.to_jwk())


def test_repr_of_a_secret() -> None:
    text = "0123456789abcdef0123456789abcdef"
    key = Key.from_secret(text, kid="k1")
    assert repr(key) == "<Key oct 256 bits secret kid='k1' HS256>"
    assert hash(key) == hash(Key.from_secret(text[::-1], kid="k1")), "a hash is no function of the secret"
