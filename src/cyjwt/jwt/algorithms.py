"""The algorithms of this surface, by name and by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyjwt.jwt._algorithm import Algorithm, has_crypto
from cyjwt.jwt._ec import ECAlgorithm
from cyjwt.jwt._hmac import HMACAlgorithm, NoneAlgorithm
from cyjwt.jwt._okp import OKPAlgorithm
from cyjwt.jwt._rsa import RSAAlgorithm, RSAPSSAlgorithm

if TYPE_CHECKING:
    from typing import TypeAlias

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from cyjwt.jwt._ec import AllowedECKeys
    from cyjwt.jwt._okp import AllowedOKPKeys
    from cyjwt.jwt._rsa import AllowedRSAKeys

    AllowedKeys: TypeAlias = AllowedRSAKeys | AllowedECKeys | AllowedOKPKeys
    AllowedPrivateKeys: TypeAlias = (
        RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
    )
    AllowedPublicKeys: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

__all__ = [
    "Algorithm",
    "AllowedECKeys",
    "AllowedKeys",
    "AllowedOKPKeys",
    "AllowedPrivateKeys",
    "AllowedPublicKeys",
    "AllowedRSAKeys",
    "ECAlgorithm",
    "HMACAlgorithm",
    "NoneAlgorithm",
    "OKPAlgorithm",
    "RSAAlgorithm",
    "RSAPSSAlgorithm",
    "get_default_algorithms",
    "has_crypto",
    "requires_cryptography",
]

#: The names of the algorithms that the package ``cryptography`` serves.
requires_cryptography = {
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES256K",
    "ES384",
    "ES512",
    "ES521",
    "EdDSA",
}


def get_default_algorithms() -> dict[str, Algorithm]:
    """A new table of the algorithms that there are, by name.

    Example:
        >>> from cyjwt.jwt.algorithms import get_default_algorithms
        >>> len(get_default_algorithms()["HS256"].sign(b"data", bytes(32)))
        32
    """
    table: dict[str, Algorithm] = {
        "none": NoneAlgorithm(),
        "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
        "HS384": HMACAlgorithm(HMACAlgorithm.SHA384),
        "HS512": HMACAlgorithm(HMACAlgorithm.SHA512),
    }
    if not has_crypto:
        return table
    for bits in ("256", "384", "512"):
        table[f"RS{bits}"] = RSAAlgorithm(f"SHA{bits}")
        table[f"PS{bits}"] = RSAPSSAlgorithm(f"SHA{bits}")
    table["ES256"] = ECAlgorithm("SHA256", "SECP256R1")
    table["ES256K"] = ECAlgorithm("SHA256", "SECP256K1")
    table["ES384"] = ECAlgorithm("SHA384", "SECP384R1")
    table["ES512"] = ECAlgorithm("SHA512", "SECP521R1")
    # A name that no RFC knows; early releases of PyJWT signed under it.
    table["ES521"] = ECAlgorithm("SHA512", "SECP521R1")
    table["EdDSA"] = OKPAlgorithm()
    return table


#: The parts of each union of key types: the module of ``cryptography`` and the class in it.
_RSA = ("rsa.RSAPrivateKey", "rsa.RSAPublicKey")
_EC = ("ec.EllipticCurvePrivateKey", "ec.EllipticCurvePublicKey")
_OKP = (
    "ed25519.Ed25519PrivateKey",
    "ed25519.Ed25519PublicKey",
    "ed448.Ed448PrivateKey",
    "ed448.Ed448PublicKey",
)
_UNIONS = {
    "AllowedRSAKeys": _RSA,
    "AllowedECKeys": _EC,
    "AllowedOKPKeys": _OKP,
    "AllowedKeys": _RSA + _EC + _OKP,
    "AllowedPrivateKeys": tuple(name for name in _RSA + _EC + _OKP if "Private" in name),
    "AllowedPublicKeys": tuple(name for name in _RSA + _EC + _OKP if "Public" in name),
}


if not TYPE_CHECKING:
    # Not for the checker, which would take any name to be there.

    def __getattr__(name):
        """The unions of key types, made when they are asked for: ``cryptography`` is not imported for less."""
        if name not in _UNIONS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module
        from typing import Never, Union

        if not has_crypto:
            return Never
        classes = []
        for part in _UNIONS[name]:
            module, kind = part.split(".")
            classes.append(
                getattr(import_module(f"cryptography.hazmat.primitives.asymmetric.{module}"), kind)
            )
        union = Union[tuple(classes)]  # noqa: UP007 - as many as the table says
        globals()[name] = union
        return union
