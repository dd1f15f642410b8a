"""The oracle: JWT verification in plain Python, written to be right and readable.

It is built from ``json``, ``base64``, ``hmac`` and ``cryptography`` alone, shares nothing with the
engine but the exception classes and the algorithm table, and gives the verdict that the engine must
give: the tests compare the two on every input they can think of, and the benchmarks measure the
engine against it.

The order of checks decides which error a token with several faults gets, so it is fixed:

1. the token's Python type, its size (``max_token_size`` octets), ASCII, exactly two dots, a header;
2. the header segment's base64url, its JSON, an object;
3. ``b64`` and ``crit`` (RFC 7797 section 7, RFC 7515 section 4.1.11);
4. ``alg``: a string, known, allowed;
5. ``typ`` and ``kid``: strings where present; then the ``typ`` that the verifier insists on;
6. the key;
7. the signature segment's base64url, the signature;
8. the payload segment's base64url, its JSON, an object. The signature covers the payload's *text*,
   so a payload that is not base64url counts as a bad signature first where nobody signed it;
9. the required claims, in the order the caller gave; then the types and ranges of ``exp``, ``nbf``
   and ``iat``; then expired, not yet valid, issued in the future, older than ``max_age``; then
   ``iss``, ``aud``, ``sub`` and ``jti``, each first its type and then its value.

What base64url and JSON may look like is in ``bench.strict``.

Example:
    >>> key = Key.from_secret(bytes(range(32)))
    >>> token = sign({"sub": "42", "exp": 2_000_000_000}, key, "HS256")
    >>> verify(token, key, clock=lambda: 1_900_000_000)["sub"]
    '42'
    >>> verdict(token, key, clock=lambda: 2_000_000_000)
    ('ExpiredSignatureError', 'exp')
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from bench.strict import decode_segment, dumps, encode_segment, loads
from cyjwt import errors
from cyjwt.algorithms import ALGORITHMS, EC, HMAC, OKP, RSA_PSS, Algorithm

#: 9999-12-31T23:59:59Z, the last second that a calendar date of four-digit years can name.
MAX_DATE = 253_402_300_799

_HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
#: The header members that RFC 7515 section 4.1 defines; `crit` must name none of them.
REGISTERED_HEADER = frozenset(
    ["alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"]
)


class Read(NamedTuple):
    """A verified token: what ``verify_complete`` gives."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signature: bytes


# --------------------------------------------------------------------------- keys


@dataclass(frozen=True)
class Key:
    """A key as the oracle sees it: native material and the algorithms that it may serve.

    Attributes:
        material: the secret, or a ``cryptography`` key object.
        public: the verifying half (the secret itself for ``oct``).
        algorithms: the names of the algorithms that it is fit for.
        kid: the key's name within a set.
    """

    material: Any
    public: Any
    algorithms: frozenset[str]
    kid: str | None = None

    @classmethod
    def from_secret(cls, secret: bytes, kid: str | None = None) -> Key:
        """A key for HMAC; it serves the hashes that are no larger than it is (RFC 7518 section 3.2)."""
        fit = [
            a.name for a in ALGORITHMS.values() if a.family == HMAC and a.least_key_bits <= 8 * len(secret)
        ]
        return cls(secret, secret, frozenset(fit), kid)

    @classmethod
    def from_cryptography(cls, key: Any, kid: str | None = None) -> Key:
        """A key from one of ``cryptography``'s objects, private or public."""
        public = key.public_key() if hasattr(key, "public_key") else key
        kty, curve, bits = _shape(public)
        fit = [
            a.name
            for a in ALGORITHMS.values()
            if a.kty == kty and (not a.curves or curve in a.curves) and a.least_key_bits <= bits
        ]
        return cls(key, public, frozenset(fit), kid)

    @classmethod
    def from_pem(cls, pem: bytes, kid: str | None = None) -> Key:
        """A key from PEM text: PKCS#8 or SubjectPublicKeyInfo."""
        if b"PRIVATE KEY" in pem:
            return cls.from_cryptography(serialization.load_pem_private_key(pem, None), kid)
        return cls.from_cryptography(serialization.load_pem_public_key(pem), kid)


def _shape(public: Any) -> tuple[str, str, int]:
    if isinstance(public, rsa.RSAPublicKey):
        return "RSA", "", public.key_size
    if isinstance(public, ec.EllipticCurvePublicKey):
        return "EC", _CURVES[public.curve.name], public.curve.key_size
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "OKP", "Ed25519", 255
    if isinstance(public, ed448.Ed448PublicKey):
        return "OKP", "Ed448", 448
    raise TypeError("not a key that JWS can use")


# --------------------------------------------------------------------------- signatures


def make_signature(key: Key, algorithm: str, data: bytes) -> bytes:
    """The JOSE signature of ``data``."""
    row = ALGORITHMS[algorithm]
    if row.family == HMAC:
        return hmac.digest(key.material, data, f"sha{row.hash_bits}")
    if row.family == OKP:
        return bytes(key.material.sign(data))
    if row.family == EC:
        r, s = decode_dss_signature(key.material.sign(data, ec.ECDSA(_HASHES[row.hash_bits])))
        half = row.signature_size // 2
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")
    return bytes(key.material.sign(data, _padding(row), _HASHES[row.hash_bits]))


def check_signature(key: Key, algorithm: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is a JOSE signature of ``data`` by ``key``."""
    row = ALGORITHMS[algorithm]
    if row.family == HMAC:
        return hmac.compare_digest(hmac.digest(key.material, data, f"sha{row.hash_bits}"), signature)
    try:
        if row.family == OKP:
            key.public.verify(signature, data)
        elif row.family == EC:
            if len(signature) != row.signature_size:
                return False
            half = row.signature_size // 2
            pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            key.public.verify(encode_dss_signature(*pair), data, ec.ECDSA(_HASHES[row.hash_bits]))
        else:
            if len(signature) != (key.public.key_size + 7) // 8:
                return False
            key.public.verify(signature, data, _padding(row), _HASHES[row.hash_bits])
    except InvalidSignature:
        return False
    return True


def _padding(row: Algorithm) -> padding.AsymmetricPadding:
    if row.family != RSA_PSS:
        return padding.PKCS1v15()
    # RFC 7518 section 3.5: the salt is as long as the hash.
    return padding.PSS(padding.MGF1(_HASHES[row.hash_bits]), row.hash_bits // 8)


# --------------------------------------------------------------------------- tokens


def sign(
    claims: dict[str, Any], key: Key, algorithm: str, headers: dict[str, Any] | None = None, type: str = "JWT"
) -> str:
    """A signed token in the compact serialization."""
    header = {"alg": algorithm, "typ": type, **({"kid": key.kid} if key.kid else {}), **(headers or {})}
    data = encode_segment(dumps(header)) + b"." + encode_segment(dumps(claims))
    return (data + b"." + encode_segment(make_signature(key, algorithm, data))).decode("ascii")


def verify(token: Any, keys: Key | Sequence[Key], **policy: Any) -> dict[str, Any]:
    """The claims of a token that satisfies the policy; or one of cyjwt's errors.

    Args:
        token: ``str`` or anything with the buffer protocol.
        keys: one key, which serves whatever ``kid`` the token names; or a sequence of keys, a set.
        policy: the keyword arguments of ``cyjwt.Verifier``.
    """
    return verify_complete(token, keys, **policy).claims


def verdict(token: Any, keys: Key | Sequence[Key], **policy: Any) -> tuple[str | None, str | None]:
    """The name of the error class and the claim at fault; ``(None, None)`` for a good token."""
    try:
        verify(token, keys, **policy)
    except errors.InvalidTokenError as error:
        return type(error).__name__, error.claim
    return None, None


def verify_complete(
    token: Any,
    keys: Key | Sequence[Key],
    *,
    algorithms: Iterable[str] | None = None,
    issuer: str | Collection[str] | None = None,
    audience: str | Collection[str] | None = None,
    subject: str | None = None,
    leeway: float = 0,
    required: Sequence[str] = ("exp",),
    type: str | None = None,
    max_age: float | None = None,
    max_token_size: int = 65536,
    clock: Callable[[], float] = time.time,
    allow_padding: bool = False,
    critical: Collection[str] = (),
) -> Read:
    """Like ``verify``, with the header and the signature."""
    text = _token_text(token, max_token_size)
    if text.count(b".") != 2 or text.startswith(b"."):
        raise errors.DecodeError("not three segments")
    head, payload, tail = text.split(b".")

    header = _object(decode_segment(head, allow_padding))
    _check_critical(header, critical)
    algorithm = _algorithm(header, keys, algorithms)
    for name in ("typ", "kid"):
        if name in header and not isinstance(header[name], str):
            raise errors.DecodeError(f"{name} is not a string")
    if type is not None and ("typ" not in header or _media_type(header["typ"]) != _media_type(type)):
        raise errors.InvalidTokenError("not the type of token wanted here")
    key = _find(keys, header.get("kid"), algorithm)

    signature = decode_segment(tail, allow_padding)
    if not check_signature(key, algorithm, head + b"." + payload, signature):
        raise errors.InvalidSignatureError("the signature does not hold")

    claims = _object(decode_segment(payload, allow_padding))
    for name in required:
        if claims.get(name) is None:
            raise _fault(errors.MissingRequiredClaimError, name)
    _check_times(claims, clock(), leeway, max_age)
    _check_issuer(claims, issuer)
    _check_audience(claims, audience)
    _check_subject(claims, subject)
    if not isinstance(claims.get("jti", ""), str):
        raise _fault(errors.InvalidJTIError, "jti")
    return Read(header, claims, signature)


def read_unverified(token: Any) -> Read:
    """The parts of a token, with nothing verified."""
    text = _token_text(token, 1 << 62)
    if text.count(b".") != 2 or text.startswith(b"."):
        raise errors.DecodeError("not three segments")
    head, payload, tail = (decode_segment(part) for part in text.split(b"."))
    return Read(_object(head), _object(payload), tail)


def thumbprint(members: dict[str, str]) -> str:
    """The RFC 7638 SHA-256 thumbprint over a JWK's required members, which the caller picked."""
    ordered = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return encode_segment(hashlib.sha256(ordered).digest()).decode()


def _token_text(token: Any, limit: int) -> bytes:
    if isinstance(token, str):
        if not token.isascii():
            raise errors.DecodeError("a token is ASCII")
        text = token.encode("ascii")
    else:
        try:
            text = bytes(memoryview(token))
        except TypeError:
            raise errors.DecodeError("a token is a str or bytes") from None
    if len(text) > limit:
        raise errors.DecodeError("the token is too long")
    return text


def _object(data: bytes) -> dict[str, Any]:
    value = loads(data)
    if not isinstance(value, dict):
        raise errors.DecodeError("not a JSON object")
    return value


def _check_critical(header: dict[str, Any], understood: Collection[str]) -> None:
    # RFC 7797 section 7: a JWT is never unencoded; anything but a true `b64` would make it so.
    if header.get("b64", True) is not True:
        raise errors.DecodeError("b64 is not for JWTs")
    if "crit" not in header:
        return
    names = header["crit"]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise errors.DecodeError("crit is not a list of names")
    known = [name for name in names if name in understood]
    if REGISTERED_HEADER & set(names) or len(set(known)) != len(known) or not set(known) <= set(header):
        raise errors.DecodeError("crit names a registered member, an absent one, or one twice")
    if len(known) != len(names):
        raise errors.InvalidTokenError("a critical header member is not understood")


def _algorithm(header: dict[str, Any], keys: Key | Sequence[Key], allowed: Iterable[str] | None) -> str:
    name = header.get("alg")
    if allowed is None:
        allowed = frozenset().union(*(key.algorithms for key in ([keys] if isinstance(keys, Key) else keys)))
    if not isinstance(name, str) or name not in ALGORITHMS or name not in set(allowed):
        raise errors.InvalidAlgorithmError("the algorithm is not one that may be used")
    return name


def _media_type(name: str) -> str:
    # RFC 7515 section 4.1.9: "application/" may be left out where no other slash appears. Media types
    # are ASCII, and so are the letters whose case does not count.
    name = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)
    bare = name.removeprefix("application/")
    return name if "/" in bare else bare


def _find(keys: Key | Sequence[Key], kid: str | None, algorithm: str) -> Key:
    if isinstance(keys, Key):
        if algorithm not in keys.algorithms:
            raise errors.InvalidAlgorithmError("the key is not fit for the algorithm")
        return keys
    fit = [key for key in keys if algorithm in key.algorithms and kid in (None, key.kid)]
    if len(fit) != 1:
        raise errors.KeyNotFoundError("no key of the set serves the token, or several do")
    return fit[0]


def _fault(error: type[errors.InvalidTokenError], claim: str) -> errors.InvalidTokenError:
    fault = error(f"the {claim} claim")
    fault.claim = claim
    return fault


def _check_times(claims: dict[str, Any], now: float, leeway: float, max_age: float | None) -> None:
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not 0 <= value <= MAX_DATE:
            raise _fault(errors.InvalidIssuedAtError if name == "iat" else errors.DecodeError, name)
    if "exp" in claims and now >= claims["exp"] + leeway:
        raise _fault(errors.ExpiredSignatureError, "exp")
    for name in ("nbf", "iat"):
        if claims.get(name, 0) > now + leeway:
            raise _fault(errors.ImmatureSignatureError, name)
    if max_age is not None:
        if "iat" not in claims:
            raise _fault(errors.MissingRequiredClaimError, "iat")
        if now > claims["iat"] + max_age + leeway:
            raise _fault(errors.ExpiredSignatureError, "iat")


def _check_issuer(claims: dict[str, Any], issuer: str | Collection[str] | None) -> None:
    if not isinstance(claims.get("iss", ""), str):
        raise _fault(errors.InvalidIssuerError, "iss")
    if issuer is not None:
        if "iss" not in claims:
            raise _fault(errors.MissingRequiredClaimError, "iss")
        if claims["iss"] not in _names(issuer):
            raise _fault(errors.InvalidIssuerError, "iss")


def _check_audience(claims: dict[str, Any], audience: str | Collection[str] | None) -> None:
    if "aud" not in claims:
        if audience is not None:
            raise _fault(errors.MissingRequiredClaimError, "aud")
        return
    value = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _fault(errors.InvalidAudienceError, "aud")
    # RFC 7519 section 4.1.3: a token for somebody is not for a verifier that is nobody.
    if audience is None or not set(value) & _names(audience):
        raise _fault(errors.InvalidAudienceError, "aud")


def _check_subject(claims: dict[str, Any], subject: str | None) -> None:
    if not isinstance(claims.get("sub", ""), str):
        raise _fault(errors.InvalidSubjectError, "sub")
    if subject is not None:
        if "sub" not in claims:
            raise _fault(errors.MissingRequiredClaimError, "sub")
        if claims["sub"] != subject:
            raise _fault(errors.InvalidSubjectError, "sub")


def _names(value: str | Collection[str]) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value)
