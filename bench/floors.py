"""libcrypto's own calls, timed in C: what no library that is built on it can go below.

``bench/floors.c`` is compiled with the very libcrypto that cyjwt is linked with: ``CYJWT_BENCH_LIBCRYPTO`` names it as
``CYJWT_LIBCRYPTO`` does for the build, and ``make`` sets it. It is left out where there is no compiler, or where its
version is not the one in ``build_info()``. ``system_speed`` asks the system's ``openssl speed`` besides.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import cyjwt
from bench.harness import Work
from bench.samples import claims_pool, native_key, tampered, token_pool
from bench.strict import decode_segment, dumps, encode_segment
from cyjwt.algorithms import ALGORITHMS, EC, HMAC, OKP, RSA_PSS
from tools.build_aws_lc import cache_root

SOURCE = Path(__file__).with_name("floors.c")
#: The name of this contender.
LIBCRYPTO = "libcrypto"
#: What ``openssl speed`` calls the algorithms, in the order in which it measures them.
SPEED = {
    "RS256": "rsa2048",
    "ES256": "ecdsap256",
    "ES384": "ecdsap384",
    "ES512": "ecdsap521",
    "EdDSA": "ed25519",
}
#: Octets of the longest signature.
MOST = 1024


class Input(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("signature", ctypes.c_char_p),
        ("signature_size", ctypes.c_size_t),
        ("pair", ctypes.c_void_p),
    )


def link_flags() -> list[str]:
    """What the compiler is told about the libcrypto of choice."""
    choice = os.environ.get("CYJWT_BENCH_LIBCRYPTO") or "openssl"
    if choice == "openssl":
        return ["-lcrypto"]
    prefix = Path(choice)
    static = prefix / "lib" / "libcrypto.a"
    found = [str(static), "-pthread"] if static.is_file() else [f"-L{prefix / 'lib'}", "-lcrypto"]
    return [f"-I{prefix / 'include'}", *found]


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled floors, kept in the cache under a hash of all that went in."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("there is no C compiler")
    flags = link_flags()
    wanted = cyjwt.build_info()["libcrypto_version"]
    identity = hashlib.sha256(SOURCE.read_bytes() + repr((compiler, flags, wanted)).encode()).hexdigest()[:16]
    built = cache_root() / f"floors-{identity}.so"
    if not built.is_file():
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=built.parent) as folder:
            made = Path(folder, "floors.so")
            command = [
                compiler,
                "-O2",
                "-shared",
                "-fPIC",
                "-fvisibility=hidden",
                str(SOURCE),
                "-o",
                str(made),
            ]
            done = subprocess.run([*command, *flags], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"floors.c: {(done.stderr.splitlines() or ['cannot be linked'])[-1]}")
            made.replace(built)
    loaded = ctypes.CDLL(str(built), mode=os.RTLD_LOCAL | os.RTLD_NOW)
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    inputs = ctypes.POINTER(Input)
    shapes: dict[str, tuple[Any, list[Any]]] = {
        "floor_version": (text, []),
        "floor_new": (pointer, [ctypes.c_int, ctypes.c_int, text, size, ctypes.c_int]),
        "floor_verify": (ctypes.c_int, [pointer, inputs]),
        "floor_sign": (size, [pointer, inputs, text]),
        "floor_time": (ctypes.c_double, [pointer, inputs, size, size, ctypes.c_int]),
    }
    for name, (result, arguments) in shapes.items():
        getattr(loaded, name).restype, getattr(loaded, name).argtypes = result, arguments
    version = loaded.floor_version().decode()
    if version != wanted:
        raise RuntimeError(f"linked with {version}, while cyjwt has {wanted}")
    return loaded


class Floor:
    """A key of libcrypto, and the call that verifies or signs with it; it times itself."""

    def __init__(self, algorithm: str, *, signs: bool) -> None:
        self.row, self.signs = ALGORITHMS[algorithm], signs
        native = native_key(algorithm)
        family = 2 if self.row.family == RSA_PSS else {HMAC: 0, EC: 3, OKP: 4}.get(self.row.family, 1)
        der, plain = serialization.Encoding.DER, serialization.NoEncryption()
        if isinstance(native, bytes):
            key = native
        elif signs:
            key = native.private_bytes(der, serialization.PrivateFormat.PKCS8, plain)
        else:
            key = native.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.key = library().floor_new(family, self.row.hash_bits or 512, key, len(key), signs)
        if not self.key:
            raise RuntimeError(f"libcrypto refuses the key of {algorithm}")

    def input(self, token: str) -> Input:
        """What is signed of a token, and its signature as libcrypto has them."""
        data, _, tail = token.encode().rpartition(b".")
        signature = decode_segment(tail)
        if self.row.family == EC:
            half = self.row.signature_size // 2
            pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            signature = encode_dss_signature(*pair)
        return Input(data, len(data), signature, len(signature), None)

    def __call__(self, token: Any) -> Any:
        made = self.input(token)
        if not self.signs:
            return bool(library().floor_verify(self.key, made))
        out = ctypes.create_string_buffer(MOST)
        size = library().floor_sign(self.key, made, out)
        return out.raw[:size]

    def timed(self, pool: Sequence[Any], loops: int, tasks: int) -> float:
        """Seconds for so many calls."""
        inputs = (Input * len(pool))(*map(self.input, pool))
        seconds = float(library().floor_time(self.key, inputs, len(pool), loops, self.signs))
        if seconds < 0:
            raise RuntimeError("libcrypto failed")
        return seconds


def verifying(algorithm: str, size: int) -> Work | None:
    """Verify good signatures of tokens, and nothing else about them."""
    if algorithm == "Ed448":
        return None
    floor, pool = Floor(algorithm, signs=False), token_pool(algorithm, size)
    for index, token in enumerate(pool):
        if not floor(token) or floor(tampered(token, index)):
            raise RuntimeError("the floor gives wrong verdicts")
    return Work(floor, pool)


def signing(algorithm: str, size: int) -> Work | None:
    """Sign signing inputs."""
    if algorithm == "Ed448":
        return None
    signs, holds = Floor(algorithm, signs=True), Floor(algorithm, signs=False)
    head = encode_segment(dumps({"alg": algorithm, "typ": "JWT"})).decode()
    pool = [f"{head}.{encode_segment(dumps(claims)).decode()}." for claims in claims_pool(size)]
    for token in pool:
        data, signature = token.rpartition(".")[0].encode(), signs(token)
        made = Input(data, len(data), signature, len(signature), None)
        if not library().floor_verify(holds.key, made):
            raise RuntimeError("the floor's signature does not hold")
    return Work(signs, pool)


def system_speed() -> tuple[str, dict[str, tuple[float, float]]]:
    """The version of the system's OpenSSL; by algorithm the seconds of one signature and of one verification."""
    program = shutil.which("openssl")
    if program is None:
        return "", {}
    version = subprocess.run([program, "version"], capture_output=True, text=True).stdout.strip()
    done = subprocess.run(
        [program, "speed", "-seconds", "1", "-mr", *SPEED.values()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    # +F2:2:2048:SIGNATURES A SECOND:VERIFICATIONS A SECOND, and likewise for the others.
    lines = [line.split(":") for line in done.stdout.splitlines() if line.startswith("+F")]
    rates = [(1 / float(cells[-2]), 1 / float(cells[-1])) for cells in lines if "inf" not in cells]
    return version, dict(zip(SPEED, rates, strict=True)) if len(rates) == len(SPEED) else {}
