"""cyjwt's libcrypto beside ``ssl``'s and ``cryptography``'s, in one process, used in turn."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cyjwt
from tests.support import ROOT

CODE = """
import sys

def use_ssl():
    import ssl, hashlib
    context = ssl.create_default_context()
    assert context.get_ciphers()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="host.example")
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    assert len(outgoing.read()) > 100
    assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf")
    try:
        ssl.create_default_context(cadata="not a certificate")
    except (ssl.SSLError, ValueError):
        pass

def use_cryptography():
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(b"data", ec.ECDSA(hashes.SHA256()))
    key.public_key().verify(signature, b"data", ec.ECDSA(hashes.SHA256()))
    try:
        key.public_key().verify(signature, b"other", ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        pass
    else:
        raise AssertionError

def use_cyjwt():
    import cyjwt
    for algorithm in ("RS256", "ES256", "EdDSA", "HS256", "ES512"):
        key = cyjwt.Key.generate(algorithm)
        token = cyjwt.Signer(key, algorithm=algorithm).sign({"exp": 4000000000})
        assert cyjwt.Verifier(key).verify(token) == {"exp": 4000000000}
        try:
            cyjwt.Verifier(key).verify(token[:-6] + "AAAAAA")
        except cyjwt.InvalidSignatureError:
            pass
        else:
            raise AssertionError
    try:
        cyjwt.Key.from_pem(b"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n")
    except cyjwt.InvalidKeyError:
        pass

uses = {"ssl": use_ssl, "cryptography": use_cryptography, "cyjwt": use_cyjwt}
for _ in range(3):
    for name in sys.argv[1:]:
        uses[name]()
print("fine")
"""


def run(code: str, *arguments: str) -> str:
    path = os.pathsep.join([str(Path(cyjwt.__file__).parent.parent), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["ssl", "cryptography", "cyjwt"])), ids="-".join
)
def test_three_libcryptos_in_turn(order: tuple[str, ...]) -> None:
    assert run(CODE, *order) == "fine"


def test_importing_cyjwt_leaves_cryptography_alone() -> None:
    code = "import sys, cyjwt; print([m for m in sys.modules if m.split('.')[0] in ('cryptography', '_cffi_backend')])"
    assert run(code) == "[]"


def test_verifying_and_signing_leave_cryptography_alone() -> None:
    """Secrets and PEM text need no `cryptography`, once the key is made."""
    code = """
import sys, cyjwt
key = cyjwt.Key.from_secret(bytes(range(32)))
token = cyjwt.Signer(key).sign({"exp": 4000000000})
assert cyjwt.Verifier(key).verify(token)
print("cryptography" in sys.modules)
"""
    assert run(code) == "False"


def test_each_libcrypto_keeps_its_own_version() -> None:
    code = (
        "import ssl, cyjwt; print(ssl.OPENSSL_VERSION); print(cyjwt.build_info()); print(ssl.OPENSSL_VERSION)"
    )
    before, info, after = run(code).splitlines()
    assert before == after
    assert "OpenSSL" in before
    assert "AWS-LC" in info or "OpenSSL" in info
