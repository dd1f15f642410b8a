"""tools/emulated.py: building for the Python of a root of another architecture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a root is Debian's")

PROBE = """
import json, sysconfig
print(json.dumps([sysconfig.get_platform(), *map(sysconfig.get_config_var, ("EXT_SUFFIX", "SIZEOF_LONG"))]))
"""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delitem(sys.modules, "emulated", raising=False)
    module = __import__("emulated")
    monkeypatch.delitem(sys.modules, "emulated")
    return module


@pytest.fixture
def root(tool: ModuleType, tmp_path: Path) -> Path:
    library = tmp_path / "root" / "usr/lib" / f"python{tool.RELEASE}"
    library.mkdir(parents=True)
    variables = sysconfig.get_config_vars() | {"EXT_SUFFIX": ".cpython-311-aarch64-linux-gnu.so"}
    (library / "_sysconfigdata__aarch64-linux-gnu.py").write_text(f"build_time_vars = {variables!r}\n")
    return tmp_path / "root"


def test_the_root_s_interpreter_stands_in_for_this_one(tool: ModuleType, root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, **tool.cross(root, tmp_path / "work")}
    answer = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == [
        "linux-aarch64",
        ".cpython-311-aarch64-linux-gnu.so",
        sysconfig.get_config_var("SIZEOF_LONG"),
    ]
    assert f"--sysroot={root}" in environment["CC"]
    assert f"--sysroot={root}" in environment["LDSHARED"]


def test_a_command_in_the_root_gets_no_variable_of_this_machine(
    tool: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/of/this/machine")
    # All of it but the mounts and the chroot.
    command = tool.inside(root, sys.executable, "-c", "import os; print(*os.environ)")
    answer = subprocess.run(command[command.index("env") :], capture_output=True, text=True, check=True)
    names = set(answer.stdout.split())
    assert {"CYJWT_VECTORS", "HOME", "PATH"} <= names
    assert not names & {"PYTHONPATH", "CYJWT_LIBCRYPTO", "USER"}


@pytest.mark.parametrize("arguments", [[], ["", "aws-lc"], ["/srv/arm64"], ["/srv/arm64", "boringssl"]])
def test_it_says_how_it_is_called(
    tool: ModuleType, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert tool.main(arguments) == 2
    assert "tools/emulated.py ROOT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("user", "compiler", "reason"),
    [(1000, "gcc", "superuser"), (0, None, "apt-get install gcc-aarch64-linux-gnu")],
)
def test_it_says_what_is_missing(
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    user: int,
    compiler: str | None,
    reason: str,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(tool.shutil, "which", lambda name: compiler)
    with pytest.raises(SystemExit, match=reason):
        tool.main([str(root), "aws-lc"])


@pytest.mark.parametrize(
    ("status", "output", "reason"),
    [(0, "2.7", "the root has Python 2.7"), (126, "", "install qemu-user-static")],
)
def test_it_says_what_is_wrong_with_the_root(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, root: Path, status: int, output: str, reason: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tool.shutil, "which", lambda name: f"/usr/bin/{name}")
    shell = ["sh", "-c", f"echo {output}; exit {status}"]
    monkeypatch.setattr(tool, "inside", lambda root, *command: shell)
    with pytest.raises(SystemExit, match=reason):
        tool.main([str(root), "aws-lc"])
