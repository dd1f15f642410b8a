"""What the build leaves: hidden symbols, one libcrypto, a wheel without sources, and a build that says what it needs."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import cyjwt
from cyjwt import _engine
from cyjwt._engine import pkey

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Path(str(_engine.__file__)).parent
MODULES = sorted(ENGINE.glob("*.so"))

needs_nm = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("nm") is None, reason="reads ELF symbols with nm"
)
#: Names that only a libcrypto has.
FOREIGN = re.compile(r"\b(EVP|RSA|EC|ECDSA|SHA256|SHA512|HMAC|BN|ED25519|CRYPTO|OPENSSL|ERR)_\w+")


def symbols(module: Path, *options: str) -> set[str]:
    command = ["nm", "--dynamic", "--format=posix", *options, str(module)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0].split("@")[0] for line in lines}


def test_every_module_of_the_engine_is_compiled() -> None:
    sources = {path.stem for path in (ROOT / "src" / "cyjwt" / "_engine").glob("*.pyx")}
    assert {module.name.split(".")[0] for module in MODULES} >= sources


@needs_nm
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name.split(".")[0])
def test_a_module_exports_its_initializer_alone(module: Path) -> None:
    name = module.name.split(".")[0]
    assert symbols(module, "--defined-only") - {"_init", "_fini"} == {f"PyInit_{name}"}


@needs_nm
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name.split(".")[0])
def test_libcrypto_is_linked_once_and_into_pkey(module: Path) -> None:
    foreign = {name for name in symbols(module, "--undefined-only") if FOREIGN.match(name)}
    if platform.machine() != "x86_64":
        # Of its own accord no process has these, by which AWS-LC asks weakly for an allocator of the application's; and
        # only for x86 the linker can be told to leave no such question open.
        foreign -= {f"OPENSSL_memory_{name}" for name in ("alloc", "free", "get_size", "realloc")}
    if module.name.startswith("pkey."):
        # AWS-LC is inside; OpenSSL comes from the system.
        assert bool(foreign) == (pkey.libcrypto_name() == "OpenSSL")
    else:
        assert not foreign


def test_it_runs_beside_ssl_and_cryptography() -> None:
    key = cyjwt.Key.generate("ES256")
    theirs = ec.generate_private_key(ec.SECP256R1())
    for _ in range(3):
        token = cyjwt.encode({"sub": "42", "exp": 4_102_444_800}, key, algorithm="ES256")
        context = ssl.create_default_context()
        signature = theirs.sign(b"data", ec.ECDSA(hashes.SHA256()))
        assert cyjwt.decode(token, key, algorithms=["ES256"])["sub"] == "42"
        theirs.public_key().verify(signature, b"data", ec.ECDSA(hashes.SHA256()))
        assert context.get_ciphers()
    assert pkey.libcrypto_name() in {"AWS-LC", "OpenSSL"}


def test_the_installed_package_is_typed() -> None:
    package = Path(str(cyjwt.__file__)).parent
    assert (package / "py.typed").is_file()


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_wheel", ROOT / "tools" / "check_wheel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD = ["cyjwt/__init__.py", "cyjwt/py.typed", "cyjwt/_engine/pkey.cpython-313-x86_64-linux-gnu.so"]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (GOOD, ""),
        (GOOD[:-1], "no compiled pkey"),
        (GOOD[1:], "no cyjwt/__init__.py"),
        ([*GOOD, "cyjwt/_engine/old.abi3.so"], "a stale compiled old"),
        ([*GOOD, "cyjwt/old.py"], "a stale cyjwt/old.py"),
        *(
            ([*GOOD, f"cyjwt/_engine/pkey{end}"], "does not belong")
            for end in (".c", ".pyx", ".pxd", ".a", ".h")
        ),
    ],
)
def test_a_wheel_is_checked(checker: ModuleType, names: list[str], fault: str) -> None:
    found = checker.faults(names, {"pkey"}, {"cyjwt/__init__.py", "cyjwt/py.typed"})
    assert fault in "".join(found)
    assert bool(found) == bool(fault)


def test_a_wheel_is_no_larger_than_it_may_be(checker: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "cyjwt-0-py3-none-any.whl"
    for size, fault in ((checker.LARGEST - 1000, False), (checker.LARGEST, True)):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("cyjwt/padding", bytes(size))
        assert any("larger" in found for found in checker.faults_of(wheel, set(), set())) == fault


def build(folder: Path, choice: str) -> subprocess.CompletedProcess[str]:
    """What setup.py does about a choice of libcrypto, in a project of one empty module."""
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools", "77")
    engine = folder / "src" / "cyjwt" / "_engine"
    engine.mkdir(parents=True)
    (engine / "pkey.pyx").write_text("")
    (folder / "tools").mkdir()
    for name in ("setup.py", "pyproject.toml", "LICENSE", "tools/sbom.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "README.md").touch()
    environment = {**os.environ, "CYJWT_LIBCRYPTO": choice}
    command = [sys.executable, "setup.py", "build_ext"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("choice", ["{tmp}/absent", "{tmp}/empty"])
def test_without_a_libcrypto_the_build_names_both_remedies(tmp_path: Path, choice: str) -> None:
    (tmp_path / "empty" / "include" / "openssl").mkdir(parents=True)
    answer = build(tmp_path, choice.format(tmp=tmp_path))
    assert answer.returncode != 0
    assert "libssl-dev" in answer.stderr
    assert "tools/build_aws_lc.py" in answer.stderr
    assert "pip install cmake ninja" in answer.stderr
    assert "CYJWT_LIBCRYPTO" in answer.stderr
    assert not list(tmp_path.rglob("*.so"))


@pytest.mark.parametrize("choice", ["", " "])
def test_an_empty_choice_of_libcrypto_is_refused(tmp_path: Path, choice: str) -> None:
    answer = build(tmp_path, choice)
    assert answer.returncode != 0
    assert "CYJWT_LIBCRYPTO is set but empty: did tools/build_aws_lc.py fail?" in answer.stderr
    assert not list(tmp_path.rglob("*.so"))
