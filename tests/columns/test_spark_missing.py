"""cyjwt.spark where Spark is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt
import cyjwt.spark
from tests.support import pair


@pytest.mark.parametrize("package", ["pyspark", "pyarrow", "pandas"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pyarrow", "pandas"):
        # Whether it is installed here or not.
        monkeypatch.setitem(sys.modules, name, None if name == package else sys)  # type: ignore[arg-type]
    with pytest.raises(ImportError, match=rf"needs {package},.*pip install 'cyjwt\[spark\]'"):
        cyjwt.spark.verify(None, "token", pair("HS256").verifier())  # type: ignore[arg-type]


def test_the_module_itself_needs_none_of_them() -> None:
    folder = str(Path(cyjwt.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {folder!r}); import cyjwt.spark; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "cyjwt.spark" in loaded
    assert not loaded & {"pyspark", "pyarrow", "pandas", "nanoarrow", "cryptography"}
