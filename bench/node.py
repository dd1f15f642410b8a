"""The libraries for Node.js: ``bench/node/bench.mjs`` in a process beside, which is asked and times itself.

They are installed by npm into the cache, at the versions in ``bench/node/package.json``. Each is proved as the others
are, by the same tokens and from the same place; only the loop that is timed runs in Node.js.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.contenders import Sign, Verify
from bench.samples import AUDIENCE, ISSUERS, material
from tools.build_aws_lc import cache_root

FOLDER = Path(__file__).with_name("node")
#: The libraries and their versions.
PINS = FOLDER / "package.json"
#: What the libraries ask of Node.js.
LEAST = 20


class MissingError(ModuleNotFoundError):
    """There is no Node.js that would do, or npm could not install the libraries."""


class RefusedError(Exception):
    """A library refused what it was asked for."""


def versions() -> dict[str, str]:
    """The libraries, and the versions that are measured."""
    pinned: dict[str, str] = json.loads(PINS.read_text("utf-8"))["dependencies"]
    return pinned


@functools.cache
def node_version() -> str:
    """The version of Node.js, once it was found to do."""
    if shutil.which("node") is None:
        raise MissingError("there is no node here")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < LEAST:
        raise MissingError(f"node {version} is older than {LEAST}")
    return version


def place() -> Path:
    """Where the libraries lie, or will: the pins have a folder of their own in the cache."""
    return cache_root() / f"bench-node-{hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]}"


@functools.cache
def installed() -> Path:
    """The folder with ``node_modules``; filled by npm the first time."""
    node_version()
    folder = place()
    if folder.is_dir():
        return folder
    if shutil.which("npm") is None:
        raise MissingError("there is no npm here")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        stage = Path(name, "stage")
        stage.mkdir()
        (stage / PINS.name).write_bytes(PINS.read_bytes())
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
        try:
            done = subprocess.run(command, cwd=stage, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            raise MissingError("npm took too long") from None
        if done.returncode:
            raise MissingError(f"npm: {(done.stderr.splitlines() or ['failed'])[0]}")
        # The folder appears whole or not at all.
        stage.replace(folder)
    return folder


class Node:
    """The process. It ends with this one, which holds its standard input open."""

    def __init__(self) -> None:
        folder = installed()
        self.process = subprocess.Popen(
            ["node", str(FOLDER / "bench.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # fast-jwt warns of what its own README advises for speed.
            env={**os.environ, "CYJWT_BENCH_NODE": str(folder), "NODE_NO_WARNINGS": "1"},
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        """The answer to a request."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("node has ended")
        said = json.loads(line)
        if "failed" in said:
            raise RuntimeError(said["failed"])
        if "refused" in said:
            raise RefusedError(said["refused"])
        return said["value"]


@functools.cache
def process() -> Node:
    """The one process of this one."""
    return Node()


class Task:
    """A function in Node.js, which times itself."""

    def __init__(self, refuses: bool = False, **wanted: Any) -> None:
        self.wanted, self.refuses, self.pool = wanted, refuses, None
        self.number: int = process().ask(**wanted, do="make")

    def __call__(self, argument: Any) -> Any:
        return process().ask(do="call", task=self.number, argument=argument)

    def refusing(self) -> Task:
        """The same, to be timed over what it must refuse."""
        return Task(refuses=True, **self.wanted)

    def timed(self, pool: Sequence[Any], loops: int, tasks: int) -> float:
        """Seconds for so many calls, by so many tasks that wait for each other."""
        request: dict[str, Any] = {"loops": loops, "tasks": tasks, "refuses": self.refuses}
        if self.pool is not pool:
            self.pool = pool
            request["pool"] = list(pool)
        return float(process().ask(do="time", task=self.number, **request))


class NodeLibrary:
    """One of the libraries."""

    refusal = RefusedError

    def __init__(self, library: str, lacks: Sequence[str] = (), **options: Any) -> None:
        process()
        self.library, self.lacks, self.options = library, lacks, options

    def task(self, algorithm: str, *, sign: bool = False, form: str = "raw", **more: Any) -> Task | None:
        if algorithm in self.lacks:
            return None
        key = material(algorithm, form, private=sign)
        if isinstance(key, bytes):
            key = base64.b64encode(key).decode() if algorithm.startswith("HS") else key.decode()
        policy = {"audience": AUDIENCE, "issuers": list(ISSUERS)}
        wanted = {"library": self.library, "algorithm": algorithm, "policy": policy, **self.options, **more}
        return Task(**wanted, key=key, form=form, sign=sign)

    def verifier(self, algorithm: str) -> Verify:
        return self.task(algorithm)

    def signer(self, algorithm: str) -> Sign:
        return self.task(algorithm, sign=True)

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        return self.task(algorithm, form=form, raw=True)

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        return self.task(algorithm, form=form, sign=True, raw=True)

    def set_verifier(self, algorithm: str, jwks: dict[str, Any]) -> Verify:
        return self.task(algorithm, jwks=jwks) if self.library == "jose" else None

    def url_verifier(self, algorithm: str, url: str) -> Verify:
        return self.task(algorithm, url=url) if self.library == "jose" else None

    def header_reader(self) -> Callable[[str], dict[str, Any]] | None:
        return None


class FastJWTCached(NodeLibrary):
    """fast-jwt with its cache on: what it verified before it only finds, by its text."""

    def __init__(self) -> None:
        super().__init__("fast-jwt", ("ES256K", "Ed448"), cache=True)

    def signer(self, algorithm: str) -> Sign:
        return None

    def raw_verifier(self, algorithm: str, form: str) -> Verify:
        return None

    def raw_signer(self, algorithm: str, form: str) -> Sign:
        return None


if __name__ == "__main__":
    # Installs them, where they are not yet.
    try:
        print(installed())
    except MissingError as error:
        raise SystemExit(str(error)) from None
