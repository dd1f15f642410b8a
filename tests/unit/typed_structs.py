"""Structs for the tests of typed claims."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec

SECRET = "top-secret-value"


class Role(enum.Enum):
    ADMIN = "admin"


class Address(msgspec.Struct, forbid_unknown_fields=True):
    street: str
    number: Annotated[int, msgspec.Meta(ge=1)] = 1


class Strict(msgspec.Struct):
    level: int

    def __post_init__(self) -> None:
        if self.level == 1:
            raise ValueError(f"{SECRET} - at `$.evil`")
        if self.level == 2:
            raise KeyError(SECRET)
        if self.level == 3:
            raise RecursionError(SECRET)
        if self.level == 4:
            raise KeyboardInterrupt
        if self.level == 5:
            raise MemoryError
        if self.level == 6:
            raise msgspec.ValidationError(f"Expected `{SECRET}` - at `$.{SECRET}`")


class User(msgspec.Struct, rename={"kind": "https://issuer.example/kind"}):
    sub: str
    address: Address | None = None
    roles: list[str] = []
    role: Role = Role.ADMIN
    scores: dict[str, int] = {}
    pages: dict[int, int] = {}
    strict: Strict | None = None
    name: Annotated[str, msgspec.Meta(pattern="^[a-z]*$", max_length=10)] = ""
    pair: tuple[int, int] = (1, 2)
    octets: bytes = b""
    ratio: float = 1.0
    kind: Literal["a", "b"] = "a"
