"""``cryptography``'s key objects: read from PEM, DER and certificates, checked, generated, written.

``cryptography`` parses everything; it is imported inside the functions, because ``import cyjwt`` must not
pay for it. No message of its errors is passed on, since those may describe the material.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast, get_args

from cyjwt import _material, _strength
from cyjwt._material import Material
from cyjwt.errors import InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurve,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from cyjwt.algorithms import Algorithm

    PrivateKeyObject: TypeAlias = (
        RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
    )
    PublicKeyObject: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey
    KeyObject: TypeAlias = PrivateKeyObject | PublicKeyObject

__all__ = [
    "MOST_OCTETS",
    "Loaded",
    "adopt",
    "curve_of",
    "dump",
    "ec_curve",
    "generate",
    "is_private",
    "load_der",
    "load_pem",
    "load_trusted",
    "pkcs8",
    "spki",
]

#: The largest material of one key: RSA-8192 in PEM takes 6,400 octets, and a certificate some more.
MOST_OCTETS: Final = 65536

# The body stops at the next five dashes, so that time stays linear in the text.
_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----")
_LABELS: Final = {
    b"PUBLIC KEY": Material.PUBLIC_DER,
    b"RSA PUBLIC KEY": Material.PUBLIC_DER,
    b"PRIVATE KEY": Material.PRIVATE_DER,
    b"ENCRYPTED PRIVATE KEY": Material.PRIVATE_DER,
    b"RSA PRIVATE KEY": Material.PRIVATE_DER,
    b"EC PRIVATE KEY": Material.PRIVATE_DER,
    b"CERTIFICATE": Material.CERTIFICATE_DER,
}
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
# The whole of a PEM block's contents: RFC 7468 section 2 knows no headers.
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]*(?:=\s*){0,2}")
# How an RSA key begins in SPKI, in PKCS#8 and in PKCS#1; the group tells rsaEncryption from id-RSASSA-PSS.
_LENGTH: Final = rb"(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)"
_RSA: Final = rb"\x30" + _LENGTH + rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01([\x01\x0a])"
_PUBLIC_RSA: Final = re.compile(rb"\x30" + _LENGTH + rb"(?:" + _RSA + rb"|\x02)", re.DOTALL)
_PRIVATE_RSA: Final = re.compile(
    rb"\x30" + _LENGTH + rb"\x02\x01[\x00\x01](?:" + _RSA + rb"|\x02)", re.DOTALL
)


class Loaded(NamedTuple):
    """A parsed key, and whether its encoding binds it to RSASSA-PSS (RFC 4055 section 3.1)."""

    key: KeyObject
    pss_only: bool


def load_pem(text: bytes, password: bytes | None, allow: Collection[str]) -> Loaded:
    """Read the one key or certificate of a PEM text (RFC 7468); text around it is looked past."""
    _check_size(text)
    whole = list(_BLOCK.finditer(text))
    blocks = [match for match in whole if match[1] != b"EC PARAMETERS"]
    if not blocks:
        raise InvalidKeyError("no PEM block was found")
    if len(blocks) > 1:
        raise InvalidKeyError(f"{len(blocks)} PEM blocks were found: pass the one that is meant")
    if any(text.count(mark) != len(whole) for mark in (b"-----BEGIN ", b"-----END ")):
        raise InvalidKeyError("a PEM block is damaged: there is a BEGIN or an END without its other")
    block, label = blocks[0][0], blocks[0][1]
    kind = _LABELS.get(label)
    if kind is None:
        raise InvalidKeyError(f"a PEM block of the type {label[:40].decode('ascii')} is not supported")
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as s

    if kind is Material.PRIVATE_DER:
        key = _private(s.load_pem_private_key, block, password, allow)
        return _bound_private(key, password, _contents(blocks[0][2]))
    _refuse_password(password)
    if kind is Material.CERTIFICATE_DER:
        return _of_certificate(x509.load_pem_x509_certificate, block, allow)
    return _bound(_public(s.load_pem_public_key, block, allow), _contents(blocks[0][2]), _PUBLIC_RSA)


def load_der(data: bytes, password: bytes | None, allow: Collection[str]) -> Loaded:
    """Read one key or certificate in DER."""
    _check_size(data)
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as s

    kind = _material.der_shape(data)
    if kind in (Material.PRIVATE_DER, Material.ENCRYPTED_DER):
        key = _private(s.load_der_private_key, data, password, allow)
        return _bound_private(key, password, data)
    if kind in (Material.PUBLIC_DER, Material.PKCS1_PUBLIC_DER):
        _refuse_password(password)
        return _bound(_public(s.load_der_public_key, data, allow), data, _PUBLIC_RSA)
    if kind is Material.CERTIFICATE_DER:
        _refuse_password(password)
        return _of_certificate(x509.load_der_x509_certificate, data, allow)
    if kind is Material.CONTAINER_DER:
        raise InvalidKeyError(f"{kind.value} is not supported: take the key out of it first")
    raise InvalidKeyError("the data is not a DER key or certificate")


def _contents(body: bytes) -> bytes:
    """What a PEM block holds; nothing where headers, or something else, stand there too."""
    try:
        return binascii.a2b_base64(body) if _BASE64.fullmatch(body) else b""
    except binascii.Error:
        return b""


def _bound(key: KeyObject, der: bytes, form: re.Pattern[bytes]) -> Loaded:
    """A key, and whether it is for RSASSA-PSS alone: its numbers do not tell (RFC 4055 section 3.1).

    Readers of BER, and of PEM with headers, take more ways to write the algorithm than are looked through here, so an RSA
    key that is written in another way is refused.
    """
    if curve_of(key) is not None:
        return Loaded(key, False)
    begun = form.match(der)
    if begun is None:
        raise InvalidKeyError("the RSA key is not in DER, or not in PEM without headers (RFC 7468 section 2)")
    return Loaded(key, begun[1] == b"\x0a")


def _bound_private(key: PrivateKeyObject, password: bytes | None, der: bytes) -> Loaded:
    # An encrypted key has its algorithm under the encryption, and cryptography does not tell of it.
    return Loaded(key, False) if password is not None else _bound(key, der, _PRIVATE_RSA)


def _check_size(data: bytes) -> None:
    if not data:
        raise InvalidKeyError("the key material is empty")
    if len(data) > MOST_OCTETS:
        raise InvalidKeyError(
            f"the key material has {len(data)} octets: {MOST_OCTETS} is the most for one key"
        )


def _refuse_password(password: bytes | None) -> None:
    if password is not None:
        raise InvalidKeyError("a password was given, but the key is not encrypted")


def _private(
    load: Callable[..., Any], data: bytes, password: bytes | None, allow: Collection[str]
) -> PrivateKeyObject:
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm

    try:
        # The quick load first: proving the primes of an enormous key takes seconds, refusing it does not.
        _check(load(data, password, unsafe_skip_rsa_key_validation=True), allow)
        key: PrivateKeyObject = load(data, password)
    except TypeError:
        if password is None:
            raise InvalidKeyError("the private key is encrypted: a password is needed") from None
        raise InvalidKeyError("a password was given, but the key is not encrypted") from None
    except (ValueError, InternalError):
        # cryptography calls it an internal error that a PKCS#8 text has an Ed448 key of another length.
        reason = "cannot be read" if password is None else "cannot be read, or the password is wrong"
        raise InvalidKeyError(f"the private key {reason}") from None
    except UnsupportedAlgorithm:
        raise InvalidKeyError("the private key is of a type or a curve that is not supported") from None
    return key


def _public(load: Callable[..., Any], data: bytes, allow: Collection[str]) -> PublicKeyObject:
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm

    try:
        key: PublicKeyObject = load(data)
    except (ValueError, TypeError, InternalError):
        raise InvalidKeyError("the public key cannot be read, or is not a point on its curve") from None
    except UnsupportedAlgorithm:
        raise InvalidKeyError("the public key is of a type or a curve that is not supported") from None
    _check(key, allow)
    return key


def _of_certificate(load: Callable[..., Any], data: object, allow: Collection[str]) -> Loaded:
    try:
        certificate = load(data)
    except (ValueError, TypeError):
        raise InvalidKeyError("the certificate cannot be read") from None
    pss_only = certificate.public_key_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10"
    return Loaded(_public(lambda loaded: loaded.public_key(), certificate, allow), pss_only)


def curve_of(key: object) -> str | None:
    """The JWK ``crv`` of a key object, or None for RSA; InvalidKeyError where it can serve no JWS."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        curve = _CURVES.get(key.curve.name)
        if curve is None:
            raise InvalidKeyError(f"the curve {key.curve.name} is not supported")
        return curve
    if isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return "Ed25519"
    if isinstance(key, ed448.Ed448PublicKey | ed448.Ed448PrivateKey):
        return "Ed448"
    name = type(key).__name__.removesuffix("PublicKey").removesuffix("PrivateKey")
    raise InvalidKeyError(f"a key of the type {name} cannot sign: it serves no JWS algorithm")


def ec_curve(crv: str) -> EllipticCurve:
    """The curve object of a JWK ``crv`` of the type EC."""
    from cryptography.hazmat.primitives.asymmetric import ec

    if crv == "P-256":
        return ec.SECP256R1()
    if crv == "P-384":
        return ec.SECP384R1()
    return ec.SECP521R1() if crv == "P-521" else ec.SECP256K1()


def is_private(key: object) -> bool:
    """Whether a key object holds private material."""
    return hasattr(key, "private_bytes")


def _check(key: Any, allow: Collection[str]) -> None:
    """Refuse a key object that is of no use, or weak."""
    from cryptography.hazmat.primitives import serialization as s

    curve = curve_of(key)
    public = key.public_key() if is_private(key) else key
    if curve is None:
        numbers = public.public_numbers()
        _strength.check_rsa(numbers.n, numbers.e, allow)
    elif curve in ("Ed25519", "Ed448"):
        _strength.check_edwards(curve, public.public_bytes(s.Encoding.Raw, s.PublicFormat.Raw))


def adopt(key: object, allow: Collection[str]) -> Loaded:
    """Take a key object or a certificate that the caller made."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import types

    if isinstance(key, x509.Certificate):
        return _of_certificate(lambda certificate: certificate, key, allow)
    # PublicKeyTypes and PrivateKeyTypes are unions of every class that the package has.
    if not isinstance(key, (*get_args(types.PublicKeyTypes), *get_args(types.PrivateKeyTypes))):
        raise TypeError(f"key must be a key object of the package cryptography, not {type(key).__name__}")
    _check(key, allow)
    return Loaded(cast("KeyObject", key), False)


def generate(row: Algorithm, bits: int) -> PrivateKeyObject:
    """Make a private key for an algorithm that has key pairs; ``bits`` is for RSA."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    if row.kty == "RSA":
        _strength.check_rsa_bits(bits)
        return rsa.generate_private_key(65537, bits)
    if row.kty == "EC":
        return ec.generate_private_key(ec_curve(row.curves[0]))
    if row.curves[0] == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate()


def spki(key: PublicKeyObject) -> bytes:
    """The SubjectPublicKeyInfo of a public key object, in DER (RFC 5280 section 4.1)."""
    from cryptography.hazmat.primitives import serialization as s

    return key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key: PrivateKeyObject) -> bytes:
    """The unencrypted PrivateKeyInfo of a private key object, in DER (RFC 5958 section 2)."""
    return dump(key, pem=False, password=None)


def dump(key: KeyObject, *, pem: bool, password: bytes | None) -> bytes:
    """Write a key object as SPKI or, if it is private, as PKCS#8."""
    from cryptography.hazmat.primitives import serialization as s

    encoding = s.Encoding.PEM if pem else s.Encoding.DER
    if not is_private(key):
        return cast("PublicKeyObject", key).public_bytes(encoding, s.PublicFormat.SubjectPublicKeyInfo)
    protection = s.NoEncryption() if password is None else s.BestAvailableEncryption(password)
    return cast("PrivateKeyObject", key).private_bytes(encoding, s.PrivateFormat.PKCS8, protection)


def load_trusted(der: bytes, *, private: bool) -> KeyObject:
    """Read SPKI or PKCS#8 that this library wrote, of a key that was checked when it was made."""
    from cryptography.hazmat.primitives import serialization as s

    if private:
        loaded = s.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
        return cast("PrivateKeyObject", loaded)
    return cast("PublicKeyObject", s.load_der_public_key(der))
