"""Every example in a docstring runs, those of the compiled modules too; what is public has a docstring."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import cyjwt


def modules() -> list[str]:
    """Every module of the package; the command line's where what it needs is installed."""
    found = ["cyjwt"]
    for info in pkgutil.walk_packages(cyjwt.__path__, "cyjwt.", onerror=lambda name: None):
        if not info.name.endswith("__main__"):
            found.append(info.name)
    return found


def load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in ("click", "rich"):
            pytest.skip(f"{error.name} is not installed")
        raise


#: What the examples of a module need besides, where it is installed.
EXTRAS = {
    "cyjwt.arrow": ["nanoarrow"],
    "cyjwt.polars": ["nanoarrow", "polars"],
    "cyjwt.duckdb": ["nanoarrow", "pyarrow", "numpy", "duckdb"],
    "cyjwt.pandas": ["nanoarrow", "pyarrow", "pandas"],
}


def documented(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What the module itself defines that has a docstring, members of classes included."""
    yield module.__name__, module
    for name, value in sorted(vars(module).items()):
        home = getattr(value, "__module__", None)
        if home == module.__name__ or (home is None and inspect.ismethoddescriptor(value)):
            yield f"{module.__name__}.{name}", value
            if isinstance(value, type):
                for part, member in sorted(vars(value).items()):
                    yield f"{module.__name__}.{name}.{part}", member


def docstring(value: Any) -> str:
    text = getattr(getattr(value, "__func__", value), "__doc__", None)
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def examples(module: ModuleType) -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    found = []
    for name, value in documented(module):
        text = docstring(value)
        if ">>>" in text:
            names = {**vars(module), "cyjwt": cyjwt}
            found.append(parser.get_doctest(text, names, name, module.__file__, 0))
    return found


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    for package in EXTRAS.get(name, []):
        pytest.importorskip(package, reason="the examples need it")
    said: list[str] = []
    for test in examples(load(name)):
        # Or pytest's own -v would make it say what passed.
        runner = doctest.DocTestRunner(
            verbose=False, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
        )
        runner.run(test, out=said.append)
    assert not said, "".join(said)


def test_examples_are_found_in_every_kind_of_module() -> None:
    """The walk itself must not quietly find nothing."""
    names = {test.name for module in modules() if "cli" not in module for test in examples(load(module))}
    assert {
        "cyjwt.api.encode",
        "cyjwt.api.decode",
        "cyjwt.keys.Key.from_pem",
        "cyjwt.verifier.Verifier",
        "cyjwt.verifier.Verifier.verify",
        "cyjwt.verifier.Verifier.verify_complete",
        "cyjwt.signer.Signer",
        "cyjwt.token.read_unverified",
        "cyjwt._engine.jsontext.loads",
        "cyjwt._engine.jsonscan.check",
        "cyjwt._engine.jsonwrite.dumps",
        "cyjwt._engine.sign.SignEngine.sign",
        "cyjwt._engine.base64url.encode",
        "cyjwt._engine.base64url.decode",
    } <= names


def test_an_example_that_is_wrong_would_be_seen() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert said


@pytest.mark.parametrize("name", [name for name in modules() if "cli" not in name])
def test_every_module_says_its_job(name: str) -> None:
    module = load(name)
    if name != "cyjwt._engine":
        assert docstring(module), f"{name} has no docstring"


PUBLIC = [name for name in cyjwt.__all__ if callable(getattr(cyjwt, name))]


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_has_a_docstring(name: str) -> None:
    value = getattr(cyjwt, name)
    assert docstring(value)
    if not isinstance(value, type):
        assert ">>>" in docstring(value), "a public function has an example"
        assert "Returns:" in docstring(value)
        return
    for kind in value.__mro__:
        if not kind.__module__.startswith("cyjwt"):
            continue
        for part, member in vars(kind).items():
            if not part.startswith("_") and (
                callable(member) or isinstance(member, property | classmethod | staticmethod)
            ):
                assert docstring(member), f"{name}.{part} has no docstring"


def test_signatures_can_be_read() -> None:
    """help() and editors show arguments, not "..."."""
    assert str(inspect.signature(cyjwt.Verifier.verify)) == "(self, token, /)"
    assert "leeway" in inspect.signature(cyjwt.Verifier).parameters
    assert "lifetime" in inspect.signature(cyjwt.Signer).parameters
    assert list(inspect.signature(cyjwt.Signer.sign).parameters)[-1] == "claims"
