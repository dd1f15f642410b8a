"""Every route of the base64url codec against RFC 4648, against Python's own codec, and at the page's edge."""

from __future__ import annotations

import base64
import os
import random
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from cyjwt import errors
from cyjwt._engine import base64url

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ROUTES = ("scalar", "ssse3", "avx2", "neon")
# Where the routes change their step: below, at and past each block, and the stores that need more room.
BORDERS = (
    1,
    2,
    3,
    4,
    5,
    15,
    16,
    17,
    19,
    22,
    24,
    31,
    32,
    33,
    36,
    43,
    44,
    63,
    64,
    65,
    68,
    85,
    86,
    87,
    127,
    130,
)


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Iterator[str]:
    name = str(request.param)
    if name not in base64url.levels():
        pytest.skip(f"this build or CPU has no {name} route")
    before = base64url.level()
    base64url.use_level(name)
    yield name
    base64url.use_level(before)


def python_encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def expected_offset(text: bytes | bytearray) -> int | None:
    """Where a strict reader must stop, written without regard to speed."""
    for i, c in enumerate(text):
        if c not in ALPHABET:
            return i
    unused = {0: 0, 1: 0x3F, 2: 0x0F, 3: 0x03}[len(text) % 4]
    if len(text) % 4 == 1 or (unused and ALPHABET.index(text[-1]) & unused):
        return len(text) - 1
    return None


def offset_of(text: bytes | bytearray | str) -> int | None:
    try:
        base64url.decode(text)
    except errors.DecodeError as error:
        found = re.search(r"at offset (\d+)", str(error))
        assert found is not None
        return int(found[1])
    return None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        # RFC 4648 section 10, its padding left off.
        (b"", b""),
        (b"f", b"Zg"),
        (b"fo", b"Zm8"),
        (b"foo", b"Zm9v"),
        (b"foob", b"Zm9vYg"),
        (b"fooba", b"Zm9vYmE"),
        (b"foobar", b"Zm9vYmFy"),
        # RFC 4648 section 9.
        (b"\x14\xfb\x9c\x03\xd9\x7e", b"FPucA9l-"),
        # RFC 7515 appendix C.
        (bytes([3, 236, 255, 224, 193]), b"A-z_4ME"),
    ],
)
def test_published_vectors(route: str, data: bytes, text: bytes) -> None:
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data
    assert base64url.decode(text.decode()) == data


def test_every_short_length_agrees_with_python(route: str) -> None:
    rng = random.Random(4648)
    for n in range(301):
        for data in (rng.randbytes(n), bytes(n), b"\xff" * n):
            text = python_encode(data)
            assert base64url.encode(data) == text
            assert base64url.decode(text) == data
            assert base64url.decode(text.decode()) == data


def test_long_input_agrees_with_python(route: str) -> None:
    rng = random.Random(7515)
    for n in (1000, 1535, 1536, 1537, 10_500, 65_536, 65_537, 1_000_003):
        data = rng.randbytes(n)
        text = python_encode(data)
        assert base64url.encode(data) == text
        assert base64url.decode(text) == data


def test_each_value_at_each_place(route: str) -> None:
    """All 64 characters in every lane of a block, so that a wrong table entry cannot hide."""
    for shift in range(64):
        text = (ALPHABET[shift:] + ALPHABET[:shift]) * 3
        assert base64url.encode(base64url.decode(text)) == text


def test_each_bad_character_at_each_place(route: str) -> None:
    rng = random.Random(8259)
    bad = [c for c in range(256) if c not in ALPHABET]
    for n in BORDERS:
        text = bytearray(rng.choice(ALPHABET) for _ in range(n - 1)) + b"A"
        for i in range(n):
            kept = text[i]
            for c in bad if n <= 5 else [*rng.sample(bad, 12), *b"+/=\x80\xff"]:
                text[i] = c
                assert offset_of(text) == i, (n, i, c)
            text[i] = kept


def test_each_byte_value_in_every_lane(route: str) -> None:
    for c in range(256):
        for n in (16, 32, 64, 100):
            for i in (0, 1, 7, 15, n - 9, n - 1):
                text = bytearray(b"b" * n)
                text[i] = c
                assert offset_of(text) == expected_offset(text), (c, n, i)


def test_the_first_of_several_faults_is_named(route: str) -> None:
    rng = random.Random(1)
    for _ in range(2000):
        n = rng.randrange(1, 200)
        text = bytearray(rng.choices(ALPHABET, k=n))
        for _ in range(rng.randrange(4)):
            text[rng.randrange(n)] = rng.randrange(256)
        assert offset_of(text) == expected_offset(text), bytes(text)


def test_trailing_bits_must_be_zero(route: str) -> None:
    for n in [n for n in range(2, 140) if n % 4 in (2, 3)]:
        for last in ALPHABET:
            text = b"b" * (n - 1) + bytes([last])
            assert offset_of(text) == expected_offset(text), (n, last)


def test_a_lone_last_character_is_refused(route: str) -> None:
    for n in range(1, 300, 4):
        assert offset_of(b"A" * n) == n - 1


@pytest.mark.parametrize(
    "text", ["Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm9v Zm9v", "Zm+v", "Zm/v", "Zm9v\0", "Zm9v.", "="]
)
def test_padding_space_and_the_other_alphabet_are_refused(route: str, text: str) -> None:
    with pytest.raises(errors.DecodeError):
        base64url.decode(text)


class Text(str):
    """A str whose characters CPython stores apart from the object."""


class Octets(bytes):
    """A subclass, which the fast path must take as it takes bytes."""


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, Octets])
def test_octets_of_every_kind(make: Callable[[bytes], bytes]) -> None:
    assert base64url.decode(make(b"Zm9vYmFy")) == b"foobar"
    assert base64url.encode(make(b"foobar")) == b"Zm9vYmFy"


def test_text_of_every_kind() -> None:
    assert base64url.decode(Text("Zm9vYmFy")) == b"foobar"
    for text, offset in (
        ("é", 0),
        ("AAé", 2),
        ("A+é", 1),
        ("AAA\u20ac", 3),
        ("A" * 70 + "\U0001f600", 70),
        ("AA\ud800", 2),
    ):
        assert offset_of(text) == offset
        assert offset_of(Text(text)) == offset


@pytest.mark.parametrize("value", [None, 5, 1.0, [65], object()])
def test_other_types_are_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        base64url.decode(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        base64url.encode(value)  # type: ignore[arg-type]


def test_text_is_not_encoded() -> None:
    with pytest.raises(TypeError):
        base64url.encode("text")  # type: ignore[arg-type]


def test_a_strided_view_is_refused() -> None:
    with pytest.raises(BufferError):
        base64url.decode(memoryview(b"AAAAAAAA")[::2])


def test_the_error_names_the_offset_and_does_not_echo_the_text() -> None:
    with pytest.raises(errors.DecodeError) as caught:
        base64url.decode("c2VjcmV0!c2VjcmV0")
    assert caught.value.code == "malformed"
    assert "offset 8" in str(caught.value)
    assert "c2Vj" not in str(caught.value)
    assert "!" not in str(caught.value)


def test_results_are_fresh_objects() -> None:
    """The result is filled in place, so it must never be one of CPython's shared one-octet objects."""
    for i in range(256):
        assert base64url.decode(base64url.encode(bytes([i]))) == bytes([i])
    assert [bytes([i])[0] for i in range(256)] == list(range(256))


def test_levels_end_with_the_route_that_is_always_there() -> None:
    assert base64url.levels()[-1] == "scalar"
    assert set(base64url.levels()) <= set(ROUTES)
    assert base64url.level() in base64url.levels()


@pytest.mark.parametrize("name", ["", "sse9", "SCALAR", None, 3])
def test_an_unknown_route_is_refused(name: object) -> None:
    before = base64url.level()
    with pytest.raises(ValueError, match="route"):
        base64url.use_level(name)  # type: ignore[arg-type]
    assert base64url.level() == before


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_environment_names_the_route() -> None:
    show = "from cyjwt._engine import base64url; print(base64url.level())"
    for name in base64url.levels():
        assert run(show, CYJWT_SIMD=name).stdout.strip() == name
    assert run(show, CYJWT_SIMD="").stdout.strip() == base64url.levels()[0]
    refused = run(show, CYJWT_SIMD="sse9")
    assert refused.returncode != 0
    assert "ValueError" in refused.stderr


# The C functions themselves, each buffer with a page that may not be touched right behind it, and then
# right before it: one octet read or written outside ends the child process.
GUARDED = """
    import base64, ctypes, mmap, random
    from cyjwt._engine import base64url

    api = ctypes.pythonapi
    api.PyCapsule_GetName.argtypes, api.PyCapsule_GetName.restype = [ctypes.py_object], ctypes.c_char_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p

    def function(name):
        capsule = base64url.__pyx_capi__[name]
        address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
        return ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p)(address)

    mprotect = ctypes.CDLL(None).mprotect
    mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    page = mmap.PAGESIZE
    keep = []

    def guarded():
        area = mmap.mmap(-1, 3 * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(area))
        assert mprotect(start, page, 0) == 0 and mprotect(start + 2 * page, page, 0) == 0
        keep.append(area)
        return start + page

    source, target = guarded(), guarded()
    decode, encode = function("decode"), function("encode")
    rng = random.Random(2)
    for n in [*range(1, 400), 1000, 1023, 2048, 3000]:
        data = rng.randbytes(n)
        text = base64.urlsafe_b64encode(data).rstrip(b"=")
        for call, given, wanted in ((encode, data, text), (decode, text, data)):
            at_end = source + page - len(given), target + page - len(wanted)
            for src, dst in (at_end, (source, target)):
                ctypes.memmove(src, given, len(given))
                ctypes.memset(target, 0xA5, page)
                assert call(src, len(given), dst) == len(wanted)
                assert ctypes.string_at(dst, len(wanted)) == wanted
                left, right = ctypes.string_at(target, dst - target), dst + len(wanted)
                assert not left.strip(bytes([0xA5]))
                assert not ctypes.string_at(right, target + page - right).strip(bytes([0xA5]))
        for bad in (b"!" + text[1:], text[:-1] + b"!", text + b"A" * (-len(text) % 4 + 1)):
            src = source + page - len(bad)
            ctypes.memmove(src, bad, len(bad))
            assert decode(src, len(bad), target + page - len(bad) * 3 // 4) < 0
    assert decode(None, 0, None) == 0 and encode(None, 0, None) == 0
    print("held")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the guard pages are set by mprotect")
def test_no_octet_outside_the_buffers_is_touched(route: str) -> None:
    done = run(GUARDED, CYJWT_SIMD=route)
    assert done.stdout.strip() == "held", done.stderr
