"""Both servers of examples/, end to end over HTTP: the clock moved, keys rotated, tokens revoked."""

from __future__ import annotations

import concurrent.futures
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

import cyjwt
from tests.examples.support import PASSWORD

if TYPE_CHECKING:
    import httpx

    from tests.examples.conftest import Servers


def challenge(answer: httpx.Response) -> str:
    return str(answer.headers["WWW-Authenticate"])


def assert_revoked(answer: httpx.Response) -> None:
    assert (answer.status_code, challenge(answer)) == (
        401,
        'Bearer realm="orders", error="invalid_token", error_description="revoked"',
    )


# -- roles


def test_roles_decide(servers: Servers) -> None:
    anna = servers.add("anna", "clerk")
    servers.add("ben", "clerk", "manager")
    servers.add("cleo")
    clerk, manager, nobody = (servers.tokens(name) for name in ("anna", "ben", "cleo"))
    assert servers.get("/me", clerk).json() == {"sub": anna, "roles": ["clerk"]}
    assert servers.get("/orders", clerk).json() == {"1": "a lamp", "2": "a chair"}

    refused = servers.call("DELETE", "/orders/1", clerk)
    assert refused.status_code == 403
    assert challenge(refused) == (
        'Bearer realm="orders", error="insufficient_scope", error_description="role manager is needed"'
    )
    assert servers.get("/orders", nobody).status_code == 403
    assert servers.get("/me", nobody).json()["roles"] == []

    assert servers.call("DELETE", "/orders/1", manager).status_code == 204
    assert servers.get("/orders", manager).json() == {"2": "a chair"}
    assert servers.call("DELETE", "/orders/1", manager).status_code == 404


def test_another_role_comes_with_the_next_token(servers: Servers) -> None:
    servers.add("anna")
    first = servers.tokens("anna")
    assert servers.services.users.set_roles("anna", ["clerk"])
    assert servers.get("/orders", first).status_code == 403
    assert servers.get("/orders", servers.refresh(first).json()).status_code == 200


# -- the Authorization header


@pytest.mark.parametrize(
    ("headers", "status", "parameters"),
    [
        ([], 401, ""),
        (["Basic YTpi"], 401, ""),
        (["Bearer"], 400, ', error="invalid_request"'),
        (["Bearer a b"], 400, ', error="invalid_request"'),
        (["Bearer {token}", "Bearer {token}"], 400, ', error="invalid_request"'),
        (["Bearer garbage"], 401, ', error="invalid_token", error_description="segments"'),
        (["Bearer {token}x"], 401, ', error="invalid_token", error_description="invalid_base64"'),
    ],
)
def test_requests_without_a_good_token(
    standing: Servers, headers: list[str], status: int, parameters: str
) -> None:
    token = standing.tokens("anna")["access_token"]
    sent = [("Authorization", header.format(token=token)) for header in headers]
    answer = standing.app.get("/me", headers=sent)
    assert (answer.status_code, challenge(answer)) == (status, f'Bearer realm="orders"{parameters}')
    assert token not in answer.text


def test_the_scheme_is_told_in_any_case_and_urls_bring_no_token(standing: Servers) -> None:
    token = standing.tokens("anna")["access_token"]
    assert standing.app.get("/me", headers={"Authorization": f"bEARER {token}"}).status_code == 200
    assert standing.app.get("/me", params={"access_token": token}).status_code == 401


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audience": "another"}, "invalid_audience"),
        ({"issuer": "https://another.example/"}, "invalid_issuer"),
        ({"type": "JWT"}, "invalid_type"),
        ({"claims": {"client_id": "a", "jti": "b"}}, "missing_claim"),
        ({"claims": {"sub": "1", "client_id": "a"}}, "missing_claim"),
        ({"claims": {"sub": "1", "client_id": "a", "jti": "b", "roles": "manager"}}, "claims_type"),
        ({"key": cyjwt.Key.generate("RS256", kid="unheard of")}, "key_not_found"),
    ],
)
def test_tokens_that_were_not_issued_for_this_server(
    standing: Servers, change: dict[str, Any], code: str
) -> None:
    standing.tokens("anna")
    made: dict[str, Any] = {
        "key": standing.services.keys.signing(),
        "issuer": standing.services.settings.issuer,
        "audience": "orders",
        "type": "at+jwt",
        "claims": {"sub": "1", "client_id": "a", "jti": "b"},
    }

    def answer(options: dict[str, Any]) -> httpx.Response:
        rest = {name: value for name, value in options.items() if name not in ("key", "claims")}
        signer = cyjwt.Signer(options["key"], lifetime=60, clock=standing.clock, **rest)
        return standing.get("/me", {"access_token": signer.sign(dict(options["claims"]))})

    # So nothing but the change is at fault.
    assert answer(made).status_code == 200
    refused = answer({**made, **change})
    assert refused.status_code == 401
    assert challenge(refused).endswith(f'error="invalid_token", error_description="{code}"')


# -- time


def test_access_tokens_expire_and_are_refreshed(servers: Servers) -> None:
    servers.add("anna", "clerk")
    first = servers.tokens("anna")
    assert first["expires_in"] == 300
    assert first["token_type"] == "Bearer"
    servers.clock.move(299)
    assert servers.get("/orders", first).status_code == 200
    servers.clock.move(10)
    late = servers.get("/orders", first)
    assert (late.status_code, challenge(late)) == (
        401,
        'Bearer realm="orders", error="invalid_token", error_description="expired"',
    )
    answer = servers.refresh(first)
    assert answer.headers["Cache-Control"] == "no-store"
    assert servers.get("/orders", answer.json()).status_code == 200


def test_refresh_tokens_and_sessions_expire(servers: Servers) -> None:
    servers.add("anna")
    idle, busy = servers.tokens("anna"), servers.tokens("anna")
    settings = servers.services.settings
    servers.clock.move(settings.refresh_lifetime - 1)
    busy = servers.refresh(busy).json()
    servers.clock.move(1)
    assert servers.refresh(idle).status_code == 400
    late = {"refresh_token": idle["refresh_token"], "everywhere": True}
    assert servers.auth.post("/logout", json=late).status_code == 400
    left = settings.session_lifetime - settings.refresh_lifetime
    while left > settings.refresh_lifetime:
        servers.clock.move(settings.refresh_lifetime - 2)
        left -= settings.refresh_lifetime - 2
        busy = servers.refresh(busy).json()
    servers.clock.move(left)
    late = servers.refresh(busy)
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})


# -- refresh tokens


def test_a_refresh_token_that_is_used_again_ends_its_session(servers: Servers) -> None:
    servers.add("anna", "clerk")
    first, other = servers.tokens("anna"), servers.tokens("anna")
    second = servers.refresh(first).json()
    third = servers.refresh(second).json()
    assert len({tokens["refresh_token"] for tokens in (first, second, third)}) == 3
    for tokens in (first, second, third):
        assert servers.get("/orders", tokens).status_code == 200

    again = servers.refresh(first)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    for tokens in (first, second, third):
        assert_revoked(servers.get("/orders", tokens))
        assert servers.refresh(tokens).status_code == 400
    # Another session of the same user goes on.
    assert servers.get("/orders", other).status_code == 200
    assert servers.refresh(other).status_code == 200


def test_of_many_that_present_one_refresh_token_at_once_one_gets_a_token(servers: Servers) -> None:
    servers.add("anna")
    first = servers.tokens("anna")
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: servers.refresh(first), range(8)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    assert_revoked(servers.get("/me", good[0].json()))
    assert servers.refresh(good[0].json()).status_code == 400


# -- log-out


def test_a_log_out_revokes_the_session(servers: Servers) -> None:
    servers.add("anna")
    old, other = servers.tokens("anna"), servers.tokens("anna")
    new = servers.refresh(old).json()
    assert servers.get("/me", new).status_code == 200
    answer = servers.auth.post("/logout", json={"refresh_token": new["refresh_token"]})
    assert answer.status_code == 204
    for tokens in (old, new):
        assert_revoked(servers.get("/me", tokens))
        assert servers.refresh(tokens).status_code == 400
    assert servers.get("/me", other).status_code == 200
    assert servers.auth.post("/logout", json={"refresh_token": "unheard of"}).status_code == 204


def test_a_log_out_revokes_what_holds_by_leeway_alone(servers: Servers) -> None:
    servers.add("anna")
    tokens = servers.tokens("anna")
    servers.clock.move(303)
    assert servers.get("/me", tokens).status_code == 200
    servers.auth.post("/logout", json={"refresh_token": tokens["refresh_token"]})
    assert_revoked(servers.get("/me", tokens))


def test_a_log_out_everywhere_revokes_all_sessions_of_the_user_alone(servers: Servers) -> None:
    servers.add("anna")
    servers.add("ben")
    one, two, another = (servers.tokens(name) for name in ("anna", "anna", "ben"))
    everywhere = {"refresh_token": one["refresh_token"], "everywhere": True}
    assert servers.auth.post("/logout", json=everywhere).status_code == 204
    for tokens in (one, two):
        assert_revoked(servers.get("/me", tokens))
        assert servers.refresh(tokens).status_code == 400
    assert servers.get("/me", another).status_code == 200
    # Even within the same second, a new log-in is good.
    new = servers.tokens("anna")
    assert servers.get("/me", new).status_code == 200
    # Nor do those that went through the log-out command anything any more; one that is only used does.
    again = servers.auth.post("/logout", json=everywhere)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert servers.get("/me", new).status_code == 200
    newer = servers.refresh(new).json()
    everywhere["refresh_token"] = new["refresh_token"]
    assert servers.auth.post("/logout", json=everywhere).status_code == 204
    assert_revoked(servers.get("/me", newer))


# -- keys


def test_keys_rotate_without_a_refusal(servers: Servers) -> None:
    servers.add("anna")
    settings = servers.services.settings

    def kid(tokens: dict[str, Any]) -> object:
        assert servers.get("/me", tokens).status_code == 200
        return cyjwt.read_unverified(tokens["access_token"]).header["kid"]

    old = kid(servers.tokens("anna"))
    assert servers.kids() == [old]
    servers.clock.move(settings.key_period - settings.key_lead)
    # Published, and known to the application server, before it signs.
    published = servers.kids()
    assert (len(published), published[0]) == (2, old)
    new = published[1]
    assert kid(servers.tokens("anna")) == old
    assert servers.app_state.keys.get(new) is not None

    servers.clock.move(settings.key_lead - 1)
    last = servers.tokens("anna")
    assert kid(last) == old
    servers.clock.move(1)
    assert kid(servers.tokens("anna")) == new
    servers.clock.move(settings.access_lifetime - 2)
    # What the old key signed last is good to its end.
    assert servers.kids() == published
    assert kid(last) == old
    servers.clock.move(settings.margin + 2)
    assert servers.kids() == [new]
    assert servers.get("/me", last).status_code == 401
    assert kid(servers.tokens("anna")) == new


def test_keys_that_others_may_know_are_replaced_at_once(servers: Servers) -> None:
    servers.add("anna")
    before = servers.tokens("anna")
    assert servers.get("/me", before).status_code == 200
    stolen = servers.services.keys.signing()
    servers.services.keys.replace(servers.services.revoked)
    # The application server still has the old set.
    assert_revoked(servers.get("/me", before))
    assert servers.get("/me", servers.refresh(before).json()).status_code == 200
    assert stolen.kid not in servers.kids()


def test_only_public_members_are_published(standing: Servers) -> None:
    answer = standing.auth.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    (key,) = answer.json()["keys"]
    assert set(key) == {"kid", "kty", "n", "e", "alg"}


# -- failures


def test_known_keys_serve_while_the_authentication_server_is_down(servers: Servers) -> None:
    servers.add("anna")
    tokens = servers.tokens("anna")
    assert servers.get("/me", tokens).status_code == 200
    servers.auth_running.close()
    servers.clock.move(295)
    assert servers.get("/me", tokens).status_code == 200
    # Too long: it cannot tell any more, which is not the token's fault.
    servers.clock.move(100_000)
    answer = servers.get("/me", tokens)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "WWW-Authenticate" not in answer.headers
    assert servers.app.get("/health").status_code == 503


def test_a_store_that_cannot_tell_lets_nobody_in(servers: Servers) -> None:
    servers.add("anna")
    tokens = servers.tokens("anna")
    assert servers.get("/me", tokens).status_code == 200
    assert servers.app.get("/health").json() == {"keys": "fresh"}
    with sqlite3.connect(servers.folder / "revoked.db") as file:
        file.execute("DROP TABLE revoked")
    assert servers.get("/me", tokens).status_code == 503
    # Nor is a session ended halfway: the client is told, and can try again.
    answer = servers.auth.post("/logout", json={"refresh_token": tokens["refresh_token"]})
    assert (answer.status_code, answer.json()) == (503, {"error": "temporarily_unavailable"})
    assert servers.refresh(tokens).status_code == 200


# -- passwords


def test_a_wrong_password_and_an_unknown_user_look_alike(standing: Servers) -> None:
    answers = [standing.login("anna", "wrong"), standing.login("nobody")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (400, {"error": "invalid_grant"})
    ] * 2
    assert answers[0].headers["Cache-Control"] == "no-store"


def test_guessing_is_slowed_down(servers: Servers) -> None:
    servers.add("anna")
    servers.add("ben")
    for _ in range(servers.services.settings.attempts):
        assert servers.login("anna", "wrong").status_code == 400
    servers.clock.move(100)
    answer = servers.login("anna")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "200")
    assert servers.login("ben").status_code == 200
    servers.clock.move(200)
    assert servers.login("anna").status_code == 200


def test_what_is_kept_is_of_no_use_to_who_reads_it(servers: Servers) -> None:
    servers.add("anna")
    tokens = servers.tokens("anna")
    newer = servers.refresh(tokens).json()
    files = sorted(servers.folder.iterdir())
    assert {"auth.db", "revoked.db"} <= {file.name for file in files}
    kept = b"".join(file.read_bytes() for file in files)
    # The reading itself finds what is there.
    assert b"anna" in kept
    for secret in (
        PASSWORD,
        *(each[name] for each in (tokens, newer) for name in ("access_token", "refresh_token")),
    ):
        assert secret.encode() not in kept
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
