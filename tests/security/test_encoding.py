"""Encoding and JSON: what is no token and no base64url."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import b64, forge_text, good_claims, pair

HS256 = pair("HS256")
HEADER = b'{"alg":"HS256"}'
PAYLOAD = baseline.dumps(good_claims())


def malformed(token: Any, **options: Any) -> None:
    with pytest.raises(cyjwt.DecodeError) as caught:
        HS256.verifier(**options).verify(token)
    assert caught.type is cyjwt.DecodeError


# -- base64url

FOREIGN = [
    b"=",
    b"==",
    b"+",
    b"/",
    b" ",
    b"\n",
    b"\r",
    b"\t",
    b"\x00",
    b"\x0b",
    b"*",
    b"~",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xc3\xa9",
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=repr)
@pytest.mark.parametrize("place", ["start", "middle", "end"])
@pytest.mark.parametrize("segment", ["header", "payload", "signature"])
def test_foreign_characters(segment: str, place: str, foreign: bytes) -> None:
    """Even where whoever holds the key signed the text as it stands."""

    def spoil(text: bytes) -> bytes:
        at = {"start": 0, "middle": len(text) // 2, "end": len(text)}[place]
        return text[:at] + foreign + text[at:]

    head, payload = b64(HEADER).encode(), b64(PAYLOAD).encode()
    if segment == "header":
        head = spoil(head)
    if segment == "payload":
        payload = spoil(payload)
    token = forge_text(head + b"." + payload, HS256.oracle).encode("latin-1")
    if segment == "signature":
        start, _, tail = token.rpartition(b".")
        token = start + b"." + spoil(tail)
    malformed(token)
    if token.isascii():
        malformed(token.decode())


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_non_zero_trailing_bits(segment: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for more in range(3):
        parts = [b64(HEADER + b" " * more), b64(PAYLOAD + b" " * more)]
        token = forge_text(".".join(parts).encode(), HS256.oracle)
        all_parts = token.split(".")
        text = all_parts[segment]
        if len(text) % 4 == 0:
            continue
        value = alphabet.index(text[-1])
        for bit in range(4 if len(text) % 4 == 2 else 2):
            bent = text[:-1] + alphabet[value ^ 1 << bit]
            changed = [*all_parts]
            changed[segment] = bent
            if segment == 2:
                malformed(".".join(changed))
            else:
                malformed(forge_text(".".join(changed[:2]).encode(), HS256.oracle))


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_length_one_more_than_a_multiple_of_four(segment: int) -> None:
    parts = HS256.token().split(".")
    parts[segment] = parts[segment][: len(parts[segment]) // 4 * 4] + "A"
    if segment == 2:
        malformed(".".join(parts))
    else:
        malformed(forge_text(".".join(parts[:2]).encode(), HS256.oracle))


@pytest.mark.parametrize(
    "token",
    [
        "é" * 30,
        "\ud800.a.b",
        "a.b.\udfff",
        "\U0001f600.a.b",
        HS256.token() + "é",
        HS256.token() + "\ud800",
        "\ufeff" + HS256.token(),
    ],
    ids=ascii,
)
def test_text_that_is_not_ascii(token: str) -> None:
    malformed(token)


# -- padding, which some issuers add


def padded(data: bytes) -> bytes:
    text = b64(data).encode()
    return text + b"=" * (-len(text) % 4)


def padded_token(header: bytes = HEADER, payload: bytes = PAYLOAD) -> str:
    data = padded(header) + b"." + padded(payload)
    signature = baseline.make_signature(HS256.oracle, "HS256", data)
    return (data + b"." + padded(signature)).decode()


@pytest.mark.parametrize("more", [0, 1, 2])
def test_padding_is_refused_unless_allowed(more: int) -> None:
    token = padded_token(payload=PAYLOAD + b" " * more)
    malformed(token)
    assert HS256.verifier(allow_padding=True).verify(token) == good_claims()


def test_allowed_padding_admits_bare_tokens_too() -> None:
    assert HS256.verifier(allow_padding=True).verify(HS256.token()) == good_claims()


@pytest.mark.parametrize("wrong", ["===", "====", "=A", "= ", "=\n", "%3D"])
def test_allowed_padding_admits_nothing_else(wrong: str) -> None:
    malformed(HS256.token() + wrong, allow_padding=True)
    head, _, tail = padded_token().rpartition(".")
    malformed(f"{head}.=={tail}", allow_padding=True)
    malformed(f"{head}.{tail[:10]}={tail[10:]}", allow_padding=True)
    malformed(padded_token().replace("+", "-") + wrong, allow_padding=True)


def test_allowed_padding_keeps_trailing_bits_canonical() -> None:
    head, _, tail = padded_token().rpartition(".")
    assert tail.endswith("=")
    bare = tail.rstrip("=")
    bent = bare[:-1] + chr(ord(bare[-1]) + 1)
    malformed(f"{head}.{bent}{'=' * (len(tail) - len(bare))}", allow_padding=True)


# -- segments


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "....", "a", "a.b", "a.b.", ".b.c", "..c", "a..", ".b.", "a.b.c.d", "a.b.c.d.e"],
)
def test_wrong_number_of_segments(token: str) -> None:
    malformed(token)
    malformed(token.encode())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6, 10])
def test_good_segments_in_wrong_number(count: int) -> None:
    parts = HS256.token().split(".")
    if count != 3:
        malformed(".".join((parts * 4)[:count]))


def test_a_million_dots() -> None:
    """One scan, and nothing allocated for each dot (CVE-2025-30204)."""
    verifier = HS256.verifier(max_token_size=10_000_000)
    token = b64(HEADER) + "." * 1_000_000
    tracemalloc.start()
    try:
        start = time.perf_counter()
        for _ in range(20):
            with pytest.raises(cyjwt.DecodeError):
                verifier.verify(token)
        took = time.perf_counter() - start
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000
    assert took < 2
    malformed("." * 1_000_000)


def test_jwe_is_no_jws() -> None:
    malformed("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA")
    malformed(".".join([b64(b'{"alg":"dir","enc":"A256GCM"}'), "", "AAAA", "AAAA", "AAAA"]))


def test_json_serialized_jws_is_no_jwt() -> None:
    head, payload, tail = HS256.token().split(".")
    flat = {"protected": head, "payload": payload, "signature": tail}
    general = {"payload": payload, "signatures": [{"protected": head, "signature": tail}]}
    for jws in (flat, general, {**flat, "header": {"a": "b.c.d"}}):
        malformed(baseline.dumps(jws))
        malformed(baseline.dumps(jws).decode())
    # CVE-2022-39227: JSON around a genuine token, dots and all.
    malformed(f'{{"  {head}.":"","protected":"{head}","payload":"{payload}","signature":"{tail}"}}')


def test_detached_payload_is_refused() -> None:
    head, _, tail = HS256.token().split(".")
    with pytest.raises(cyjwt.InvalidSignatureError):
        HS256.verifier().verify(f"{head}..{tail}")
    malformed(forge_text(b64(HEADER).encode() + b".", HS256.oracle))


# -- size and type of the token


def test_size_cap_is_exact() -> None:
    def token_of(size: int) -> str:
        for extra in range(size):
            token = HS256.token(good_claims(pad="x" * extra))
            if len(token) >= size:
                return token
        raise AssertionError

    token = token_of(500)
    assert HS256.verifier(max_token_size=len(token)).verify(token)
    malformed(token, max_token_size=len(token) - 1)
    malformed(token.encode(), max_token_size=len(token) - 1)
    long = HS256.token(good_claims(pad="x" * 60_000))
    malformed(long)
    assert HS256.verifier(max_token_size=len(long)).verify(long)["pad"] == "x" * 60_000


@pytest.mark.parametrize(
    "token", [None, 1, 1.5, True, [], {}, object(), ["a.b.c"], {"token": "a.b.c"}, type, Ellipsis], ids=repr
)
def test_token_of_another_type(token: Any) -> None:
    malformed(token)
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.decode(token, HS256.private)
    with pytest.raises(cyjwt.DecodeError):
        cyjwt.read_unverified(token)


def test_every_kind_of_buffer() -> None:
    import array
    import mmap

    text = HS256.token().encode()

    class Text(str):
        __slots__ = ()

    class Octets(bytes):
        __slots__ = ()

    mapped = mmap.mmap(-1, len(text))
    mapped[:] = text
    verifier = HS256.verifier()
    for token in (
        *(
            text,
            text.decode(),
            bytearray(text),
            memoryview(text),
            memoryview(bytearray(text)),
            array.array("B", text),
        ),
        *(Text(text.decode()), Octets(text), mapped, memoryview(b"xx" + text + b"yy")[2:-2]),
    ):
        assert verifier.verify(token) == good_claims()
    mapped.close()


def test_text_whose_class_says_something_else() -> None:
    """What is verified and what is given are the characters, whatever the methods of a subclass say."""

    class Liar(str):
        __slots__ = ()

        def encode(self, *_: object) -> bytes:  # type: ignore[override]
            return b"no token at all"

        def __str__(self) -> str:
            return "no token at all"

        def __len__(self) -> int:
            return 1

    class ByteLiar(bytes):
        __slots__ = ()

        def __len__(self) -> int:
            return 1

        def __getitem__(self, at: Any) -> Any:
            return b"x"[at]

        def __bytes__(self) -> bytes:
            return b"no token at all"

    for token in (Liar(HS256.token()), ByteLiar(HS256.token().encode())):
        assert HS256.verifier().verify(token) == good_claims()
        assert HS256.verifier().verify_complete(token).header == {"alg": "HS256", "typ": "JWT"}
        # Nothing hangs on what the liar is read as here; it must only be read safely.
        with contextlib.suppress(cyjwt.DecodeError):
            assert cyjwt.read_unverified(token).claims == good_claims()


def test_buffers_that_are_not_one_run_of_octets() -> None:
    """Strided, wider than an octet, or released: an answer or a DecodeError, nothing else."""
    import array

    text = HS256.token().encode()
    doubled = bytes(b for octet in text for b in (octet, 0))
    released = memoryview(text)
    released.release()
    for token in (
        memoryview(doubled)[::2],
        memoryview(text)[::-1],
        array.array("H", doubled),
        array.array("d", [1.0]),
    ):
        with contextlib.suppress(cyjwt.DecodeError):
            assert HS256.verifier().verify(token) == good_claims()
    with pytest.raises((cyjwt.DecodeError, ValueError)):
        HS256.verifier().verify(released)
