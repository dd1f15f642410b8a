"""The compile step: from a policy and keys to what the engine of a verifier is built from."""

from __future__ import annotations

from _collections_abc import Iterable

from cyjwt._arguments import type_name
from cyjwt._engine.claims import ClaimRules
from cyjwt._engine.header import HeaderRules
from cyjwt._engine.keysource import KeySource
from cyjwt._engine.revocation import Revocation
from cyjwt._engine.tokencache import TokenCache
from cyjwt._engine.verify import Engine
from cyjwt._lazy import LazyModule
from cyjwt.algorithms import ALGORITHMS, HMAC
from cyjwt.keys import Key
from cyjwt.keyset import KeySet
from cyjwt.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cyjwt import _claimstype

    #: What a verifier may have for keys.
    Keys = Key | KeySet | KeySource
else:
    Keys = object
    # It imports re, which few verifiers need.
    _claimstype = LazyModule("cyjwt._claimstype")

__all__ = ["Keys", "allowed_algorithms", "engine_arguments"]


def engine_arguments(keys: Keys, policy: Policy) -> tuple[Any, ...]:
    """Compile everything.

    Returns:
        The arguments of ``Engine``.

    Raises:
        ValueError: more options than there is room for, or no key that is fit for the allowed algorithms.
    """
    rules = _Rules(policy)
    if isinstance(keys, KeySource):
        # This engine itself has no keys: its face is that of those which are compiled from the source's.
        return (*rules.arguments((), (), lone=False), keys, rules)
    held = (keys,) if isinstance(keys, Key) else tuple(dict.fromkeys(keys))
    allowed = allowed_algorithms(keys, policy)
    return (*rules.arguments(held, allowed, lone=isinstance(keys, Key)), None, None)


def allowed_algorithms(keys: Keys, policy: Policy) -> tuple[str, ...]:
    """List the algorithms that the policy allows and a key serves, or may serve when a source has other keys.

    Raises:
        ValueError: there is none.
    """
    if isinstance(keys, KeySource):
        return _allowed_live(keys.snapshot or (), policy)
    served = _served((keys,) if isinstance(keys, Key) else keys)
    if not served:
        raise ValueError("no key given may verify: see its use, key_ops and alg")
    if policy.algorithms is None:
        return tuple(served)
    if not served & set(policy.algorithms):
        raise ValueError(f"no key given is fit for {', '.join(policy.algorithms)}")
    return tuple(name for name in policy.algorithms if name in served)


def _allowed_live(keys: Iterable[Key], policy: Policy) -> tuple[str, ...]:
    if policy.algorithms is not None:
        return policy.algorithms
    # The next key may be of another kind than those of now. Servers publish no secrets.
    published = {name for name, row in ALGORITHMS.items() if row.family != HMAC}
    return tuple(published | _served(keys))


def _served(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset().union(*(key.verify_algorithms for key in keys))


def _ids(algorithms: Iterable[str]) -> tuple[int, ...]:
    return tuple(ALGORITHMS[name].id for name in algorithms)


class _Rules:
    """What all engines of one verifier have in common; called with a set of keys, it makes their engine."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.claim_rules = ClaimRules(
            policy.required,
            policy.issuers,
            policy.audiences,
            policy.subject,
            policy.leeway,
            -1.0 if policy.max_age is None else policy.max_age,
            policy.unchecked,
        )
        self.claims_type = None
        if policy.claims_type is not None:
            self.claims_type = _claimstype.read_claims_type(policy.claims_type)
        self.cache = TokenCache(policy.cache) if policy.cache else None
        self.revocation = None
        if policy.revoked is not None:
            self.revocation = Revocation(policy.revoked, policy.revocation_failure == "accept")

    def arguments(self, keys: tuple[Key, ...], allowed: Iterable[str], *, lone: bool) -> tuple[Any, ...]:
        """List the arguments of the engine of these keys, all but where they come from."""
        policy = self.policy
        header_rules = HeaderRules(
            tuple((key.kid, _ids(key.verify_algorithms)) for key in keys),
            lone,
            _ids(allowed),
            policy.type,
            policy.critical,
        )
        return (
            header_rules,
            self.claim_rules,
            tuple(key.native for key in keys),
            keys,
            policy.max_token_size,
            policy.allow_padding,
            policy.clock,
            self.revocation,
            self.claims_type,
            # Of each engine its own: what was verified with other keys is not to be found.
            self.cache.successor() if self.cache is not None else None,
        )

    def __call__(self, snapshot: KeySet) -> Engine:
        """Make the engine of what a source has now. That no key of it fits makes tokens fail, not this."""
        if not isinstance(snapshot, KeySet):
            raise TypeError(f"a source of keys must have a KeySet, not {type_name(snapshot)}")
        held = tuple(dict.fromkeys(snapshot))
        arguments = self.arguments(held, _allowed_live(held, self.policy), lone=False)
        return Engine.__new__(Engine, *(*arguments, None, None))
