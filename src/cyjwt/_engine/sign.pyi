from collections.abc import Callable
from typing import Any, Self

from cyjwt._engine.pkey import NativeKey

class SignEngine:
    _compiled: tuple[Any, ...]
    def __new__(
        cls,
        header: bytes,
        native: NativeKey | None,
        key: object,
        algorithm: str,
        row: int,
        members: tuple[tuple[str, bytes], ...] | None,
        lifetime: int,
        clock: Callable[[], float] | None,
        default: Callable[[Any], Any] | None,
        bare: bool = False,
    ) -> Self: ...
    def sign(self, claims: dict[str, Any], /) -> str: ...
