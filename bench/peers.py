"""The libraries in plain Python over ``cryptography``, each in its own quickest documented way."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

from bench.contenders import Limited, Sign, Verify
from bench.samples import AUDIENCE, ISSUERS, material, native_key

#: Gives the key for a call: the one that was made beforehand, or one that is made anew.
Key = Callable[[], Any]


def key_type(algorithm: str) -> str:
    """The ``kty`` that an algorithm takes."""
    return {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC"}.get(algorithm[:2], "OKP")


class Peer(Limited):
    """A library whose calls take a key object, made beforehand or with each call."""

    refusal: type[Exception] | tuple[type[Exception], ...]

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        """The library's key object."""
        raise NotImplementedError

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        """A function from a token to its claims."""
        raise NotImplementedError

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        """A function from claims to a token."""
        raise NotImplementedError

    def verifier(self, algorithm: str) -> Verify:
        if algorithm in self.lacks:
            return None
        key = self.load(algorithm, "raw", False)
        return self.verify_with(algorithm, lambda: key)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key = self.load(algorithm, "raw", True)
        return self.sign_with(algorithm, lambda: key)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        if algorithm in self.lacks:
            return None
        return self.verify_with(algorithm, lambda: self.load(algorithm, form, False))

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        if algorithm in self.lacks:
            return None
        return self.sign_with(algorithm, lambda: self.load(algorithm, form, True))


class PyJWT(Peer):
    def __init__(self) -> None:
        import jwt

        self.jwt = jwt
        self.refusal = jwt.InvalidTokenError
        self.lacks = frozenset(["Ed448"])

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        raw = material(algorithm, form, private=private)
        # What it makes of PEM on each call itself.
        return self.jwt.PyJWK(raw, algorithm) if form == "JWK" else raw

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        decode, allowed = self.jwt.decode, [algorithm]
        return lambda token: decode(token, key(), algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE)

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode = self.jwt.encode
        return lambda claims: encode(claims, key(), algorithm=algorithm)

    def verifier(self, algorithm: str) -> Verify:
        native = native_key(algorithm)
        key = native if isinstance(native, bytes) else native.public_key()
        return None if algorithm in self.lacks else self.verify_with(algorithm, lambda: key)

    def signer(self, algorithm: str) -> Sign:
        key = native_key(algorithm)
        return None if algorithm in self.lacks else self.sign_with(algorithm, lambda: key)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys, decode, allowed = self.jwt.PyJWKSet.from_dict(jwks), self.jwt.decode, [algorithm]
        read = self.jwt.get_unverified_header
        return lambda token: decode(
            token, keys[read(token)["kid"]], algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE
        )

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        find, decode, allowed = (
            self.jwt.PyJWKClient(url, cache_keys=True).get_signing_key_from_jwt,
            self.jwt.decode,
            [algorithm],
        )
        return lambda token: decode(token, find(token), algorithms=allowed, issuer=ISSUERS, audience=AUDIENCE)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.jwt.get_unverified_header
        return read


class Joserfc(Peer):
    def __init__(self) -> None:
        from joserfc import errors, jwk, jws, jwt

        self.jwk, self.jws, self.jwt = jwk, jws, jwt
        self.refusal = (errors.JoseError, ValueError)

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        kinds = {"oct": self.jwk.OctKey, "RSA": self.jwk.RSAKey, "EC": self.jwk.ECKey, "OKP": self.jwk.OKPKey}
        return kinds[key_type(algorithm)].import_key(material(algorithm, form, private=private))

    def verify_with(self, algorithm: str, key: Key) -> Verify:
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

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode, allowed = self.jwt.encode, [algorithm]
        header = {"alg": algorithm, "typ": "JWT"}
        return lambda claims: encode(header, claims, key(), algorithms=allowed)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys = self.jwk.KeySet.import_key_set(jwks)
        return self.verify_with(algorithm, lambda: keys)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        extract = self.jws.extract_compact
        return lambda token: extract(token.encode()).headers()


class Authlib(Peer):
    lacks = frozenset(["Ed448"])

    def __init__(self) -> None:
        # It says that joserfc is to succeed it, each time unless told otherwise; it still is what Authlib documents.
        from authlib.deprecate import AuthlibDeprecationWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AuthlibDeprecationWarning)
            from authlib.jose import JsonWebKey, JsonWebToken, errors

        self.jwk, self.jwt = JsonWebKey, JsonWebToken
        self.refusal = (errors.JoseError, ValueError)

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        raw = material(algorithm, form, private=private)
        # A dict says itself what kind it is; octets do not.
        return self.jwk.import_key(raw, None if form == "JWK" else {"kty": key_type(algorithm)})

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        decode = self.jwt([algorithm]).decode
        options = {
            "iss": {"essential": True, "values": list(ISSUERS)},
            "aud": {"essential": True, "value": AUDIENCE},
            "exp": {"essential": True},
        }

        def verify(token: str) -> dict[str, Any]:
            claims: dict[str, Any] = decode(token, key(), claims_options=options)
            claims.validate()  # type: ignore[attr-defined]
            return claims

        return verify

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode = self.jwt([algorithm]).encode
        header = {"alg": algorithm, "typ": "JWT"}
        # Its search for passwords among the claims is no part of signing.
        return lambda claims: encode(header, claims, key(), check=False).decode()

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys = self.jwk.import_key_set(jwks)
        return self.verify_with(algorithm, lambda: keys)


class PythonJose(Peer):
    lacks = frozenset(["PS256", "PS384", "PS512", "ES256K", "EdDSA", "Ed448"])

    def __init__(self) -> None:
        import jose.backends
        from jose import jwk, jwt
        from jose.exceptions import JOSEError

        if "cryptography" not in jose.backends.RSAKey.__module__:
            raise RuntimeError("python-jose is not on its cryptography backend")
        self.jwk, self.jwt, self.refusal = jwk, jwt, JOSEError

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        return self.jwk.construct(material(algorithm, form, private=private), algorithm)

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        decode, options = self.jwt.decode, {"require_exp": True, "require_aud": True, "require_iss": True}
        return lambda token: decode(
            token, key(), algorithms=[algorithm], options=options, audience=AUDIENCE, issuer=ISSUERS
        )

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode = self.jwt.encode
        return lambda claims: encode(claims, key(), algorithm=algorithm)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        if algorithm in self.lacks:
            return None
        return self.verify_with(algorithm, lambda: jwks)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.jwt.get_unverified_header
        return read


class JWCrypto(Peer):
    lacks = frozenset(["Ed448"])

    def __init__(self) -> None:
        from jwcrypto import common, jwk, jwt

        self.jwk, self.jwt = jwk, jwt
        self.refusal = (common.JWException, ValueError)

    def load(self, algorithm: str, form: str, private: bool) -> Any:
        raw = material(algorithm, form, private=private)
        if form == "JWK":
            return self.jwk.JWK(**raw)
        if isinstance(native_key(algorithm), bytes):
            return self.jwk.JWK(**material(algorithm, "JWK", private=private))
        return self.jwk.JWK.from_pem(raw)

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        make, allowed = self.jwt.JWT, [algorithm]
        wanted = {"exp": None, "aud": AUDIENCE, "iss": None}
        refusal = self.jwt.JWTInvalidClaimValue

        def verify(token: str) -> dict[str, Any]:
            made = make(jwt=token, key=key(), algs=allowed, check_claims=wanted)
            claims: dict[str, Any] = json.loads(made.claims)
            # It knows one issuer at most.
            if claims["iss"] not in ISSUERS:
                raise refusal("another issuer")
            return claims

        return verify

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        make, header = self.jwt.JWT, {"alg": algorithm, "typ": "JWT"}

        def sign(claims: dict[str, Any]) -> str:
            made = make(header=header, claims=claims, algs=[algorithm])
            made.make_signed_token(key())
            text: str = made.serialize()
            return text

        return sign

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys = self.jwk.JWKSet.from_json(json.dumps(jwks))
        return self.verify_with(algorithm, lambda: keys)
