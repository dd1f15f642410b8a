"""Signatures over one token's text, and one verdict from engine and oracle."""

from __future__ import annotations

import json

import pytest

import cyjwt
from bench import baseline
from tests.support import Pair, b64, good_claims

PAYLOAD = baseline.dumps(good_claims())


def signing_input(algorithm: str, payload: bytes = PAYLOAD) -> bytes:
    return f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(payload)}".encode()


def refused(keys: Pair, data: bytes, signature: bytes) -> None:
    """The token is refused for its signature, by the engine, by ``Key.verify`` and by the oracle."""
    token = data.decode() + "." + b64(signature)
    with pytest.raises(cyjwt.InvalidSignatureError):
        keys.verifier().verify(token)
    with pytest.raises(cyjwt.InvalidSignatureError):
        keys.public.verify(data, signature, keys.algorithm)
    assert not baseline.check_signature(keys.oracle, keys.algorithm, data, signature)


def accepted(keys: Pair, data: bytes, signature: bytes) -> None:
    assert keys.verifier().verify(data.decode() + "." + b64(signature)) == good_claims()
    keys.public.verify(data, signature, keys.algorithm)
