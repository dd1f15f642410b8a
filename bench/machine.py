"""What was measured, where and when: what stands above every table, and in every file of results."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cyjwt
from bench import node

#: What is measured besides, or what the libraries stand on.
BESIDES = ("cryptography", "msgspec", "orjson", "pybase64", "pyperf")


def facts(peers: Iterable[str]) -> dict[str, Any]:
    """All of it, by names that pyperf has for it where it has one."""
    info = cyjwt.build_info()
    versions = {name: version(name) for name in (*peers, *BESIDES)}
    with contextlib.suppress(node.MissingError):
        versions |= {"node": node.node_version(), **node.versions()}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "cpu_model_name": cpu(),
        "cpu_count": os.cpu_count() or 1,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python_version": f"{platform.python_implementation()} {platform.python_version()}",
        "load_before": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "cyjwt": {
            name: info[name] for name in ("version", "libcrypto_version", "crypto_mb", "lanes", "simd")
        },
        "versions": {name: number for name, number in sorted(versions.items(), key=_lower) if number},
    }


def _lower(item: tuple[str, str]) -> str:
    return item[0].lower()


def version(distribution: str) -> str:
    """The version that is installed; empty where it is not."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def cpu() -> str:
    """The processor's name."""
    try:
        if sys.platform == "darwin":
            return subprocess.check_output(["sysctl", "-n", "machdep.cpu.brand_string"], text=True).strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return platform.processor() or "an unknown processor"


def told(known: dict[str, Any]) -> str:
    """The facts in a sentence or two."""
    ours = known["cyjwt"]
    lanes = f"crypto_mb {ours['crypto_mb']}" if ours["lanes"] else "no lanes"
    versions = ", ".join(f"{name} {number}" for name, number in known["versions"].items())
    load = (
        f" (load before: {', '.join(f'{value:.2f}' for value in known['load_before'])})"
        if known["load_before"]
        else ""
    )
    return (
        f"{known['date']} UTC{load}; {known['cpu_model_name']}, {known['cpu_count']} cores; {known['platform']}; "
        f"{known['python_version']}; cyjwt {ours['version']} ({ours['libcrypto_version']}, {lanes}, {ours['simd']}); "
        f"{versions}."
    )
