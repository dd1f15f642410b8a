"""Results: where what came of each row goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal

__all__ = ["Nothing", "Results", "Write"]

#: Takes octets to where they shall go.
Write = Callable[[bytes], None]


class Results(Protocol):
    """One form of output.

    Attributes:
        claims: what ``verify_batch`` shall give for it.
    """

    @property
    def claims(self) -> bool | tuple[str, ...]: ...  # noqa: D102

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Tell what came of a part."""

    def close(self) -> None:
        """Finish; called once, also where the run ended in the middle."""


class Nothing:
    """No output."""

    claims = False

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Do nothing."""
