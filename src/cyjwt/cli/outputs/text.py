"""Bad lines told in words, one a line."""

from __future__ import annotations

from collections.abc import Mapping

from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal
from cyjwt.cli.outputs.result import Write

__all__ = ["BadLines"]


class BadLines:
    """Tells the number and the reason of each token that is refused.

    Args:
        write: takes the text.
        unit: what is numbered.
    """

    claims = False

    def __init__(self, write: Write, unit: str) -> None:
        self._write = write
        self._unit = unit.encode()
        self._told: dict[Refusal, bytes] = {}

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Tell of the refused ones of a part."""
        if not refused:
            return
        numbers, told = part.numbers, self._told
        output = []
        for index, refusal in refused.items():
            said = told.get(refusal)
            if said is None:
                kind = f" ({refusal.error})" if refusal.error else ""
                said = told[refusal] = f": {refusal.reason}: {refusal.message}{kind}\n".encode()
            output.append(b"%b %d%b" % (self._unit, numbers[index], said))
        self._write(b"".join(output))

    def close(self) -> None:
        """Do nothing: every line is out already."""
