"""The tables: results as Markdown, for the terminal and for ``docs/benchmarks/report.md``."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyperf

from bench import machine, plots, results
from bench.harness import OURS, Figures
from bench.lineup import CONTENDERS, NOTES
from bench.turns import WHOLE

#: Figures that differ more than this between processes are told one by one.
SPREAD = 0.1
#: The report, and the results that it was made of, beside each other in a folder.
PAGE, DATA = "report.md", "results.json"

#: The sections of the whole report: a title, a sentence, and which cases belong there.
SECTIONS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    (
        "Verify",
        "Prepared keys; `exp`, `aud` and `iss` are checked, and the claims returned as a dict.",
        lambda name: name.startswith("verify ") and name.endswith("B") and "," not in name,
    ),
    ("Sign", "Prepared keys.", lambda name: name.startswith("sign ") and "," not in name),
    (
        "Key material on each call",
        "A secret, PEM or a JWK is passed with each call, and what a library remembers of it is up to the library.",
        lambda name: name.endswith("on each call"),
    ),
    (
        "Caches, warm and cold",
        "`verify` is cyjwt's `Verifier.verify` with a prepared key, which all of this is to be seen beside: tokens that "
        "`Verifier(cache=N)` has kept; a cache too small for any to be found again; `cyjwt.decode` with its caches of keys "
        "and policies cleared before each call (clearing them is part of the figure); claims into a `msgspec.Struct`.",
        lambda name: any(word in name for word in ("kept", "cache", "Struct")),
    ),
    (
        "Refuse",
        "Bad tokens, refused by an exception that is caught.",
        lambda name: name.startswith("refuse "),
    ),
    (
        "Threads",
        "So many threads verify at once; a call's share of the time that passes.",
        lambda name: name.startswith("verify ") and "thread" in name,
    ),
    (
        "Event loops",
        "So many tasks verify: `verify_async`, functions called in coroutines, and the promises of Node's jose. `verify` "
        "is cyjwt's own function in coroutines.",
        lambda name: name.startswith("verify ") and "task" in name,
    ),
    (
        "Batches",
        "Figures are for one token, whatever a call takes; 10,000 tokens a batch where nothing else is said. `verify` is "
        "cyjwt's `Verifier.verify`, token by token, and ryjwt goes through them likewise.",
        lambda name: name.startswith("batch "),
    ),
    ("Look-up of keys", "The key is found by `kid`.", lambda name: name.startswith("look up ")),
    ("Headers", "Read, and nothing verified.", lambda name: name == "read header"),
    ("JSON", "", lambda name: name.startswith("JSON ")),
    ("base64url", "", lambda name: name.startswith("base64url ")),
    ("Comparison in constant time", "", lambda name: name.startswith("compare ")),
    (
        "Import",
        "Over the bare interpreter, in a process of its own. cyjwt imports `cryptography` with the first key that is no "
        "secret, and pays for it then.",
        lambda name: name == "import",
    ),
)


def digits(value: float) -> str:
    """Three digits; thousands and more without an exponent."""
    text = f"{value:#.3g}"
    return f"{float(text):.0f}" if "e+" in text else text.rstrip(".")


def micro(seconds: float) -> str:
    """Microseconds, to three digits."""
    return digits(1e6 * seconds)


def kibi(octets: float) -> str:
    """KiB, to three digits."""
    return digits(octets / 1024)


def markdown(figures: Figures, head: str, spell: Callable[[float], str] = micro) -> str:
    """A table of figures, and in brackets how many times as much as cyjwt's they are."""
    columns = sorted({who for row in figures.values() for who in row}, key=_place)
    lines = [f"| {head} |" + "".join(f" {who} |" for who in columns), "|---|" + "---:|" * len(columns)]
    for name, row in figures.items():
        ours = row.get(OURS)
        cells = []
        for who in columns:
            value = row.get(who)
            cell = "-" if value is None else spell(value)
            cells.append(f"{cell} ({digits(value / ours)}x)" if value and ours and who != OURS else cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _place(contender: str) -> tuple[int, str]:
    """cyjwt first, then those that all cases have, in their order, then those of some kernel."""
    known = list(CONTENDERS)
    return (known.index(contender) if contender in known else len(known), contender)


def short(found: pyperf.BenchmarkSuite) -> str:
    """The README's tables: tokens share one, batches another, and each kernel has its own."""

    def table_of(name: str) -> str:
        kind = name.split()[0]
        return name if kind in ("JSON", "base64url") else "batch" if kind == "batch" else "token"

    figures = results.figures(found)
    blocks = [provenance(found)]
    for kind, names in itertools.groupby(figures, key=table_of):
        head = "one token, µs" if kind == "batch" else "one call, µs"
        blocks.append(markdown({name: figures[name] for name in names}, head))
    return "\n\n".join([*blocks, *apart(found)])


def provenance(found: pyperf.BenchmarkSuite) -> str:
    """What was measured, where, when and how."""
    known = results.facts(found)
    return (
        f"{machine.told(known)}\n"
        f"Each contender's quickest of up to {known['turns']} turns, the median of {known['processes']} processes; in brackets, "
        f"how many times as long as\n{OURS} it takes."
    )


def apart(found: pyperf.BenchmarkSuite) -> list[str]:
    """What differs much between the processes."""
    told = [f"{name} {micro(least)} to {micro(most)}" for name, least, most in results.spread(found, SPREAD)]
    return [f"Between the processes, µs: {'; '.join(told)}."] if told else []


def whole(found: pyperf.BenchmarkSuite) -> str:
    """The page: every table, with what is to be known to read and to repeat it."""
    known, figures = results.facts(found), results.figures(found)
    taken: set[str] = set()
    blocks = [
        "# Benchmark report",
        "<!-- Written by `make bench`, which overwrites it. -->",
        "Microseconds of one call, and in brackets how many times as long as cyjwt a library takes. "
        "[Performance](../performance.md#how-to-read-the-figures) says how to read it.",
        f"**Taken** {machine.told(known)}",
        f"**How.** Each contender's quickest of up to {known['turns']} turns, taken in turns with the others, and the median "
        f"of {known['processes']} process{'' if known['processes'] == 1 else 'es'}. `-`: the library lacks the algorithm or the "
        f"way{', or is left out (see the end)' if known.get('left_out') else ''}. It took {known['minutes']} minutes.",
        *_warning(known),
        f"**To repeat it**: `make bench` in a checkout, on a machine that does nothing else. [{DATA}]({DATA}) holds every value "
        "that was taken, as pyperf keeps them: `python -m pyperf show`, `stats` and `compare_to` read it.",
        "\n".join(["## Notes", "", *(f"- **{who}**: {note}" for who, note in NOTES.items())]),
        f"## By algorithm\n\n![Tokens verified a second, by algorithm and library]({plots.THROUGHPUT})",
    ]
    for title, words, belongs in SECTIONS:
        names = [name for name in figures if belongs(name) and name not in taken]
        if not names:
            continue
        taken.update(names)
        blocks += [f"## {title}", words] if words else [f"## {title}"]
        if picture := {"Threads": plots.THREADS, "Batches": plots.BATCHES}.get(title):
            blocks.append(f"![{title}]({picture})")
        blocks.append(markdown({name: figures[name] for name in names}, "µs"))
    blocks += [*_memory(found), *_system(known, figures), *_left_out(known)]
    return "\n\n".join(blocks) + "\n"


def _warning(known: dict[str, Any]) -> list[str]:
    """What makes the figures of a run worth less."""
    told = []
    if known["processes"] < WHOLE.processes or known["turns"] < WHOLE.turns:
        told.append("the run was a shortened one")
    if known["load_before"] and known["load_before"][0] > known["cpu_count"] / 2:
        told.append("the machine was busy with other things")
    return [f"**Not to be relied on**: {' and '.join(told)}."] if told else []


def _memory(found: pyperf.BenchmarkSuite) -> list[str]:
    octets = results.figures(found, "byte")
    words = (
        "Resident KiB, in processes of their own. A verifier of cyjwt has memories of a fixed size for headers and shapes of "
        "claims: make few, and share them."
    )
    return ["## Memory", words, markdown(octets, "KiB", kibi)] if octets else []


def _system(known: dict[str, Any], figures: Figures) -> list[str]:
    """`openssl speed` of the system, beside the libcrypto that cyjwt is linked with and cyjwt itself."""
    version, speeds = known.get("openssl_speed") or ["", {}]
    version = " ".join(version.split()[:2])
    if not speeds:
        return []
    lines = [f"| µs | {version} | libcrypto of cyjwt | cyjwt |", "|---|---:|---:|---:|"]
    for algorithm, pair in speeds.items():
        for verb, seconds in zip(("sign", "verify"), pair, strict=True):
            row = figures.get(f"{verb} {algorithm} 320 B", {})
            cells = [micro(row[who]) if who in row else "-" for who in ("libcrypto", OURS)]
            lines.append(f"| {verb} {algorithm} | {micro(seconds)} | {' | '.join(cells)} |")
    words = (
        "`openssl speed` signs and verifies a digest, and hashes nothing; by processor time, in the same run."
    )
    return ["## The system's OpenSSL", words, "\n".join(lines)]


def _left_out(known: dict[str, Any]) -> list[str]:
    """Who was left out of what, and why; a library that never came is told once."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for who, case, reason in known.get("left_out", []):
        by_reason.setdefault((who, reason), []).append(case)
    if not by_reason:
        return []
    lines = [
        f"- **{who}** of {'; '.join(dict.fromkeys(names))}: {' '.join(reason.split())[:200].replace('`', '')}"
        for (who, reason), names in by_reason.items()
    ]
    return ["## Left out", "\n".join(lines)]


def write(found: pyperf.BenchmarkSuite, folder: Path) -> list[Path]:
    """The page, its plots and its data; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = plots.draw(results.figures(found), folder)
    (folder / PAGE).write_text(whole(found), "utf-8")
    results.save(found, folder / DATA)
    return [folder / PAGE, folder / DATA, *drawn]
