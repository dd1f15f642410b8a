"""cyjwt.arrow: what is too much, what is wrong, and who may interrupt."""

from __future__ import annotations

import _thread
import gc
import sys
import threading
import time
from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
from tests.columns.producer import ArrayProducer, StreamProducer
from tests.columns.test_arrow import CLAIMS, FORMATS, HS256, MIXED, TOKENS, VERIFIER, produced, rows
from tests.support import NOW, pair

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")

# -- what would not fit


def test_texts_beyond_32_bits_have_wide_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit that can be tested: 2 GiB of tokens cannot."""
    narrow = cyjwt.arrow.verify(produced(ArrayProducer, MIXED), VERIFIER, CLAIMS)
    monkeypatch.setattr(cyjwt.arrow, "_MOST_OCTETS", 1000)
    for threads in (1, 3):
        texts = MIXED * 30
        wide = cyjwt.arrow.verify(produced(ArrayProducer, texts), VERIFIER, CLAIMS, threads=threads)
        types = {field.name: field.type.name for field in nanoarrow.Schema(wide).fields}
        assert (types["sub"], types["reason"], types["aka"]) == ("LARGE_STRING", "LARGE_STRING", "LARGE_LIST")
        assert rows(wide) == rows(narrow) * 30


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_is_cut_instead(monkeypatch: pytest.MonkeyPatch, format: bytes) -> None:
    """So that all of its arrays have one type."""
    narrow = cyjwt.arrow.verify(produced(ArrayProducer, MIXED, format), VERIFIER, CLAIMS)
    monkeypatch.setattr(cyjwt.arrow, "_MOST_OCTETS", 2000)
    monkeypatch.setattr(cyjwt.arrow, "_GROUP_OCTETS", 1000)
    producer = produced(StreamProducer, MIXED, format)
    producer.chunks = 2
    stream = cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)
    assert len(list(stream)) > 5
    assert {repr(nanoarrow.Schema(array)) for array in stream} == {repr(nanoarrow.Schema(narrow))}
    assert rows(stream) == rows(narrow) * 2
    producer = produced(StreamProducer, MIXED, format)
    assert [
        row for one in cyjwt.arrow.verify_stream(producer, VERIFIER, CLAIMS) for row in rows(one)
    ] == rows(narrow)


def test_reasons_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of nulls has no text, and its reasons have."""
    monkeypatch.setattr(cyjwt.arrow, "_MOST_OCTETS", 100)
    monkeypatch.setattr(cyjwt.arrow, "_MOST_ROWS", 4)
    wide = cyjwt.arrow.verify(produced(ArrayProducer, [None] * 20), VERIFIER)
    assert nanoarrow.Schema(wide).field(1).type.name == "LARGE_STRING"
    stream = cyjwt.arrow.verify_stream(produced(StreamProducer, [None] * 9), VERIFIER)
    assert [len(array) for array in stream] == [4, 4, 1]


# -- errors


def test_options_are_checked_at_the_call() -> None:
    column = produced(ArrayProducer, TOKENS)
    bad: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (TypeError, "claims must map", {"claims": ["sub"]}),
        (TypeError, "claims must map", {"claims": {"sub": 1}}),
        (TypeError, "claims must map", {"claims": {1: "string"}}),
        (ValueError, "must be one of string, int64", {"claims": {"sub": "str"}}),
        (ValueError, "NUL", {"claims": {"s\0b": "string"}}),
        (ValueError, "surrogates", {"claims": {"\ud800": "string"}}),
        (
            ValueError,
            "^26 claims asked for, but this verifier leaves room for 25 ",
            {"claims": {str(n): "json" for n in range(26)}},
        ),
        (TypeError, "fields", {"fields": ["a", "b"]}),
        (TypeError, "fields", {"fields": ("a",)}),
        (TypeError, "fields", {"fields": ("a", 1)}),
        (ValueError, "two columns are called 'a'", {"fields": ("a", "a")}),
        (ValueError, "two columns are called 'reason'", {"claims": {"reason": "string"}}),
        (TypeError, "threads", {"threads": "2"}),
        (ValueError, "threads", {"threads": 0}),
    ]
    for call in (cyjwt.arrow.verify, cyjwt.arrow.verify_stream):
        for error, words, options in bad:
            with pytest.raises(error, match=words):
                call(column, VERIFIER, **options)
        with pytest.raises(TypeError, match="Verifier"):
            call(column, HS256.public)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"PyCapsule interface, not list: pyarrow\.array\(tokens\)"):
            call(["a.b.c"], VERIFIER)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="int64"):
            call(nanoarrow.Array([1, 2], nanoarrow.int64()), VERIFIER)
    assert column.made["array"] == 0


def test_25_claims_are_not_too_many() -> None:
    claims = {str(n): "json" for n in range(25)}
    assert len(rows(cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER, claims))[0]) == 27


def test_a_stream_that_fails_gives_everything_back() -> None:
    producer = produced(StreamProducer, TOKENS)
    producer.error = (5, b"the disk is on fire")
    with pytest.raises(OSError, match="on fire"):
        cyjwt.arrow.verify(producer, VERIFIER, CLAIMS)
    gc.collect()
    assert producer.released == producer.made


def test_a_clock_that_raises_passes_through_and_gives_everything_back() -> None:
    times = iter([NOW])
    verifier = HS256.verifier(clock=lambda: next(times))
    producer = produced(ArrayProducer, TOKENS)
    with pytest.raises(StopIteration):
        cyjwt.arrow.verify(producer, verifier)
    gc.collect()
    assert producer.released["array"] == 1


def test_without_nanoarrow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'cyjwt\[arrow\]'"):
        cyjwt.arrow.verify(produced(ArrayProducer, TOKENS), VERIFIER)


# -- Ctrl-C, threads of others, forks


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_it_within_a_second(threads: int) -> None:
    keys = pair("ES512")
    producer = produced(ArrayProducer, [keys.token().encode()] * 40_000)
    verifier = keys.verifier()
    interrupted: list[float] = []

    def interrupt() -> None:
        time.sleep(0.3)
        interrupted.append(time.perf_counter())
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        cyjwt.arrow.verify(producer, verifier, threads=threads)
    took = time.perf_counter() - interrupted[0]
    thread.join()
    gc.collect()
    assert took < 1
    assert producer.released["array"] == 1


def test_one_verifier_serves_many_threads_at_once() -> None:
    expected = rows(cyjwt.arrow.verify(produced(ArrayProducer, MIXED * 8), VERIFIER, CLAIMS))
    failed: list[object] = []

    def run() -> None:
        for _ in range(5):
            got = rows(cyjwt.arrow.verify(produced(ArrayProducer, MIXED * 8), VERIFIER, CLAIMS, threads=2))
            if got != expected:
                failed.append(got)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
