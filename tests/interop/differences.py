"""Where `cyjwt.jwt` does not do what PyJWT does, on purpose: each difference that docs/migrating.md lists."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import cyjwt
from cyjwt._engine import jsontext
from tests.interop.sides import Call, Outcome

__all__ = ["DIFFERENCES", "listed"]

Rule = Callable[[Call, Outcome, Outcome], bool]


def _octets(token: Any) -> bytes:
    if isinstance(token, str):
        return token.encode("utf-8", "surrogatepass")
    return bytes(token) if isinstance(token, bytes | bytearray | memoryview) else b""


def _segments(call: Call) -> list[bytes]:
    """What the header and the payload of the token hold, as far as that can be told; and what is detached."""
    found = []
    for segment in _octets(call.token).split(b".")[:2]:
        text = segment.rstrip(b"=")
        try:
            found.append(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
        except ValueError:
            found.append(b"")
    return [*found, call.options.get("detached_payload") or b""]


def _header(call: Call) -> dict[str, Any]:
    try:
        header = json.loads(_segments(call)[0])
    except (ValueError, RecursionError, IndexError):
        return {}
    return header if isinstance(header, dict) else {}


def _refused(found: Outcome, *errors: str) -> bool:
    return found.error in (errors or ("DecodeError", "InvalidTokenError"))


def _is_strict_json(octets: bytes) -> bool:
    try:
        jsontext.loads(octets)
    except cyjwt.DecodeError:
        return False
    return True


def _is_json(octets: bytes) -> bool:
    try:
        json.loads(octets)
    except (ValueError, RecursionError):
        return False
    return True


def _json(call: Call, expected: Outcome, found: Outcome) -> bool:
    lax = [
        octets for octets in _segments(call) if octets and not _is_strict_json(octets) and _is_json(octets)
    ]
    return bool(lax) and _refused(found, "DecodeError")


def _typ(call: Call, expected: Outcome, found: Outcome) -> bool:
    return not isinstance(_header(call).get("typ", ""), str) and _refused(found)


def _b64(call: Call, expected: Outcome, found: Outcome) -> bool:
    return not isinstance(_header(call).get("b64", True), bool) and _refused(found)


def _crit(call: Call, expected: Outcome, found: Outcome) -> bool:
    crit = _header(call).get("crit")
    repeated = isinstance(crit, list) and len(set(map(str, crit))) < len(crit)
    return repeated and _refused(found)


def _alg(call: Call, expected: Outcome, found: Outcome) -> bool:
    unhashable = isinstance(_header(call).get("alg"), list | dict)
    return unhashable and expected.error == "TypeError" and _refused(found, "InvalidAlgorithmError")


def _buffer(call: Call, expected: Outcome, found: Outcome) -> bool:
    return isinstance(call.token, bytearray | memoryview) and expected.error == "DecodeError"


def _surrogate(call: Call, expected: Outcome, found: Outcome) -> bool:
    return expected.error == "UnicodeEncodeError" and _refused(found, "DecodeError")


def _algorithms_are_text(call: Call, expected: Outcome, found: Outcome) -> bool:
    return isinstance(call.options.get("algorithms"), str) and _refused(found, "InvalidAlgorithmError")


def _option_of_no_use(call: Call, expected: Outcome, found: Outcome) -> bool:
    return isinstance(call.options.get("algorithms"), int) and found.error == "TypeError"


def _public_key_signs(call: Call, expected: Outcome, found: Outcome) -> bool:
    return (
        expected.error == "AttributeError" and "'sign'" in expected.said and found.error == "InvalidKeyError"
    )


def _private_rsa_key_verifies(call: Call, expected: Outcome, found: Outcome) -> bool:
    # The start of its name: before CPython 3.12 the message cuts it after fifty characters.
    return (
        "openssl.rsa.RSA" in expected.said
        and "'verify'" in expected.said
        and expected.error == "AttributeError"
    )


def _jwk_lacks_a_member(call: Call, expected: Outcome, found: Outcome) -> bool:
    return call.function == "PyJWK" and expected.error == "KeyError" and found.error == "InvalidKeyError"


def _weak_key(call: Call, expected: Outcome, found: Outcome) -> bool:
    return found.error == "InvalidKeyError" and ("low order" in found.said or "too small" in found.said)


#: What each is called, and how its outcomes are told.
DIFFERENCES: dict[str, Rule] = {
    "JSON is read by RFC 8259, in UTF-8, and without duplicate members": _json,
    "a typ that is no string is refused": _typ,
    "a b64 that is neither true nor false is refused": _b64,
    "a crit that names one extension twice is refused": _crit,
    "an alg that is a list or an object is an InvalidAlgorithmError": _alg,
    "a token may be a bytearray or a memoryview": _buffer,
    "half a character in a token's text is a DecodeError": _surrogate,
    "algorithms that are one text are one name": _algorithms_are_text,
    "algorithms that are no collection are a TypeError, whatever the token": _option_of_no_use,
    "a public key that is to sign is an InvalidKeyError": _public_key_signs,
    "a private RSA key verifies with its public half": _private_rsa_key_verifies,
    "a JWK that lacks a member is an InvalidKeyError": _jwk_lacks_a_member,
    "an Ed25519 key of low order, or an RSA exponent below 65537, is refused": _weak_key,
}


def listed(call: Call, expected: Outcome, found: Outcome) -> str | None:
    """The listed difference that these outcomes are, if they are one."""
    return next((name for name, rule in DIFFERENCES.items() if rule(call, expected, found)), None)
