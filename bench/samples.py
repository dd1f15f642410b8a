"""Keys, claims and tokens to measure with: of several sizes, member orders, key ids and issuers."""

from __future__ import annotations

import functools
import itertools
import time
import uuid
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

import cyjwt
from bench import baseline

AUDIENCE = "orders"
ISSUERS = ("https://issuer.example/", "https://login.example.org/realms/main", "https://idp.example.net/")
KIDS = ("2030-01-a", "2030-01-b", "k3", "signing-key-4")
#: Tokens of one pool: members rotate, sizes vary, key ids and issuers take turns.
POOL = 24

_NOW = int(time.time())
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}


@functools.cache
def native_key(algorithm: str) -> Any:
    """Private key material: a secret, or a key of ``cryptography``."""
    if algorithm.startswith("HS"):
        return bytes(range(int(algorithm[2:]) // 8))
    if algorithm[:2] in ("RS", "PS"):
        return native_rsa()
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate()


@functools.cache
def native_rsa() -> rsa.RSAPrivateKey:
    """One RSA key for all of its algorithms."""
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def oracle_key(algorithm: str) -> baseline.Key:
    """The baseline's key."""
    native = native_key(algorithm)
    if isinstance(native, bytes):
        return baseline.Key.from_secret(native)
    return baseline.Key.from_cryptography(native)


@functools.cache
def private_pem(algorithm: str) -> bytes:
    """PKCS#8."""
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return bytes(native_key(algorithm).private_bytes(serialization.Encoding.PEM, kind, plain))


@functools.cache
def public_pem(algorithm: str) -> bytes:
    """SubjectPublicKeyInfo."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(native_key(algorithm).public_key().public_bytes(serialization.Encoding.PEM, kind))


@functools.cache
def private_jwk(algorithm: str) -> dict[str, Any]:
    """A JWK with its private members."""
    native = native_key(algorithm)
    secret = isinstance(native, bytes)
    key = cyjwt.Key.from_secret(native) if secret else cyjwt.Key.from_cryptography(native)
    return key.to_jwk(private=True)


def material(algorithm: str, form: str, *, private: bool) -> Any:
    """A key as it comes from a file or a server: a JWK, or else the octets of a secret, or PEM.

    ``form`` is ``"raw"`` or ``"JWK"``.
    """
    native = native_key(algorithm)
    if form == "JWK":
        hidden = () if private or isinstance(native, bytes) else ("d", "p", "q", "dp", "dq", "qi")
        return {name: value for name, value in private_jwk(algorithm).items() if name not in hidden}
    if isinstance(native, bytes):
        return native
    return private_pem(algorithm) if private else public_pem(algorithm)


def claims_of(size: int, index: int = 0, *, expires_in: int = 86_400) -> dict[str, Any]:
    """Claims whose JSON has about ``size`` octets, as an access token might have them."""
    made: dict[str, Any] = {
        "iss": ISSUERS[index % len(ISSUERS)],
        "sub": f"user-{uuid.UUID(int=(index + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)).hex[:16]}",
        "aud": AUDIENCE if index % 3 else [AUDIENCE, "billing"],
        "exp": _NOW + expires_in + index,
    }
    if size >= 300:
        made |= {
            "iat": _NOW - index,
            "nbf": _NOW - index,
            "jti": str(uuid.UUID(int=(index + 7) * 0xD1342543DE82EF95 % (1 << 128))),
            "scope": "orders:read orders:write profile",
            "roles": ["admin", "editor"][: 1 + index % 2],
            "email_verified": bool(index % 2),
        }
    if size >= 1500:
        made["address"] = {
            "street": f"{index} Long Street",
            "locality": "Zürich",
            "postal_code": "8001",
            "country": "CH",
        }
        made["amr"] = ["pwd", "otp"]
        made["risk"] = 0.125 * (index % 7)
    # Entitlements fill a big token, as they do in life; text fills what is left.
    names = (f"urn:example:entitlement:{n}:{index}" for n in itertools.count())
    entitlements: list[dict[str, Any]] = []
    while size >= 1500 and len(baseline.dumps(made)) < size - 200:
        entitlements.append({"name": next(names), "level": len(entitlements), "active": True})
        made["entitlements"] = entitlements
    missing = size + index % 5 - len(baseline.dumps(made)) - len(',"name":""')
    if missing > 0:
        made["name"] = ("Ann Example, of the Department of Examples " * 10)[:missing]
    members = list(made.items())
    turn = index % len(members)
    return dict(members[turn:] + members[:turn])


@functools.cache
def claims_pool(size: int) -> tuple[dict[str, Any], ...]:
    """A pool of claims."""
    return tuple(claims_of(size, i) for i in range(POOL))


@functools.cache
def token_pool(
    algorithm: str,
    size: int,
    *,
    expires_in: int = 86_400,
    audience: str = AUDIENCE,
    issuer: str | None = None,
) -> tuple[str, ...]:
    """A pool of signed tokens, with another audience or issuer if need be."""
    made = []
    for index in range(POOL):
        claims = claims_of(size, index, expires_in=expires_in)
        if audience != AUDIENCE:
            claims["aud"] = audience
        if issuer is not None:
            claims["iss"] = issuer
        header = {"kid": KIDS[index % len(KIDS)]}
        made.append(baseline.sign(claims, oracle_key(algorithm), algorithm, header))
    return tuple(made)


def tampered(token: str, index: int = 0) -> str:
    """The token with one character of its signature changed, none of them the last."""
    dot = token.rindex(".")
    at = dot + 1 + index % (len(token) - dot - 2)
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def with_another_payload(token: str, other: str) -> str:
    """The token with another token's payload under its own signature."""
    head, _, tail = token.split(".")
    return f"{head}.{other.split('.')[1]}.{tail}"
