"""The libraries that are compiled as cyjwt is, each in its own quickest documented way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.contenders import Limited, Sign, Verify
from bench.samples import AUDIENCE, ISSUERS, material


class OxyJWT(Limited):
    lacks = frozenset(["ES512", "ES256K", "Ed448"])

    def __init__(self) -> None:
        import oxyjwt

        self.oxyjwt = oxyjwt
        self.refusal: type[Exception] = oxyjwt.InvalidTokenError

    def key(self, algorithm: str, private: bool) -> Any:
        raw, kind = (
            material(algorithm, "raw", private=private),
            self.oxyjwt.EncodingKey if private else self.oxyjwt.DecodingKey,
        )
        if algorithm.startswith("HS"):
            return kind.from_secret(raw)
        if algorithm[0] in "RP":
            return kind.from_rsa_pem(raw)
        return kind.from_ec_pem(raw) if algorithm.startswith("ES") else kind.from_ed_pem(raw)

    def verifier(self, algorithm: str) -> Verify:
        if algorithm in self.lacks:
            return None
        key, decode, allowed, issuers = (
            self.key(algorithm, False),
            self.oxyjwt.decode,
            [algorithm],
            list(ISSUERS),
        )
        return lambda token: decode(token, key, allowed, issuer=issuers, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key, encode = self.key(algorithm, True), self.oxyjwt.encode
        return lambda claims: encode(claims, key, algorithm)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        if algorithm in self.lacks or form == "JWK":
            return None
        key, decode, allowed, issuers = self.key, self.oxyjwt.decode, [algorithm], list(ISSUERS)
        return lambda token: decode(token, key(algorithm, False), allowed, issuer=issuers, audience=AUDIENCE)

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        if algorithm in self.lacks or form == "JWK":
            return None
        key, encode = self.key, self.oxyjwt.encode
        return lambda claims: encode(claims, key(algorithm, True), algorithm)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.oxyjwt.get_unverified_header
        return read


class RyJWT(Limited):
    lacks = frozenset(["ES512", "ES256K", "Ed448"])

    def __init__(self) -> None:
        import ryjwt

        self.ryjwt = ryjwt
        self.refusal: type[Exception] = ryjwt.InvalidTokenError

    def making(self, algorithm: str, form: str, private: bool) -> Callable[[], Any] | None:
        """A function that makes the key object, which is the policy as well."""
        if algorithm in self.lacks or form == "JWK":
            return None
        options: dict[str, Any] = {"algorithms": [algorithm]}
        if not private:
            options |= {"audience": AUDIENCE, "issuer": list(ISSUERS)}
        kind = self.ryjwt.PrivateKey if private else self.ryjwt.PublicKey
        if algorithm.startswith("HS"):
            kind = self.ryjwt.SecretKey
        raw = material(algorithm, form, private=private)
        return lambda: kind(raw, **options)

    def verifier(self, algorithm: str) -> Verify:
        make = self.making(algorithm, "raw", False)
        return make and make().decode

    def signer(self, algorithm: str) -> Sign:
        make = self.making(algorithm, "raw", True)
        return make and make().encode

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        make = self.making(algorithm, form, False)
        return make and (lambda token: make().decode(token))

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        make = self.making(algorithm, form, True)
        return make and (lambda claims: make().encode(claims))


class WebToken(Limited):
    lacks = frozenset(["Ed448"])

    def __init__(self) -> None:
        import webtoken

        self.webtoken = webtoken
        self.refusal: tuple[type[Exception], ...] = (webtoken.PyJWTError, ValueError)

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        """Its key object; secrets and Ed25519 keys it takes more quickly as they are."""
        raw = material(algorithm, form, private=private)
        if form == "JWK":
            return self.webtoken.PyJWK({**raw, "alg": algorithm})
        return raw if algorithm[:2] in ("HS", "Ed") else self.webtoken.load_key_from_pem(raw)

    def prepared(self, algorithm: str, private: bool) -> Any:
        """The key that it is quickest with: of EC keys, the one made from a JWK."""
        return self.load(algorithm, "JWK" if algorithm.startswith("ES") else "raw", private)

    def verifier(self, algorithm: str) -> Verify:
        if algorithm in self.lacks:
            return None
        key, decode, allowed = self.prepared(algorithm, False), self.webtoken.decode, [algorithm]
        return lambda token: decode(token, key, allowed, issuer=ISSUERS, audience=AUDIENCE)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key, encode = self.prepared(algorithm, True), self.webtoken.encode
        return lambda claims: encode(claims, key, algorithm)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        if algorithm in self.lacks:
            return None
        load, decode, allowed = self.load, self.webtoken.decode, [algorithm]
        return lambda token: decode(
            token, load(algorithm, form, False), allowed, issuer=ISSUERS, audience=AUDIENCE
        )

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        if algorithm in self.lacks:
            return None
        load, encode = self.load, self.webtoken.encode
        return lambda claims: encode(claims, load(algorithm, form, True), algorithm)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.webtoken.get_unverified_header
        return read
