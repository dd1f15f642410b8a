"""One verdict: a batch says of each of its tokens what ``verify`` says of it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, NamedTuple

import cyjwt
from tests.property.test_json import same

#: What the scanner can note, and how many of them the checks of every policy take.
MAX_NAMES, REGISTERED = 32, ("exp", "nbf", "iat", "iss", "aud", "sub", "jti")


class Refusal(NamedTuple):
    """All that a caller can tell from a token error."""

    kind: type[Exception]
    code: str
    claim: str | None
    args: tuple[Any, ...]


def refusal(error: cyjwt.InvalidTokenError) -> Refusal:
    return Refusal(type(error), error.code, error.claim, error.args)


def verdict(verifier: cyjwt.Verifier, token: Any) -> dict[str, Any] | Refusal:
    """What ``verify`` says; an error that is not the token's fault passes through."""
    try:
        return verifier.verify(token)
    except cyjwt.InvalidTokenError as error:
        return refusal(error)


def verdicts(batch: cyjwt.Batch) -> list[Any]:
    """What a batch says, one answer a token."""
    return [refusal(one) if isinstance(one, cyjwt.InvalidTokenError) else one for one in batch]


def picked(claims: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: claims[name] for name in dict.fromkeys(names) if name in claims}


def some_names(verifier: cyjwt.Verifier, expected: Sequence[Any]) -> list[str]:
    """Names of claims that some of the tokens have, as many as there is room for, and some that none has."""
    names = dict.fromkeys(chain.from_iterable(one for one in expected if isinstance(one, dict)))
    free = MAX_NAMES - len({*REGISTERED, *verifier._policy.required})
    chosen = ["absent", *(name for name in names if name not in REGISTERED), "äbsent"][: min(free, 12)]
    return ["sub", *chosen, "exp", "nbf"]


def check_statuses(batch: cyjwt.Batch, expected: Sequence[Any]) -> None:
    """Everything but the claims."""
    statuses = bytes(batch.statuses)
    codes = [None if isinstance(one, dict) else one.code for one in expected]
    assert [status == 0 for status in statuses] == [code is None for code in codes], (codes, statuses)
    assert [batch.reason(i) for i in range(len(batch))] == codes
    assert len(batch) == len(expected)
    assert batch.valid == codes.count(None)
    assert batch.invalid == len(codes) - batch.valid
    assert batch.counts() == {"valid": 0} | Counter("valid" if code is None else code for code in codes)


def check(batch: cyjwt.Batch, expected: Sequence[Any], claims: bool | Collection[str]) -> None:
    """Assert that the batch says what ``expected`` says, whose claims are whole."""
    check_statuses(batch, expected)
    for i, (got, single) in enumerate(zip(verdicts(batch), expected, strict=True)):
        wanted = single
        if isinstance(single, dict) and claims is not True:
            wanted = picked(single, claims) if claims is not False else None
        if isinstance(wanted, dict):
            assert same(got, wanted), (i, got, wanted)
        else:
            assert got == wanted, (i, got, wanted)


def agree(
    verifier: cyjwt.Verifier,
    tokens: Sequence[Any],
    *,
    threads: int | None = 1,
    names: Collection[str] | None = None,
    expected: Sequence[Any] | None = None,
) -> list[Any]:
    """Verify alone and in batches of every kind, and assert that all say the same; return what they say.

    Args:
        verifier: one whose clock stands still.
        tokens: what to verify.
        threads: as for ``verify_batch``.
        names: the claims to ask for in the batch that asks for some.
        expected: what ``verify`` says of the tokens, where that is known already.
    """
    if expected is None:
        expected = [verdict(verifier, token) for token in tokens]
    if names is None:
        names = some_names(verifier, expected)
    for claims in (True, False, names):
        check(verifier.verify_batch(tokens, threads=threads, claims=claims), expected, claims)
    return list(expected)
