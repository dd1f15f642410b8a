"""Tokens in CSV (RFC 4180): a record a row, one of whose fields is the token; the first record names the fields."""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Iterator, Sequence

from cyjwt.cli.failure import Failure
from cyjwt.cli.inputs.part import BOM, Part, Refusal, nearly, unreadable
from cyjwt.cli.lines import blocks
from cyjwt.cli.source import Source, UnreadableError

__all__ = ["parts"]

_MALFORMED = unreadable("The record is not CSV: its quotes do not match, or it has no end")
_ANOTHER_WIDTH = unreadable("The record has another number of fields than the first one")

#: How much may be read again behind quotes that do not match: so many octets, and so many times the input.
_AGAIN, _AGAIN_TIMES = 1 << 26, 8

#: Longer names of columns are not repeated in messages: a file without names has a token there.
_LONGEST_NAME = 40


#: What stands between fields elsewhere, as --delimiter takes it.
_DELIMITERS = {"\t": "tab", ";": "';'", "|": "'|'", ",": ","}

_QUOTE = ord('"')


class _MoreError(Exception):
    """A record goes on behind the lines at hand."""


class _TooLongError(Exception):
    """A record is longer than any may be."""


class _Records:
    """The records of some lines, with the number of the line that each begins in.

    A line without quotes is a record, and so is one with nothing but quoted fields: these are split natively.
    Else the standard library's reader takes as many lines as the record has. One that is malformed makes one bad
    line, and reading goes on behind that line, so that a quote that stays open does not swallow what follows.

    Attributes:
        begun: the number of the line in which the last record given begins.
        last: the number of the line in which it ends.
        blank: how many lines held nothing; whoever reads it may set it back.
    """

    def __init__(self, read: Callable[[int], bytes], delimiter: str, most: int) -> None:
        self.begun = self.last = self.blank = 0
        self._delimiter = delimiter.encode()
        self._most = most
        self._too_long = unreadable(f"The record is longer than {most} octets")
        self._blocks = blocks(read, most)
        self._lines: list[bytes] = []
        self._place = 0
        self._octets = self._read = self._again = 0
        self._patient = False
        csv.field_size_limit(max(csv.field_size_limit(), most))
        self._reader = csv.reader(self._Feed(self), delimiter=delimiter, strict=True)

    class _Feed:
        """What the standard library's reader takes its lines from."""

        def __init__(self, records: _Records) -> None:
            self._records = records

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            return self._records._fed()

    def _fed(self) -> str:
        if self._place == len(self._lines):
            if not self._patient:
                raise _MoreError
            if not self._load():
                raise StopIteration
        line = self._lines[self._place]
        self._place += 1
        self._octets += len(line) + 1
        if self._octets > self._most:
            raise _TooLongError
        # Octets as characters one to one: whether they are UTF-8 matters in no field but the token.
        return line.decode("latin-1") + "\n"

    def _load(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        if self._read == 0:
            block[0] = block[0].removeprefix(BOM)
        self._read += sum(map(len, block)) + len(block)
        self._lines += block
        return True

    def __iter__(self) -> Iterator[Sequence[str] | Sequence[bytes] | Refusal | None]:
        """Give the fields of each record, or why it has none; None where more input may have to be waited for."""
        index = 0
        delimiter, between, most = self._delimiter, b'"' + self._delimiter + b'"', self._most
        while True:
            if index == len(self._lines):
                yield None
                self._lines, index = [], 0
                if not self._load():
                    return
            line = self._lines[index]
            self.begun = self.last + 1
            quotes = line.count(b'"')
            if quotes == 0 or len(line) > most:
                index += 1
                self.last += 1
                if not line or (line.isspace() and delimiter not in line):
                    self.blank += 1
                    continue
                yield line.split(delimiter) if len(line) <= most else self._too_long
                continue
            if line[0] == line[-1] == _QUOTE:
                fields = line[1:-1].split(between)
                if 2 * len(fields) == quotes:
                    # Every quote was one about a field: all are quoted, and none holds a quote.
                    index += 1
                    self.last += 1
                    yield fields
                    continue
            found = self._quoted(index)
            if found is None:
                yield None
                self._lines, index = self._lines[index:], 0
                self._patient = True
                found = self._quoted(index)
                self._patient = False
            count = 1 if isinstance(found, Refusal) else self._place - index
            index += count
            self.last += count
            yield found

    def _quoted(self, index: int) -> Sequence[str] | Refusal | None:
        self._place, self._octets = index, 0
        try:
            return next(self._reader)
        except _MoreError:
            return None
        except _TooLongError:
            refusal = self._too_long if self._place == index + 1 else _MALFORMED
        except csv.Error:
            refusal = _MALFORMED
        self._again += self._octets
        if self._again > _AGAIN + _AGAIN_TIMES * self._read:
            raise UnreadableError(
                "too many quotes that do not match: this is no CSV, or has another delimiter"
            )
        return refusal


def parts(source: Source, column: str, delimiter: str, most: int, rows: int) -> Generator[Part, None, None]:
    """Read records behind the one that names the fields.

    Args:
        source: the input.
        column: the name of the field that holds the token.
        delimiter: what stands between two fields.
        most: the most octets of a record.
        rows: the most rows of a part.

    Raises:
        Failure: no field has that name, or several have.
        UnreadableError: the input ended in the middle, or is no CSV.
    """
    records = _Records(source.read, delimiter, most)
    place, width = -1, 0
    tokens: list[str | bytes] = []
    numbers: list[int] = []
    refused: dict[int, Refusal] = {}
    for found in records:
        if found is None or len(tokens) >= rows:
            last = records.last if found is None else records.begun - 1
            blank, records.blank = records.blank, 0
            if tokens or blank:
                yield Part(tokens, numbers, last, source.position(), refused=refused, blank=blank)
                tokens, numbers, refused = [], [], {}
            if found is None:
                continue
        if width == 0:
            place, width = _place(source.name, found, column, delimiter), len(found)
            continue
        token: str | bytes = ""
        if isinstance(found, Refusal):
            refused[len(tokens)] = found
        elif len(found) != width:
            refused[len(tokens)] = _ANOTHER_WIDTH
        else:
            token = found[place]
        tokens.append(token)
        numbers.append(records.begun)


def _place(name: str, found: Sequence[str] | Sequence[bytes] | Refusal, column: str, delimiter: str) -> int:
    if isinstance(found, Refusal):
        raise Failure(f"{name}: line 1 does not name the columns: {found.message}")
    names = [
        (one if isinstance(one, bytes) else one.encode("latin-1")).decode("utf-8", "replace") for one in found
    ]
    if names.count(column) == 1:
        return names.index(column)
    if column in names:
        raise Failure(f"{name}: several columns are called {column!r}")
    told = ""
    if all(len(one) <= _LONGEST_NAME and one.isprintable() for one in names):
        told = f"; there are {', '.join(map(repr, names))}"
    told += nearly(column, names)
    if len(names) == 1:
        others = [named for other, named in _DELIMITERS.items() if other in names[0] and other != delimiter]
        told += "".join(f"; --delimiter {named} splits that at another character" for named in others)
        if not others:
            told += "; --input-format text reads a token a line"
    raise Failure(
        f"{name}: no column is called {column!r}: --column names the one that holds the token{told}"
    )
