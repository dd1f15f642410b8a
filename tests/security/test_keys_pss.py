"""Keys for RSASSA-PSS alone (RFC 4055 section 3.1), and what may be taken for one."""

from __future__ import annotations

import pickle

import pytest

from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from tests.key_material import (
    DER,
    PSS_OID,
    TRADITIONAL,
    armoured,
    integer,
    private,
    private_octets,
    rsa_der,
    tlv,
)


def test_key_typed_for_pss_serves_pss_alone() -> None:
    # RFC 4055 section 3.1: id-RSASSA-PSS says that the key is for no other scheme.
    numbers = private("rsa").public_key().public_numbers()
    der = rsa_der(numbers.n, numbers.e, PSS_OID)
    pem = armoured("PUBLIC KEY", der)
    for key in (Key.from_der(der), Key.from_pem(pem)):
        assert key.algorithms == {"PS256", "PS384", "PS512"}
        assert key != Key.from_cryptography(private("rsa").public_key())
    with pytest.raises(InvalidKeyError, match="not fit"):
        Key.from_der(der, algorithm="RS256")


def test_private_key_typed_for_pss_serves_pss_alone() -> None:
    inner = private_octets("rsa", DER, TRADITIONAL)
    der = tlv(0x30, integer(0) + tlv(0x30, PSS_OID) + tlv(4, inner))
    for key in (Key.from_der(der), Key.from_pem(armoured("PRIVATE KEY", der))):
        # Whatever is made of the key has the same limit.
        for one in (key, key.public(), pickle.loads(pickle.dumps(key))):
            assert one.algorithms == {"PS256", "PS384", "PS512"}


@pytest.mark.parametrize(
    "header", ["X: y", "X-Note: abc", "a:", ":b", "Proc-Type: 4,CLEAR", "MIIBIjANBgkqhkiG9w0BAQo= : x"]
)
def test_headers_of_pem_hide_no_algorithm(header: str) -> None:
    """RFC 7468 section 2: there are none; what reads them away must not be told another algorithm by them."""
    numbers = private("rsa").public_key().public_numbers()
    public = rsa_der(numbers.n, numbers.e, PSS_OID)
    secret = tlv(0x30, integer(0) + tlv(0x30, PSS_OID) + tlv(4, private_octets("rsa", DER, TRADITIONAL)))
    plain = rsa_der(numbers.n, numbers.e)
    for label, der in (("PUBLIC KEY", public), ("PRIVATE KEY", secret), ("PUBLIC KEY", plain)):
        first, line, rest = armoured(label, der).partition(b"-----\n")
        with pytest.raises(InvalidKeyError):
            Key.from_pem(first + line + header.encode() + b"\n\n" + rest)


@pytest.mark.parametrize("version", ["020102", "02017f", "0201ff", "02810100", "0282000100"])
def test_a_private_key_in_loose_ber_is_refused(version: str) -> None:
    """Some releases of ``cryptography`` take it, whatever its algorithm is."""
    rest = tlv(0x30, PSS_OID) + tlv(4, private_octets("rsa", DER, TRADITIONAL))
    der = tlv(0x30, bytes.fromhex(version) + rest)
    for read, data in ((Key.from_der, der), (Key.from_pem, armoured("PRIVATE KEY", der))):
        with pytest.raises(InvalidKeyError):
            read(data)


def test_octets_of_a_key_that_look_like_an_algorithm_are_not_one() -> None:
    point = bytes.fromhex("0001980106092a864886f70d01010a3b0ee172f3daa62325af68f7021a07511a")
    edwards = tlv(0x30, tlv(0x30, bytes.fromhex("06032b6570")) + tlv(3, b"\0" + point))
    both = {f"{kind}{bits}" for kind in ("RS", "PS") for bits in (256, 384, 512)}
    # The identifier stands at the beginning of the modulus, which is found within the first octets of the key.
    modulus = int.from_bytes(b"\xc3" + PSS_OID + b"\x01" * (255 - len(PSS_OID)), "big")
    rsa = rsa_der(modulus, 65537)
    for der, algorithms in ((edwards, {"EdDSA", "Ed25519"}), (rsa, both)):
        assert PSS_OID in der[:64]
        for key in (Key.from_der(der), Key.from_pem(armoured("PUBLIC KEY", der))):
            assert key.algorithms == algorithms
