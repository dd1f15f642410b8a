"""The reader of CSV: records, whatever way they are written and the input is cut into reads."""

from __future__ import annotations

import contextlib
import csv
import io
import random
import time
import tracemalloc
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("click")

from cyjwt.cli.inputs import csv as room
from cyjwt.cli.inputs.part import Part
from cyjwt.cli.source import UnreadableError

MOST = 100_000


def source(data: bytes, size: int) -> Any:
    stream = io.BytesIO(data)
    return SimpleNamespace(name="x", read=lambda most: stream.read(min(most, size)), position=stream.tell)


def read(text: str | bytes, *, size: int = 1 << 20, column: str = "t", most: int = MOST) -> list[Part]:
    data = text.encode() if isinstance(text, str) else text
    return list(room.parts(source(data, size), column, ",", most, 5))


def rows(parts: list[Part]) -> list[tuple[int, str]]:
    """Number and token of each row; of one that is refused, the reason."""
    found = []
    for part in parts:
        for index, (number, token) in enumerate(zip(part.numbers, part.tokens, strict=True)):
            text = token.decode("latin-1") if isinstance(token, bytes) else token
            found.append((number, part.refused[index].reason if index in part.refused else text))
        assert len(part.tokens) <= 5
    return found


def written(chance: random.Random, quoting: int) -> tuple[str, list[tuple[int, str]]]:
    """Some CSV, and the rows that it holds by the standard library's account."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator=chance.choice(["\n", "\r\n"]))
    width = chance.randrange(1, 4)
    place = chance.randrange(width)
    writer.writerow(["t" if n == place else f"c{n}" for n in range(width)])
    for _ in range(chance.randrange(30)):
        writer.writerow(["".join(chance.choices('aé"\n, ', k=chance.randrange(6))) for _ in range(width)])
    wanted, begins = [], 1
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True)
    for record in reader:
        if record != [" " * len("".join(record))] or '"' in text.getvalue().split("\n")[begins - 1]:
            wanted.append((begins, record[place].encode().decode("latin-1")))
        begins = reader.line_num + 1
    return text.getvalue(), wanted[1:]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_records_are_those_of_the_standard_library(quoting: int) -> None:
    chance = random.Random(quoting)
    several = 0
    for _ in range(200):
        text, wanted = written(chance, quoting)
        several += any(number != place for place, (number, _) in enumerate(wanted, 2))
        for size in (1, 2, 7, 1 << 20):
            assert rows(read(text, size=size)) == wanted, text
    assert several > 50


def test_every_line_is_accounted_for_whatever_it_holds() -> None:
    """Each line begins a row, belongs to one that began before, or is blank; none is told twice."""
    chance = random.Random(4)
    for _ in range(400):
        lines = ["".join(chance.choices('a",X ', k=chance.randrange(8))) for _ in range(chance.randrange(12))]
        text = "t,u\n" + "\n".join(lines)
        for size in (1, 5, 1 << 20):
            parts = read(text, size=size)
            numbers = [number for number, _ in rows(parts)]
            assert numbers == sorted(set(numbers))
            assert all(2 <= number <= len(lines) + 1 for number in numbers)
            if parts:
                assert parts[-1].last == text.rstrip("\n").count("\n") + 1 or text.endswith("\n")
            for number, line in enumerate(lines, 2):
                if '"' not in line and line.strip() and number not in numbers:
                    assert any('"' in before for before in lines[: number - 2])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"a"b,1', "record"),
        ('"a,1', "record"),
        ("a", "record"),
        ("a,b,c", "record"),
        ("a" * (MOST + 10) + ",1", "record"),
        ('"' + "a" * (MOST + 10) + '",1', "record"),
        ('"a\n' + "a\n" * MOST, "record"),
        ('a"b,1', 'a"b'),
        (",1", ""),
        ("\xff,1", "\xff"),
    ],
)
def test_a_bad_record_is_one_bad_line(line: str, reason: str) -> None:
    found = rows(read(f"t,u\ngood,1\n{line}\nlast,1\n".encode("latin-1")))
    assert found[:2] == [(2, "good"), (3, reason)]
    assert found[-1][1] == "last"


def test_a_quoted_empty_field_is_no_blank_line() -> None:
    parts = read('t\n""\n\n \n"a"\n')
    assert rows(parts) == [(2, ""), (5, "a")]
    assert sum(part.blank for part in parts) == 2


def test_rows_are_given_before_more_input_is_waited_for() -> None:
    pieces = iter([b"t,u\na,1\n", b'b,1\n"c', b'\nd",1\n', b""])
    given: list[str] = []

    def piece(most: int) -> bytes:
        given.append("read")
        return next(pieces)

    stream: Any = SimpleNamespace(name="x", read=piece, position=lambda: 0)
    for part in room.parts(stream, "t", ",", MOST, 100):
        given += [str(number) for number in part.numbers]
    assert given == ["read", "2", "read", "3", "read", "4", "read"]


@pytest.mark.parametrize("line", [b'X","\n', b'"\n', b'a,"b\n', b'"a""\n'])
def test_quotes_that_never_match_cost_bounded_time(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    """Each line of the first kind opens a quote whether one is open or not: each might be read to the end again."""
    monkeypatch.setattr(room, "_AGAIN", 1 << 20)
    data = b"t,u\n" + line * (1_000_000 // len(line))
    begun = time.process_time()
    with contextlib.suppress(UnreadableError):
        assert sum(len(part.tokens) for part in read(data, most=1 << 17)) > 100_000
    assert time.process_time() - begun < 10


def test_memory_does_not_follow_records_that_each_read_cuts_in_two() -> None:
    record = b'a,"' + (b"x" * 600 + b"\n") * 100 + b'"\n'
    left = 300

    def one(most: int) -> bytes:
        nonlocal left
        left -= 1
        return b"t,u\n" if left == 299 else record[100:] + record[:100] if left > 0 else b""

    stream: Any = SimpleNamespace(name="x", read=one, position=lambda: 0)
    tracemalloc.start()
    try:
        count = sum(len(part.tokens) for part in room.parts(stream, "t", ",", 1 << 20, 10))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count >= 298
    assert peak < 8_000_000
