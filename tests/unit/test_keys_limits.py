"""What a JWK's ``use``, ``key_ops`` and ``alg`` leave a key to do."""

from __future__ import annotations

import pytest

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import text64
from tests.unit.rfc_keys import RFC7515_SECRET, RFC7517_EC, RFC7638_RSA, RFC8037_ED25519


@pytest.mark.parametrize("use", ["enc", "SIG", "sig ", "", "tls"])
def test_use(use: str) -> None:
    assert Key.from_jwk(RFC7638_RSA | {"use": "sig"}).use == "sig"
    with pytest.raises(InvalidKeyError, match='"use"'):
        Key.from_jwk(RFC7638_RSA | {"use": use})


@pytest.mark.parametrize(
    "ops",
    [
        "verify",
        None,
        {"verify": True},
        ["verify", 1],
        [["verify"]],
        ["verify", "verify"],
        ["sign", "verify", "sign"],
        [],
        ["encrypt"],
        ["deriveKey", "deriveBits"],
        ["VERIFY"],
    ],
)
def test_key_ops_that_are_wrong(ops: object) -> None:
    for jwk in (RFC7638_RSA, RFC7517_EC, RFC7515_SECRET):
        with pytest.raises(InvalidKeyError, match='"key_ops"'):
            Key.from_jwk(jwk | {"key_ops": ops})


def test_key_ops_and_use_that_contradict() -> None:
    with pytest.raises(InvalidKeyError, match="contradict"):
        Key.from_jwk(RFC7638_RSA | {"use": "sig", "key_ops": ["verify", "encrypt"]})
    assert Key.from_jwk(RFC7638_RSA | {"key_ops": ["verify", "encrypt"]}).verify_algorithms == {"RS256"}


@pytest.mark.parametrize(
    ("ops", "signs", "verifies"),
    [
        (["sign"], True, False),
        (["verify"], False, True),
        (["verify", "sign"], True, True),
    ],
)
@pytest.mark.parametrize("jwk", [RFC7515_SECRET, RFC7517_EC], ids=["oct", "EC"])
def test_key_ops_cut_what_a_key_may_do(
    jwk: dict[str, str], ops: list[str], signs: bool, verifies: bool
) -> None:
    key = Key.from_jwk(jwk | {"key_ops": ops})
    name = "ES256" if key.kty == "EC" else "HS256"
    assert key.key_ops == tuple(ops)
    assert (name in key.sign_algorithms, name in key.verify_algorithms) == (signs, verifies)
    assert name in key.algorithms
    assert key.to_jwk(private=True)["key_ops"] == ops
    signature = Key.from_jwk(jwk).sign(b"data", name)
    if signs:
        key.sign(b"data", name)
    else:
        with pytest.raises(InvalidKeyError, match="may not sign"):
            key.sign(b"data", name)
    if verifies:
        key.verify(b"data", signature, name)
    else:
        with pytest.raises(InvalidKeyError, match="may not verify"):
            key.verify(b"data", signature, name)


def test_public_key_that_may_only_sign_is_of_no_use() -> None:
    with pytest.raises(InvalidKeyError, match="of no use"):
        Key.from_jwk(RFC7638_RSA | {"key_ops": ["sign"]})


@pytest.mark.parametrize(
    ("jwk", "alg"),
    [
        (RFC7638_RSA, "HS256"),
        (RFC7638_RSA, "ES256"),
        (RFC7638_RSA, "RSA-OAEP"),
        (RFC7638_RSA, "none"),
        (RFC7638_RSA, "rs256"),
        (RFC7638_RSA, ""),
        (RFC7517_EC, "ES384"),
        (RFC7517_EC, "ECDH-ES"),
        (RFC8037_ED25519, "Ed448"),
        (RFC7515_SECRET, "RS256"),
        (RFC7515_SECRET, "A128KW"),
        (RFC7515_SECRET | {"k": text64(bytes(range(47)))}, "HS384"),
    ],
)
def test_alg_that_does_not_fit(jwk: dict[str, str], alg: str) -> None:
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(jwk | {"alg": alg})


def test_alg_and_the_callers_algorithm() -> None:
    assert Key.from_jwk(RFC7638_RSA, algorithm="RS256").alg == "RS256"
    with pytest.raises(InvalidKeyError, match='"alg"'):
        Key.from_jwk(RFC7638_RSA, algorithm="PS256")
    bare = {name: value for name, value in RFC7638_RSA.items() if name != "alg"}
    assert Key.from_jwk(bare, algorithm="PS256").algorithms == {"PS256"}
    assert Key.from_jwk(bare, kid="mine").kid == "mine"
    assert Key.from_jwk(bare, kid="").kid == ""


def test_members_that_point_elsewhere_are_not_followed() -> None:
    extra = {"x5u": "https://attacker.example/", "jku": "file:///etc/passwd", "x5c": ["AAAA"], "ext": True}
    assert Key.from_jwk(RFC7638_RSA | extra) == Key.from_jwk(RFC7638_RSA)
