"""What comes in through the Arrow PyCapsule interface is read right, checked, and released exactly once."""

from __future__ import annotations

import errno
import gc
import struct

import pytest

from cyjwt._engine.arrow_text import TextChunk, TextSource
from tests.columns.producer import ArrayProducer, Producer, StreamProducer, bits, new_capsule

FORMATS = [b"u", b"z", b"U", b"Z", b"vu", b"vz"]
TEXTS = [b"a.b.c", None, b"a text that is longer than a view", b""]


def rows(source: object) -> list[bytes | None]:
    return [chunk.text(i) for chunk in TextSource(source) for i in range(len(chunk))]


def assert_released(producer: Producer) -> None:
    """Whatever was handed over was given back once, but for schemas, which stay with their capsule."""
    gc.collect()
    assert producer.released["array"] == producer.made["array"]
    assert producer.released["stream"] == producer.made["stream"]
    if producer.made["stream"]:
        assert producer.released["schema"] == producer.made["schema"]


@pytest.mark.parametrize("format", FORMATS)
def test_every_layout_is_read(format: bytes) -> None:
    producer = ArrayProducer(format)
    assert rows(producer) == TEXTS
    assert_released(producer)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("first", range(5))
def test_an_offset_counts_in_texts_and_nulls(format: bytes, first: int) -> None:
    producer = ArrayProducer(format, offset=first, length=len(TEXTS) - first)
    assert rows(producer) == TEXTS[first:]


@pytest.mark.parametrize("format", FORMATS)
def test_the_octets_are_those_of_the_rows(format: bytes) -> None:
    (chunk,) = TextSource(ArrayProducer(format, offset=1, length=2))
    assert (chunk.rows, chunk.octets) == (2, len(TEXTS[2] or b""))


@pytest.mark.parametrize("changes", [{"buffers": {0: None}}, {"null_count": 0}])
def test_without_nulls_there_is_no_bitmap_to_look_at(changes: dict[str, object]) -> None:
    assert rows(ArrayProducer(**changes)) == [b"a.b.c", b"", *TEXTS[2:]]


def test_many_nulls() -> None:
    producer = ArrayProducer(offset=3, length=97)
    producer.texts = [None if i % 3 == 0 else str(i).encode() for i in range(100)]
    assert rows(producer) == producer.texts[3:]


def test_text_that_is_not_ascii_is_refused_as_in_a_str_and_left_to_the_pass_in_bytes() -> None:
    for format in FORMATS:
        producer = ArrayProducer(format)
        producer.texts = ["é".encode(), b"e" * 70, b"e" * 70 + b"\xff", b"\x7f"]
        refused = format in (b"u", b"U", b"vu")
        wanted = [None if refused and max(text or b"") > 127 else text for text in producer.texts]
        assert rows(producer) == wanted


def test_null_type_is_all_nulls() -> None:
    producer = ArrayProducer(b"n", n_buffers=0, length=3)
    assert rows(producer) == [None] * 3


def test_empty_arrays_need_no_buffers() -> None:
    for format in FORMATS:
        producer = ArrayProducer(format, length=0, n_buffers=3, buffers={0: None, 1: None, 2: None})
        assert rows(producer) == []
        assert_released(producer)


def test_empty_texts_need_no_data() -> None:
    producer = ArrayProducer(buffers={2: None})
    producer.texts = [b"", b""]
    assert rows(producer) == [b"", b""]


def test_a_struct_of_one_column() -> None:
    producer = ArrayProducer(nested={"length": 3, "offset": 1, "validity": bits([True, False, True, True])})
    producer.texts = [b"0", b"1", b"2", None]
    assert rows(producer) == [None, b"2", None]
    producer = ArrayProducer(offset=1, length=3, nested={"length": 2, "offset": 1})
    producer.texts = [b"0", b"1", b"2", b"3"]
    assert rows(producer) == [b"2", b"3"]


def test_a_stream_of_chunks() -> None:
    producer = StreamProducer(b"vu")
    producer.chunks = 3
    source = TextSource(producer)
    assert source.is_stream
    assert [len(chunk) for chunk in source] == [4, 4, 4]
    # Given back as soon as it is at its end, which stays its end.
    assert producer.released["stream"] == 1
    assert list(source) == []
    assert_released(producer)


def test_a_chunk_outlives_its_source() -> None:
    producer = StreamProducer()
    source = TextSource(producer)
    chunk = next(source)
    del source
    gc.collect()
    assert producer.released == {"schema": 1, "array": 0, "stream": 1}
    assert chunk.text(0) == b"a.b.c"
    del chunk
    assert_released(producer)


@pytest.mark.parametrize("kind", [ArrayProducer, StreamProducer])
@pytest.mark.parametrize(
    ("format", "named"),
    [
        (b"n_", "format 'n_'"), (b"i", "int32"), (b"l", "int64"), (b"g", "float64"), (b"b", "bool"),
        (b"+l", "list"), (b"+L", "large_list"), (b"+vl", "list_view"), (b"+w:3", "fixed_size_list"),
        (b"+r", "run_end_encoded"), (b"+m", "map"), (b"w:42", "fixed_size_binary"), (b"d:19,10", "decimal"),
        (b"tsu:UTC", "timestamp"), (b"tdD", "date"), (b"tDs", "duration"), (b"+ud:0,1", "dense_union"),
        (b"q\xff", "format"),
    ],
)  # fmt: skip
def test_other_types_are_refused_by_name(kind: type[Producer], format: bytes, named: str) -> None:
    producer = kind(format)
    with pytest.raises(TypeError, match=named):
        TextSource(producer)
    assert producer.released["stream"] == producer.made["stream"]
    assert producer.released["array"] == 0, "what was not taken over is its capsule's to release"


def test_dictionaries_and_wider_structs_are_refused() -> None:
    with pytest.raises(
        TypeError,
        match=r"not dictionary: cast the column, with \.cast\(pyarrow\.string\(\)\), \.cast\(pl\.String\)",
    ):
        TextSource(ArrayProducer(b"i", dictionary=True))
    with pytest.raises(TypeError, match="struct of 0"):
        TextSource(ArrayProducer(b"+s"))


@pytest.mark.parametrize("thing", [None, "a.b.c", ["a.b.c"], object()])
def test_what_offers_no_arrow_data_is_a_type_error(thing: object) -> None:
    with pytest.raises(TypeError, match="PyCapsule"):
        TextSource(thing)


def view(size: int, block: int, start: int) -> bytes:
    return struct.pack("=i4sii", size, b"aaaa", block, start)


MALFORMED = {
    "negative length": (b"u", {"length": -1}),
    "negative offset": (b"u", {"offset": -1}),
    "no buffers": (b"u", {"n_buffers": 0}),
    "a buffer too few": (b"u", {"n_buffers": 2}),
    "a buffer too many": (b"z", {"n_buffers": 4}),
    "views without blocks' sizes": (b"vu", {"n_buffers": 2}),
    "sizes of blocks missing": (b"vu", {"buffers": {4: None}}),
    "no offsets": (b"u", {"buffers": {1: None}}),
    "no data": (b"u", {"buffers": {2: None}}),
    "offsets fall": (b"u", {"buffers": {1: struct.pack("=5i", 0, 9, 5, 9, 9)}}),
    "offsets fall at the end": (b"z", {"buffers": {1: struct.pack("=5i", 0, 1, 2, 3, 2)}}),
    "offsets begin below zero": (b"z", {"buffers": {1: struct.pack("=5i", -1, 1, 2, 3, 4)}}),
    "large offsets fall": (b"U", {"buffers": {1: struct.pack("=5q", 0, 9, 5, 9, 9)}}),
    "large offsets begin below zero": (b"Z", {"buffers": {1: struct.pack("=5q", -(1 << 40), 1, 2, 3, 4)}}),
    "a view of negative size": (b"vu", {"buffers": {1: view(-1, 0, 0) * 4}}),
    "a view before its block": (b"vu", {"buffers": {1: view(13, 0, -1) * 4}}),
    "a view past its block": (b"vz", {"buffers": {1: view(13, 1, 21) * 4}}),
    "a view of a block before the first": (b"vz", {"buffers": {1: view(13, -1, 0) * 4}}),
    "a view of a block past the last": (b"vz", {"buffers": {1: view(13, 2, 0) * 4}}),
    "a struct that is longer than its column": (b"u", {"nested": {"length": 5}}),
    "a struct that ends behind its column": (b"u", {"nested": {"length": 4, "offset": 1}}),
    "a struct without its column": (b"u", {"nested": {"n_children": 0}}),
    "a struct without the list of its columns": (b"u", {"nested": {"missing": "arrays"}}),
    "a struct with a column that is missing": (b"u", {"nested": {"missing": "array"}}),
    "a column of negative length": (b"u", {"length": -(1 << 63), "nested": {"length": 1, "offset": 1}}),
    "more rows than can be": (b"n", {"n_buffers": 0, "length": 1 << 62}),
    "an offset of more rows than can be": (b"u", {"offset": 1 << 62}),
}


@pytest.mark.parametrize("kind", [ArrayProducer, StreamProducer])
@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_data_are_a_value_error_and_given_back(kind: type[Producer], case: str) -> None:
    format, changes = MALFORMED[case]
    producer = kind(format, **changes)
    producer.texts = [text or b"" for text in producer.texts]
    with pytest.raises(ValueError, match="malformed Arrow data"):
        rows(producer)
    assert_released(producer)


@pytest.mark.parametrize("kind", [ArrayProducer, StreamProducer])
@pytest.mark.parametrize("missing", ["format", "schema", "schemas"])
def test_malformed_schemas_are_a_value_error(kind: type[Producer], missing: str) -> None:
    producer = kind(nested={"missing": missing})
    with pytest.raises(ValueError, match="malformed Arrow data"):
        TextSource(producer)
    assert producer.released["stream"] == producer.made["stream"]
    assert producer.released["array"] == 0, "what was not taken over is its capsule's to release"


def test_a_view_to_the_last_octet_of_its_block_is_fine() -> None:
    block = b"0123456789abcdefghijklmnopqrstuvw"
    producer = ArrayProducer(b"vz", buffers={1: view(13, 1, 20) * 4, 3: block})
    producer.texts = [b"", b"", block, b""]
    producer.changes["buffers"][4] = struct.pack("=2q", 2, len(block))
    assert rows(producer) == [block[20:]] * 4


def test_the_view_of_a_null_may_lead_anywhere() -> None:
    producer = ArrayProducer(b"vz", buffers={0: b"\0", 1: view(1 << 30, 7, 0) * 4})
    assert rows(producer) == [None] * 4


def test_a_stream_that_fails_is_an_oserror_with_its_words() -> None:
    producer = StreamProducer()
    producer.error = (errno.EIO, b"the disk is on fire")
    source = TextSource(producer)
    next(source)
    with pytest.raises(OSError, match="the disk is on fire") as caught:
        next(source)
    assert caught.value.errno == errno.EIO
    del source
    assert_released(producer)


@pytest.mark.parametrize(("error", "kind"), [(errno.EINVAL, OSError), (errno.ENOMEM, MemoryError)])
def test_a_stream_that_fails_at_once_or_says_nothing(error: int, kind: type[Exception]) -> None:
    producer = StreamProducer()
    producer.chunks = 0
    producer.error = (error, None)
    with pytest.raises(kind, match="Arrow stream"):
        TextSource(producer)
    assert_released(producer)


def test_what_was_consumed_before_is_a_value_error() -> None:
    class Twice(ArrayProducer):
        def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
            if not hasattr(self, "capsules"):
                self.capsules = self.array()
            return self.capsules

    producer = Twice()
    assert rows(producer) == TEXTS
    with pytest.raises(ValueError, match="consumed before"):
        rows(producer)
    assert_released(producer)

    class TwiceStream(StreamProducer):
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            if not hasattr(self, "capsule"):
                self.capsule = self.stream()
            return self.capsule

    stream = TwiceStream()
    assert rows(stream) == TEXTS
    with pytest.raises(ValueError, match="consumed before"):
        rows(stream)
    assert_released(stream)


def test_capsules_of_another_name_are_refused() -> None:
    producer = Producer()
    schema, array = producer.array()

    class Crossed:
        def __arrow_c_array__(self) -> tuple[object, object]:
            return array, schema

    class Foreign:
        def __arrow_c_stream__(self) -> object:
            return new_capsule(1, b"something else", None)

    for thing in (Crossed(), Foreign()):
        with pytest.raises(ValueError, match="PyCapsule"):
            TextSource(thing)
    assert producer.released["array"] == 0


def test_an_error_of_the_producer_passes_through() -> None:
    class Broken:
        def __arrow_c_stream__(self) -> object:
            raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        TextSource(Broken())


def test_rows_out_of_range() -> None:
    (chunk,) = TextSource(ArrayProducer())
    assert isinstance(chunk, TextChunk)
    for row in (-1, 4, 1 << 40):
        with pytest.raises(IndexError):
            chunk.text(row)
