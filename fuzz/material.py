"""PEM, DER, certificates and secrets from octets, against ``cryptography``'s own readers."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

import cyjwt
from bench import baseline
from cyjwt._material import disguised
from cyjwt._roca import is_roca
from fuzz import jwk
from fuzz.jwks import made

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_LABELS = (
    b"PUBLIC KEY", b"RSA PUBLIC KEY", b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"CERTIFICATE",
)  # fmt: skip
_BODY = re.compile(rb"(\r?\n[A-Za-z0-9+/]{64})*\r?\n[A-Za-z0-9+/]{1,64}={0,2}\r?\n")
_CURVES = ("secp256r1", "secp384r1", "secp521r1", "secp256k1")


def check(data: bytes) -> None:
    """Read the octets as PEM, as DER and as a secret."""
    from_der = made(cyjwt.Key.from_der, data)
    compare(from_der, der_keys(data), whole=True)
    from_pem = made(cyjwt.Key.from_pem, data)
    unpacked, plain = unarmoured(data)
    compare(from_pem, der_keys(unpacked), whole=plain)
    if data.isascii():
        assert made(cyjwt.Key.from_pem, data.decode("ascii")) == from_pem
    check_secret(data, from_pem, from_der)
    for key in (from_der, from_pem):
        if key is not None:
            assert cyjwt.Key.from_pem(key.to_pem(private=key.private)).to_der() == key.to_der()


def compare(key: cyjwt.Key | None, expected: list[Any], *, whole: bool) -> None:
    """A key that was made is the one that ``cryptography`` reads, and is fit; a fit one is not refused.

    Args:
        key: what the engine made, or None.
        expected: what the readers of ``cryptography`` make, one of which must be meant.
        whole: whether the text is plain enough to hold a refusal against the engine.
    """
    if key is None:
        assert not whole or not any(map(fit, expected)), "refused"
        return
    meant = [one for one in expected if public_der(one) == key.to_der()]
    assert meant, f"taken: {key!r}"
    assert any(map(fit, meant)), f"taken: {key!r}"
    private = [one for one in meant if one is not public_of(one)]
    assert key.private == bool(private)
    algorithms = baseline.Key.from_cryptography(meant[0]).algorithms
    # A key that its encoding keeps for RSASSA-PSS serves a part of what its numbers would.
    assert key.algorithms <= algorithms
    assert key.algorithms in (algorithms, {name for name in algorithms if name.startswith("PS")})


def unarmoured(text: bytes) -> tuple[bytes, bool]:
    """The contents of the one block of a PEM text, and whether it is written as everybody writes it."""
    blocks = [block for block in _BLOCK.finditer(text) if block[1] != b"EC PARAMETERS"]
    if len(blocks) != 1 or blocks[0][1] not in _LABELS:
        return b"", True
    body = blocks[0][2]
    joined = b"".join(body.split())
    try:
        der = binascii.a2b_base64(joined, strict_mode=True)
    except binascii.Error:
        try:
            return binascii.a2b_base64(body), False
        except binascii.Error:
            return b"", False
    # A label that the contents do not bear out is a reason to refuse, and so are text that opens another block and bits
    # left over at the end that are not zero, which Python's reader looks past.
    plain = bool(_BODY.fullmatch(body)) and binascii.b2a_base64(der, newline=False) == joined
    alone = text.count(b"-----") == 4 and text.count(b"-----BEGIN ") == text.count(b"-----END ") == 1
    return der, plain and alone and labelled(blocks[0][1], der)


def labelled(label: bytes, der: bytes) -> bool:
    private = any(map(bool, (_read(s.load_der_private_key, der, None),)))
    if b"PRIVATE" in label:
        return private
    return (b"CERT" in label) == (_read(x509.load_der_x509_certificate, der) is not None)


def _read(load: Callable[..., Any], *args: Any) -> Any:
    """What a reader of ``cryptography`` makes, or None where it cannot."""
    try:
        return load(*args)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        return None


def der_keys(der: bytes) -> list[Any]:
    """Every key that DER can be read as."""
    if not der:
        return []
    found = [_read(s.load_der_private_key, der, None), _read(s.load_der_public_key, der)]
    certificate = _read(x509.load_der_x509_certificate, der)
    if certificate is not None:
        found.append(_read(certificate.public_key))
    return [key for key in found if key is not None]


def public_of(key: Any) -> Any:
    return key.public_key() if hasattr(key, "public_key") else key


def public_der(key: Any) -> bytes:
    octets: bytes = public_of(key).public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    return octets


def fit(key: Any) -> bool:
    """Whether JWS has a use for the key, and the key is strong."""
    public = public_of(key)
    match public:
        case rsa.RSAPublicKey():
            n, e = public.public_numbers().n, public.public_numbers().e
            return 2048 <= n.bit_length() <= 8192 and n % 2 == 1 and 65537 <= e < 2**33 and not is_roca(n)
        case ec.EllipticCurvePublicKey():
            return public.curve.name in _CURVES
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            name = "Ed25519" if isinstance(public, ed25519.Ed25519PublicKey) else "Ed448"
            try:
                jwk.check_point(name, public.public_bytes_raw())
            except jwk.RefusedError:
                return False
            return True
    return False


def check_secret(data: bytes, from_pem: cyjwt.Key | None, from_der: cyjwt.Key | None) -> None:
    """A secret is long enough and no key; what can be read as a key is always seen to be one."""
    secret = made(cyjwt.Key.from_secret, data)
    assert (secret is not None) == (len(data) >= 32 and disguised(data) is None)
    if secret is not None:
        assert from_pem is None, "a PEM text serves as a secret"
        assert from_der is None, "a DER key serves as a secret"
        text = baseline.make_signature(baseline.Key.from_secret(data), "HS256", b"data")
        secret.verify(b"data", text, "HS256")
