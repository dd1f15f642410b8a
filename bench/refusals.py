"""Tokens that must be refused, by every way in which a token can be bad; what an attacker pays others to do."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bench.contenders import Contender
from bench.harness import Case, Work
from bench.samples import POOL, tampered, token_pool
from bench.strict import encode_segment
from bench.tokens import SIZES, WITH_SIZES, case, must_refuse

#: More than cyjwt's verifiers read (``max_token_size``).
OVERSIZE = 100_000


def refusing(contender: Contender, algorithm: str, pool: Sequence[str]) -> Work | None:
    """Refuse bad tokens, after a good one was taken."""
    verify = contender.verifier(algorithm)
    if verify is None:
        return None
    refusal = contender.refusal
    verify(token_pool(algorithm, 320)[0])
    for token in pool:
        must_refuse(verify, token, refusal)
    if hasattr(verify, "refusing"):
        return Work(verify.refusing(), pool)

    def refuse(token: str) -> None:
        try:
            verify(token)
        except refusal:
            return

    return Work(refuse, pool)


@functools.cache
def pools() -> dict[str, tuple[str, ...]]:
    """Bad tokens under HS256, by what is bad about them."""
    good = token_pool("HS256", 320)
    unsigned = encode_segment(b'{"alg":"none","typ":"JWT"}').decode()
    return {
        "bad signature": tuple(tampered(token, index) for index, token in enumerate(good)),
        "expired": token_pool("HS256", 320, expires_in=-3600),
        "wrong audience": token_pool("HS256", 320, audience="payroll"),
        "wrong issuer": token_pool("HS256", 320, issuer="https://elsewhere.example/"),
        "unsigned": tuple(f"{unsigned}.{token.split('.')[1]}." for token in good),
        "garbage": tuple(token.replace(".", "-") for token in good),
        "no base64url": tuple(f"{token[:9]}*{token[10:]}" for token in good),
        "no JSON": tuple(
            f"{encode_segment(b'{alg:HS256}').decode()}{token[token.index('.') :]}" for token in good
        ),
        "cut off": tuple(token[: len(token) - 20 - index] for index, token in enumerate(good)),
        "oversize": tuple(
            f"{token.split('.')[0]}.{'A' * (OVERSIZE + 4 * index)}.{token.split('.')[2]}"
            for index, token in enumerate(good[: POOL // 4])
        ),
    }


def cases() -> list[Case]:
    """Every case about refusals."""
    made = [
        case(
            f"refuse {what} HS256{'' if what == 'oversize' else f' {SIZES[320]}'}",
            functools.partial(_refusing, "HS256", what),
        )
        for what in pools()
    ]
    made += [
        case(f"refuse bad signature {algorithm} {SIZES[320]}", functools.partial(_refusing, algorithm, ""))
        for algorithm in WITH_SIZES
        if algorithm != "HS256"
    ]
    return made


def _refusing(algorithm: str, what: str, contender: Contender) -> Work | None:
    if what:
        return refusing(contender, algorithm, pools()[what])
    bad = [tampered(token, index) for index, token in enumerate(token_pool(algorithm, 320))]
    return refusing(contender, algorithm, bad)
