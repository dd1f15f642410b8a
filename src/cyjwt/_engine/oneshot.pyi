from collections.abc import Callable
from typing import Any, TypeVar, final

from cyjwt._engine.memo import Memo

F = TypeVar("F", bound=Callable[..., Any])

@final
class Front: ...

def one_shot(
    memo: Memo[..., Any],
    method: str,
    /,
    *,
    retry: type[Exception] | None = None,
    otherwise: Callable[[Any, Any, Any], object] | None = None,
    free: bool = False,
) -> Callable[[F], F]: ...
