"""bench.instructions: what is compared with what, and that what is counted is what it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import instructions

FOR = {"machine": "m", "libcrypto": "l", "compiler": "c", "python": "p"}


@pytest.mark.parametrize(
    ("counted", "held", "words"),
    [
        (1000, True, "1,000 instructions, +0.0%"),
        (1019, True, "1,019 instructions, +1.9%"),
        (1021, False, "1,021 instructions, +2.1%: too many"),
        (900, True, "900 instructions, -10.0%: fewer; store them"),
    ],
)
def test_a_count_may_not_rise(counted: int, held: bool, words: str) -> None:
    assert instructions.verdict({"x": counted}, {"x": 1000}, 0.02) == ([f"x: {words}"], held)


def test_a_count_that_is_missing_or_new_does_not_hold() -> None:
    lines, held = instructions.verdict({"new": 1}, {"old": 1}, 0.02)
    assert (lines, held) == (["new: not stored", "old: not counted"], False)


def test_counts_are_for_the_very_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instructions, "STORED", tmp_path / "stored.json")
    assert instructions.stored() == []
    instructions.store(FOR, {"x": 1})
    instructions.store(FOR | {"python": "q"}, {"x": 2})
    instructions.store(FOR, {"x": 3})
    records = instructions.stored()
    assert len(records) == 2
    assert instructions.expected(FOR, records) == {"x": 3}
    assert instructions.expected(FOR | {"python": "q"}, records) == {"x": 2}
    assert instructions.expected(FOR | {"compiler": "d"}, records) is None


def test_what_is_stored_is_of_what_is_counted() -> None:
    names = set(instructions.tasks())
    less = {f"verify {algorithm} 320 B, less its signature" for algorithm in ("HS256", "RS256")}
    records = json.loads(instructions.STORED.read_text("utf-8"))
    assert records
    for record in records:
        assert set(record["for"]) == set(instructions.facts())
        assert set(record["counts"]) == names | less
        assert all(count > 100 for count in record["counts"].values())


def test_the_key_is_the_published_one() -> None:
    key = instructions.published_key()
    assert (key["kty"], key["e"], len(key["n"])) == ("RSA", "AQAB", 342)
    assert instructions.find_key({"a": [{"kty": "RSA"}, {"b": key}]}) == key
    assert instructions.find_key([1, "x", {"kty": "oct"}]) == {}


def test_a_dump_is_read(tmp_path: Path) -> None:
    dump = tmp_path / "out.1"
    dump.write_text(
        "desc: Trigger: Client Request: JSON read|4\nevents: Ir\nfn=(1) x\n1 5\n\ntotals: 12345\n"
    )
    assert instructions.dumped(dump) == ("JSON read|4", 12345)
    dump.write_text("desc: Trigger: Program termination\ntotals: 7\n")
    assert instructions.dumped(dump) == ("", 0)
