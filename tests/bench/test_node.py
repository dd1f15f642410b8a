"""bench.node: the libraries for Node.js prove themselves as the others do, and time what they are told to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import lineup, loops, node, refusals, tokens
from bench.samples import claims_pool, tampered, token_pool
from tests.bench.bad import bad_tokens, taken_without


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    # No test asks npm for anything.
    if not node.place().is_dir():
        pytest.skip("the libraries for Node.js are not installed (make bench-node)")
    try:
        node.process()
    except node.MissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("who", lineup.NODE)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "PS256", "ES256", "EdDSA"])
def test_each_library_is_set_up_to_check_what_the_others_check(who: str, algorithm: str) -> None:
    library = lineup.NODE[who]()
    verify = library.verifier(algorithm)
    if verify is None:
        assert (who, algorithm) == ("jsonwebtoken", "EdDSA")
        return
    good = token_pool(algorithm, 320)
    # Twice, for the one that remembers.
    for _ in range(2):
        assert [verify(token) for token in good] == list(claims_pool(320))
        for bad in bad_tokens(algorithm):
            with pytest.raises(node.RefusedError):
                verify(bad)
    # It looks at `exp` where it is, which the report says.
    assert taken_without(verify, node.RefusedError, algorithm) == (
        {"exp"} if who == "jsonwebtoken" else set()
    )
    for work in (
        tokens.signing(library, algorithm, 320),
        tokens.signing(library, algorithm, 100),
        *(tokens.verifying(library, algorithm, 320, form=form) for form in ("raw", "JWK")),
        *(tokens.signing(library, algorithm, 320, form=form) for form in ("raw", "JWK")),
    ):
        assert work is None or 0 < work.call.timed(work.pool, 24, 0) < 30


def test_a_token_that_is_accepted_spoils_the_time_of_a_refusal() -> None:
    library = lineup.NODE["jose"]()
    bad = list(refusals.pools()["bad signature"])
    work = refusals.refusing(library, "HS256", bad)
    assert work is not None
    assert 0 < work.call.timed(bad, 48, 0) < 30
    with pytest.raises(RuntimeError, match="1 of 2 were accepted"):
        work.call.timed([bad[0], token_pool("HS256", 320)[0]], 2, 0)


def test_a_token_that_is_refused_spoils_the_time_of_verifying() -> None:
    for who in lineup.NODE:
        verify: Any = lineup.NODE[who]().verifier("HS256")
        with pytest.raises(RuntimeError):
            verify.timed([tampered(token_pool("HS256", 320)[0])], 1, 0)


def test_promises_are_awaited_together() -> None:
    work = loops.awaiting(lineup.NODE["jose"](), "RS256", 64)
    assert work is not None
    assert 0 < work.call.timed(work.pool, 100, work.tasks) < 30


def test_the_pins_are_exact_and_installed() -> None:
    for name, version in node.versions().items():
        found = json.loads((node.installed() / "node_modules" / name / "package.json").read_text("utf-8"))
        assert found["version"] == version


@pytest.mark.parametrize(
    ("missing", "said"),
    [("node", "there is no node here"), ("npm", "there is no npm here"), ("new", "is older than 999")],
)
def test_what_is_missing_is_said(
    missing: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which: Callable[[str], str | None] = shutil.which
    monkeypatch.setenv("CYJWT_CACHE", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else which(name))
    if missing == "new":
        monkeypatch.setattr(node, "LEAST", 999)
    caches = (node.node_version, node.installed)
    for cached in caches:
        cached.cache_clear()
    try:
        with pytest.raises(node.MissingError, match=said):
            node.installed()
    finally:
        for cached in caches:
            cached.cache_clear()
