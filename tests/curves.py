"""Curve arithmetic in plain Python, to make keys and signatures that no library would make.

Slow, with branches on everything and nothing kept secret: fit for tests and for nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec

#: A point of a Weierstrass curve; ``None`` is the point at infinity.
Point = tuple[int, int] | None


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 - 3x + b over the integers modulo p.

    Attributes:
        algorithm: the ``alg`` that it serves.
        size: octets of a coordinate, and of r and s.
    """

    algorithm: str
    p: int
    n: int
    b: int
    g: tuple[int, int]
    size: int
    hash: str

    def hashed(self, data: bytes) -> int:
        return int.from_bytes(hashlib.new(self.hash, data).digest(), "big")

    def negative(self, one: Point) -> Point:
        return one and (one[0], -one[1] % self.p)

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return one or other
        if one[0] == other[0]:
            if (one[1] + other[1]) % self.p == 0:
                return None
            slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, self.p)
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, self.p)
        x = (slope * slope - one[0] - other[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def times(self, scalar: int, point: Point) -> Point:
        """In Jacobian coordinates, but for multiples of the generator, which ``cryptography`` knows."""
        scalar %= self.n
        if scalar == 0 or point is None:
            return None
        if point == self.g:
            numbers = ec.derive_private_key(scalar, _NAMES[self.algorithm]).public_key().public_numbers()
            return numbers.x, numbers.y
        p, (px, py) = self.p, point
        x, y, z = 0, 1, 0
        for bit in bin(scalar)[2:]:
            if z:
                square = y * y % p
                s = 4 * x * square % p
                m = 3 * (x - z * z) * (x + z * z) % p
                y, z = (m * (3 * s - m * m) - 8 * square * square) % p, 2 * y * z % p
                x = (m * m - 2 * s) % p
            if bit == "1":
                if not z:
                    x, y, z = px, py, 1
                    continue
                zz = z * z % p
                h, r = (px * zz - x) % p, (py * zz * z - y) % p
                if h == 0:
                    # The point meets itself or its negative: left to the plain formulas.
                    met = self.add(self._affine(x, y, z), point)
                    x, y, z = (*met, 1) if met else (0, 1, 0)
                    continue
                hh = h * h % p
                v = x * hh % p
                y_before, x = y, (r * r - h * hh - 2 * v) % p
                y = (r * (v - x) - y_before * h * hh) % p
                z = z * h % p
        return self._affine(x, y, z)

    def _affine(self, x: int, y: int, z: int) -> Point:
        if z == 0:
            return None
        inverse = pow(z, -1, self.p)
        return x * inverse**2 % self.p, y * inverse**3 % self.p

    def lift(self, x: int) -> Point:
        """The point of this x with the even y, or ``None`` where the curve has none."""
        square = (x * x * x - 3 * x + self.b) % self.p
        # Each of these primes is 3 modulo 4.
        y = pow(square, (self.p + 1) // 4, self.p)
        return None if y * y % self.p != square else (x, y if y % 2 == 0 else self.p - y)

    def near(self, x: int) -> tuple[int, int]:
        """The first point from this x on."""
        while True:
            if (point := self.lift(x)) is not None:
                return point
            x += 1

    def holds(self, public: Point, hashed: int, r: int, s: int) -> bool:
        """FIPS 186-5 section 6.4.2."""
        if not (0 < r < self.n and 0 < s < self.n):
            return False
        w = pow(s, -1, self.n)
        found = self.add(self.times(hashed * w, self.g), self.times(r * w, public))
        return found is not None and found[0] % self.n == r

    def key_of(self, nonce: Point, hashed: int, s: int) -> Point:
        """The public key under which r of this nonce's point, with s, signs the hash."""
        assert nonce is not None
        r = nonce[0] % self.n
        left = self.add(self.times(s, nonce), self.times(-hashed, self.g))
        return self.times(pow(r, -1, self.n), left)

    def signature(self, r: int, s: int) -> bytes:
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def octets(self, point: Point) -> bytes:
        assert point is not None
        return b"\4" + point[0].to_bytes(self.size, "big") + point[1].to_bytes(self.size, "big")

    def public_key(self, point: Point) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(_NAMES[self.algorithm], self.octets(point))


_NAMES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
_FIELDS = {
    "ES256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "ES384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "ES512": 2**521 - 1,
}
_ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}


@cache
def curve(algorithm: str) -> Curve:
    """The NIST curve of an algorithm."""
    numbers = ec.derive_private_key(1, _NAMES[algorithm]).public_key().public_numbers()
    p, g = _FIELDS[algorithm], (numbers.x, numbers.y)
    b = (g[1] ** 2 - g[0] ** 3 + 3 * g[0]) % p
    name = {"ES256": "sha256", "ES384": "sha384", "ES512": "sha512"}[algorithm]
    return Curve(algorithm, p, _ORDERS[algorithm], b, g, (p.bit_length() + 7) // 8, name)


# -- Edwards25519 (RFC 8032 section 5.1)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1

Edwards = tuple[int, int]
IDENTITY: Edwards = (0, 1)


def plus(one: Edwards, other: Edwards) -> Edwards:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def multiple(scalar: int, point: Edwards) -> Edwards:
    """Not reduced by L first: a point may have another order. In projective coordinates, by the complete law."""
    x, y, z = 0, 1, 1
    for bit in bin(scalar)[2:]:
        b = (x + y) ** 2 % P
        c, d = x * x % P, y * y % P
        f = d - c
        j = f - 2 * z * z
        x, y, z = (b - c - d) * j % P, -f * (c + d) % P, f * j % P
        if bit == "1":
            a = z * z % P
            c, d = x * point[0] % P, y * point[1] % P
            e = D * c * d % P
            x, y, z = (
                z * (a - e) * ((x + y) * (point[0] + point[1]) - c - d) % P,
                z * (a + e) * (c + d) % P,
                (a - e) * (a + e) % P,
            )
    inverse = pow(z, -1, P)
    return x * inverse % P, y * inverse % P


def minus(point: Edwards) -> Edwards:
    return -point[0] % P, point[1]


def encoded(point: Edwards) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def x_of(y: int, sign: int) -> int | None:
    """The x of that sign, or ``None`` where there is no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square:
        return None
    return x if x & 1 == sign else -x % P


_base_y = 4 * pow(5, -1, P) % P
_base_x = x_of(_base_y, 0)
assert _base_x is not None
BASE: Edwards = (_base_x, _base_y)


@cache
def torsion() -> tuple[Edwards, ...]:
    """The eight points whose order divides eight, the multiples of one of order eight."""
    y = 2
    while True:
        x = x_of(y, 0)
        if x is not None:
            small = multiple(L, (x, y))
            if multiple(4, small) != IDENTITY:
                return tuple(multiple(i, small) if i else IDENTITY for i in range(8))
        y += 1


def challenge(r: bytes, public: bytes, data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + data).digest(), "little") % L


def ed25519_holds(public: Edwards, data: bytes, signature: bytes) -> bool:
    """RFC 8032 section 5.1.7 without the cofactor, R compared as octets: what libcrypto computes."""
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    h = challenge(signature[:32], encoded(public), data)
    return encoded(plus(multiple(s, BASE), minus(multiple(h, public)))) == signature[:32]
