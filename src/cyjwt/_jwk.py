"""JWK members in and out (RFC 7517, RFC 7518 section 6, RFC 8037): every member checked, strictly.

A private JWK must be whole, and its private part must belong to its public part. Members that embed or
point to certificates (``x5c``, ``x5u``) are never followed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cyjwt import _keyobjects, _strength
from cyjwt._arguments import utf8_text
from cyjwt._engine import base64url, jsontext
from cyjwt.errors import DecodeError, InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from cyjwt._keyobjects import KeyObject, PrivateKeyObject, PublicKeyObject

__all__ = ["SIGNATURE_OPS", "Members", "is_private", "parse", "read", "required", "write"]

#: The operations of RFC 7517 section 4.3 that a JWS key may be for.
SIGNATURE_OPS: Final = frozenset({"sign", "verify"})

#: Any of these makes a JWK private or secret (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1; ``priv`` is AKP's).
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_CRT_MEMBERS: Final = ("p", "q", "dp", "dq", "qi")
# A base finds the primes of a sound key with a chance of one half or more.
_BASES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
_MOST_TWOS: Final = 64
_EC_CURVES: Final = ("P-256", "P-384", "P-521", "secp256k1")
_OKP_OCTETS: Final = {"Ed25519": 32, "Ed448": 57}


class Members(NamedTuple):
    """What a JWK says: its secret octets or key object, and its metadata."""

    material: bytes | KeyObject
    kid: str | None
    use: str | None
    key_ops: tuple[str, ...] | None
    alg: str | None


def parse(data: bytes, most: int) -> Any:
    """Read JSON text of at most ``most`` octets, without duplicate members at any depth."""
    try:
        if len(data) > most:
            raise InvalidKeyError(f"the JSON text has {len(data)} octets: {most} is the most")
        return jsontext.loads_unsigned(data)
    except DecodeError:
        raise InvalidKeyError(
            "the text is not JSON, or not strictly so (a byte order mark, or a member that occurs twice)"
        ) from None


def is_private(jwk: Mapping[str, object]) -> bool:
    """Whether any member holds private or secret material, or the type is a secret's."""
    return jwk.get("kty") == "oct" or not _PRIVATE_MEMBERS.isdisjoint(jwk)


def read(jwk: Mapping[str, object], allow: Collection[str]) -> Members:
    """Check every member of a JWK and build its key."""
    kty = _text(jwk, "kty")
    reader = {"RSA": _read_rsa, "EC": _read_ec, "OKP": _read_okp, "oct": _read_oct}.get(kty)
    if reader is None:
        raise InvalidKeyError('the member "kty" of the JWK must be "RSA", "EC", "OKP" or "oct"')
    kid = _text(jwk, "kid") if "kid" in jwk else None
    use = _text(jwk, "use") if "use" in jwk else None
    if use not in (None, "sig"):
        raise InvalidKeyError('the JWK is not for signatures: its "use" is not "sig"')
    alg = _text(jwk, "alg") if "alg" in jwk else None
    return Members(reader(jwk, allow), kid, use, _read_key_ops(jwk, use), alg)


def _read_key_ops(jwk: Mapping[str, object], use: str | None) -> tuple[str, ...] | None:
    """RFC 7517 section 4.3: an array of strings, no value twice, consistent with ``use``."""
    if "key_ops" not in jwk:
        return None
    value = jwk["key_ops"]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidKeyError('the member "key_ops" of the JWK must be an array of strings')
    if len(set(value)) != len(value):
        raise InvalidKeyError('the member "key_ops" of the JWK names an operation twice')
    if SIGNATURE_OPS.isdisjoint(value):
        raise InvalidKeyError('the JWK is not for signatures: its "key_ops" have neither "sign" nor "verify"')
    if use == "sig" and not SIGNATURE_OPS.issuperset(value):
        raise InvalidKeyError('the members "use" and "key_ops" of the JWK contradict each other')
    return tuple(value)


def _text(jwk: Mapping[str, object], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        fault = "is missing" if name not in jwk else "must be a string"
        raise InvalidKeyError(f'the member "{name}" of the JWK {fault}')
    try:
        return utf8_text(name, value)
    except ValueError:
        raise InvalidKeyError(f'the member "{name}" of the JWK holds a lone surrogate') from None


def _octets(jwk: Mapping[str, object], name: str, size: int | None = None) -> bytes:
    text = _text(jwk, name)
    if len(text) > _keyobjects.MOST_OCTETS:
        raise InvalidKeyError(f'the member "{name}" of the JWK is too long')
    try:
        value = base64url.decode(text)
    except DecodeError:
        raise InvalidKeyError(f'the member "{name}" of the JWK is not canonical base64url') from None
    if size is not None and len(value) != size:
        raise InvalidKeyError(f'the member "{name}" of the JWK must have {size} octets, not {len(value)}')
    return value


def _integer(jwk: Mapping[str, object], name: str) -> int:
    """A Base64urlUInt (RFC 7518 section 2), unsigned and big-endian.

    RFC 7518 section 6.3.1.1 forbids leading zero octets, yet warns that implementations have written one
    before a high bit; one is therefore let pass, and no more.
    """
    value = _octets(jwk, name)
    if not value or value[:2] == b"\0\0" or value == b"\0":
        raise InvalidKeyError(f'the member "{name}" of the JWK is zero, empty or padded with zeros')
    if 8 * (len(value) - 1) > _strength.MOST_RSA_BITS:
        raise InvalidKeyError(
            f'the member "{name}" of the JWK is too large: {_strength.MOST_RSA_BITS} bits is the most'
        )
    return int.from_bytes(value, "big")


def _read_oct(jwk: Mapping[str, object], allow: Collection[str]) -> bytes:
    return _octets(jwk, "k")


def _read_rsa(jwk: Mapping[str, object], allow: Collection[str]) -> KeyObject:
    from cryptography.hazmat.primitives.asymmetric import rsa

    modulus, exponent = _integer(jwk, "n"), _integer(jwk, "e")
    _strength.check_rsa(modulus, exponent, allow)
    numbers = rsa.RSAPublicNumbers(exponent, modulus)
    if "oth" in jwk:
        raise InvalidKeyError('RSA keys of more than two primes ("oth") are not supported')
    present = [name for name in _CRT_MEMBERS if name in jwk]
    if "d" not in jwk:
        if present:
            raise InvalidKeyError('the JWK has private members, yet "d" is missing')
        return numbers.public_key()
    # RFC 7518 section 6.3.2: with any of these, all of them.
    if present and len(present) != len(_CRT_MEMBERS):
        raise InvalidKeyError('of the members "p", "q", "dp", "dq" and "qi" the JWK has some and lacks some')
    private = _integer(jwk, "d")
    try:
        if present:
            p, q, dp, dq, qi = (_integer(jwk, name) for name in _CRT_MEMBERS)
        else:
            p, q = _prime_factors(modulus, exponent, private)
            dp, dq = rsa.rsa_crt_dmp1(private, p), rsa.rsa_crt_dmq1(private, q)
            qi = rsa.rsa_crt_iqmp(p, q)
        # This proves the primes and every relation between the numbers, those to the public part too.
        return rsa.RSAPrivateNumbers(p, q, private, dp, dq, qi, numbers).private_key()
    except ValueError:
        raise InvalidKeyError("the private members of the JWK do not belong to its public ones") from None


def _prime_factors(modulus: int, exponent: int, private: int) -> tuple[int, int]:
    """The primes of an RSA key of which only ``d`` is known (NIST SP 800-56B, appendix C).

    ``cryptography`` has this too, but tries for hours where the numbers are made for it.
    """
    multiple = private * exponent - 1
    twos = (multiple & -multiple).bit_length() - 1
    if not 1 < private < modulus or not 0 < twos <= _MOST_TWOS:
        raise ValueError("d is out of range")
    for base in _BASES:
        power = pow(base, multiple >> twos, modulus)
        for _ in range(twos):
            square = power * power % modulus
            if square == 1 and power not in (1, modulus - 1):
                prime = math.gcd(power - 1, modulus)
                return max(prime, modulus // prime), min(prime, modulus // prime)
            power = square
    raise ValueError("d does not belong to the modulus")


def _read_ec(jwk: Mapping[str, object], allow: Collection[str]) -> KeyObject:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    crv = _text(jwk, "crv")
    if crv not in _EC_CURVES:
        raise InvalidKeyError('the member "crv" of the JWK names no curve that is supported for "EC"')
    size = (_strength.CURVE_BITS[crv] + 7) // 8
    # RFC 7518 section 6.2.1.2: the full size of a coordinate, leading zeros and all.
    x, y = _octets(jwk, "x", size), _octets(jwk, "y", size)
    curve = _keyobjects.ec_curve(crv)
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve)
    try:
        public = numbers.public_key()
    except ValueError:
        raise InvalidKeyError(f"the point of the JWK is not on the curve {crv}") from None
    except UnsupportedAlgorithm:
        raise InvalidKeyError(f"the curve {crv} is not supported here") from None
    if "d" not in jwk:
        return public
    try:
        private = ec.derive_private_key(int.from_bytes(_octets(jwk, "d", size), "big"), curve)
    except ValueError:
        raise InvalidKeyError('the member "d" of the JWK is out of range') from None
    if private.public_key().public_numbers() != numbers:
        raise InvalidKeyError('the member "d" of the JWK does not belong to its point')
    return private


def _read_okp(jwk: Mapping[str, object], allow: Collection[str]) -> KeyObject:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

    crv = _text(jwk, "crv")
    if crv in ("X25519", "X448"):
        raise InvalidKeyError(f"a key of the curve {crv} cannot sign: it serves no JWS algorithm")
    size = _OKP_OCTETS.get(crv)
    if size is None:
        raise InvalidKeyError('the member "crv" of the JWK names no curve that is supported for "OKP"')
    point = _octets(jwk, "x", size)
    _strength.check_edwards(crv, point)
    private: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    if "d" not in jwk:
        if crv == "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(point)
        return ed448.Ed448PublicKey.from_public_bytes(point)
    seed = _octets(jwk, "d", size)
    if crv == "Ed25519":
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    else:
        private = ed448.Ed448PrivateKey.from_private_bytes(seed)
    if private.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw) != point:
        raise InvalidKeyError('the member "d" of the JWK does not belong to its "x"')
    return private


def _number(value: int, size: int | None = None) -> str:
    """A Base64urlUInt, or a coordinate of ``size`` octets."""
    octets = value.to_bytes(size if size is not None else (value.bit_length() + 7) // 8, "big")
    return base64url.encode(octets).decode("ascii")


def required(public: PublicKeyObject) -> dict[str, str]:
    """The members of a public key that RFC 7638 section 3.2 (RFC 8037 section 2) calls required."""
    from cryptography.hazmat.primitives import serialization as s

    curve = _keyobjects.curve_of(public)
    key: Any = public
    if curve is None:
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    if curve in _EC_CURVES:
        numbers, size = key.public_numbers(), (_strength.CURVE_BITS[curve] + 7) // 8
        return {"kty": "EC", "crv": curve, "x": _number(numbers.x, size), "y": _number(numbers.y, size)}
    point = key.public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
    return {"kty": "OKP", "crv": curve, "x": base64url.encode(point).decode("ascii")}


def write(private: PrivateKeyObject) -> dict[str, str]:
    """The members of a private key, those of its public part among them."""
    from cryptography.hazmat.primitives import serialization as s

    members = required(private.public_key())
    key: Any = private
    if members["kty"] == "RSA":
        numbers = key.private_numbers()
        members |= {"d": _number(numbers.d), "p": _number(numbers.p), "q": _number(numbers.q)}
        members |= {"dp": _number(numbers.dmp1), "dq": _number(numbers.dmq1), "qi": _number(numbers.iqmp)}
    elif members["kty"] == "EC":
        size = (_strength.CURVE_BITS[members["crv"]] + 7) // 8
        members["d"] = _number(key.private_numbers().private_value, size)
    else:
        seed = key.private_bytes(s.Encoding.Raw, s.PrivateFormat.Raw, s.NoEncryption())
        members["d"] = base64url.encode(seed).decode("ascii")
    return members
