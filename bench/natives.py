"""The libraries that are compiled as cyjwt is, each in its own quickest documented way."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from bench.contenders import Limited, Sign, Verify
from bench.samples import AUDIENCE, ISSUERS, material


class OxyJWT(Limited):
    lacks = frozenset(["ES512", "ES256K", "Ed448"])

    def __init__(self) -> None:
        import orjson
        import oxyjwt

        self.oxyjwt, self.dumps = oxyjwt, orjson.dumps
        self.refusal: type[Exception] = oxyjwt.InvalidTokenError

    def load(self, raw: Any, algorithm: str, private: bool) -> Any:
        """Its key object, of a JWK (a ``dict``, of which it reads public ones), a secret or PEM."""
        kind = self.oxyjwt.EncodingKey if private else self.oxyjwt.DecodingKey
        if isinstance(raw, dict):
            return kind.from_jwk(raw)
        if algorithm.startswith("HS"):
            return kind.from_secret(raw)
        if algorithm[0] in "RP":
            return kind.from_rsa_pem(raw)
        return kind.from_ec_pem(raw) if algorithm.startswith("ES") else kind.from_ed_pem(raw)

    def key(self, algorithm: str, private: bool) -> Any:
        """A key object that is made beforehand."""
        return self.load(material(algorithm, "raw", private=private), algorithm, private)

    def loading(self, algorithm: str, form: str, private: bool) -> Callable[[], Any] | None:
        """A function that gives the key anew on each call; a secret it takes as it is."""
        if algorithm in self.lacks or (private and form == "JWK"):
            return None
        load, raw = self.load, material(algorithm, form, private=private)
        return (
            (lambda: raw)
            if isinstance(raw, bytes) and algorithm.startswith("HS")
            else lambda: load(raw, algorithm, private)
        )

    def verify_by(self, algorithm: str) -> Callable[[str, Any], dict[str, Any]]:
        """A function from a token and its key to its claims."""
        decode, allowed, issuers = self.oxyjwt.decode, [algorithm], list(ISSUERS)
        return lambda token, key: decode(token, key, allowed, issuer=issuers, audience=AUDIENCE)

    def sign_by(self, algorithm: str) -> Callable[[dict[str, Any], Any], str]:
        """A function from claims and a key to a token."""
        # Its `encode` sorts the claims, and says that JSON which orjson wrote is the quicker way.
        encode, dumps = self.oxyjwt.encode_json, self.dumps
        return lambda claims, key: encode(dumps(claims), key, algorithm)

    def verifier(self, algorithm: str) -> Verify:
        if algorithm in self.lacks:
            return None
        key, verify = self.key(algorithm, False), self.verify_by(algorithm)
        return lambda token: verify(token, key)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key, sign = self.key(algorithm, True), self.sign_by(algorithm)
        return lambda claims: sign(claims, key)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        load, verify = self.loading(algorithm, form, False), self.verify_by(algorithm)
        return load and (lambda token: verify(token, load()))

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        load, sign = self.loading(algorithm, form, True), self.sign_by(algorithm)
        return load and (lambda claims: sign(claims, load()))

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys, verify = self.oxyjwt.PyJWKSet.from_dict(jwks), self.verify_by(algorithm)
        read = self.oxyjwt.get_unverified_header
        return lambda token: verify(token, keys[read(token)["kid"]].key)

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        with warnings.catch_warnings():
            # It warns of http.
            warnings.simplefilter("ignore", self.oxyjwt.InsecureJWKSUriWarning)
            find = self.oxyjwt.PyJWKClient(url, cache_keys=True).get_signing_key_from_jwt
        verify = self.verify_by(algorithm)
        return lambda token: verify(token, find(token).key)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.oxyjwt.get_unverified_header
        return read


class RyJWT(Limited):
    lacks = frozenset(["ES512", "ES256K", "Ed448"])

    def __init__(self) -> None:
        import ryjwt

        self.ryjwt = ryjwt
        self.refusal: type[Exception] = ryjwt.InvalidTokenError

    def policy(self, algorithm: str) -> dict[str, Any]:
        """The options of what verifies."""
        return {"algorithms": [algorithm], "audience": AUDIENCE, "issuer": list(ISSUERS)}

    def making(self, algorithm: str, form: str, private: bool) -> Callable[[], Any] | None:
        """A function that makes the key object, which is the policy as well."""
        if algorithm in self.lacks:
            return None
        raw = material(algorithm, form, private=private)
        options = {"algorithms": [algorithm]} if private else self.policy(algorithm)
        if form == "JWK":
            # It reads public ones, in a set.
            if private or algorithm.startswith("HS"):
                return None
            read, jwks = self.ryjwt.PublicKey.from_jwks, {"keys": [raw]}
            return lambda: read(jwks, **options)
        kind = self.ryjwt.PrivateKey if private else self.ryjwt.PublicKey
        if algorithm.startswith("HS"):
            kind = self.ryjwt.SecretKey
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

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        verify: Verify = self.ryjwt.PublicKey.from_jwks(jwks, **self.policy(algorithm)).decode
        return verify

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        verify: Verify = self.ryjwt.JWKSClient(url, **self.policy(algorithm)).decode
        return verify

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.ryjwt.unverified_header
        return read


class WebToken(Limited):
    lacks = frozenset(["Ed448"])

    def __init__(self) -> None:
        import webtoken

        self.webtoken = webtoken
        self.refusal: tuple[type[Exception], ...] = (webtoken.PyJWTError, ValueError)

    def load(self, raw: Any, algorithm: str) -> Any:
        """Its key object, of a JWK (a ``dict``); secrets and PEM it takes as quickly as they are."""
        return self.webtoken.PyJWK({**raw, "alg": algorithm}) if isinstance(raw, dict) else raw

    def prepared(self, algorithm: str, private: bool) -> Any:
        """A secret, or a key object: of EC keys, one made from a JWK."""
        raw = material(algorithm, "JWK" if algorithm.startswith("ES") else "raw", private=private)
        if algorithm[:2] in ("RS", "PS"):
            return self.webtoken.load_key_from_pem(raw)
        return self.load(raw, algorithm)

    def verify_by(self, algorithm: str) -> Callable[[str, Any], dict[str, Any]]:
        """A function from a token and its key to its claims."""
        decode, allowed = self.webtoken.decode, [algorithm]
        return lambda token, key: decode(token, key, allowed, issuer=ISSUERS, audience=AUDIENCE)

    def verifier(self, algorithm: str) -> Verify:
        if algorithm in self.lacks:
            return None
        key, verify = self.prepared(algorithm, False), self.verify_by(algorithm)
        return lambda token: verify(token, key)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key, encode = self.prepared(algorithm, True), self.webtoken.encode
        return lambda claims: encode(claims, key, algorithm)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        if algorithm in self.lacks:
            return None
        load, verify, raw = self.load, self.verify_by(algorithm), material(algorithm, form, private=False)
        return lambda token: verify(token, load(raw, algorithm))

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        if algorithm in self.lacks:
            return None
        load, encode, raw = self.load, self.webtoken.encode, material(algorithm, form, private=True)
        return lambda claims: encode(claims, load(raw, algorithm), algorithm)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys = self.webtoken.api_jwk.PyJWKSet.from_dict(jwks)
        read, verify = self.webtoken.get_unverified_header, self.verify_by(algorithm)
        return lambda token: verify(token, keys[read(token)["kid"]])

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.webtoken.get_unverified_header
        return read
