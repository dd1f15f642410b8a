"""See the engine at work: keys, a JWK Set, a file of tokens of which a stated share is bad, a verdict on each.

python tools/demo.py [--tokens 200000] [--out DIR] [--seed N]

What is planted is known line by line, so that what the command line finds can be compared with it. Then the same
file is verified from Python, token by token and in batches, and the rates are shown side by side. It exits with status
1 if any line, or any count, differs.
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
from collections.abc import Callable, Iterator, Mapping
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

#: The tokens of a batch.
BATCH = 10_000

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
) -> tuple[list[str], Rates]:
    """Sign, spoil and write; gives the verdicts that are due, and the rates of signing."""
    kinds = collections.Counter(item.kind for item in planned)
    bad = ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS if kind != "good")
    say(f"\nSigning {len(planned):,} tokens of {len(ISSUERS)} issuers: {kinds['good']:,} good, {bad}")
    due: list[str] = []
    rates = Rates()
    with path.open("wb") as file:
        for item, (line, seconds) in zip(planned, make(planned, keys, chance), strict=True):
            rates.add(item.algorithm, 1, seconds)
            due.append(line.verdict)
            file.write(line.text + b"\n")
    say(f"  {path.name}: {path.stat().st_size / 1e6:,.1f} MB")
    return due, rates


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


def one_by_one(verifier: cyjwt.Verifier, tokens: list[bytes]) -> collections.Counter[str]:
    """What ``verify`` says, by reason."""
    counts: collections.Counter[str] = collections.Counter()
    for token in tokens:
        try:
            verifier.verify(token)
        except cyjwt.InvalidTokenError as error:
            counts[error.code] += 1
        else:
            counts["valid"] += 1
    return counts


def in_batches(verifier: cyjwt.Verifier, tokens: list[bytes], claims: bool) -> collections.Counter[str]:
    """What ``verify_batch`` says, by reason."""
    counts: collections.Counter[str] = collections.Counter()
    for batch in verifier.verify_stream(tokens, size=BATCH, claims=claims):
        counts.update(batch.counts())
    return counts


#: The ways to verify, by what the table calls them.
WAYS: dict[str, Callable[[cyjwt.Verifier, list[bytes]], collections.Counter[str]]] = {
    "verify": one_by_one,
    "verify_batch": lambda verifier, tokens: in_batches(verifier, tokens, True),
    "statuses alone": lambda verifier, tokens: in_batches(verifier, tokens, False),
}


def measure(folder: Path, planned: list[Planned], due: list[str]) -> tuple[dict[str, Rates], list[str]]:
    """Verify the file in this process, every way; gives the rates, and where the counts are not those planted."""
    published = cyjwt.KeySet.from_file(folder / "jwks.json")
    keys = [*published, cyjwt.Key.from_file(folder / "hs256.jwk")]
    verifier = cyjwt.Verifier(keys, issuer=ISSUERS, audience=AUDIENCE)
    tokens: dict[str, list[bytes]] = {algorithm: [] for algorithm in ALGORITHMS}
    planted = {algorithm: collections.Counter[str]() for algorithm in ALGORITHMS}
    with (folder / "tokens.txt").open("rb") as file:
        for item, verdict, line in zip(planned, due, file, strict=True):
            tokens[item.algorithm].append(line.rstrip(b"\n"))
            planted[item.algorithm][verdict] += 1
    rates = {way: Rates() for way in WAYS}
    wrong: list[str] = []
    for algorithm in ALGORITHMS:
        for way, verify in WAYS.items():
            begun = time.perf_counter()
            counts = verify(verifier, tokens[algorithm])
            rates[way].add(algorithm, len(tokens[algorithm]), time.perf_counter() - begun)
            if counts != planted[algorithm]:
                wrong.append(f"{algorithm}, {way}: planted {planted[algorithm]}, found {counts}")
    return rates, wrong


def compare(verifying: Mapping[str, Rates], signing: Rates, lanes: bool) -> None:
    """Print the rates side by side."""
    say(
        "\nTokens a second of the same file, good and bad, called from Python: one by one on one thread, in batches of"
    )
    say(
        f"{BATCH:,} on all cores, {'eight signatures at a time' if lanes else 'signature by signature'}; with the claims, and statuses alone"
    )
    say(
        f"  {'algorithm':<16}{'tokens':>9}{'verify':>12}{'verify_batch':>14}{'ratio':>8}{'statuses':>12}{'ratio':>8}{'sign':>12}"
    )
    for algorithm in ALGORITHMS:
        name = f"{algorithm} ({SHOWN[algorithm]})" if algorithm in SHOWN else algorithm
        single, batch, alone = (verifying[way][algorithm] for way in WAYS)
        say(
            f"  {name:<16}{signing.calls[algorithm]:>9,}{single:>12,.0f}{batch:>14,.0f}{batch / single:>7.1f}x"
            f"{alone:>12,.0f}{alone / single:>7.1f}x{signing[algorithm]:>12,.0f}"
        )


def demo(folder: Path, tokens: int, seed: int) -> int:
    """All of it; gives the exit status."""
    info = cyjwt.build_info()
    say(f"cyjwt {info['version']} over {info['libcrypto_version']}, base64url by {info['simd']}\n")
    chance = random.Random(seed)
    keys = make_keys(folder)
    planned = plan(tokens, chance)
    due, signing = write_tokens(folder / "tokens.txt", planned, keys, chance)
    found = found_by_command_line(folder, len(due), any(verdict != "valid" for verdict in due))
    wrong = differences(due, found)
    verifying, miscounted = measure(folder, planned, due)
    compare(verifying, signing, bool(info["lanes"]))
    if wrong or miscounted:
        say(f"\nNOT AS PLANTED: {len(wrong):,} lines differ")
        say("\n".join(f"  {text}" for text in (wrong + miscounted)[:10]))
        return 1
    say(
        f"\nAs planted: every one of {len(due):,} lines got the verdict that it was due, and every count agrees"
    )
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
