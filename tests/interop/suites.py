"""The published test suites of PyJWT and of two libraries over it, and how each is run with a `jwt` of our choice.

``python -m tests.interop.suites`` brings the source distributions into the cache folder; nothing else here uses
the network. Each suite runs in a process of its own, from a folder into which its distribution was unpacked.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cyjwt
from tools.build_aws_lc import BuildError, cache_root, fetch, sha256_of

RUNNER = Path(__file__).parent / "runner" / "run_suite.py"


@dataclass(frozen=True)
class Suite:
    """A source distribution with tests.

    Attributes:
        package: its name as its file spells it.
        version: the release.
        sha256: the hash of the file.
        config: the file in it that configures its pytest.
        needs: the modules without which it cannot run.
        left_out: tests that are not run, each with the reason.
    """

    package: str
    version: str
    sha256: str
    config: str
    needs: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def archive(self) -> Path:
        """Where the cache holds it."""
        return cache_root() / "sources" / f"{self.package}-{self.version}.tar.gz"

    @property
    def here(self) -> bool:
        """Whether the cache holds it."""
        return self.archive.is_file() and sha256_of(self.archive) == self.sha256

    def bring(self) -> None:
        """Have it in the cache, through pip if need be."""
        fetch(self.archive.parent, self.package, self.version, self.sha256)

    def missing(self) -> str | None:
        """Why it cannot be run here, if it cannot."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if absent:
            return f"{', '.join(absent)} not installed: `make suites` installs what the suites need"
        if not (self.here and PYJWT.here):
            return "the source distributions are not in the cache: `make suites` brings them"
        return None


PYJWT = Suite(
    "pyjwt",
    "2.15.1",
    "4f259e80cdfb6b3fc18a7de51fd1ef9ec79652f25019bae68975ca2468a34df8",
    config="pyproject.toml",
)
FLASK = Suite(
    "flask_jwt_extended",
    "4.7.4",
    "78fd0f460317facf3a0084a6457ffaf2f1dda9eefbd576f94cea35b0eadd5531",
    config="tox.ini",
    needs=("flask", "dateutil"),
)
DJANGO = Suite(
    "djangorestframework_simplejwt",
    "5.5.1",
    "e72c5572f51d7803021288e2057afcbd03f17fe11d484096f40a460abc76e87f",
    config="pytest.ini",
    needs=("django", "rest_framework", "pytest_django", "freezegun", "jose", "dateutil"),
)
SUITES = (PYJWT, FLASK, DJANGO)


@dataclass(frozen=True)
class Answer:
    """How a suite ended.

    Attributes:
        jwt: the file that `jwt` was.
        outcomes: by test (a subtest by its message too), how it and each of its subtests ended.
        messages: by test that failed, the end of what pytest says of it.
    """

    jwt: Path
    outcomes: dict[str, list[str]]
    messages: dict[str, str]


def unpack(suite: Suite, folder: Path) -> Path:
    """The distribution in ``folder``: the suite's own folder is returned, and a package `jwt` of it lies in none."""
    with tarfile.open(suite.archive) as tar:
        tar.extractall(folder, filter="data")
    top = folder / f"{suite.package}-{suite.version}"
    if (top / "jwt").is_dir():
        # Its tests would find it beside them, whatever the path says.
        (folder / "real").mkdir()
        (top / "jwt").rename(folder / "real" / "jwt")
    return top


def run(suite: Suite, folder: Path, real: Path | None = None, *arguments: str) -> Answer:
    """Run a suite that was unpacked into ``folder``.

    Args:
        suite: which one.
        folder: what ``unpack`` returned; the tests may write into it.
        real: the folder that holds PyJWT's own package; ``cyjwt.jwt`` stands for it if there is none.
        arguments: more for pytest.
    """
    ours = Path(cyjwt.__file__).resolve().parent
    answer_file = folder.parent / f"{suite.package}-{'PyJWT' if real else 'cyjwt'}.json"
    job = {
        "jwt": "jwt" if real else "cyjwt.jwt",
        "folder": str((real or ours).resolve() / "jwt"),
        "answer": str(answer_file),
    }
    answer_file.unlink(missing_ok=True)
    command = [sys.executable, str(RUNNER), "-q", "-p", "no:cacheprovider"]
    command += [f"--rootdir={folder}", "-c", suite.config, *arguments, "tests"]
    command += [f"--deselect={test}" for test, _ in suite.left_out]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**_environment(), "CYJWT_SUITE": json.dumps(job), "PYTHONPATH": str(real or ours.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    # 1: some tests failed, of which the caller says whether they may; or pytest was never reached.
    assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]
    assert answer_file.is_file(), done.stderr[-4000:]
    answer = json.loads(answer_file.read_text("utf-8"))
    return Answer(Path(answer["jwt"]), answer["outcomes"], answer["messages"])


@functools.cache
def _environment() -> dict[str, str]:
    """The environment without what steers this very pytest, or Django."""
    steering = ("PYTEST_", "DJANGO_", "COVERAGE_", "PYTHONPATH", "PYTHONWARNINGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


def main() -> int:
    """Bring every distribution into the cache; 1 where that fails."""
    for suite in SUITES:
        try:
            suite.bring()
        except (BuildError, OSError) as error:
            print(f"suites: {suite.package} {suite.version}: {error}", file=sys.stderr)
            return 1
        print(suite.archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
