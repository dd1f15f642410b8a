"""What several rooms of tests share: keys for every algorithm, forged tokens, verdicts."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

import cyjwt
from bench import baseline
from cyjwt.algorithms import ALGORITHMS

ROOT = Path(__file__).resolve().parent.parent

#: The time that every test's clock shows, unless the test is about time.
NOW = 1_900_000_000

ISSUER = "https://issuer.example/"
AUDIENCE = "orders"

_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}


@dataclass(frozen=True)
class Pair:
    """One algorithm's key in every shape that a test may want.

    Attributes:
        algorithm: the ``alg`` it is for.
        native: the secret (``bytes``) or the private key object of ``cryptography``.
        oracle: the same for ``bench.baseline``.
    """

    algorithm: str
    native: Any
    oracle: baseline.Key

    @property
    def symmetric(self) -> bool:
        return isinstance(self.native, bytes)

    @functools.cached_property
    def private(self) -> cyjwt.Key:
        """The signing key."""
        if self.symmetric:
            return cyjwt.Key.from_secret(self.native)
        return cyjwt.Key.from_cryptography(self.native)

    @functools.cached_property
    def public(self) -> cyjwt.Key:
        """The verifying key; the secret itself where there is one."""
        return self.private if self.symmetric else cyjwt.Key.from_cryptography(self.native.public_key())

    @functools.cached_property
    def private_pem(self) -> bytes:
        return self.native.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @functools.cached_property
    def public_pem(self) -> bytes:
        return self.native.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def forge(self, header: bytes, payload: bytes) -> str:
        """A token with these very octets as header and payload, signed with this key."""
        return forge(header, payload, self.oracle, self.algorithm)

    def token(self, claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None) -> str:
        """A token of these claims (``exp`` in the future if none are given), signed with this key."""
        return baseline.sign(
            claims if claims is not None else good_claims(), self.oracle, self.algorithm, header
        )

    def verifier(self, **options: Any) -> cyjwt.Verifier:
        """A verifier of this key's tokens, at ``NOW``."""
        options.setdefault("clock", clock)
        return cyjwt.Verifier(self.public, algorithms=[self.algorithm], **options)


def clock() -> int:
    return NOW


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def good_claims(**more: Any) -> dict[str, Any]:
    """Claims that a verifier without expectations accepts."""
    return {"sub": "user-8f14e45f", "exp": NOW + 600, **more}


@functools.cache
def native_key(algorithm: str) -> Any:
    """Fresh private material for an algorithm, one a process."""
    row = ALGORITHMS[algorithm]
    if row.kty == "oct":
        return bytes((7 * i + row.id) % 256 for i in range(row.hash_bits // 8))
    if row.kty == "RSA":
        return rsa.generate_private_key(65537, 2048)
    if row.kty == "EC":
        return ec.generate_private_key(_CURVES[algorithm])
    return (ed448.Ed448PrivateKey if algorithm == "Ed448" else ed25519.Ed25519PrivateKey).generate()


@functools.cache
def pair(algorithm: str) -> Pair:
    """The process's key pair for an algorithm."""
    native = native_key("RS256" if ALGORITHMS[algorithm].kty == "RSA" else algorithm)
    if isinstance(native, bytes):
        return Pair(algorithm, native, baseline.Key.from_secret(native))
    return Pair(algorithm, native, baseline.Key.from_cryptography(native))


def forge(header: bytes, payload: bytes, key: baseline.Key, algorithm: str = "HS256") -> str:
    """A token with these very octets as header and payload, and a signature that holds."""
    text = baseline.encode_segment(header) + b"." + baseline.encode_segment(payload)
    return forge_text(text, key, algorithm)


def forge_text(signing_input: bytes, key: baseline.Key, algorithm: str = "HS256") -> str:
    """A token with this very text before its last dot, and a signature that holds."""
    signature = baseline.make_signature(key, algorithm, signing_input)
    return (signing_input + b"." + baseline.encode_segment(signature)).decode("latin-1")


def verdict_of(call: Callable[[Any], Any], token: Any) -> tuple[str | None, str | None]:
    """The class name and claim of the token error that ``call`` raises; any other error passes through."""
    try:
        call(token)
    except cyjwt.InvalidTokenError as error:
        return type(error).__name__, error.claim
    return None, None


def b64(data: bytes) -> str:
    """base64url without padding."""
    return baseline.encode_segment(data).decode("ascii")


#: Why a test that needs the shared vectors is skipped.
NO_VECTORS = "the shared vectors are not here: set CYJWT_VECTORS to their folder"


def vectors_folder() -> Path | None:
    """The folder of shared vectors: ``CYJWT_VECTORS``, or ``../shared/vectors`` beside the project."""
    named = os.environ.get("CYJWT_VECTORS")
    folder = Path(named) if named else ROOT.parent / "shared" / "vectors"
    return folder if folder.is_dir() else None
