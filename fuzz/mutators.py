"""Mutators that know the structure, so that what lies behind a signature, base64 or armour is reached.

A token whose payload was damaged is refused by its signature, and its payload never read; so after a mutation it is
signed anew, with a key that the verifiers know. Each mutator damages the octets of a part with libFuzzer's own
mutations, which learn from comparisons and use the dictionary, and packs the part again.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from collections.abc import Callable
from typing import Any

from bench import strict
from cyjwt.errors import DecodeError
from fuzz import keys
from tests.support import AUDIENCE, ISSUER, NOW

#: libFuzzer's own mutation: octets and the most that may come out.
Mutate = Callable[[bytes, int], bytes]
Mutator = Callable[[bytes, int, random.Random, Mutate], bytes]

#: By algorithm, the kid of the key that signs with it at a price that a fuzzer can pay.
_SIGNS = {"HS256": "h", "HS384": "h", "HS512": "h", "EdDSA": "d", "Ed25519": "d", "ES256": "e", "RS256": "r"}
#: What a member is set to now and then: right, at an edge, or of a wrong type.
_VALUES: tuple[Any, ...] = (
    NOW, NOW + 1, NOW - 1, NOW + 5, NOW - 5, NOW + 0.5, 0, -1, -0.0, 253402300799, 253402300800, 2**63, 10**30, 1e300,
    "", AUDIENCE, ISSUER, [AUDIENCE], [], [1], "user-1", "sig", "AQAB", "HS256", "at+jwt", ["x"], ["verify"], ["sign"],
    None, True, False, {}, "\0", "ü",
)  # fmt: skip
_NAMES = (
    "exp", "nbf", "iat", "iss", "aud", "sub", "jti", "n", "ü", "alg", "kid", "typ", "crit", "b64", "x", "kty", "crv",
    "y", "d", "e", "k", "p", "q", "dp", "dq", "qi", "oth", "use", "key_ops", "keys",
)  # fmt: skip
_ARMOUR = re.compile(rb"(-----BEGIN [A-Z0-9 ]+-----\r?\n)([A-Za-z0-9+/=\s]*)(-----END)")


def members(data: bytes, longest: int, draw: random.Random, mutate: Mutate) -> bytes:
    """JSON text: a member of an object in it set, taken away or doubled, or octets damaged."""
    if draw.random() < 0.5:
        return mutate(data, longest)
    try:
        document = strict.loads(data)
    except DecodeError:
        return mutate(data, longest)
    held = _objects(document)
    if not held:
        return mutate(data, longest)
    one = draw.choice(held)
    name = draw.choice([*one, *_NAMES])
    act = draw.randrange(6)
    if act == 0 and name in one:
        del one[name]
    elif act == 1 and name in one:
        text = json.dumps(one[name])
        return (
            json.dumps(document).replace(f'"{name}":', f'"{name}": {text}, "{name}":', 1).encode()[:longest]
        )
    elif act == 2 and isinstance(one.get(name), str):
        one[name] = mutate(one[name].encode(), 1 + 2 * len(one[name])).decode("utf-8", "replace")
    elif act == 3 and isinstance(one.get(name), str):
        one[name] = _in_base64(one[name], draw, mutate)
    elif act == 4:
        one[name] = draw.choice(held)
    else:
        one[name] = draw.choice(_VALUES)
    return _text(document, data, longest, draw)


def _text(document: Any, before: bytes, longest: int, draw: random.Random) -> bytes:
    try:
        text = json.dumps(
            document, ensure_ascii=draw.random() < 0.3, separators=draw.choice([(",", ":"), None])
        )
    except (ValueError, RecursionError):
        # An object was put into itself.
        return before
    return text.encode()[:longest]


def _objects(value: Any) -> list[dict[str, Any]]:
    """Every object in a value, the outermost first."""
    waiting, found = [value], []
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found.append(one)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _in_base64(value: str, draw: random.Random, mutate: Mutate) -> str:
    """The text with the octets that it stands for damaged, if it stands for any."""
    octets = _decoded(value.encode())
    if octets is None:
        return value
    if draw.random() < 0.3:
        octets = draw.choice([b"\0" + octets, octets[1:], octets[:-1], octets + b"\0", octets[::-1]])
    else:
        octets = mutate(octets, len(octets) + 2)
    return strict.encode_segment(octets).decode()


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def token(data: bytes, longest: int, draw: random.Random, mutate: Mutate) -> bytes:
    """A policy's number and a token: header, payload or signature damaged, most of the time signed anew."""
    parts = data[1:].split(b".")
    if len(parts) != 3 or draw.random() < 0.15:
        return mutate(data, longest)
    header, payload, signature = map(_decoded, parts)
    if header is None or payload is None or signature is None:
        return mutate(data, longest)
    policy = bytes([draw.randrange(48, 56)]) if draw.random() < 0.2 else data[:1]
    room = max(8, 3 * (longest - 400) // 4)
    act = draw.randrange(10)
    if act < 5:
        payload = members(payload, room - len(header) if len(header) < room else 8, draw, mutate)
    elif act < 8:
        header = members(header, room - len(payload) if len(payload) < room else 8, draw, mutate)
    elif act == 8:
        signature = mutate(signature, len(signature) + 2)
        return (policy + b".".join([*parts[:2], strict.encode_segment(signature)]))[:longest]
    else:
        # The same parts under another policy or key.
        header = re.sub(rb'"alg"\s*:\s*"\w*"', b'"alg":"%s"' % draw.choice([*_SIGNS]).encode(), header)
    text = b".".join(map(strict.encode_segment, (header, payload)))
    if act < 8 and draw.random() < 0.1:
        # Text that is signed and no base64url.
        text = mutate(text, len(text) + 4)
    return (policy + signed(text, header))[:longest]


def signed(text: bytes, header: bytes) -> bytes:
    """The token of this text, with the signature that its header asks for."""
    found = re.search(rb'"alg"\s*:\s*"(\w+)"', header)
    algorithm = found[1].decode() if found and found[1].decode() in _SIGNS else "HS256"
    return keys.sign(_SIGNS[algorithm], algorithm, text)


def pem(data: bytes, longest: int, draw: random.Random, mutate: Mutate) -> bytes:
    """PEM text with its contents damaged and packed again; DER damaged by itself, or put into PEM."""
    found = _ARMOUR.search(data)
    if found is None or draw.random() < 0.2:
        return mutate(data, longest)
    der = _decoded(re.sub(rb"\s", b"", found[2]).replace(b"+", b"-").replace(b"/", b"_").rstrip(b"="))
    if der is None:
        return mutate(data, longest)
    damaged = mutate(der, max(8, 3 * longest // 4 - 200))
    if draw.random() < 0.3:
        return damaged[:longest]
    body = base64.encodebytes(damaged).replace(b"\n", b"")
    lines = b"\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return (data[: found.start(2)] + lines + b"\n" + data[found.end(2) :])[:longest]
