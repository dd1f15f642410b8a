"""docs/ as a site: each page has its place, and what a page says is there is there."""

from __future__ import annotations

import importlib
import re
import runpy
from pathlib import Path

import pytest

from tests.support import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md"))
OTHERS = ["README.md", "SECURITY.md", "examples/README.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for table in tables
        for line in table.splitlines()[2:]
    ]


def test_every_page_has_its_place() -> None:
    listed = [
        line
        for tree in re.findall(r"^```{toctree}\n(.*?)^```$", read("docs/index.md"), re.DOTALL | re.MULTILINE)
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    assert sorted(name for name in listed if not name.startswith("../")) == [
        page for page in PAGES if page != "index"
    ]


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(docs/([\w/-]+)\.md", read("README.md")))
    assert linked == set(PAGES)


@pytest.mark.parametrize("module", ["cyjwt", "cyjwt.jwks", "cyjwt.revocation"])
def test_the_reference_has_every_public_name(module: str) -> None:
    page = read("docs/api.md")
    shown = set(re.findall(r"^\.\. auto(?:class|exception|function):: ([\w.]+)$", page, re.MULTILINE))
    errors = set(importlib.import_module("cyjwt.errors").__all__)
    assert ".. automodule:: cyjwt.errors\n   :members:\n" in page
    for name in importlib.import_module(module).__all__:
        if name not in errors and name not in ("__version__", "JWKSClient"):
            assert f"{module}.{name}" in shown, f"{module}.{name}"
    assert "cyjwt.jwks.JWKSClient" in shown


def test_the_reference_has_no_private_name() -> None:
    entries = re.findall(r"^\.\. auto\w+:: ([\w.]+)$", read("docs/api.md"), re.MULTILINE)
    assert len(entries) > 20
    assert not [name for name in entries if re.search(r"\b_", name)]


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("(url, *, clock=None, _discover=False)", "(url, *, clock=None)"),
        ("(self, dict claims, key, /)", "(claims, key, /)"),
        ("(token, /, *, cache=None)", "(token, /, *, cache=None)"),
        (None, None),
    ],
)
def test_the_reference_spells_signatures_as_callers_see_them(
    signature: str | None, shown: str | None
) -> None:
    spell = runpy.run_path(str(DOCS / "conf.py"))["spell_signature"]
    assert spell(None, "method", "name", None, None, signature, "dict") == (shown, "dict")


def test_every_threat_is_held_by_a_test() -> None:
    page = read("docs/security.md")
    threats = rows(page)
    assert len(threats) > 40
    for what, _, held in threats:
        tests = re.findall(r"`([\w/]+\.py)`", held)
        assert tests, what
        assert not [name for name in tests if not (ROOT / "tests" / name).is_file()], what
    for name in re.findall(r"`((?:security|tests)/[\w/]+\.py)`", page):
        assert (ROOT / "tests" / name.removeprefix("tests/")).is_file(), name


@pytest.mark.parametrize("page", [*(f"docs/{page}.md" for page in PAGES), *OTHERS])
def test_links_lead_somewhere(page: str) -> None:
    """The same links serve on a repository's pages, where Sphinx does not look."""
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, title = target.partition("#")
        if "://" in path:
            continue
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), target
        if title:
            titles = re.findall(r"^#+ (.*)$", Path(found).read_text("utf-8"), re.MULTILINE)
            assert title in {re.sub(r"[^\w -]", "", name).lower().replace(" ", "-") for name in titles}, (
                target
            )


@pytest.mark.parametrize("page", [*(f"docs/{page}.md" for page in PAGES), *OTHERS])
def test_make_has_the_targets_that_pages_name(page: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), re.MULTILINE))
    assert "test" in targets
    named = re.findall(r"(?:^|`)make ([a-z0-9-]+)", read(page), re.MULTILINE)
    assert set(named) <= targets
