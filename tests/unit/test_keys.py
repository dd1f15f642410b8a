"""Key: what it may serve, signing and verifying, and being a value."""

from __future__ import annotations

import copy
import functools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from cyjwt.algorithms import ALGORITHMS
from cyjwt.errors import InvalidKeyError, InvalidSignatureError
from cyjwt.keys import Key
from tests.key_material import PEM, private, public_octets

HMACS = ("HS256", "HS384", "HS512")
RSAS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


@functools.cache
def key_for(algorithm: str) -> Key:
    return Key.generate(algorithm, kid=f"the {algorithm} key")


# --- what it may serve -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kty", "curve", "bits", "fit"),
    [
        ("rsa", "RSA", None, 2048, set(RSAS)),
        ("ec", "EC", "P-256", 256, {"ES256"}),
        ("ec521", "EC", "P-521", 521, {"ES512"}),
        ("ed25519", "OKP", "Ed25519", 255, {"EdDSA", "Ed25519"}),
        ("ed448", "OKP", "Ed448", 448, {"EdDSA", "Ed448"}),
    ],
)
def test_classified(kind: str, kty: str, curve: str | None, bits: int, fit: set[str]) -> None:
    key = Key.from_cryptography(private(kind), kid="a")
    public = key.public()
    for one in (key, public):
        assert (one.kty, one.curve, one.bits, one.kid, one.alg) == (kty, curve, bits, "a", None)
        assert one.algorithms == one.verify_algorithms == fit
        assert (one.native is None) == (kind == "ed448")
        assert (one.use, one.key_ops) == (None, None)
    assert key.private
    assert key.sign_algorithms == fit
    assert not public.private
    assert public.sign_algorithms == set()
    assert public.public() is public


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_generate(name: str) -> None:
    key = key_for(name)
    row = ALGORITHMS[name]
    assert key.private
    assert (key.kty, key.alg, key.algorithms) == (row.kty, name, {name})
    assert key.kid == f"the {name} key"
    assert key.bits >= row.least_key_bits
    if row.kty == "oct":
        assert key.bits == row.hash_bits
    assert key != Key.generate(name, kid=key.kid)


def test_generate_options() -> None:
    assert Key.generate("PS256", bits=3072).bits == 3072
    assert Key.generate("EdDSA").curve == "Ed25519"
    for bits in (0, 1024, 2047, 8193, 10**9):
        with pytest.raises(InvalidKeyError):
            Key.generate("RS256", bits=bits)
    with pytest.raises(ValueError, match="no choice"):
        Key.generate("ES256", bits=256)
    with pytest.raises(ValueError, match="is not one of the algorithms"):
        Key.generate("none")
    with pytest.raises(TypeError):
        Key.generate(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Key.generate("ES256", kid=1)  # type: ignore[arg-type]


def test_algorithm_narrows() -> None:
    pem = public_octets("rsa", PEM)
    key = Key.from_pem(pem, algorithm="PS384")
    assert key.algorithms == {"PS384"}
    assert key.alg == "PS384"
    for unfit in ("HS256", "ES256", "EdDSA"):
        with pytest.raises(InvalidKeyError, match="not fit"):
            Key.from_pem(pem, algorithm=unfit)
    with pytest.raises(InvalidKeyError, match="not fit"):
        Key.from_pem(public_octets("ec", PEM), algorithm="ES384")
    with pytest.raises(InvalidKeyError, match="not fit"):
        Key.from_pem(public_octets("ed25519", PEM), algorithm="Ed448")


def test_there_is_no_bare_constructor() -> None:
    with pytest.raises(TypeError):
        Key()


# --- types of arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: Key.from_pem(None),  # type: ignore[arg-type]
        lambda: Key.from_pem(Path("key.pem")),  # type: ignore[arg-type]
        lambda: Key.from_der("text"),  # type: ignore[arg-type]
        lambda: Key.from_der(None),  # type: ignore[arg-type]
        lambda: Key.from_secret(None),  # type: ignore[arg-type]
        lambda: Key.from_secret(32),  # type: ignore[arg-type]
        lambda: Key.from_jwk(None),  # type: ignore[arg-type]
        lambda: Key.from_jwk([]),  # type: ignore[arg-type]
        lambda: Key.from_secret(bytes(range(64)), kid=1),  # type: ignore[arg-type]
        lambda: Key.from_secret(bytes(range(64)), algorithm=b"HS256"),  # type: ignore[arg-type]
        lambda: Key.from_secret(bytes(range(64)), algorithm=["HS256"]),  # type: ignore[arg-type]
        lambda: Key.from_pem(public_octets("ec", PEM), allow=1),  # type: ignore[arg-type]
        lambda: key_for("HS256").sign("text"),  # type: ignore[arg-type]
        lambda: key_for("HS256").verify("text", b""),  # type: ignore[arg-type]
        lambda: key_for("HS256").verify(b"data", "text"),  # type: ignore[arg-type]
        lambda: key_for("HS256").sign(b"data", 1),  # type: ignore[arg-type]
    ],
)
def test_wrong_types(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        call()


# --- sign and verify -------------------------------------------------------------------------------------

DATA = b"octets to sign, \x00 and \xff among them"


def verified_elsewhere(key: Key, name: str, signature: bytes) -> None:
    """Verify with `cryptography`'s own primitives."""
    row = ALGORITHMS[name]
    digest: Any = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512(), 0: None}[row.hash_bits]
    if row.kty == "oct":
        import base64

        k = key.to_jwk(private=True)["k"]
        tag = hmac.HMAC(base64.urlsafe_b64decode(k + "=="), digest)
        tag.update(DATA)
        tag.verify(signature)
        return
    public: Any = key.public().to_cryptography()
    if row.kty == "RSA":
        pss = padding.PSS(padding.MGF1(digest), row.hash_bits // 8)
        public.verify(signature, DATA, pss if name[0] == "P" else padding.PKCS1v15(), digest)
    elif row.kty == "EC":
        half = len(signature) // 2
        r, t = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        public.verify(encode_dss_signature(r, t), DATA, ec.ECDSA(digest))
    else:
        public.verify(signature, DATA)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_sign_and_verify(name: str) -> None:
    key = Key.from_jwk(key_for("RS256" if name in RSAS else name).to_jwk(private=True) | {"alg": name})
    public = key if key.kty == "oct" else key.public()
    signature = key.sign(DATA)
    row = ALGORITHMS[name]
    assert isinstance(signature, bytes)
    assert len(signature) == (row.signature_size or (256 if row.kty == "RSA" else 64))
    verified_elsewhere(key, name, signature)
    for one in (key, public):
        assert one.verify(DATA, signature) is None
        assert one.verify(bytearray(DATA), memoryview(signature), name) is None
        assert one.verify(memoryview(DATA), bytearray(signature), name) is None
    for data, wrong in (
        (DATA + b"x", signature),
        (b"", signature),
        (DATA, signature[:-1]),
        (DATA, signature + b"\0"),
        (DATA, b""),
        (DATA, bytes(len(signature))),
        (DATA, bytes((signature[0] ^ 1,)) + signature[1:]),
        (DATA, signature[:-1] + bytes((signature[-1] ^ 1,))),
    ):
        with pytest.raises(InvalidSignatureError):
            public.verify(data, wrong, name)
    if key.kty != "oct":
        with pytest.raises(InvalidKeyError, match="may not sign"):
            public.sign(DATA, name)


def test_ecdsa_in_der_is_no_jose_signature() -> None:
    key = key_for("ES256")
    der = private_of(key).sign(DATA, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignatureError):
        key.verify(DATA, der)
    r, t = decode_dss_signature(der)
    key.verify(DATA, r.to_bytes(32, "big") + t.to_bytes(32, "big"))


def private_of(key: Key) -> Any:
    return key.to_cryptography()


def test_the_other_key_does_not_verify() -> None:
    for name in ("HS256", "ES256", "Ed25519", "Ed448"):
        with pytest.raises(InvalidSignatureError):
            Key.generate(name).verify(DATA, key_for(name).sign(DATA))


def test_algorithm_may_be_left_out_where_one_is_fit() -> None:
    assert len(Key.from_cryptography(private("ec")).sign(DATA)) == 64
    assert len(Key.from_secret(bytes(range(32))).sign(DATA)) == 32
    with pytest.raises(ValueError, match="PS256, PS384"):
        Key.from_cryptography(private("rsa")).sign(DATA)
    with pytest.raises(ValueError, match="EdDSA"):
        Key.from_cryptography(private("ed25519")).public().verify(DATA, bytes(64))
    with pytest.raises(InvalidKeyError, match="may not sign"):
        Key.from_cryptography(private("ec")).public().sign(DATA)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_unfit_algorithms(name: str) -> None:
    for kind in ("rsa", "ec", "ed25519", "ed448"):
        key = Key.from_cryptography(private(kind))
        if name in key.algorithms:
            key.verify(DATA, key.sign(DATA, name), name)
            continue
        with pytest.raises(InvalidKeyError, match=f"may not sign with {name}"):
            key.sign(DATA, name)
        with pytest.raises(InvalidKeyError, match=f"may not verify with {name}"):
            key.verify(DATA, bytes(64), name)


def test_eddsa_and_ed25519_are_one_signature_under_two_names() -> None:
    key = Key.from_cryptography(private("ed25519"))
    assert key.sign(DATA, "EdDSA") == key.sign(DATA, "Ed25519")
    with pytest.raises(InvalidKeyError):
        Key.from_cryptography(private("ed25519"), algorithm="EdDSA").sign(DATA, "Ed25519")


# --- a value ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_pickles_copies_and_compares(name: str) -> None:
    key = key_for(name)
    for one in (key,) if key.kty == "oct" else (key, key.public()):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(one, protocol))
            assert again == one
            assert again is not one
            assert hash(again) == hash(one)
            assert repr(again) == repr(one)
            assert again.sign_algorithms == one.sign_algorithms
            if one.private:
                one.verify(DATA, again.sign(DATA))
        assert copy.copy(one) is one
        assert copy.deepcopy([one])[0] is one
        assert len({one, again}) == 1


def test_pickle_keeps_what_cut_the_key() -> None:
    key = Key.from_jwk(key_for("RS256").to_jwk() | {"key_ops": ["verify"], "use": "sig"})
    again = pickle.loads(pickle.dumps(key))
    assert (again.alg, again.kid, again.use, again.key_ops) == (key.alg, key.kid, "sig", ("verify",))
    small = rsa.generate_private_key(3, 2048)
    for object_ in (small, small.public_key()):
        key = Key.from_cryptography(object_, allow=["small-exponent"])
        assert pickle.loads(pickle.dumps(key)) == key


def test_equality_is_by_material_and_metadata() -> None:
    secret = bytes(range(64))
    key = Key.from_secret(secret)
    assert key == Key.from_secret(bytearray(secret))
    others = [
        Key.from_secret(secret, kid=""),
        Key.from_secret(secret, algorithm="HS256"),
        Key.from_secret(secret[::-1]),
        Key.from_secret(secret[:-1]),
        Key.from_jwk(key.to_jwk(private=True) | {"use": "sig"}),
        Key.from_jwk(key.to_jwk(private=True) | {"key_ops": ["verify"]}),
        key_for("ES256"),
        key_for("Ed448"),
    ]
    for other in others:
        assert key != other
        assert other != key
    assert key != secret
    assert key_for("ES256") != key_for("ES256").public()
    assert key_for("Ed448") != Key.generate("Ed448", kid="the Ed448 key")
    assert len({key, *others}) == 1 + len(others)


def test_immutable() -> None:
    key = key_for("HS256")
    for name in ("kid", "alg", "algorithms", "verify_algorithms", "native", "private", "new"):
        with pytest.raises(AttributeError):
            setattr(key, name, None)
        with pytest.raises(AttributeError):
            delattr(key, name)
    assert not hasattr(key, "__dict__")


def test_repr() -> None:
    assert repr(key_for("ES256")) == "<Key EC P-256 private kid='the ES256 key' ES256>"
    rsa_key = Key.from_pem(public_octets("rsa", PEM))
    assert repr(rsa_key) == "<Key RSA 2048 bits public kid=None PS256 PS384 PS512 RS256 RS384 RS512>"


def test_threads_share_a_key() -> None:
    keys = [key_for(name) for name in ("HS256", "ES256", "Ed25519", "Ed448")]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                for key in keys:
                    key.verify(DATA, key.sign(DATA))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_secrets_and_signing_do_not_import_cryptography() -> None:
    script = (
        "import sys\n"
        "from cyjwt.keys import Key\n"
        "from cyjwt.keyset import KeySet\n"
        "key = Key.from_secret(bytes(range(64)))\n"
        "KeySet([key])\n"
        "key.verify(b'', key.sign(b'', 'HS256'), 'HS256')\n"
        "assert not [name for name in sys.modules if name.startswith('cryptography')]\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_a_wrong_signature_is_never_an_error_of_the_backend() -> None:
    with pytest.raises(InvalidSignatureError) as caught:
        key_for("Ed448").verify(DATA, bytes(114))
    assert not isinstance(caught.value, InvalidSignature)
    assert caught.value.code == "invalid_signature"
