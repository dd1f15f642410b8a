from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar, final

P = ParamSpec("P")
T = TypeVar("T")

@final
class Entry: ...

@final
class Memo(Generic[P, T]):
    def __init__(
        self,
        build: Callable[P, T],
        size: int,
        *,
        live: tuple[str, ...] = (),
        immutable: tuple[type, ...] = (),
    ) -> None: ...
    def find(self, *args: P.args, **options: P.kwargs) -> T: ...
    def clear(self) -> None: ...
    def resize(self, size: int) -> None: ...
    def info(self) -> dict[str, int]: ...
