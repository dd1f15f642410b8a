"""Wycheproof's signature and MAC vectors through the engine's own verification, in every place of the lanes.

Whatever files of these kinds lie in the vectors' folder are taken: RSA PKCS#1 v1.5 and PSS, ECDSA in P1363 form,
Ed25519, HMAC.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from cyjwt._engine.lanes import verify_many
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.batch.lanes import Job, alone, everywhere, job
from tests.support import NO_VECTORS, vectors_folder
from tests.unit.pkey_support import rsa_spki

FOLDER = vectors_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason=NO_VECTORS)

#: A group's type and hash, then its curve where it has one, to the algorithm that verifies alike.
SERVED = {
    **{("RsassaPkcs1Verify", f"SHA-{bits}", ""): f"RS{bits}" for bits in (256, 384, 512)},
    **{("RsassaPssVerify", f"SHA-{bits}", ""): f"PS{bits}" for bits in (256, 384, 512)},
    ("EcdsaP1363Verify", "SHA-256", "secp256r1"): "ES256",
    ("EcdsaP1363Verify", "SHA-384", "secp384r1"): "ES384",
    ("EcdsaP1363Verify", "SHA-512", "secp521r1"): "ES512",
    ("EcdsaP1363Verify", "SHA-256", "secp256k1"): "ES256K",
    ("EddsaVerify", "", "edwards25519"): "EdDSA",
    **{("MacTest", f"HMACSHA{bits}", ""): f"HS{bits}" for bits in (256, 384, 512)},
}


def files() -> list[Any]:
    found = []
    for path in sorted((FOLDER / "wycheproof").rglob("*.json")) if FOLDER else []:
        document = json.loads(path.read_text("utf-8"))
        if any(algorithm_of(document, group) for group in document["testGroups"]):
            found.append(pytest.param(path, id=path.stem))
    return found


def algorithm_of(document: dict[str, Any], group: dict[str, Any]) -> str | None:
    hash_name = document.get("algorithm", "") if group["type"] == "MacTest" else group.get("sha", "")
    public = group.get("publicKey") or group.get("key") or {}
    return SERVED.get((group["type"], hash_name, public.get("curve", "") if isinstance(public, dict) else ""))


def public_key(group: dict[str, Any]) -> NativeKey | None:
    """The group's key, or ``None`` where no key of this kind is ever made: it is small, or otherwise unfit."""
    der = group.get("publicKeyDer") or group.get("keyDer")
    numbers = group.get("publicKey") or group.get("key")
    try:
        if group["type"].startswith("Rsassa") and numbers:
            n, e = (int(numbers[name], 16) for name in ("modulus", "publicExponent"))
            return NativeKey.from_spki(rsa_spki(n, e), allow_small_exponent=True)
        return NativeKey.from_spki(bytes.fromhex(der))
    except ValueError:
        return None


def vectors_of(path: Path) -> Iterator[tuple[Job, bool | None]]:
    """Each vector, with the verdict that it must have; ``None`` where it may have either."""
    document = json.loads(path.read_text("utf-8"))
    for group in document["testGroups"]:
        algorithm = algorithm_of(document, group)
        if algorithm is None:
            continue
        bits = ALGORITHMS[algorithm].hash_bits
        # RFC 7518 section 3.5: the salt is as long as the hash, and MGF1's hash is the hash; section 3.2: so is a tag.
        fits = (
            group.get("sLen", bits // 8) == bits // 8 and group.get("mgfSha", f"SHA-{bits}") == f"SHA-{bits}"
        )
        fits = fits and group.get("tagSize", bits) == bits
        if group["type"] != "MacTest" and (key := public_key(group)) is None:
            continue
        for test in group["tests"]:
            if group["type"] == "MacTest":
                key = NativeKey.from_secret(bytes.fromhex(test["key"]))
            signature = bytes.fromhex(test.get("sig", test.get("tag")))
            expected = {"valid": fits, "invalid": False}.get(test["result"])
            assert key is not None
            yield job(key, algorithm, bytes.fromhex(test["msg"]), signature), expected


@cache
def read(path: Path) -> list[tuple[Job, bool | None]]:
    return list(vectors_of(path))


FILES = files()


def test_the_vectors_are_here() -> None:
    assert len(FILES) >= 8
    assert sum(len(read(file.values[0])) for file in FILES) > 1500


@pytest.mark.parametrize("path", FILES)
def test_vectors(route: str, path: Path) -> None:
    cases = read(path)
    assert cases
    held = [one for one, _ in cases if alone(one)]
    assert held, "no vector of this file is valid"
    for one, expected in cases:
        # Neighbours of the same key size share the lanes.
        good = list(islice(cycle(other for other in held if other[0].bits == one[0].bits), 8))
        if good:
            everywhere(one, good, route, expected)
    # The whole file in one call, as it comes and shuffled.
    draw = random.Random(11)
    verdicts = [alone(one) for one, _ in cases]
    for _ in range(5):
        order = draw.sample(range(len(cases)), len(cases))
        assert verify_many([cases[at][0] for at in order]) == bytes(verdicts[at] for at in order)


def test_all_files_in_one_call(route: str) -> None:
    """Every algorithm and key size at once."""
    jobs = [one for file in FILES for one, _ in read(file.values[0])]
    random.Random(12).shuffle(jobs)
    assert verify_many(jobs) == bytes(map(alone, jobs))
