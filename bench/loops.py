"""Tasks of one event loop that verify: ``verify_async`` beside calls of ``verify``, and of the others' functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import cyjwt
from bench.contenders import Contender, CyJWT
from bench.harness import DIRECT, OURS, Case, Timed, Work
from bench.lineup import NODE, PYTHON
from bench.samples import claims_pool, tampered, token_pool
from bench.tokens import NotProvenError, must_give, verifying

#: How many tasks verify at once; one alone shows what waiting for others costs where there are none.
TASKS = (64, 1)
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")


def awaiting(contender: Contender, algorithm: str, tasks: int) -> Work | None:
    """Call a library's function in coroutines, since it has nothing to await."""
    work = verifying(contender, algorithm, 320)
    if work is None:
        return None
    verify = work.call
    if isinstance(verify, Timed):
        return Work(verify, work.pool, tasks=tasks)

    async def call(token: str) -> dict[str, Any]:
        return verify(token)

    return Work(call, work.pool, tasks=tasks)


def verifying_together(algorithm: str, tasks: int) -> Work:
    """Await ``verify_async``."""
    verifier = CyJWT().verifier(algorithm).__self__
    verify: Callable[[str], Awaitable[dict[str, Any]]] = verifier.verify_async
    pool = token_pool(algorithm, 320)
    bad = [tampered(token, index) for index, token in enumerate(pool)]

    async def prove() -> None:
        must_give(await asyncio.gather(*map(verify, pool)), list(claims_pool(320)))
        for outcome in await asyncio.gather(*map(verify, bad), return_exceptions=True):
            if not isinstance(outcome, cyjwt.InvalidSignatureError):
                raise NotProvenError("a bad token was accepted")

    asyncio.run(prove())
    return Work(verify, pool, tasks=tasks)


def case(algorithm: str, tasks: int) -> Case:
    """Every contender with one algorithm and so many tasks."""

    def maker(make: Callable[[], Contender]) -> Callable[[], Work | None]:
        return lambda: awaiting(make(), algorithm, tasks)

    # Of the libraries for Node.js, one gives promises.
    contenders = {who: maker(make) for who, make in {**PYTHON, "jose": NODE["jose"]}.items()}
    contenders[DIRECT] = contenders[OURS]
    contenders[OURS] = lambda: verifying_together(algorithm, tasks)
    return Case(f"verify {algorithm} in {tasks} task{'s'[: tasks - 1]}", contenders)


def cases() -> list[Case]:
    """Every case about tasks."""
    return [case(algorithm, tasks) for algorithm in ALGORITHMS for tasks in TASKS]
