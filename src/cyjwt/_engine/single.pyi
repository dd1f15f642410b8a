from typing import Any

from cyjwt._engine.verify import Engine

def verify(engine: Engine, token: object, /) -> dict[str, Any]: ...
