"""Results as NDJSON: an object a token."""

from __future__ import annotations

from collections.abc import Mapping

from cyjwt._engine.jsonwrite import dumps
from cyjwt.batch import Batch
from cyjwt.cli.inputs.part import Part, Refusal
from cyjwt.cli.outputs.columns import Claim, fitted
from cyjwt.cli.outputs.result import Write
from cyjwt.cli.text import without_controls

__all__ = ["ObjectLines"]


class ObjectLines:
    """Writes an object a token, in the order of the input.

    Args:
        write: takes the text.
        unit: the name of the member that has the number.
        claims: the claims to write; without any, all that a token has.
    """

    def __init__(self, write: Write, unit: str, claims: tuple[Claim, ...]) -> None:
        self.claims: bool | tuple[str, ...] = tuple(claim.name for claim in claims) or True
        self._write = write
        self._begin = b'{"%b":%%d' % unit.encode()
        self._valid = self._begin + b',"status":"valid","claims":%b}\n'
        self._typed = [(claim.name, claim.type) for claim in claims if claim.type not in (None, "json")]
        self._told: dict[Refusal, bytes] = {}

    def write(self, part: Part, batch: Batch, refused: Mapping[int, Refusal]) -> None:
        """Write the objects of a part."""
        output = []
        valid = self._valid
        for index, (number, claims) in enumerate(zip(part.numbers, batch.claims(), strict=True)):
            if claims is not None:
                for name, kind in self._typed:
                    if name in claims:
                        claims[name] = fitted(claims[name], kind)
                output.append(valid % (number, dumps(claims)))
            elif index in refused:
                output.append(self._begin % number + self._refusal(refused[index]))
        if output:
            self._write(without_controls(b"".join(output)))

    def _refusal(self, refusal: Refusal) -> bytes:
        said = self._told.get(refusal)
        if said is None:
            members = {"status": "invalid", **refusal._asdict()}
            said = self._told[refusal] = b"," + dumps(members)[1:] + b"\n"
        return said

    def close(self) -> None:
        """Do nothing: every line is out already."""
