"""Which key numbers are refused, and which algorithms a key of some type and size is fit for.

Every rule here is about public numbers, except the length of a secret. A key that breaks one is refused
when it is made, so that no token ever meets it.
"""

from __future__ import annotations

from cyjwt import algorithms
from cyjwt._roca import is_roca
from cyjwt.errors import InvalidKeyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Final

__all__ = [
    "ALLOWANCES",
    "CURVE_BITS",
    "LEAST_SECRET_OCTETS",
    "MOST_RSA_BITS",
    "check_edwards",
    "check_rsa",
    "check_rsa_bits",
    "check_rsa_numbers",
    "check_secret_size",
    "fit_algorithms",
]

#: What a caller may permit by name.
ALLOWANCES: Final = frozenset({"small-exponent"})

#: Bits of each curve's field, RFC 7518 section 6.2.1, RFC 8812 section 3.1, RFC 8037 section 2.
CURVE_BITS: Final = {
    "P-256": 256,
    "P-384": 384,
    "P-521": 521,
    "secp256k1": 256,
    "Ed25519": 255,
    "Ed448": 448,
}

#: The hash of the smallest HMAC algorithm (RFC 7518 section 3.2).
LEAST_SECRET_OCTETS: Final = (
    min(row.least_key_bits for row in algorithms.ALGORITHMS.values() if row.kty == "oct") // 8
)

_LEAST_RSA_BITS: Final = min(row.least_key_bits for row in algorithms.ALGORITHMS.values() if row.kty == "RSA")
#: Verification costs the square of the size; AWS-LC and OpenSSL stop at 16,384.
MOST_RSA_BITS: Final = 8192
# FIPS 186-5 section A.1.1 wants e > 2**16; libcrypto verifies with at most 33 bits.
_LEAST_RSA_EXPONENT: Final = 65537
_MOST_RSA_EXPONENT_BITS: Final = 33

# RFC 7748 sections 4.1 and 4.2.
_P25519: Final = 2**255 - 19
_P448: Final = 2**448 - 2**224 - 1
# RFC 8032 sections 5.1 and 5.2.
_D25519: Final = -121665 * pow(121666, -1, _P25519) % _P25519
_D448: Final = -39081
# The y of the two pairs of points of order 8; those of order 1, 2 and 4 have y = 1, -1 and 0.
_Y_OF_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_LOW_ORDER_25519: Final = frozenset({0, 1, _P25519 - 1, _Y_OF_ORDER_8, _P25519 - _Y_OF_ORDER_8})
_LOW_ORDER_448: Final = frozenset({0, 1, _P448 - 1})


def fit_algorithms(kty: str, curve: str | None, bits: int) -> frozenset[str]:
    """Name the algorithms that a key of this type, curve and size may serve."""
    return frozenset(
        row.name
        for row in algorithms.ALGORITHMS.values()
        if row.kty == kty and bits >= row.least_key_bits and (not row.curves or curve in row.curves)
    )


def check_secret_size(octets: int) -> None:
    """Refuse an HMAC secret shorter than the smallest hash (RFC 7518 section 3.2)."""
    if octets == 0:
        raise InvalidKeyError("an empty secret authenticates nothing")
    if octets < LEAST_SECRET_OCTETS:
        raise InvalidKeyError(
            f"a secret of {octets} octets is too short: HS256 needs {LEAST_SECRET_OCTETS} or more "
            "(RFC 7518 section 3.2)"
        )


def check_rsa_bits(bits: int) -> None:
    """Refuse an RSA modulus that is too small (RFC 7518 section 3.3) or too large."""
    if bits < _LEAST_RSA_BITS:
        raise InvalidKeyError(f"an RSA key of {bits} bits is too small: {_LEAST_RSA_BITS} or more are needed")
    if bits > MOST_RSA_BITS:
        raise InvalidKeyError(f"an RSA key of {bits} bits is too large: {MOST_RSA_BITS} is the most")


def check_rsa(modulus: int, exponent: int, allow: Collection[str] = ()) -> None:
    """Refuse an RSA key that is too small or too large, or whose exponent is unsafe."""
    check_rsa_bits(modulus.bit_length())
    check_rsa_numbers(modulus, exponent, allow)


def check_rsa_numbers(modulus: int, exponent: int, allow: Collection[str] = ()) -> None:
    """Refuse an RSA key of whatever size whose numbers are unsafe."""
    if modulus % 2 == 0:
        raise InvalidKeyError("an RSA modulus must be odd")
    if exponent < 3 or exponent % 2 == 0:
        raise InvalidKeyError("an RSA public exponent must be odd and greater than 1")
    if exponent.bit_length() > _MOST_RSA_EXPONENT_BITS:
        raise InvalidKeyError(f"an RSA public exponent has {_MOST_RSA_EXPONENT_BITS} bits at most")
    if exponent < _LEAST_RSA_EXPONENT and "small-exponent" not in allow:
        raise InvalidKeyError(
            f"an RSA public exponent of {exponent} is too small: {_LEAST_RSA_EXPONENT} or more is needed; "
            'allow=("small-exponent",) admits it'
        )
    if is_roca(modulus):
        raise InvalidKeyError("an RSA key of a generator known to be faulty (ROCA, CVE-2017-15361)")


def check_edwards(curve: str, point: bytes) -> None:
    """Refuse an encoded public point that is not canonical, not on the curve, or of low order.

    A signature under a low-order point can be made to hold for any message, and libcrypto accepts one
    (RFC 8032 section 5.1.7 leaves the check to the caller).
    """
    if curve == "Ed25519":
        # RFC 8032 section 5.1.3: 255 bits of y, little-endian, then the sign of x.
        prime, low_order, size = _P25519, _LOW_ORDER_25519, 32
    else:
        # RFC 8032 section 5.2.3: 448 bits of y, seven zero bits, then the sign of x.
        prime, low_order, size = _P448, _LOW_ORDER_448, 57
    if len(point) != size:
        raise InvalidKeyError(f"an {curve} public key has {size} octets, not {len(point)}")
    y = int.from_bytes(point[:-1] + bytes((point[-1] & 0x7F,)), "little")
    if y >= prime:
        raise InvalidKeyError(f"the {curve} public key is not in canonical form")
    if y in low_order:
        raise InvalidKeyError(f"the {curve} public key is a point of low order: anybody can sign for it")
    # x^2 = u / v has a solution only for a y on the curve; u and v are never 0 here.
    u = y * y - 1
    v = _D25519 * y * y + 1 if curve == "Ed25519" else _D448 * y * y - 1
    if pow(u * v, (prime - 1) // 2, prime) != 1:
        raise InvalidKeyError(f"the {curve} public key is not a point on the curve")
