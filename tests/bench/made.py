"""Results that nobody measured."""

from __future__ import annotations

from typing import Any

import pyperf

from bench import results

FACTS: dict[str, Any] = {
    "date": "2030-01-02 03:04",
    "cpu_model_name": "a processor",
    "cpu_count": 2,
    "platform": "Linux 6 x86_64",
    "python_version": "CPython 3.13.0",
    "load_before": [0.0, 0.1, 0.2],
    "cyjwt": {
        "version": "1",
        "libcrypto_version": "AWS-LC 5",
        "crypto_mb": "2",
        "lanes": True,
        "simd": "avx2",
    },
    "versions": {"PyJWT": "2.15.1"},
    "turns": 3,
    "processes": 2,
    "minutes": 1.5,
}


def suite(**cases: dict[str, float]) -> pyperf.BenchmarkSuite:
    """Results with a little noise about the seconds of each contender, the same each time."""
    values = {
        name.replace("_", " "): {
            who: [
                [seconds * (1 + 0.001 * turn + 0.002 * process) for turn in range(3)] for process in range(2)
            ]
            for who, seconds in row.items()
        }
        for name, row in cases.items()
    }
    return results.suite([(values, "second")], FACTS)
