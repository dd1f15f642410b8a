REGISTERED: tuple[str, ...]

class HeaderRules:
    def __new__(
        cls,
        keys: tuple[tuple[str | None, tuple[int, ...]], ...],
        lone: bool,
        allowed: tuple[int, ...],
        type: str | None,
        critical: tuple[str, ...],
    ) -> HeaderRules: ...
