LAST_DATE: int
REGISTERED: tuple[str, ...]

class ClaimRules:
    def __new__(
        cls,
        required: tuple[str, ...],
        issuers: tuple[str, ...],
        audiences: tuple[str, ...],
        subject: str | None,
        leeway: float,
        max_age: float,
        unchecked: tuple[str, ...] = (),
    ) -> ClaimRules: ...
