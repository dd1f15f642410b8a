"""How long to leave a server alone that has failed."""

from __future__ import annotations

import math
import random

__all__ = ["pause"]


def pause(failures: int, first: float, factor: float, most: float) -> float:
    """The seconds until the next try: more after each failure, and never the same for all clients.

    Args:
        failures: how many there have been in a row.
        first: seconds after the first one.
        factor: by which they grow with each further one.
        most: beyond which they do not grow.

    Returns:
        Between half of that step and the whole of it, at random.
    """
    # A power of floats overflows with an exception; logarithms do not.
    grown = math.log(first) + (failures - 1) * math.log(factor)
    step = most if grown >= math.log(most) else first * factor ** (failures - 1)
    # No secret hangs on it: it keeps clients that failed together from coming back together.
    return step * random.uniform(0.5, 1.0)  # noqa: S311
