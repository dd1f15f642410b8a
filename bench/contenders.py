"""Each library's quickest documented way to verify, to sign and to read a header.

All of them check the signature, ``exp``, ``aud`` and ``iss``, and return the claims as a ``dict``. They hold their
key object beforehand, but for ``raw_verifier`` and ``raw_signer``, which get the bytes of a secret or PEM anew with
each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import cyjwt
from bench import baseline
from bench.samples import AUDIENCE, ISSUERS, native_key, oracle_key, private_pem, public_pem


class Contender(Protocol):
    """What a library must offer to be measured."""

    #: What it raises for a token that does not verify.
    refusal: type[Exception]

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        """A function from a token to its claims; ``None`` without support for the algorithm."""

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        """A function from claims to a token."""

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        """As ``verifier``, with the key material passed on each call."""

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        """As ``signer``, with the key material passed on each call."""

    def header_reader(self) -> Callable[[str], dict[str, Any]] | None:
        """A function from a token to its unverified header."""


def material(algorithm: str, private: bool) -> bytes:
    """The octets of a secret, or PEM."""
    native = native_key(algorithm)
    if isinstance(native, bytes):
        return native
    return private_pem(algorithm) if private else public_pem(algorithm)


class CyJWT:
    refusal = cyjwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        native = native_key(algorithm)
        key = (
            cyjwt.Key.from_secret(native)
            if isinstance(native, bytes)
            else cyjwt.Key.from_pem(public_pem(algorithm))
        )
        return cyjwt.Verifier(key, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE).verify

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        native = native_key(algorithm)
        key = (
            cyjwt.Key.from_secret(native)
            if isinstance(native, bytes)
            else cyjwt.Key.from_pem(private_pem(algorithm))
        )
        return cyjwt.Signer(key, algorithm=algorithm).sign

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        raw, decode = material(algorithm, False), cyjwt.decode
        return lambda token: decode(token, raw, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE)

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        raw, encode = material(algorithm, True), cyjwt.encode
        return lambda claims: encode(claims, raw, algorithm=algorithm)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read = cyjwt.read_unverified
        return lambda token: read(token).header


class Baseline:
    refusal = cyjwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        key, verify, allowed = oracle_key(algorithm), baseline.verify, [algorithm]
        return lambda token: verify(token, key, algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        key, sign = oracle_key(algorithm), baseline.sign
        return lambda claims: sign(claims, key, algorithm)

    def raw_verifier(self, algorithm: str) -> None:
        """Its keys are objects."""

    def raw_signer(self, algorithm: str) -> None:
        """Its keys are objects."""

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read = baseline.read_unverified
        return lambda token: read(token).header


class PyJWT:
    def __init__(self) -> None:
        import jwt

        self.jwt = jwt
        self.refusal: type[Exception] = jwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        native = native_key(algorithm)
        key = native if isinstance(native, bytes) else native.public_key()
        decode, allowed = self.jwt.decode, [algorithm]
        return lambda token: decode(token, key, algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        key, encode = native_key(algorithm), self.jwt.encode
        return lambda claims: encode(claims, key, algorithm=algorithm)

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        raw, decode = material(algorithm, False), self.jwt.decode
        return lambda token: decode(token, raw, algorithms=[algorithm], issuer=ISSUERS, audience=AUDIENCE)

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        raw, encode = material(algorithm, True), self.jwt.encode
        return lambda claims: encode(claims, raw, algorithm=algorithm)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.jwt.get_unverified_header
        return read


class Joserfc:
    def __init__(self) -> None:
        from joserfc import errors, jwk, jws, jwt

        self.jwk, self.jws, self.jwt = jwk, jws, jwt
        self.refusal: type[Exception] = errors.JoseError

    def key(self, algorithm: str, private: bool) -> Any:
        raw = material(algorithm, private)
        if algorithm.startswith("HS"):
            return self.jwk.OctKey.import_key(raw)
        kind = {"R": self.jwk.RSAKey, "P": self.jwk.RSAKey, "ES": self.jwk.ECKey}.get(
            algorithm[0] if algorithm[0] in "RP" else algorithm[:2], self.jwk.OKPKey
        )
        return kind.import_key(raw)

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        key = self.key(algorithm, False)
        return self.verifier_with(algorithm, lambda: key)

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]]:
        return self.verifier_with(algorithm, lambda: self.key(algorithm, False))

    def verifier_with(self, algorithm: str, key: Callable[[], Any]) -> Callable[[str], dict[str, Any]]:
        decode, allowed = self.jwt.decode, [algorithm]
        registry = self.jwt.JWTClaimsRegistry(
            iss={"essential": True, "values": list(ISSUERS)},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )

        def verify(token: str) -> dict[str, Any]:
            claims: dict[str, Any] = decode(token, key(), algorithms=allowed).claims
            registry.validate(claims)
            return claims

        return verify

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        key, encode, allowed = self.key(algorithm, True), self.jwt.encode, [algorithm]
        header = {"alg": algorithm, "typ": "JWT"}
        return lambda claims: encode(header, claims, key, algorithms=allowed)

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str]:
        key, encode, allowed = self.key, self.jwt.encode, [algorithm]
        header = {"alg": algorithm, "typ": "JWT"}
        return lambda claims: encode(header, claims, key(algorithm, True), algorithms=allowed)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        extract = self.jws.extract_compact
        return lambda token: extract(token.encode()).headers()


class OxyJWT:
    def __init__(self) -> None:
        import oxyjwt

        self.oxyjwt = oxyjwt
        self.refusal: type[Exception] = oxyjwt.InvalidTokenError

    def key(self, algorithm: str, private: bool) -> Any:
        native, kind = native_key(algorithm), self.oxyjwt.EncodingKey if private else self.oxyjwt.DecodingKey
        if isinstance(native, bytes):
            return kind.from_secret(native)
        pem = private_pem(algorithm) if private else public_pem(algorithm)
        if algorithm[0] in "RP":
            return kind.from_rsa_pem(pem)
        return kind.from_ec_pem(pem) if algorithm.startswith("ES") else kind.from_ed_pem(pem)

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        if algorithm == "ES512":
            return None
        key, decode, allowed, issuers = (
            self.key(algorithm, False),
            self.oxyjwt.decode,
            [algorithm],
            list(ISSUERS),
        )
        return lambda token: decode(token, key, allowed, issuer=issuers, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        if algorithm == "ES512":
            return None
        key, encode = self.key(algorithm, True), self.oxyjwt.encode
        return lambda claims: encode(claims, key, algorithm)

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        if algorithm == "ES512":
            return None
        key, decode, allowed, issuers = self.key, self.oxyjwt.decode, [algorithm], list(ISSUERS)
        return lambda token: decode(token, key(algorithm, False), allowed, issuer=issuers, audience=AUDIENCE)

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        if algorithm == "ES512":
            return None
        key, encode = self.key, self.oxyjwt.encode
        return lambda claims: encode(claims, key(algorithm, True), algorithm)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.oxyjwt.get_unverified_header
        return read


class RyJWT:
    def __init__(self) -> None:
        import ryjwt

        self.ryjwt = ryjwt
        self.refusal: type[Exception] = ryjwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        if algorithm == "ES512":
            return None
        options = {"algorithms": [algorithm], "audience": AUDIENCE, "issuer": list(ISSUERS)}
        native = native_key(algorithm)
        if isinstance(native, bytes):
            return self.ryjwt.SecretKey(native, **options).decode
        return self.ryjwt.PublicKey(public_pem(algorithm), **options).decode

    def signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        if algorithm == "ES512":
            return None
        native = native_key(algorithm)
        if isinstance(native, bytes):
            return self.ryjwt.SecretKey(native, algorithms=[algorithm]).encode
        return self.ryjwt.PrivateKey(private_pem(algorithm), algorithms=[algorithm]).encode

    def raw_verifier(self, algorithm: str) -> Callable[[str], dict[str, Any]] | None:
        if algorithm == "ES512":
            return None
        options = {"algorithms": [algorithm], "audience": AUDIENCE, "issuer": list(ISSUERS)}
        make = self.ryjwt.SecretKey if algorithm.startswith("HS") else self.ryjwt.PublicKey
        raw = material(algorithm, False)
        return lambda token: make(raw, **options).decode(token)

    def raw_signer(self, algorithm: str) -> Callable[[dict[str, Any]], str] | None:
        if algorithm == "ES512":
            return None
        make = self.ryjwt.SecretKey if algorithm.startswith("HS") else self.ryjwt.PrivateKey
        raw, allowed = material(algorithm, True), [algorithm]
        return lambda claims: make(raw, algorithms=allowed).encode(claims)

    def header_reader(self) -> Callable[[str], dict[str, Any]] | None:
        return None


#: Name to class; making one imports its library.
CONTENDERS: dict[str, Callable[[], Contender]] = {
    "cyjwt": CyJWT,
    "baseline": Baseline,
    "PyJWT": PyJWT,
    "joserfc": Joserfc,
    "oxyjwt": OxyJWT,
    "ryjwt": RyJWT,
}
