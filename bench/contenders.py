"""What a library must offer to be measured, cyjwt, and the baseline; the other libraries are in ``bench.peers`` and
``bench.natives``.

All of them check the signature, ``exp``, ``aud`` and ``iss``, and return the claims as a ``dict``; what a library
cannot check itself, or checks only where it is told to at a cost, is in ``NOTES``. They hold their key object
beforehand, but for ``raw_verifier`` and ``raw_signer``, which get key material anew with each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import cyjwt
from bench import baseline
from bench.samples import AUDIENCE, ISSUERS, material, oracle_key

#: From a token to its claims; ``None`` where the library lacks the algorithm or the way.
Verify = Callable[[str], Any] | None
#: From claims to a token.
Sign = Callable[[dict[str, Any]], str] | None


class Contender(Protocol):
    """What a library must offer to be measured."""

    #: What it raises for a token that does not verify.
    refusal: type[Exception] | tuple[type[Exception], ...]

    def verifier(self, algorithm: str) -> Verify:
        """A function from a token to its claims."""

    def signer(self, algorithm: str) -> Sign:
        """A function from claims to a token."""

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        """As ``verifier``, with the key material passed on each call: ``"raw"`` (a secret or PEM) or ``"JWK"``."""

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        """As ``signer``, with the key material passed on each call."""

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        """As ``verifier``, with a key that is found in a JWK Set by the token's ``kid``."""

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        """As ``set_verifier``, with a set that the library fetches and keeps by itself."""

    def header_reader(self) -> Callable[[str], dict[str, Any]] | None:
        """A function from a token to its unverified header."""


class Limited:
    """What most libraries lack, for those that do not say otherwise."""

    #: The algorithms that the library does not have.
    lacks: frozenset[str] = frozenset()

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        return None

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        return None

    def header_reader(self) -> Callable[[str], dict[str, Any]] | None:
        return None


class CyJWT:
    refusal = cyjwt.InvalidTokenError

    def key(self, algorithm: str, private: bool) -> cyjwt.Key:
        raw = material(algorithm, "raw", private=private)
        return cyjwt.Key.from_secret(raw) if algorithm.startswith("HS") else cyjwt.Key.from_pem(raw)

    def policy(self, keys: Any, algorithm: str, **options: Any) -> cyjwt.Verifier[Any]:
        """The verifier itself, with more options."""
        return cyjwt.Verifier(keys, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE, **options)

    def verifier(self, algorithm: str) -> Any:
        return self.policy(self.key(algorithm, False), algorithm).verify

    def signer(self, algorithm: str) -> Sign:
        return cyjwt.Signer(self.key(algorithm, True), algorithm=algorithm).sign

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        raw, decode = material(algorithm, form, private=False), cyjwt.decode
        return lambda token: decode(token, raw, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE)

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        raw, encode = material(algorithm, form, private=True), cyjwt.encode
        return lambda claims: encode(claims, raw, algorithm=algorithm)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        return self.policy(cyjwt.KeySet.from_jwks(jwks), algorithm).verify

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        return self.policy(cyjwt.JWKSClient(url, allow_http=True), algorithm).verify

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read = cyjwt.read_unverified
        return lambda token: read(token).header


class Baseline:
    refusal = cyjwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Verify:
        key, verify, allowed = oracle_key(algorithm), baseline.verify, [algorithm]
        return lambda token: verify(token, key, algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Sign:
        key, sign = oracle_key(algorithm), baseline.sign
        return lambda claims: sign(claims, key, algorithm)

    def raw_verifier(self, algorithm: str, form: str) -> None:
        """Its keys are objects."""

    def raw_signer(self, algorithm: str, form: str) -> None:
        """Its keys are objects."""

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> None:
        """It reads no JWK."""

    def url_verifier(self, algorithm: str, url: str) -> None:
        """It fetches nothing."""

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read = baseline.read_unverified
        return lambda token: read(token).header
