"""tools/build_aws_lc.py: what it accepts as the source, what it keeps, and when it does nothing."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "build_aws_lc.py"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_aws_lc", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("CYJWT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "compiler_identity", lambda: "cc 1.0")
    return module


CMAKE = b'set(SOFTWARE_NAME "awslc")\nset(SOFTWARE_VERSION "5.12.0")\n'


def archive(path: Path, files: dict[str, bytes], extra: list[tarfile.TarInfo] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for entry in extra or []:
            tar.addfile(entry)
    return path


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    files = {
        "awscrt-0/CMakeLists.txt": b"",
        "awscrt-0/crt/aws-lc/CMakeLists.txt": CMAKE,
        "awscrt-0/crt/aws-lc/LICENSE": b"l",
        "awscrt-0/crt/aws-lc/NOTICE": b"n",
        "awscrt-0/crt/aws-lc/include/openssl/crypto.h": b"h",
        "awscrt-0/crt/s2n/other.c": b"other",
    }
    return archive(tmp_path / "awscrt.tar.gz", files)


@pytest.fixture
def compiles(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """In place of cmake: one call recorded a build."""
    calls = []

    def compile_libcrypto(tree: Path, build: Path, jobs: int) -> Path:
        calls.append(tree)
        build.mkdir()
        library = build / "libcrypto.a"
        library.write_bytes(b"!<arch>")
        return library

    monkeypatch.setattr(tool, "compile_libcrypto", compile_libcrypto)
    return calls


def test_the_second_call_does_nothing(tool: ModuleType, sdist: Path, compiles: list[Path]) -> None:
    first = tool.provide(sdist, None, 1)
    assert (first / "lib" / "libcrypto.a").read_bytes() == b"!<arch>"
    assert (first / "include" / "openssl" / "crypto.h").is_file()
    assert json.loads((first / tool.RECORD).read_text())["aws_lc"] == "5.12.0"
    assert tool.provide(sdist, None, 1) == first
    assert len(compiles) == 1


def test_nothing_half_built_is_left(
    tool: ModuleType, sdist: Path, compiles: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise tool.BuildError("cmake failed")

    monkeypatch.setattr(tool, "install", fail)
    with pytest.raises(tool.BuildError):
        tool.provide(sdist, None, 1)
    assert {path.suffix for path in tool.cache_root().iterdir()} == {".lock"}


def test_each_compiler_has_a_prefix_of_its_own(
    tool: ModuleType, sdist: Path, compiles: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tool.provide(sdist, None, 1)
    monkeypatch.setattr(tool, "compiler_identity", lambda: "cc 2.0")
    assert tool.provide(sdist, None, 1) != first
    for compiled, (name, value) in enumerate(
        (("CFLAGS", "-fsanitize=address"), ("CMAKE_TOOLCHAIN_FILE", "aarch64.cmake")), start=3
    ):
        monkeypatch.setenv(name, value)
        tool.provide(sdist, None, 1)
        assert len(compiles) == compiled


def test_a_changed_source_folder_is_built_again(
    tool: ModuleType, sdist: Path, tmp_path: Path, compiles: list[Path]
) -> None:
    tree = tmp_path / "tree"
    tool.unpack(sdist, tree)
    first = tool.provide(tree, None, 1)
    (tree / "NOTICE").write_bytes(b"changed")
    assert tool.provide(tree, None, 1) != first


def test_a_named_prefix_is_replaced_only_if_it_is_ours(
    tool: ModuleType, sdist: Path, tmp_path: Path, compiles: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path / "prefix"
    assert tool.provide(sdist, prefix, 1) == prefix
    monkeypatch.setattr(tool, "compiler_identity", lambda: "cc 2.0")
    assert tool.provide(sdist, prefix, 1) == prefix
    assert len(compiles) == 2
    (prefix / tool.RECORD).unlink()
    with pytest.raises(tool.BuildError, match="not made by this tool"):
        tool.provide(sdist, prefix, 1)
    assert (prefix / "lib" / "libcrypto.a").is_file()


def test_only_aws_lc_is_unpacked_and_only_below_the_target(tool: ModuleType, tmp_path: Path) -> None:
    top = "awscrt-0/crt/aws-lc"
    link = tarfile.TarInfo(f"{top}/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    hard = tarfile.TarInfo(f"{top}/hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, f"{top}/CMakeLists.txt"
    files = {
        f"{top}/CMakeLists.txt": CMAKE,
        f"{top}/crypto/a.c": b"a",
        f"{top}/../../../escaped": b"",
        "/absolute": b"",
        "awscrt-0/setup.py": b"",
    }
    target = tmp_path / "deep" / "target"
    tool.unpack(archive(tmp_path / "a.tar.gz", files, [link, hard]), target)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if not path.is_dir()}
    assert found == {"a.tar.gz", "deep/target/CMakeLists.txt", "deep/target/crypto/a.c"}


def test_an_archive_of_aws_lc_itself_will_do(tool: ModuleType, tmp_path: Path, compiles: list[Path]) -> None:
    names = ("LICENSE", "NOTICE", "include/openssl/crypto.h")
    files = {"aws-lc-5/CMakeLists.txt": CMAKE, **{f"aws-lc-5/{name}": b"" for name in names}}
    assert tool.provide(archive(tmp_path / "aws-lc.tar.gz", files), None, 1).is_dir()


@pytest.mark.parametrize("files", [{"a/b.c": b""}, {"a/CMakeLists.txt": b"project(other)"}])
def test_a_source_without_aws_lc_is_refused(
    tool: ModuleType, tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(tool.BuildError, match="AWS-LC"):
        tool.provide(archive(tmp_path / "other.tar.gz", files), None, 1)


def pip_that_brings(content: bytes) -> Callable[..., None]:
    def run(command: list[str], **_: object) -> None:
        assert "--require-hashes" in command
        folder = Path(command[command.index("--dest") + 1])
        (folder / "awscrt-0.38.1.tar.gz").write_bytes(content)

    return run


def test_a_download_with_another_hash_is_refused(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "run", pip_that_brings(b"other"))
    with pytest.raises(tool.BuildError, match="SHA-256"):
        pinned(tool)
    assert not list((tool.cache_root() / "sources").iterdir())


def pinned(tool: ModuleType) -> Path:
    place: Path = tool.fetch(
        tool.cache_root() / "sources", tool.PACKAGE, tool.PACKAGE_VERSION, tool.PACKAGE_SHA256
    )
    return place


def test_a_cached_download_is_checked_again(
    tool: ModuleType, sdist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sdist.read_bytes()
    monkeypatch.setattr(tool, "PACKAGE_SHA256", tool.sha256_of(sdist))
    monkeypatch.setattr(tool, "run", pip_that_brings(content))
    cached = pinned(tool)
    cached.write_bytes(b"tampered")
    assert pinned(tool).read_bytes() == content


def test_standard_output_holds_the_prefix_alone(
    tool: ModuleType,
    sdist: Path,
    compiles: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    compile_libcrypto = tool.compile_libcrypto

    def noisy(*arguments: object) -> object:
        tool.run([sys.executable, "-c", "print('cmake talks')"])
        return compile_libcrypto(*arguments)

    monkeypatch.setattr(tool, "compile_libcrypto", noisy)
    for _ in range(2):
        assert tool.main(["--source", str(sdist)]) == 0
        [prefix] = capfd.readouterr().out.splitlines()
        assert (Path(prefix) / "lib" / "libcrypto.a").is_file()


def test_without_cmake_it_names_the_packages(
    tool: ModuleType, sdist: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "program", lambda _: None)
    assert tool.main(["--source", str(sdist)]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "pip install cmake ninja" in said.err


def test_it_says_what_is_wrong_and_prints_no_prefix(tmp_path: Path) -> None:
    command = [sys.executable, str(TOOL), "--source", str(tmp_path / "absent")]
    environment = {**os.environ, "CYJWT_CACHE": str(tmp_path)}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "no such file or folder" in answer.stderr
