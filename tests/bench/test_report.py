"""bench.report and bench.plots: whole pages of results, and of those that lack something."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("pyperf")
pytest.importorskip("matplotlib")

from bench import plots, report, results
from bench.lineup import CONTENDERS
from bench.turns import WHOLE
from tests.bench.made import FACTS, suite

CASES = {
    "verify_HS256_320_B": {"cyjwt": 1e-6, "PyJWT": 4.7e-5, "libcrypto": 3e-7},
    "verify_RS256_320_B": {"cyjwt": 1.4e-5, "ryjwt": 1.5e-5},
    "sign_RS256_320_B": {"cyjwt": 5e-4, "libcrypto": 4.9e-4},
    "verify_RS256_by_1_thread": {"cyjwt": 1.4e-5},
    "verify_RS256_by_2_threads": {"cyjwt": 7e-6},
    "batch_of_8_RS256,_statuses": {"cyjwt": 5e-6, "verify": 1.5e-5},
    "batch_RS256,_statuses": {"cyjwt": 4e-6, "verify": 1.5e-5},
    "JSON_read_320_B": {"cyjwt": 6e-7, "orjson": 7e-7},
}


def test_the_page_has_every_figure_once(tmp_path: Path) -> None:
    written = report.write(suite(**CASES), tmp_path)
    assert {path.name for path in written} == {
        *(report.PAGE, report.DATA),
        *(plots.THROUGHPUT, plots.BATCHES, plots.THREADS),
    }
    page = (tmp_path / report.PAGE).read_text("utf-8")
    for name in CASES:
        assert page.count(f"\n| {name.replace('_', ' ')} |") == 1
    assert "| verify HS256 320 B | 1.00 | 47.0 (47.0x) | - | 0.300 (0.300x) |" in page
    for words in ("2030-01-02", "a processor", "AWS-LC 5", "PyJWT 2.15.1", "make bench", "1.5 minutes"):
        assert words in page
    for link in re.findall(r"!?\[[^\]]*\]\(([^)#]+)\)", page):
        assert (tmp_path / link).exists() or link == "../performance.md"


def test_tables_are_well_formed(tmp_path: Path) -> None:
    page = report.whole(suite(**CASES))
    tables = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    found = suite(**CASES)
    report.write(found, tmp_path)
    again = results.load(tmp_path / report.DATA)
    assert results.figures(again) == results.figures(found)
    assert results.facts(again)["versions"] == FACTS["versions"]
    assert report.whole(again) == report.whole(found)


def test_plots_are_pictures_and_the_same_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        report.write(suite(**CASES), folder)
    for name in (plots.THROUGHPUT, plots.BATCHES, plots.THREADS):
        octets = (first / name).read_bytes()
        assert ElementTree.fromstring(octets).tag == "{http://www.w3.org/2000/svg}svg"
        assert octets == (second / name).read_bytes()
    assert b"PyJWT" in (first / plots.THROUGHPUT).read_bytes()


def test_a_page_without_peers_or_batches_is_still_a_page(tmp_path: Path) -> None:
    report.write(suite(verify_HS256_320_B={"cyjwt": 1e-6}), tmp_path)
    assert "| verify HS256 320 B | 1.00 |" in (tmp_path / report.PAGE).read_text("utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"turns": 1}, "the run was a shortened one."),
        ({"processes": 1, "load_before": [5.0, 0.0, 0.0]}, "a shortened one and the machine was busy"),
        ({"load_before": []}, None),
    ],
)
def test_a_run_that_is_worth_less_says_so(changed: dict[str, object], said: str | None) -> None:
    facts = FACTS | {"turns": WHOLE.turns, "processes": WHOLE.processes} | changed
    page = report.whole(results.suite([({"verify HS256 320 B": {"cyjwt": [[1e-6]]}}, "second")], facts))
    assert ("Not to be relied on" in page) == (said is not None)
    assert said is None or said in page


def test_who_was_left_out_is_told_once_for_each_reason() -> None:
    facts = FACTS | {
        "left_out": [
            *(["webtoken", "any case", "No module named 'webtoken'"] for _ in range(3)),
            ["jose", "verify x", "it `said`\nsomething"],
            ["jose", "sign x", "it `said`\nsomething"],
        ]
    }
    values = {"verify HS256 320 B": {"cyjwt": [[1e-6]]}}
    page = report.whole(results.suite([(values, "second")], facts))
    assert "- **webtoken** of any case: No module named 'webtoken'\n" in page
    assert "- **jose** of verify x; sign x: it said something\n" in page
    assert "or the way, or is left out (see the end)." in page


def test_the_end_is_named_where_it_tells_of_somebody() -> None:
    page = report.whole(suite(**CASES))
    assert "lacks the algorithm or the way. It took" in page
    assert "see the end" not in page


def test_memory_and_the_systems_openssl_have_their_tables() -> None:
    facts = FACTS | {"openssl_speed": ["OpenSSL 3", {"RS256": [6e-4, 2e-5]}]}
    values = {"sign RS256 320 B": {"cyjwt": [[5e-4]], "libcrypto": [[4.9e-4]]}}
    found = results.suite([(values, "second"), ({"after the import": {"cyjwt": [[2048.0]]}}, "byte")], facts)
    page = report.whole(found)
    assert "| after the import | 2.00 |" in page
    assert "| sign RS256 | 600 | 490 | 500 |" in page
    assert "| verify RS256 | 20.0 | - | - |" in page


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.07e-6, "1.07"), (4.4e-8, "0.0440"), (569e-6, "569"), (1.2345e-2, "12300")]
)
def test_three_digits(seconds: float, text: str) -> None:
    assert report.micro(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.0324, "0.0324x"), (2.346, "2.35x"), (102.4, "102x"), (1184, "1180x"), (3.2e-5, "3.20e-05x")],
)
def test_ratios_have_three_digits_too(ratio: float, text: str) -> None:
    table = report.markdown({"a case": {"cyjwt": 1e-3, "PyJWT": ratio * 1e-3}}, "µs")
    assert table.endswith(f" ({text}) |")


def test_what_differs_between_processes_is_told() -> None:
    values = {"verify HS256 320 B": {"cyjwt": [[1e-6], [1.3e-6]], "PyJWT": [[1e-5], [1.01e-5]]}}
    found = results.suite([(values, "second")], FACTS)
    assert report.apart(found) == ["Between the processes, µs: cyjwt verify HS256 320 B 1.00 to 1.30."]
    # The quickest of each process, and the median of these.
    assert results.figures(found)["verify HS256 320 B"]["cyjwt"] == pytest.approx(1.15e-6)


def test_columns_stand_in_the_order_of_the_lineup() -> None:
    head = report.markdown(
        {"x": {"orjson": 1.0, **dict.fromkeys(reversed(CONTENDERS), 1.0)}}, "µs"
    ).splitlines()[0]
    assert head == "| µs | " + " | ".join([*CONTENDERS, "orjson"]) + " |"
