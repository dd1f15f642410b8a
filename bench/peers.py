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

    def load(self, raw: Any, algorithm: str) -> Any:
        """The library's key object, of a JWK (a ``dict``), a secret or PEM."""
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
        key = self.load(material(algorithm, "raw", private=False), algorithm)
        return self.verify_with(algorithm, lambda: key)

    def signer(self, algorithm: str) -> Sign:
        if algorithm in self.lacks:
            return None
        key = self.load(material(algorithm, "raw", private=True), algorithm)
        return self.sign_with(algorithm, lambda: key)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        if algorithm in self.lacks:
            return None
        load, raw = self.load, material(algorithm, form, private=False)
        return self.verify_with(algorithm, lambda: load(raw, algorithm))

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        if algorithm in self.lacks:
            return None
        load, raw = self.load, material(algorithm, form, private=True)
        return self.sign_with(algorithm, lambda: load(raw, algorithm))


class PyJWT(Peer):
    def __init__(self) -> None:
        import jwt

        self.jwt = jwt
        self.refusal = jwt.InvalidTokenError
        self.lacks = frozenset(["Ed448"])

    def load(self, raw: Any, algorithm: str) -> Any:
        # Secrets and PEM it takes as they are, on each call.
        return self.jwt.PyJWK(raw, algorithm) if isinstance(raw, dict) else raw

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
        self.kinds = {"oct": jwk.OctKey, "RSA": jwk.RSAKey, "EC": jwk.ECKey, "OKP": jwk.OKPKey}
        self.refusal = (errors.JoseError, ValueError)

    def load(self, raw: Any, algorithm: str) -> Any:
        return self.kinds[key_type(algorithm)].import_key(raw)

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        # Where it is given algorithms it makes such a registry on each call.
        decode, allowed = self.jwt.decode, self.jws.JWSRegistry(algorithms=[algorithm])
        registry = self.jwt.JWTClaimsRegistry(
            iss={"essential": True, "values": list(ISSUERS)},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )

        def verify(token: str) -> dict[str, Any]:
            claims: dict[str, Any] = decode(token, key(), registry=allowed).claims
            registry.validate(claims)
            return claims

        return verify

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode, allowed = self.jwt.encode, self.jws.JWSRegistry(algorithms=[algorithm])
        header = {"alg": algorithm, "typ": "JWT"}
        return lambda claims: encode(header, claims, key(), registry=allowed)

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

    def load(self, raw: Any, algorithm: str) -> Any:
        # A dict says itself what kind it is; octets do not.
        return self.jwk.import_key(raw, None if isinstance(raw, dict) else {"kty": key_type(algorithm)})

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

    def load(self, raw: Any, algorithm: str) -> Any:
        return self.jwk.construct(raw, algorithm)

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        verify = self.verify_by(algorithm)
        return lambda token: verify(token, key())

    def verify_by(self, algorithm: str) -> Callable[[str, Any], dict[str, Any]]:
        """A function from a token and its key to its claims."""
        options = {"require_exp": True, "require_aud": True, "require_iss": True}
        decode, allowed = self.jwt.decode, [algorithm]
        return lambda token, key: decode(
            token, key, algorithms=allowed, options=options, audience=AUDIENCE, issuer=ISSUERS
        )

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        encode = self.jwt.encode
        return lambda claims: encode(claims, key(), algorithm=algorithm)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        # Given the set itself, it would read and try one key after the other, whatever `kid` the token names.
        keys = {key["kid"]: self.load(key, algorithm) for key in jwks["keys"]}
        read, verify = self.jwt.get_unverified_header, self.verify_by(algorithm)
        return lambda token: verify(token, keys[read(token)["kid"]])

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read: Callable[[str], dict[str, Any]] = self.jwt.get_unverified_header
        return read


class JWCrypto(Peer):
    lacks = frozenset(["Ed448"])

    def __init__(self) -> None:
        from jwcrypto import common, jwk, jwt

        self.jwk, self.jwt, self.base64url = jwk, jwt, common.base64url_encode
        self.refusal = (common.JWException, ValueError)

    def load(self, raw: Any, algorithm: str) -> Any:
        if isinstance(raw, dict):
            return self.jwk.JWK(**raw)
        if algorithm.startswith("HS"):
            return self.jwk.JWK(kty="oct", k=self.base64url(raw))
        return self.jwk.JWK.from_pem(raw)

    def verify_with(self, algorithm: str, key: Key) -> Verify:
        make, allowed = self.jwt.JWT, [algorithm]
        wanted = {"exp": None, "aud": AUDIENCE, "iss": None}
        refusal = self.jwt.JWTInvalidClaimValue

        def verify(token: str) -> dict[str, Any]:
            made = make(algs=allowed, check_claims=wanted, expected_type="JWS")
            # It would let a token pass that expired a minute ago.
            made.leeway = 0
            made.deserialize(token, key())
            claims: dict[str, Any] = json.loads(made.claims)
            # It knows one issuer at most.
            if claims["iss"] not in ISSUERS:
                raise refusal("another issuer")
            return claims

        return verify

    def sign_with(self, algorithm: str, key: Key) -> Sign:
        make, header, allowed = self.jwt.JWT, {"alg": algorithm, "typ": "JWT"}, [algorithm]
        dumps = json.JSONEncoder(separators=(",", ":")).encode

        def sign(claims: dict[str, Any]) -> str:
            # Of a dict it would make a deep copy first.
            made = make(header=header, claims=dumps(claims), algs=allowed)
            made.make_signed_token(key())
            text: str = made.serialize()
            return text

        return sign

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        keys = self.jwk.JWKSet.from_json(json.dumps(jwks))
        return self.verify_with(algorithm, lambda: keys)

    def header_reader(self) -> Callable[[str], dict[str, Any]]:
        read = self.jwt.JWT.from_jose_token
        return lambda token: read(token).token.jose_header
