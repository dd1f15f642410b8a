"""bench: what is measured, who proves what, and who is left out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from bench import headline, keysets, lineup, refusals, report, tokens
from bench.__main__ import every_case, headlines
from bench.harness import Case, Work, left_out, measure
from bench.samples import POOL, claims_pool, material, token_pool
from tests.bench.bad import bad_tokens, taken_without

NAMES = [case.name for case in every_case()]


def contender(who: str) -> Any:
    try:
        return lineup.PYTHON[who]()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


def test_every_case_has_a_name_of_its_own_and_a_place_in_the_report() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert not [name for name in NAMES if not any(belongs(name) for _, _, belongs in report.SECTIONS)]


def test_the_matrix_is_whole() -> None:
    for algorithm in tokens.ALGORITHMS:
        assert {f"verify {algorithm} 320 B", f"sign {algorithm} 320 B"} <= set(NAMES)
    for name in (
        "verify RS256 10 KB",
        "sign HS256 320 B, JWK on each call",
        "verify ES256 320 B, PEM and caches cold",
        "verify HS256 320 B, kept",
        "refuse garbage HS256 320 B",
        "batch of 1 RS256, statuses",
        "batch of 100000 EdDSA, statuses",
        "verify RS256 by 4 threads",
        "verify RS256 in 64 tasks",
        "look up 1 of 1000 ES256 keys",
    ):
        assert name in NAMES


def test_the_headline_is_a_part_of_the_matrix_with_fewer_contenders() -> None:
    found = headlines(every_case())
    assert [case.name for case in found] == list(headline.CASES)
    assert all("cyjwt" in case.contenders for case in found)
    assert {who for case in found for who in case.contenders} == set(headline.COLUMNS)


# -- proofs


@pytest.mark.parametrize("who", lineup.PYTHON)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_each_library_is_set_up_to_check_what_the_others_check(who: str, algorithm: str) -> None:
    library = contender(who)
    verify = library.verifier(algorithm)
    if verify is None:
        pytest.skip(f"{who} has no {algorithm}")
    good = token_pool(algorithm, 320)
    assert [verify(token) for token in good] == list(claims_pool(320))
    for bad in bad_tokens(algorithm):
        with pytest.raises(library.refusal):
            verify(bad)
    # These look at `exp` where it is, which the report says.
    lenient = who in ("PyJWT", "oxyjwt", "ryjwt", "webtoken")
    assert taken_without(verify, library.refusal, algorithm) == ({"exp"} if lenient else set())
    assert not lenient or "`exp`" in lineup.NOTES[who]
    assert tokens.signing(library, algorithm, 320) is not None
    for form in ("raw", "JWK"):
        raw = tokens.verifying(library, algorithm, 320, form=form)
        assert raw is None or raw.pool == good


@pytest.mark.parametrize("who", lineup.PYTHON)
def test_keys_are_found_by_their_names(who: str) -> None:
    work = keysets.from_set(10)(contender(who))
    if work is None:
        pytest.skip(f"{who} reads no JWK Set")
    assert [work.call(token) for token in work.pool] == list(claims_pool(320))
    assert len({cyjwt.read_unverified(token).header["kid"] for token in work.pool}) == 10


@pytest.mark.parametrize("who", ["cyjwt", "PyJWT", "oxyjwt", "ryjwt"])
def test_keys_are_fetched_and_found_by_their_names(who: str) -> None:
    work = keysets.from_url(contender(who))
    assert work is not None
    assert [work.call(token) for token in work.pool] == list(claims_pool(320))


def test_a_public_jwk_has_no_private_member() -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        public = material(algorithm, "JWK", private=False)
        assert cyjwt.Key.from_jwk(public).private is False
        assert cyjwt.Key.from_jwk(material(algorithm, "JWK", private=True)).private is True


@pytest.mark.parametrize("what", refusals.pools())
def test_bad_tokens_are_refused_by_the_engine_and_the_baseline(what: str) -> None:
    pool = refusals.pools()[what]
    assert len(pool) == (POOL // 4 if what == "oversize" else POOL)
    for who in ("cyjwt", "baseline"):
        work = refusals.refusing(lineup.PYTHON[who](), "HS256", pool)
        assert work is not None
        assert [work.call(token) for token in pool] == [None] * len(pool)


# -- who is left out


class Lenient:
    """Takes every token."""

    refusal = cyjwt.InvalidTokenError

    def verifier(self, algorithm: str) -> Callable[[str], Any]:
        known = dict(zip(token_pool(algorithm, 320), claims_pool(320), strict=True))
        return lambda token: known.get(token)


def left(case: Case) -> dict[tuple[str, str], str]:
    left_out.clear()
    assert "one" not in case.able(True)
    return dict(left_out)


def test_a_library_that_accepts_a_bad_token_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    case = Case("a case", {"one": lambda: tokens.verifying(Lenient(), "HS256", 320)})  # type: ignore[arg-type]
    assert left(case) == {("one", "a case"): "NotProvenError: a bad token was accepted"}
    assert "one is left out of a case" in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="one has no a case"):
        measure(1, case, "one")


def test_a_library_that_is_not_there_is_left_out_of_every_case() -> None:
    def missing() -> Work:
        import cyjwt_no_such_library  # noqa: F401

        raise AssertionError

    case = Case("a case", {"one": missing, "cyjwt": lambda: Work(str, ["x"])})
    assert list(left(case)) == [("one", "any case")]
    assert case.able(True) == ["cyjwt"]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_begin_with_inputs_of_their_own(threads: int) -> None:
    seen: dict[int, list[int]] = {}
    work = Work(lambda one: seen.setdefault(threading.get_ident(), []).append(one), list(range(9)), threads)
    measure(18, Case("a case", {"one": lambda: work}), "one")
    assert sorted(x for xs in seen.values() for x in xs) == sorted([*range(9)] * 2)
    assert {xs[0] for xs in seen.values()} == {i * 9 // threads for i in range(threads)}
