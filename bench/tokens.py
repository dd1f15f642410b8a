"""Whole tokens: sign and verify by algorithm, size and form of the key, threads, the unverified header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import baseline, floors
from bench.contenders import Contender
from bench.harness import Case, Work
from bench.lineup import CONTENDERS, PYTHON
from bench.samples import (
    AUDIENCE,
    ISSUERS,
    claims_pool,
    oracle_key,
    tampered,
    token_pool,
    with_another_payload,
)

ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed448"),
)
SIZES = {100: "100 B", 320: "320 B", 2048: "2 KB", 10_240: "10 KB"}
#: The algorithms that are measured with every size; the others with the middle one.
WITH_SIZES = ("HS256", "RS256", "ES256", "EdDSA")
THREADS = (1, 2, 4)

#: A library's error, or its errors.
Refusal = type[Exception] | tuple[type[Exception], ...]


class NotProvenError(Exception):
    """A contender accepted what it must refuse, or the reverse; its figures would mean nothing."""


def must_refuse(verify: Callable[[str], Any], token: str, refusal: Refusal) -> None:
    """Prove that a token is refused, with the library's own error."""
    try:
        verify(token)
    except refusal:
        return
    raise NotProvenError("a bad token was accepted")


def must_give(result: Any, expected: Any) -> None:
    """Prove that a result is the right one."""
    if result != expected:
        raise NotProvenError("not the claims that were signed")


def verifying(contender: Contender, algorithm: str, size: int, *, form: str = "") -> Work | None:
    """Verify good tokens; with a ``form``, key material is passed on each call."""
    verify = contender.raw_verifier(algorithm, form) if form else contender.verifier(algorithm)
    if verify is None:
        return None
    pool = token_pool(algorithm, size)
    for index, (token, claims) in enumerate(zip(pool, claims_pool(size), strict=True)):
        must_give(verify(token), claims)
        must_refuse(verify, tampered(token, index), contender.refusal)
        must_refuse(verify, with_another_payload(token, pool[index - 1]), contender.refusal)
    for bad in (
        token_pool(algorithm, size, expires_in=-3600),
        token_pool(algorithm, size, audience="payroll"),
        token_pool(algorithm, size, issuer="https://elsewhere.example/"),
    ):
        must_refuse(verify, bad[0], contender.refusal)
    return Work(verify, pool)


def verifying_in_threads(contender: Contender, algorithm: str, threads: int) -> Work | None:
    """Verify good tokens by several threads at once: a call's share of the time that passes."""
    work = verifying(contender, algorithm, 320)
    return work and Work(work.call, work.pool, threads)


def signing(contender: Contender, algorithm: str, size: int, *, form: str = "") -> Work | None:
    """Sign claims; with a ``form``, key material is passed on each call."""
    sign = contender.raw_signer(algorithm, form) if form else contender.signer(algorithm)
    if sign is None:
        return None
    pool = claims_pool(size)
    policy: dict[str, Any] = {"algorithms": [algorithm], "issuer": ISSUERS, "audience": AUDIENCE}
    for claims in pool:
        token = sign(claims)
        must_give(baseline.verify(token, oracle_key(algorithm), **policy), claims)
        if baseline.verdict(tampered(token), oracle_key(algorithm), **policy)[0] is None:
            raise NotProvenError("the signature covers nothing")
    return Work(sign, pool)


def header_reading(contender: Contender) -> Work | None:
    """Read the header, verifying nothing."""
    read = contender.header_reader()
    if read is None:
        return None
    pool = token_pool("RS256", 320)
    for token in pool:
        must_give(read(token), baseline.read_unverified(token).header)
    return Work(read, pool)


def case(
    name: str,
    prepare: Callable[[Contender], Work | None],
    who: dict[str, Callable[[], Contender]] = CONTENDERS,
) -> Case:
    """A case in which every contender does the same."""

    def maker(make: Callable[[], Contender]) -> Callable[[], Work | None]:
        return lambda: prepare(make())

    return Case(name, {name: maker(make) for name, make in who.items()})


def raw_name(algorithm: str, form: str) -> str:
    """What comes with each call."""
    return form if form == "JWK" else "secret" if algorithm.startswith("HS") else "PEM"


def cases() -> list[Case]:
    """Every case about tokens."""
    made = []
    for algorithm in ALGORITHMS:
        for size in SIZES if algorithm in WITH_SIZES else (320,):
            one = case(f"verify {algorithm} {SIZES[size]}", lambda c, a=algorithm, s=size: verifying(c, a, s))
            one.contenders[floors.LIBCRYPTO] = lambda a=algorithm, s=size: floors.verifying(a, s)
            made.append(one)
    for algorithm in ALGORITHMS:
        for size in SIZES if algorithm == "HS256" else (320,):
            one = case(f"sign {algorithm} {SIZES[size]}", lambda c, a=algorithm, s=size: signing(c, a, s))
            one.contenders[floors.LIBCRYPTO] = lambda a=algorithm, s=size: floors.signing(a, s)
            made.append(one)
    for form in ("raw", "JWK"):
        for algorithm in WITH_SIZES:
            name = f"{algorithm} 320 B, {raw_name(algorithm, form)} on each call"
            made.append(case(f"verify {name}", lambda c, a=algorithm, f=form: verifying(c, a, 320, form=f)))
            made.append(case(f"sign {name}", lambda c, a=algorithm, f=form: signing(c, a, 320, form=f)))
    for algorithm in WITH_SIZES:
        for threads in THREADS:
            name = f"verify {algorithm} by {threads} thread{'s'[: threads - 1]}"
            made.append(case(name, lambda c, a=algorithm, n=threads: verifying_in_threads(c, a, n), PYTHON))
    made.append(case("read header", header_reading, PYTHON))
    return made
