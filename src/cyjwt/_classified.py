"""ClassifiedKey: what a key may serve, decided once; signing, verifying, comparing and pickling.

This is ``Key`` without its formats. What a key may serve follows from its type, curve and size, cut by
its own ``alg``, ``use`` and ``key_ops``, and never from a token (RFC 8725 section 3.1).
"""

from __future__ import annotations

from cyjwt import _arguments, _strength
from cyjwt._engine.pkey import NativeKey
from cyjwt._lazy import LazyModule
from cyjwt.algorithms import ALGORITHMS, Algorithm
from cyjwt.errors import InvalidKeyError, InvalidSignatureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self

    from cyjwt import _keyobjects
    from cyjwt._arguments import BytesLike
    from cyjwt._keyobjects import KeyObject
else:
    _keyobjects = LazyModule("cyjwt._keyobjects")

__all__ = ["ClassifiedKey", "handle"]

_ED448_SIGNATURE_OCTETS = ALGORITHMS["Ed448"].signature_size
_NONE: frozenset[str] = frozenset()


def handle(key: KeyObject) -> NativeKey | KeyObject:
    """The engine's handle of a checked key object; Ed448, which the engine lacks, stays what it is."""
    if _keyobjects.curve_of(key) == "Ed448":
        return key
    try:
        # Which half it is, mypy cannot see.
        checked: Any = key
        if _keyobjects.is_private(key):
            return NativeKey.from_pkcs8(_keyobjects.pkcs8(checked), allow_small_exponent=True)
        return NativeKey.from_spki(_keyobjects.spki(checked), allow_small_exponent=True)
    except NotImplementedError:
        raise InvalidKeyError("the key object does not give out its material") from None
    except ValueError as error:
        raise InvalidKeyError(f"the key is refused by libcrypto: {error}") from None


class ClassifiedKey:
    """The part of ``Key`` that has nothing to do with formats. See there."""

    __slots__ = (
        "__weakref__",
        "_fit",
        "_foreign",
        "alg",
        "algorithms",
        "bits",
        "curve",
        "key_ops",
        "kid",
        "kty",
        "native",
        "private",
        "sign_algorithms",
        "use",
        "verify_algorithms",
    )

    kty: str
    curve: str | None
    bits: int
    private: bool
    kid: str | None
    use: str | None
    key_ops: tuple[str, ...] | None
    alg: str | None
    algorithms: frozenset[str]
    sign_algorithms: frozenset[str]
    verify_algorithms: frozenset[str]
    native: NativeKey | None
    #: What type, curve, size and encoding leave, before ``alg`` and ``key_ops`` cut it.
    _fit: frozenset[str]
    #: The object of ``cryptography`` that serves where ``native`` is None.
    _foreign: Any

    def __init__(self) -> None:
        raise TypeError(
            "a Key is made by Key.from_pem, from_der, from_jwk, from_secret, from_file or generate"
        )

    @classmethod
    def _make(
        cls,
        material: NativeKey | KeyObject,
        *,
        kid: str | None = None,
        use: str | None = None,
        key_ops: tuple[str, ...] | None = None,
        alg: str | None = None,
        limit: frozenset[str] | None = None,
    ) -> Self:
        """Classify a key whose material has been checked; ``limit`` cuts what its type is fit for."""
        if isinstance(material, NativeKey):
            native, foreign = material, None
            kty, curve, private = native.kind, native.curve or None, bool(native.private)
            bits = native.bits
        else:
            native, foreign = None, material
            kty, curve, private = "OKP", "Ed448", _keyobjects.is_private(material)
            bits = _strength.CURVE_BITS["Ed448"]
        fit = _strength.fit_algorithms(kty, curve, bits)
        if limit is not None:
            fit &= limit
        served = fit
        if alg is not None:
            if alg not in fit:
                _refuse_unfit(kty, curve, bits, alg)
            served = frozenset((alg,))
        signs = served if private and (key_ops is None or "sign" in key_ops) else _NONE
        verifies = served if key_ops is None or "verify" in key_ops else _NONE
        if not signs and not verifies:
            raise InvalidKeyError('a public key whose "key_ops" lack "verify" is of no use')
        key = object.__new__(cls)
        for name, value in (
            ("kty", kty),
            ("curve", curve),
            ("bits", bits),
            ("private", private),
            ("kid", kid),
            ("use", use),
            ("key_ops", key_ops),
            ("alg", alg),
            ("algorithms", signs | verifies),
            ("sign_algorithms", signs),
            ("verify_algorithms", verifies),
            ("native", native),
            ("_fit", fit),
            ("_foreign", foreign),
        ):
            object.__setattr__(key, name, value)
        return key

    # --- sign and verify ---------------------------------------------------------------------------

    def sign(self, data: BytesLike, algorithm: str | None = None) -> bytes:
        """Sign bare octets.

        Args:
            data: what to sign, such as a JWS signing input.
            algorithm: the JWS algorithm; it may be left out where the key may sign with one alone.

        Returns:
            The signature as JOSE encodes it (RFC 7518 sections 3.2 to 3.5, RFC 8037 section 3.1): for
            ECDSA r and s side by side, not DER.

        Raises:
            InvalidKeyError: the key is public, or may not sign with ``algorithm``.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm.

        Example:
            >>> import cyjwt
            >>> len(cyjwt.Key.generate("ES256").sign(b"data"))
            64
        """
        row = self._row(algorithm, self.sign_algorithms, "sign")
        octets = _arguments.octets("data", data)
        if self.native is not None:
            return self.native.sign(row.id, octets)
        signature: bytes = self._foreign.sign(octets)
        return signature

    def verify(self, data: BytesLike, signature: BytesLike, algorithm: str | None = None) -> None:
        """Verify a signature over bare octets; it returns where the signature holds, and raises where not.

        Args:
            data: what was signed.
            signature: the signature as JOSE encodes it.
            algorithm: the JWS algorithm; it may be left out where the key may verify with one alone.

        Raises:
            InvalidSignatureError: the signature does not hold.
            InvalidKeyError: the key may not verify with ``algorithm``.
            TypeError, ValueError: an argument of the wrong type; an unknown algorithm.

        Example:
            >>> import cyjwt
            >>> cyjwt.Key.from_secret(bytes(32)).verify(b"data", bytes(32), "HS256")
            Traceback (most recent call last):
            cyjwt.errors.InvalidSignatureError: the signature does not hold
        """
        row = self._row(algorithm, self.verify_algorithms, "verify")
        octets = _arguments.octets("data", data)
        claimed = _arguments.octets("signature", signature)
        if self.native is not None:
            holds = self.native.verify(row.id, octets, claimed)
        else:
            holds = self._verify_foreign(octets, claimed)
        if not holds:
            raise InvalidSignatureError("the signature does not hold")

    def _verify_foreign(self, data: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        if len(signature) != _ED448_SIGNATURE_OCTETS:
            return False
        public = self._foreign.public_key() if self.private else self._foreign
        try:
            public.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    def _row(self, algorithm: str | None, permitted: frozenset[str], verb: str) -> Algorithm:
        if algorithm is None:
            if len(permitted) == 1:
                return ALGORITHMS[next(iter(permitted))]
            if permitted:
                names = ", ".join(sorted(permitted))
                raise ValueError(f"this key may {verb} with any of {names}: name the algorithm")
            raise InvalidKeyError(f"this key may not {verb}")
        row = _arguments.algorithm_row(algorithm)
        if row.name not in permitted:
            raise InvalidKeyError(f"this key may not {verb} with {row.name}")
        return row

    # --- a value -----------------------------------------------------------------------------------

    def _material(self) -> bytes:
        """The octets that the key is made of: a secret, PKCS#8 or SPKI."""
        if self.native is None:
            return _keyobjects.dump(self._foreign, pem=False, password=None)
        if self.kty == "oct":
            return self.native.secret()
        return self.native.pkcs8() if self.private else self.native.spki()

    def _metadata(self) -> tuple[object, ...]:
        return self.kty, self.curve, self.private, self.kid, self.use, self.key_ops, self.alg, self._fit

    def __eq__(self, other: object) -> bool:
        """Compare material, in constant time, and metadata."""
        if not isinstance(other, ClassifiedKey):
            return NotImplemented
        if self._metadata() != other._metadata():
            return False
        if self.native is not None and other.native is not None:
            return self.native.equals(other.native)
        import hmac

        return hmac.compare_digest(self._material(), other._material())

    def __hash__(self) -> int:
        # A hash is no place for private material: its public part tells keys apart well enough.
        if self.kty == "oct":
            return hash(self._metadata())
        if self.native is not None:
            return hash((self._metadata(), self.native.spki()))
        public = self._foreign.public_key() if self.private else self._foreign
        return hash((self._metadata(), _keyobjects.spki(public)))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Key is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Key is immutable: {name} cannot be deleted")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self._material(), *self._metadata())

    def __repr__(self) -> str:
        size = self.curve if self.curve is not None else f"{self.bits} bits"
        kind = "secret" if self.kty == "oct" else "private" if self.private else "public"
        return f"<Key {self.kty} {size} {kind} kid={self.kid!r} {' '.join(sorted(self.algorithms))}>"


def _refuse_unfit(kty: str, curve: str | None, bits: int, alg: str) -> NoReturn:
    row = ALGORITHMS.get(alg)
    if row is None:
        raise InvalidKeyError('the "alg" of the key names no JWS algorithm that is supported')
    if row.kty == kty == "oct":
        raise InvalidKeyError(
            f"a secret of {bits // 8} octets is too short: {alg} needs {row.hash_bits // 8} or more "
            "(RFC 7518 section 3.2)"
        )
    raise InvalidKeyError(f"an {kty} key{f' of the curve {curve}' if curve else ''} is not fit for {alg}")


def _restore(
    cls: type[ClassifiedKey],
    material: bytes,
    kty: str,
    curve: str | None,
    private: bool,
    kid: str | None,
    use: str | None,
    key_ops: tuple[str, ...] | None,
    alg: str | None,
    fit: frozenset[str],
) -> ClassifiedKey:
    """Rebuild a pickled key: it was checked when it was made, and the handles are this process's own."""
    restored: NativeKey | KeyObject
    if kty == "oct":
        restored = NativeKey.from_secret(material)
    elif curve == "Ed448":
        restored = _keyobjects.load_trusted(material, private=private)
    else:
        read = NativeKey.from_pkcs8 if private else NativeKey.from_spki
        restored = read(material, allow_small_exponent=True)
    return cls._make(restored, kid=kid, use=use, key_ops=key_ops, alg=alg, limit=fit)
