"""The memory against an oracle: what it gives was made from what was asked for, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cyjwt._engine.memo import Memo

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(width=16),
    st.sampled_from(["", "a", "b", "ab", "1", "é", "€", "😀", "a\0"]),
    st.text(max_size=3),
    st.sampled_from([b"", b"a", b"1", b"ab"]),
    st.binary(max_size=3),
    st.builds(timedelta, seconds=st.integers(0, 3)),
    st.builds(bytearray, st.binary(max_size=2)),
    st.builds(memoryview, st.binary(max_size=2)),
)
NESTED = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["a", "b", "kty"]), inner, max_size=3),
    ),
    max_leaves=6,
)
VALUES = st.one_of(
    NESTED, st.sets(st.sampled_from(["a", "b", "c"])), st.frozensets(st.sampled_from(["a", 1, 1.0, True]))
)
CALLS = st.tuples(
    st.lists(VALUES, max_size=3), st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2)
)


def spelt(value: Any, members: Callable[[Iterable[str]], list[str]] = list) -> str:
    """A text that two values share where their types, contents and orders are the same.

    A set made anew of what another holds may have another order: ``sorted`` members leave it out.
    """
    kind = type(value).__name__
    if isinstance(value, dict):
        items = (f"{spelt(name)}: {spelt(item, members)}" for name, item in value.items())
        return f"{kind}({', '.join(items)})"
    if isinstance(value, list | tuple):
        return f"{kind}({', '.join(spelt(item, members) for item in value)})"
    if isinstance(value, set | frozenset):
        return f"{kind}({', '.join(members(map(spelt, value)))})"
    return f"{kind}({bytes(value)!r})" if isinstance(value, memoryview) else f"{kind}({value!r})"


def call(found: Memo[..., tuple[str, object]], asked: tuple[list[Any], dict[str, Any]]) -> tuple[str, object]:
    return found.find(*asked[0], **asked[1])


def build(*args: Any, **options: Any) -> tuple[str, object]:
    return spelt([list(args), options], sorted), object()


@given(st.lists(CALLS, max_size=30), st.integers(0, 12))
def test_what_is_given_was_made_from_what_was_asked_for(asked: list[Any], size: int) -> None:
    found = Memo(build, size)
    for one in [*asked, *asked, *reversed(asked)]:
        assert call(found, one)[0] == spelt(list(one), sorted)
        assert found.info()["size"] <= size


@given(st.lists(CALLS, max_size=30))
def test_what_was_made_is_given_again(asked: list[Any]) -> None:
    found = Memo(build, 100)
    made: dict[str, object] = {}
    for one in [*asked, *asked]:
        given_ = call(found, one)
        assert made.setdefault(spelt(list(one)), given_) is given_
    assert found.info()["misses"] == found.info()["size"] == len(made)
