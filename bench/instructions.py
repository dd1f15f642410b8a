"""Instructions of the hot path, counted by Valgrind's callgrind: ``python -m bench.instructions``.

A count is the same on a busy machine and on an idle one, and so it can fail a build where microseconds cannot. What is
counted is a call's share of the difference between twice as many calls and once as many, in one process with fixed
hashes, keys and tokens. Valgrind offers the CPU up to AVX2, and neither AVX-512 nor the SHA extensions: the count is of
the path that such a CPU takes.

``instructions.json`` holds the counts that are expected, each for the facts that it depends on: the machine's
architecture, libc and SIMD level, the libcrypto, the compiler and the build of Python. Where no stored one applies
the counts are printed, and nothing is compared; ``--store`` stores them.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STORED = Path(__file__).with_name("instructions.json")
MARKS = Path(__file__).with_name("marks.c")
#: How far a count may lie above the stored one, as a share. Those far below are told: the stored one is to follow.
TOLERANCE = 0.02
#: Rounds of the pool that are counted once, and then twice; and those before, until all that is remembered is there.
ROUNDS, WARM = 4, 40


def facts() -> dict[str, str]:
    """What the counts depend on."""
    import cyjwt

    info = cyjwt.build_info()
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return {
        # libc and the kernels choose their routes by what the CPU has.
        "machine": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}, {info['simd']}",
        "libcrypto": str(info["libcrypto_version"]),
        "compiler": str(info["compiler"]),
        "python": f"{platform.python_implementation()} {'.'.join(platform.python_version_tuple()[:2])}, "
        f"{platform.python_compiler()}{', optimised' if optimised else ''}",
    }


# --------------------------------------------------------------------------- in the process that is counted


def tasks() -> dict[str, tuple[Callable[[Any], Any], Sequence[Any], int]]:
    """What is counted: a call, what it is called with, and how many tokens one call has."""
    import cyjwt
    from bench.samples import AUDIENCE, ISSUERS, POOL, claims_of
    from bench.strict import dumps, encode_segment
    from cyjwt._engine import base64url, jsontext, jsonwrite
    from cyjwt.algorithms import ALGORITHMS

    claims = []
    for index in range(POOL):
        dates = {"exp": 4_000_000_000 + index, "iat": 1_700_000_000 + index, "nbf": 1_700_000_000 + index}
        claims.append({name: dates.get(name, value) for name, value in claims_of(320, index).items()})
    secret = cyjwt.Key.from_secret(bytes(range(32)))
    rsa = cyjwt.Key.from_jwk(published_key())
    made: dict[str, tuple[Callable[[Any], Any], Sequence[Any], int]] = {}
    for algorithm, key in {"HS256": secret, "RS256": rsa}.items():
        tokens = [cyjwt.Signer(key, algorithm=algorithm).sign(each) for each in claims]
        verifier = cyjwt.Verifier(
            key if algorithm == "HS256" else key.public(),
            algorithms=[algorithm],
            issuer=ISSUERS,
            audience=AUDIENCE,
        )
        for token, each in zip(tokens, claims, strict=True):
            if verifier.verify(token) != each:
                raise SystemExit(f"{algorithm} gives other claims")
        made[f"verify {algorithm} 320 B"] = (verifier.verify, tokens, 1)
        statuses = functools.partial(verifier.verify_batch, claims=False, threads=1)
        made[f"batch {algorithm}, statuses"] = (statuses, [tokens * 4], 4 * POOL)
        signed = [token.rpartition(".")[0].encode() for token in tokens]
        pairs = [(text, key.sign(text, algorithm)) for text in signed]
        # The engine's own call: the public one, in Python, costs more than the rest of a verifier.
        verify = functools.partial(key.native.verify, ALGORITHMS[algorithm].id)
        made[f"signature {algorithm}"] = (functools.partial(_pair, verify), pairs, 1)
    # Not RS256: what blinds its private operation is drawn anew.
    made["sign HS256 320 B"] = (cyjwt.Signer(secret, algorithm="HS256").sign, claims, 1)
    made["JSON write 320 B"] = (jsonwrite.dumps, claims, 1)
    texts = [dumps(each) for each in claims]
    made["JSON read 320 B"] = (jsontext.loads, texts, 1)
    made["base64url decode 430 characters"] = (base64url.decode, [encode_segment(text) for text in texts], 1)
    return made


def _pair(verify: Callable[[bytes, bytes], bool], signed: tuple[bytes, bytes]) -> None:
    if not verify(*signed):
        raise SystemExit("a good signature was refused")


def published_key() -> dict[str, Any]:
    """A fixed RSA key of 2048 bits: the one of RFC 7515, appendix A.2."""
    path = Path(__file__).parents[1] / "tests" / "conformance" / "data" / "rfc7515.json"
    return find_key(json.loads(path.read_text("utf-8")))


def find_key(value: Any) -> dict[str, Any]:
    """The first private RSA key somewhere in a JSON value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and value.get("kty") == "RSA" and "d" in value:
        return value
    return next((found for each in inner if (found := find_key(each))), {})


def counted(library: str) -> None:
    """Run each task between marks that callgrind understands."""
    import ctypes
    import gc

    marks = ctypes.CDLL(library)
    if not marks.marks_running():
        raise SystemExit("no Valgrind runs this process")
    for name, (call, pool, _) in tasks().items():
        # What is remembered is there before, and no collection falls into one count and not into the other.
        _calls(call, pool, WARM)
        gc.collect()
        gc.disable()
        for rounds in (ROUNDS, 2 * ROUNDS):
            marks.marks_begin()
            _calls(call, pool, rounds)
            marks.marks_end(f"{name}|{rounds}".encode())
        gc.enable()
    print(json.dumps({name: len(pool) * each for name, (_, pool, each) in tasks().items()}))


def _calls(call: Callable[[Any], Any], pool: Sequence[Any], rounds: int) -> None:
    for argument in itertools.chain.from_iterable(itertools.repeat(pool, rounds)):
        call(argument)


# --------------------------------------------------------------------------- in the process that counts


def count() -> dict[str, int]:
    """Instructions of one call of each task."""
    for program in ("valgrind", "cc"):
        if shutil.which(program) is None:
            raise SystemExit(f"there is no {program} here (Debian: apt-get install valgrind gcc)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "marks.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", str(MARKS), "-o", str(library)], check=True)
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"]
        command += [f"--callgrind-out-file={folder / 'out'}", sys.executable, "-X", "frozen_modules=on"]
        command += ["-m", "bench.instructions", "--counted", str(library)]
        # Nothing of the environment moves the stack, and with it what is aligned how.
        environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"valgrind ended with status {done.returncode}:\n{done.stderr}")
        totals = dict(map(dumped, folder.glob("out.*")))
        sizes: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    once = {name: totals[f"{name}|{ROUNDS}"] for name in sizes}
    twice = {name: totals[f"{name}|{2 * ROUNDS}"] for name in sizes}
    counts = {name: round((twice[name] - once[name]) / (ROUNDS * size)) for name, size in sizes.items()}
    for algorithm in ("HS256", "RS256"):
        # What a verifier does before and after the signature: the part that is cyjwt's own.
        whole, signature = counts[f"verify {algorithm} 320 B"], counts[f"signature {algorithm}"]
        counts[f"verify {algorithm} 320 B, less its signature"] = whole - signature
    return counts


def dumped(path: Path) -> tuple[str, int]:
    """The name and the total of one of callgrind's files."""
    text = path.read_text("utf-8")
    name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
    total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    if name is None or total is None:
        # What callgrind writes when the process ends.
        return "", 0
    return name[1], int(total[1])


def stored() -> list[dict[str, Any]]:
    """Counts, with the facts that they are for."""
    if not STORED.is_file():
        return []
    records: list[dict[str, Any]] = json.loads(STORED.read_text("utf-8"))
    return records


def expected(known: dict[str, str], records: Sequence[dict[str, Any]]) -> dict[str, int] | None:
    """The counts for these very facts, if there are any."""
    return next((record["counts"] for record in records if record["for"] == known), None)


def verdict(counts: dict[str, int], wanted: dict[str, int], tolerance: float) -> tuple[list[str], bool]:
    """A line for each count, and whether none is too high or missing."""
    lines, held = [], True
    for name in sorted(counts.keys() | wanted.keys()):
        if name not in counts or name not in wanted:
            lines.append(f"{name}: {'not counted' if name in wanted else 'not stored'}")
            held = False
            continue
        change = counts[name] / wanted[name] - 1
        said = f"{name}: {counts[name]:,} instructions, {change:+.1%}"
        if change > tolerance:
            said, held = f"{said}: too many", False
        elif change < -tolerance:
            said += ": fewer; store them"
        lines.append(said)
    return lines, held


def store(known: dict[str, str], counts: dict[str, int]) -> None:
    """Put the counts in the place of those for the same facts."""
    records = [record for record in stored() if record["for"] != known]
    records.append({"for": known, "counts": dict(sorted(counts.items()))})
    records.sort(key=lambda record: sorted(record["for"].items()))
    STORED.write_text(json.dumps(records, indent=2) + "\n", "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Count, and compare with what is stored; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__)
    parser.add_argument("--store", action="store_true", help="store the counts")
    parser.add_argument(
        "--tolerance", type=float, default=TOLERANCE, help="as a share; %(default)s by default"
    )
    parser.add_argument("--counted", help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.counted:
        counted(args.counted)
        return 0
    known, counts = facts(), count()
    print("; ".join(known.values()))
    if args.store:
        store(known, counts)
    wanted = expected(known, stored())
    if wanted is None:
        print("no counts are stored for this; nothing is compared")
        print("\n".join(f"{name}: {number:,} instructions" for name, number in sorted(counts.items())))
        return 0
    lines, held = verdict(counts, wanted, args.tolerance)
    print("\n".join(lines))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
