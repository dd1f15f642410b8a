"""The routes that a signature can take: tests that use ``route`` run once for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import cyjwt
from cyjwt._engine import lanes

#: Why the tests of lanes are skipped.
NO_LANES = "lanes are not live: the CPU or the build lacks them, or CYJWT_LANES=0"


@pytest.fixture(params=["single", "lanes"])
def route(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every signature goes one by one, or every one that can through lanes, however few they are."""
    name: str = request.param
    if not cyjwt.build_info()["lanes"]:
        if name == "lanes":
            pytest.skip(NO_LANES)
        # There is no other route than the single one.
        yield name
        return
    lanes.force(name)
    yield name
    lanes.force(None)
