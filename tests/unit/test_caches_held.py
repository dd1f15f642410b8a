"""The caches behind one-shot calls: what they hold, for how long, and for which threads."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import cyjwt
from cyjwt import caches
from cyjwt._keycache import key_for, read_material
from tests.support import b64, pair
from tests.unit.caches_support import CLAIMS, SECRETS, counts, decode

pytestmark = pytest.mark.usefixtures("empty_caches")


# -- what is held


def holders(secret: bytes) -> int:
    """How many lists hold it. Items of other types are not compared: other tests leave some that will not be."""
    lists = (thing for thing in gc.get_objects() if type(thing) is list)
    return sum(any(type(item) is bytes and item == secret for item in held) for held in lists)


def test_clear_lets_go_of_keys_and_secrets() -> None:
    material = bytearray(b"a secret that nobody else has ever seen")
    secret = bytes(material)
    token = cyjwt.encode(CLAIMS, secret, "HS256")
    decode(token, secret)
    decode(token, bytearray(secret))
    decode(token, {"kty": "oct", "k": b64(secret)})
    keys = [
        weakref.ref(thing) for thing in gc.get_objects() if type(thing) is cyjwt.Key and thing.kty == "oct"
    ]
    assert keys
    gc.collect()
    assert holders(secret), "this looks in the right place"
    gc.disable()
    try:
        caches.clear()
        assert [ref() for ref in keys if ref() is not None and ref().native.secret() == secret] == []  # type: ignore[union-attr]
        assert not holders(secret)
    finally:
        gc.enable()
    assert all(info["size"] == info["octets"] == 0 for info in caches.info().values())
    assert decode(token, secret) == CLAIMS


def test_an_object_of_cryptography_is_let_go_of() -> None:
    key = cyjwt.Key.generate("ES256")
    native: Any = key.public().to_cryptography()
    token = cyjwt.encode(CLAIMS, key, "ES256")
    for _ in range(2):
        assert decode(token, native, "ES256") == CLAIMS
    assert any(native in thing for thing in gc.get_objects() if type(thing) is list and len(thing) < 9)
    caches.clear()
    assert not any(native in thing for thing in gc.get_objects() if type(thing) is list and len(thing) < 9)


def test_size_is_bounded_and_can_be_set() -> None:
    caches.resize(8)
    for secret in SECRETS:
        cyjwt.encode(CLAIMS, secret, "HS256")
        assert caches.info()["keys"]["size"] <= 8
    assert counts("signers") == (40, 8)
    assert counts("keys") == (40, 8)
    cyjwt.encode(CLAIMS, SECRETS[-1], "HS256")
    assert counts("signers") == (40, 8)
    caches.resize(2, "signers")
    assert (counts("signers")[1], counts("keys")[1]) == (2, 8)
    caches.clear("keys")
    assert (counts("signers")[1], counts("keys")[1]) == (2, 0)
    caches.resize(0)
    for _ in range(2):
        assert decode(cyjwt.encode(CLAIMS, SECRETS[0], "HS256"), SECRETS[0]) == CLAIMS
    assert all(info["size"] == 0 for info in caches.info().values())


def test_huge_material_is_read_and_not_kept() -> None:
    secret = b"x" * 200_000
    token = cyjwt.encode(CLAIMS, secret, "HS256")
    for _ in range(2):
        assert decode(token, secret) == CLAIMS
    assert all(info["size"] == 0 for info in caches.info().values())


def test_mistakes_with_names_and_sizes() -> None:
    for call in (lambda: caches.clear("nothing"), lambda: caches.resize(1, "nothing")):
        with pytest.raises(ValueError, match="there is no memory 'nothing'"):
            call()
    for wrong in (-1, 1 << 40):
        with pytest.raises(ValueError):
            caches.resize(wrong)
    with pytest.raises(TypeError):
        caches.resize("8")  # type: ignore[arg-type]


# -- the key cache itself


def test_key_for_gives_one_key() -> None:
    pem = pair("RS256").public_pem
    key = key_for(pem, ("RS256",))
    assert key_for(bytes(bytearray(pem)), ("RS256",)) is key
    assert key_for(bytearray(pem), ("RS256",)) is key_for(bytearray(pem), ("RS256",))
    assert read_material(pem, ("RS256",)) is not key
    assert read_material(pem, ("RS256",)) == key


def test_threads_get_their_own_keys() -> None:
    caches.resize(16)
    tokens = {secret: cyjwt.encode(CLAIMS, secret, "HS256") for secret in SECRETS}
    wrong: list[object] = []

    def work(seed: int) -> None:
        for n in range(2000):
            mine = SECRETS[(n * 7 + seed) % len(SECRETS)]
            other = SECRETS[(n * 7 + seed + 1) % len(SECRETS)]
            if cyjwt.encode(CLAIMS, mine, "HS256") != tokens[mine] or decode(tokens[mine], mine) != CLAIMS:
                wrong.append(mine)
            try:
                decode(tokens[other], mine)
                wrong.append(other)
            except cyjwt.InvalidSignatureError:
                pass
            if n % 500 == seed:
                caches.clear()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
