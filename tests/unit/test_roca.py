"""RSA keys of the faulty generator of CVE-2017-15361 are known by their modulus."""

from __future__ import annotations

import math

import pytest

from cyjwt import Key
from cyjwt._roca import is_roca
from cyjwt._strength import check_rsa
from cyjwt.errors import InvalidKeyError

# The product of the primes that the mark is read from.
_PRIMORIAL = math.prod(n for n in range(3, 168) if all(n % d for d in range(2, n)))


def _marked(bits: int) -> int:
    """An odd number with the mark: a power of 65537 modulo the product, and of the size asked for."""
    base = pow(65537, 12345, _PRIMORIAL)
    modulus = base + _PRIMORIAL * ((1 << (bits - 1)) // _PRIMORIAL + 1)
    return modulus if modulus % 2 else modulus + _PRIMORIAL


def test_marked_modulus_is_known_and_its_neighbour_is_not() -> None:
    modulus = _marked(2048)
    assert is_roca(modulus)
    assert not is_roca(modulus + 2)


def test_marked_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="ROCA"):
        check_rsa(_marked(2048), 65537)


def test_sound_key_bears_no_mark() -> None:
    assert not is_roca(Key.generate("RS256").to_cryptography().public_key().public_numbers().n)
