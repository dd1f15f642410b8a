"""The cut into segments, and the header memory: bounded, replaced, each verifier's own, and never wrong."""

from __future__ import annotations

import base64
import json
import random
import tracemalloc
from typing import Any

import pytest

import cyjwt
from bench import baseline
from tests.support import b64, forge, forge_text, good_claims, pair

HS256 = pair("HS256")
PAYLOAD = json.dumps(good_claims()).encode()


def secret(i: int) -> bytes:
    return i.to_bytes(4, "big") * 8


ORACLES = [baseline.Key.from_secret(secret(i)) for i in range(40)]


def key_set() -> list[cyjwt.Key]:
    return [cyjwt.Key.from_secret(secret(i), kid=f"k{i}") for i in range(40)]


def signed(i: int, kid: str, more: str = "") -> str:
    """A token that names ``kid`` and is signed with secret ``i``."""
    return forge(f'{{"alg":"HS256","kid":"{kid}"{more}}}'.encode(), b'{"n":%d}' % i, ORACLES[i])


# -- the header memory


def test_memory_is_bounded_and_never_wrong() -> None:
    """Many more headers than it has slots, in any order, good ones beside forged ones."""
    chosen = random.Random(1)
    verifier = cyjwt.Verifier(key_set(), required=())
    cases = []
    for i in range(40):
        for variant in range(12):
            more = f',"v":{variant}'
            cases.append((signed(i, f"k{i}", more), {"n": i}))
            cases.append((signed((i + 1 + variant) % 40, f"k{i}", more), cyjwt.InvalidSignatureError))
            if variant < 3:
                cases.append((signed(i, f"k{i + 40}", more), cyjwt.KeyNotFoundError))
    for _ in range(4):
        chosen.shuffle(cases)
        for token, expected in cases:
            if isinstance(expected, dict):
                assert verifier.verify(token) == expected
            else:
                with pytest.raises(expected):
                    verifier.verify(token)


def test_header_that_begins_or_goes_on_like_a_remembered_one() -> None:
    verifier = HS256.verifier()
    token = HS256.token()
    header, payload, _ = token.split(".")
    assert verifier.verify(token) == good_claims()
    for other in (header[:-4], header + "AAAA", header[:-1], header + "A", header[4:], header[:-4] + "AAAA"):
        text = f"{other}.{payload}".encode()
        with pytest.raises((cyjwt.DecodeError, cyjwt.InvalidAlgorithmError)):
            verifier.verify(forge_text(text, HS256.oracle))
        assert verifier.verify(token) == good_claims()


def test_headers_that_differ_in_one_character_are_told_apart() -> None:
    """Every octet of a header counts, at any size around the word size of the hash."""
    for pad in range(24):
        verifier = HS256.verifier(type="JWT")
        good = f'{{"alg":"HS256","typ":"JWT","p":"{"x" * pad}"}}'.encode()
        assert verifier.verify(HS256.forge(good, PAYLOAD)) == good_claims()
        for at in range(len(good)):
            changed = good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :]
            token = HS256.forge(changed, PAYLOAD)
            try:
                expected: Any = json.loads(changed)
                fine = expected.get("alg") == "HS256" and str(expected.get("typ")).lower() == "jwt"
                fine = fine and "b64" not in expected and "crit" not in expected
            except ValueError:
                fine = False
            for _ in range(2):
                if fine:
                    assert verifier.verify(token) == good_claims()
                else:
                    with pytest.raises(cyjwt.InvalidTokenError):
                        verifier.verify(token)


def test_a_forged_token_leaves_no_header_behind() -> None:
    """A header gets in only after a signature under it held, so a forgery must not decide for its heirs."""
    verifier = cyjwt.Verifier(key_set(), required=())
    for _ in range(3):
        with pytest.raises(cyjwt.InvalidSignatureError):
            verifier.verify(signed(2, "k1"))
        assert verifier.verify(signed(1, "k1")) == {"n": 1}


def test_two_verifiers_do_not_share_a_memory() -> None:
    one = cyjwt.Verifier([cyjwt.Key.from_secret(secret(1), kid="k")], required=())
    two = cyjwt.Verifier([cyjwt.Key.from_secret(secret(2), kid="k")], required=())
    other = cyjwt.Verifier([cyjwt.Key.from_secret(secret(1), kid="other")], required=())
    strict = cyjwt.Verifier([cyjwt.Key.from_secret(secret(1), kid="k")], required=(), type="at+jwt")
    larger = cyjwt.Verifier(
        [cyjwt.Key.from_secret(secret(1) * 2, kid="k")], algorithms=["HS512"], required=()
    )
    first, second = signed(1, "k"), signed(2, "k")
    for _ in range(3):
        assert one.verify(first) == {"n": 1}
        assert two.verify(second) == {"n": 2}
        for verifier, token, error in [
            (one, second, cyjwt.InvalidSignatureError),
            (two, first, cyjwt.InvalidSignatureError),
            (other, first, cyjwt.KeyNotFoundError),
            (strict, first, cyjwt.InvalidTokenError),
            (larger, first, cyjwt.InvalidAlgorithmError),
        ]:
            with pytest.raises(error):
                verifier.verify(token)


@pytest.mark.parametrize("size", [1, 300, 370, 380, 383, 384, 385, 386, 400, 1000, 20_000])
def test_headers_longer_than_what_is_remembered(size: int) -> None:
    """512 octets of base64url are 384 of JSON."""
    base = b'{"alg":"HS256","p":""}'
    header = base[:-2] + b"x" * max(0, size - len(base)) + base[-2:]
    verifier = HS256.verifier()
    token = HS256.forge(header, PAYLOAD)
    for _ in range(3):
        assert verifier.verify(token) == good_claims()
        assert verifier.verify(HS256.token()) == good_claims()
        with pytest.raises(cyjwt.InvalidSignatureError):
            verifier.verify(token[:-6] + "AAAAAA")


def test_memory_does_not_grow() -> None:
    verifier = HS256.verifier()
    tokens = [HS256.forge(b'{"alg":"HS256","n":%d,"p":"%s"}' % (i, b"x" * 300), PAYLOAD) for i in range(600)]
    for token in tokens[:200]:
        verifier.verify(token)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for token in tokens[200:]:
            verifier.verify(token)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()


# -- segments


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "a", "a.", ".a", "a.b", "a.b.", ".b.c", "a..", "a.b.c.d", "...."]
)
def test_texts_of_few_characters(text: str) -> None:
    for token in (text, text.encode(), memoryview(text.encode())):
        with pytest.raises(cyjwt.DecodeError) as caught:
            HS256.verifier().verify(token)
        assert type(caught.value) is cyjwt.DecodeError


def test_every_cut_of_a_token() -> None:
    token = HS256.token()
    verifier = HS256.verifier()
    for at in range(len(token)):
        with pytest.raises(cyjwt.InvalidTokenError):
            verifier.verify(token[:at])
        with pytest.raises(cyjwt.InvalidTokenError):
            verifier.verify(token[at + 1 :])
    assert verifier.verify(token) == good_claims()


# -- padding, each segment for itself


def padded_token(pad_header: bool, pad_payload: bool, pad_signature: bool, lengths: tuple[int, int]) -> str:
    def segment(data: bytes, pad: bool) -> str:
        return base64.urlsafe_b64encode(data).decode() if pad else b64(data)

    header = b'{"alg":"HS256","p":"' + b"x" * lengths[0] + b'"}'
    payload = PAYLOAD[:-1] + b',"p":"' + b"x" * lengths[1] + b'"}'
    text = f"{segment(header, pad_header)}.{segment(payload, pad_payload)}"
    signature = baseline.make_signature(HS256.oracle, "HS256", text.encode())
    return f"{text}.{segment(signature, pad_signature)}"


@pytest.mark.parametrize("lengths", [(i, j) for i in range(3) for j in range(3)])
@pytest.mark.parametrize("padded", [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
def test_padding_of_each_segment(padded: tuple[int, int, int], lengths: tuple[int, int]) -> None:
    token = padded_token(bool(padded[0]), bool(padded[1]), bool(padded[2]), lengths)
    lenient, strict = HS256.verifier(allow_padding=True), HS256.verifier()
    for _ in range(2):
        read = lenient.verify_complete(token)
        assert read.claims == good_claims(p="x" * lengths[1])
        assert read.header == {"alg": "HS256", "p": "x" * lengths[0]}
        assert len(read.signature) == 32
        if "=" in token:
            with pytest.raises(cyjwt.DecodeError):
                strict.verify(token)
        else:
            assert strict.verify(token) == read.claims


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("wrong", ["=", "==", "===", "====", "=A", "A=", "=\n", "AA==", "AAA="])
def test_padding_in_a_wrong_number_or_place(place: int, wrong: str) -> None:
    """What is added to a segment of the right size is never right, signed as it stands."""
    for lengths in ((0, 0), (1, 1), (2, 2)):
        parts = padded_token(True, True, True, lengths).split(".")
        parts[place] += wrong
        text = ".".join(parts[:2])
        if place != 2:
            parts[2] = b64(baseline.make_signature(HS256.oracle, "HS256", text.encode()))
        with pytest.raises(cyjwt.InvalidTokenError):
            HS256.verifier(allow_padding=True).verify(".".join(parts))


def test_segments_of_padding_alone() -> None:
    for segment in ("=", "==", "===", "====", "=====", "========"):
        parts = HS256.token().split(".")
        for place in range(3):
            changed = [segment if i == place else part for i, part in enumerate(parts)]
            for allow in (False, True):
                with pytest.raises(cyjwt.InvalidTokenError):
                    HS256.verifier(allow_padding=allow).verify(".".join(changed))
