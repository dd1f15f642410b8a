"""Algorithm and key: what a token tries. What a key tries is in test_keys_threats.py."""

from __future__ import annotations

import hmac
import json
import socket
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

import cyjwt
from bench import baseline
from tests.support import NOW, b64, clock, forge, good_claims, native_key, pair

HS256 = pair("HS256")
RS256 = pair("RS256")
PAYLOAD = baseline.dumps(good_claims())


def bad(token: Any, verifier: cyjwt.Verifier, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        verifier.verify(token)
    assert caught.type is error


def signing_input(algorithm: str) -> str:
    return b64(json.dumps({"alg": algorithm}).encode()) + "." + b64(PAYLOAD)


# -- `alg` none and its relatives


@pytest.mark.parametrize(
    "value",
    [
        *(
            "none",
            "None",
            "NONE",
            "nOnE",
            "none ",
            " none",
            "",
            "hs256",
            "Hs256",
            "HS256 ",
            " HS256",
            "HS256\x00",
            "HS256\n",
        ),
        *(
            "HS1",
            "HS2560",
            "HS",
            "RS256 ",
            "A128KW",
            "dir",
            "RSA-OAEP",
            "HS256,RS256",
            "SHA256",
            "HMAC",
            "\uff28\uff33256",
        ),
        *(None, 0, 1, 1.5, True, False, [], ["HS256"], ["none"], {}, {"HS256": 1}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("allowed", [None, ["HS256"]], ids=["by key", "by list"])
def test_alg_is_exact(value: Any, allowed: list[str] | None) -> None:
    token = forge(json.dumps({"alg": value}).encode(), PAYLOAD, HS256.oracle)
    verifier = cyjwt.Verifier(HS256.public, algorithms=allowed, clock=clock)
    for text in (token, token.rpartition(".")[0] + "."):
        bad(text, verifier, cyjwt.InvalidAlgorithmError)


def test_alg_missing() -> None:
    bad(forge(b"{}", PAYLOAD, HS256.oracle), HS256.verifier(), cyjwt.InvalidAlgorithmError)
    bad(
        forge(b'{"typ":"JWT","Alg":"HS256"}', PAYLOAD, HS256.oracle),
        HS256.verifier(),
        cyjwt.InvalidAlgorithmError,
    )


def test_alg_spelt_with_escapes_is_the_same_name() -> None:
    """JSON escapes are not a second spelling to be refused: the value is what counts."""
    token = forge(rb'{"\u0061lg":"\u0048S256"}', PAYLOAD, HS256.oracle)
    assert HS256.verifier().verify(token) == good_claims()


@pytest.mark.parametrize(
    "names", [["none"], ["None"], ["HS256", "none"], ["hs256"], ["XX256"], [""], [1], [None], []]
)
def test_algorithms_option_admits_known_names_only(names: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        cyjwt.Verifier(HS256.public, algorithms=names)


def test_algorithms_option_is_not_one_string() -> None:
    """``"HS256" in "HS256"`` is how substring bugs begin."""
    with pytest.raises((ValueError, TypeError)):
        cyjwt.Verifier(HS256.public, algorithms="HS256")


def test_unsecured_token_with_any_key() -> None:
    token = signing_input("none") + "."
    for algorithm in ("HS256", "RS256", "ES256", "EdDSA", "Ed448"):
        bad(token, cyjwt.Verifier(pair(algorithm).public, clock=clock), cyjwt.InvalidAlgorithmError)


# -- algorithm confusion


def hmac_token(secret: bytes) -> str:
    data = signing_input("HS256")
    return f"{data}.{b64(hmac.digest(secret, data.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    "allowed", [None, ["RS256"], ["RS256", "PS256"]], ids=["by key", "RS256", "RS256+PS256"]
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_public_key_text_as_hmac_secret(algorithm: str, allowed: list[str] | None) -> None:
    keys = pair(algorithm)
    if allowed is not None and algorithm != "RS256":
        allowed = [algorithm]
    verifier = cyjwt.Verifier(keys.public, algorithms=allowed, clock=clock)
    for secret in (keys.public_pem, keys.public_pem.strip(), keys.public_pem.replace(b"\n", b"\r\n"), b""):
        bad(hmac_token(secret), verifier, cyjwt.InvalidAlgorithmError)


def test_public_key_as_hmac_secret_even_where_the_list_allows_both() -> None:
    try:
        verifier = cyjwt.Verifier(RS256.public, algorithms=["RS256", "HS256"], clock=clock)
    except (ValueError, cyjwt.InvalidKeyError):
        return
    bad(hmac_token(RS256.public_pem), verifier, cyjwt.InvalidAlgorithmError)


def test_public_key_as_hmac_secret_in_a_mixed_set() -> None:
    """The header's ``alg`` never turns one key into another kind."""
    keys = cyjwt.KeySet([RS256.public, HS256.public])
    verifier = cyjwt.Verifier(keys, algorithms=["RS256", "HS256"], clock=clock)
    bad(hmac_token(RS256.public_pem), verifier, cyjwt.InvalidSignatureError)
    assert verifier.verify(RS256.token()) == good_claims()
    assert verifier.verify(HS256.token()) == good_claims()


def test_decode_reads_raw_material_as_the_algorithms_say() -> None:
    """PEM text handed over as an HMAC secret is refused, not used."""
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.decode(hmac_token(RS256.public_pem), RS256.public_pem, algorithms=["HS256"])
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.decode(hmac_token(RS256.public_pem), RS256.public_pem.decode(), algorithms=["HS256"])
    with pytest.raises((TypeError, ValueError, cyjwt.CyJWTError)):
        cyjwt.decode(hmac_token(RS256.public_pem), RS256.public_pem, algorithms=["RS256", "HS256"])


def test_decode_without_algorithms_needs_a_key() -> None:
    with pytest.raises(TypeError):
        cyjwt.decode(HS256.token(), HS256.native)
    with pytest.raises(cyjwt.ExpiredSignatureError):
        cyjwt.decode(HS256.token({"exp": 1}), HS256.private)


# -- the key's own limits


def jwk(**more: Any) -> cyjwt.Key:
    numbers = native_key("RS256").public_key().public_numbers()

    def octets(value: int) -> str:
        return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    return cyjwt.Key.from_jwk({"kty": "RSA", "n": octets(numbers.n), "e": octets(numbers.e), **more})


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_jwk_without_alg_serves_its_family(algorithm: str) -> None:
    token = pair(algorithm).token()
    assert cyjwt.Verifier(jwk(), clock=clock).verify(token) == good_claims()
    allowed = cyjwt.Verifier(jwk(), algorithms=["RS256"], clock=clock)
    if algorithm == "RS256":
        assert allowed.verify(token)
    else:
        bad(token, allowed, cyjwt.InvalidAlgorithmError)


@pytest.mark.parametrize("algorithm", ["RS384", "PS256"])
def test_jwk_with_alg_serves_that_alone(algorithm: str) -> None:
    key = jwk(alg="RS256")
    assert cyjwt.Verifier(key, clock=clock).verify(RS256.token())
    bad(pair(algorithm).token(), cyjwt.Verifier(key, clock=clock), cyjwt.InvalidAlgorithmError)
    try:
        verifier = cyjwt.Verifier(key, algorithms=["RS256", algorithm], clock=clock)
    except (ValueError, cyjwt.InvalidKeyError):
        return
    bad(pair(algorithm).token(), verifier, cyjwt.InvalidAlgorithmError)


@pytest.mark.parametrize(
    "limits", [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": ["encrypt"]}, {"key_ops": []}]
)
def test_key_whose_use_or_key_ops_forbid_verifying(limits: dict[str, Any]) -> None:
    with pytest.raises((cyjwt.CyJWTError, ValueError)):
        cyjwt.Verifier(jwk(**limits), clock=clock).verify(RS256.token())


def test_key_of_another_hash_size() -> None:
    """A 32-octet secret is too short for HS384, whatever the header says."""
    data = signing_input("HS384")
    token = f"{data}.{b64(hmac.digest(HS256.native, data.encode(), 'sha384'))}"
    bad(token, cyjwt.Verifier(HS256.public, clock=clock), cyjwt.InvalidAlgorithmError)


def test_private_key_verifies_by_its_public_half() -> None:
    assert cyjwt.Verifier(RS256.private, clock=clock).verify(RS256.token()) == good_claims()


@pytest.mark.parametrize("key", [None, "", b"", b"secret", 0, object(), [None], {}], ids=repr)
def test_no_key_is_a_hard_error(key: Any) -> None:
    with pytest.raises((TypeError, ValueError, cyjwt.InvalidKeyError)):
        cyjwt.Verifier(key, algorithms=["HS256"])
    with pytest.raises((TypeError, ValueError, cyjwt.InvalidKeyError)):
        cyjwt.decode(hmac_token(b""), key, algorithms=["HS256"])


def test_empty_set_is_a_hard_error() -> None:
    with pytest.raises((ValueError, cyjwt.InvalidKeyError)):
        cyjwt.Verifier(cyjwt.KeySet([]), algorithms=["HS256"])


# -- keys that the token brings along


def test_embedded_keys_and_urls_are_never_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a token made the verifier open a connection")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    attacker = rsa.generate_private_key(65537, 2048)
    numbers = attacker.public_key().public_numbers()
    own = {"kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    for member in (
        {"jwk": own},
        {"jku": "http://127.0.0.1/jwks.json"},
        {"x5u": "http://127.0.0.1/cert.pem"},
        {"x5c": ["MIIB"]},
        {"x5t": "AAAA"},
        {"jwk": own, "kid": "x", "jku": "file:///dev/null", "x5c": []},
    ):
        for of, error in ((attacker, cyjwt.InvalidSignatureError), (native_key("RS256"), None)):
            header = json.dumps({"alg": "RS256", **member}).encode()
            token = forge(header, PAYLOAD, baseline.Key.from_cryptography(of), "RS256")
            verifier = RS256.verifier()
            if error is None:
                assert verifier.verify(token) == good_claims()
            else:
                bad(token, verifier, error)


# -- kid


@pytest.mark.parametrize("kid", [1, 1.5, True, None, [], ["a"], {}, {"a": 1}], ids=repr)
def test_kid_that_is_no_string(kid: Any) -> None:
    token = HS256.token(header={"kid": kid})
    bad(token, HS256.verifier(), cyjwt.DecodeError)
    bad(token, cyjwt.Verifier(cyjwt.KeySet([HS256.public]), clock=clock), cyjwt.DecodeError)


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "b",
        "A",
        "a ",
        " a",
        "a\x00",
        "../../etc/passwd",
        "/dev/null",
        "' OR '1'='1",
        "a' UNION SELECT 'k",
        "|ls",
        "\u0430",
        "\u0061\u0301",
    ],
)
def test_kid_that_names_no_key_of_the_set(kid: str) -> None:
    keys = cyjwt.KeySet([cyjwt.Key.from_secret(HS256.native, kid="a")])
    verifier = cyjwt.Verifier(keys, clock=clock)
    bad(HS256.token(header={"kid": kid}), verifier, cyjwt.KeyNotFoundError)
    assert verifier.verify(HS256.token(header={"kid": "a"}))
    assert verifier.verify(HS256.token())


def test_kid_of_a_megabyte() -> None:
    keys = cyjwt.KeySet([cyjwt.Key.from_secret(HS256.native, kid="a")])
    token = HS256.token(header={"kid": "a" * 1_000_000})
    bad(token, cyjwt.Verifier(keys, clock=clock), cyjwt.DecodeError)
    bad(token, cyjwt.Verifier(keys, clock=clock, max_token_size=4_000_000), cyjwt.KeyNotFoundError)


def test_lone_key_serves_whatever_kid_the_token_names() -> None:
    verifier = cyjwt.Verifier(cyjwt.Key.from_secret(HS256.native, kid="a"), clock=clock)
    assert verifier.verify(HS256.token(header={"kid": "b"})) == good_claims()


def test_two_keys_with_one_kid_are_ambiguous() -> None:
    same = [cyjwt.Key.from_secret(bytes([i]) * 32, kid="a") for i in (1, 2)]
    try:
        verifier = cyjwt.Verifier(cyjwt.KeySet(same), clock=clock)
    except (ValueError, cyjwt.InvalidKeyError):
        return
    for secret in (1, 2):
        token = baseline.sign(good_claims(), baseline.Key.from_secret(bytes([secret]) * 32, "a"), "HS256")
        bad(token, verifier, cyjwt.KeyNotFoundError)


def test_two_keys_with_one_kid_that_the_algorithm_singles_out() -> None:
    keys = cyjwt.KeySet(
        [
            cyjwt.Key.from_secret(HS256.native, kid="a"),
            cyjwt.Key.from_cryptography(native_key("RS256").public_key(), kid="a"),
            cyjwt.Key.from_cryptography(native_key("ES256").public_key(), kid="a"),
        ]
    )
    verifier = cyjwt.Verifier(keys, clock=clock)
    for algorithm in ("HS256", "RS256", "ES256"):
        assert verifier.verify(pair(algorithm).token(header={"kid": "a"})) == good_claims()


def test_no_kid_needs_exactly_one_fit_key() -> None:
    two = [cyjwt.Key.from_secret(bytes([i]) * 32, kid=str(i)) for i in (1, 2)]
    verifier = cyjwt.Verifier(cyjwt.KeySet(two), clock=clock)
    token = baseline.sign(good_claims(), baseline.Key.from_secret(b"\1" * 32), "HS256")
    bad(token, verifier, cyjwt.KeyNotFoundError)
    assert verifier.verify(baseline.sign(good_claims(), baseline.Key.from_secret(b"\1" * 32, "1"), "HS256"))


def test_remembered_header_is_not_shared_between_verifiers() -> None:
    """The same header octets mean one key to one verifier and another to the next."""
    first, second = bytes([1]) * 32, bytes([2]) * 32
    header = b'{"alg":"HS256","kid":"a"}'
    verifiers = [cyjwt.Verifier(cyjwt.Key.from_secret(s, kid="a"), clock=clock) for s in (first, second)]
    tokens = [forge(header, PAYLOAD, baseline.Key.from_secret(s)) for s in (first, second)]
    for _ in range(3):
        for verifier, token, other in zip(verifiers, tokens, reversed(tokens), strict=True):
            assert verifier.verify(token) == good_claims()
            bad(other, verifier, cyjwt.InvalidSignatureError)


def test_remembered_headers_have_a_bound_and_stay_right() -> None:
    """Thousands of headers pass through; each gets its own verdict before and after."""
    verifier = cyjwt.Verifier(HS256.public, type="JWT", clock=clock)
    headers = [
        json.dumps({"alg": "HS256", "typ": "JWT" if i % 3 else "at+jwt", "n": i}).encode()
        for i in range(3000)
    ]
    for _ in range(2):
        for i, header in enumerate(headers):
            token = forge(header, PAYLOAD, HS256.oracle)
            if i % 3:
                assert verifier.verify(token)["exp"] == NOW + 600
            else:
                with pytest.raises(cyjwt.InvalidTokenError):
                    verifier.verify(token)
