"""Key material made to cost time is read in time that fits its size; signals come through."""

from __future__ import annotations

import base64
import enum
import hashlib
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import cyjwt
from bench import baseline
from cyjwt._engine import base64url
from tests.support import forge

SECRET = bytes(range(64))
ORACLE = baseline.Key.from_secret(SECRET)


def _b64(number: int) -> str:
    return (
        base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
    )


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    assert time.perf_counter() - begin < seconds


def test_an_rsa_jwk_whose_modulus_cannot_be_factored_is_refused_soon() -> None:
    n = (((1 << 147) + 1) << 1900) + 1  # what counts are the 1900 zeros, not that it be prime
    d = pow(65537, -1, n - 1)
    with _within(20), pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Key.from_jwk({"kty": "RSA", "n": _b64(n), "e": "AQAB", "d": _b64(d)})


def test_an_rsa_jwk_of_d_alone_is_completed() -> None:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    jwk = {"kty": "RSA", "n": _b64(numbers.public_numbers.n), "e": "AQAB", "d": _b64(numbers.d)}
    whole = cyjwt.Key.from_jwk(jwk).to_jwk(private=True)
    assert {whole["p"], whole["q"]} == {_b64(numbers.p), _b64(numbers.q)}
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Key.from_jwk(jwk | {"d": _b64(numbers.d + 2)})


@pytest.mark.parametrize(
    "secret",
    [
        b"x " + b"ecdsa-sha2-" * 6000,
        b"\xff\xfe " * 100_000 + b"x" * 40,
        b'"kty"' + b" " * 300_000,
        b"x ssh-rsa" + b" " * 300_000,
        b"AAAA" * 80_000 + b"!",
    ],
)
def test_a_secret_is_classified_in_linear_time(secret: bytes) -> None:
    with _within(2):
        cyjwt.Key.from_secret(secret)


def test_pem_is_searched_in_linear_time() -> None:
    with _within(1), pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Key.from_pem(b"-----BEGIN A-----" * 3800)


def test_a_typ_of_escapes_is_the_typ_it_spells() -> None:
    key = cyjwt.Key.from_secret(SECRET)
    for text in ("at+jwt", "x" * 256):
        spelt = "".join(f"\\u{ord(c):04x}" for c in "application/" + text)
        token = forge(f'{{"alg":"HS256","typ":"{spelt}"}}'.encode(), b"{}", ORACLE)
        assert cyjwt.Verifier(key, required=(), type=text).verify(token) == {}
    with pytest.raises(ValueError, match="256"):
        cyjwt.Verifier(key, type="x" * 257)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this platform has no interval timer")
def test_what_a_signal_handler_raises_comes_out() -> None:
    class LateError(Exception):
        pass

    def handler(*_: object) -> None:
        raise LateError

    payload = json.dumps({"exp": 4_000_000_000, "n": [int("7" * 4200)] * 60}).encode()
    verify = cyjwt.Verifier(cyjwt.Key.from_secret(SECRET), max_token_size=1 << 20).verify
    token = forge(b'{"alg":"HS256"}', payload, ORACLE)
    before = signal.signal(signal.SIGALRM, handler)
    caught = 0
    try:
        for round_ in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.000003 * round_)
                for _ in range(20):
                    verify(token)
                time.sleep(0.01)
            except LateError:
                caught += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught == 300


def test_an_ecdsa_signature_that_leads_to_infinity_does_not_hold() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    private = ec.generate_private_key(ec.SECP256R1())
    key = cyjwt.Key.from_cryptography(private)
    text = cyjwt.encode({"sub": "x"}, key).rsplit(".", 1)[0]
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % order
    r = -digest * pow(private.private_numbers().private_value, -1, order) % order
    signature = base64url.encode(r.to_bytes(32, "big") + (12345).to_bytes(32, "big")).decode()
    with pytest.raises(cyjwt.InvalidSignatureError):
        cyjwt.Verifier(key.public(), required=()).verify(f"{text}.{signature}")


def test_options_of_a_str_enum_count_as_their_text() -> None:
    class Name(enum.StrEnum):
        ORDERS = "orders"

    key = cyjwt.Key.from_secret(SECRET, kid=Name.ORDERS)
    token = cyjwt.Signer(key, algorithm="HS256", issuer=Name.ORDERS, audience=Name.ORDERS).sign({"orders": 1})
    options = {"issuer": Name.ORDERS, "audience": [Name.ORDERS], "required": [Name.ORDERS]}
    assert cyjwt.Verifier(cyjwt.KeySet([key]), **options).verify(token)["orders"] == 1
    with pytest.raises(ValueError, match="surrogate"):
        cyjwt.Key.from_secret(SECRET, kid="\ud800")
