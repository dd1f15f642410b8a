"""How Sphinx builds the site; `make docs` runs it.

The repository's root is the source folder, so that the pages, README.md and what else they link to are the
files that a reader of the repository sees, under the same relative links.
"""

from __future__ import annotations

import re
from typing import Any

import cyjwt

project = "cyjwt"
author = "The cyjwt authors"
copyright = "The cyjwt authors"
version = release = cyjwt.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/**", "examples/README.md"]
# Folders that hold no page, so that no time is spent in them.
exclude_patterns = [".*", "bench", "build", "dist", "src", "tests", "tools"]

# The links of a page are those that its readers on a repository's page have: files, and titles in them.
myst_heading_anchors = 4
source_suffix = {".md": "markdown"}

# Names of code stand in docstrings between two backticks each; one pair is taken for the same.
default_role = "code"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autoclass_content = "class"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"cyjwt {release}"
html_additional_pages = {"index": "redirect.html"}
templates_path = ["templates"]
html_copy_source = False


def spell_signature(
    app: Any, what: str, name: str, value: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """A signature without what is no caller's: private options, and the ``self`` of compiled methods."""
    if signature is not None:
        signature = re.sub(r", _\w+=[^,)]*", "", signature)
        signature = re.sub(r"^\(self, (?:dict )?", "(", signature)
    return signature, returns


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", spell_signature)
    return {"parallel_read_safe": True}
