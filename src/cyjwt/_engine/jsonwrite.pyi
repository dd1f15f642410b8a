from collections.abc import Callable
from typing import Any

def dumps(value: Any, /, default: Callable[[Any], Any] | None = None, *, root: str = "claims") -> bytes: ...
