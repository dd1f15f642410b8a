"""The engine's one pass for this surface: the verifier or signer that a call's arguments stand for, remembered.

Arguments for which the engine has no rules have no quick way: whatever is raised here says so and no more, and
the code that knows PyJWT's order and words then serves the call, or refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cyjwt import algorithms as rows
from cyjwt import caches
from cyjwt._engine.memo import Memo
from cyjwt._engine.pkey import NativeKey
from cyjwt._engine.sign import SignEngine
from cyjwt.algorithms import ALGORITHMS
from cyjwt.jwt._clock import now
from cyjwt.jwt._headers import allowed_algorithms, build_header, chosen_algorithm
from cyjwt.jwt._native import lax_key, make_native
from cyjwt.jwt._options import CHECKS, default_options, merge_options
from cyjwt.jwt._watch import on_change
from cyjwt.jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm
from cyjwt.jwt.api_jwk import PyJWK
from cyjwt.jwt.exceptions import InvalidAudienceError, InvalidKeyError
from cyjwt.policy import Policy
from cyjwt.verifier import Verifier

if TYPE_CHECKING:
    from cyjwt.algorithms import Algorithm as Row
    from cyjwt.jwt.algorithms import Algorithm
    from cyjwt.jwt.types import FullOptions
    from cyjwt.token import Token

__all__ = ["NoQuickWayError", "QuickSigner", "QuickVerifier", "Table", "find_signer", "find_verifier"]

#: PyJWT sets no limit; this is the engine's own.
_MOST_TOKEN_SIZE = 1 << 30
_COLLECTIONS = (list, tuple, set, frozenset)
_SWITCHES = (*(f"verify_{name}" for name in CHECKS), "strict_aud", "enforce_minimum_key_length")
_FAMILIES: dict[type, int] = {
    HMACAlgorithm: rows.HMAC,
    RSAAlgorithm: rows.RSA_PKCS1,
    RSAPSSAlgorithm: rows.RSA_PSS,
    ECAlgorithm: rows.EC,
    OKPAlgorithm: rows.OKP,
}


class NoQuickWayError(Exception):
    """The engine has no rules for what was asked."""


class QuickVerifier(NamedTuple):
    """What a call's arguments come down to."""

    verify: Callable[[Any], dict[str, Any]]
    verify_complete: Callable[[Any], Token]
    warning: str | None


class QuickSigner(NamedTuple):
    """As ``QuickVerifier``."""

    sign: Callable[[dict[str, Any]], str]
    warning: str | None


class Table:
    """The algorithms that an object knows. Another one stands for them once they have changed."""

    __slots__ = ("algorithms",)

    def __init__(self, algorithms: Mapping[str, Algorithm]) -> None:
        self.algorithms = algorithms


def _make_verifier(
    table: Table,
    key: Any,
    algorithms: Any,
    options: Any,
    audience: Any,
    issuer: Any,
    subject: Any,
    leeway: Any,
    standing: FullOptions | None,
) -> QuickVerifier:
    if algorithms is not None and not isinstance(algorithms, str) and type(algorithms) not in _COLLECTIONS:
        # Such as an iterator, which the exact way is to find unused.
        raise NoQuickWayError
    merged = merge_options(default_options() if standing is None else standing, options)
    if options is not None and not options.get("verify_signature", True):
        raise NoQuickWayError
    if not all(isinstance(merged[name], int | None) for name in _SWITCHES):  # type: ignore[literal-required]
        # An object of another type may be true now and not so the next time.
        raise NoQuickWayError
    enforced = bool(merged["enforce_minimum_key_length"])
    native, names, warning = _keys.find(table, key, tuple(allowed_algorithms(key, algorithms)), enforced)
    unchecked = tuple(name for name in CHECKS if not merged[f"verify_{name}"])  # type: ignore[literal-required]
    verifier = Verifier(
        lax_key(native, names),
        algorithms=names,
        audience=_names(audience, "aud" in unchecked),
        issuer=_names(issuer, "iss" in unchecked),
        subject=None if "sub" in unchecked else subject,
        leeway=leeway,
        required=_required(merged["require"]),
        max_token_size=_MOST_TOKEN_SIZE,
        clock=now,
        allow_padding=True,
    )
    if unchecked:
        policy = Policy(**(verifier._policy.options() | {"unchecked": unchecked}))  # type: ignore[arg-type]
        verifier = Verifier._build(verifier.keys, policy)
    if merged["strict_aud"] and audience is not None and "aud" not in unchecked:
        return _strict(verifier, audience, warning)
    return QuickVerifier(verifier.verify, verifier.verify_complete, warning)


def _make_signer(
    table: Table, key: Any, algorithm: Any, headers: Any, sort_headers: Any, typ: str, enforced: Any
) -> QuickSigner:
    name = chosen_algorithm(key, algorithm, headers)
    header = build_header(typ, name, headers, detached=False)
    if "b64" in header:
        raise NoQuickWayError
    native, _, warning = _keys.find(table, key, (name,), bool(enforced))
    if not native.private:
        raise NoQuickWayError
    text = json.dumps(header, separators=(",", ":"), sort_keys=bool(sort_headers)).encode()
    engine = SignEngine(text, native, None, name, ALGORITHMS[name].id, None, -1, None, None, bare=True)
    return QuickSigner(engine.sign, warning)


def _prepare(
    table: Table, key: Any, allowed: tuple[str, ...], enforced: bool
) -> tuple[NativeKey, tuple[str, ...], str | None]:
    """The key's handle, the algorithms that it may serve, and what there is to warn of each time."""
    if isinstance(key, PyJWK) and not _is_settled(key):
        raise NoQuickWayError
    natives: dict[str, NativeKey | None] = {}
    served: dict[str | None, list[str]] = {}
    for name in dict.fromkeys(allowed):
        if isinstance(key, PyJWK):
            algorithm, material = key.Algorithm if name == key.algorithm_name else None, key.key
        else:
            algorithm, material = table.algorithms.get(name), key
        row = ALGORITHMS.get(name)
        if row is None or algorithm is None or not _is_plain(algorithm, row):
            continue
        try:
            ready = algorithm.prepare_key(material)
        except (TypeError, ValueError, InvalidKeyError):
            # The exact way says why, to the token that asks for this algorithm.
            continue
        if row.kty not in natives:
            natives[row.kty] = make_native(ready)
        native = natives[row.kty]
        if native is not None and (not row.curves or native.curve in row.curves):
            served.setdefault(algorithm.check_key_length(ready), []).append(name)
    if enforced:
        served = {None: served.get(None, [])}
    warning = None if None in served else next(iter(served), None)
    names = tuple(served.get(warning, ()))
    used = {ALGORITHMS[name].kty for name in names}
    if len(used) != 1:
        raise NoQuickWayError
    found = natives[used.pop()]
    if found is None:
        raise NoQuickWayError
    return found, names, warning


def _is_settled(jwk: PyJWK) -> bool:
    """Whether a ``PyJWK`` has what it says of itself, and says so when that changes."""
    kind = type(jwk)
    own = any(hasattr(kind, name) for name in ("key", "algorithm_name", "Algorithm", "__getattr__"))
    return not own and all(
        getattr(kind, name) is getattr(PyJWK, name)
        for name in ("__getattribute__", "__setattr__", "__delattr__")
    )


def _is_plain(algorithm: Algorithm, row: Row) -> bool:
    """Whether an algorithm's object does what the engine does for a row."""
    if _FAMILIES.get(type(algorithm)) != row.family or not type(algorithm)._plain:
        return False
    if isinstance(algorithm, HMACAlgorithm):
        return bool(algorithm.hash_alg().name == f"sha{row.hash_bits}")
    return isinstance(algorithm, OKPAlgorithm) or algorithm._hash_bits == row.hash_bits  # type: ignore[attr-defined]


def _names(value: Any, unused: bool) -> Any:
    """A string, or a collection of strings that is not empty, for options that mean something else otherwise."""
    if value is None or isinstance(value, str):
        return None if unused else value
    if type(value) not in _COLLECTIONS or not all(isinstance(name, str) for name in value):
        raise NoQuickWayError
    return None if unused else value


def _required(value: Any) -> Any:
    if type(value) not in _COLLECTIONS:
        raise NoQuickWayError
    return value


def _strict(verifier: Verifier, audience: Any, warning: str | None) -> QuickVerifier:
    """What looks at the form of ``aud`` besides: the engine takes a list of one for a string."""
    if not isinstance(audience, str):
        raise NoQuickWayError

    def verify(token: Any) -> dict[str, Any]:
        claims = verifier.verify(token)
        if not isinstance(claims["aud"], str):
            raise InvalidAudienceError
        return claims

    def verify_complete(token: Any) -> Token:
        token = verifier.verify_complete(token)
        if not isinstance(token.claims["aud"], str):
            raise InvalidAudienceError
        return token  # type: ignore[no-any-return]

    return QuickVerifier(verify, verify_complete, warning)


# By itself, since a claim that is asked for may differ with each call, and keys are dear to read.
_keys = Memo(_prepare, caches.DEFAULT_SIZE)
_verifiers = Memo(_make_verifier, caches.DEFAULT_SIZE)
_signers = Memo(_make_signer, caches.DEFAULT_SIZE)
caches.register("jwt_keys", _keys)
caches.register("jwt_verifiers", _verifiers)
caches.register("jwt_signers", _signers)
on_change(_keys.clear)
on_change(_verifiers.clear)
on_change(_signers.clear)

find_verifier = _verifiers.find
find_signer = _signers.find
