"""Both ways with PyJWT and joserfc, over every algorithm that both sides have."""

from __future__ import annotations

from typing import Any

import pytest

import cyjwt
from cyjwt.algorithms import ALGORITHMS
from tests.support import AUDIENCE, ISSUER, Pair, good_claims, pair

CLAIMS = good_claims(
    iss=ISSUER,
    aud=[AUDIENCE, "billing"],
    jti="é\u2028😀",
    n=[1, 2.5, None, True, {"a": {}}],
    exp=4_000_000_000,
)
EXPECT = {"issuer": ISSUER, "audience": AUDIENCE}
NAMES = list(ALGORITHMS)

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


def sign(keys: Pair) -> str:
    return cyjwt.Signer(keys.private, algorithm=keys.algorithm, headers={"kid": "k1"}).sign(CLAIMS)


def check(keys: Pair, token: str | bytes) -> None:
    verifier = cyjwt.Verifier(keys.public, algorithms=[keys.algorithm], **EXPECT)
    assert verifier.verify(token) == CLAIMS
    text = token if isinstance(token, str) else token.decode()
    head, payload, tail = text.split(".")
    tampered = f"{head}.{payload[:-4]}{'AAAA' if payload[-4:] != 'AAAA' else 'AAAB'}.{tail}"
    with pytest.raises(cyjwt.InvalidSignatureError):
        verifier.verify(tampered)


class TestPyJWT:
    @pytest.fixture(autouse=True)
    def jwt(self) -> Any:
        self.jwt = pytest.importorskip("jwt")
        return self.jwt

    def supported(self, algorithm: str) -> None:
        if algorithm not in self.jwt.algorithms.get_default_algorithms():
            pytest.skip(f"PyJWT has no {algorithm}")

    @pytest.mark.parametrize("algorithm", NAMES)
    def test_what_we_sign_it_verifies(self, algorithm: str) -> None:
        self.supported(algorithm)
        keys = pair(algorithm)
        key = keys.native if keys.symmetric else keys.native.public_key()
        assert self.jwt.decode(sign(keys), key, algorithms=[algorithm], **EXPECT) == CLAIMS

    @pytest.mark.parametrize("algorithm", NAMES)
    def test_what_it_signs_we_verify(self, algorithm: str) -> None:
        self.supported(algorithm)
        keys = pair(algorithm)
        check(keys, self.jwt.encode(CLAIMS, keys.native, algorithm=algorithm, headers={"kid": "k1"}))

    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES512", "EdDSA", "HS256"])
    def test_it_reads_our_jwk(self, algorithm: str) -> None:
        self.supported(algorithm)
        keys = pair(algorithm)
        jwk = keys.public.to_jwk(private=keys.symmetric)
        key = self.jwt.PyJWK({**jwk, "alg": algorithm}).key
        assert self.jwt.decode(sign(keys), key, algorithms=[algorithm], **EXPECT) == CLAIMS

    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA", "Ed448"])
    def test_it_reads_our_pem(self, algorithm: str) -> None:
        keys = pair(algorithm)
        name = "EdDSA" if algorithm == "Ed448" else algorithm
        token = self.jwt.encode(CLAIMS, keys.private.to_pem(private=True), algorithm=name)
        assert cyjwt.Verifier(keys.public, **EXPECT).verify(token) == CLAIMS
        assert self.jwt.decode(token, keys.public.to_pem(), algorithms=[name], **EXPECT) == CLAIMS


class TestJoserfc:
    @pytest.fixture(autouse=True)
    def joserfc(self) -> Any:
        pytest.importorskip("joserfc")
        from joserfc import jwk, jws, jwt

        self.jwk, self.jws, self.jwt = jwk, jws, jwt
        return jwt

    def key(self, keys: Pair, private: bool) -> Any:
        if keys.symmetric:
            return self.jwk.OctKey.import_key(keys.native)
        kinds = {"RSA": self.jwk.RSAKey, "EC": self.jwk.ECKey, "OKP": self.jwk.OKPKey}
        pem = keys.private_pem if private else keys.public_pem
        return kinds[ALGORITHMS[keys.algorithm].kty].import_key(pem)

    def supported(self, algorithm: str) -> None:
        if algorithm not in self.jws.JWSRegistry.algorithms:
            pytest.skip(f"joserfc has no {algorithm}")

    @pytest.mark.parametrize("algorithm", NAMES)
    def test_what_we_sign_it_verifies(self, algorithm: str) -> None:
        self.supported(algorithm)
        keys = pair(algorithm)
        token = self.jwt.decode(sign(keys), self.key(keys, False), algorithms=[algorithm])
        assert token.claims == CLAIMS
        assert token.header["kid"] == "k1"

    @pytest.mark.parametrize("algorithm", NAMES)
    def test_what_it_signs_we_verify(self, algorithm: str) -> None:
        self.supported(algorithm)
        keys = pair(algorithm)
        header = {"alg": algorithm, "kid": "k1"}
        check(keys, self.jwt.encode(header, CLAIMS, self.key(keys, True), algorithms=[algorithm]))

    @pytest.mark.parametrize(
        "algorithm", ["RS256", "PS256", "ES256", "ES512", "ES256K", "EdDSA", "Ed448", "HS256"]
    )
    def test_jwks_cross_over(self, algorithm: str) -> None:
        keys = pair(algorithm)
        ours = keys.private.to_jwk(private=True)
        theirs = self.jwk.import_key(ours)
        back = cyjwt.Key.from_jwk(theirs.as_dict(private=True))
        assert back.thumbprint() == theirs.thumbprint() == keys.private.thumbprint()
        assert back.to_jwk(private=True) == ours
