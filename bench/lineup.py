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
    "jwcrypto": "knows one issuer at most: a line of Python beside it looks `iss` up among the three.",
    "jsonwebtoken": "cannot be told that `exp` must be there, and checks it where it is.",
    "python-jose": "looks through all keys of a set, whatever `kid` the token names.",
    "authlib": "its search for passwords among the claims is turned off when it signs.",
    "fast-jwt, cached": "finds a token that it verified before by its hash, and checks the times again. The pool's two "
    "dozen tokens all fit. cyjwt's answer to it is `Verifier(cache=N)`, in a table of its own.",
    "baseline": "plain Python over `cryptography` (`bench/baseline.py`), the oracle of the tests.",
    "libcrypto": "the C call that signs or verifies, with the hash of what is signed, and nothing else: no base64url, no "
    "JSON, no claims. It is the very libcrypto that cyjwt is linked with.",
}
