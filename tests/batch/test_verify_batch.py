"""Verifier.verify_batch: what it takes, what it refuses, what it asks of the verifier."""

from __future__ import annotations

import array
import collections
import mmap
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cyjwt
from tests.batch.agreement import REGISTERED, agree
from tests.support import NOW, forge_text, good_claims, pair

HS256 = pair("HS256")
VERIFIER = HS256.verifier()
TOKENS = [HS256.token(good_claims(n=n)) for n in range(5)]
BAD = TOKENS[0][:-4] + "AAAA"


class Text(str):
    """A str that lies about itself to whoever asks it."""

    def __len__(self) -> int:
        return 3

    def encode(self, *args: Any) -> bytes:
        return b"a.b.c"

    def __str__(self) -> str:
        return "a.b.c"


class Octets(bytes):
    def __len__(self) -> int:
        return 3


# -- what it takes


@pytest.mark.parametrize(
    "make",
    [
        list,
        tuple,
        iter,
        collections.deque,
        dict.fromkeys,
        lambda tokens: (token for token in tokens),
        lambda tokens: map(str, tokens),
        lambda tokens: dict.fromkeys(tokens).keys(),
        lambda tokens: collections.UserList(tokens),
    ],
    ids=["list", "tuple", "iterator", "deque", "dict", "generator", "map", "view", "UserList"],
)
def test_any_iterable(make: Callable[[list[str]], Any]) -> None:
    batch = VERIFIER.verify_batch(make([*TOKENS, BAD]))
    assert [claims["n"] for claims in batch[:5]] == list(range(5))
    assert isinstance(batch[5], cyjwt.InvalidSignatureError)


def test_an_object_that_has_only_items() -> None:
    class Items:
        def __getitem__(self, index: int) -> str:
            return TOKENS[index]

    assert VERIFIER.verify_batch(Items()).valid == 5  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        str.encode,
        Text,
        lambda token: Octets(token.encode()),
        lambda token: bytearray(token.encode()),
        lambda token: memoryview(token.encode()),
        lambda token: memoryview(token.encode()[::-1])[::-1],
        lambda token: memoryview(b"-".join(bytes([c]) for c in token.encode()))[::2],
        lambda token: array.array("B", token.encode()),
    ],
    ids=["bytes", "str", "bytes subclass", "bytearray", "memoryview", "reversed", "strided", "array"],
)
def test_any_text(make: Callable[[str], Any]) -> None:
    """Tokens of one batch may differ in type; the type does not change the verdict."""
    tokens = [make(token) for token in (*TOKENS, BAD, "a.b", "")]
    expected = agree(VERIFIER, [*tokens, *TOKENS])
    assert [claims["n"] for claims in expected[:5]] == list(range(5))


def test_a_memory_map() -> None:
    token = TOKENS[3].encode()
    with mmap.mmap(-1, len(token)) as mapped:
        mapped[:] = token
        assert VERIFIER.verify_batch([mapped])[0] == good_claims(n=3)


@pytest.mark.parametrize(
    "wrong", [None, 1, 1.5, True, object(), [], (TOKENS[0],), {}, {TOKENS[0]: 1}, str, Ellipsis], ids=repr
)
def test_what_is_no_text_is_a_bad_token(wrong: Any) -> None:
    agree(VERIFIER, [TOKENS[0], wrong, TOKENS[1]])
    batch = VERIFIER.verify_batch([TOKENS[0], wrong, TOKENS[1]])
    assert [batch.reason(i) for i in range(3)] == [None, "token_type", None]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="buffers are written in Python from 3.12 on")
def test_a_buffer_that_cannot_be_had_is_a_bad_token() -> None:
    class Buffer:
        def __buffer__(self, flags: int) -> memoryview:
            raise BufferError("none here")

    assert VERIFIER.verify_batch([Buffer(), TOKENS[0]]).counts() == {"token_type": 1, "valid": 1}  # type: ignore[list-item]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="buffers are written in Python from 3.12 on")
def test_what_a_buffer_does_beside_its_duty() -> None:
    """A token whose buffer is written in Python may change the caller's list, or interrupt."""
    tokens: list[Any] = list(TOKENS) * 200

    class Buffer:
        def __buffer__(self, flags: int) -> memoryview:
            tokens.clear()
            return memoryview(TOKENS[4].encode())

    tokens.insert(1, Buffer())
    batch = VERIFIER.verify_batch(tokens, threads=2)
    assert (len(batch), batch.valid, len(tokens)) == (1001, 1001, 0)
    assert batch[1] == good_claims(n=4)

    class Interrupt:
        def __buffer__(self, flags: int) -> memoryview:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        VERIFIER.verify_batch([*TOKENS, Interrupt()])  # type: ignore[list-item]


def test_an_iterable_that_fails() -> None:
    def tokens() -> Iterator[str]:
        yield TOKENS[0]
        raise LookupError("the source is gone")

    with pytest.raises(LookupError, match="the source is gone"):
        VERIFIER.verify_batch(tokens())


def test_nothing_at_all() -> None:
    for claims in (True, False, ["sub"]):
        batch = VERIFIER.verify_batch((), claims=claims)
        assert (len(batch), batch.valid, batch.invalid, batch.counts()) == (0, 0, 0, {"valid": 0})
        assert (list(batch), bytes(batch.statuses), batch[:]) == ([], b"", [])
        batch.raise_first()
        with pytest.raises(IndexError):
            batch[0]


# -- what it refuses


@pytest.mark.parametrize(
    "lone", [TOKENS[0], TOKENS[0].encode(), bytearray(b"a.b.c"), memoryview(b"a.b.c"), ""]
)
def test_a_lone_token_is_a_mistake(lone: Any) -> None:
    with pytest.raises(TypeError, match="verify takes one"):
        VERIFIER.verify_batch(lone)
    with pytest.raises(TypeError, match="verify takes one"):
        VERIFIER.verify_stream(lone)


@pytest.mark.parametrize("tokens", [None, 1, object(), VERIFIER])
def test_tokens_that_are_no_iterable(tokens: Any) -> None:
    with pytest.raises(TypeError):
        VERIFIER.verify_batch(tokens)
    with pytest.raises(TypeError):
        VERIFIER.verify_stream(tokens)


OPTIONS = [
    ({"threads": 0}, ValueError),
    ({"threads": -1}, ValueError),
    ({"threads": True}, TypeError),
    ({"threads": "2"}, TypeError),
    ({"threads": 1.0}, TypeError),
    ({"claims": "sub"}, TypeError),
    ({"claims": b"sub"}, TypeError),
    ({"claims": None}, TypeError),
    ({"claims": 1}, TypeError),
    ({"claims": [1]}, TypeError),
    ({"claims": ["sub", b"exp"]}, TypeError),
    ({"claims": [None]}, TypeError),
    ({"claims": ["\ud800"]}, ValueError),
    ({"claims": [f"c{n}" for n in range(33)]}, ValueError),
    ({"claims": [f"c{n}" for n in range(26)]}, ValueError),
    ({"nonsense": 1}, TypeError),
]


@pytest.mark.parametrize(("options", "error"), OPTIONS, ids=lambda value: repr(value)[:40])
def test_bad_options(options: dict[str, Any], error: type[Exception]) -> None:
    """Refused at the call, whatever the tokens are: also by verify_stream, before a token is drawn."""

    def unread() -> Iterator[str]:
        raise AssertionError("a token was drawn")
        yield ""

    for tokens in ([], TOKENS):
        with pytest.raises(error):
            VERIFIER.verify_batch(tokens, **options)
    with pytest.raises(error):
        VERIFIER.verify_stream(unread(), **options)


@pytest.mark.parametrize(
    ("size", "error"),
    [
        (0, ValueError),
        (-5, ValueError),
        (True, TypeError),
        (1.0, TypeError),
        ("9", TypeError),
        (None, TypeError),
    ],
)
def test_bad_sizes(size: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="size"):
        VERIFIER.verify_stream(TOKENS, size=size)


def test_options_are_named() -> None:
    with pytest.raises(TypeError):
        VERIFIER.verify_batch(TOKENS, 2)  # type: ignore[misc]
    with pytest.raises(TypeError):
        VERIFIER.verify_batch(tokens=TOKENS)  # type: ignore[call-arg]


def test_as_many_names_as_the_scanner_notes() -> None:
    private = [f"c{n}" for n in range(25)]
    claims = good_claims(**{name: n for n, name in enumerate(private)})
    token = HS256.token(claims)
    assert VERIFIER.verify_batch([token], claims=private)[0] == {name: claims[name] for name in private}
    # The seven that are checked anyway cost no room.
    assert VERIFIER.verify_batch([token], claims=[*private, *REGISTERED])[0] == {
        **{name: claims[name] for name in private},
        **{name: claims[name] for name in REGISTERED if name in claims},
    }
    # Those that the policy requires do.
    demanding = HS256.verifier(required=["c0", "exp", "x"])
    with pytest.raises(
        ValueError, match=r"^24 claims asked for, but this verifier leaves room for 23 beside"
    ):
        demanding.verify_batch([token], claims=private)
    assert demanding.verify_batch([token], claims=private[:-1]).reason(0) == "missing_claim"


# -- what it asks of the verifier


def test_the_clock_is_read_once() -> None:
    read: list[int] = []

    def clock() -> int:
        read.append(1)
        return NOW + 599 + (len(read) > 2)

    verifier = HS256.verifier(clock=clock)
    read.clear()
    assert verifier.verify_batch(TOKENS * 300, threads=2).valid == 1500
    assert verifier.verify_batch(()).valid == 0
    assert len(read) == 2
    assert verifier.verify_batch(TOKENS).counts() == {"valid": 0, "expired": 5}
    read.clear()
    stream = verifier.verify_stream(TOKENS * 3, size=5)
    assert read == []
    assert [batch.valid for batch in stream] == [5, 5, 0]
    assert len(read) == 3


@pytest.mark.parametrize("wrong", [float("nan"), -1, 1e12, "12", None])
def test_a_clock_that_fails(wrong: Any) -> None:
    """It is not the tokens' fault, so it is raised."""
    times = iter([NOW, wrong, NOW])
    verifier = HS256.verifier(clock=lambda: next(times))
    with pytest.raises((ValueError, TypeError)):
        verifier.verify_batch(TOKENS)
    assert verifier.verify_batch(TOKENS).valid == 5
    with pytest.raises(StopIteration):
        verifier.verify_batch(TOKENS)


def test_a_clock_that_verifies_a_batch_itself() -> None:
    depth = [0]

    def clock() -> int:
        depth[0] += 1
        if depth[0] in (2, 3, 4):
            assert verifier.verify_batch(TOKENS).valid == 5
        return NOW

    verifier = HS256.verifier(clock=clock)
    assert verifier.verify_batch(TOKENS).valid == 5
    assert depth == [5]


def test_max_token_size(route: str) -> None:
    sizes = [0, 1, 100, 5000, 70_000, 400_000]
    tokens: list[Any] = [HS256.token(good_claims(pad="x" * size)) for size in sizes]
    tokens += [token.encode() for token in tokens] + [bytearray(token.encode()) for token in tokens]
    limit = len(tokens[3])
    for most in (limit - 1, limit, 1, 10_000_000):
        expected = agree(HS256.verifier(max_token_size=most), tokens * 3)
        valid = sum(isinstance(one, dict) for one in expected)
        assert valid == 9 * sum(len(token) <= most for token in tokens[:6])


def pad(text: str) -> str:
    return text + "=" * (-len(text.rpartition(".")[2]) % 4)


def test_allow_padding(route: str) -> None:
    keys = pair("RS256")
    plain = [keys.token(good_claims(pad="x" * n)) for n in range(6)]
    padded = [
        pad(forge_text(".".join(map(pad, token.split(".")[:2])).encode(), keys.oracle, "RS256"))
        for token in plain
    ]
    spoilt = [token + "=" for token in plain] + [token + "====" for token in padded]
    expected = agree(keys.verifier(allow_padding=True), [*padded, *plain, *spoilt])
    assert all(isinstance(one, dict) for one in expected[:12])
    expected = agree(keys.verifier(), [*padded, *plain, *spoilt])
    assert [isinstance(one, dict) for one in expected] == [
        token in plain for token in [*padded, *plain, *spoilt]
    ]


def test_keys_that_libcrypto_does_not_serve(route: str) -> None:
    """Ed448 goes through ``cryptography``, beside the others, in one batch."""
    keys = [pair(name) for name in ("Ed448", "RS256", "HS256", "Ed448", "Ed25519", "ES256")]
    verifier = cyjwt.Verifier(list(dict.fromkeys(one.public for one in keys)), clock=NOW)
    tokens = [one.token(good_claims(n=n)) for n, one in enumerate(keys * 8)]
    tokens += [token[:-8] + "AAAAAAAA" for token in tokens]
    expected = agree(verifier, tokens)
    assert sum(isinstance(one, dict) for one in expected) == 48


def test_a_key_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``cryptography`` raises is not a verdict: it ends the batch, in whichever thread it comes."""
    keys = pair("Ed448")
    verifier, token = keys.verifier(), keys.token()
    for places in ([0], [3], [600], [0, 600], range(0, 1100, 7)):
        broken = [token if at in places else TOKENS[0] for at in range(1100)]

        def fail(*args: Any) -> bool:
            raise MemoryError("cryptography has none")

        with monkeypatch.context() as patch:
            patch.setattr(cyjwt.Key, "_verify_foreign", fail)
            for threads in (1, 2):
                with pytest.raises(MemoryError, match="cryptography has none"):
                    verifier.verify_batch(broken, threads=threads)
    assert verifier.verify_batch([token] * 3).valid == 3
