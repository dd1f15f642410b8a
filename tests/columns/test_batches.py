"""verify_batch and verify_stream over Arrow data: as over a list of the same tokens."""

from __future__ import annotations

import pytest

import cyjwt
from tests.columns.producer import ArrayProducer, Producer, StreamProducer

KEY = cyjwt.Key.generate("HS256")
VERIFIER = cyjwt.Verifier(KEY)
SIGNER = cyjwt.Signer(KEY, lifetime=86_400)  # The whole suite may run before these are looked at.
TOKENS: list[str | None] = [SIGNER.sign({"sub": str(n)}) for n in range(700)]
TOKENS[3] = None
TOKENS[650] = "no token"
TOKENS[651] = "déjà.vu.é"

FORMATS = [b"u", b"z", b"U", b"Z", b"vu", b"vz"]


def column(made: Producer) -> Producer:
    made.texts = [None if token is None else token.encode() for token in TOKENS]
    return made


def objects(format: bytes) -> list[str | bytes | None]:
    """The tokens as they are outside of a column: text as str, binary as bytes."""
    return [token.encode() if token is not None and format[-1:] in b"zZ" else token for token in TOKENS]


def described(batch: cyjwt.Batch) -> list[object]:
    return [one if isinstance(one, dict) else (type(one), str(one)) for one in batch]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_column_gives_what_a_list_gives(format: bytes, threads: int) -> None:
    batch = VERIFIER.verify_batch(column(ArrayProducer(format)), threads=threads)
    expected = VERIFIER.verify_batch(objects(format))
    assert (batch.valid, batch.invalid) == (697, 3)
    assert batch.statuses == expected.statuses
    assert described(batch) == described(expected)


def test_names_and_statuses_alone() -> None:
    assert VERIFIER.verify_batch(column(ArrayProducer()), claims=["sub"])[699] == {"sub": "699"}
    assert VERIFIER.verify_batch(column(ArrayProducer()), claims=False).valid == 697


def test_a_stream_is_read_to_its_end() -> None:
    made = column(StreamProducer())
    made.chunks = 3
    batch = VERIFIER.verify_batch(made)
    assert (len(batch), batch.valid) == (2100, 2091)
    assert batch[2 * 700 + 42]["sub"] == "42"


def test_the_array_is_let_go_of_with_the_batch_at_hand() -> None:
    made = column(ArrayProducer())
    batch = VERIFIER.verify_batch(made)
    assert made.released["array"] == made.made["array"] == 1
    assert batch[699]["sub"] == "699"


@pytest.mark.parametrize("size", [1, 256, 699, 700, 701, 5000])
def test_a_stream_of_chunks_comes_in_batches(size: int) -> None:
    made = column(StreamProducer())
    made.chunks = 2
    batches = list(VERIFIER.verify_stream(made, size=size))
    assert [len(batch) for batch in batches[:-1]] == [size] * (
        1400 // size if 1400 % size else 1400 // size - 1
    )
    expected = described(VERIFIER.verify_batch(TOKENS)) * 2
    assert [one for batch in batches for one in described(batch)] == expected


def test_other_columns_are_a_type_error() -> None:
    with pytest.raises(TypeError, match="int64"):
        VERIFIER.verify_batch(ArrayProducer(b"l"))
