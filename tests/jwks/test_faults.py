"""What a key server may do wrong, over real TLS: each has its reason, and keys that are held serve on."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from tests.jwks import server as faults
from tests.jwks.server import Behaviour, KeyServer, document, key, running
from tests.support import Clock

Make = Callable[..., cyjwt.JWKSClient]

BAD: dict[str, tuple[Behaviour, str]] = {
    "500": (faults.status(500), "status"),
    "404 with a set": (faults.status(404, body=document("a")), "status"),
    "304 unasked": (faults.status(304, body=b""), "redirect"),
    "204": (faults.status(204, body=b""), "status"),
    "301": (faults.status(301, {"Location": "https://127.0.0.1:1/"}), "redirect"),
    "302": (faults.status(302, {"Location": "/jwks.json"}, document("a")), "redirect"),
    "307 to a file": (faults.status(307, {"Location": "file:///etc/passwd"}), "redirect"),
    "reset": (faults.reset, "unreachable"),
    "cut short": (faults.cut_short, "unreachable"),
    "no HTTP": (lambda server, connection, lines: connection.sendall(b"SSH-2.0-x\r\n\r\n"), "unreachable"),
    "nothing": (lambda server, connection, lines: None, "unreachable"),
    "garbage": (faults.body(b"\x00\xff\xfe garbage"), "content"),
    "empty": (faults.body(b""), "content"),
    "HTML": (faults.body(b"<html>Sign in</html>", {"Content-Type": "text/html"}), "content"),
    "an array": (faults.body(b"[]"), "content"),
    "no keys": (faults.body(b"{}"), "content"),
    "keys no list": (faults.body(b'{"keys": {}}'), "content"),
    "empty keys": (faults.body(b'{"keys": []}'), "content"),
    "keys of numbers": (faults.body(b'{"keys": [1, 2]}'), "content"),
    "keys twice": (faults.body(b'{"keys": [], ' + document("a")[1:]), "content"),
    "byte order mark": (faults.body(b"\xef\xbb\xbf" + document("a")), "content"),
    "UTF-16": (faults.body(document("a").decode().encode("utf-16")), "content"),
    "deep": (faults.body(b"[" * 50_000), "content"),
    "huge, as it says": (faults.body(b" " * 600_000 + document("a")), "too_large"),
    "huge, unsaid": (faults.endless, "too_large"),
    "too many keys": (faults.body(json.dumps({"keys": [{}] * 201}).encode()), "content"),
    "gzip": (faults.body(gzip.compress(document("a")), {"Content-Encoding": "gzip"}), "content"),
    "gzip bomb": (faults.body(gzip.compress(b"0" * 10**8), {"Content-Encoding": "gzip"}), "content"),
    "gzip unsaid": (faults.body(gzip.compress(document("a"))), "content"),
    "drip of the head": (faults.drip("head"), "timeout"),
    "drip of the body": (faults.drip("body"), "timeout"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore::cyjwt.KeySetWarning")
def test_a_bad_answer(name: str, server: KeyServer, client: Make) -> None:
    """First without keys, then with some that serve on."""
    behaviour, code = BAD[name]
    held = client(timeout=0.3 if code == "timeout" else 5)
    server.behaviour = behaviour
    began = time.monotonic()
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        held.keys()
    assert time.monotonic() - began < 2
    assert caught.value.code == "keys_unavailable"
    assert isinstance(caught.value.__cause__, cyjwt.JWKSError)
    assert caught.value.__cause__.code == code
    assert held.health().state == "empty"

    server.behaviour = faults.serve
    keys = held.refresh().result()
    server.behaviour = behaviour
    with pytest.raises(cyjwt.JWKSError) as failed:
        held.refresh().result()
    assert failed.value.code == code
    health = held.health()
    assert held.keys() is keys
    assert (health.state, health.serving, health.failures_in_row) == ("fresh", True, 1)
    assert health.last_error is not None
    assert health.last_error.code == code
    # A fetch is an answer to one request: nothing was followed, nothing tried again.
    assert len(server.requests) == 3


def test_no_error_repeats_what_the_server_sent(server: KeyServer, client: Make) -> None:
    server.behaviour = faults.body(b'{"keys": [{"kty": "swordfish"}], "x": "swordfish"}')
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        client().keys()
    assert "swordfish" not in str(caught.value)


def test_refused_connections(server: KeyServer, client: Make) -> None:
    held = client()
    server.stop()
    with pytest.raises(cyjwt.JWKSUnavailableError, match="refused"):
        held.keys()


def test_any_content_type_will_do(server: KeyServer, client: Make) -> None:
    """Many serve their set as text; what counts is what it is."""
    server.headers = {"Content-Type": "text/plain"}
    assert "a" in client().keys()


def test_chunks(server: KeyServer, client: Make) -> None:
    content = document("a")

    def chunked(server: KeyServer, connection: Any, lines: list[str]) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(content), 50):
            part = content[start : start + 50]
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")

    server.behaviour = chunked
    assert "a" in client().keys()


# -- keys of a set


def threads() -> int:
    return sum(thread.name == "cyjwt-jwks" for thread in threading.enumerate())


def warned_of(count: int, warned: pytest.WarningsRecorder, client: cyjwt.JWKSClient) -> cyjwt.KeySet:
    """The keys, once the thread that fetched them has warned as often."""
    keys = client.keys()
    faults.wait_for(lambda: len(warned) == count)
    return keys


def test_bad_keys_are_left_out(server: KeyServer, client: Make) -> None:
    """Malformed, unknown, private, secret and encryption keys, with a warning each; the good one serves."""
    secret = cyjwt.Key.generate("HS256", kid="s").to_jwk(private=True)
    private = key("p").to_jwk(private=True)
    odd = {"kty": "AKP", "kid": "x"}
    broken = {**key("b").to_jwk(), "y": "AAAA"}
    encryption = {**key("e").to_jwk(), "use": "enc"}
    entries = [secret, private, odd, broken, encryption, "text", key("a").to_jwk()]
    server.document = json.dumps({"keys": entries}).encode()
    held = client()
    with pytest.warns(cyjwt.KeySetWarning) as warned:
        keys = warned_of(6, warned, held)
    assert [each.kid for each in keys] == ["a"]
    assert len(held.health().left_out) == 6
    for warning in warned:
        assert secret["k"] not in str(warning.message)
        assert private["d"] not in str(warning.message)
    for each in (secret, private):
        assert each["kid"] not in keys
        assert held.get(each["kid"]) is None
    assert held.dump() == {"keys": [key("a").to_jwk()]}


def test_the_same_bad_keys_are_warned_of_once(server: KeyServer, client: Make) -> None:
    server.document = json.dumps({"keys": [1, key("a").to_jwk()]}).encode()
    held = client()
    with pytest.warns(cyjwt.KeySetWarning) as warned:
        warned_of(1, warned, held)
    with warnings.catch_warnings(record=True) as more:
        held.refresh().result()
        held.refresh().result()
        faults.wait_for(lambda: threads() == 0)
    assert not more


@pytest.mark.filterwarnings("error::cyjwt.KeySetWarning")
def test_warnings_as_errors_do_not_take_the_good_keys(
    server: KeyServer, client: Make, tmp_path: Path
) -> None:
    """Nor what the thread of the fetch has still to do."""
    server.document = json.dumps({"keys": [1, key("a").to_jwk()]}).encode()
    assert "a" in client(path=tmp_path / "keys.json").keys()
    faults.wait_for((tmp_path / "keys.json").exists)


def test_more_keys_than_may_be(server: KeyServer, client: Make) -> None:
    server.document = document("a", "b")
    assert len(client(max_keys=2).keys()) == 2
    with pytest.raises(cyjwt.JWKSUnavailableError, match="2 keys: 1 is the most"):
        client(max_keys=1).keys()


def test_one_kid_twice(server: KeyServer, client: Make) -> None:
    """The same key published twice serves; different keys of one kid are told apart by alg, or not at all."""
    same, other = key("a").to_jwk(), {**key("z").to_jwk(), "kid": "a"}
    server.document = json.dumps({"keys": [same, same]}).encode()
    held = client()
    assert held.get("a") == key("a").public()
    server.document = json.dumps({"keys": [same, other]}).encode()
    held.refresh().result()
    with pytest.raises(cyjwt.KeyNotFoundError):
        held.get("a")


# -- who the server is


def test_a_certificate_that_nobody_vouches_for(client: Make) -> None:
    held = client(ssl_context=None)
    with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
        held.keys()
    assert caught.value.__cause__.code == "certificate"  # type: ignore[union-attr]


def test_a_certificate_for_another_name(tmp_path: Path, client: Make) -> None:
    authority, own = faults.certificate(tmp_path, "elsewhere.example")
    with running(own) as other:
        held = client(url=other.url, ssl_context=ssl.create_default_context(cafile=str(authority)))
        with pytest.raises(cyjwt.JWKSUnavailableError) as caught:
            held.keys()
    assert caught.value.__cause__.code == "certificate"  # type: ignore[union-attr]
    assert not other.requests


def test_plain_http_by_name_alone(client: Make) -> None:
    with running(None) as plain:
        with pytest.raises(ValueError, match="https"):
            client(url=plain.url, ssl_context=None)
        assert "a" in client(url=plain.url, ssl_context=None, allow_http=True).keys()


# -- retries


def test_a_retry_of_what_may_have_passed(server: KeyServer, client: Make) -> None:
    outcomes = [faults.reset, faults.status(503), faults.serve]
    server.behaviour = lambda *arguments: outcomes.pop(0)(*arguments)
    held = client(retries=2)
    assert "a" in held.keys()
    assert held.health().fetches == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "behaviour",
    [faults.status(404), faults.body(b"{}"), faults.status(301), faults.status(503, {"Retry-After": "9"})],
    ids=["404", "content", "301", "Retry-After"],
)
def test_no_retry_of_what_has_not_passed(behaviour: Behaviour, server: KeyServer, client: Make) -> None:
    server.behaviour = behaviour
    with pytest.raises(cyjwt.JWKSUnavailableError):
        client(retries=5).keys()
    assert len(server.requests) == 1


def test_retry_after_is_heeded_up_to_the_longest_step(server: KeyServer, client: Make, clock: Clock) -> None:
    held = client(clock=clock, backoff=1, backoff_max=10)
    for asked, least, most in [("5", 5, 5), ("1000000", 10, 10), ("soon", 0.5, 4)]:
        server.behaviour = faults.status(503, {"Retry-After": asked})
        with pytest.raises(cyjwt.JWKSError):
            held.refresh().result()
        assert least <= held.health().next_try_in <= most


# -- what is asked


def test_the_request(server: KeyServer, client: Make) -> None:
    client(headers={"user-agent": "orders/1", "X-Api-Key": "7"}).keys()
    fields = server.fields[0]
    assert fields["user-agent"] == "orders/1"
    assert fields["x-api-key"] == "7"
    assert fields["accept-encoding"] == "identity"
    assert fields["accept"] == "application/jwk-set+json, application/json"
    client().keys()
    assert server.fields[1]["user-agent"] == f"cyjwt/{cyjwt.__version__}"


def test_proxies_of_the_environment(server: KeyServer, client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(None) as proxy:
        monkeypatch.setenv("https_proxy", proxy.origin)
        proxy.behaviour = faults.status(403)
        with pytest.raises(cyjwt.JWKSUnavailableError, match=r"cannot be reached"):
            client().keys()
        # It was asked to connect to the key server, and that alone.
        assert proxy.requests == [f"127.0.0.1:{server.port}"]
        assert not server.requests
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert "a" in client().keys()


def test_a_proxy_that_drips(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(None) as proxy:
        monkeypatch.setenv("https_proxy", proxy.origin)
        proxy.behaviour = faults.drip("head")
        began = time.monotonic()
        with pytest.raises(cyjwt.JWKSUnavailableError, match="too long"):
            client(timeout=0.3).keys()
        assert time.monotonic() - began < 2


def test_a_server_that_never_shakes_hands(client: Make) -> None:
    """A connection is accepted, and then there is silence."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(cyjwt.JWKSUnavailableError, match="too long"):
            client(url=f"https://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.3).keys()
        assert time.monotonic() - began < 2
