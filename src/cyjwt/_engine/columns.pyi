from collections.abc import Iterable

LONGEST_REASON: int

class Buffer: ...

class Columns:
    rows: int
    part_count: int
    def __new__(cls, rows: int, part_rows: int, types: Iterable[int], wide: bool) -> Columns: ...
