"""Wycheproof's vectors of bare signatures, each alone, in lanes filled with it, and among good ones in every place.

Whatever of RSASSA-PKCS1-v1_5, RSASSA-PSS, ECDSA in the form r || s and Ed25519 lies in the folder of vectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.support import NO_VECTORS, vectors_folder
from tests.unit.lanes_support import Job, good_job

pytestmark = pytest.mark.skipif(vectors_folder() is None, reason=NO_VECTORS)

ROUTES = [None, "lanes", "single"] if lanes.live() else [None, "single"]
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}


def algorithm(group: dict[str, Any]) -> str | None:
    """The name of the JWS algorithm that a group of vectors is of."""
    bits = group.get("sha", "").removeprefix("SHA-")
    if group["type"] == "RsassaPkcs1Verify":
        found = f"RS{bits}"
    elif group["type"] == "RsassaPssVerify":
        usual = group.get("mgfSha") == group["sha"] and 8 * group["sLen"] == int(bits or 0)
        found = f"PS{bits}" if usual else ""
    elif group["type"] == "EcdsaP1363Verify":
        curve = CURVES.get(group.get("publicKey", group.get("key", {}))["curve"])
        served = (
            name
            for name, row in ALGORITHMS.items()
            if row.curves == (curve,) and row.hash_bits == int(bits) and row.kty == "EC"
        )
        found = next(served, "")
    elif group["type"] == "EddsaVerify":
        found = "EdDSA" if "25519" in group.get("publicKey", group.get("key", {}))["curve"] else ""
    else:
        found = ""
    return found if found in ALGORITHMS else None


def files() -> list[Path]:
    folder = vectors_folder()
    return [] if folder is None else sorted((folder / "wycheproof" / "primitives").glob("*.json"))


def groups() -> Iterator[Any]:
    for path in files():
        if not path.name.startswith(("rsa_signature", "rsa_pss", "ecdsa", "ed25519", "eddsa")):
            continue
        for number, group in enumerate(json.loads(path.read_text("utf-8"))["testGroups"]):
            name = algorithm(group)
            if name is not None:
                yield pytest.param(name, group, id=f"{path.stem.removesuffix('_test')}-{number}")


def good(name: str, bits: int) -> list[Job]:
    group = f"{name}-{bits}" if name.startswith(("RS", "PS")) else name
    return [good_job(group, number % 2, b"data %d" % number) for number in range(8)]


@pytest.mark.parametrize(("name", "group"), [*groups()])
def test_vectors(name: str, group: dict[str, Any]) -> None:
    der = group.get("publicKeyDer", group.get("keyDer"))
    try:
        native = NativeKey.from_spki(bytes.fromhex(der), allow_small_exponent=True)
    except ValueError as error:
        pytest.skip(f"the key is refused: {error}")
    row = ALGORITHMS[name].id
    company = good(name, native.bits)
    jobs = [(native, row, bytes.fromhex(t["msg"]), bytes.fromhex(t["sig"])) for t in group["tests"]]
    expected = [t["result"] for t in group["tests"]]
    singly = [native.verify(*job[1:]) for job in jobs]
    for verdict, result, test in zip(singly, expected, group["tests"], strict=True):
        assert result == "acceptable" or verdict == (result == "valid"), test["comment"]
    try:
        for route in ROUTES:
            lanes.force(route)
            assert lanes.verify_many(jobs) == bytes(singly)
            assert lanes.verify_many(jobs[::-1]) == bytes(singly[::-1])
            for job, verdict in zip(jobs, singly, strict=True):
                assert lanes.verify_many([job]) == bytes([verdict])
                assert lanes.verify_many([job] * 8) == bytes([verdict]) * 8
            if route != "single":
                for job, verdict in zip(jobs, singly, strict=True):
                    for place in range(8):
                        answers = lanes.verify_many([*company[:place], job, *company[place + 1 :]])
                        assert answers == b"\1" * place + bytes([verdict]) + b"\1" * (7 - place)
    finally:
        lanes.force(None)


@pytest.mark.skipif(not lanes.live(), reason="this build, CPU or environment has no lanes")
@pytest.mark.parametrize(("name", "group"), [*groups()])
def test_a_lane_says_yes_to_nothing_that_single_verification_refuses(
    name: str, group: dict[str, Any]
) -> None:
    try:
        native = NativeKey.from_spki(bytes.fromhex(group.get("publicKeyDer", group.get("keyDer"))))
    except ValueError as error:
        pytest.skip(f"the key is refused: {error}")
    row = ALGORITHMS[name].id
    jobs = [(native, row, bytes.fromhex(t["msg"]), bytes.fromhex(t["sig"])) for t in group["tests"]]
    for job, said in zip(jobs, lanes.verify_many(jobs, confirm=False), strict=True):
        assert not said or native.verify(*job[1:])


def test_there_are_vectors() -> None:
    names = {parameter.values[0] for parameter in groups()}
    assert {"RS256", "RS384", "RS512"} <= names
