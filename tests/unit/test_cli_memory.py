"""``cyjwt verify`` on much input: memory that follows the batch and not the input, and an end when one is asked for."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click")
pytest.importorskip("rich")
pytest.importorskip("resource")

import resource

import cyjwt
from cyjwt.cli.inputs.ahead import ReadAhead
from cyjwt.cli.inputs.part import Part, Refusal, joined
from tests.unit.cli_support import FAR, KEYS, call, environment, key_file, spawn, token

STATUS = Path("/proc/self/status")


def resident(process: subprocess.Popen[bytes]) -> int:
    """The octets that a process holds in memory."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(text.split("VmRSS:")[1].split()[0])


def lines_of(kind: str, good: str, bad: str) -> bytes:
    """A thousand lines, of which every tenth is bad; of CSV, the token is the second field."""
    one: Callable[[str, int], str] = {
        "text": lambda text, n: text,
        "ndjson": lambda text, n: json.dumps({"n": n, "token": text, "more": "x" * 50}),
        "csv": lambda text, n: f'{n},{text},"a ""note"" of\nsome lines"' if n % 3 else f"{n},{text},none",
    }[kind]
    return "".join(one(good if n % 10 else bad, n) + "\n" for n in range(1000)).encode()


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="there is no /proc to read memory from")
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("text", []),
        ("text", ["--json"]),
        ("ndjson", ["--output-format", "csv", "--claim", "sub"]),
        ("csv", ["--output", "out.parquet", "--claim", "sub"]),
    ],
)
def test_memory_does_not_follow_the_input(tmp_path: Path, kind: str, arguments: list[str]) -> None:
    if "out.parquet" in arguments:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    third = lines_of(kind, token("HS256"), "garbage") * 100
    command = ["verify", "--key", key_file(tmp_path, "HS256"), "--input-format", kind, *arguments]
    with (tmp_path / "results").open("wb") as results:
        pipes = {"stdin": subprocess.PIPE, "stdout": results, "stderr": results, "cwd": tmp_path}
        with spawn(*command, **pipes) as child:
            assert child.stdin is not None
            if kind == "csv":
                child.stdin.write(b"n,token,note\n")
            held = []
            for _ in range(3):
                child.stdin.write(third)
                child.stdin.flush()
                held.append(resident(child))
            child.stdin.close()
            assert child.wait(60) == 1
    told = (tmp_path / "results").read_text()
    assert "300,000 tokens: 270,000 valid, 30,000 not valid; " in told
    # The first third warms up; between the second and the last nothing but noise is left, of which pyarrow's allocator
    # makes more. A third is some 20 MB of input.
    assert held[2] - held[1] < (10_000_000 if "out.parquet" in arguments else 4_000_000), held
    assert held[2] < 300_000_000, held


@pytest.mark.skipif(not STATUS.exists(), reason="there is no /proc to read memory from")
def test_the_longest_tokens_in_the_largest_batch_are_held_a_few_at_a_time(tmp_path: Path) -> None:
    text = b"a" * 65_000 + b"\n"
    with spawn(
        *("verify", "--key", key_file(tmp_path, "HS256"), "--batch-size", "1000000", "-q"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for _ in range(60):
            child.stdin.write(text * 100)
        held = resident(child)
        child.stdin.close()
        assert child.stdout.read().startswith(b"6,000 tokens: 0 valid")
        assert child.wait(60) == 1
    assert held < 250_000_000


def parquet_of_long_rows(path: Path, kind: str) -> Path:
    """A small file whose rows, unpacked, are a thousand times as long as it says."""
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    long = "a" * 60_000
    options: dict[str, Any] = {"compression": "zstd", "store_schema": kind == "stored dictionary"}
    if kind.endswith("dictionary"):
        column = arrow.DictionaryArray.from_arrays(arrow.array([0] * 20_000, arrow.int32()), [long])
    elif kind == "alike":
        column = arrow.array([long + str(number) for number in range(8_000)])
        options |= {"use_dictionary": False, "column_encoding": {"token": "DELTA_BYTE_ARRAY"}}
    else:
        column = arrow.array([""] * 500_000 + [long] * 8_000)
        options |= {"use_dictionary": False}
    table = arrow.table({"token": column})
    pyarrow.parquet.write_table(table, path, row_group_size=len(column), **options)
    assert path.stat().st_size < 1_000_000
    return path


@pytest.mark.skipif(not STATUS.exists(), reason="there is no /proc to read memory from")
@pytest.mark.parametrize("kind", ["dictionary", "stored dictionary", "alike", "unequal"])
def test_parquet_is_unpacked_a_little_at_a_time(tmp_path: Path, kind: str) -> None:
    path = parquet_of_long_rows(tmp_path / "table.parquet", kind)
    # The high-water mark is that of the process alone, whatever others have held.
    code = (
        "import sys; from cyjwt.cli.app import app; app(sys.argv[1:], 'cyjwt', standalone_mode=False); "
        "print(open('/proc/self/status').read())"
    )
    arguments = ["verify", "--key", key_file(tmp_path, "HS256"), "--json", "-qq", path]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=True,
        timeout=60,
        env=environment(),
    )
    held = 1024 * int(done.stdout.decode().split("VmHWM:")[1].split()[0])
    # pyarrow takes some 120 MB, and four parts of 16 MiB are about at a time.
    assert held < 350_000_000


@pytest.mark.slow
@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"  \n"])
def test_blank_lines_are_quick(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "blank.gz"
    count = 10_000_000 if line == b"\n" else 1_000_000
    path.write_bytes(gzip.compress(line * count, 1))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = call("verify", "--key", key_file(tmp_path, "HS256"), path)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert done.returncode == 2
    assert f"blank lines skipped: {count:,}" in done.stdout.decode()
    # Ten million tokens that fail would take three times as long.
    assert spent < 4


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_ctrl_c_ends_a_run_within_a_second(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "tokens.txt"
    path.write_bytes(b"".join(token(algorithm, n=n).encode() + b"\n" for n in range(50)) * 5_000)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with spawn("verify", "--key", key_file(tmp_path, algorithm), "--json", path, **pipes) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        seen = 0
        while seen < 2_000:
            seen += child.stdout.read1(100_000).count(b"\n")  # type: ignore[attr-defined]
        drain = threading.Thread(target=child.stdout.read)
        drain.start()
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
        spent = time.monotonic() - begun
        drain.join()
        said = child.stderr.read().decode()
    tokens, valid = (int(word.replace(",", "")) for word in (said.split()[0], said.split()[2]))
    assert 2_000 <= tokens == valid < 250_000
    assert f"{path}: interrupted after line {tokens}\n" in said
    assert spent < 1 + 1  # a second, and as much again for a machine that is busy


@pytest.mark.slow
@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet", "stdout"])
def test_a_file_that_was_interrupted_is_whole(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path, out = tmp_path / "tokens.txt", tmp_path / f"out.{form}"
    path.write_bytes(token("HS256").encode() + b"\n")
    path.write_bytes(path.read_bytes() * 600_000)
    options = ["--json"] if form == "stdout" else ["--claim", "sub", "-o", out]
    command = ["verify", "--key", key_file(tmp_path, "HS256"), *options, "--batch-size", "3000", path]
    for wait in (0, 0.05):
        out.unlink(missing_ok=True)
        with (
            (tmp_path / "out.stdout" if form == "stdout" else tmp_path / "said").open("wb") as stdout,
            spawn(*command, stdout=stdout, stderr=subprocess.PIPE) as child,
        ):
            assert child.stderr is not None
            while not out.exists() or out.stat().st_size < 10_000:
                assert child.poll() is None
            time.sleep(wait)
            child.send_signal(signal.SIGINT)
            said = child.stderr.read().decode()
            assert child.wait(30) == 130
        assert " after line " in said, said
        counted = int(said.split(" after line ")[1])
        if form == "parquet":
            import pyarrow.parquet

            assert pyarrow.parquet.read_table(out).column("line").to_pylist() == list(range(1, counted + 1))
        else:
            text = out.read_text()
            assert text.endswith("\n")
            assert text.count("\n") == counted + (form == "csv")


# --- reading ahead ---------------------------------------------------------------------------------


def part(first: int, count: int) -> Part:
    numbers = range(first, first + count)
    return Part([b"%d" % number for number in numbers], numbers, numbers[-1], numbers[-1])


def taken(ahead: ReadAhead) -> list[Part]:
    found = []
    while (one := ahead.take()) is not None:
        found.append(one)
    return found


@pytest.mark.parametrize(("rows", "together"), [(1, 1), (4, 100), (10, 2), (1000, 1000)])
def test_parts_come_joined_in_their_order(rows: int, together: int) -> None:
    def parts() -> Generator[Part, None, None]:
        for first in range(1, 100, 3):
            yield part(first, 3)

    found = taken(ReadAhead(parts(), rows, together))
    assert [number for one in found for number in one.numbers] == list(range(1, 100))
    assert [token for one in found for token in one.tokens] == [b"%d" % n for n in range(1, 100)]
    assert all(len(one.tokens) <= max(rows, 3, 3 * together) for one in found)
    assert found[-1].last == found[-1].position == 99


def test_no_more_is_read_ahead_than_was_asked_for() -> None:
    read = 0

    def parts() -> Generator[Part, None, None]:
        nonlocal read
        while True:
            read += 1
            yield part(10 * read, 10)

    ahead = ReadAhead(parts(), 100, 1000)
    for _ in range(20):
        time.sleep(0.01)
    # Ten wait to be taken, and one more could not be put.
    assert read == 11
    first = ahead.take()
    assert first is not None
    assert len(first.tokens) == 100
    ahead.stop()
    assert read <= 22


def test_what_the_reading_raises_comes_last() -> None:
    def parts() -> Generator[Part, None, None]:
        yield part(1, 2)
        yield part(3, 2)
        raise ZeroDivisionError

    ahead = ReadAhead(parts(), 2, 10)
    assert ahead.take() is not None
    assert ahead.take() is not None
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ahead.take()


def test_the_input_is_closed_by_whoever_reads_it() -> None:
    closed: list[str] = []

    def parts() -> Generator[Part, None, None]:
        try:
            for first in range(1, 1000):
                yield part(first, 1)
        finally:
            closed.append(threading.current_thread().name)

    ahead = ReadAhead(parts(), 5, 5)
    assert ahead.take() is not None
    ahead.stop()
    assert closed == ["cyjwt-read"]


def test_joining_keeps_the_places_of_the_refused() -> None:
    why = Refusal("record", None, "bad", None)
    parts = [
        Part(["a", ""], range(1, 3), 2, 10, refused={1: why}, blank=1),
        Part([], range(0), 5, 20, blank=3),
        Part(["", "b"], [6, 9], 9, 30, refused={0: why}),
    ]
    whole = joined(parts)
    assert whole.tokens == ["a", "", "", "b"]
    assert list(whole.numbers) == [1, 2, 6, 9]
    assert (whole.refused, whole.blank, whole.last, whole.position) == ({1: why, 2: why}, 4, 9, 30)
    assert joined([part(1, 2), part(3, 4)]).numbers == range(1, 7)


def test_every_token_is_verified_with_the_verdict_of_verify(tmp_path: Path) -> None:
    """What the command line says of a line is what the library says of it alone."""
    verifier = cyjwt.Verifier(cyjwt.KeySet(KEYS.values()), audience="orders")
    texts = [
        token(algorithm, **claims)
        for algorithm in KEYS
        for claims in (
            {"aud": "orders"},
            {"aud": "x"},
            {},
            {"exp": None},
            {"exp": 1},
            {"nbf": FAR},
            {"iss": 5},
        )
    ] + ["", "a", "a.b", "..", "a.b.c", "\xff", token()[:-5], token() + "="]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(cyjwt.KeySet(KEYS.values()).to_jwks(private=True)))
    done = call(
        *(
            "verify",
            "--key",
            path,
            "--private-set",
            "--audience",
            "orders",
            "--input-format",
            "ndjson",
            "--json",
        ),
        input=b"".join(json.dumps({"token": text}).encode() + b"\n" for text in texts),
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {result["status"] for result in found} == {"valid", "invalid"}
    for number, (text, result) in enumerate(zip(texts, found, strict=True), 1):
        try:
            wanted = {"line": number, "status": "valid", "claims": verifier.verify(text)}
        except cyjwt.InvalidTokenError as error:
            wanted = {
                "line": number,
                "status": "invalid",
                "reason": error.code,
                "error": type(error).__name__,
                "message": str(error),
                "claim": error.claim,
            }
        assert result == wanted
