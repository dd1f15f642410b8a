"""The targets by name, and what each asks of the fuzzer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fuzz import jwks, material, mutators, text, tokens, writer

CORPUS = Path(__file__).resolve().parent / "corpus"


class Target(NamedTuple):
    """One entry point, or several that read the same text.

    Attributes:
        check: returns where all readers agree about the octets, and raises where they do not.
        longest: the most octets that the fuzzer makes.
        share: how much of the time it gets, beside the others.
        mutate: a mutator that knows the structure, or None for libFuzzer's own.
    """

    check: Callable[[bytes], None]
    longest: int
    share: int
    mutate: mutators.Mutator | None = None


TARGETS = {
    "token": Target(tokens.check, 2048, 20, mutators.token),
    "json": Target(text.check_json, 4096, 8),
    "json_write": Target(writer.check, 1024, 4),
    "jwk": Target(jwks.check_key, 4096, 8, mutators.members),
    "jwks": Target(jwks.check_set, 8192, 8, mutators.members),
    "pem": Target(material.check, 4096, 7, mutators.pem),
    "base64url": Target(text.check_base64url, 1024, 5),
}


def seeds(name: str) -> list[Path]:
    """The files of a target's corpus."""
    return sorted(path for path in (CORPUS / name).iterdir() if path.is_file())
