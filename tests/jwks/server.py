"""A key server on the loopback, over real TLS with a CA of its own, which misbehaves as it is told."""

from __future__ import annotations

import contextlib
import datetime
import functools
import ipaddress
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import cyjwt

#: What serves one connection: it gets the connection and the lines of the request.
Behaviour = Callable[["KeyServer", socket.socket, list[str]], None]


@functools.cache
def key(kid: str) -> cyjwt.Key:
    """The session's ES256 key of that kid."""
    return cyjwt.Key.generate("ES256", kid=kid)


def document(*kids: str) -> bytes:
    """The JWK Set of these keys."""
    return json.dumps(cyjwt.KeySet([key(kid) for kid in kids]).to_jwks()).encode()


def token(kid: str, **claims: Any) -> str:
    """A token signed with that key, good for long."""
    return cyjwt.encode({"exp": 4_102_444_800, **claims}, key(kid), algorithm="ES256")


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A CA, and a file with the key and the certificate of a server that it vouches for."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests")])

    def begin(public: Any, name: x509.Name) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
        )

    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    names += ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    usage = {name: name in ("digital_signature", "key_cert_sign", "crl_sign") for name in names}
    ca = (
        begin(ca_key.public_key(), ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    leaf = (
        begin(server_key.public_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_path, server_path = folder / f"ca-{host}.pem", folder / f"server-{host}.pem"
    ca_path.write_bytes(ca.public_bytes(pem))
    server_path.write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(pem)
    )
    return ca_path, server_path


class KeyServer:
    """Serves ``document`` to everybody, or does what ``behaviour`` says.

    Attributes:
        requests: the paths that were asked for, in order.
        fields: the header fields of each request, by lower-case name.
        times: when each request came.
        most_at_once: how many requests were under way at the same time, at the most.
    """

    def __init__(self, certificate: Path | None) -> None:
        self.document = document("a")
        self.headers: dict[str, str] = {}
        self.behaviour: Behaviour = serve
        self.requests: list[str] = []
        self.fields: list[dict[str, str]] = []
        self.times: list[float] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._scheme = "http" if certificate is None else "https"
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._socket: socket.socket | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(128)
        self.port = listening.getsockname()[1]
        self._socket = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        held, self._socket = self._socket, None
        if held is not None:
            # Closing alone leaves the thread that accepts at its work.
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    @property
    def origin(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/jwks.json"

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(20)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    part = connection.recv(65536)
                    if not part:
                        return
                    received += part
                lines = received.decode("latin-1").split("\r\n")
                with self._lock:
                    self.requests.append(lines[0].split(" ")[1])
                    self.times.append(time.monotonic())
                    pairs = [line.split(": ", 1) for line in lines[1:] if ": " in line]
                    self.fields.append({name.lower(): value for name, value in pairs})
                    self._at_once += 1
                    self.most_at_once = max(self.most_at_once, self._at_once)
                try:
                    self.behaviour(self, connection, lines)
                finally:
                    with self._lock:
                        self._at_once -= 1


def answer(
    connection: socket.socket, body: bytes, status: str = "200 OK", headers: dict[str, str] | None = None
) -> None:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection.sendall(head.encode() + b"\r\n" + body)


def serve(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
    """The document."""
    answer(connection, server.document, headers=server.headers)


def status(code: int, headers: dict[str, str] | None = None, body: bytes = b"no") -> Behaviour:
    """Answers with a status."""
    return lambda server, connection, lines: answer(connection, body, f"{code} Said", headers)


def body(content: bytes, headers: dict[str, str] | None = None) -> Behaviour:
    """Answers with that content."""
    return lambda server, connection, lines: answer(connection, content, headers=headers)


def held_up(event: threading.Event) -> Behaviour:
    """Answers well, but not before the event."""

    def behaviour(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
        event.wait(20)
        serve(server, connection, lines)

    return behaviour


def drip(where: str) -> Behaviour:
    """Sends an octet now and then, and never comes to an end."""

    def behaviour(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
        head = b"HTTP/1.1 200 OK\r\n"
        if where == "body":
            head += b"Content-Length: 100000\r\n\r\n"
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return behaviour


def reset(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
    """Breaks the connection off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut_short(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
    """Promises more than it sends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + server.document)


def endless(server: KeyServer, connection: socket.socket, lines: list[str]) -> None:
    """Sends without end, and does not say how much."""
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"keys": [')
    while True:
        connection.sendall(b" " * 65536)


def wait_for(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.002)


@contextlib.contextmanager
def running(certificate: Path | None) -> Iterator[KeyServer]:
    server = KeyServer(certificate)
    try:
        yield server
    finally:
        server.stop()
