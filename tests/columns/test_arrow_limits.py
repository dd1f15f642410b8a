"""cyjwt.arrow: what is too much, what is wrong, and who may interrupt."""

from __future__ import annotations

import _thread
import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import cyjwt
import cyjwt.arrow
from cyjwt._engine.arrow_text import TextSource
from cyjwt._engine.arrow_work import ColumnWork
from tests.columns.producer import ArrayProducer, StreamProducer
from tests.columns.rows import check_rows
from tests.columns.test_arrow import CLAIMS, FORMATS, HS256, MIXED, TOKENS, VERIFIER, objects, produced, rows
from tests.support import NOW, pair

nanoarrow = pytest.importorskip("nanoarrow", reason="the columns go out through nanoarrow")


def in_a_process(script: str) -> str:
    """What a script prints, in a process of its own that may hang or crash."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ROOT = Path(__file__).parents[2]

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


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory by what Linux says of it")
def test_what_is_too_long_needs_no_memory_and_gets_the_verdict_of_verify() -> None:
    """In a process that may not have as much memory again as the text has."""
    script = """
import resource
import cyjwt, cyjwt.arrow
from tests.columns.test_arrow import VERIFIER, ArrayProducer, produced, rows

long = b"x" * (200 << 20)
producers = [produced(ArrayProducer, [long], b"U"), produced(ArrayProducer, [long], b"Z")]
held = [producer.__arrow_c_array__() for producer in producers]
for producer, capsules in zip(producers, held):
    producer.array = lambda capsules=capsules: capsules
with open("/proc/self/statm") as file:
    has = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (has + (100 << 20),) * 2)
print([rows(cyjwt.arrow.verify(one, VERIFIER, threads=1))[0]["reason"] for one in producers])
"""
    assert in_a_process(script) == "['too_large', 'too_large']"


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_too_long_and_not_ascii_gets_the_verdict_of_verify(format: bytes) -> None:
    tail = "é".encode()
    texts: list[bytes | None] = [b"e" * n + tail for n in (16380, 16383, 16384, 16385, 100_000)]
    texts += [b"e" * 100_000, b"e" * 20_000 + tail + b"e" * 80_000]
    found = rows(cyjwt.arrow.verify(produced(ArrayProducer, texts, format), VERIFIER))
    check_rows(found, VERIFIER, objects(texts, format), {})


def test_tables_of_more_rows_than_can_be_are_refused() -> None:
    """Nulls need no memory, so that a few octets can claim any number of them."""
    (chunk,) = TextSource(ArrayProducer(b"n", n_buffers=0, length=1 << 40))
    with pytest.raises(ValueError, match="more rows than can be"):
        ColumnWork(VERIFIER, [(chunk, 0, 1 << 40), (chunk, 0, 1)], (), (), 0.0, 1, 1 << 31)


@pytest.mark.parametrize("threads", [1, 1 << 10, 1 << 60, 1 << 62, (1 << 63) - 1])
def test_any_number_of_threads_cuts_the_work(threads: int) -> None:
    (chunk,) = TextSource(produced(ArrayProducer, MIXED))
    work = ColumnWork(VERIFIER, [(chunk, 0, len(chunk))], (), (), 0.0, threads, 1 << 31)
    assert work.pieces == 1


def test_a_table_is_finished_once() -> None:
    (chunk,) = TextSource(produced(ArrayProducer, MIXED))
    work = ColumnWork(VERIFIER, [(chunk, 0, len(chunk))], ("aka",), ("list<string>",), NOW, 1, 1 << 31)
    work.work()
    assert work.finish() is not None
    with pytest.raises(RuntimeError, match="finished before"):
        work.finish()


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
        (ValueError, "surrogates", {"fields": ("\ud800", "b")}),
        (ValueError, "surrogates", {"fields": ("a", "b\udfff")}),
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
    given = threading.Event()

    class Telling(ArrayProducer):
        def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
            arrays = self.array()
            given.set()
            return arrays

    producer = produced(Telling, [keys.token().encode()] * 40_000)
    verifier = keys.verifier()
    interrupted: list[float] = []

    def interrupt() -> None:
        given.wait(60)
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


@pytest.mark.skipif(sys.platform != "linux", reason="waits for a semaphore of Linux's libc")
def test_a_producer_may_wait_for_other_threads_while_it_releases() -> None:
    """An array of no rows begins with zeros, which is a semaphore: its release waits for another thread."""
    script = """
import ctypes, struct, threading, time
from cyjwt._engine.arrow_text import TextSource
from tests.columns import producer

libc = ctypes.CDLL(None)

class Waiting(producer.ArrayProducer):
    def fill_array(self, out):
        super().fill_array(out)
        out.release = ctypes.cast(libc.sem_wait, producer.RELEASE_ARRAY)
        out.private_data = 0x5EED5EED5EED

(chunk,) = TextSource(Waiting(length=0, null_count=0))
held = ctypes.string_at(id(chunk), chunk.__sizeof__())
place = held.index(struct.pack("=q", 0x5EED5EED5EED)) - producer.Array.private_data.offset
address = ctypes.c_void_p(id(chunk) + place)

def post():
    time.sleep(0.2)
    libc.sem_post(address)

thread = threading.Thread(target=post)
thread.start()
began = time.perf_counter()
del chunk
print(time.perf_counter() - began > 0.1)
"""
    assert in_a_process(script) == "True"


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
