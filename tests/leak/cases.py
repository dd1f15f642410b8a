"""What is called over and over: the cases of the leak check, each with its share, its call and its arguments."""

from __future__ import annotations

import atexit
import dataclasses
import importlib.util
import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cyjwt
from bench import baseline
from cyjwt._engine import base64url, jsontext, jsonwrite
from cyjwt.revocation import MemoryStore, SQLiteStore
from tests.live_support import Source
from tests.support import AUDIENCE, ISSUER, NOW, b64, clock, forge, good_claims, pair

CLAIMS = good_claims(
    iss=ISSUER, aud=[AUDIENCE], roles=["admin", "editor"], n=[1, 2.5, None, {"deep": ["x" * 50]}]
)


def quiet(call: Callable[[Any], Any], *expected: type[Exception]) -> Callable[[Any], None]:
    def run(argument: Any) -> None:
        try:
            call(argument)
        except expected:
            return

    return run


def broken_clock_verifier() -> cyjwt.Verifier:
    """A verifier whose clock stops once it is made."""
    good = [NOW]

    def broken() -> float:
        return good.pop() if good else -1.0

    return pair("HS256").verifier(clock=broken)


#: Name: share of the calls, function, arguments to cycle through.
Cases = dict[str, tuple[float, Callable[[Any], Any], list[Any]]]


def batch_cases() -> Cases:
    """A call is a whole batch, of good tokens and bad ones."""
    made: Cases = {}
    for name in ("HS256", "RS256", "ES256", "EdDSA", "Ed448"):
        keys = pair(name)
        verifier = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
        good = [keys.token({**CLAIMS, "i": i, "ü": "é"}, {"kid": str(i % 5)}) for i in range(16)]
        bad: list[Any] = [token[:-9] + "AAAAAAAAA" for token in good[:8]] + [
            "",
            "a.b",
            None,
            b"\xff",
            "é.b.c",
        ]
        bad += [keys.token({**CLAIMS, "exp": 1}), keys.token({"exp": NOW + 1}), bytearray(good[0].encode())]
        mixed = (good + bad)[:: 8 if name == "Ed448" else 1]
        share = 0.001 if name == "Ed448" else 0.005
        for kind, claims in (
            ("dicts", True),
            ("statuses", False),
            ("some claims", ["i", "ü", "n", "absent"]),
        ):
            made[f"batch of {name}, {kind}"] = (
                share,
                lambda tokens, v=verifier, c=claims: v.verify_batch(tokens, claims=c),
                [mixed, mixed[::-1], good],
            )
        made[f"batch of {name}, read"] = (
            share,
            lambda tokens, v=verifier: [v.verify_batch(tokens)[:], v.verify_batch(tokens).counts()],
            [mixed],
        )
    keys = pair("HS256")
    verifier = keys.verifier()
    many = [keys.token(good_claims(i=i), {"kid": f"kid-{i}"}) for i in range(1024)] + [
        keys.token()[:-2]
    ] * 512
    made["batch by two threads"] = (
        0.001,
        lambda tokens: verifier.verify_batch(tokens, threads=2, claims=False),
        [many],
    )
    made["stream"] = (
        0.001,
        lambda tokens: sum(map(len, verifier.verify_stream(iter(tokens), size=100))),
        [many],
    )
    made["batch refused"] = (
        0.05,
        quiet(lambda claims: verifier.verify_batch(["x"], claims=claims), TypeError, ValueError),
        ["sub", [1], [f"c{n}" for n in range(40)], ["\ud800"], 7],
    )
    broken = broken_clock_verifier()
    made["batch, clock that raises"] = 0.05, quiet(broken.verify_batch, ValueError), [many[:3]]
    return made


class Store:
    """Revokes some subjects, and fails of others."""

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        if claims["sub"] == "fails":
            raise LookupError(claims["sub"])
        return bool(claims["sub"] == "revoked")


def hook_cases() -> Cases:
    """Stores of what is revoked, and sources of keys that change."""
    keys = [cyjwt.Key.from_secret(bytes([n]) * 32, kid=str(n), algorithm="HS256") for n in range(3)]
    tokens = [
        cyjwt.encode({**CLAIMS, "sub": sub, "jti": sub}, key, algorithm="HS256")
        for key in keys
        for sub in ("good", "revoked", "fails")
    ]
    made: Cases = {}
    stores = {"a store": Store(), "a container": {"revoked"}}
    for name, store in stores.items():
        verifier = cyjwt.Verifier(keys, revoked=store, clock=NOW)
        made[f"revoked, {name}"] = 0.2, quiet(verifier.verify, cyjwt.InvalidTokenError), tokens
        for claims in (True, False, ["sub"]):
            made[f"batch revoked, {name}, {claims}"] = (
                0.02,
                lambda some, v=verifier, c=claims: list(v.verify_batch(some, claims=c)),
                [tokens],
            )
    source = Source(keys[0], keys[1])
    live = cyjwt.Verifier(source, clock=NOW)
    made["live keys"] = 0.1, quiet(live.verify, cyjwt.InvalidTokenError), [*tokens[:6], "x"]

    def swap(key: cyjwt.Key) -> None:
        source.publish(key, keys[1])
        for token in tokens:
            quiet(live.verify, cyjwt.InvalidTokenError)(token)
        list(live.verify_batch(tokens, claims=False))
        source.asked.clear()

    made["live keys, swapped"] = 0.002, swap, keys
    gone = cyjwt.Verifier(Source(), clock=NOW)
    made["no live keys"] = 0.1, quiet(gone.verify, cyjwt.JWKSUnavailableError), tokens
    return made


def store_cases() -> Cases:
    """The stores that are shipped, and several issuers."""
    key, other = cyjwt.Key.generate("HS256"), cyjwt.Key.generate("HS256")
    store, folder = MemoryStore(clock=NOW), tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = SQLiteStore(Path(folder) / "revoked.db", read_timeout=5)

    def in_and_out(n: int) -> None:
        store.revoke(f"{n}", issuer=ISSUER, expires=NOW + n % 3)
        store.revoke_subject(f"{n}")
        store.revoke_key(key)
        store.is_revoked({"jti": "é", "sub": f"{n}", "iss": ISSUER}, other)
        quiet(lambda jti: store.is_revoked({"jti": jti}, other), TypeError)(n)
        store.reinstate(f"{n}", issuer=ISSUER)
        store.reinstate_subject(f"{n}")
        if n == 0:
            store.prune()

    names = ("a", "b")
    both = cyjwt.MultiVerifier({name: cyjwt.Verifier(key, issuer=name, revoked=store) for name in names})
    tokens = [cyjwt.Signer(key, issuer=name, lifetime=9000).sign({"jti": name}) for name in ("a", "b", "c")]
    bad: list[Any] = [*tokens, tokens[0][:-5] + "AAAAA", "e30.e30.", "x", None, f"e30.{b64(b'x' * 9000)}."]
    return {
        "a table of what is revoked": (0.05, in_and_out, list(range(300))),
        "a file of what is revoked": (
            0.005,
            lambda n: file.is_revoked({"jti": f"{n}"}, key),
            list(range(50)),
        ),
        "several issuers": (0.2, quiet(both.verify, cyjwt.InvalidTokenError), bad),
        "several issuers, batch": (0.01, lambda some: list(both.verify_batch(some)), [bad, tokens]),
    }


def cases() -> Cases:
    """Every case."""
    made: Cases = batch_cases() | hook_cases() | store_cases()
    for name, share in (
        ("HS256", 1.0),
        ("RS256", 0.2),
        ("PS256", 0.1),
        ("ES256", 0.1),
        ("EdDSA", 0.1),
        ("Ed448", 0.01),
    ):
        keys = pair(name)
        verifier = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
        good = [keys.token({**CLAIMS, "i": i}, {"kid": str(i)}) for i in range(50)]
        made[f"good {name}"] = share, verifier.verify, good
        bad = [token[:-9] + "AAAAAAAAA" for token in good]
        made[f"bad signature {name}"] = share / 2, quiet(verifier.verify, cyjwt.InvalidTokenError), bad
        made[f"complete {name}"] = share / 4, verifier.verify_complete, good
        signer = cyjwt.Signer(keys.private, algorithm=name, issuer=ISSUER, lifetime=60)
        costly = 0.02 if name in ("RS256", "PS256") else share / 4
        made[f"sign {name}"] = costly, signer.sign, [{**CLAIMS, "i": i} for i in range(20)]
        many = [[{**CLAIMS, "i": i}] * 9 for i in range(20)]
        made[f"sign many {name}"] = costly / 9, signer.sign_batch, many
        spoilt = [[{}, {"i": i}, {"i": object()}] for i in range(20)]
        made[f"sign many badly {name}"] = costly / 9, quiet(signer.sign_batch, TypeError), spoilt

    keys = pair("HS256")
    verifier = quiet(keys.verifier(issuer=ISSUER, audience=AUDIENCE).verify, cyjwt.InvalidTokenError)
    made["expired"] = 0.5, verifier, [keys.token({**CLAIMS, "exp": i}) for i in range(1, 50)]
    made["wrong claims"] = (
        0.5,
        verifier,
        [
            keys.token({**CLAIMS, name: value})
            for name in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti")
            for value in (None, [], "x" * 40, 1 << 70)
        ],
    )
    made["malformed"] = (
        0.5,
        verifier,
        [
            *(
                "",
                "a.b.c",
                "." * 5000,
                "é.b.c",
                b"\xff",
                None,
                1,
                keys.token() + "=",
                keys.token() + ".a",
                b64(b"{}") + "..",
            ),
            *(
                forge(header, b"{}", keys.oracle)
                for header in (b"[]", b'{"alg":1}', b'{"alg":"HS256","alg":"HS256"}', b"{")
            ),
            *(
                forge(b'{"alg":"HS256"}', payload, keys.oracle)
                for payload in (
                    b"[1,[2,{}]]",
                    b'{"a":[1,2,{"b":"c"',
                    b'{"a":{"b":1,"b":2}}',
                    b'{"a":"\xff"}',
                    b'{"a":' + b"9" * 5000 + b"}",
                )
            ),
        ],
    )
    made["clock that raises"] = 0.2, quiet(broken_clock_verifier().verify, ValueError), [keys.token(CLAIMS)]
    made["new headers"] = 0.3, verifier, [keys.token(CLAIMS, {"kid": f"kid-{i}"}) for i in range(5000)]
    made["unverified"] = (
        0.3,
        quiet(cyjwt.read_unverified, cyjwt.InvalidTokenError),
        [keys.token(CLAIMS), "a.b", keys.token() + "="],
    )
    made["json read"] = 0.5, jsontext.loads, [baseline.dumps({**CLAIMS, f"m{i}": i}) for i in range(200)]
    made["json refused"] = (
        0.5,
        quiet(jsontext.loads, cyjwt.DecodeError),
        [baseline.dumps(CLAIMS)[:i] for i in range(150)],
    )
    made["json written"] = 0.5, jsonwrite.dumps, [{**CLAIMS, f"m{i}": i} for i in range(200)]
    made["json not written"] = (
        0.2,
        quiet(jsonwrite.dumps, TypeError, ValueError),
        [{"a": [1, {"b": {1}}]}, {1: 2}, "\ud800"],
    )
    made["base64url"] = (
        0.2,
        lambda data: base64url.decode(base64url.encode(data)),
        [bytes(i) for i in range(300)],
    )
    made["key from secret"] = 0.05, lambda n: cyjwt.Key.from_secret(bytes([n]) * 40), list(range(1, 100))
    made["key refused"] = (
        0.02,
        quiet(cyjwt.Key.from_pem, cyjwt.InvalidKeyError),
        [pair("RS256").public_pem[:-60], b"x", b""],
    )
    for name in ("RS256", "ES256", "EdDSA", "Ed448"):
        made[f"key from PEM {name}"] = 0.005, cyjwt.Key.from_pem, [pair(name).public_pem]
        # A private RSA key costs some 50 ms to check; its public half takes the same way in.
        jwk = pair(name).private.to_jwk(private=name != "RS256")
        made[f"key from JWK {name}"] = 0.002, cyjwt.Key.from_jwk, [jwk]
        made[f"key out {name}"] = (
            0.002,
            lambda key: (key.to_pem(), key.to_jwk(), key.thumbprint()),
            [pair(name).public],
        )
    secret = cyjwt.Key.from_secret(bytes(range(32)))
    made["verifier made"] = (
        0.05,
        lambda n: cyjwt.Verifier(secret, issuer=f"i{n}", audience=["a", f"b{n}"], clock=clock),
        list(range(9)),
    )
    made["signer made"] = 0.05, lambda n: cyjwt.Signer(secret, issuer=f"i{n}", lifetime=NOW), list(range(9))
    made |= one_shot_cases()
    made |= memory_cases()
    made |= column_cases()
    return made


def memory_cases() -> Cases:
    """Tokens that are kept, found, displaced and forgotten; and claims as instances."""
    keys = pair("HS256")
    options: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE}
    tokens = [keys.token({**CLAIMS, "i": i, "pad": "x" * (7 * i)}) for i in range(50)]
    times = itertools.cycle([NOW, NOW, NOW + 10_000])
    made: Cases = {
        "cache, found": (1.0, keys.verifier(cache=64, **options).verify, tokens),
        "cache, displaced": (0.5, keys.verifier(cache=7, **options).verify, tokens),
        "cache, forgotten": (
            0.3,
            quiet(
                keys.verifier(cache=9, clock=lambda: next(times), **options).verify, cyjwt.InvalidTokenError
            ),
            tokens,
        ),
        "cache, revoked": (
            0.2,
            quiet(keys.verifier(cache=64, revoked={"0"}, **options).verify, cyjwt.InvalidTokenError),
            [keys.token({**CLAIMS, "i": i, "jti": str(i % 2)}) for i in range(50)],
        ),
        "cache, made and dropped": (
            0.05,
            lambda token: keys.verifier(cache=3, **options).verify(token),
            tokens,
        ),
    }
    if importlib.util.find_spec("msgspec") is not None:
        kind = dataclasses.make_dataclass("Kind", [("i", int), ("roles", list[str])])
        other = dataclasses.make_dataclass("Other", [("i", str)])
        for name, more in (
            ("", {}),
            (", cache", {"cache": 20}),
            (", revoked", {"cache": 9, "revoked": set()}),
        ):
            typed = keys.verifier(claims_type=kind, **options, **more)
            made[f"claims_type{name}"] = 0.1, typed.verify, tokens
            bad = keys.verifier(claims_type=other, **options, **more)
            made[f"claims_type{name}, mismatch"] = 0.05, quiet(bad.verify, cyjwt.InvalidClaimsError), tokens
        batch = keys.verifier(claims_type=other, **options)
        made["claims_type, batch"] = 0.01, batch.verify_batch, [tokens]
    return made


def one_shot_cases() -> Cases:
    """Keys in every form, found again and not, with more of them than the caches hold; and what is refused."""
    secrets = [n.to_bytes(2, "big") * 16 for n in range(600)]
    token = cyjwt.encode(CLAIMS, secrets[0], "HS256")

    def decode(secret: object, **options: Any) -> object:
        options = {"issuer": ISSUER, "audience": [AUDIENCE], "clock": clock} | options
        return cyjwt.decode(token, secret, algorithms=["HS256"], **options)

    forms = [secrets[0], bytearray(secrets[0]), {"kty": "oct", "k": b64(secrets[0])}]
    wrong = [b"short", None, {"kty": "oct"}, pair("RS256").public_pem]
    refused = quiet(decode, cyjwt.CyJWTError, TypeError, ValueError)
    return {
        "one-shot": (0.5, decode, forms),
        "one-shot, new objects": (
            0.2,
            lambda n: decode(bytes(bytearray(secrets[0])), leeway=n),
            list(range(50)),
        ),
        "one-shot, evicted": (0.02, refused, secrets),
        "one-shot, signed": (0.05, lambda secret: cyjwt.encode(CLAIMS, secret, "HS256"), secrets),
        "one-shot, refused": (0.01, refused, wrong),
        "one-shot, bad option": (
            0.01,
            quiet(lambda n: decode(secrets[n], leeway=-1), ValueError),
            list(range(9)),
        ),
        "one-shot, cleared": (0.005, lambda n: (decode(forms[n]), cyjwt.caches.clear()), list(range(3))),
    }


def column_cases() -> dict[str, tuple[float, Callable[[Any], Any], list[Any]]]:
    """Columns in and out, where there is an Arrow library for them."""
    if importlib.util.find_spec("nanoarrow") is None:
        return {}
    import nanoarrow

    import cyjwt.arrow

    keys = pair("HS256")
    verifier = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
    claims = {"sub": "string", "exp": "int64", "roles": "list<string>", "n": "json"}
    tokens = [keys.token({**CLAIMS, "i": i}) for i in range(300)]
    mixed = [one for token in tokens for one in (token, None, token[:-9], "\u00e9")]
    strings = nanoarrow.Array(mixed, nanoarrow.string())
    chunks = nanoarrow.Array.from_chunks([mixed[:9], [], mixed[9:60]], nanoarrow.string())
    numbers = nanoarrow.Array([1, 2], nanoarrow.int64())

    def read(column: Any) -> None:
        nanoarrow.c_array_stream(cyjwt.arrow.verify(column, verifier, claims, threads=2))

    return {
        "columns": (0.001, read, [strings]),
        "columns in chunks": (0.002, read, [chunks]),
        "columns refused": (0.01, quiet(read, TypeError), [numbers, None]),
    }
