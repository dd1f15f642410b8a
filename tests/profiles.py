"""Hypothesis profiles: a deterministic one by default, a long one by ``CYJWT_HYPOTHESIS=thorough``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady",
    derandomize=True,
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("thorough", settings.get_profile("steady"), derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("CYJWT_HYPOTHESIS", "steady"))
