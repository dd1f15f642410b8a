"""The kernels alone: base64url, JSON read and written, comparison."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from bench import strict
from bench.harness import Case, Work
from bench.samples import POOL, claims_pool
from bench.tokens import SIZES, NotProvenError, must_give, must_refuse
from cyjwt import DecodeError
from cyjwt._engine import base64url, jsontext, jsonwrite, pkey


def octets(size: int) -> list[bytes]:
    """A pool of octet strings of about ``size``."""
    return [bytes((i * 197 + j * 31 + i * j) % 256 for i in range(size + j % 3)) for j in range(POOL)]


def decoding(decode: Callable[[Any], bytes], size: int, refusal: type[Exception]) -> Work:
    """base64url text to octets."""
    pool = [strict.encode_segment(data) for data in octets(size)]
    for text, data in zip(pool, octets(size), strict=True):
        must_give(bytes(decode(text)), data)
        for bad in (text[: size // 2] + b"*" + text[size // 2 + 1 :], text + b"\n"):
            must_refuse(decode, bad, refusal)  # type: ignore[arg-type]
    return Work(decode, pool)


def encoding(encode: Callable[[bytes], Any], size: int) -> Work:
    """Octets to base64url text."""
    pool = octets(size)
    for data in pool:
        text = encode(data)
        must_give(text if isinstance(text, bytes) else text.encode(), strict.encode_segment(data))
    return Work(encode, pool)


def pybase64_decode() -> Callable[[bytes], bytes]:
    """pybase64's strict decoding; base64url has no padding, so it is put back."""
    from pybase64 import b64decode

    # By position: names cost it half as much again.
    return lambda text: b64decode(text + b"=" * (-len(text) % 4), b"-_", True)


def pybase64_encode() -> Callable[[bytes], bytes]:
    """pybase64's encoding, less the padding."""
    from pybase64 import b64encode

    # Quicker than its `urlsafe_b64encode`, which does the same.
    return lambda data: b64encode(data, b"-_").rstrip(b"=")


def reading(loads: Callable[[bytes], Any], size: int, refusal: type[Exception]) -> Work:
    """JSON text to a ``dict``."""
    pool = [strict.dumps(claims) for claims in claims_pool(size)]
    for text, claims in zip(pool, claims_pool(size), strict=True):
        must_give(loads(text), claims)
        must_refuse(loads, text[:-1], refusal)  # type: ignore[arg-type]
        must_refuse(loads, text[:-1] + b",}", refusal)  # type: ignore[arg-type]
    return Work(loads, pool)


def writing(dumps: Callable[[Any], bytes | str], size: int) -> Work:
    """A ``dict`` to JSON text."""
    pool = claims_pool(size)
    for claims in pool:
        must_give(strict.loads(dumps(claims)), claims)
    return Work(dumps, pool)


def msgspec_loads() -> tuple[Callable[[bytes], Any], type[Exception]]:
    import msgspec

    return msgspec.json.Decoder().decode, msgspec.DecodeError


def orjson_loads() -> tuple[Callable[[bytes], Any], type[Exception]]:
    import orjson

    return orjson.loads, orjson.JSONDecodeError


def msgspec_dumps() -> Callable[[Any], bytes]:
    import msgspec

    encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
    return encode


def orjson_dumps() -> Callable[[Any], bytes]:
    import orjson

    return orjson.dumps


def comparing(native: bool, size: int) -> Work:
    """Two octet strings, in constant time: equal, and unlike in one place."""
    one = bytes(range(size))
    others = [one if i % 2 else one[:i] + b"\xff" + one[i + 1 :] for i in range(POOL)]
    if native:
        equals = pkey.NativeKey.from_secret(one).equals
        pool: list[Any] = [pkey.NativeKey.from_secret(other) for other in others]
    else:
        equals, pool = (lambda other: hmac.compare_digest(one, other)), others
    for other, data in zip(pool, others, strict=True):
        if bool(equals(other)) != (data == one):
            raise NotProvenError("the comparison is wrong")
    return Work(equals, pool)


def cases() -> list[Case]:
    """Every case about kernels."""
    made = []
    for size, name in {32: "32 B", 322: "322 B", 2048: "2 KB", 10_240: "10 KB"}.items():
        made += [
            Case(
                f"base64url decode {name}",
                {
                    "cyjwt": lambda s=size: decoding(base64url.decode, s, DecodeError),
                    "baseline": lambda s=size: decoding(strict.decode_segment, s, DecodeError),
                    "pybase64": lambda s=size: decoding(pybase64_decode(), s, ValueError),
                },
            ),
            Case(
                f"base64url encode {name}",
                {
                    "cyjwt": lambda s=size: encoding(base64url.encode, s),
                    "baseline": lambda s=size: encoding(strict.encode_segment, s),
                    "pybase64": lambda s=size: encoding(pybase64_encode(), s),
                },
            ),
        ]
    for size, name in SIZES.items():
        made += [
            Case(
                f"JSON read {name}",
                {
                    "cyjwt": lambda s=size: reading(jsontext.loads, s, DecodeError),
                    "baseline": lambda s=size: reading(strict.loads, s, DecodeError),
                    "json": lambda s=size: reading(json.loads, s, ValueError),
                    "msgspec": lambda s=size: reading(msgspec_loads()[0], s, msgspec_loads()[1]),
                    "orjson": lambda s=size: reading(orjson_loads()[0], s, orjson_loads()[1]),
                },
            ),
            Case(
                f"JSON write {name}",
                {
                    "cyjwt": lambda s=size: writing(jsonwrite.dumps, s),
                    "baseline": lambda s=size: writing(strict.dumps, s),
                    "msgspec": lambda s=size: writing(msgspec_dumps(), s),
                    "orjson": lambda s=size: writing(orjson_dumps(), s),
                },
            ),
        ]
    for size in (32, 64, 256):
        made.append(
            Case(
                f"compare {size} B",
                {
                    "cyjwt": lambda s=size: comparing(True, s),
                    "baseline": lambda s=size: comparing(False, s),
                },
            )
        )
    return made
