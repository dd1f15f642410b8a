"""Lines of octets, read in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["CHUNK", "blocks"]

#: So many octets are read at a time.
CHUNK = 1 << 18


def blocks(read: Callable[[int], bytes], most: int) -> Iterator[list[bytes]]:
    r"""Read lines, a block at a time, without their ends (``\n`` or ``\r\n``).

    A line of more than ``most`` octets may come cut, but never to ``most`` octets or fewer: whoever reads it
    will see that it is too long, and no line is ever held whole that is longer.

    Args:
        read: gives up to so many octets, and none at the end.
        most: the octets of the longest line that is of interest.

    Raises:
        UnreadableError: a read failed. A line that was begun is dropped.
    """
    # The "\r" of an ending may come off a cut line, so one octet more than the excess one is kept.
    keep = most + 2
    rest = bytearray()
    while chunk := read(CHUNK):
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            rest += chunk[: keep - len(rest)]
            continue
        lines = head.split(b"\n")
        if rest:
            lines[0] = bytes(rest) + lines[0]
        if b"\r" in head or rest.endswith(b"\r"):
            lines = [line.removesuffix(b"\r") for line in lines]
        yield lines
        rest = bytearray(tail[:keep])
    if rest:
        yield [bytes(rest)]
