"""Copies of what the JSON reader made: equal, and sharing nothing that can change."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cyjwt._engine.jsoncopy import copy

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


def containers(value: Any) -> list[Any]:
    found = [value] if isinstance(value, dict | list) else []
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += containers(inner)
    return found


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=6))
def test_a_copy_is_equal_and_shares_no_container(members: dict[str, Any]) -> None:
    made = copy(members)
    assert made == members
    assert json.dumps(made) == json.dumps(members)
    assert not {id(one) for one in containers(made)} & {id(one) for one in containers(members)}


def test_a_dict_that_lost_members_is_copied_too() -> None:
    members: dict[str, Any] = {str(n): [n] for n in range(40)}
    for n in range(35):
        del members[str(n)]
    assert copy(members) == members


def test_deep_nesting() -> None:
    value: Any = []
    for _ in range(126):
        value = [value]
    members = {"deep": value}
    made = copy(members)
    assert made == members
    assert made["deep"][0] is not value[0]
