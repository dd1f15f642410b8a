"""Random tokens, keys, policies and batches, from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import cyjwt
from bench import baseline
from bench.strict import decode_segment, encode_segment
from tests.batch.agreement import REGISTERED, agree, check, verdict
from tests.curves import L, curve
from tests.support import AUDIENCE, ISSUER, NOW, clock, forge, forge_text, good_claims, pair

#: By algorithm, the kid of its key.
KEYS = {
    "HS256": "h",
    "HS512": "hh",
    "RS256": "r",
    "PS256": "r",
    "RS512": "r",
    "PS384": "r",
    "ES256": "e",
    "ES384": "ee",
    "ES512": "eee",
    "ES256K": "k",
    "EdDSA": "d",
    "Ed25519": "dd",
    "Ed448": "q",
}
WEIGHTS = [9, 3, 6, 4, 2, 2, 6, 3, 2, 2, 6, 2, 1]

NAMES = ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "scope", "roles", "n", "ü", "a/b", "", "long" * 10]
TEXTS = ["", "a", ISSUER, AUDIENCE, "user-1", "Zürich", '\n\t"\\/', "😀", "\0", "x" * 100, "\u2028", "other"]


def value_of(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(10 if depth < 3 else 7)
    if kind < 2:
        return draw.choice(TEXTS)
    if kind == 2:
        return draw.choice(
            [0, 1, -1, NOW, NOW + 9, NOW - 9, 2**53, 10**18, 10**19, -(10**40), 253402300799, 253402300800]
        )
    if kind == 3:
        return draw.choice([0.0, -0.0, 1.5, NOW + 0.5, NOW - 0.5, 1e300, 5e-324, draw.random()])
    if kind == 4:
        return draw.choice([True, False])
    if kind == 5:
        return None
    if kind == 6:
        return draw.randrange(-(2**70), 2**70)
    if kind == 7:
        return [value_of(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 8:
        return draw.sample([AUDIENCE, "billing", ISSUER, "", "x" * 30], draw.randrange(4))
    return {draw.choice(NAMES) + str(i): value_of(draw, depth + 1) for i in range(draw.randrange(4))}


def claims_of(draw: random.Random) -> dict[str, Any]:
    """Right about half the time."""
    claims = good_claims(
        iss=ISSUER, aud=draw.choice([AUDIENCE, [AUDIENCE], ["billing", AUDIENCE]]), iat=NOW - 5
    )
    for _ in range(draw.choice([0, 0, 1, 2, 3])):
        name = draw.choice(NAMES)
        if draw.random() < 0.3:
            claims.pop(name, None)
        else:
            claims[name] = value_of(draw)
    if draw.random() < 0.1:
        claims |= {f"m{n}": n for n in range(draw.choice([5, 17, 50, 70]))}
    items = list(claims.items())
    if draw.random() < 0.3:
        draw.shuffle(items)
    return dict(items)


def text_of(draw: random.Random, value: Any) -> bytes:
    """JSON in one of several spellings."""
    style = draw.randrange(6)
    if style < 3:
        return baseline.dumps(value)
    text = json.dumps(value, **draw.choice([{}, {"indent": 1}, {"separators": (" ,\r", "\t:\n")}]))  # type: ignore[arg-type]
    if style == 5:
        # Some letters as escapes, wherever a string may have them.
        text = "".join(f"\\u{ord(c):04x}" if c in "xmuo" and draw.random() < 0.5 else c for c in text)
    return text.encode()


def damaged(draw: random.Random, octets: bytes) -> bytes:
    data = bytearray(octets)
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        at = draw.randrange(len(data) + 1)
        act = draw.randrange(7)
        if act == 0 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif act == 1 and at < len(data):
            data[at] = draw.choice(b'AZaz09-_.=+/ {}[]",:\\\n\0\x80\xff')
        elif act == 2:
            data[at:at] = draw.choice(
                [b".", b"=", b"A", b"\n", b"}", b'"', b"\\", b",", b"\xc3\xbc", b"\xff", b"0"]
            )
        elif act == 3:
            del data[at : at + draw.choice([1, 1, 2, 4, 20])]
        elif act == 4:
            del data[at:]
        elif act == 5:
            data[at:at] = data[max(0, at - draw.randrange(1, 12)) : at]
        elif act == 6 and at + 1 < len(data):
            data[at], data[at + 1] = data[at + 1], data[at]
    return bytes(data)


def another_signature(draw: random.Random, algorithm: str, signature: bytes) -> bytes:
    """A signature that is nearly right, or is right in another form."""
    half = len(signature) // 2
    r, s = signature[:half], signature[half:]
    act = draw.randrange(8)
    if act == 0 and signature:
        at = draw.randrange(len(signature))
        return signature[:at] + bytes([signature[at] ^ 1 << draw.randrange(8)]) + signature[at + 1 :]
    if act == 1:
        return draw.choice([b"", signature[:-1], signature + b"\0", b"\0" + signature, r, signature * 2])
    if act == 2:
        return draw.choice([bytes(len(signature)), b"\xff" * len(signature), s + r])
    if algorithm in ("ES256", "ES384", "ES512"):
        c = curve(algorithm)
        number = int.from_bytes(s, "big")
        other = draw.choice([c.n - number, number + c.n, 0, c.n, 1]) % 256 ** len(s)
        return r + other.to_bytes(len(s), "big")
    if algorithm in ("EdDSA", "Ed25519"):
        other = int.from_bytes(s, "little") + draw.choice([L, 2 * L, 0, -1])
        return r + (other % 2**256).to_bytes(32, "little")
    if algorithm[:2] in ("RS", "PS"):
        n = pair("RS256").native.public_key().public_numbers().n
        number = int.from_bytes(signature, "big")
        other = draw.choice([n - number, number + n, number, n, 1])
        return (other % 256 ** len(signature)).to_bytes(len(signature), "big")
    return signature


@cache
def signed_once(seed: int) -> list[tuple[str, str]]:
    """Algorithm and token of a pool of good tokens, for signing takes its time."""
    draw = random.Random(seed)
    made = []
    for algorithm, weight in zip(KEYS, WEIGHTS, strict=True):
        for n in range(4 * weight):
            header = (
                {"alg": algorithm, "kid": KEYS[algorithm]}
                if n % 4
                else {"kid": KEYS[algorithm], "alg": algorithm}
            )
            if n % 5 == 0:
                header["typ"] = draw.choice(["JWT", "at+jwt", "application/at+jwt"])
            if n % 11 == 10:
                header["x"] = "y" * draw.choice([10, 500, 2000])
            keys = pair(algorithm if KEYS[algorithm] != "r" else "RS256")
            claims = claims_of(draw) if n % 2 else good_claims(iss=ISSUER, aud=AUDIENCE, n=n)
            made.append(
                (algorithm, forge(baseline.dumps(header), text_of(draw, claims), keys.oracle, algorithm))
            )
    return made


def token_of(draw: random.Random, pool: list[tuple[str, str]]) -> Any:
    """A token of some kind, or what is none."""
    algorithm, good = draw.choice(pool)
    act = draw.randrange(16)
    text: bytes = good.encode()
    if act < 6:
        pass
    elif act < 8:
        text = damaged(draw, text)
    elif act < 10:
        body, _, tail = good.rpartition(".")
        signature = another_signature(draw, algorithm, decode_segment(tail.encode()))
        text = body.encode() + b"." + encode_segment(signature)
    elif act == 10:
        mine, other = good.split("."), draw.choice(pool)[1].split(".")
        parts = [draw.choice(pair_) for pair_ in zip(mine, other, strict=True)]
        text = ".".join(parts).encode()
    elif act < 14:
        # Well signed, whatever it says.
        header = {"alg": "HS256", "kid": draw.choice(["h", "h", "h", "hh", "e", "no", None, 1])}
        octets = text_of(draw, claims_of(draw))
        head = baseline.dumps({name: value for name, value in header.items() if value is not None})
        if act == 12:
            octets = damaged(draw, octets)
        elif act == 13 and draw.random() < 0.3:
            head = damaged(draw, head)
        text = forge(head, octets, pair("HS256").oracle).encode()
    elif act == 14:
        padded = b".".join(part + b"=" * (-len(part) % 4) for part in text.split(b"."))
        text = (
            forge_text(padded.rpartition(b".")[0], pair("HS256").oracle).encode()
            if draw.random() < 0.5
            else padded
        )
    else:
        return draw.choice(
            [None, 1, "", ".", "..", "...", "é.b.c", b"\xff.b.c", "a" * 70_000, "." * 300, [], good + "."]
        )
    return dressed(draw, text)


def dressed(draw: random.Random, text: bytes) -> Any:
    """The text as one of the types that a token may have."""
    act = draw.randrange(8)
    if act == 0:
        return text
    if act == 1:
        return bytearray(text)
    if act == 2:
        return memoryview(text)
    return text.decode("utf-8", "replace")


@cache
def key_set(*algorithms: str) -> cyjwt.KeySet:
    made = {}
    for algorithm in algorithms:
        keys = pair("RS256" if KEYS[algorithm] == "r" else algorithm)
        jwk = {**keys.public.to_jwk(private=keys.symmetric), "kid": KEYS[algorithm]}
        made[KEYS[algorithm]] = cyjwt.Key.from_jwk(jwk)
    return cyjwt.KeySet(made.values())


def verifier_of(draw: random.Random) -> cyjwt.Verifier:
    options: dict[str, Any] = {"audience": AUDIENCE, "issuer": ISSUER, "clock": clock}
    wild: dict[str, Callable[[], Any]] = {
        "audience": lambda: draw.choice([None, "billing", ["x", AUDIENCE]]),
        "issuer": lambda: draw.choice([None, ["other", ISSUER], "other"]),
        "subject": lambda: draw.choice(["user-8f14e45f", "user-1"]),
        "leeway": lambda: draw.choice([5, 0.5, 1000]),
        "required": lambda: draw.choice([(), ("exp", "sub"), ("n", "scope"), ("nbf", "ü", "long" * 10)]),
        "type": lambda: draw.choice(["JWT", "at+jwt"]),
        "max_age": lambda: draw.choice([1, 5, 100]),
        "max_token_size": lambda: draw.choice([300, 600, 100_000]),
        "allow_padding": lambda: True,
        "critical": lambda: ("x",),
    }
    for name in draw.sample(sorted(wild), draw.choice([0, 0, 1, 2, 3])):
        options[name] = wild[name]()
    if draw.random() < 0.2:
        options["algorithms"] = draw.sample(sorted(KEYS), 6)
    keys: Any = key_set(*(sorted(KEYS) if draw.random() < 0.7 else sorted(draw.sample(sorted(KEYS), 4))))
    if draw.random() < 0.15:
        keys = pair(draw.choice(["HS256", "RS256", "ES256", "EdDSA"])).public
    try:
        return cyjwt.Verifier(keys, **options)
    except ValueError:
        # No key serves the algorithms that were drawn.
        return cyjwt.Verifier(keys, clock=clock)


def one_round(draw: random.Random, pool: list[tuple[str, str]]) -> tuple[int, int]:
    """Verify one random batch in every way; return how many tokens it had, and how many held."""
    verifier = verifier_of(draw)
    count = draw.choice([1, 2, 3, 7, 8, 9, 16, 17, 40, 100, 256, 257, 600, 1100])
    # Fewer kinds than tokens, so that a header comes again and a large batch is quickly made.
    kinds = [token_of(draw, pool) for _ in range(min(count, 150))]
    places = [*range(len(kinds)), *draw.choices(range(len(kinds)), k=count - len(kinds))]
    draw.shuffle(places)
    said = [verdict(verifier, kind) for kind in kinds]
    tokens, expected = [kinds[at] for at in places], [said[at] for at in places]
    names = draw.sample(
        [*REGISTERED, "n", "scope", "roles", "ü", "a/b", "", "m4", "m49", "long" * 10], draw.randrange(9)
    )
    agree(verifier, tokens, threads=draw.choice([1, 1, 2, 3]), names=names, expected=expected)
    size, start = draw.randrange(1, count + 5), 0
    for batch in verifier.verify_stream(tokens, size=size, claims=names, threads=1):
        check(batch, expected[start : start + size], names)
        start += size
    return count, sum(isinstance(one, dict) for one in expected)
