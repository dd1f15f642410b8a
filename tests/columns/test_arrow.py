"""cyjwt.arrow: shapes of what goes in and what comes out, verdicts, options, threads, memory."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
from cyjwt.arrow import VerifiedArray, VerifiedStream
from tests.columns.producer import ArrayProducer, Producer, StreamProducer
from tests.columns.rows import check_rows
from tests.security.test_errors_say_nothing import bad_tokens
from tests.support import AUDIENCE, NOW, good_claims, pair

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")

HS256 = pair("HS256")
VERIFIER = HS256.verifier()
CLAIMS = {
    "sub": "string", "exp": "int64", "n": "double", "even": "bool", "aka": "list<string>", "all": "json",
}  # fmt: skip
FORMATS = [b"u", b"z", b"U", b"Z", b"vu", b"vz"]


def token(n: int) -> str:
    more: dict[str, Any] = {"n": n / 2, "even": n % 2 == 0, "all": {"n": [n]}}
    if n % 3:
        more["aka"] = ["é"] * (n % 5)
    return HS256.token(good_claims(**{**more, "sub": f"user-{n}"}))


TOKENS = [token(n).encode() for n in range(60)]
MIXED: list[bytes | None] = [*TOKENS[:20], None, b"a.b.c", *TOKENS[20:40], b"", "é.é.é".encode(), None]


def rows(verified: VerifiedArray | VerifiedStream) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = nanoarrow.Array(verified).to_pylist()
    return found


def objects(texts: list[bytes | None], format: bytes) -> list[Any]:
    """What the rows are outside of a column: str or bytes."""
    return [text.decode() if text is not None and format in (b"u", b"U", b"vu") else text for text in texts]


def produced(kind: type[Producer], texts: list[bytes | None], format: bytes = b"u", **changes: Any) -> Any:
    producer = kind(format, **changes)
    producer.texts = texts
    return producer


# -- what goes in


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [ArrayProducer, StreamProducer])
def test_every_layout(kind: type[Producer], format: bytes) -> None:
    verified = cyjwt.arrow.verify(produced(kind, MIXED, format), VERIFIER, CLAIMS)
    assert isinstance(verified, VerifiedArray if kind is ArrayProducer else VerifiedStream)
    assert len(verified) == len(MIXED)
    check_rows(rows(verified), VERIFIER, objects(MIXED, format), CLAIMS)


@pytest.mark.parametrize("format", FORMATS)
def test_a_slice(format: bytes) -> None:
    producer = produced(ArrayProducer, MIXED, format, offset=17, length=9)
    expected = objects(MIXED, format)[17:26]
    check_rows(rows(cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)), VERIFIER, expected, CLAIMS)


@pytest.mark.parametrize("format", FORMATS)
def test_hostile_tokens_get_the_verdict_of_verify(format: bytes) -> None:
    hostile = [one for one in bad_tokens().values() if isinstance(one, str | bytes)]
    texts = [one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one for one in hostile]
    assert len(texts) > 20
    if format in (b"u", b"U", b"vu"):
        texts = [text for text in texts if text.decode("utf-8", "ignore").encode() == text]
    mixed = [one for text in texts for one in (text, TOKENS[0], None)]
    for options in ({}, {"audience": AUDIENCE, "issuer": "i"}, {"type": "at+jwt"}, {"allow_padding": True}):
        verifier = HS256.verifier(**options)
        verified = cyjwt.arrow.verify(produced(ArrayProducer, mixed, format), verifier, CLAIMS)
        check_rows(rows(verified), verifier, objects(mixed, format), CLAIMS)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed448"])
def test_every_family(algorithm: str) -> None:
    keys = pair(algorithm)
    good = [keys.token(good_claims(n=n)).encode() for n in range(20)]
    texts = [text for one in good for text in (one, one[:-6] + b"AAAAAA", None)]
    verifier = keys.verifier()
    verified = cyjwt.arrow.verify(produced(ArrayProducer, texts), verifier, {"n": "int64"})
    check_rows(rows(verified), verifier, objects(texts, b"u"), {"n": "int64"})


def test_empty_arrays_and_streams_have_their_type() -> None:
    array = cyjwt.arrow.verify(produced(ArrayProducer, []), VERIFIER, CLAIMS)
    empty = produced(StreamProducer, [])
    empty.chunks = 0
    stream = cyjwt.arrow.verify(empty, VERIFIER, CLAIMS)
    full = cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER, CLAIMS)
    assert len(array) == len(stream) == 0
    assert rows(array) == rows(stream) == []
    types = {repr(nanoarrow.Schema(one)) for one in (array, stream, full)}
    assert types == {repr(nanoarrow.Array(full).schema)}


def test_null_type_is_all_bad() -> None:
    verified = cyjwt.arrow.verify(
        nanoarrow.c_array_from_buffers(nanoarrow.null(), 2, []), VERIFIER, {"sub": "string"}
    )
    assert [row["reason"] for row in rows(verified)] == ["token_type"] * 2


def test_what_offers_an_array_at_times_is_read_as_a_stream_then() -> None:
    parts = [objects(TOKENS[:3], b"u"), objects(TOKENS[3:5], b"u")]
    chunked = nanoarrow.Array.from_chunks(parts, nanoarrow.string())
    verified = cyjwt.arrow.verify(chunked, VERIFIER, CLAIMS)
    assert isinstance(verified, VerifiedStream)
    check_rows(rows(verified), VERIFIER, TOKENS[:5], CLAIMS)


# -- what comes out


def test_the_type() -> None:
    verified = cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER, CLAIMS)
    fields = {field.name: field.type.name for field in nanoarrow.Schema(verified).fields}
    assert fields == {
        "status": "INT8", "reason": "STRING", "sub": "STRING", "exp": "INT64", "n": "DOUBLE", "even": "BOOL",
        "aka": "LIST", "all": "STRING",
    }  # fmt: skip


def test_without_claims_there_are_status_and_reason() -> None:
    for claims in (None, {}):
        verified = cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, claims)
        check_rows(rows(verified), VERIFIER, objects(MIXED, b"u"), {})


def test_statuses_are_those_of_a_batch() -> None:
    statuses = [row["status"] for row in rows(cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER))]
    assert bytes(statuses) == bytes(VERIFIER.verify_batch(objects(MIXED, b"u")).statuses)


def test_the_first_columns_can_be_called_otherwise() -> None:
    keys = pair("HS256")
    held = keys.token(good_claims(status={"idx": 7})).encode()
    column = produced(ArrayProducer, [held])
    with pytest.raises(ValueError, match="fields="):
        cyjwt.arrow.verify(column, VERIFIER, {"status": "json"})
    verified = cyjwt.arrow.verify(column, VERIFIER, {"status": "json"}, fields=("ok", "why"))
    assert rows(verified) == [{"ok": 0, "why": None, "status": '{"idx":7}'}]


def test_columns_without_nulls_have_no_bitmap() -> None:
    verified = cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER, {"sub": "string", "all": "json"})
    array = nanoarrow.c_array(verified)
    status, reason, sub, every = (array.child(i) for i in range(4))
    assert [one.null_count for one in (array, status, reason, sub, every)] == [0, 0, len(TOKENS), 0, 0]
    for one in (status, sub, every):
        assert one.buffers[0] == 0
    assert reason.buffers[0] != 0


def test_buffers_are_aligned() -> None:
    verified = cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, CLAIMS)
    array = nanoarrow.c_array(verified)
    children = [array.child(i) for i in range(array.n_children)]
    addresses = [address for one in [*children, children[6].child(0)] for address in one.buffers]
    assert all(address % 64 == 0 for address in addresses)


def test_it_can_be_read_any_number_of_times_and_outlives_its_source() -> None:
    for kind in (ArrayProducer, StreamProducer):
        producer = produced(kind, TOKENS[:2])
        verified = cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)
        gc.collect()
        assert producer.released["array"] == producer.made["array"] == 1, "the tokens are let go of"
        first = rows(verified)
        assert first == rows(verified)
        kept = nanoarrow.Array(verified)
        del verified
        gc.collect()
        assert kept.to_pylist() == first


def test_an_array_serves_as_a_stream_too_and_a_stream_as_its_arrays() -> None:
    array = cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, CLAIMS)
    assert nanoarrow.c_array_stream(array).get_next().length == len(MIXED)
    chunked = produced(StreamProducer, TOKENS)
    chunked.chunks = 3
    stream = cyjwt.arrow.verify(chunked, VERIFIER, CLAIMS)
    assert [row for one in stream for row in rows(one)] == rows(stream)
    assert repr(array) == f"<VerifiedArray of {len(MIXED)} rows>"
    assert repr(stream) == f"<VerifiedStream of {3 * len(TOKENS)} rows>"


def test_a_schema_that_is_asked_for_is_no_error() -> None:
    array = cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER)
    asked = nanoarrow.Schema(array).__arrow_c_schema__()
    assert len(array.__arrow_c_array__(asked)) == 2
    assert array.__arrow_c_stream__(requested_schema=asked)


# -- chunks, groups and threads


@pytest.mark.parametrize("threads", [1, 2, 5, None])
@pytest.mark.parametrize("length", [1, 255, 256, 257, 511, 512, 513, 1024, 3000])
def test_any_number_of_threads_and_rows(threads: int | None, length: int) -> None:
    texts = list(itertools.islice(itertools.cycle(MIXED), length))
    verified = rows(cyjwt.arrow.verify(produced(ArrayProducer, texts), VERIFIER, CLAIMS, threads=threads))
    single = rows(cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, CLAIMS, threads=1))
    assert verified == list(itertools.islice(itertools.cycle(single), length))


def test_small_chunks_are_verified_together(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = rows(cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, CLAIMS))
    for most, sizes in ((10**6, [9 * len(MIXED)]), (2 * len(MIXED), [2 * len(MIXED)] * 4 + [len(MIXED)])):
        monkeypatch.setattr(cyjwt.arrow, "_GROUP_ROWS", most)
        producer = produced(StreamProducer, MIXED)
        producer.chunks = 9
        stream = cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)
        assert [len(array) for array in stream] == sizes
        assert rows(stream) == expected * 9
    monkeypatch.setattr(cyjwt.arrow, "_GROUP_OCTETS", 1)
    producer = produced(StreamProducer, MIXED)
    producer.chunks = 3
    assert [len(array) for array in cyjwt.arrow.verify(producer, VERIFIER)] == [len(MIXED)] * 3


def test_a_stream_lets_go_of_the_tokens_that_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cyjwt.arrow, "_GROUP_ROWS", 1)
    alive: list[int] = []

    class Watched(StreamProducer):
        def fill_array(self, out: Any) -> None:
            alive.append(self.made["array"] - self.released["array"])
            super().fill_array(out)

    producer = produced(Watched, TOKENS)
    producer.chunks = 5
    cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)
    assert max(alive) <= 2
    assert producer.released["array"] == 5


def test_verify_stream_gives_an_array_for_each_as_it_is_asked_for() -> None:
    producer = produced(StreamProducer, MIXED)
    producer.chunks = 3
    arrays = cyjwt.arrow.verify_stream(producer, VERIFIER, CLAIMS)
    assert producer.made["array"] == 0
    first = next(arrays)
    assert producer.made["array"] == 1
    assert isinstance(first, VerifiedArray)
    check_rows(rows(first), VERIFIER, objects(MIXED, b"u"), CLAIMS)
    assert [len(array) for array in arrays] == [len(MIXED)] * 2
    assert [len(one) for one in cyjwt.arrow.verify_stream(produced(ArrayProducer, []), VERIFIER)] == [0]


# -- the moment


def test_all_are_judged_by_one_moment() -> None:
    asked: Iterator[int] = itertools.count(NOW)
    verifier = HS256.verifier(clock=lambda: next(asked))
    soon = HS256.token(good_claims(exp=NOW + 2)).encode()
    producer = produced(StreamProducer, [soon] * 600)
    producer.chunks = 3
    assert {row["status"] for row in rows(cyjwt.arrow.verify(producer, verifier))} == {0}
    assert next(asked) == NOW + 2, "the clock was read once, and when the verifier was made"


def test_verify_stream_judges_each_array_by_its_own() -> None:
    asked: Iterator[int] = itertools.count(NOW)
    verifier = HS256.verifier(clock=lambda: next(asked))
    producer = produced(StreamProducer, [HS256.token(good_claims(exp=NOW + 3)).encode()])
    producer.chunks = 4
    reasons = [rows(one)[0]["reason"] for one in cyjwt.arrow.verify_stream(producer, verifier)]
    assert reasons == [None, None, "expired", "expired"]
