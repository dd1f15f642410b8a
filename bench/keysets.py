"""Keys that are found by ``kid``: in a JWK Set that was read, and in one that the library fetches."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable
from typing import Any

import cyjwt
from bench.contenders import Contender, Verify
from bench.harness import Case, Work
from bench.samples import POOL, claims_pool, tampered
from bench.tokens import case, must_give, must_refuse

#: Keys of this algorithm are quickly made, and every library reads them.
ALGORITHM = "ES256"
SIZES = (1, 10, 100, 1000)
#: The set that is fetched has so many keys.
PUBLISHED = 10


@functools.cache
def keys(count: int) -> cyjwt.KeySet:
    """So many private keys."""
    return cyjwt.KeySet([cyjwt.Key.generate(ALGORITHM, kid=f"2030-{index:04}") for index in range(count)])


@functools.cache
def tokens(count: int) -> tuple[str, ...]:
    """A pool of tokens by keys from all over the set."""
    every = list(keys(count))
    # From the middle on, and back and forth: the first few alone are of no other mean place than all.
    order = [(POOL // 2 + 11 * index) % POOL for index in range(POOL)]
    signers = [every[place * len(every) // POOL] for place in order]
    return tuple(
        cyjwt.Signer(key).sign(claims) for key, claims in zip(signers, claims_pool(320), strict=True)
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """Publishes the set."""

    def do_GET(self) -> None:
        body = json.dumps(keys(PUBLISHED).to_jwks()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@functools.cache
def url() -> str:
    """Where the set is published, by a thread of this process."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/jwks.json"


def finding(verify: Verify, refusal: Any, count: int) -> Work | None:
    """Verify tokens by keys of a set."""
    if verify is None:
        return None
    pool = tokens(count)
    for index, (token, claims) in enumerate(zip(pool, claims_pool(320), strict=True)):
        must_give(verify(token), claims)
        if index % 8 == 0:
            # Some libraries go through a thousand keys for each of these.
            must_refuse(verify, tampered(token, index), refusal)
    return Work(verify, pool)


def from_set(count: int) -> Callable[[Contender], Work | None]:
    return lambda contender: finding(
        contender.set_verifier(ALGORITHM, keys(count).to_jwks()), contender.refusal, count
    )


def from_url(contender: Contender) -> Work | None:
    return finding(contender.url_verifier(ALGORITHM, url()), contender.refusal, PUBLISHED)


def cases() -> list[Case]:
    """Every case about sets of keys."""
    made = [case(f"look up 1 of {count} {ALGORITHM} keys", from_set(count)) for count in SIZES]
    made.append(case(f"look up 1 of {PUBLISHED} {ALGORITHM} keys, fetched by URL", from_url))
    return made
