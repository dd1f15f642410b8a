"""The figures of the README: two dozen cases (``make bench-quick``)."""

from __future__ import annotations

CASES = (
    *(f"verify HS256 {size}" for size in ("320 B", "2 KB", "10 KB")),
    *(f"verify {algorithm} 320 B" for algorithm in ("RS256", "ES256", "EdDSA")),
    "verify RS256 by 2 threads",
    "sign HS256 320 B",
    "refuse bad signature HS256 320 B",
    "refuse expired HS256 320 B",
    *(
        f"batch {algorithm}, {want}"
        for algorithm in ("HS256", "RS256", "ES256", "EdDSA")
        for want in ("statuses", "dicts")
    ),
    *(f"batch {algorithm}, statuses, 2 threads" for algorithm in ("HS256", "RS256", "ES256", "EdDSA")),
    "JSON read 320 B",
    # These are 430 characters, the payload of a 320 B token.
    "base64url decode 322 B",
)

#: The contenders that the README's tables show; its cases have others as well, which the whole report shows.
COLUMNS = (
    "cyjwt",
    "baseline",
    "PyJWT",
    "joserfc",
    "oxyjwt",
    "ryjwt",
    "verify",
    "json",
    "msgspec",
    "orjson",
    "pybase64",
)
