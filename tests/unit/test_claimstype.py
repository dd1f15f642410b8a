"""How types of claims are read, and what mismatches are called: never by their values."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pickle
import subprocess
import sys
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

import pytest

from cyjwt import InvalidClaimsError
from cyjwt._claimstype import ClaimsType, read_claims_type

T = TypeVar("T")
SECRET = "top-secret-value"


def decode(kind: ClaimsType | None, claims: object) -> Any:
    """What the engine does."""
    assert kind is not None
    payload = json.dumps(claims).encode()
    try:
        return kind.read(payload)
    except Exception as error:
        fault = InvalidClaimsError()
        fault.claim, message = kind.fault(error, payload)
        fault.args = (message,)
    raise fault


def mismatch(kind: ClaimsType | None, claims: object) -> InvalidClaimsError:
    with pytest.raises(InvalidClaimsError) as caught:
        decode(kind, claims)
    error = caught.value
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.claim is None or error.claim in str(error)
    assert (pickle.loads(pickle.dumps(error)).claim, error.code) == (error.claim, "claims_type")
    return error


# -- msgspec, and what goes through it


@pytest.fixture(scope="module")
def struct() -> Any:
    pytest.importorskip("msgspec")
    return importlib.import_module("tests.unit.typed_structs").User


STRUCT_MISMATCHES: list[tuple[dict[str, Any], str, str]] = [
    ({"sub": 1}, "sub", "expected `str`, got `int`"),
    ({}, "sub", "it is missing"),
    ({"sub": "a", "address": {}}, "address.street", "it is missing"),
    ({"sub": "a", "address": {"street": 7}}, "address.street", "expected `str`, got `int`"),
    ({"sub": "a", "address": {"street": "s", "number": 0}}, "address.number", "expected `int` >= 1"),
    ({"sub": "a", "address": {"street": "s", "other": SECRET}}, "address.other", "it is unknown"),
    ({"sub": "a", "address": {"street": "s", "a@b.example": 1}}, "address[...]", "it is unknown"),
    ({"sub": "a", "roles": ["a", 5]}, "roles[1]", "expected `str`, got `int`"),
    ({"sub": "a", "roles": None}, "roles", "expected `array`, got `null`"),
    ({"sub": "a", "role": SECRET}, "role", "its value is not one of those allowed"),
    ({"sub": "a", "role": f"{SECRET} - at `$.evil`"}, "role", "its value is not one of those allowed"),
    ({"sub": "a", "scores": {SECRET: SECRET}}, "scores[...]", "expected `int`, got `str`"),
    ({"sub": "a", "pages": {SECRET: 1}}, "pages", "expected `int`, got `str`"),
    ({"sub": "a", "name": "A"}, "name", "expected `str` of another length or form"),
    ({"sub": "a", "name": "a" * 11}, "name", "expected `str` <= 10"),
    ({"sub": "a", "pair": [1]}, "pair", "expected `array` of another length or form"),
    ({"sub": "a", "octets": SECRET + "!"}, "octets", "its value is not one of those allowed"),
    (
        {"sub": "a", "https://issuer.example/kind": SECRET},
        "https://issuer.example/kind",
        "not one of those allowed",
    ),
    ({"sub": "a", "strict": {"level": 1}}, "strict", "the type's own code raised ValueError"),
]


@pytest.mark.parametrize(("claims", "path", "words"), STRUCT_MISMATCHES)
def test_a_mismatch_of_a_struct_names_the_member(struct: Any, claims: object, path: str, words: str) -> None:
    error = mismatch(read_claims_type(struct), claims)
    assert error.claim == path
    assert words in str(error)


def test_a_struct_is_read_from_octets(struct: Any) -> None:
    kind = read_claims_type(struct)
    user = decode(kind, {"sub": "42", "address": {"street": "s"}, "more": 1})
    assert isinstance(user, struct)
    assert (user.sub, user.address.street) == ("42", "s")


@pytest.mark.parametrize(("level", "name"), [(2, "KeyError"), (3, "RecursionError"), (6, "ValidationError")])
def test_what_the_types_own_code_raises_is_a_mismatch(struct: Any, level: int, name: str) -> None:
    error = mismatch(read_claims_type(struct), {"sub": "a", "strict": {"level": level}})
    assert str(error).endswith(f"the type's own code raised {name}")


def test_what_is_no_fault_of_a_token_passes(struct: Any) -> None:
    kind = read_claims_type(struct)
    with pytest.raises(KeyboardInterrupt):
        decode(kind, {"sub": "a", "strict": {"level": 4}})
    with pytest.raises(MemoryError):
        decode(kind, {"sub": "a", "strict": {"level": 5}})


def test_a_payload_of_another_kind_names_no_member(struct: Any) -> None:
    error = mismatch(read_claims_type(struct), [1])
    assert error.claim is None
    assert "expected `object`, got `array`" in str(error)


@dataclasses.dataclass
class Account:
    sub: str
    balance: int = 0

    def __post_init__(self) -> None:
        if self.balance < 0:
            raise ValueError(f"{SECRET} {self.balance}")


class Listed(TypedDict):
    sub: str
    tags: NotRequired[list[str]]


class Derived(Account):
    pass


@pytest.mark.parametrize("kind", [Account, Listed, Derived])
def test_dataclasses_and_typed_dicts(kind: type) -> None:
    pytest.importorskip("msgspec")
    reader = read_claims_type(kind)
    made = decode(reader, {"sub": "42", "other": 1})
    assert made == (Account("42") if kind is Account else {"sub": "42"} if kind is Listed else Derived("42"))
    error = mismatch(reader, {"sub": 42})
    assert error.claim == "sub"
    assert mismatch(reader, {}).claim == "sub"


def test_the_rules_of_a_dataclass_hold() -> None:
    pytest.importorskip("msgspec")
    error = mismatch(read_claims_type(Account), {"sub": "42", "balance": -1})
    assert error.claim is None
    assert "ValueError" in str(error)


def test_an_exception_cannot_be_told_from_a_refusal() -> None:
    @dataclasses.dataclass
    class Odd(Exception):
        sub: str

    with pytest.raises(TypeError, match="must not be an exception, such as Odd"):
        read_claims_type(Odd)


def test_generic_structs() -> None:
    msgspec = pytest.importorskip("msgspec")

    class Page(msgspec.Struct, Generic[T]):
        items: list[T]

    kind = read_claims_type(Page[int])
    assert decode(kind, {"items": [1]}).items == [1]
    assert mismatch(kind, {"items": ["1"]}).claim == "items[0]"


# -- pydantic


@pytest.fixture(scope="module")
def model() -> Any:
    pytest.importorskip("pydantic")
    return importlib.import_module("tests.unit.typed_models").User


MODEL_MISMATCHES: list[tuple[dict[str, Any], str, str]] = [
    ({"sub": 1}, "sub", "string type"),
    ({}, "sub", "it is missing"),
    ({"sub": "a", "address": {}}, "address.street", "it is missing"),
    ({"sub": "a", "address": {"street": "s", "other": SECRET}}, "address.other", "it is unknown"),
    ({"sub": "a", "address": {"street": "s", "a@b.example": 1}}, "address[...]", "it is unknown"),
    ({"sub": "a", "roles": ["a", 5]}, "roles[1]", "string type"),
    ({"sub": "a", "either": SECRET}, "either", ""),
    ({"sub": "a", "either": [1, SECRET]}, "either", ""),
    ({"sub": "a", "role": SECRET}, "role", "enum"),
    ({"sub": "a", "scores": {f"<{SECRET}>": SECRET}}, "scores[...]", "int parsing"),
    ({"sub": "a", "https://issuer.example/n": SECRET}, "https://issuer.example/n", "int parsing"),
    ({"sub": "a", "level": 1}, "level", "value error"),
]


@pytest.mark.parametrize(("claims", "path", "words"), MODEL_MISMATCHES)
def test_a_mismatch_of_a_model_names_the_member(model: Any, claims: object, path: str, words: str) -> None:
    error = mismatch(read_claims_type(model), claims)
    assert error.claim == path
    assert words in str(error)


def test_a_model_is_made(model: Any) -> None:
    user = decode(read_claims_type(model), {"sub": "42", "address": {"street": "s"}})
    assert isinstance(user, model)
    assert user.address.street == "s"


def test_what_a_validator_raises(model: Any) -> None:
    kind = read_claims_type(model)
    assert "KeyError" in str(mismatch(kind, {"sub": "a", "level": 2}))
    with pytest.raises(KeyboardInterrupt):
        decode(kind, {"sub": "a", "level": 3})


def test_dataclasses_of_pydantic() -> None:
    pydantic_dataclasses = pytest.importorskip("pydantic.dataclasses")

    @pydantic_dataclasses.dataclass
    class Point:
        x: int

    kind = read_claims_type(Point)
    assert decode(kind, {"x": "1"}) == Point(1)
    assert mismatch(kind, {"x": SECRET}).claim == "x"


# -- what is none of these


class Plain:
    pass


@pytest.mark.parametrize(
    "kind", [Plain, int, dict, str, list[int], 1, "Account", Account("1"), TypedDict, Any]
)
def test_other_types_are_refused(kind: object) -> None:
    with pytest.raises(TypeError, match="claims_type must be a"):
        read_claims_type(kind)


def test_types_that_no_claims_can_be_of_are_refused() -> None:
    msgspec = pytest.importorskip("msgspec")

    class Row(msgspec.Struct, array_like=True):
        a: int

    class Odd(msgspec.Struct):
        a: "Nowhere"  # noqa: F821, UP037

    class Two(msgspec.Struct):
        a: Account | Derived

    for kind in (Row, Odd, Two):
        with pytest.raises(TypeError, match="claims_type"):
            read_claims_type(kind)


def test_models_that_are_not_whole_are_refused() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Odd(pydantic.BaseModel):
        a: "Nowhere"  # noqa: F821, UP037

    with pytest.raises(TypeError, match="claims_type"):
        read_claims_type(Odd)


def test_none_asks_for_nothing() -> None:
    assert read_claims_type(None) is None


# -- imports


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_no_library_is_imported_unless_used() -> None:
    code = """
import sys
import cyjwt, cyjwt._claimstype
try:
    cyjwt._claimstype.read_claims_type(int)
except TypeError:
    print({"msgspec", "pydantic"} & set(sys.modules))
"""
    assert run(code) == "set()"


def test_pydantic_is_not_imported_for_a_dataclass() -> None:
    pytest.importorskip("msgspec")
    code = """
import sys
import dataclasses
from cyjwt._claimstype import read_claims_type
@dataclasses.dataclass
class A:
    sub: str
read_claims_type(A)
print({"msgspec", "pydantic"} & set(sys.modules))
"""
    assert run(code) == "{'msgspec'}"


def test_a_missing_library_is_named_with_its_extra() -> None:
    code = """
import sys
sys.modules["msgspec"] = None
from typing import TypedDict
from cyjwt._claimstype import read_claims_type
class A(TypedDict):
    sub: str
try:
    read_claims_type(A)
except ImportError as error:
    print(error.name, error)
"""
    assert run(code) == (
        "msgspec claims_type needs msgspec for this type, which is not installed: pip install 'cyjwt[typed]'"
    )


def test_an_error_of_pydantic_that_names_nothing_is_a_mismatch_as_well() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        sub: str

        @pydantic.model_validator(mode="before")  # type: ignore[untyped-decorator]
        @classmethod
        def none(cls, _: Any) -> Any:
            raise pydantic.ValidationError.from_exception_data(SECRET, [])

    error = mismatch(read_claims_type(Model), {"sub": "a"})
    assert str(error).endswith("the type's own code raised ValidationError")
