"""Where Spark's tests find Java, and what makes Spark's workers run what is tested."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cyjwt

#: The least release of Java that Spark 4 runs on.
JAVA = 17


@functools.cache
def java_release() -> int:
    """The release of the Java that Spark would start, such as 17; 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if program is None:
        return 0
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return 0
    release = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(release[1]) if release else 0


def environment() -> dict[str, str]:
    """Variables by which workers are this interpreter, with this cyjwt, wherever they start."""
    folder = str(Path(cyjwt.__file__).parent.parent)
    paths = [folder, os.environ.get("PYTHONPATH")]
    return {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        # A session of seconds does not pay for a JVM's second compiler and parallel collector.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_IP": "127.0.0.1",
        # It says about itself that it does not know the newest pandas yet.
        "PYTHONWARNINGS": "ignore::FutureWarning",
    }
