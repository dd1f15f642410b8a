"""build_info: what this copy is made of."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cyjwt
from cyjwt._engine import base64url, buildinfo, lanes, pkey
from tests.support import ROOT


def test_what_it_tells() -> None:
    told = cyjwt.build_info()
    keys = ["version", "libcrypto", "libcrypto_version", "simd", "compiler", "lanes", "crypto_mb"]
    assert list(told) == keys
    assert told["version"] == cyjwt.__version__
    assert told["libcrypto"] == pkey.libcrypto_name()
    assert told["libcrypto"] in ("AWS-LC", "OpenSSL")
    assert told["libcrypto_version"] == pkey.libcrypto_version()
    assert told["libcrypto_version"][0].isdigit() or told["libcrypto"] in told["libcrypto_version"]
    assert told["simd"] == base64url.level()
    assert told["simd"] in base64url.levels()
    assert told["compiler"] == buildinfo.compiler()
    assert told["compiler"].split()[0] in ("gcc", "clang", "msvc")
    assert told["lanes"] is lanes.live()
    assert told["crypto_mb"] == lanes.crypto_mb_version()
    assert told["crypto_mb"] or not told["lanes"]


def test_it_is_a_new_dict_each_time() -> None:
    cyjwt.build_info()["version"] = "changed"
    assert cyjwt.build_info()["version"] == cyjwt.__version__


def test_the_version_is_that_of_the_project() -> None:
    project = ROOT / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["version"] == cyjwt.__version__


@pytest.mark.parametrize("level", base64url.levels())
def test_the_level_is_the_one_that_is_in_use(level: str) -> None:
    before = base64url.level()
    try:
        base64url.use_level(level)
        assert cyjwt.build_info()["simd"] == level
    finally:
        base64url.use_level(before)


def test_the_environment_chooses_the_level() -> None:
    code = "import cyjwt; print(cyjwt.build_info()['simd'])"
    environment = {
        **os.environ,
        "CYJWT_SIMD": "scalar",
        "PYTHONPATH": str(Path(cyjwt.__file__).parent.parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "scalar\n", done.stderr
