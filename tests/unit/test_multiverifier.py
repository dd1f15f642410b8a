"""MultiVerifier: each token by the verifier of its issuer, and by no other one's key."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import json
import pickle
import random
from typing import Any

import pytest

import cyjwt
from tests.support import NOW, b64

A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"

#: The same kid in both, and algorithms of two families.
KEY_A = cyjwt.Key.from_secret(bytes(range(32)), kid="1")
KEY_B = cyjwt.Key.generate("ES256", kid="1")

VERIFIER_A = cyjwt.Verifier(KEY_A, issuer=A, clock=NOW)
VERIFIER_B = cyjwt.Verifier([KEY_B.public()], issuer=B, clock=NOW, required=("exp", "tenant"))
BOTH = cyjwt.MultiVerifier({A: VERIFIER_A, B: VERIFIER_B})


def token(key: cyjwt.Key, **claims: Any) -> str:
    held = {"iss": A, "exp": NOW + 60, "tenant": 1} | claims
    return cyjwt.encode({name: value for name, value in held.items() if value is not None}, key)


def raw(payload: bytes, key: cyjwt.Key = KEY_A, **header: Any) -> str:
    """A token of any payload, rightly signed."""
    alg = next(iter(sorted(key.sign_algorithms)))
    signed = b64(json.dumps({"alg": alg, "kid": "1"} | header).encode()) + "." + b64(payload)
    return signed + "." + b64(key.sign(signed.encode(), alg))


def verdict(verifier: Any, one: Any) -> Any:
    try:
        return verifier.verify(one)
    except cyjwt.CyJWTError as error:
        return type(error), error.code, error.claim, str(error)


GOOD_A, GOOD_B = token(KEY_A), token(KEY_B, iss=B)

#: Tokens of known issuers, with the verifier that has the say.
KNOWN = {
    "a": (GOOD_A, VERIFIER_A),
    "b": (GOOD_B, VERIFIER_B),
    "bytes": (GOOD_A.encode(), VERIFIER_A),
    "buffer": (bytearray(GOOD_B.encode()), VERIFIER_B),
    "A's token by B's key": (token(KEY_B), VERIFIER_A),
    "B's token by A's key": (token(KEY_A, iss=B), VERIFIER_B),
    "expired": (token(KEY_A, exp=NOW - 1), VERIFIER_A),
    "lacking": (token(KEY_B, iss=B, tenant=None), VERIFIER_B),
    "lacking exp": (token(KEY_A, exp=None), VERIFIER_A),
    "changed": (GOOD_A[:-6] + "AAAAAA", VERIFIER_A),
    "bad header": ("!!." + GOOD_A.split(".", 1)[1], VERIFIER_A),
    "no alg": (b64(b"{}") + "." + GOOD_B.split(".", 1)[1], VERIFIER_B),
    "escaped iss": (raw(b'{"\\u0069ss":"https:\\/\\/a.example\\u002f","exp":1900000060}'), VERIFIER_A),
    "late iss": (
        raw(b'{"exp":1900000060,"x":{"iss":"' + B.encode() + b'"},"iss":"' + A.encode() + b'"}'),
        VERIFIER_A,
    ),
    "iss in the header": (raw(b'{"iss":"' + A.encode() + b'","exp":1900000060}', iss=B), VERIFIER_A),
    "kid of a stranger": (raw(b'{"iss":"' + A.encode() + b'","exp":1900000060}', kid="9"), VERIFIER_A),
}

UNKNOWN: dict[str, tuple[Any, type[cyjwt.InvalidTokenError], str]] = {
    "unknown": (token(KEY_A, iss=C), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "missing": (token(KEY_A, iss=None), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "a prefix": (token(KEY_A, iss=A[:-1]), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "longer": (token(KEY_A, iss=A + "x"), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "another case": (token(KEY_A, iss=A.upper()), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "empty": (token(KEY_A, iss=""), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "null": (raw(b'{"iss":null,"exp":1900000060}'), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "a list": (
        raw(b'{"iss":["' + A.encode() + b'"],"exp":1900000060}'),
        cyjwt.InvalidIssuerError,
        "invalid_issuer",
    ),
    "a number": (raw(b'{"iss":7}'), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "nested": (raw(b'{"a":{"iss":"' + A.encode() + b'"}}'), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "in the header alone": (raw(b'{"exp":1900000060}', iss=A), cyjwt.InvalidIssuerError, "invalid_issuer"),
    "twice": (
        raw(b'{"iss":"' + A.encode() + b'","iss":"' + B.encode() + b'"}'),
        cyjwt.DecodeError,
        "duplicate_member",
    ),
    "twice, once with an escape": (
        raw(b'{"iss":"' + A.encode() + b'","i\\u0073s":"' + B.encode() + b'"}'),
        cyjwt.DecodeError,
        "duplicate_member",
    ),
    "another member twice": (
        raw(b'{"iss":"' + A.encode() + b'","x":1,"x":2}'),
        cyjwt.DecodeError,
        "duplicate_member",
    ),
    "a lone surrogate": (raw(b'{"iss":"\\ud800"}'), cyjwt.DecodeError, "lone_surrogate"),
    "not UTF-8": (raw(b'{"iss":"\xff"}'), cyjwt.DecodeError, "invalid_utf8"),
    "no JSON": (raw(b'{"iss":'), cyjwt.DecodeError, "invalid_json"),
    "no object": (raw(b'"iss"'), cyjwt.DecodeError, "not_an_object"),
    "too deep": (raw(b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}"), cyjwt.DecodeError, "too_deep"),
    "two segments": ("e30.e30", cyjwt.DecodeError, "segments"),
    "no canonical base64url": ("e30.e31.", cyjwt.DecodeError, "invalid_base64"),
    "padding": (GOOD_A.replace(".", "=.", 2), cyjwt.DecodeError, "invalid_base64"),
    "not ASCII": ("é", cyjwt.DecodeError, "invalid_base64"),
    "too large": ("e30." + "A" * 70_000 + ".", cyjwt.DecodeError, "too_large"),
    "no token": (None, cyjwt.DecodeError, "token_type"),
    "a number for a token": (7, cyjwt.DecodeError, "token_type"),
    "nothing": ("", cyjwt.DecodeError, "segments"),
}

EVERY = [one for one, _ in KNOWN.values()] + [one for one, _, _ in UNKNOWN.values()]


@pytest.mark.parametrize("name", KNOWN)
def test_the_verdict_is_that_of_the_issuers_verifier(name: str) -> None:
    one, verifier = KNOWN[name]
    assert verdict(BOTH, one) == verdict(verifier, one)


def test_no_key_of_one_issuer_serves_another() -> None:
    for name in ("A's token by B's key", "B's token by A's key"):
        with pytest.raises(cyjwt.InvalidTokenError):
            BOTH.verify(KNOWN[name][0])
    # Even where both have keys of one family, of the same name.
    keys = {name: cyjwt.Key.generate("HS256", kid="1") for name in (A, B)}
    both = cyjwt.MultiVerifier({name: cyjwt.Verifier([key], issuer=name) for name, key in keys.items()})
    for name in (A, B):
        for by in (A, B):
            one = cyjwt.Signer(keys[by], issuer=name, lifetime=60).sign({})
            if name == by:
                assert both.verify(one)["iss"] == name
            else:
                with pytest.raises(cyjwt.InvalidSignatureError):
                    both.verify(one)


@pytest.mark.parametrize("name", UNKNOWN)
def test_who_names_no_known_issuer_is_refused(name: str) -> None:
    one, kind, code = UNKNOWN[name]
    with pytest.raises(kind) as caught:
        BOTH.verify(one)
    assert type(caught.value) is kind
    assert caught.value.code == code
    with pytest.raises(kind):
        BOTH.verify_complete(one)
    with pytest.raises(kind):
        asyncio.run(BOTH.verify_async(one))
    for verifier in (VERIFIER_A, VERIFIER_B):
        with pytest.raises(cyjwt.InvalidTokenError):
            verifier.verify(one)


def check_batch(batch: cyjwt.Batch[Any], tokens: list[Any]) -> None:
    expected = [verdict(BOTH, one) for one in tokens]
    assert len(batch) == len(tokens)
    got = [
        (type(one), one.code, one.claim, str(one)) if isinstance(one, cyjwt.CyJWTError) else one
        for one in batch
    ]
    assert got == expected
    assert [batch[i] is not None for i in range(len(batch))] == [True] * len(batch)
    codes = [one[1] if isinstance(one, tuple) else "valid" for one in expected]
    assert batch.counts() == {"valid": codes.count("valid")} | {
        code: codes.count(code) for code in codes if code != "valid"
    }
    assert batch.valid == codes.count("valid") == list(batch.statuses).count(0)
    assert batch.claims() == [one if isinstance(one, dict) else None for one in expected]
    assert [batch.reason(i) for i in range(len(batch))] == [None if c == "valid" else c for c in codes]


def test_a_batch_gives_the_same_verdicts_in_order() -> None:
    tokens = [*EVERY, *reversed(EVERY), *EVERY]
    check_batch(BOTH.verify_batch(tokens), tokens)
    check_batch(BOTH.verify_batch(iter(tokens), threads=2), tokens)
    check_batch(pickle.loads(pickle.dumps(BOTH.verify_batch(tokens))), tokens)


def test_a_batch_of_nothing_and_of_good_ones() -> None:
    check_batch(BOTH.verify_batch([]), [])
    check_batch(BOTH.verify_batch([GOOD_A, GOOD_B]), [GOOD_A, GOOD_B])
    BOTH.verify_batch([GOOD_A]).raise_first()
    with pytest.raises(cyjwt.MissingRequiredClaimError) as caught:
        BOTH.verify_batch([GOOD_A, KNOWN["lacking"][0], None]).raise_first()
    assert caught.value.claim == "tenant"


def test_a_batch_without_claims_and_with_some() -> None:
    bare = BOTH.verify_batch(EVERY, claims=False)
    assert bytes(bare.statuses) == bytes(BOTH.verify_batch(EVERY).statuses)
    assert bare[0] is None
    with pytest.raises(ValueError, match="without claims"):
        bare.claims()
    picked = BOTH.verify_batch([GOOD_A, GOOD_B], claims=["tenant", "iss", "none"])
    assert list(picked) == [{"tenant": 1, "iss": A}, {"tenant": 1, "iss": B}]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"threads": 0}, ValueError),
        ({"threads": "2"}, TypeError),
        ({"claims": "sub"}, TypeError),
        ({"claims": [1]}, TypeError),
        ({"claims": [str(n) for n in range(100)]}, ValueError),
    ],
)
def test_bad_options_of_a_batch(options: dict[str, Any], error: type[Exception]) -> None:
    """Also where there is no token that a verifier would be asked about."""
    with pytest.raises(error):
        BOTH.verify_batch([], **options)
    with pytest.raises(error):
        BOTH.verify_stream([], **options)
    with pytest.raises(TypeError):
        BOTH.verify_batch(GOOD_A)


def test_a_stream() -> None:
    tokens = EVERY * 3
    batches = list(BOTH.verify_stream(iter(tokens), size=7))
    assert {len(batch) for batch in batches[:-1]} == {7}
    outcomes = [one if isinstance(one, dict) else one.code for batch in batches for one in batch]
    assert outcomes == [one if isinstance(one, dict) else one.code for one in BOTH.verify_batch(tokens)]
    for size, error in ((0, ValueError), (True, TypeError), ("7", TypeError)):
        with pytest.raises(error):
            BOTH.verify_stream(tokens, size=size)  # type: ignore[arg-type]


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
def test_arrow_data() -> None:
    import pyarrow

    texts = [one for one in EVERY if isinstance(one, str)] + [None]
    column = pyarrow.chunked_array([texts[:9], texts[9:]])
    check_batch(BOTH.verify_batch(column), texts)
    assert sum(len(batch) for batch in BOTH.verify_stream(column, size=5)) == len(texts)


def test_async_callers() -> None:
    async def one(text: Any) -> Any:
        try:
            return await BOTH.verify_async(text)
        except cyjwt.CyJWTError as error:
            return type(error), error.code, error.claim, str(error)

    async def main() -> list[Any]:
        return await asyncio.gather(*(one(text) for text in EVERY * 4))

    assert asyncio.run(main()) == [verdict(BOTH, text) for text in EVERY * 4]


def test_complete() -> None:
    whole = BOTH.verify_complete(GOOD_B)
    assert whole.header["kid"] == "1"
    assert whole.claims == BOTH.verify(GOOD_B)


def test_padding_and_sizes_are_each_verifiers_own() -> None:
    lax = cyjwt.Verifier(KEY_A, issuer=A, clock=NOW, allow_padding=True, max_token_size=300_000)
    strict = cyjwt.Verifier(KEY_A, issuer=B, clock=NOW, max_token_size=500)
    both = cyjwt.MultiVerifier({A: lax, B: strict})
    for issuer, verifier in ((A, lax), (B, strict)):
        for extra in ("", "x" * 1000, "x" * 100_000):
            for padded in (False, True):
                one = token(KEY_A, iss=issuer, extra=extra)
                if padded:
                    one = ".".join(part + "=" * (-len(part) % 4) for part in one.split("."))
                assert verdict(both, one) == verdict(verifier, one)
    assert isinstance(verdict(both, token(KEY_A, extra="x" * 100_000)), dict)


@pytest.mark.parametrize(
    ("verifiers", "error"),
    [
        ({}, ValueError),
        ([], TypeError),
        (None, TypeError),
        ([(A, VERIFIER_A)], TypeError),
        ({A: VERIFIER_B}, ValueError),
        ({A: cyjwt.Verifier(KEY_A)}, ValueError),
        ({A: cyjwt.Verifier(KEY_A, issuer=[A, B])}, ValueError),
        ({A: KEY_A}, TypeError),
        ({7: VERIFIER_A}, TypeError),
        ({"": VERIFIER_A}, ValueError),
        (
            {
                str(n): cyjwt.Verifier(KEY_A, issuer=str(n), required=[f"{n}-{k}" for k in range(24)])
                for n in range(9)
            },
            ValueError,
        ),
    ],
)
def test_what_would_not_insist_on_its_issuer_is_refused(verifiers: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        cyjwt.MultiVerifier(verifiers)


def test_changed_at_random_a_token_gets_the_verdict_of_its_verifier() -> None:
    """Whatever a single verifier accepts, both accept, and nothing else; octets of the payload change at random."""
    dice = random.Random(7)
    texts = [
        b'{"iss":"https://a.example/","exp":1900000060,"tenant":1}',
        b'{"exp":1900000060,"x":{"iss":"https://b.example/"},"iss":"https:\\/\\/a.example\\/"}',
        b' { "\\u0069ss" : "https://b.example/" , "tenant" : [1, {"iss": 2}] , "exp" : 1900000060 } ',
    ]
    pieces = [
        b'"iss"',
        b'"https://b.example/"',
        b"https://a.example/",
        b",",
        b"\\",
        b"{",
        b"}",
        b'"',
        b"\0",
        b"\xc3",
        b"e",
        b"1",
    ]
    accepted = 0
    for _ in range(4000):
        text = bytearray(dice.choice(texts))
        for _ in range(dice.choice((0, 1, 1, 2))):
            at = dice.randrange(len(text))
            text[at : at + dice.randrange(3)] = dice.choice(pieces)
        one = raw(bytes(text))
        single = verdict(VERIFIER_A, one)
        both = verdict(BOTH, one)
        if isinstance(single, dict) or isinstance(both, dict):
            assert both == single
            accepted += 1
        elif both[0] is cyjwt.DecodeError:
            assert both == single
        assert BOTH.verify_batch([one]).counts() == (
            {"valid": 1} if isinstance(both, dict) else {"valid": 0, both[1]: 1}
        )
    assert accepted > 500


def test_claims_as_a_type_and_a_cache() -> None:
    @dataclasses.dataclass
    class Claims:
        iss: str
        tenant: int

    typed = cyjwt.Verifier(KEY_A, issuer=A, clock=NOW, claims_type=Claims, cache=10)
    both = cyjwt.MultiVerifier({A: typed, B: VERIFIER_B})
    bad = token(KEY_A, tenant="x")
    for _ in range(3):
        assert both.verify(GOOD_A) == Claims(A, 1)
        batch = both.verify_batch([GOOD_B, bad, GOOD_A])
        assert [type(one).__name__ for one in batch] == ["dict", "InvalidClaimsError", "Claims"]
        assert str(batch[1]) == verdict(typed, bad)[3]
        assert batch[1].claim == "tenant"


def test_it_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(BOTH))
    assert again.verify(GOOD_B) == BOTH.verify(GOOD_B)
    assert list(BOTH.verifiers) == [A, B]
    BOTH.verifiers.clear()
    assert len(BOTH.verifiers) == 2
    with pytest.raises(AttributeError):
        BOTH.verifiers = {}  # type: ignore[misc]
    with pytest.raises(AttributeError):
        BOTH.extra = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del BOTH._known
    assert A in repr(BOTH)


def test_what_it_is_made_of_may_change_afterwards() -> None:
    made = {A: VERIFIER_A}
    one = cyjwt.MultiVerifier(made)
    made[B] = VERIFIER_B
    with pytest.raises(cyjwt.InvalidIssuerError):
        one.verify(GOOD_B)


def test_an_issuer_of_any_text() -> None:
    for name in ("é", "\U0001f600", 'a"b\\c/\n', "x" * 5000):
        verifier = cyjwt.Verifier(KEY_A, issuer=name, clock=NOW)
        both = cyjwt.MultiVerifier({name: verifier, B: VERIFIER_B})
        assert both.verify(token(KEY_A, iss=name))["iss"] == name
        escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in name)
        assert both.verify(raw(f'{{"exp":{NOW + 60},"iss":"{escaped}"}}'.encode()))["iss"] == name


def test_what_a_subclass_adds_is_not_left_out() -> None:
    class Counting(cyjwt.Verifier):
        calls = 0

        def verify(self, token: Any, /) -> dict[str, Any]:
            type(self).calls += 1
            return super().verify(token)

    both = cyjwt.MultiVerifier({A: Counting(KEY_A, issuer=A, clock=NOW)})
    both.verify(GOOD_A)
    asyncio.run(both.verify_async(GOOD_A))
    assert Counting.calls == 2
