"""from_issuer: metadata that name the very issuer, and where they lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import cyjwt
from cyjwt.jwks import Request, Response
from cyjwt.jwks.documents import metadata_urls
from tests.jwks import server as faults
from tests.jwks.server import KeyServer, document
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]

ISSUER = "https://issuer.example/tenant"


class Issuer:
    """A transport that is an issuer: what lies at each URL."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, Any] = {
            "/tenant/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "jwks_uri": "https://keys.example/1",
                **pages,
            },
            "https://keys.example/1": document("a"),
        }
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Response:
        path = request.url.removeprefix("https://issuer.example")
        self.asked.append(path)
        page = self.pages.get(path, Response(404, {}, b""))
        if isinstance(page, dict):
            page = json.dumps(page).encode()
        return page if isinstance(page, Response) else Response(200, {}, page)


def made(issuer: Issuer, **options: Any) -> cyjwt.JWKSClient:
    return cyjwt.JWKSClient.from_issuer(ISSUER, fetch=issuer, **options)


@pytest.mark.parametrize(
    ("issuer", "openid", "oauth"),
    [
        ("https://i.example", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        (
            "https://i.example/",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
        ),
        (
            "https://i.example/t/1",
            "/t/1/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/t/1",
        ),
        (
            "https://i.example/t/",
            "/t/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/t",
        ),
    ],
)
def test_where_metadata_lie(issuer: str, openid: str, oauth: str) -> None:
    assert metadata_urls(issuer) == (f"https://i.example{openid}", f"https://i.example{oauth}")


def test_the_way_to_the_keys() -> None:
    issuer = Issuer()
    client = made(issuer)
    assert not issuer.asked
    assert "a" in client.keys()
    client.refresh().result()
    # The metadata are kept.
    assert issuer.asked == [
        "/tenant/.well-known/openid-configuration",
        "https://keys.example/1",
        "https://keys.example/1",
    ]


def test_oauth_metadata() -> None:
    issuer = Issuer()
    metadata = issuer.pages.pop("/tenant/.well-known/openid-configuration")
    issuer.pages["/.well-known/oauth-authorization-server/tenant"] = metadata
    assert "a" in made(issuer).keys()


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ({"issuer": "https://issuer.example/tenant/"}, "issuer"),
        ({"issuer": "https://issuer.example/Tenant"}, "issuer"),
        ({"issuer": "https://ISSUER.example/tenant"}, "issuer"),
        ({"issuer": "https://evil.example/tenant"}, "issuer"),
        ({"issuer": ["https://issuer.example/tenant"]}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"jwks_uri": None}, "content"),
        ({"jwks_uri": ["https://keys.example/1"]}, "content"),
        ({"jwks_uri": "http://keys.example/1"}, "content"),
        ({"jwks_uri": "file:///etc/passwd"}, "content"),
        ({"jwks_uri": "/jwks"}, "content"),
        ({"jwks_uri": "https://u:p@keys.example/1"}, "content"),
        ({"jwks_uri": "https://keys.example/2"}, "status"),
        ({"x": "y" * 600_000}, "too_large"),
    ],
)
def test_metadata_that_are_of_no_use(pages: dict[str, Any], code: str) -> None:
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        made(Issuer(**pages)).keys()
    assert caught.value.__cause__.code == code  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (b"[]", "content"),
        (b"garbage", "content"),
        (b'{"issuer": "https://evil.example", "issuer": "https://issuer.example/tenant"}', "content"),
        (Response(500, {}, b""), "status"),
        (Response(429, {}, b""), "status"),
        (Response(302, {}, b""), "redirect"),
        (Response(200, {"Content-Encoding": "gzip"}, b"{}"), "content"),
    ],
)
def test_metadata_that_cannot_be_read(page: bytes | Response, code: str) -> None:
    issuer = Issuer()
    issuer.pages["/tenant/.well-known/openid-configuration"] = page
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        made(issuer, retries=0).keys()
    assert caught.value.__cause__.code == code  # type: ignore[union-attr]
    assert len(issuer.asked) == 1


def test_a_set_that_moves() -> None:
    """Where the old place fails, the metadata are asked again; keys serve on until then."""
    issuer = Issuer()
    client = made(issuer)
    client.keys()
    del issuer.pages["https://keys.example/1"]
    issuer.pages["/tenant/.well-known/openid-configuration"]["jwks_uri"] = "https://keys.example/2"
    issuer.pages["https://keys.example/2"] = document("b")
    with pytest.raises(cyjwt.JWKSError):
        client.refresh().result()
    assert "a" in client.keys()
    assert "b" in client.refresh().result()


def test_validators_stay_with_their_server() -> None:
    """An ETag of one place says nothing about the set at another."""
    issuer = Issuer()
    issuer.pages["https://keys.example/1"] = Response(200, {"ETag": '"1"'}, document("a"))
    client = made(issuer)
    client.keys()
    issuer.pages["/tenant/.well-known/openid-configuration"]["jwks_uri"] = "https://keys.example/2"
    seen: list[Request] = []

    def fetch(request: Request) -> Response:
        if request.url == "https://keys.example/2":
            seen.append(request)
            return Response(200, {}, document("b"))
        return issuer(request)

    client._fetcher._fetch = fetch
    client._fetcher._url = None
    client.refresh().result()
    assert "If-None-Match" not in seen[0].headers


def test_over_the_wire(server: KeyServer, client: Make, clock: Clock) -> None:
    metadata = {"issuer": server.origin, "jwks_uri": server.url}

    def behaviour(server: KeyServer, connection: Any, lines: list[str]) -> None:
        if "openid" in lines[0]:
            faults.answer(connection, json.dumps(metadata).encode())
        else:
            faults.serve(server, connection, lines)

    server.behaviour = behaviour
    assert "a" in client(issuer=server.origin).keys()
    assert server.requests == ["/.well-known/openid-configuration", "/jwks.json"]
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        client(issuer=f"{server.origin}/").keys()
    assert caught.value.__cause__.code == "issuer"  # type: ignore[union-attr]


@pytest.mark.parametrize("issuer", ["http://issuer.example", "issuer.example", "https://", "", None, 7])
def test_what_is_no_issuer(issuer: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="issuer"):
        cyjwt.JWKSClient.from_issuer(issuer)
