"""The corpus of the fuzzers, replayed without a fuzzer: the targets hold on every file, and notice what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from bench.strict import decode_segment
from cyjwt._engine import base64url, jsonscan, jsontext, jsonwrite
from fuzz import jwks, seeds, text, tokens
from fuzz.targets import CORPUS, TARGETS
from fuzz.targets import seeds as corpus_of
from tests.batch.agreement import verdict
from tests.support import ROOT

EVERY = [(name, path) for name in TARGETS for path in corpus_of(name)]
#: Octets of all files together.
MOST_OCTETS = 300_000


@pytest.mark.parametrize(("name", "path"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_the_target_holds(name: str, path: Path) -> None:
    TARGETS[name].check(path.read_bytes())


def test_the_corpus_is_small_and_named_by_its_contents() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    for name, path in EVERY:
        data = path.read_bytes()
        assert path.name == seeds.name_of(data)
        assert len(data) <= TARGETS[name].longest, path
    assert sum(path.stat().st_size for _, path in EVERY) < MOST_OCTETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_made_is_there(name: str) -> None:
    held = {path.name for path in corpus_of(name)}
    # ECDSA signs otherwise each time.
    made = {seeds.name_of(data) for data in seeds.MAKERS[name]() if b'"ES' not in header_of(data)}
    assert len(made) >= 8
    assert made <= held


def header_of(data: bytes) -> bytes:
    try:
        return decode_segment(data[1:].split(b".")[0])
    except cyjwt.DecodeError:
        return b""


@pytest.mark.filterwarnings("ignore::cyjwt.keyset.KeySetWarning")
def test_the_corpus_reaches_both_verdicts() -> None:
    """What a fuzzer begins with is accepted by every reader now and then, and refused."""
    taken: dict[str, set[bool]] = {name: set() for name in TARGETS}
    for name, path in EVERY:
        data = path.read_bytes()
        taken["json"].add(text.outcome(jsontext.loads, data) is not text.REFUSED)
        if name == "base64url":
            taken[name].add(text.outcome(base64url.decode, data) is not text.REFUSED)
        elif name == "token":
            verifier = tokens.PLAIN[data[0] % len(tokens.POLICIES)]
            taken[name].add(isinstance(verdict(verifier, data[1:]), dict))
        elif name in ("jwk", "jwks"):
            read: Any = (
                cyjwt.Key.from_jwk if name == "jwk" else lambda d: cyjwt.KeySet.from_jwks(d, private=True)
            )
            taken[name].add(jwks.made(read, data) is not None)
        elif name == "pem":
            taken[name].add(jwks.made(cyjwt.Key.from_pem, data) is not None)
    del taken["json_write"]
    assert all(both == {True, False} for both in taken.values()), taken


# What is planted must be found: a target that cannot fail finds nothing in an hour either.


def fails(name: str) -> bool:
    """Whether a target notices something on its corpus."""
    for path in corpus_of(name):
        try:
            TARGETS[name].check(path.read_bytes())
        except Exception:
            return True
    return False


def lax_loads(data: Any) -> Any:
    import json

    try:
        return json.loads(data)
    except ValueError:
        raise cyjwt.DecodeError("no JSON") from None


def test_a_lax_decoder_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import base64

    def lax(data: Any) -> bytes:
        octets = data.encode() if isinstance(data, str) else bytes(data)
        try:
            return base64.urlsafe_b64decode(octets + b"=" * (-len(octets) % 4))
        except ValueError:
            raise cyjwt.DecodeError("no base64") from None

    monkeypatch.setattr(base64url, "decode", lax)
    assert fails("base64url")


@pytest.mark.parametrize(
    ("module", "name", "replaced"),
    [
        (jsontext, "loads", lax_loads),
        (jsonscan, "check", lambda _: None),
        (jsonwrite, "dumps", lambda *_: b"{}"),
    ],
)
def test_lax_json_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, replaced: Any
) -> None:
    monkeypatch.setattr(module, name, replaced)
    assert fails("json")


def test_a_foreign_exception_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(jsontext, "loads_unsigned", crash)
    for name in ("json", "jwk", "jwks"):
        assert fails(name), name


def test_a_verifier_that_lets_expired_tokens_pass_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    lenient = [
        cyjwt.Verifier(tokens._engine_keys(i), clock=0, **tokens.POLICIES[i])
        for i in range(len(tokens.POLICIES))
    ]
    monkeypatch.setattr(tokens, "PLAIN", lenient)
    assert fails("token")


def test_a_batch_that_says_otherwise_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[cyjwt.Batch] = []
    check = tokens.agreement.check

    def swapped(batch: cyjwt.Batch, expected: Any, claims: Any) -> None:
        checked.append(batch)
        check(batch, [expected[0], expected[0], expected[2]], claims)

    monkeypatch.setattr(tokens.agreement, "check", swapped)
    assert fails("token")
    assert len(checked[0]) == 3


@pytest.mark.parametrize(
    ("target", "lax", "answer"),
    [
        ("jwk", "cyjwt._jwk._strength.check_rsa", None),
        ("jwk", "cyjwt._jwk._read_key_ops", None),
        ("jwks", "cyjwt.keyset._jwk.is_private", False),
        ("pem", "cyjwt.keys._material.disguised", None),
        ("pem", "cyjwt._keyobjects._check", None),
    ],
)
def test_a_key_that_must_be_refused_and_is_taken_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, target: str, lax: str, answer: Any
) -> None:
    monkeypatch.setattr(lax, lambda *_: answer)
    assert fails(target)


def test_the_dictionary_is_well_formed() -> None:
    lines = (ROOT / "fuzz" / "jose.dict").read_text("ascii").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert len(entries) == len(set(entries)) > 50
    for line in entries:
        assert re.fullmatch(r'"(?:[^"\\\x00-\x1f]|\\\\|\\"|\\x[0-9a-fA-F]{2})+"', line), line
