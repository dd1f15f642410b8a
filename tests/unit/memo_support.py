"""What the tests of the memory of one-shot calls make, and the memories that make it."""

from __future__ import annotations

from typing import Any

from cyjwt._engine.memo import Memo


class Made:
    """What is made: it shows what from, and can be referred to weakly."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.args = args
        self.options = options


def memo(size: int = 16, **options: Any) -> Memo[..., Made]:
    return Memo(Made, size, **options)
