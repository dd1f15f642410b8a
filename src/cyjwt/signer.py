"""Signer: a key, an algorithm and a header, ready to sign any number of claims sets."""

from __future__ import annotations

from _collections_abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta

from cyjwt._arguments import algorithm_row, type_name
from cyjwt._engine.jsonwrite import dumps
from cyjwt._engine.sign import SignEngine
from cyjwt._lazy import LazyModule
from cyjwt._parallel import read_threads, run_parallel
from cyjwt.errors import InvalidKeyError
from cyjwt.keys import Key
from cyjwt.policy import LAST_DATE, NEVER_CRITICAL, names, read_clock, seconds, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self

    from cyjwt._engine import signrun
else:
    signrun = LazyModule("cyjwt._engine.signrun")

__all__ = ["Signer"]

#: A thread more pays from so many runs on.
_WORTH_A_THREAD = 2

_EDDSA = frozenset(["EdDSA", "Ed25519"])


class Signer(SignEngine):
    """Signs tokens: immutable, safe to share between threads, picklable.

    It adds to the claims only what it was asked to, and claims given to ``sign`` win.

    Args:
        key: a private key or a secret. Its ``kid`` goes into the header.
        algorithm: the algorithm to sign with. May be left out where the key is fit for one alone; a plain
            Ed25519 key then signs as ``"EdDSA"``.
        issuer: the ``iss`` to add.
        audience: the ``aud`` to add; several become a list.
        lifetime: seconds, or a timedelta, from the moment of signing to ``exp``; ``iat``, that moment, is
            added too.
        headers: further header members. ``alg`` and ``b64`` cannot be set.
        type: the ``typ`` of the header; ``None`` leaves it out.
        clock: a callable that returns seconds since 1970, or such a number, in place of the system's clock.
        default: a callable that gets each claim value of a type that JSON has no form for, and returns one
            that has.

    Raises:
        InvalidKeyError: the key is public, or not fit for the algorithm.
        TypeError: an option of the wrong type.
        ValueError: an option that can mean nothing, or no algorithm where the key is fit for several.

    Example:
        >>> import cyjwt
        >>> signer = cyjwt.Signer(cyjwt.Key.generate("HS256"), issuer="https://issuer.example/", lifetime=900)
        >>> token = signer.sign({"sub": "42"})
        >>> sorted(cyjwt.read_unverified(token).claims)
        ['exp', 'iat', 'iss', 'sub']
    """

    __slots__ = ("__weakref__",)

    def __new__(
        cls,
        key: Key,
        *,
        algorithm: str | None = None,
        issuer: str | None = None,
        audience: str | Collection[str] | None = None,
        lifetime: float | timedelta | None = None,
        headers: Mapping[str, Any] | None = None,
        type: str | None = "JWT",
        clock: Callable[[], float] | float | None = None,
        default: Callable[[Any], Any] | None = None,
    ) -> Self:
        """Check every option, and compile them. See the class for what they mean."""
        if not isinstance(key, Key):
            raise TypeError(f"key must be a Key, not {type_name(key)}; cyjwt.encode takes raw material too")
        row = algorithm_row(_algorithm(key, algorithm))
        members = []
        if issuer is not None:
            members.append(("iss", dumps(text("issuer", issuer))))
        if audience is not None:
            several = names("audience", audience, single=True)
            if not several:
                raise ValueError("audience must not be empty: leave it out to add none")
            members.append(("aud", dumps(audience if isinstance(audience, str) else several)))
        if default is not None and not callable(default):
            raise TypeError("default must be callable")
        return SignEngine.__new__(
            cls,
            dumps(_header(key, row.name, headers, type), root="headers"),
            key.native,
            key,
            row.name,
            row.id,
            tuple(members) or None,
            -1 if lifetime is None else _whole(seconds("lifetime", lifetime)),
            read_clock(clock),
            default,
        )

    def sign_batch(self, claims: Iterable[dict[str, Any]], /, *, threads: int | None = None) -> list[str]:
        """Sign many claims sets at once.

        Each token is what ``sign`` makes of the same claims, but that all are stamped with one moment: the clock
        is read once. Signatures are made by several threads without the interpreter lock, and those of RSA
        (2048 and 4096 bits) and Ed25519 eight at a time where the CPU allows (``build_info()["lanes"]``). That
        route is written to take the same time whatever the key is, but lacks the blinding that libcrypto adds
        to RSA against whoever measures time or power; ``CYJWT_LANES=0`` in the environment keeps to the other.

        Args:
            claims: an iterable of claims sets, each a ``dict``.
            threads: the most threads to use; as many as there are cores when left out.

        Returns:
            The tokens, in the order of the claims sets.

        Raises:
            TypeError: claims is no iterable, or a lone claims set; threads is no int; a claims set is no dict,
                or has a value that JSON has no form for: the message names its index and path.
            ValueError: threads is less than 1; a value that JSON cannot hold, by its index and path.
            KeyboardInterrupt: Ctrl-C ends a batch within a second.

        Example:
            >>> import cyjwt
            >>> signer = cyjwt.Signer(cyjwt.Key.generate("EdDSA"), lifetime=900)
            >>> tokens = signer.sign_batch({"sub": str(number)} for number in range(3))
            >>> [cyjwt.read_unverified(token).claims["sub"] for token in tokens]
            ['0', '1', '2']
        """
        if isinstance(claims, (Mapping, str, bytes, bytearray)) or not isinstance(claims, Iterable):
            raise TypeError(f"claims must be an iterable of dicts, not {type_name(claims)}")
        most = read_threads(threads)
        work = signrun.SignWork(self, list(claims))
        work.write()
        run_parallel(work.work, max(1, min(most, work.runs // _WORTH_A_THREAD)), work.stop)
        return work.finish()

    @property
    def key(self) -> Key:
        """The key that tokens are signed with."""
        key: Key = self._compiled[2]
        return key

    @property
    def algorithm(self) -> str:
        """The algorithm that tokens are signed with."""
        return str(self._compiled[3])

    def __reduce__(self) -> tuple[object, ...]:
        header, _, key, algorithm, row, *rest = self._compiled
        return _rebuild, (type(self), header, key, algorithm, row, *rest)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Signer is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Signer is immutable: {name} cannot be deleted")

    def __repr__(self) -> str:
        return f"<Signer {self.key!r} {self.algorithm}>"


def _rebuild(cls: type[Signer], header: bytes, key: Key, algorithm: str, row: int, *rest: Any) -> Signer:
    return SignEngine.__new__(cls, header, key.native, key, algorithm, row, *rest)


def _whole(duration: float) -> int:
    # Past year 9999 no verifier of ours would take the exp, and no datetime could hold it.
    if duration > LAST_DATE:
        raise ValueError("lifetime must end before the year 10000")
    if duration < 1:
        raise ValueError("lifetime must be a second or more: NumericDates are written in whole seconds")
    return int(duration)


def _algorithm(key: Key, algorithm: str | None) -> str:
    """The one algorithm that the key is to sign with."""
    fit = key.sign_algorithms
    if algorithm is not None:
        row = algorithm_row(algorithm)
        if row.name not in fit:
            raise InvalidKeyError(f"{key!r} may not sign with {row.name}")
        return row.name
    if not fit:
        raise InvalidKeyError(f"{key!r} may not sign")
    if fit == _EDDSA:
        # Two names of one scheme (RFC 9864); this is the one that verifiers know.
        return "EdDSA"
    if len(fit) > 1:
        raise ValueError(f"the key is fit for {', '.join(sorted(fit))}: say which algorithm")
    return next(iter(fit))


def _header(key: Key, algorithm: str, headers: Mapping[str, Any] | None, typ: str | None) -> dict[str, Any]:
    """The members of the JOSE header (RFC 7515 section 4.1)."""
    header: dict[str, Any] = {"alg": algorithm}
    if typ is not None:
        header["typ"] = text("type", typ)
    if key.kid is not None:
        header["kid"] = key.kid
    if headers is None:
        return header
    if not isinstance(headers, Mapping):
        raise TypeError("headers must be a mapping")
    for name in ("alg", "b64"):
        if name in headers:
            raise ValueError(f"headers must not set {name}")
    for name in ("typ", "kid"):
        if name in headers and not isinstance(headers[name], str):
            raise TypeError(f"the {name} in headers must be a str")
    header.update(headers)
    if "crit" in header:
        critical = names("crit", header["crit"])
        if not critical or not set(critical) <= set(header) - NEVER_CRITICAL:
            raise ValueError("crit must name extension members of headers (RFC 7515 section 4.1.11)")
        header["crit"] = list(critical)
    return header
