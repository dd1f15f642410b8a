"""Fixtures for every room: keys by algorithm, forged tokens, the shared test vectors."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).resolve().parent.parent
# `bench` (the oracle) and `tests` (the helpers) are not installed.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# A shell starts what runs in the background with SIGINT ignored, children too; the tests of Ctrl-C need it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Wheels are tested with pytest alone.
if importlib.util.find_spec("hypothesis") is not None:
    import tests.profiles  # noqa: F401

# What programs print is compared with what is due, which has no colours; these would have some even in a pipe.
for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "PYTHON_COLORS", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)

if TYPE_CHECKING:
    from tests.support import Pair


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long leak checks out unless `-m` names them."""
    if "leak" in (config.getoption("-m") or ""):
        return
    chosen = [
        item for item in items if "leak" not in item.keywords or item.get_closest_marker("leak") is None
    ]
    left_out = [item for item in items if item not in chosen]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


@pytest.fixture(scope="session")
def vectors() -> Path:
    from tests.support import NO_VECTORS, vectors_folder

    folder = vectors_folder()
    if folder is None:
        pytest.skip(NO_VECTORS)
    return folder


@pytest.fixture(scope="session")
def pair() -> Callable[[str], Pair]:
    """The session's key pair for an algorithm: ``pair("RS256")``."""
    from tests.support import pair as of

    return of


@pytest.fixture(scope="session")
def hs256() -> Pair:
    from tests.support import pair as of

    return of("HS256")


@pytest.fixture
def empty_caches() -> Iterator[None]:
    """The caches behind one-shot calls hold nothing, before and after."""
    from cyjwt import caches

    caches.clear()
    yield
    caches.clear()
    caches.resize(caches.DEFAULT_SIZE)
