"""The house rules that can be seen in the sources: who may import whom, who may touch what, and how much."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

SOURCE = ROOT / "src" / "cyjwt"
ENGINE = SOURCE / "_engine"
LONGEST = 410

#: From the lowest to the highest; a module imports from its own layer and those below.
LAYERS: list[set[str]] = [
    {"errors", "_lazy", "_extras"},
    {"algorithms"},
    {"_engine"},
    {
        "_roca",
        "_material",
        "_strength",
        "_keyobjects",
        "_arguments",
        "_jwk",
        "_classified",
        "_written",
        "caches",
    },
    {"keys"},
    {"keyset"},
    {"policy", "info", "_claimstype", "_keycache", "cacheinfo"},
    {"_parallel", "batch", "_turns", "_livekeys", "_compiled"},
    {"_batching"},
    {"token", "verifier", "signer", "multiverifier"},
    {"api", "jwks"},
    {"__init__"},
    {"jwt", "arrow", "polars", "duckdb", "pandas", "spark", "cli", "revocation", "__main__"},
]
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}

#: Files that import, by the name of their layer.
PYTHON = sorted(path for path in SOURCE.rglob("*.py"))
CYTHON = sorted([*ENGINE.glob("*.pyx"), *ENGINE.glob("*.pxd")])
EVERYTHING = sorted(
    path for path in SOURCE.rglob("*") if path.suffix in (".py", ".pyi", ".pyx", ".pxd", ".h", ".c")
)
#: What is not installed, and has to be read all the same.
BESIDE = sorted(
    path
    for folder in ("tests", "bench", "fuzz", "tools", "examples")
    for path in (ROOT / folder).rglob("*.py")
)


def spelt(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def layer_name(path: Path) -> str:
    return Path(spelt(path)).parts[0].removesuffix(".py")


def for_types_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node: ast.AST, *, types: bool) -> Iterator[str]:
    """The modules of this package that a Python source imports, by their dotted names within it."""
    for child in ast.iter_child_nodes(node):
        if for_types_alone(child) and not types:
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name.split(".")[0] == "cyjwt")
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            module = child.module or ""
            if module == "cyjwt":
                for alias in child.names:
                    inside = (SOURCE / f"{alias.name}.py").exists() or (SOURCE / alias.name).is_dir()
                    yield f"cyjwt.{alias.name}" if inside else "cyjwt"
            elif module.startswith("cyjwt."):
                yield module
        yield from imported(child, types=types)


def targets(path: Path, *, types: bool = True) -> set[str]:
    if path.suffix == ".py":
        found = set(imported(ast.parse(path.read_text("utf-8")), types=types))
    else:
        text = path.read_text("utf-8")
        found = set(re.findall(r"^\s*(?:from|import|cimport)\s+(cyjwt[\w.]*)\s", text, re.M))
        joined = re.findall(r"^\s*from\s+cyjwt\s+c?import\s+([\w, ]+)$", text, re.M)
        found = {name for name in found if name != "cyjwt"}
        found |= {f"cyjwt.{name.strip()}" for names in joined for name in names.split(",")}
    return {name.removeprefix("cyjwt").removeprefix(".").split(".")[0] or "__init__" for name in found}


@pytest.mark.parametrize("path", [*PYTHON, *CYTHON], ids=spelt)
def test_imports_run_one_way(path: Path) -> None:
    name = layer_name(path)
    assert name in LAYER, f"{name} has no place yet: give it one in LAYERS"
    for target in targets(path):
        assert target in LAYER, f"{target} has no place yet: give it one in LAYERS"
        assert LAYER[target] <= LAYER[name], f"{spelt(path)} imports {target}, which lies above it"


def test_imports_go_round_in_no_circle() -> None:
    """Within a layer too: each module can be imported when those that it names were."""
    graph = {
        path.stem: targets(path, types=False) - {path.stem, "_engine"}
        for path in PYTHON
        if path.parent == SOURCE and path.stem != "__main__"
    }
    done: set[str] = set()
    while ready := {
        name for name, needs in graph.items() if name not in done and not (needs & set(graph)) - done
    }:
        done |= ready
    assert done == set(graph), f"a circle among {sorted(set(graph) - done)}"


def test_the_rules_would_notice() -> None:
    """The reading of imports itself finds what is there."""
    assert {"errors", "_engine", "keys"} <= targets(SOURCE / "signer.py")
    assert "errors" in targets(ENGINE / "status.pyx")
    assert "algorithms" in targets(ENGINE / "header.pyx")
    assert LAYER["errors"] < LAYER["_engine"] < LAYER["keys"] < LAYER["verifier"] < LAYER["cli"]


# -- sizes


@pytest.mark.parametrize("path", [*EVERYTHING, *BESIDE], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_holds_two_concepts(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LONGEST, f"{lines} lines"


# -- libcrypto


def code_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines without comments; docstrings are left out as far as quotes tell."""
    quoted = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        marks = line.count('"""')
        inside = quoted or marks
        if marks % 2:
            quoted = not quoted
        if not inside:
            yield number, line.split("#")[0]


def test_libcrypto_is_declared_in_one_place() -> None:
    for path in CYTHON:
        text = path.read_text("utf-8")
        declares = re.search(r"cdef\s+extern\s+from\s+[\"<'](openssl|libcrypto)", text)
        assert bool(declares) == (path.name == "libcrypto.pxd"), spelt(path)
    for path in ENGINE.glob("*.h"):
        includes = "openssl/" in path.read_text("utf-8")
        assert includes == (path.name == "libcrypto_compat.h"), spelt(path)


def test_crypto_mb_is_declared_in_one_place() -> None:
    for path in [*CYTHON, *ENGINE.glob("*.h")]:
        text = path.read_text("utf-8")
        names = bool(re.search(r"cdef\s+extern\s+from\s+[\"<']crypto_mb|#\s*include\s+<crypto_mb/", text))
        assert names == (path.name in ("crypto_mb.pxd", "crypto_mb_compat.h")), spelt(path)


@pytest.mark.parametrize("name", ["libcrypto", "crypto_mb"])
def test_declarations_of_a_library_hold_nothing_else(name: str) -> None:
    text = (ENGINE / f"{name}.pxd").read_text("utf-8")
    for word in (r"^\s*def ", r"^\s*cdef inline", r"^\s*cdef class", r"\breturn\b", r"^\s*(if|for|while) "):
        found = [line for _, line in code_lines(ENGINE / f"{name}.pxd") if re.search(word, line)]
        assert not found, found
    assert "noexcept nogil" in text or "nogil" in text


def cimports(path: Path) -> set[str]:
    """The modules of the engine whose declarations a file reads."""
    text = path.read_text("utf-8")
    found = set(re.findall(r"from\s+cyjwt\._engine\.(\w+)\s+cimport", text))
    for names in re.findall(r"from\s+cyjwt\._engine\s+cimport\s+([\w, ]+)", text):
        found |= {name.strip() for name in names.split(",")}
    return found


@pytest.mark.parametrize(("library", "home"), [("libcrypto", "pkey"), ("crypto_mb", "lanes")])
def test_one_module_reaches_a_library(library: str, home: str) -> None:
    """Whatever another module reads, through however many .pxd files, never ends at the library's."""
    for path in ENGINE.glob("*.pyx"):
        seen: set[str] = set()
        waiting = cimports(path) | {path.stem}
        while waiting:
            name = waiting.pop()
            seen.add(name)
            declarations = ENGINE / f"{name}.pxd"
            if declarations.exists():
                waiting |= cimports(declarations) - seen
        assert (library in seen) == (path.stem == home), path.name


def test_setup_links_one_module_with_each() -> None:
    text = (ROOT / "setup.py").read_text("utf-8")
    assert re.search(r'^LINKED = "pkey"$', text, re.M)
    assert re.search(r'^LANES = "lanes"$', text, re.M)


# -- comparisons of what is secret

SECRET = r"(?:secret|tag|digest|mac|signature|sig|expected|claimed|em|encoded|material|octets|mine|theirs)"
#: A plain name, perhaps with its owner, and no size or count of it.
OPERAND = rf"(?:\w+\.)*_?{SECRET}\d*"
COMPARED = re.compile(rf"(?<![\w.]){OPERAND}\s*(?:==|!=)|(?:==|!=)\s*{OPERAND}(?![\w.(\[])", re.I)
PKEY = sorted(path for path in CYTHON if path.name.startswith(("pkey", "emsa", "lanes")))


def compares_secrets(line: str) -> bool:
    without_null = re.sub(r"(==|!=)\s*(NULL|None)\b|(NULL|None)\s*(==|!=)", "", line)
    return bool(re.search(r"\b\w*memcmp\b|\bstrn?cmp\b|\bbcmp\b", line) or COMPARED.search(without_null))


@pytest.mark.parametrize("path", PKEY, ids=spelt)
def test_secrets_are_compared_by_compare_alone(path: Path) -> None:
    for number, line in code_lines(path):
        assert not compares_secrets(line), f"{spelt(path)}:{number}: {line.strip()}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("if tag == expected:", True),
        ("return memcmp(a, b, n) == 0", True),
        ("return CRYPTO_memcmp(a, b, n) == 0", True),
        ("if self.secret != other.secret:", True),
        ("return mine == theirs", True),
        ("if key._secret == b'':", True),
        ("if sig == NULL:", False),
        ("if sig_len != row.signature_size:", False),
        ("if secret_size == 0:", False),
        ("if row.hash_bits == 0:", False),
        ("return compare.equal(tag, sig, 32)", False),
        ("done = BN_bn2binpad(r, out, size) == size", False),
    ],
)
def test_the_rule_about_secrets_would_notice(line: str, found: bool) -> None:
    assert compares_secrets(line) == found


def test_compare_is_what_pkey_uses() -> None:
    users = {path.name for path in PKEY if "compare." in path.read_text("utf-8")}
    assert any(name.startswith("pkey") for name in users)
    text = (ENGINE / "compare.pxd").read_text("utf-8")
    assert "memcmp" not in "".join(line for _, line in code_lines(ENGINE / "compare.pxd"))
    assert "volatile" in text


def test_python_compares_key_material_in_constant_time() -> None:
    """In the Python of keys: octets of keys go through ``equals`` or ``hmac.compare_digest``."""
    for name in ("_classified", "_written", "keys", "keyset"):
        for number, line in code_lines(SOURCE / f"{name}.py"):
            assert not re.search(
                r"_material\(\)\s*[!=]=|[!=]=\s*\w+\._material\(\)|secret\(\)\s*[!=]=", line
            ), number


# -- shapes


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.pxd")), ids=spelt)
def test_every_exception_clause_is_spelt(path: Path) -> None:
    """A ``cdef`` function says ``noexcept`` or ``except``, unless it gives back an object."""
    text = re.sub(r"#.*", "", path.read_text("utf-8"))
    for match in re.finditer(r"^cdef (?:inline )?([\w \*]+?)\b(\w+)\(([^()]*)\)([^\n:]*)", text, re.M | re.S):
        returns, name, _, clause = match.groups()
        if returns.strip() in ("object", "str", "bytes", "tuple", "list", "dict", "Engine"):
            continue
        assert re.search(r"\bnoexcept\b|\bexcept\b", clause), f"{path.name}: {name}"


def test_the_engine_names_no_algorithm() -> None:
    """Kernels get a resolved row, never an ``alg``: the table of algorithms has one home."""
    names = re.compile(r"[\"'](HS|RS|PS|ES)(256|384|512)K?[\"']")
    for path in CYTHON:
        assert not [line for _, line in code_lines(path) if names.search(line)], spelt(path)
