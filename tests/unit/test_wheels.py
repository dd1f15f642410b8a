"""What a wheel that is published must hold and be, and what is asked for to build one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support import ROOT

Tool = Callable[[str], ModuleType]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))

    def load(name: str) -> ModuleType:
        monkeypatch.delitem(sys.modules, name, raising=False)
        module = __import__(name)
        monkeypatch.delitem(sys.modules, name)
        return module

    return load


# crypto_mb is asked for where there is one.


@pytest.mark.parametrize(
    ("machine", "libc", "asked"),
    [
        ("linux-x86_64", "glibc 2.36", True),
        ("linux-x86_64", None, False),
        ("linux-x86_64", ValueError("unrecognized configuration name"), False),
        ("linux-aarch64", "glibc 2.36", False),
        ("macosx-15.0-x86_64", ValueError("unrecognized configuration name"), False),
        ("win-amd64", AssertionError("Windows has no confstr"), False),
    ],
)
def test_crypto_mb_is_asked_for_where_it_can_be_had(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, machine: str, libc: str | Exception | None, asked: bool
) -> None:
    pytest.importorskip("setuptools", "77")
    backend = tool("build_backend")

    def confstr(_: str) -> str | None:
        if isinstance(libc, Exception):
            raise libc
        return libc

    monkeypatch.setattr(sysconfig, "get_platform", lambda: machine)
    monkeypatch.setattr(os, "confstr", confstr, raising=False)
    assert bool(backend.crypto_mb()) == asked
    for hook in ("get_requires_for_build_wheel", "get_requires_for_build_editable"):
        monkeypatch.setattr(backend.build_meta, hook, lambda _: ["other"])
        assert getattr(backend, hook)() == ["other", *(backend.CRYPTO_MB if asked else [])]


def test_the_backend_has_every_hook_of_setuptools(tool: Tool) -> None:
    pytest.importorskip("setuptools", "77")
    backend = tool("build_backend")
    hooks = {
        name for name in dir(backend.build_meta) if name.startswith(("build_", "get_requires_", "prepare_"))
    }
    assert hooks - {"build_meta"} <= set(backend.__all__)


# The bill of materials.


def headers(prefix: Path, name: str, text: str) -> Path:
    folder = prefix / "include" / "openssl"
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    return prefix


def test_the_bill_names_aws_lc_and_where_it_came_from(tool: Tool, tmp_path: Path) -> None:
    sbom = tool("sbom")
    headers(tmp_path, "base.h", '#define A "1"\n#define AWSLC_VERSION_NUMBER_STRING "5.12.0"\n')
    recipe = {"source": "ab" * 32, "compiler": "cc 1.0"}
    (tmp_path / sbom.RECORD).write_text(json.dumps({"recipe": recipe}))
    document = json.loads(sbom.bill("cyjwt", "1.2.3", [sbom.libcrypto(tmp_path)]))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/cyjwt@1.2.3"
    [part] = document["components"]
    assert (part["name"], part["version"]) == ("AWS-LC", "5.12.0")
    assert {"name": "cyjwt:source-sha256", "value": "ab" * 32} in part["properties"]
    known = {document["metadata"]["component"]["bom-ref"], part["bom-ref"]}
    assert {one["ref"] for one in document["dependencies"]} == known
    assert document["dependencies"][0]["dependsOn"] == [part["bom-ref"]]


def test_the_bill_names_a_static_openssl(tool: Tool, tmp_path: Path) -> None:
    headers(tmp_path, "opensslv.h", '# define OPENSSL_VERSION_STR "3.5.1"\n')
    part = tool("sbom").libcrypto(tmp_path)
    assert (part["name"], part["version"], "properties" in part) == ("OpenSSL", "3.5.1", False)


def test_a_library_of_no_known_version_is_not_left_out_silently(tool: Tool, tmp_path: Path) -> None:
    sbom = tool("sbom")
    with pytest.raises(ValueError, match="no libcrypto's version"):
        sbom.libcrypto(tmp_path)
    (tmp_path / "crypto_mb").mkdir()
    (tmp_path / "crypto_mb" / "version.h").write_text("")
    with pytest.raises(ValueError, match="crypto_mb's version"):
        sbom.crypto_mb("pytest", tmp_path)


def test_the_bill_tells_crypto_mb_from_the_package_that_brought_it(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "crypto_mb").mkdir()
    lines = [
        f"#define MBX_VER_{part}  {number}" for part, number in (("MAJOR", 2), ("MINOR", 3), ("PATCH", 0))
    ]
    (tmp_path / "crypto_mb" / "version.h").write_text(
        "\n".join([*lines, "#define MBX_INTERFACE_VERSION_MAJOR 13"])
    )
    part = tool("sbom").crypto_mb("pytest", tmp_path)
    assert (part["name"], part["version"]) == ("crypto_mb", "2.3.0")
    assert part["purl"] == f"pkg:pypi/pytest@{pytest.__version__}"


# The wheel.

LINUX = "cyjwt-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
LICENCES = [
    f"cyjwt-1.0.dist-info/licenses/{name}"
    for name in ("LICENSE", "LICENSES/AWS-LC.txt", "LICENSES/crypto_mb.txt")
]


def bill(*names: str) -> dict[str, Any]:
    return {"components": [{"name": name, "version": "1"} for name in names]}


@pytest.mark.parametrize(
    ("wheel", "module", "names", "fault"),
    [
        (LINUX, "cpython-313-x86_64-linux-gnu.so", ["AWS-LC", "crypto_mb"], ""),
        (LINUX, "cpython-312-x86_64-linux-gnu.so", ["AWS-LC", "crypto_mb"], "is not for cp313"),
        (LINUX, "abi3.so", ["AWS-LC", "crypto_mb"], "is not for cp313"),
        (LINUX, "cpython-313-x86_64-linux-gnu.so", ["AWS-LC"], "does not name crypto_mb"),
        (LINUX, "cpython-313-x86_64-linux-gnu.so", ["crypto_mb"], "does not name AWS-LC"),
        (
            LINUX.replace("manylinux_2_28", "linux"),
            "cpython-313-x86_64-linux-gnu.so",
            ["AWS-LC"],
            "no platform",
        ),
        (LINUX.replace("manylinux", "musllinux"), "cpython-313-x86_64-linux-musl.so", ["AWS-LC"], ""),
        (
            LINUX.replace("manylinux_2_28", "manylinux2014"),
            "cpython-313-x86_64-linux-gnu.so",
            [],
            "crypto_mb",
        ),
        (LINUX.replace("x86_64", "aarch64"), "cpython-313-aarch64-linux-gnu.so", ["AWS-LC"], ""),
        (
            LINUX.replace("cp313-cp313", "cp314-cp314t"),
            "cpython-314t-x86_64-linux-gnu.so",
            ["AWS-LC", "crypto_mb"],
            "",
        ),
        (
            LINUX.replace("cp313-cp313", "cp314-cp314t"),
            "cpython-314-x86_64-linux-gnu.so",
            ["AWS-LC"],
            "not for cp314t",
        ),
        (LINUX.replace("cp313-cp313", "cp311-abi3"), "abi3.so", ["AWS-LC"], "no tags of one CPython"),
        ("cyjwt-1.0-cp314-cp314-win_amd64.whl", "cp314-win_amd64.pyd", ["AWS-LC"], ""),
        ("cyjwt-1.0-cp314-cp314-macosx_11_0_arm64.whl", "cpython-314-darwin.so", ["AWS-LC"], ""),
    ],
)
def test_a_wheel_to_publish_is_checked(
    tool: Tool, wheel: str, module: str, names: list[str], fault: str
) -> None:
    paths = [f"cyjwt/_engine/pkey.{module}", *LICENCES]
    found = tool("check_wheel").release_faults(wheel, paths, bill(*names))
    assert fault in "\n".join(found)
    assert bool(found) == bool(fault)


def test_a_wheel_to_publish_has_licences_and_a_bill(tool: Tool) -> None:
    faults = tool("check_wheel").release_faults(LINUX, LICENCES[:-1], None)
    assert faults == [
        "no licence LICENSES/crypto_mb.txt",
        "the bill of materials does not name AWS-LC",
        "the bill of materials does not name crypto_mb",
    ]


# The interpreters of this machine.


def interpreter(path: Path, release: tuple[int, int], threads: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '[[{release[0]}, {release[1]}], \"{threads}\"]'\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
def test_one_interpreter_of_each_kind_is_found(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tool("wheels_local")
    first = interpreter(tmp_path / "bin" / "python3.13", (3, 13))
    threads = interpreter(tmp_path / "bin" / "python3.13t", (3, 13), "t")
    interpreter(tmp_path / "bin" / "python3.10", (3, 10))
    interpreter(tmp_path / "bin" / "python3.13-config", (3, 13)).write_text("#!/bin/sh\nexit 1\n")
    interpreter(tmp_path / "pyenv" / "versions" / "3.13.0" / "bin" / "python3", (3, 13))
    kept = interpreter(tmp_path / "pyenv" / "versions" / "3.12.0" / "bin" / "python3", (3, 12))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert [(one.name, one.path) for one in wheels.interpreters([])] == [
        ("3.12", kept),
        ("3.13", first),
        ("3.13t", threads),
    ]
    assert [one.tags for one in wheels.interpreters(["3.13t", str(kept)])] == [
        ("cp312", "cp312"),
        ("cp313", "cp313t"),
    ]
    for wanted in (["3.14"], [str(tmp_path / "bin" / "python3.10")], [str(tmp_path / "absent")]):
        with pytest.raises(SystemExit, match="build"):
            wheels.interpreters(wanted)


def test_an_interpreter_tells_what_it_is(tool: Tool) -> None:
    found = tool("wheels_local").probe(Path(sys.executable))
    if found is None:
        pytest.skip("this interpreter cannot build")
    assert found.release == sys.version_info[:2]
    assert found.tags[1].removesuffix("t") == found.tags[0]


def test_nothing_that_steers_a_compiler_reaches_the_venv(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CC", "CFLAGS", "LD_LIBRARY_PATH", "PYTHONPATH", "CYJWT_LIBCRYPTO"):
        monkeypatch.setenv(name, "x")
    environment = tool("wheels_local").bare_environment(Path("/venv/bin/python"))
    assert environment["PATH"] == str(Path("/venv/bin"))
    assert "x" not in environment.values()


# The sdist.


def test_the_sdist_holds_every_file_of_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a packager builds and tests it from: a test that reads a file which is not there would fail."""
    filelist = pytest.importorskip("setuptools.command.egg_info")
    monkeypatch.chdir(ROOT)
    try:
        tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no clone of the repository")
    held = filelist.FileList()
    for line in Path("MANIFEST.in").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            held.process_template_line(line)
    # Of these setuptools thinks by itself.
    always = {"pyproject.toml", "setup.py", "MANIFEST.in"}
    left_out = set(tracked.split("\0")) - {"", ".gitignore"} - {Path(name).as_posix() for name in held.files}
    assert left_out <= always, sorted(left_out - always)


# CI.


def test_every_action_is_pinned_by_the_hash_of_a_commit() -> None:
    used = [
        line.strip()
        for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
        for line in path.read_text("utf-8").splitlines()
        if re.match(r"\s*(?:- )?uses:", line)
    ]
    assert used
    pinned = re.compile(r"(?:- )?uses: [\w-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in used if not pinned.fullmatch(line)] == []


def test_wheels_are_built_for_every_release_that_is_supported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    built = {pattern.removesuffix("-*") for pattern in project["tool"]["cibuildwheel"]["build"]}
    named = [
        re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", one)
        for one in project["project"]["classifiers"]
    ]
    assert built >= {f"cp3{match[1]}" for match in named if match}


def test_the_tool_says_what_it_misses() -> None:
    command = [sys.executable, ROOT / "tools" / "wheels_local.py", "3.99"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "3.99" in answer.stderr
