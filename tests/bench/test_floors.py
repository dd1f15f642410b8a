"""bench.floors: libcrypto's calls give right verdicts, and are of the libcrypto that cyjwt has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import cyjwt
from bench import floors, tokens

ALGORITHMS = [name for name in tokens.ALGORITHMS if name != "Ed448"]


@pytest.fixture
def built() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here")
    if not os.environ.get("CYJWT_BENCH_LIBCRYPTO"):
        pytest.skip("CYJWT_BENCH_LIBCRYPTO does not name the libcrypto that cyjwt was built with")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_floors_prove_themselves_and_take_time(algorithm: str) -> None:
    for work in (floors.verifying(algorithm, 320), floors.signing(algorithm, 320)):
        assert work is not None
        seconds = work.call.timed(work.pool, len(work.pool), 0)
        assert 0 < seconds < 10


@pytest.mark.usefixtures("built")
def test_a_bad_signature_among_those_that_are_timed_is_an_error() -> None:
    work = floors.verifying("ES256", 320)
    assert work is not None
    good, other = work.pool[:2]
    mixed = f"{good.rpartition('.')[0]}.{other.rpartition('.')[2]}"
    assert work.call(mixed) is False
    with pytest.raises(RuntimeError, match="libcrypto failed"):
        work.call.timed([good, mixed], 4, 0)


@pytest.mark.usefixtures("built")
def test_another_libcrypto_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    floors.library.cache_clear()
    try:
        monkeypatch.setenv("CYJWT_CACHE", str(tmp_path))
        monkeypatch.setattr(cyjwt, "build_info", lambda: {"libcrypto_version": "another"})
        with pytest.raises(RuntimeError, match="while cyjwt has another"):
            floors.library()
    finally:
        floors.library.cache_clear()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_the_answer_of_openssl_speed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "SPEED", {"ES256": "ecdsap256", "EdDSA": "ed25519"})
    version, found = floors.system_speed()
    assert version.startswith("OpenSSL")
    assert list(found) == ["ES256", "EdDSA"]
    assert all(1e-6 < seconds < 0.1 for pair in found.values() for seconds in pair)
