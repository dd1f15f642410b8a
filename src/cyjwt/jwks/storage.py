"""A JWK Set in a file, from which a client starts while its server is down."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import time

from cyjwt.keyset import MOST_OCTETS

__all__ = ["confirm", "load", "save"]


def load(path: str) -> tuple[bytes, float] | None:
    """What a file holds and the seconds since it was last confirmed, or None if there is no such file.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_OCTETS + 1)
            written = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return None
    return content, max(time() - written, 0.0)


def save(path: str, document: Mapping[str, object]) -> None:
    """Put a document into a file whole: whoever reads it meanwhile sees the old one or the new one.

    Raises:
        OSError: it cannot be written.
    """
    content = json.dumps(document, separators=(",", ":")).encode()
    target = Path(path)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # Without this a crash of the machine may leave a file of the new name and no content.
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink()
        raise


def confirm(path: str) -> None:
    """Note that the server still publishes what the file holds.

    Raises:
        OSError: there is no such file, or it belongs to somebody else.
    """
    os.utime(path)
