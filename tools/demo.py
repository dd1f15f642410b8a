"""See the engine at work: keys, a JWK Set, a file of tokens of which a stated share is bad, a verdict on each.

python tools/demo.py [--tokens 200000] [--out DIR] [--seed N]

What is planted is known line by line, so that what the command line finds can be compared with it. It exits
with status 1 if any line, or any count, differs.
"""

from __future__ import annotations

import argparse
import base64
import collections
import contextlib
import json
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cyjwt

ISSUERS = ("https://accounts.example/", "https://partners.example/", "https://devices.example/")
AUDIENCE = "orders"
LIFETIME = 3600

#: The tokens by algorithm, in percent.
ALGORITHMS = {"RS256": 20, "ES256": 20, "EdDSA": 20, "HS256": 40}
SHOWN = {"EdDSA": "Ed25519"}

#: What is wrong with how many of them, in percent.
KINDS = {"good": 80, "tampered": 6, "expired": 5, "another audience": 4, "garbage": 5}

#: The verdict that is due to each kind but garbage, which has several.
VERDICTS = {
    "good": "valid",
    "tampered": "invalid_signature",
    "expired": "expired",
    "another audience": "invalid_audience",
}

#: How many octets the largest claim has, in percent of the tokens.
SIZES = {20: 55, 250: 30, 1200: 12, 6000: 3}

#: A line that is longer than any token may be.
OVERLONG = 70_000


class Planned(NamedTuple):
    """What one line is to be."""

    algorithm: str
    issuer: str
    size: int
    kind: str


class Line(NamedTuple):
    """One line of the file, and the verdict that is due: ``"valid"``, or the code of the error."""

    text: bytes
    verdict: str


class Rates:
    """Calls and seconds by algorithm."""

    def __init__(self) -> None:
        self.calls: collections.Counter[str] = collections.Counter()
        self.seconds: collections.defaultdict[str, float] = collections.defaultdict(float)

    def add(self, algorithm: str, calls: int, seconds: float) -> None:
        self.calls[algorithm] += calls
        self.seconds[algorithm] += seconds

    def __getitem__(self, algorithm: str) -> float:
        return self.calls[algorithm] / max(self.seconds[algorithm], 1e-9)


# --- the tokens ------------------------------------------------------------------------------------


def plan(tokens: int, chance: random.Random) -> list[Planned]:
    """Decide what every line is to be: the shares are exact, the order is random and always the same."""
    algorithms = spread(ALGORITHMS, tokens, chance)
    kinds = spread(KINDS, tokens, chance)
    sizes = spread(SIZES, tokens, chance)
    return [
        Planned(algorithm, chance.choice(ISSUERS), int(size), kind)
        for algorithm, size, kind in zip(algorithms, sizes, kinds, strict=True)
    ]


def spread(shares: Mapping[Any, int], count: int, chance: random.Random) -> list[Any]:
    """So many values, each as often as its share says; what rounding leaves goes to the largest."""
    values = [value for value, share in shares.items() for _ in range(count * share // 100)]
    values += [max(shares, key=lambda value: shares[value])] * (count - len(values))
    chance.shuffle(values)
    return values


def make(planned: list[Planned], keys: Mapping[str, cyjwt.Key], chance: random.Random) -> Iterator[Any]:
    """Make the lines; gives ``(line, seconds spent in signing it)``, in order."""
    signers = {name: cyjwt.Signer(key) for name, key in keys.items()}
    now = int(time.time())
    for number, item in enumerate(planned, 1):
        issued = now - 2 * LIFETIME if item.kind == "expired" else now
        claims = {
            "iss": item.issuer,
            "sub": f"user-{chance.getrandbits(48):012x}",
            "aud": "billing" if item.kind == "another audience" else AUDIENCE,
            "iat": issued,
            "exp": issued + LIFETIME,
            "jti": f"line-{number}",
            "scope": ("orders:read orders:write profile " * (item.size // 32 + 1))[: item.size],
        }
        sign = signers[item.algorithm].sign
        begun = time.perf_counter()
        token = sign(claims)
        spent = time.perf_counter() - begun
        if item.kind == "tampered":
            line = Line(tampered(token, claims, chance), VERDICTS["tampered"])
        elif item.kind == "garbage":
            line = garbage(token, chance)
        else:
            line = Line(token.encode(), VERDICTS[item.kind])
        yield line, spent


def tampered(token: str, claims: dict[str, Any], chance: random.Random) -> bytes:
    """Another signature, or another payload under the same one; both of them well formed."""
    header, payload, signature = token.split(".")
    if chance.random() < 0.5:
        payload = segment(claims | {"sub": "root"})
    else:
        place = chance.randrange(len(signature) - 1)
        another = "A" if signature[place] != "A" else "B"
        signature = signature[:place] + another + signature[place + 1 :]
    return f"{header}.{payload}.{signature}".encode()


def garbage(token: str, chance: random.Random) -> Line:
    """What turns up in files of tokens and is none, or must never be taken for one."""
    header, payload, signature = token.split(".")
    noise = bytes(chance.choice(range(0x80, 0x100)) for _ in range(30))
    forms = (
        (f"{header}.{payload}".encode(), "segments"),  # cut off
        (b"not a token", "segments"),
        (noise, "segments"),
        (f"{header}.{payload}.".encode() + noise, "invalid_base64"),
        (f"{header}.{payload}.{signature}=".encode(), "invalid_base64"),
        (f"bm90IEpTT04.{payload}.{signature}".encode(), "invalid_json"),
        (f"{segment({'alg': 'none'})}.{payload}.".encode(), "invalid_algorithm"),
        (f"{segment({'alg': 'HS256', 'kid': 'nobody'})}.{payload}.{signature}".encode(), "key_not_found"),
    )
    # A few are enough of those that fill a page each.
    if chance.random() < 0.01:
        return Line(b"A" * OVERLONG, "too_large")
    return Line(*chance.choice(forms))


def segment(value: dict[str, Any]) -> str:
    """JSON in base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# --- the steps -------------------------------------------------------------------------------------


def say(text: str = "") -> None:
    print(text, flush=True)


def run(*arguments: str | Path, expect: int = 0, **options: Any) -> None:
    """Run the command line as a user would in the folder of the files, and insist on its exit status."""
    shown = shlex.join(word.name if isinstance(word, Path) else word for word in arguments)
    say(f"  $ cyjwt {shown}")
    status = subprocess.run([sys.executable, "-m", "cyjwt", *arguments], check=False, **options).returncode
    if status != expect:
        raise SystemExit(f"demo: that exited with {status}, not with {expect}")


def make_keys(folder: Path) -> dict[str, cyjwt.Key]:
    """One key an algorithm, and the JWK Set of those that have a public part."""
    say("Keys, and the JWK Set to verify with; a JWK Set holds no secrets, so that of HS256 stays by itself")
    files = {algorithm: folder / f"{algorithm.lower()}.jwk" for algorithm in ALGORITHMS}
    for algorithm, file in files.items():
        run("keygen", "--algorithm", algorithm, "--out", file, "--force")
    public = [file for algorithm, file in files.items() if algorithm != "HS256"]
    run("jwks", *public, "--out", folder / "jwks.json", "--force")
    return {algorithm: cyjwt.Key.from_file(file) for algorithm, file in files.items()}


def write_tokens(
    path: Path, planned: list[Planned], keys: Mapping[str, cyjwt.Key], chance: random.Random
) -> tuple[list[str], dict[str, list[bytes]], Rates]:
    """Sign, spoil and write; gives the verdicts that are due, the good tokens by algorithm, the rates."""
    kinds = collections.Counter(item.kind for item in planned)
    bad = ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS if kind != "good")
    say(f"\nSigning {len(planned):,} tokens of {len(ISSUERS)} issuers: {kinds['good']:,} good, {bad}")
    due: list[str] = []
    good: dict[str, list[bytes]] = {algorithm: [] for algorithm in ALGORITHMS}
    rates = Rates()
    with path.open("wb") as file:
        for item, (line, seconds) in zip(planned, make(planned, keys, chance), strict=True):
            rates.add(item.algorithm, 1, seconds)
            due.append(line.verdict)
            file.write(line.text + b"\n")
            if line.verdict == "valid":
                good[item.algorithm].append(line.text)
    say(f"  {path.name}: {path.stat().st_size / 1e6:,.1f} MB")
    return due, good, rates


def found_by_command_line(folder: Path, lines: int, bad: bool) -> list[str]:
    """Verify the file with the command line; gives what it says of each line."""
    say("\nVerifying the file with the command line")
    keys = ("--key", folder / "jwks.json", "--key", folder / "hs256.jwk")
    issuers = tuple(word for issuer in ISSUERS for word in ("--issuer", issuer))
    options = ("--audience", AUDIENCE, "--json", folder / "tokens.txt")
    with (folder / "results.jsonl").open("wb") as results:
        run("verify", *keys, *issuers, *options, expect=int(bad), stdout=results)
    found = ["no result"] * lines
    with (folder / "results.jsonl").open("rb") as results:
        for text in results:
            result = json.loads(text)
            verdict = result["reason"] if result["status"] == "invalid" else "valid"
            if verdict == "valid" and result["claims"]["jti"] != f"line-{result['line']}":
                verdict = "another line's claims"
            found[result["line"] - 1] = verdict
    return found


def differences(due: list[str], found: list[str]) -> list[str]:
    """Print planted and found side by side; gives every line on which they differ."""
    planted, counted = collections.Counter(due), collections.Counter(found)
    kinds = {verdict: kind for kind, verdict in VERDICTS.items()}
    say(f"\n  {'planted as':<18}{'reason':<20}{'planted':>10}{'found':>10}")
    for reason in sorted(planted | counted, key=lambda reason: (reason != "valid", -planted[reason], reason)):
        mark = "" if planted[reason] == counted[reason] else "   <-- differs"
        say(
            f"  {kinds.get(reason, 'garbage'):<18}{reason:<20}{planted[reason]:>10,}{counted[reason]:>10,}{mark}"
        )
    return [
        f"line {number}: planted {wanted}, found {got}"
        for number, (wanted, got) in enumerate(zip(due, found, strict=True), 1)
        if wanted != got
    ]


def measure(folder: Path, good: Mapping[str, list[bytes]]) -> Rates:
    """Verify the good tokens of each algorithm in this process, on one thread."""
    published = cyjwt.KeySet.from_file(folder / "jwks.json")
    keys = [*published, cyjwt.Key.from_file(folder / "hs256.jwk")]
    verify = cyjwt.Verifier(keys, issuer=ISSUERS, audience=AUDIENCE).verify
    rates = Rates()
    for algorithm, tokens in good.items():
        begun = time.perf_counter()
        for token in tokens:
            verify(token)
        rates.add(algorithm, len(tokens), time.perf_counter() - begun)
    return rates


def demo(folder: Path, tokens: int, seed: int) -> int:
    """All of it; gives the exit status."""
    info = cyjwt.build_info()
    say(f"cyjwt {info['version']} over {info['libcrypto_version']}, base64url by {info['simd']}\n")
    chance = random.Random(seed)
    keys = make_keys(folder)
    planned = plan(tokens, chance)
    due, good, signing = write_tokens(folder / "tokens.txt", planned, keys, chance)
    found = found_by_command_line(folder, len(due), any(verdict != "valid" for verdict in due))
    wrong = differences(due, found)
    verifying = measure(folder, good)
    say("\nTokens a second, on one thread, called from Python")
    say(f"  {'algorithm':<20}{'tokens':>10}{'verified/s':>14}{'signed/s':>14}")
    for algorithm in ALGORITHMS:
        name = f"{algorithm} ({SHOWN[algorithm]})" if algorithm in SHOWN else algorithm
        count = len(good[algorithm])
        say(f"  {name:<20}{count:>10,}{verifying[algorithm]:>14,.0f}{signing[algorithm]:>14,.0f}")
    if wrong:
        say(f"\nNOT AS PLANTED: {len(wrong):,} lines differ")
        say("\n".join(f"  {text}" for text in wrong[:10]))
        return 1
    say(f"\nAs planted: every one of {len(due):,} lines got the verdict that it was due")
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=200_000, help="how many [200000]")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the files here [a temporary folder]")
    parser.add_argument("--seed", type=int, default=7519, help="of the plan [7519]")
    options = parser.parse_args(arguments)
    if options.tokens < 1:
        parser.error("--tokens must be 1 or more")
    with contextlib.ExitStack() as stack:
        if options.out is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cyjwt-demo-")))
        else:
            folder = options.out
            folder.mkdir(parents=True, exist_ok=True)
        return demo(folder, options.tokens, options.seed)


if __name__ == "__main__":
    sys.exit(main())
