"""Every public class and function of PyJWT has its namesake, which takes the same arguments."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

theirs = pytest.importorskip("jwt", reason="PyJWT is not installed")

pytestmark = [pytest.mark.interop]

MODULES = [
    "",
    ".algorithms",
    ".api_jwk",
    ".api_jws",
    ".api_jwt",
    ".exceptions",
    ".help",
    ".jwk_set_cache",
    ".jwks_client",
    ".types",
    ".utils",
    ".warnings",
]
#: What takes more than PyJWT's does: more claims that are missing.
WIDER = {"MissingRequiredClaimError", "MissingRequiredClaimError.__init__"}


def public(module: str) -> Iterator[tuple[str, Any, Any]]:
    """By its name what a module of PyJWT defines, and its namesake here; so for the members of its classes."""
    their_module = importlib.import_module(f"jwt{module}")
    our_module = importlib.import_module(f"cyjwt.jwt{module}")
    for name, their in vars(their_module).items():
        if name.startswith("_") or not getattr(their, "__module__", "").startswith("jwt"):
            continue
        if their.__module__ not in ("jwt", their_module.__name__) and module:
            # It is another module's.
            continue
        yield name, their, getattr(our_module, name)
        for member in vars(their) if inspect.isclass(their) else ():
            if callable(getattr(their, member)) and (member == "__init__" or not member.startswith("_")):
                ours = getattr(getattr(our_module, name), member)
                yield f"{name}.{member}", getattr(their, member), ours


def parameters(function: Any) -> list[tuple[str, Any, Any]] | None:
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        # A class that takes what any exception takes.
        return None
    simple = (int, str, type(None), type)
    return [
        (one.name, one.kind, one.default if isinstance(one.default, simple) else type(one.default))
        for one in found
    ]


@pytest.mark.parametrize("module", MODULES)
def test_arguments_have_the_same_names_and_defaults(module: str) -> None:
    compared = 0
    for name, their, our in public(module):
        compared += 1
        if callable(their) and name not in WIDER:
            assert parameters(our) == parameters(their), name
    assert compared


def test_exceptions_descend_from_the_same() -> None:
    root = {"PyJWTError": "CyJWTError"}
    for name, their, our in public(".exceptions"):
        if inspect.isclass(their):
            wanted = {root.get(kind.__name__, kind.__name__) for kind in their.__mro__}
            assert wanted <= {kind.__name__ for kind in our.__mro__}, name


def test_what_is_no_text_is_no_key_to_either() -> None:
    """PyJWT says so with a UnicodeDecodeError, which is a ValueError."""
    for library in (theirs, importlib.import_module("cyjwt.jwt")):
        with pytest.raises(ValueError):
            library.encode({}, b"\xff" * 32, algorithm="EdDSA")
