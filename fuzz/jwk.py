"""The oracle for JWKs: RFC 7517, RFC 7518 section 6 and RFC 8037 in plain Python, over ``cryptography``'s numbers.

It shares the tables of ``bench.baseline`` and nothing with the reader that it judges, but for two lists that are a
matter of policy: what a secret in disguise looks like, and the fingerprint of a faulty RSA generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from bench import baseline
from bench.strict import decode_segment
from cyjwt import errors
from cyjwt._material import disguised
from cyjwt._roca import is_roca

_CURVES = {
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
    "secp256k1": (ec.SECP256K1(), 32),
}
_OKP = {
    "Ed25519": (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey),
    "Ed448": (ed448.Ed448PublicKey, ed448.Ed448PrivateKey),
}
#: RFC 8032 sections 5.1 and 5.2: the prime, the a and the d of the curve, the octets of a point.
_EDWARDS = {
    "Ed25519": (2**255 - 19, -1, -121665 * pow(121666, -1, 2**255 - 19), 32),
    "Ed448": (2**448 - 2**224 - 1, 1, -39081, 57),
}
_CRT = ("p", "q", "dp", "dq", "qi")
_SECRET_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}


class RefusedError(ValueError):
    """The JWK must not be made a key."""


def read(members: Any) -> baseline.Key:
    """The key that a JWK is, cut to the algorithms that it may verify with.

    Raises:
        RefusedError: it must be refused.
    """
    if not isinstance(members, dict):
        raise RefusedError("not an object")
    for name in ("kid", "use", "alg"):
        if name in members and not isinstance(members[name], str):
            raise RefusedError(f"{name} is no string")
    if members.get("use", "sig") != "sig":
        raise RefusedError("not for signatures")
    key = material(members, members.get("kid"))
    fit = key.algorithms
    if "alg" in members:
        fit &= {members["alg"]}
        if not fit:
            raise RefusedError("not fit for its alg")
    ops = _key_ops(members)
    private = isinstance(key.material, bytes) or key.material is not key.public
    if not ("verify" in ops or (private and "sign" in ops)):
        raise RefusedError("of no use")
    return baseline.Key(key.material, key.public, fit if "verify" in ops else frozenset(), key.kid)


def is_secret(members: Mapping[str, Any]) -> bool:
    """Whether a published set must not hold it."""
    return members.get("kty") == "oct" or bool(_SECRET_MEMBERS & set(members))


def _key_ops(members: Mapping[str, Any]) -> set[str]:
    if "key_ops" not in members:
        return {"sign", "verify"}
    ops = members["key_ops"]
    if not isinstance(ops, list) or not all(isinstance(op, str) for op in ops) or len(set(ops)) != len(ops):
        raise RefusedError("key_ops are not distinct strings")
    if not set(ops) & {"sign", "verify"} or ("use" in members and not set(ops) <= {"sign", "verify"}):
        raise RefusedError("key_ops are not for signatures")
    return set(ops)


def material(members: Mapping[str, Any], kid: str | None) -> baseline.Key:
    """The key by its type alone."""
    try:
        match members.get("kty"):
            case "RSA":
                return baseline.Key.from_cryptography(_rsa(members), kid)
            case "EC":
                return baseline.Key.from_cryptography(_ec(members), kid)
            case "OKP":
                return baseline.Key.from_cryptography(_okp(members), kid)
            case "oct":
                return _oct(members, kid)
    except errors.DecodeError:
        raise RefusedError("not base64url") from None
    except ValueError as error:
        raise RefusedError(str(error)) from None
    raise RefusedError("of no type that is known")


def _octets(members: Mapping[str, Any], name: str, size: int | None = None) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value.isascii():
        raise RefusedError(f"{name} is no text of base64url")
    octets = decode_segment(value.encode())
    if size is not None and len(octets) != size:
        raise RefusedError(f"{name} is of the wrong size")
    return octets


def _number(members: Mapping[str, Any], name: str) -> int:
    octets = _octets(members, name)
    value = int.from_bytes(octets, "big")
    # One zero octet in front is let pass.
    if value == 0 or len(octets) > 1 + (value.bit_length() + 7) // 8 or value.bit_length() > 8192:
        raise RefusedError(f"{name} is out of range")
    return value


def _rsa(members: Mapping[str, Any]) -> Any:
    n, e = _number(members, "n"), _number(members, "e")
    if not 2048 <= n.bit_length() <= 8192 or n % 2 == 0 or e % 2 == 0 or not 65537 <= e < 2**33 or is_roca(n):
        raise RefusedError("weak")
    present = [name for name in _CRT if name in members]
    if "oth" in members or (present and len(present) < len(_CRT)):
        raise RefusedError("some private members and not others")
    public = rsa.RSAPublicNumbers(e, n)
    if "d" not in members:
        if present:
            raise RefusedError("no d")
        return public.public_key()
    d = _number(members, "d")
    if present:
        p, q, dp, dq, qi = (_number(members, name) for name in _CRT)
        return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()
    if not 1 < d < n or any(pow(pow(base, e, n), d, n) != base for base in (2, 3, 5)):
        raise RefusedError("d does not belong to n and e")
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()


def _ec(members: Mapping[str, Any]) -> Any:
    name = members.get("crv")
    if not isinstance(name, str) or name not in _CURVES:
        raise RefusedError("no curve that is known")
    curve, size = _CURVES[name]
    x, y = (int.from_bytes(_octets(members, axis, size), "big") for axis in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, curve)
    public.public_key()
    if "d" not in members:
        return public.public_key()
    private = ec.derive_private_key(int.from_bytes(_octets(members, "d", size), "big"), curve)
    if private.public_key().public_numbers() != public:
        raise RefusedError("d does not belong to the point")
    return private


def _okp(members: Mapping[str, Any]) -> Any:
    name = members.get("crv")
    if not isinstance(name, str) or name not in _OKP:
        raise RefusedError("no curve that is known")
    public, private = _OKP[name]
    point = _octets(members, "x", _EDWARDS[name][3])
    check_point(name, point)
    if "d" not in members:
        return public.from_public_bytes(point)
    key = private.from_private_bytes(_octets(members, "d", len(point)))
    if key.public_key().public_bytes_raw() != point:
        raise RefusedError("d does not belong to x")
    return key


def check_point(name: str, point: bytes) -> None:
    """Insist on the one encoding of a point whose order is not small (RFC 8032 sections 5.1.3 and 5.2.3)."""
    p, a, d, _ = _EDWARDS[name]
    number = int.from_bytes(point, "little")
    bits = 8 * len(point) - 1
    y = number & ((1 << bits) - 1)
    square = (1 - y * y) * pow(a - d * y * y, -1, p) % p
    if y >= p or pow(square, (p - 1) // 2, p) not in (0, 1):
        raise RefusedError("not a point, or not in its one form")
    # y of 2P needs no more of P than its y: three doublings bring every point of small order to y = 1.
    for _ in range(3):
        xx = (1 - y * y) * pow(a - d * y * y, -1, p) % p
        y = (y * y - a * xx) * pow(1 - d * xx * y * y, -1, p) % p
    if y == 1:
        raise RefusedError("of small order")


def _oct(members: Mapping[str, Any], kid: str | None) -> baseline.Key:
    secret = _octets(members, "k")
    if len(secret) < 32 or disguised(secret):
        raise RefusedError("no secret")
    return baseline.Key.from_secret(secret, kid)
