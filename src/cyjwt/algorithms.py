"""The one table of JWS algorithms: family, hash, curve, sizes, least key size.

Everything that must know what an ``alg`` name means asks here. The compiled engine copies these rows
into C when it is imported, and is handed a resolved row, never a name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

__all__ = ["ALGORITHMS", "EC", "HMAC", "OKP", "RSA_PKCS1", "RSA_PSS", "Algorithm"]

HMAC: Final = 1
RSA_PKCS1: Final = 2
RSA_PSS: Final = 3
EC: Final = 4
OKP: Final = 5


class Algorithm:
    """One row: what the header's ``alg`` value stands for.

    Attributes:
        name: the registered name, exact and case-sensitive.
        id: a small number, 1 to 31, by which the engine knows the row.
        family: ``HMAC``, ``RSA_PKCS1``, ``RSA_PSS``, ``EC`` or ``OKP``.
        kty: the key type it needs, as in a JWK.
        hash_bits: the size of its SHA-2 hash, or 0 where the scheme has its own.
        curves: the curves (JWK ``crv``) it may be used with; empty if it has none.
        signature_size: octets of a JOSE signature; 0 where the key decides.
        least_key_bits: a smaller key is refused.
    """

    __slots__ = (
        "curves",
        "family",
        "hash_bits",
        "id",
        "kty",
        "least_key_bits",
        "name",
        "signature_size",
    )

    def __init__(
        self,
        name: str,
        id: int,
        family: int,
        kty: str,
        hash_bits: int,
        curves: tuple[str, ...],
        signature_size: int,
        least_key_bits: int,
    ) -> None:
        self.name = name
        self.id = id
        self.family = family
        self.kty = kty
        self.hash_bits = hash_bits
        self.curves = curves
        self.signature_size = signature_size
        self.least_key_bits = least_key_bits

    def __repr__(self) -> str:
        return f"<Algorithm {self.name}>"


def _table() -> dict[str, Algorithm]:
    rows = [
        # RFC 7518 section 3.2: a key of the hash's size or more is a MUST.
        Algorithm("HS256", 1, HMAC, "oct", 256, (), 32, 256),
        Algorithm("HS384", 2, HMAC, "oct", 384, (), 48, 384),
        Algorithm("HS512", 3, HMAC, "oct", 512, (), 64, 512),
        # RFC 7518 sections 3.3 and 3.5: 2048 bits or more is a MUST.
        Algorithm("RS256", 4, RSA_PKCS1, "RSA", 256, (), 0, 2048),
        Algorithm("RS384", 5, RSA_PKCS1, "RSA", 384, (), 0, 2048),
        Algorithm("RS512", 6, RSA_PKCS1, "RSA", 512, (), 0, 2048),
        Algorithm("PS256", 7, RSA_PSS, "RSA", 256, (), 0, 2048),
        Algorithm("PS384", 8, RSA_PSS, "RSA", 384, (), 0, 2048),
        Algorithm("PS512", 9, RSA_PSS, "RSA", 512, (), 0, 2048),
        # RFC 7518 section 3.4, RFC 8812 section 3.2: raw r || s, each of the order's size.
        Algorithm("ES256", 10, EC, "EC", 256, ("P-256",), 64, 256),
        Algorithm("ES384", 11, EC, "EC", 384, ("P-384",), 96, 384),
        Algorithm("ES512", 12, EC, "EC", 512, ("P-521",), 132, 521),
        Algorithm("ES256K", 13, EC, "EC", 256, ("secp256k1",), 64, 256),
        # RFC 8037 section 3.1: the key's curve decides; RFC 9864 section 2.2: the name decides.
        Algorithm("EdDSA", 14, OKP, "OKP", 0, ("Ed25519", "Ed448"), 0, 255),
        Algorithm("Ed25519", 15, OKP, "OKP", 0, ("Ed25519",), 64, 255),
        Algorithm("Ed448", 16, OKP, "OKP", 0, ("Ed448",), 114, 448),
    ]
    return {row.name: row for row in rows}


ALGORITHMS: Final[dict[str, Algorithm]] = _table()
