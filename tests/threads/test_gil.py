"""A CPython without the GIL stays without one."""

from __future__ import annotations

import subprocess
import sys
import sysconfig

import pytest

#: Every compiled module, and what imports them.
SCRIPT = """
import importlib, pkgutil, sys
import cyjwt, cyjwt._engine
for module in pkgutil.iter_modules(cyjwt._engine.__path__):
    importlib.import_module(f"cyjwt._engine.{module.name}")
assert "cryptography" not in sys.modules
print(sys._is_gil_enabled())
"""


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this CPython has a GIL")
def test_no_module_turns_the_gil_on() -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (answer.stdout.strip(), answer.stderr) == ("False", "")


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this CPython has a GIL")
def test_these_tests_run_without_it() -> None:
    """What else they import might turn it on: then none of them would show anything."""
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined]
