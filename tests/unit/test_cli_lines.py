"""Lines from inputs of any size: their ends, their numbers, and how much is held at once."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("click")

from cyjwt.cli.lines import blocks
from cyjwt.cli.source import UnreadableError, looks_like_file, open_source
from tests.unit.cli_support import zstd_of


def in_pieces(data: bytes, size: int) -> Callable[[int], bytes]:
    stream = io.BytesIO(data)
    return lambda most: stream.read(min(most, size))


def lines_of(data: bytes, *, most: int = 100, size: int = 1 << 20) -> list[bytes]:
    return [line for block in blocks(in_pieces(data, size), most) for line in block]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\r\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\n\r\nb\n\nc\n", [b"a", b"", b"b", b"", b"c"]),
        (b"\n\n", [b"", b""]),
        (b"a\rb\r\n", [b"a\rb"]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\0\xff\n", [b"a\0\xff"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_line_ends(data: bytes, lines: list[bytes], size: int) -> None:
    assert lines_of(data, size=size) == lines


def test_the_pieces_of_a_read_do_not_matter() -> None:
    chance = random.Random(1)
    for _ in range(300):
        data = bytes(chance.choice(b"ab\r\n") for _ in range(chance.randrange(60)))
        whole = lines_of(data)
        assert lines_of(data, size=chance.randrange(1, 9)) == whole
        # Taken the slow way.
        wanted = [line.removesuffix(b"\r") for line in data.split(b"\n")[:-1]]
        rest = data.split(b"\n")[-1]
        assert whole == wanted + ([rest] if rest else [])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("size", [1, 7, 100, 1 << 20])
def test_a_line_is_cut_only_if_it_stays_too_long(end: bytes, size: int) -> None:
    for length in (99, 100):
        assert lines_of(b"a" * length + end + b"b" * bool(end), size=size)[0] == b"a" * length
    for length in (101, 102, 103, 250, 1000):
        found = lines_of(b"a" * length + end + b"b" * bool(end), size=size)
        assert len(found[0]) > 100
        assert found[1:] == [b"b"] * bool(end)


def test_a_cut_that_ends_in_a_carriage_return_stays_too_long() -> None:
    for length in range(95, 110):
        found = lines_of(b"a" * length + b"\r" * 20 + b"\nb\n", size=10)
        assert len(found[0]) > 100
        assert found[1] == b"b"


def test_a_long_line_is_never_held_whole() -> None:
    left = 100_000_000

    def read(most: int) -> bytes:
        nonlocal left
        size = min(most, left)
        left -= size
        return b"a" * size

    tracemalloc.start()
    try:
        sizes = [len(line) for block in blocks(read, 65_536) for line in block]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes == [65_538]
    assert peak < 4_000_000


@pytest.mark.parametrize("name", ["tokens.txt.gz", "tokens.GZ", "tokens"])
def test_gzip_is_known_by_name_or_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"a\nb\n") + gzip.compress(b"c\n"))
    with open_source(str(path)) as source:
        assert [line for block in blocks(source.read, 10) for line in block] == [b"a", b"b", b"c"]
        assert source.size == source.position() == path.stat().st_size


def test_a_name_that_promises_gzip_must_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens.gz"
    path.write_bytes(b"a\nb\n")
    with open_source(str(path)) as source, pytest.raises(UnreadableError, match="damaged"):
        list(blocks(source.read, 10))


@pytest.mark.parametrize("cut", [3, 12, 500, -5])
def test_gzip_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "tokens.gz"
    path.write_bytes(gzip.compress(random.Random(1).randbytes(2000).hex().encode())[:cut])
    with open_source(str(path)) as source, pytest.raises(UnreadableError, match="cut off"):
        list(blocks(source.read, 10))


def test_what_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.b.c").touch()
    for name in ("a.b.c", "missing.txt", "missing.txt.gz", "MISSING.GZ", "./a", "/a"):
        assert looks_like_file(name), name
    for text in ("", "a.b.d", "garbage", "eyJhbGciOiJub25lIn0.e30.", "a" * 10_000):
        assert not looks_like_file(text), text


@pytest.mark.parametrize("name", ["tokens.txt.zst", "tokens.zstd", "tokens"])
def test_zstandard_is_known_by_name_or_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(zstd_of(b"a\nb\n") + zstd_of(b"c\n"))
    with open_source(str(path)) as source:
        assert [line for block in blocks(source.read, 10) for line in block] == [b"a", b"b", b"c"]
        assert source.size == source.position() == path.stat().st_size


@pytest.mark.parametrize("cut", [3, 12, 500, -5])
def test_zstandard_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "tokens.zst"
    path.write_bytes(zstd_of(random.Random(1).randbytes(2000).hex().encode())[:cut])
    with open_source(str(path)) as source, pytest.raises(UnreadableError, match="cut off"):
        list(blocks(source.read, 10))


def test_zstandard_that_is_none(tmp_path: Path) -> None:
    zstd_of(b"")
    path = tmp_path / "tokens.zst"
    path.write_bytes(b"a\nb\n" * 10)
    with open_source(str(path)) as source, pytest.raises(UnreadableError, match=r"damaged \(or not zstd\)"):
        list(blocks(source.read, 10))


def test_what_was_read_before_the_cut_is_given(tmp_path: Path) -> None:
    lines = [random.Random(n).randbytes(50).hex().encode() for n in range(20_000)]
    for name, packed in (("a.gz", gzip.compress(b"\n".join(lines))), ("a.zst", zstd_of(b"\n".join(lines)))):
        path = tmp_path / name
        path.write_bytes(packed[: len(packed) // 2])
        found: list[bytes] = []
        with open_source(str(path)) as source, pytest.raises(UnreadableError):
            found.extend(line for block in blocks(source.read, 1000) for line in block)
        assert 5_000 < len(found) < 12_000
        assert found == lines[: len(found)]


@pytest.mark.parametrize("packed", [gzip.compress, zstd_of])
def test_a_bomb_is_unpacked_a_little_at_a_time(tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(packed(b"a" * 100_000_000))
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            sizes = [len(line) for block in blocks(source.read, 1000) for line in block]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes == [1002]
    assert peak < 8_000_000
