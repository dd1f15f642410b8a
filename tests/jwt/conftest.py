"""Every test's clock stands still."""

from __future__ import annotations

import pytest

from cyjwt.jwt import _clock
from tests.jwt.calls import NOW


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clock.time, "time", lambda: float(NOW))
