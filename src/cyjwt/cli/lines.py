"""Lines of an input of any size, plain or gzipped, read in bounded memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from cyjwt.cli.failure import Failure

__all__ = [
    "Source",
    "UnreadableError",
    "blocks",
    "looks_like_file",
    "no_such_file",
    "on_terminal",
    "open_source",
    "piped_in",
    "stdin",
]

_CHUNK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"

# A JWT's third segment is a signature: no ending below is one, so no valid token is mistaken for a file.
_FILE_ENDINGS = (".csv", ".dat", ".gz", ".jwt", ".jwts", ".list", ".log", ".lst", ".tokens", ".tsv", ".txt")


class UnreadableError(Exception):
    """The input ended in the middle: a read failed, or the compressed data is cut off or damaged."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open input.

    Attributes:
        name: how messages call it.
        read: gives up to so many octets as soon as there are any, and none at the end.
        size: the octets of the file, or None where there is no telling.
        position: how many of them have been read.
    """

    name: str
    read: Callable[[int], bytes]
    size: int | None
    position: Callable[[], int]


def looks_like_file(argument: str) -> bool:
    """Whether an argument that may be a token is the name of a file, there or missing."""
    return "/" in argument or os.path.exists(argument) or argument.lower().endswith(_FILE_ENDINGS)  # noqa: PTH110 - False for a name that is too long


def no_such_file(argument: str) -> str:
    """What to add to the refusal of an argument that was taken for a token, and may be a mistyped name."""
    return "" if argument.count(".") == 2 else " (and there is no file of that name)"


@contextlib.contextmanager
def open_source(path: str | None) -> Iterator[Source]:
    """Open a file, or standard input for None.

    Gzip is known by a name that ends in ``.gz`` and by its first two octets.

    Raises:
        Failure: it cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        if path is None:
            name, stream = "standard input", _buffered(stdin())
        else:
            name = path
            try:
                stream = stack.enter_context(Path(path).open("rb"))
            except (OSError, ValueError) as error:
                raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None
        size = _size(stream)
        zipped = (path or "").lower().endswith(".gz") or _peek(name, stream) == _GZIP_MAGIC
        opened = stack.enter_context(gzip.GzipFile(fileobj=stream)) if zipped else stream
        yield Source(name, _reader(opened), size, stream.tell if size is not None else lambda: 0)


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


def _buffered(stream: IO[bytes]) -> io.BufferedReader:
    return (
        stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    )


def _size(stream: io.BufferedReader) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _peek(name: str, stream: io.BufferedReader) -> bytes:
    try:
        return stream.peek(2)[:2]
    except OSError as error:
        raise Failure(f"{name}: {error.strerror or error}") from None


def _reader(stream: io.BufferedReader | gzip.GzipFile) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            return stream.read1(most)
        except EOFError:
            raise UnreadableError("the compressed data is cut off") from None
        except (gzip.BadGzipFile, zlib.error):
            raise UnreadableError("the compressed data is damaged (or not gzip)") from None
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from None

    return read


def blocks(read: Callable[[int], bytes], most: int) -> Iterator[list[bytes]]:
    r"""Read lines, a block at a time, without their ends (``\n`` or ``\r\n``).

    A line of more than ``most`` octets may come cut, but never to ``most`` octets or fewer: the verifier will
    see that it is too long, and no line is ever held whole that is longer.

    Args:
        read: gives up to so many octets, and none at the end.
        most: the octets of the longest line that is of interest.

    Raises:
        UnreadableError: a read failed. A line that was begun is dropped.
    """
    # The "\r" of an ending may come off a cut line, so one octet more than the excess one is kept.
    keep = most + 2
    rest = bytearray()
    while chunk := read(_CHUNK):
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            rest += chunk[: keep - len(rest)]
            continue
        block = bytes(rest) + head
        if b"\r" in block:
            # The last line's "\n" is gone already; its "\r" is not.
            block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
        yield block.split(b"\n")
        rest = bytearray(tail[:keep])
    if rest:
        yield [bytes(rest)]
