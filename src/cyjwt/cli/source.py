"""An input of octets: a file or standard input, plain or compressed."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import select
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from cyjwt.cli.failure import Failure
from cyjwt.cli.packages import needed

__all__ = [
    "Source",
    "UnreadableError",
    "looks_like_file",
    "no_such_file",
    "on_terminal",
    "open_source",
    "piped_in",
    "stdin",
]

_GZIP, _ZSTD = "gzip", "zstd"
_MAGIC = {b"\x1f\x8b": _GZIP, b"\x28\xb5\x2f\xfd": _ZSTD}
#: The first octets of a Parquet file, which readers of lines have no use for.
PARQUET_MAGIC = b"PAR1"
_ENDINGS = {".gz": _GZIP, ".zst": _ZSTD, ".zstd": _ZSTD}

# A JWT's third segment is a signature: no ending below is one, so no valid token is mistaken for a file.
_FILE_ENDINGS = (
    *(".csv", ".dat", ".gz", ".json", ".jsonl", ".jwt", ".jwts", ".list", ".log", ".lst", ".ndjson"),
    *(".parquet", ".pq", ".tokens", ".tsv", ".txt", ".zst", ".zstd"),
)


class UnreadableError(Exception):
    """The input ended in the middle: a read failed, or what was read is cut off or damaged."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open input.

    Attributes:
        name: how messages call it.
        ending: that of its name in lower case, without the ending of a compression; or ``""``.
        head: its first octets, before any decompression.
        read: gives up to so many octets as soon as there are any, and none at the end.
        size: the octets of the file as it is stored, or None where there is no telling.
        position: how many of these have been read.
        stored: the input as it is stored.
    """

    name: str
    ending: str
    head: bytes
    read: Callable[[int], bytes]
    size: int | None
    position: Callable[[], int]
    stored: io.BufferedReader


def looks_like_file(argument: str) -> bool:
    """Whether an argument that may be a token is the name of a file, there or missing."""
    return "/" in argument or os.path.exists(argument) or argument.lower().endswith(_FILE_ENDINGS)  # noqa: PTH110 - False for a name that is too long


def no_such_file(argument: str) -> str:
    """What to add to the refusal of an argument that was taken for a token, and may be a mistyped name."""
    return "" if argument.count(".") == 2 else " (and there is no file of that name)"


@contextlib.contextmanager
def open_source(path: str | None) -> Iterator[Source]:
    """Open a file, or standard input for None.

    Gzip and Zstandard are known by the ending of the name, and by the first octets.

    Raises:
        Failure: it cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        name = "standard input" if path is None else path
        try:
            raw = _raw_stdin() if path is None else stack.enter_context(_Patient(path))
            head, stored = _peeked(raw)
        except (OSError, ValueError) as error:
            raise Failure(f"{name}: {getattr(error, 'strerror', None) or error}") from None
        size = _size(raw)
        plain = Path((path or "").lower())
        ending = plain.suffix
        packed = _ENDINGS.get(ending) or next(
            (kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None
        )
        if ending in _ENDINGS:
            ending = plain.with_suffix("").suffix
        if packed == _ZSTD:
            zstd = _zstd()
            read = _reader(stack.enter_context(zstd.ZstdFile(stored)), _ZSTD, zstd.ZstdError)
        elif packed == _GZIP:
            read = _reader(stack.enter_context(gzip.GzipFile(fileobj=stored)), _GZIP, zlib.error)
        else:
            read = _reader(stored, "", zlib.error)
        yield Source(name, ending, head, read, size, stored.tell if size is not None else lambda: 0, stored)


def stdin() -> IO[bytes]:
    """Standard input, as octets.

    Raises:
        Failure: there is none.
    """
    if sys.stdin is None:
        raise Failure("standard input is closed")
    return sys.stdin.buffer


def piped_in() -> bool:
    """Whether something is piped in: standard input is there, and no terminal."""
    return sys.stdin is not None and not sys.stdin.isatty()


def on_terminal(stream: IO[str] | None) -> bool:
    """Whether an output is a terminal; one that is closed is None, and none."""
    return stream is not None and stream.isatty()


def _raw_stdin() -> io.RawIOBase:
    """Standard input without a buffer of its own.

    A thread that waits for input would hold the lock of ``sys.stdin.buffer``, which the interpreter insists on
    when it ends.
    """
    stream = stdin()
    try:
        return _Patient(stream.fileno(), closefd=False)
    except OSError:
        return cast("io.RawIOBase", stream)


class _Patient(io.FileIO):
    """A file that waits where it has nothing yet, although its descriptor may not block.

    Whether it blocks is up to everybody who shares the descriptor, as programs on the same terminal or pipe do;
    and what FileIO says where nothing has come yet, its readers take for the end.
    """

    def readinto(self, buffer: Any, /) -> int:
        while (count := super().readinto(buffer)) is None:
            select.select([self], (), ())
        return count


class _Again(io.RawIOBase):
    """A stream with octets put back before what it has left."""

    def __init__(self, head: bytes, rest: io.RawIOBase) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if not self._head:
            return self._rest.readinto(buffer)
        count = min(len(buffer), len(self._head))
        buffer[:count], self._head = self._head[:count], self._head[count:]
        return count


def _peeked(raw: io.RawIOBase) -> tuple[bytes, io.BufferedReader]:
    """The first octets, and the stream with them still to be read."""
    if raw.seekable():
        stream = io.BufferedReader(cast("Any", raw))
        return stream.peek(4)[:4], stream
    # A pipe gives what there is. More is waited for only where that may be the beginning of a magic number.
    head = b""
    while len(head) < 4 and any(magic.startswith(head) for magic in (*_MAGIC, PARQUET_MAGIC)):
        more = bytearray(4 - len(head))
        count = raw.readinto(more)
        if not count:
            break
        head += more[:count]
    return head, io.BufferedReader(cast("Any", _Again(head, raw)))


def _size(stream: io.RawIOBase) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        return needed("compression.zstd", "Zstandard", "cli")
    return needed("backports.zstd", "Zstandard", "cli")


def _reader(stream: Any, kind: str, damage: type[Exception]) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            return cast("bytes", stream.read1(most))
        except EOFError:
            raise UnreadableError("the compressed data is cut off") from None
        except (gzip.BadGzipFile, damage):
            raise UnreadableError(f"the compressed data is damaged (or not {kind})") from None
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from None

    return read
