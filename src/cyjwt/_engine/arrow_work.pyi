from typing import Any

from cyjwt._engine.arrow_text import TextChunk
from cyjwt._engine.verify import Engine

TYPES: dict[str, int]

def moment(engine: Engine) -> float: ...

class ColumnWork:
    rows: int
    wide: bool
    def __new__(
        cls,
        engine: Engine,
        parts: list[tuple[TextChunk, int, int]],
        names: tuple[str, ...],
        types: tuple[str, ...],
        now: float,
        threads: int,
        most: int,
    ) -> ColumnWork: ...
    @property
    def pieces(self) -> int: ...
    def stop(self) -> None: ...
    def work(self) -> None: ...
    def finish(self) -> list[tuple[Any, ...]] | None: ...
