"""Native keys: which algorithms fit, what goes in and out, and the object itself."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from cyjwt._engine import pkey
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.pkey_support import (
    ASYMMETRIC,
    DATA,
    EC_OID,
    NATIVE,
    P256_OID,
    der,
    ec_spki,
    ed25519_spki,
    foreign,
    integer,
    native,
    pkcs8,
    rsa_key,
    rsa_spki,
    spki,
)

# Fit of algorithm and key.


@pytest.mark.parametrize("name", NATIVE)
def test_an_algorithm_that_does_not_fit_is_refused(name: str) -> None:
    key = native(name)
    for other, row in ALGORITHMS.items():
        mine = ALGORITHMS[name]
        fit = row.kty == mine.kty and bool(set(row.curves) & {key.curve} or not row.curves)
        if fit:
            assert key.verify(row.id, DATA, key.sign(row.id, DATA)), other
            continue
        with pytest.raises(ValueError, match="does not fit"):
            key.sign(row.id, DATA)
        with pytest.raises(ValueError, match="does not fit"):
            key.verify(row.id, DATA, b"x" * 64)


@pytest.mark.parametrize("number", [-(2**31), -1, 0, 17, 31, 32, 2**31 - 1])
def test_an_unknown_algorithm_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no algorithm"):
        native("HS256").verify(number, DATA, b"")


def test_a_public_key_does_not_sign() -> None:
    for name in ASYMMETRIC:
        with pytest.raises(ValueError, match="does not sign"):
            native(name).public().sign(ALGORITHMS[name].id, DATA)


# Import, export, comparison.


@pytest.mark.parametrize("name", ASYMMETRIC)
def test_containers_go_in_and_out(name: str) -> None:
    other, key = foreign(name), native(name)
    public = NativeKey.from_spki(spki(other.public_key()))
    assert key.private
    assert not public.private
    assert key.kind == public.kind == ALGORITHMS[name].kty
    assert key.curve == public.curve
    assert key.curve in (*ALGORITHMS[name].curves, "")
    assert key.spki() == public.spki() == spki(other.public_key())
    assert key.pkcs8() == pkcs8(other)
    assert public.public() is public
    assert key.public().equals(public)
    assert not key.equals(public)
    assert not public.equals(key)
    assert key.equals(NativeKey.from_pkcs8(key.pkcs8()))
    for method in (public.pkcs8, public.secret, key.secret):
        with pytest.raises(ValueError, match=r"not a secret|no private half"):
            method()


def test_secrets_go_in_and_out() -> None:
    key = NativeKey.from_secret(b"s" * 32)
    assert (key.kind, key.curve, key.private, key.bits) == ("oct", "", True, 256)
    assert key.secret() == b"s" * 32
    assert key.equals(NativeKey.from_secret(b"s" * 32))
    for other in (b"s" * 31, b"s" * 33, b"s" * 31 + b"t"):
        assert not key.equals(NativeKey.from_secret(other))
    assert not key.equals(native("RS256"))
    for method in (key.spki, key.pkcs8, key.public):
        with pytest.raises(ValueError, match="secret"):
            method()
    with pytest.raises(ValueError, match="empty"):
        NativeKey.from_secret(b"")


def test_keys_of_one_kind_differ() -> None:
    for make in (lambda: ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate):
        first, second = (NativeKey.from_pkcs8(pkcs8(make())) for _ in range(2))
        assert not first.equals(second)
        assert not first.public().equals(second.public())


def test_compressed_points_and_private_keys_without_public_ones() -> None:
    other = foreign("ES256").public_key()
    compressed = other.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    assert NativeKey.from_spki(ec_spki(compressed)).spki() == spki(other)
    scalar = foreign("ES256").private_numbers().private_value.to_bytes(32, "big")
    bare = der(0x30, integer(0), der(0x30, EC_OID, P256_OID), der(4, der(0x30, integer(1), der(4, scalar))))
    assert NativeKey.from_pkcs8(bare).equals(native("ES256"))


def test_private_key_info_of_version_1() -> None:
    # RFC 8410 section 10.3, with attributes and the public key.
    from base64 import b64decode

    text = (
        "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
        "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB"
        "Z9w7lshQhqowtrbLDFw4rXAxZuE="
    )
    key = NativeKey.from_pkcs8(b64decode(text))
    assert key.spki()[-32:].hex().startswith("19bf44096984cdfe8541bac167dc3b96")
    changed = bytearray(b64decode(text))
    changed[-1] ^= 1
    with pytest.raises(ValueError, match="not that of the private key"):
        NativeKey.from_pkcs8(bytes(changed))


# The object itself.


def test_it_is_made_by_its_readers_alone() -> None:
    with pytest.raises(TypeError):
        NativeKey()
    with pytest.raises(TypeError):
        type("Sub", (NativeKey,), {})
    empty = NativeKey.__new__(NativeKey)
    for call in (
        empty.spki,
        empty.pkcs8,
        empty.secret,
        empty.public,
        lambda: empty.sign(1, b""),
        lambda: empty.verify(4, b"", b""),
    ):
        with pytest.raises(ValueError):
            call()
    assert not empty.equals(native("RS256"))
    assert not native("HS256").equals(empty)


def test_it_is_neither_pickled_nor_changed() -> None:
    for name in ("HS256", "RS256", "ES256", "EdDSA"):
        key = native(name)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="not picklable"):
                pickle.dumps(key, protocol)
        with pytest.raises(TypeError):
            copy.copy(key)
        for attribute in ("kind", "private", "bits", "other"):
            with pytest.raises(AttributeError):
                setattr(key, attribute, 1)


def test_repr_shows_no_secret() -> None:
    assert repr(NativeKey.from_secret(b"topsecret" * 4)) == "<NativeKey oct 288 private>"
    assert repr(native("ES256").public()) == "<NativeKey EC P-256 public>"


@pytest.mark.parametrize("wrong", ["text", None, 1, bytearray(b"x" * 32), memoryview(b"x" * 32)])
def test_wrong_types(wrong: object) -> None:
    key = native("HS256")
    for call in (
        lambda: NativeKey.from_secret(wrong),
        lambda: NativeKey.from_spki(wrong),
        lambda: NativeKey.from_pkcs8(wrong),
        lambda: key.sign(1, wrong),
        lambda: key.verify(1, b"", wrong),
        lambda: key.equals(wrong),
    ):
        with pytest.raises(TypeError):
            call()


def test_libcrypto_is_named() -> None:
    assert pkey.libcrypto_name() in ("AWS-LC", "OpenSSL")
    assert pkey.libcrypto_version().startswith(pkey.libcrypto_name())


@pytest.mark.parametrize("name", ["HS512", "RS256", "PS384", "ES256", "EdDSA"])
def test_threads_share_one_key(name: str) -> None:
    row, key = (
        ALGORITHMS[name],
        NativeKey.from_pkcs8(pkcs8(foreign(name))) if name != "HS512" else native(name),
    )
    failures: list[object] = []
    start = threading.Barrier(6)

    def work(number: int) -> None:
        start.wait()
        for i in range(12):
            data = b"%d %d" % (number, i) * 4000
            signature = key.sign(row.id, data)
            if not key.verify(row.id, data, signature) or key.verify(row.id, data + b"x", signature):
                failures.append((number, i))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_nothing_leaks() -> None:
    resource = pytest.importorskip("resource")
    good = {name: (pkcs8(foreign(name)), spki(foreign(name).public_key())) for name in ("ES256", "EdDSA")}
    public = spki(rsa_key(2048).public_key())

    def round_of_everything() -> None:
        for name, (private, other) in good.items():
            key = NativeKey.from_pkcs8(private)
            signature = key.sign(ALGORITHMS[name].id, DATA)
            NativeKey.from_spki(other).verify(ALGORITHMS[name].id, DATA, signature[:-1] + b"\0")
            key.pkcs8()
        NativeKey.from_secret(b"x" * 5000).sign(1, DATA)
        NativeKey.from_spki(public).verify(4, DATA, b"\1" * 256)
        for wrong in (ec_spki(b"\x04" + b"\1" * 64), rsa_spki(5, 3), ed25519_spki(bytes(32)), public[:-3]):
            with pytest.raises(ValueError):
                NativeKey.from_spki(wrong)

    for _ in range(50):
        round_of_everything()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(600):
        round_of_everything()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2048
