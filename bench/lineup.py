"""Who is measured: every contender by the name that the tables have for it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from bench.contenders import Baseline, Contender, CyJWT
from bench.natives import OxyJWT, RyJWT, WebToken
from bench.node import FastJWTCached, NodeLibrary
from bench.peers import Authlib, Joserfc, JWCrypto, PyJWT, PythonJose

#: The libraries in Python. Making one imports its library.
PYTHON: dict[str, Callable[[], Contender]] = {
    "cyjwt": CyJWT,
    "baseline": Baseline,
    "PyJWT": PyJWT,
    "joserfc": Joserfc,
    "authlib": Authlib,
    "python-jose": PythonJose,
    "jwcrypto": JWCrypto,
    "oxyjwt": OxyJWT,
    "ryjwt": RyJWT,
    "webtoken": WebToken,
}

#: The libraries for Node.js.
NODE: dict[str, Callable[[], Contender]] = {
    "jose": functools.partial(NodeLibrary, "jose", ("ES256K", "Ed448")),
    "fast-jwt": functools.partial(NodeLibrary, "fast-jwt", ("ES256K", "Ed448")),
    "fast-jwt, cached": FastJWTCached,
    "jsonwebtoken": functools.partial(NodeLibrary, "jsonwebtoken", ("EdDSA", "ES256K", "Ed448")),
}

CONTENDERS = PYTHON | NODE

#: What is to be known of a figure besides; by contender.
NOTES = {
    "PyJWT": "is not told that `exp` must be there, and checks it where it is; to be told would cost it some 2 percent.",
    "jwcrypto": "knows one issuer at most: a line of Python beside it looks `iss` up among the three. `nbf` it checks only "
    "where every token must have one, so not here. Claims are given to it as JSON, since it copies a dict deeply.",
    "oxyjwt": "is not told that `exp` must be there, and checks it where it is; to be told would cost it its quick path. It "
    "signs JSON that orjson has written, which is quicker than its own `encode`.",
    "ryjwt": "cannot be told that `exp` must be there, and checks it where it is. It reads JSON by msgspec, which is "
    "installed here; without, it takes a little longer.",
    "webtoken": "is not told that `exp` must be there, and checks it where it is; to be told would cost it some 4 percent.",
    "jsonwebtoken": "cannot be told that `exp` must be there, and checks it where it is.",
    "python-jose": "of a JWK Set it would read and try every key, whatever `kid` the token names, so that a dict of keys "
    "that were read beforehand stands before it.",
    "authlib": "its search for passwords among the claims is turned off when it signs.",
    "fast-jwt, cached": "finds a token that it verified before, and checks the times again. The pool's two dozen tokens "
    "all fit. By default it looks for a SHA-2 hash of the token, which takes it some 2 µs; here, as its README advises for "
    "speed, for the token itself. These are the very strings that it saw before, whose hashes V8 remembers: for strings "
    "that came in anew it takes about 1 µs. It gives the same object each time, which no caller may change. cyjwt's answer "
    "to it is `Verifier(cache=N)`, in a table of its own, which gives a dict of the caller's own.",
    "baseline": "plain Python over `cryptography` (`bench/baseline.py`), the oracle of the tests.",
    "libcrypto": "the C call that signs or verifies, with the hash of what is signed, and nothing else: no base64url, no "
    "JSON, no claims. It is the very libcrypto that cyjwt is linked with.",
}
