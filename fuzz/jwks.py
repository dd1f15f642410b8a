"""JWKs and JWK Sets from JSON text, against ``fuzz.jwk``."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import cyjwt
from bench import baseline, strict
from cyjwt.algorithms import ALGORITHMS
from cyjwt.keyset import KeySetWarning
from fuzz import jwk
from fuzz.text import REFUSED, outcome
from tests.property.test_json import same

#: The members that RFC 7638 section 3.2 takes into a thumbprint, by type.
_REQUIRED = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "oct": ("k", "kty"),
}
#: What holds under no key, and is of every algorithm's size.
_NO_SIGNATURE = bytes(range(64))


def made(read: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a constructor gives, or None where it refuses; any other exception passes through."""
    try:
        return read(*args, **options)
    except cyjwt.InvalidKeyError:
        return None


def judged(members: Any) -> baseline.Key | None:
    try:
        return jwk.read(members)
    except jwk.RefusedError:
        return None


def check_key(data: bytes) -> None:
    """Make a key of the octets as JSON text, and of the members that the oracle reads in them."""
    members = outcome(strict.loads, data)
    expected = None if members is REFUSED else judged(members)
    key = made(cyjwt.Key.from_jwk, data)
    agree(key, expected)
    if members is REFUSED:
        return
    assert made(cyjwt.Key.from_jwk, data.decode("utf-8")) == key
    if isinstance(members, dict):
        assert made(cyjwt.Key.from_jwk, members) == key
    if key is None:
        return
    assert key.kid == members.get("kid")
    written = key.to_jwk(private=key.private)
    assert key.thumbprint() == baseline.thumbprint({name: written[name] for name in _REQUIRED[key.kty]})
    again = cyjwt.Key.from_jwk(written)
    assert again == key
    assert same(again.to_jwk(private=key.private), written)


def agree(key: cyjwt.Key | None, expected: baseline.Key | None) -> None:
    """The engine's key and the oracle's are one, or both refuse."""
    if key is None or expected is None:
        assert key is None, f"taken: {key!r}"
        assert expected is None, "refused"
        return
    assert key.verify_algorithms == expected.algorithms
    if isinstance(expected.material, bytes):
        assert key.kty == "oct"
        algorithm = next(iter(expected.algorithms), None)
        if algorithm is not None:
            key.verify(b"data", baseline.make_signature(expected, algorithm, b"data"), algorithm)
    else:
        public = cyjwt.Key.from_cryptography(expected.public)
        assert key.to_der() == public.to_der()
        assert key.private == (expected.material is not expected.public)
    for algorithm in key.verify_algorithms:
        size = ALGORITHMS[algorithm].signature_size or key.bits // 8
        try:
            key.verify(b"data", (_NO_SIGNATURE * 17)[:size], algorithm)
        except cyjwt.InvalidSignatureError:
            continue
        raise AssertionError(f"{algorithm}: a signature that nobody made holds")


def check_set(data: bytes) -> None:
    """Read the octets as a JWK Set, published and of one's own, and look up every key of it."""
    members = outcome(strict.loads, data)
    entries = members.get("keys") if isinstance(members, dict) else None
    for private in (False, True):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            held = made(cyjwt.KeySet.from_jwks, data, private=private)
        if not isinstance(entries, list) or len(entries) > 1000:
            assert held is None
            continue
        expected = [None if _withheld(entry, private) else judged(entry) for entry in entries]
        taken = [key for key in expected if key is not None]
        if not taken:
            assert held is None
            continue
        assert held is not None
        for key, one in zip(held, taken, strict=True):
            agree(key, one)
            assert key.kid == one.kid
        left_out = [_index(one) for one in caught]
        assert left_out == [i for i, key in enumerate(expected) if key is None]
        _find_all(held, taken)


def _withheld(entry: Any, private: bool) -> bool:
    return isinstance(entry, dict) and not private and jwk.is_secret(entry)


def _index(warning: warnings.WarningMessage) -> int:
    assert issubclass(warning.category, KeySetWarning), warning
    found = re.match(r"key (\d+) of the JWK Set was left out: ", str(warning.message))
    assert found, warning
    return int(found[1])


def _find_all(held: cyjwt.KeySet, taken: list[baseline.Key]) -> None:
    """Every kid, and none, with every algorithm of the set, finds what a plain loop finds."""
    algorithms = sorted({name for key in taken for name in key.algorithms})
    for kid in [None, "absent", *dict.fromkeys(key.kid for key in taken if key.kid is not None)]:
        for algorithm in algorithms:
            fit = [
                key
                for key, one in zip(held, taken, strict=True)
                if algorithm in one.algorithms and kid in (None, one.kid)
            ]
            # One key published twice is no two keys.
            expected = fit[0] if fit and all(key == fit[0] for key in fit) else None
            try:
                found = held.find(kid, algorithm)
            except cyjwt.KeyNotFoundError:
                found = None
            assert found == expected, (kid, algorithm)
