"""Typed claims: which library makes instances of a type, and what a mismatch is called without telling values.

The messages of those libraries, and of the types' own validators, may repeat what a token holds. Nothing of them is
passed on but names of members and of types.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from cyjwt._arguments import type_name
from cyjwt._engine.jsontext import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ClaimsType", "read_claims_type"]

#: A member's name that may be told: one that the token chose can be personal, such as an address.
_NAME = re.compile(r"[A-Za-z0-9_:/.#-]{1,128}")
#: Where msgspec says that the fault lies, behind everything else that it says.
_PLACE = re.compile(r" - at `(?:key` in `)?\$([^`]*)`\Z")
_EXPECTED = re.compile(r"(Expected `[^`]*`)(?:, got `([a-z]+)`| (?:of length )?([<>=]+ -?[0-9.]+)|)")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")


class ClaimsType:
    """How verified claims become an instance of a type.

    Args:
        type: the type.
        read: makes an instance of a payload's octets.
        mismatch: the class of the errors by which ``read`` tells that the claims are not of the type.
        place: finds the member at fault and what is wrong with it, of such an error and the payload.

    Attributes:
        type: the type.
        read: as given.
    """

    __slots__ = ("_mismatch", "_place", "read", "type")

    def __init__(
        self,
        type: Any,
        read: Callable[[bytes], Any],
        mismatch: type[Exception],
        place: Callable[[Any, bytes], tuple[str, str]],
    ) -> None:
        self.type = type
        self.read = read
        self._mismatch = mismatch
        self._place = place

    def fault(self, error: Exception, payload: bytes) -> tuple[str | None, str]:
        """Tell what to say in place of what ``read`` raised.

        Args:
            error: what it raised.
            payload: what it was given.

        Returns:
            The path of the member at fault, ``None`` where it is no single one, and a message that repeats no value.

        Raises:
            MemoryError: that was the error, which is no fault of a token.
        """
        if isinstance(error, MemoryError):
            raise error
        path, words = "", f"the type's own code raised {type_name(error)}"
        if isinstance(error, self._mismatch):
            try:
                path, words = self._place(error, payload)
            except Exception as other:
                # The type's own code may raise their errors too, such as no library makes. Said as of any other.
                if isinstance(other, MemoryError):
                    raise
        subject = f"The {path} claim does not fit" if path else "The claims do not fit"
        return path or None, f"{subject} the type asked for: {words}"


def read_claims_type(value: object) -> ClaimsType | None:
    """Find out how instances of a type are made.

    Args:
        value: a ``msgspec.Struct``, a dataclass, a ``TypedDict``, a pydantic model, or ``None``.

    Returns:
        What makes them; ``None`` for ``None``.

    Raises:
        TypeError: it is none of these, or one that no claims can be of.
        ImportError: the library that would make instances is not installed.
    """
    if value is None:
        return None
    # An alias such as Page[int] has its class here.
    origin = getattr(value, "__origin__", value)
    if not isinstance(origin, type):
        raise TypeError(f"claims_type must be a class, not {type_name(value)}")
    if issubclass(origin, BaseException):
        # Nobody could tell claims from a refusal.
        raise TypeError(f"claims_type must not be an exception, such as {origin.__name__}")
    if _is_model(origin):
        return _by_pydantic(value)
    if _is_struct(origin) or hasattr(origin, "__dataclass_fields__") or _is_typed_dict(origin):
        return _by_msgspec(value)
    raise TypeError(
        "claims_type must be a msgspec.Struct, a dataclass, a TypedDict or a pydantic model, "
        f"not the class {origin.__name__}"
    )


# Whoever has made a class of a library has imported the library.


def _is_struct(origin: type) -> bool:
    msgspec = sys.modules.get("msgspec")
    return msgspec is not None and issubclass(origin, msgspec.Struct)


def _is_model(origin: type) -> bool:
    main = sys.modules.get("pydantic.main")
    # A pydantic dataclass is recognised by its validator.
    return (main is not None and issubclass(origin, main.BaseModel)) or (
        hasattr(origin, "__dataclass_fields__") and hasattr(origin, "__pydantic_validator__")
    )


def _is_typed_dict(origin: type) -> bool:
    return issubclass(origin, dict) and "__total__" in vars(origin) and "__required_keys__" in vars(origin)


# -- msgspec: Structs, dataclasses and TypedDicts


def _by_msgspec(kind: Any) -> ClaimsType:
    try:
        import msgspec
    except ModuleNotFoundError as error:
        if error.name != "msgspec":
            raise
        raise ImportError(
            "claims_type needs msgspec for this type, which is not installed: pip install 'cyjwt[typed]'",
            name="msgspec",
        ) from None
    config = getattr(kind, "__struct_config__", None)
    if config is not None and config.array_like:
        raise TypeError("claims_type must not be a Struct with array_like: claims are an object")
    try:
        decoder = msgspec.json.Decoder(kind)
    except (NameError, TypeError, ValueError) as error:
        raise TypeError(f"claims_type cannot be read by msgspec: {error}") from error
    return ClaimsType(kind, decoder.decode, msgspec.DecodeError, _place_of_msgspec)


def _place_of_msgspec(error: Exception, payload: bytes) -> tuple[str, str]:
    said = str(error)
    if error.__cause__ is not None:
        # A __post_init__ has raised it, whose words come first; they may look like anything.
        own = type_name(error.__cause__)
        said = said.removeprefix(str(error.__cause__))
        return _path_of_msgspec(said), f"the type's own code raised {own}"
    if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
        # Python code has raised it. What msgspec raises has no frame behind that of the call.
        return "", f"the type's own code raised {type_name(error)}"
    path = _path_of_msgspec(said)
    said = _PLACE.sub("", said)
    if found := _MISSING.fullmatch(said):
        return _join(path, found[1]), "it is missing"
    if found := _UNKNOWN.fullmatch(said):
        return _join(path, _told(found[1])), "it is unknown"
    if found := _EXPECTED.match(said):
        expected = found[1].replace("Expected", "expected", 1)
        if found[2]:
            return path, f"{expected}, got `{found[2]}`"
        return path, f"{expected} {found[3]}" if found[3] else f"{expected} of another length or form"
    return path, "its value is not one of those allowed"


def _path_of_msgspec(said: str) -> str:
    found = _PLACE.search(said)
    return found[1].removeprefix(".") if found else ""


# -- pydantic: models and its own dataclasses


def _by_pydantic(kind: Any) -> ClaimsType:
    import pydantic

    if not hasattr(pydantic, "TypeAdapter"):
        raise ImportError(
            "claims_type needs pydantic 2 or later: pip install 'cyjwt[pydantic]'", name="pydantic"
        )
    try:
        adapter = pydantic.TypeAdapter(kind)
        adapter.rebuild(raise_errors=True)
    except (NameError, TypeError, ValueError, pydantic.errors.PydanticUserError) as error:
        raise TypeError(f"claims_type cannot be read by pydantic: {error}") from error
    return ClaimsType(kind, adapter.validate_json, pydantic.ValidationError, _place_of_pydantic)


def _place_of_pydantic(error: Any, payload: bytes) -> tuple[str, str]:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # A location names branches of unions too, which are in no token: it is followed through the claims.
    value: Any = loads(payload)
    path = ""
    missing = first["type"] == "missing"
    for part in first["loc"]:
        if isinstance(value, dict) and part in value:
            path, value = _join(path, _told(part)), value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path, value = f"{path}[{part}]", value[part]
        elif missing and part == first["loc"][-1] and isinstance(value, dict):
            path = _join(path, _told(str(part)))
    if missing:
        return path, "it is missing"
    if first["type"] == "extra_forbidden":
        return path, "it is unknown"
    return path, _told(first["type"]).replace("_", " ")


def _join(path: str, name: str) -> str:
    if name == "[...]":
        return path + name
    return f"{path}.{name}" if path else name


def _told(name: str) -> str:
    return name if _NAME.fullmatch(name) else "[...]"
