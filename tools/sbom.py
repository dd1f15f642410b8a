"""The bill of materials of a wheel: what is linked into it that its metadata does not name.

``setup.py`` puts it into each wheel as ``*.dist-info/sboms/cyjwt.cdx.json`` (PEP 770), in CycloneDX 1.6. It holds
neither a date nor a serial number, so that the same sources give the same octets.
"""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

NAME = "cyjwt.cdx.json"
#: What `tools/build_aws_lc.py` leaves in a prefix.
RECORD = "cyjwt-aws-lc.json"

#: The header that tells a libcrypto's version, the line that does, and what the library is known as.
LIBCRYPTOS = (
    (
        "base.h",
        re.compile(r'^#\s*define AWSLC_VERSION_NUMBER_STRING "([^"]+)"', re.MULTILINE),
        {"name": "AWS-LC", "licenses": [{"expression": "Apache-2.0 AND ISC AND MIT AND BSD-3-Clause"}]},
        "pkg:github/aws/aws-lc@v{}",
    ),
    (
        "opensslv.h",
        re.compile(r'^#\s*define OPENSSL_VERSION_STR "([^"]+)"', re.MULTILINE),
        {"name": "OpenSSL", "licenses": [{"license": {"id": "Apache-2.0"}}]},
        "pkg:github/openssl/openssl@openssl-{}",
    ),
)
CRYPTO_MB_VERSION = re.compile(r"^#define MBX_VER_(?:MAJOR|MINOR|PATCH)\s+(\d+)", re.MULTILINE)


def component(name: str, version: str, purl: str, **more: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def libcrypto(prefix: Path) -> dict[str, Any]:
    """The libcrypto under a prefix, by its headers, and by the tool's record if it was the tool that built it."""
    for header, pattern, known, purl in LIBCRYPTOS:
        path = prefix / "include" / "openssl" / header
        found = pattern.search(path.read_text("utf-8")) if path.is_file() else None
        if found is None:
            continue
        made = component(version=found[1], purl=purl.format(found[1]), **known)
        record = prefix / RECORD
        if record.is_file():
            recipe = json.loads(record.read_text("utf-8"))["recipe"]
            made["properties"] = [
                {"name": "cyjwt:source-sha256", "value": recipe["source"]},
                {"name": "cyjwt:compiler", "value": recipe["compiler"]},
            ]
        return made
    raise ValueError(f"the headers under {prefix} name no libcrypto's version")


def crypto_mb(distribution: str, include: Path) -> dict[str, Any]:
    """crypto_mb, by its header and by the distribution that brought the archive."""
    version = ".".join(CRYPTO_MB_VERSION.findall((include / "crypto_mb" / "version.h").read_text("utf-8")))
    if not version:
        raise ValueError(f"{include / 'crypto_mb'} does not tell crypto_mb's version")
    release = metadata.version(distribution)
    return component(
        "crypto_mb",
        version,
        f"pkg:pypi/{distribution}@{release}",
        licenses=[{"license": {"id": "Apache-2.0"}}],
        description=f"Multi-buffer cryptography of Intel's Cryptography Primitives Library {release}",
    )


def bill(name: str, version: str, linked: list[dict[str, Any]]) -> str:
    """The document for a distribution that has these components linked into it."""
    whole = component(
        name, version, f"pkg:pypi/{name}@{version}", licenses=[{"license": {"id": "Apache-2.0"}}]
    )
    parts = [one["bom-ref"] for one in linked]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole},
        "components": linked,
        "dependencies": [
            {"ref": whole["bom-ref"], "dependsOn": parts},
            *({"ref": part} for part in parts),
        ],
    }
    return json.dumps(document, indent=2) + "\n"
