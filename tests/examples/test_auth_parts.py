"""The parts of the authentication server that need no HTTP: keys over a long time, passwords, settings."""

from __future__ import annotations

import concurrent.futures
import hashlib
import random
import time
from pathlib import Path
from typing import Any

import pytest

from cyjwt.revocation import MemoryStore
from examples.auth_server.database import Database
from examples.auth_server.passwords import Cost, Passwords
from examples.auth_server.sessions import InvalidGrantError, Sessions
from examples.auth_server.settings import Settings
from examples.auth_server.signing_keys import SigningKeys
from examples.auth_server.users import Users
from tests.examples.support import PASSWORD, Clock, auth_settings

CHEAP = Cost(log_n=4, p=1)


@pytest.mark.parametrize(("longest", "days"), [(1, 130), (60, 600)])
def test_no_key_signs_before_it_is_known_nor_goes_before_its_tokens(
    tmp_path: Path, clock: Clock, longest: int, days: int
) -> None:
    """Whatever pauses there are between the calls, those longer than a key's period included."""
    settings = auth_settings(tmp_path, clock)
    keys = SigningKeys(Database(tmp_path / "auth.db"), settings)
    chance = random.Random(1)
    first_seen: dict[str | None, float] = {}
    tokens: list[tuple[float, str | None]] = []
    beginning, signers = clock.now, []
    end = beginning + days * 86_400
    while clock.now < end:
        published = [key.kid for key in keys.published()]
        for kid in published:
            first_seen.setdefault(kid, clock.now)
        assert len(published) <= 3
        signing = keys.signing().kid
        assert signing in published
        known = clock.now - first_seen[signing]
        assert first_seen[signing] == beginning or known >= settings.key_lead
        if signing not in signers:
            signers.append(signing)
        tokens = [(expires, kid) for expires, kid in tokens if expires > clock.now]
        assert {kid for _, kid in tokens} <= set(published)
        tokens.append((clock.now + settings.access_lifetime, signing))
        # Mostly minutes, now and then days.
        clock.move(chance.choice([150.0, 3_000.0, 40_000.0, longest * 86_400]))
    assert len(signers) >= 3
    assert len(signers) == len(set(signers))


def test_processes_share_the_keys_and_do_not_rotate_twice(tmp_path: Path, clock: Clock) -> None:
    settings = auth_settings(tmp_path, clock)
    one, two = (SigningKeys(Database(tmp_path / "auth.db"), settings) for _ in range(2))
    assert one.signing() == two.signing()
    one.rotate()
    two.rotate()
    kids = [key.kid for key in two.published()]
    assert kids == [key.kid for key in one.published()]
    assert len(kids) == 2
    clock.move(settings.key_lead)
    assert one.signing().kid == two.signing().kid == kids[1]


def test_threads_that_come_first_get_one_key(tmp_path: Path) -> None:
    settings = auth_settings(tmp_path, time.time)
    many = [SigningKeys(Database(tmp_path / "auth.db"), settings) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert len({key.kid for key in threads.map(SigningKeys.signing, many)}) == 1


def test_a_clock_that_is_set_back_leaves_a_key_to_sign_with(tmp_path: Path, clock: Clock) -> None:
    keys = SigningKeys(Database(tmp_path / "auth.db"), auth_settings(tmp_path, clock))
    first = keys.signing()
    keys.rotate()
    clock.move(-10)
    assert keys.signing() == first


def test_a_password_is_checked_at_its_own_cost() -> None:
    passwords, dearer = Passwords(CHEAP), Passwords(Cost(log_n=5, p=1))
    kept = passwords.hash(PASSWORD)
    assert kept != passwords.hash(PASSWORD)
    assert dearer.check(PASSWORD, kept)
    assert not dearer.check(PASSWORD + " ", kept)
    assert (passwords.outdated(kept), dearer.outdated(kept)) == (False, True)
    # An e with an accent, as one character and as two.
    assert passwords.check(
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}", passwords.hash("cafe\N{COMBINING ACUTE ACCENT}")
    )
    assert not passwords.check("", passwords.nobody)
    with pytest.raises(ValueError, match="unknown scheme"):
        passwords.check(PASSWORD, kept.replace("scrypt", "other"))


def test_an_unknown_user_costs_what_a_wrong_password_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(Database(tmp_path / "auth.db"), Passwords(CHEAP))
    users.add("anna", PASSWORD, [])
    paid: list[tuple[int, int, int]] = []
    real = hashlib.scrypt

    def counted(password: bytes, **options: Any) -> bytes:
        paid.append((options["n"], options["r"], options["p"]))
        return real(password, **options)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    for name in ("anna", "nobody"):
        assert users.authenticate(name, "wrong") is None
    assert paid == [(16, 8, 1)] * 2


def test_the_default_cost_is_no_less_than_what_is_advised() -> None:
    """32 MiB three times over, by the OWASP cheat sheet; the hash itself is made, so that the cost can be paid."""
    assert Cost() == Cost(log_n=15, r=8, p=3)
    passwords = Passwords(Cost())
    assert passwords.check(PASSWORD, passwords.hash(PASSWORD))


def test_a_log_in_renews_an_outdated_hash(tmp_path: Path) -> None:
    database = Database(tmp_path / "auth.db")
    user = Users(database, Passwords(CHEAP)).add("anna", PASSWORD, ["clerk"])
    with pytest.raises(ValueError, match="of that name"):
        Users(database, Passwords(CHEAP)).add("anna", PASSWORD, [])

    def kept() -> str:
        with database.reading() as connection:
            return str(connection.execute("SELECT password FROM users").fetchone()[0])

    before = kept()
    users = Users(database, Passwords(Cost(log_n=5, p=1)))
    assert users.authenticate("anna", "wrong") is None
    assert kept() == before
    assert users.authenticate("anna", PASSWORD) == user
    assert kept().startswith("scrypt$5$")
    renewed = kept()
    assert users.authenticate("anna", PASSWORD) == user
    assert kept() == renewed


def test_sessions_that_are_over_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    settings = auth_settings(tmp_path, clock)
    database = Database(tmp_path / "auth.db")
    user = Users(database, Passwords(CHEAP)).add("anna", PASSWORD, [])
    sessions = Sessions(database, SigningKeys(database, settings), MemoryStore(clock=clock), settings)
    old = sessions.start(user)
    clock.move(settings.session_lifetime)
    sessions.start(user)
    with database.reading() as connection:
        for table in ("sessions", "refresh_tokens"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
    with pytest.raises(InvalidGrantError):
        sessions.refresh(old.refresh_token)


@pytest.mark.parametrize("wrong", [{"key_lead": 300}, {"key_period": 3_600}])
def test_lifetimes_that_contradict_one_another_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"^{name} must be more"):
        Settings(data=tmp_path, **wrong)
