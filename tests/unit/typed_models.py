"""Models of pydantic for the tests of typed claims."""

from __future__ import annotations

import enum

import pydantic

SECRET = "top-secret-value"


class Role(enum.Enum):
    ADMIN = "admin"


class Address(pydantic.BaseModel):
    model_config = {"extra": "forbid"}
    street: str


class User(pydantic.BaseModel):
    sub: str
    address: Address | None = None
    roles: list[str] = []
    either: int | list[int] = 1
    role: Role = Role.ADMIN
    scores: dict[str, int] = {}
    renamed: int = pydantic.Field(1, alias="https://issuer.example/n")
    level: int = 0

    @pydantic.field_validator("level")
    @classmethod
    def check(cls, level: int) -> int:
        if level == 1:
            raise ValueError(f"{SECRET} {level}")
        if level == 2:
            raise KeyError(SECRET)
        if level == 3:
            raise KeyboardInterrupt
        return level
