"""The stubs of the compiled modules name what is there, with the arguments that are there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cyjwt._engine
from tests.support import ROOT

FOLDER = Path(cyjwt._engine.__file__).parent
STUBS = sorted(FOLDER.glob("*.pyi"))
NAMES = [path.stem for path in STUBS]


def body(name: str) -> list[ast.stmt]:
    return ast.parse((FOLDER / f"{name}.pyi").read_text("utf-8")).body


def load(name: str) -> ModuleType:
    return importlib.import_module(f"cyjwt._engine.{name}")


def declared(statements: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that a stub, or a class in it, declares."""
    found: dict[str, ast.stmt] = {}
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
    return found


def defined(name: str) -> dict[str, Any]:
    """What a compiled module defines itself and shows: functions, classes, constants in capitals."""
    module = load(name)
    found = {}
    for item, value in vars(module).items():
        home = getattr(value, "__module__", None)
        own = home == module.__name__ or (home is None and inspect.ismethoddescriptor(value))
        if not item.startswith("_") and own:
            found[item] = value
    return found


def shape(arguments: ast.arguments) -> list[tuple[str, str, bool]]:
    """Each argument's name, its kind and whether it has a default."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = len(positional) - len(arguments.defaults)
    found = []
    for i, argument in enumerate(positional):
        kind = "POSITIONAL_ONLY" if i < len(arguments.posonlyargs) else "POSITIONAL_OR_KEYWORD"
        found.append((argument.arg, kind, i >= defaults))
    if arguments.vararg:
        found.append((arguments.vararg.arg, "VAR_POSITIONAL", False))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append((argument.arg, "KEYWORD_ONLY", default is not None))
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "VAR_KEYWORD", False))
    return found


def shape_of(value: Any) -> list[tuple[str, str, bool]]:
    parameters = inspect.signature(value).parameters.values()
    return [(p.name, p.kind.name, p.default is not p.empty) for p in parameters]


def without_self(shape: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    return shape[1:] if shape and shape[0][0] in ("self", "engine", "cls") else shape


def test_every_compiled_module_has_its_stub_and_every_stub_its_module() -> None:
    sources = FOLDER.glob("*.pyx")
    built = {path.name.split(".")[0] for path in FOLDER.iterdir() if path.suffix in (".so", ".pyd")}
    assert set(NAMES) <= built
    # What shows nothing to Python needs none.
    assert not [name for name in built - set(NAMES) if defined(name)]
    assert {path.stem for path in sources} <= built


@pytest.mark.parametrize("name", NAMES)
def test_the_same_names(name: str) -> None:
    stub = declared(body(name))
    module = load(name)
    assert set(defined(name)) <= set(stub), "the stub leaves something out"
    for item, statement in stub.items():
        assert hasattr(module, item), f"{name}.{item} is in the stub alone"
        value = getattr(module, item)
        assert isinstance(value, type) is isinstance(statement, ast.ClassDef)
        assert callable(value) is not isinstance(statement, ast.AnnAssign)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_arguments_of_functions(name: str) -> None:
    for item, statement in declared(body(name)).items():
        if isinstance(statement, ast.FunctionDef):
            said, real = shape(statement.args), shape_of(getattr(load(name), item))
            first_renamed = bool(said) and said[0][0] == "engine"
            assert (without_self(said) if first_renamed else said) == (
                without_self(real) if first_renamed else relaxed(real, said)
            ), f"{name}.{item}"


def relaxed(
    real: list[tuple[str, str, bool]], said: list[tuple[str, str, bool]]
) -> list[tuple[str, str, bool]]:
    """A stub may promise less: an argument that it calls positional may have a name too."""
    strict = {argument[0] for argument in said if argument[1] == "POSITIONAL_ONLY"}
    return [(n, "POSITIONAL_ONLY" if n in strict else kind, default) for n, kind, default in real]


def classes() -> list[tuple[str, str]]:
    return [
        (name, item)
        for name in NAMES
        for item, statement in declared(body(name)).items()
        if isinstance(statement, ast.ClassDef)
    ]


#: Methods without arguments that a type has by its protocol.
SLOTS = frozenset(["__iter__", "__next__", "__len__"])


@pytest.mark.parametrize(("name", "item"), classes())
def test_the_same_members_of_classes(name: str, item: str) -> None:
    statement = declared(body(name))[item]
    assert isinstance(statement, ast.ClassDef)
    members, real = declared(statement.body), getattr(load(name), item)
    for part, member in members.items():
        assert hasattr(real, part), f"{name}.{item}.{part} is in the stub alone"
        if isinstance(member, ast.FunctionDef) and part not in ("__new__", "__init__"):
            decorators = {d.id for d in member.decorator_list if isinstance(d, ast.Name)}
            if "property" in decorators:
                assert not callable(inspect.getattr_static(real, part))
                continue
            assert ("staticmethod" in decorators) == isinstance(
                inspect.getattr_static(real, part), staticmethod
            )
            said = without_self(shape(member.args))
            if part in SLOTS:
                # A slot of the type, whose shape is its protocol's; before CPython 3.13 it shows none.
                assert not said
                continue
            assert said == relaxed(without_self(shape_of(getattr(real, part))), said), f"{name}.{item}.{part}"
    shown = {part for part, value in vars(real).items() if not part.startswith("__") and part != "verify"}
    assert shown <= set(members), "the stub leaves something out"
    if "final" in {d.id for d in statement.decorator_list if isinstance(d, ast.Name)}:
        with pytest.raises(TypeError):
            type("Sub", (real,), {})


@pytest.mark.parametrize(("name", "item"), classes())
def test_the_same_arguments_of_constructors(name: str, item: str) -> None:
    """Compiled classes show no signature, so it is asked for: by number, then by name."""
    statement = declared(body(name))[item]
    assert isinstance(statement, ast.ClassDef)
    make: Any = getattr(load(name), item)
    new = declared(statement.body).get("__new__")
    if not isinstance(new, ast.FunctionDef):
        return
    stubbed = without_self(shape(new.args))
    arguments = [argument for argument, _, _ in stubbed]
    needed = [argument for argument, _, optional in stubbed if not optional]
    bound = "exactly" if needed == arguments else "at least"
    with pytest.raises(TypeError, match=rf"{bound} {len(needed)} positional arguments? \(0 given\)"):
        make()
    with pytest.raises(TypeError) as caught:
        make(**dict.fromkeys(arguments, object()))
    assert "unexpected" not in str(caught.value)
    assert "positional" not in str(caught.value)
    # By place too, as the source has them.
    source = (ROOT / "src" / "cyjwt" / "_engine" / f"{name}.pyx").read_text("utf-8")
    match = re.search(rf"^cdef class {item}\b.*?def __cinit__\(\s*self,([^)]*)\)", source, re.M | re.S)
    assert match is not None
    parts = [part.split("=")[0].strip() for part in match[1].split(",") if part.strip()]
    real = [part.removesuffix("not None").split()[-1] for part in parts]
    assert real == arguments


def test_stubs_import_only_what_is_installed_with_python() -> None:
    """A stub is read by type checkers alone, but it must not need what nobody declared."""
    for name in NAMES:
        for statement in ast.walk(ast.parse((FOLDER / f"{name}.pyi").read_text("utf-8"))):
            if isinstance(statement, ast.ImportFrom):
                top = (statement.module or "").split(".")[0]
                assert top in sys.stdlib_module_names | {"cyjwt", "typing_extensions"}
