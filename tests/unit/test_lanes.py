"""Lanes: the verdicts of single verification, in every place, in company, on either route."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import cyjwt
from cyjwt._engine import lanes
from cyjwt._engine.pkey import NativeKey
from cyjwt.algorithms import ALGORITHMS
from tests.unit.lanes_support import ALONE, GROUPS, Job, bad_jobs, good_job, live, signing_key
from tests.unit.pkey_support import pkcs8, rsa_key

ROUTES = [None, "lanes", "single"] if lanes.live() else [None, "single"]


@pytest.fixture(autouse=True)
def _route() -> Iterator[None]:
    yield
    lanes.force(None)


@pytest.fixture(params=ROUTES, ids=str)
def _forced(request: pytest.FixtureRequest) -> None:
    lanes.force(request.param)


def singly(jobs: list[Job]) -> bytes:
    return bytes(native.verify(row, data, signature) for native, row, data, signature in jobs)


# -- one verdict


@pytest.mark.usefixtures("_forced")
@pytest.mark.parametrize("group", [*GROUPS, *ALONE])
def test_good_and_bad_in_all_eight_places(group: str) -> None:
    good = [good_job(group, number % 3, b"data %d" % number) for number in range(8)]
    assert lanes.verify_many(good) == b"\1" * 8 == singly(good)
    for bad in bad_jobs(group):
        assert singly([bad]) == b"\0"
        for place in range(8):
            assert lanes.verify_many([*good[:place], bad, *good[place + 1 :]]) == bytes(
                at != place for at in range(8)
            )
        for place in range(8):
            assert lanes.verify_many([*[bad] * place, good[place], *[bad] * (7 - place)]) == bytes(
                at == place for at in range(8)
            )


@pytest.mark.usefixtures("_forced")
@pytest.mark.parametrize("group", [*GROUPS, *ALONE])
def test_any_number_of_them(group: str) -> None:
    jobs = [good_job(group, number % 2, bytes(number)) for number in range(17)]
    spoilt = [*bad_jobs(group)]
    for count in range(18):
        assert lanes.verify_many(jobs[:count]) == b"\1" * count
        assert lanes.verify_many(spoilt[:count]) == b"\0" * min(count, len(spoilt))
        mixed = [job for pair in zip(jobs[:count], spoilt, strict=False) for job in pair]
        assert lanes.verify_many(mixed) == singly(mixed)


@pytest.mark.usefixtures("_forced")
def test_all_groups_in_one_call() -> None:
    jobs = [good_job(group, number) for number in range(3) for group in [*GROUPS, *ALONE]]
    jobs += [bad for group in [*GROUPS, *ALONE] for bad in bad_jobs(group)]
    jobs += [good_job(group, number) for number in range(3) for group in [*GROUPS, *ALONE]]
    assert lanes.verify_many(jobs) == singly(jobs)
    assert lanes.verify_many(jobs[::-1]) == singly(jobs[::-1])


@pytest.mark.usefixtures("_forced")
@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 111, 112, 119, 120, 127, 128, 1000, 70_000])
def test_data_of_any_size(size: int) -> None:
    data = b"\xa5" * size
    jobs = [good_job(group, 0, data) for group in GROUPS for _ in range(8)]
    assert lanes.verify_many(jobs) == b"\1" * len(jobs)
    jobs = [(native, row, data + b"\0", signature) for native, row, data, signature in jobs]
    assert lanes.verify_many(jobs) == bytes(len(jobs))


@pytest.mark.usefixtures("_forced")
@pytest.mark.parametrize("group", [*GROUPS, *ALONE])
def test_an_algorithm_of_another_kind_of_key_is_refused(group: str) -> None:
    native, _, data, signature = good_job(group)
    for name in ("HS256", "RS256", "PS384", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed448"):
        if ALGORITHMS[name].kty != native.kind:
            assert lanes.verify_many([(native, ALGORITHMS[name].id, data, signature)] * 9) == bytes(9)


@pytest.mark.usefixtures("_forced")
def test_private_keys_verify_too() -> None:
    jobs = [(signing_key(group, 0), *good_job(group)[1:]) for group in GROUPS for _ in range(8)]
    assert lanes.verify_many(jobs) == b"\1" * len(jobs)


@pytest.mark.usefixtures("_forced")
def test_threads_do_not_disturb_one_another() -> None:
    jobs = [good_job(group, number) for group in GROUPS for number in range(3)]
    jobs += [bad for group in GROUPS for bad in bad_jobs(group)]
    expected = singly(jobs)
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(lanes.verify_many(jobs) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 20


# -- the lanes themselves


@live
@pytest.mark.parametrize("group", GROUPS)
def test_lanes_say_yes_to_what_holds_and_to_nothing_else(group: str) -> None:
    good = [good_job(group, number % 2, bytes(number)) for number in range(6)]
    assert lanes.verify_many(good, confirm=False) == b"\1" * 6
    bad = [*bad_jobs(group)]
    assert lanes.verify_many(bad, confirm=False) == bytes(len(bad))


@live
@pytest.mark.parametrize("group", ALONE)
def test_what_has_no_lanes(group: str) -> None:
    assert lanes.verify_many([good_job(group)], confirm=False) == b"\0"


@live
def test_the_single_route_asks_no_lane() -> None:
    lanes.force("single")
    assert lanes.verify_many([good_job("EdDSA")], confirm=False) == b"\0"


@pytest.mark.usefixtures("_forced")
def test_another_exponent_has_no_lanes() -> None:
    """Lanes raise to the power of 65537 alone."""
    key = NativeKey.from_pkcs8(pkcs8(rsa_key(2048, 3)), allow_small_exponent=True)
    row = ALGORITHMS["RS256"].id
    jobs = [(key, row, b"data", key.sign(row, b"data")), good_job("RS256-2048")] * 5
    assert lanes.verify_many(jobs) == b"\1" * 10
    assert lanes.verify_many(jobs[:1], confirm=False) == b"\0"


# -- the switches


def test_an_unknown_route_is_refused() -> None:
    for route in ("", "both", 1, True):
        with pytest.raises(ValueError, match="route"):
            lanes.force(route)  # type: ignore[arg-type]


def test_what_is_no_job_is_refused() -> None:
    native, row, data, signature = good_job("ES256")
    for jobs in ([(native, 99, data, signature)], [(native, row, data)], [(native, -1, data, signature)]):
        with pytest.raises(ValueError, match=r"algorithm|values"):
            lanes.verify_many(jobs)  # type: ignore[arg-type]
    for wrong in ((None, row, data, signature), (native, row, "text", signature), (native, row, data, None)):
        with pytest.raises(TypeError):
            lanes.verify_many([wrong])  # type: ignore[list-item]
    assert lanes.verify_many([]) == b""


def run(code: str, **environment: str) -> str:
    folder = str(Path(str(cyjwt.__file__)).parent.parent)
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": folder, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


SWITCHED = """
import cyjwt
from cyjwt._engine import lanes
from cyjwt.algorithms import ALGORITHMS
row = ALGORITHMS["EdDSA"].id
native = cyjwt.Key.generate("EdDSA").native
jobs = [(native, row, b"data", native.sign(row, b"data"))] * 9 + [(native, row, b"data", bytes(64))]
assert lanes.verify_many(jobs) == b"\\1" * 9 + b"\\0"
try:
    lanes.force("lanes")
except RuntimeError:
    print("refused", end=" ")
print(lanes.live(), cyjwt.build_info()["lanes"], *set(lanes.verify_many(jobs[:1], confirm=False)))
"""


def test_the_environment_turns_lanes_off() -> None:
    assert run(SWITCHED, CYJWT_LANES="0") == "refused False False 0\n"


@live
@pytest.mark.parametrize("value", ["", "1", "yes"])
def test_no_other_value_does(value: str) -> None:
    assert run(SWITCHED, CYJWT_LANES=value) == "True True 1\n"


def test_build_info_says_so() -> None:
    assert cyjwt.build_info()["lanes"] is lanes.live()
    assert cyjwt.build_info()["crypto_mb"] == lanes.crypto_mb_version()
    if lanes.live():
        assert lanes.crypto_mb_version().count(".") == 2
