"""Verifier: kinds of token, clocks, pickling, immutability, subclasses, and references kept straight."""

from __future__ import annotations

import array
import contextlib
import gc
import mmap
import sys
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from tests.support import AUDIENCE, NOW, b64, clock, good_claims, pair

HS256 = pair("HS256")
TOKEN = HS256.token()


class Text(str):
    __slots__ = ()


class Octets(bytes):
    pass


def mapped(text: bytes) -> mmap.mmap:
    made = mmap.mmap(-1, len(text))
    made[:] = text
    return made


#: Every kind of object that text may come in.
KINDS: dict[str, Callable[[bytes], Any]] = {
    "str": bytes.decode,
    "str subclass": lambda t: Text(t.decode()),
    "bytes": bytes,
    "bytes subclass": Octets,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "memoryview of a part": lambda t: memoryview(b"xx" + t + b"y")[2:-1],
    "memoryview of every second": lambda t: memoryview(bytes(x for c in t for x in (c, 0)))[::2],
    "memoryview from behind": lambda t: memoryview(t[::-1])[::-1],
    "memoryview of signed octets": lambda t: memoryview(t).cast("b"),
    "array": lambda t: array.array("B", t),
    "mmap": mapped,
}


# -- kinds of token


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_token(kind: str) -> None:
    verifier = HS256.verifier()
    long_claims = good_claims(more="x" * 20_000)
    for claims in (good_claims(), long_claims):
        token = KINDS[kind](HS256.token(claims).encode())
        assert verifier.verify(token) == claims
        assert verifier.verify_complete(token).claims == claims
        assert cyjwt.read_unverified(token).claims == claims
        forged = KINDS[kind](HS256.token(claims).encode()[:-4] + b"AAAA")
        for call in (verifier.verify, verifier.verify_complete):
            with pytest.raises(cyjwt.InvalidSignatureError):
                call(forged)
        assert cyjwt.read_unverified(forged).claims == claims
        small = HS256.verifier(max_token_size=100)
        for call in (small.verify, small.verify_complete):
            with pytest.raises(cyjwt.DecodeError) as caught:
                call(token)
            assert caught.value.code == "too_large"


def released() -> memoryview:
    view = memoryview(TOKEN.encode())
    view.release()
    return view


def closed() -> mmap.mmap:
    made = mapped(TOKEN.encode())
    made.close()
    return made


@pytest.mark.parametrize("make", [released, closed])
def test_a_buffer_that_is_gone_is_a_decode_error(make: Callable[[], Any]) -> None:
    """A bad token never raises anything else."""
    calls = [HS256.verifier().verify, HS256.verifier().verify_complete, cyjwt.read_unverified]
    for call in calls:
        with pytest.raises(cyjwt.DecodeError):
            call(make())


NO_TOKENS: list[Any] = [
    None,
    1,
    1.5,
    True,
    object(),
    [],
    ["a"],
    {},
    (),
    type,
    print,
    Ellipsis,
    {"payload": "x"},
]


def test_what_is_no_token_at_all() -> None:
    for token in NO_TOKENS:
        for call in (HS256.verifier().verify, HS256.verifier().verify_complete, cyjwt.read_unverified):
            with pytest.raises(cyjwt.DecodeError) as caught:
                call(token)
            assert type(caught.value) is cyjwt.DecodeError


def test_verify_complete_gives_the_code_that_verify_gives() -> None:
    verifier = HS256.verifier()
    for token in [
        *NO_TOKENS,
        "",
        "é",
        "a.b",
        bytearray(b"a.b"),
        "x" * 70_000,
        bytearray(70_000),
        TOKEN[:-4] + "AAAA",
    ]:
        codes = set()
        for call in (verifier.verify, verifier.verify_complete):
            with pytest.raises(cyjwt.InvalidTokenError) as caught:
                call(token)
            codes.add((type(caught.value), caught.value.code))
        assert len(codes) == 1


def test_buffers_are_let_go_of() -> None:
    """A buffer that stayed exported could not be resized, nor a mapping closed."""
    verifier = HS256.verifier()
    for text in (TOKEN.encode(), b"a.b.c", b"", TOKEN.encode()[:-4] + b"AAAA"):
        buffer = bytearray(text)
        for call in (verifier.verify, verifier.verify_complete, HS256.verifier(max_token_size=1).verify):
            with contextlib.suppress(cyjwt.InvalidTokenError):
                call(buffer)
        buffer += b"x"
        if text:
            made = mapped(text)
            with contextlib.suppress(cyjwt.InvalidTokenError):
                verifier.verify(made)
            made.close()


def test_one_positional_argument() -> None:
    verifier: Any = HS256.verifier()
    for call in (verifier.verify, verifier.verify_complete):
        with pytest.raises(TypeError):
            call()
        with pytest.raises(TypeError):
            call(TOKEN, TOKEN)
        with pytest.raises(TypeError):
            call(token=TOKEN)
    unbound: Any = cyjwt.Verifier.verify
    with pytest.raises(TypeError):
        unbound(object(), TOKEN)
    with pytest.raises(TypeError):
        unbound(cyjwt.Signer(HS256.private, algorithm="HS256"), TOKEN)


# -- what comes back


def test_claims_are_a_new_dict_each_time() -> None:
    verifier = HS256.verifier(audience=AUDIENCE)
    claims = good_claims(aud=["a", AUDIENCE], roles=["r"], deep={"x": [1]}, iss="i", one=1, two=2)
    token = HS256.token(claims)
    for call in (verifier.verify, lambda t: verifier.verify_complete(t).claims, verifier.verify):
        got = call(token)
        assert got == claims
        assert list(got) == list(claims)
        got["aud"].append("x")
        got["roles"][0] = "admin"
        got["deep"]["x"].clear()
        got["sub"] = "somebody else"
        del got["exp"]


def test_verify_complete() -> None:
    for algorithm in ("HS256", "RS256", "ES256", "EdDSA", "Ed448"):
        keys = pair(algorithm)
        token = keys.token(header={"kid": "é", "x": [1, {"y": None}]})
        read = keys.verifier().verify_complete(token)
        assert type(read) is cyjwt.Token
        assert read.header == {"alg": algorithm, "typ": "JWT", "kid": "é", "x": [1, {"y": None}]}
        assert read.claims == good_claims()
        assert b64(read.signature) == token.rpartition(".")[2]
        assert read == cyjwt.read_unverified(token)
        read.header["alg"] = "none"
        assert keys.verifier().verify_complete(token).header["alg"] == algorithm


def test_verify_complete_calls_what_a_subclass_makes_of_verify() -> None:
    class Denying(cyjwt.Verifier):
        __slots__ = ()

        def verify(self, token: Any, /) -> dict[str, Any]:
            claims = super().verify(token)
            if claims.get("revoked"):
                raise cyjwt.InvalidTokenError("revoked")
            return claims

    verifier = Denying(HS256.public, clock=clock)
    assert verifier.verify_complete(TOKEN).claims == good_claims()
    with pytest.raises(cyjwt.InvalidTokenError, match="revoked"):
        verifier.verify_complete(HS256.token(good_claims(revoked=True)))


# -- clocks


def test_the_clock_is_called_once_a_token() -> None:
    calls: list[int] = []

    def counting() -> float:
        calls.append(1)
        return NOW

    verifier = HS256.verifier(clock=counting, max_age=60, leeway=5)
    calls.clear()
    token = HS256.token(good_claims(nbf=NOW, iat=NOW))
    for n in range(1, 6):
        verifier.verify(token)
        assert len(calls) == n
    verifier.verify_complete(token)
    assert len(calls) == 6


@pytest.mark.parametrize("token", ["", "a.b.c", TOKEN[:-4] + "AAAA"])
def test_the_clock_is_not_asked_for_tokens_that_are_refused_before(token: str) -> None:
    calls: list[int] = []
    verifier = HS256.verifier(clock=lambda: calls.append(1) or NOW)
    calls.clear()
    with pytest.raises(cyjwt.InvalidTokenError):
        verifier.verify(token)
    assert calls == []


def test_a_clock_that_goes_wrong_later() -> None:
    shown: list[Any] = [NOW]

    def showing() -> Any:
        if isinstance(shown[0], type):
            raise shown[0]("no time")
        return shown[0]

    verifier = HS256.verifier(clock=showing)
    for value in (float("nan"), float("inf"), -1.0, -float("inf"), 253_402_300_800, 1e300):
        shown[0] = value
        with pytest.raises(ValueError, match="clock") as caught:
            verifier.verify(TOKEN)
        assert not isinstance(caught.value, cyjwt.CyJWTError)
    for value in (None, "1", 1j, [], b""):
        shown[0] = value
        with pytest.raises(TypeError):
            verifier.verify(TOKEN)
    for error in (LookupError, KeyboardInterrupt, MemoryError, cyjwt.DecodeError):
        shown[0] = error
        with pytest.raises(error):
            verifier.verify(TOKEN)
    for value in (NOW, float(NOW), True):
        shown[0] = value
        assert verifier.verify(TOKEN) == good_claims()


def test_a_clock_that_goes_wrong_keeps_no_claims() -> None:
    shown: list[float] = [NOW]
    verifier = HS256.verifier(clock=lambda: shown[0])
    token = HS256.token(good_claims(deep=[[{"x": []}]]))
    verifier.verify(token)
    shown[0] = -1.0

    def fail(times: int) -> None:
        for _ in range(times):
            with contextlib.suppress(ValueError):
                verifier.verify(token)

    fail(10)
    gc.collect()
    before = sys.getallocatedblocks()
    fail(500)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100


def test_a_clock_that_verifies_with_its_own_verifier() -> None:
    depth = [0]

    def nested() -> float:
        if depth[0] == 1:
            depth[0] = 2
            assert verifier.verify(HS256.token(good_claims(inner=True)))["inner"] is True
        return NOW

    verifier = HS256.verifier(clock=nested)
    depth[0] = 1
    assert verifier.verify(TOKEN) == good_claims()
    assert depth == [2]
