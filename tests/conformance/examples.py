"""Reads the RFC examples that lie in ``data/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"


def of(rfc: int, kind: str | None = None) -> list[dict[str, Any]]:
    """The examples of one RFC, all or those of one kind."""
    every = json.loads((DATA / f"rfc{rfc}.json").read_text("utf-8"))["examples"]
    return [example for example in every if kind is None or example.get("kind") == kind]


def one(rfc: int, section: str) -> dict[str, Any]:
    """The example of one section."""
    [example] = [example for example in of(rfc) if example["section"] == section]
    return example


def name(example: dict[str, Any]) -> str:
    """A test id."""
    return f"{example['section']}-{example.get('alg', '')}".rstrip("-")
