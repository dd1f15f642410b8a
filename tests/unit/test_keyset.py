"""KeySet: look-up by kid, JWK Sets in and out."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import warnings
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cyjwt.errors import InvalidKeyError, InvalidTokenError, KeyNotFoundError
from cyjwt.keys import Key
from cyjwt.keyset import MOST_KEYS, MOST_OCTETS, KeySet, KeySetWarning

# RFC 7517 appendix A.1: an EC key for encryption and an RSA key for signatures.
RFC7517_A1: dict[str, Any] = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "use": "enc",
            "kid": "1",
        },
        {
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
            "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQ"
            "MicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRw"
            "r3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29",
        },
    ]
}


@functools.cache
def key(algorithm: str, kid: str | None = None, serial: int = 0) -> Key:
    return Key.generate(algorithm, kid=kid)


@functools.cache
def any_algorithm(kid: str | None = None) -> Key:
    """An RSA key fit for six algorithms."""
    made = key("RS256", kid).to_jwk()
    del made["alg"]
    return Key.from_jwk(made)


def quietly(document: Any, **options: Any) -> KeySet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeySetWarning)
        return KeySet.from_jwks(document, **options)


# --- made ------------------------------------------------------------------------------------------------


def test_collection() -> None:
    members = [key("ES256", "a"), key("RS256", "b"), key("Ed25519")]
    keys = KeySet(iter(members))
    assert len(keys) == 3
    assert list(keys) == members
    assert members[2] in keys
    assert key("ES384") not in keys
    assert "a" in keys
    assert "c" not in keys
    assert 1 not in keys
    assert keys.get("a") is members[0]
    assert keys.get("c") is None
    assert keys == KeySet(members)
    assert keys != KeySet(members[:2])
    assert keys != members
    assert hash(keys) == hash(KeySet(members))


@pytest.mark.parametrize("keys", [None, 1, "keys", b"keys", {}, {"keys": []}, [1], ["kid"], [None], [{}]])
def test_wrong_types(keys: Any) -> None:
    with pytest.raises(TypeError):
        KeySet(keys)


def test_one_key_is_not_an_iterable_of_keys() -> None:
    with pytest.raises(TypeError):
        KeySet(key("ES256"))  # type: ignore[arg-type]


def test_empty() -> None:
    with pytest.raises(InvalidKeyError):
        KeySet([])


def test_immutable_picklable_and_copied_by_reference() -> None:
    keys = KeySet([key("ES256", "a"), key("HS256", "b"), key("Ed448", "c")])
    for name in ("_keys", "_by_kid", "new"):
        with pytest.raises(AttributeError):
            setattr(keys, name, ())
        with pytest.raises(AttributeError):
            delattr(keys, name)
    again = pickle.loads(pickle.dumps(keys))
    assert again == keys
    assert again.find("a", "ES256") == keys.find("a", "ES256")
    assert copy.copy(keys) is keys
    assert copy.deepcopy(keys) is keys


def test_repr_is_short_and_holds_no_secret() -> None:
    keys = KeySet([key("HS256", "a")])
    assert repr(keys) == "<KeySet of 1: <Key oct 256 bits secret kid='a' HS256>>"
    assert len(repr(KeySet([key("HS256", "a")] * 500))) < 500


# --- found -----------------------------------------------------------------------------------------------


def test_kid_decides() -> None:
    keys = KeySet([key("ES256", "a"), key("ES256", "b", 1)])
    assert keys.find("a", "ES256").kid == "a"
    assert keys.find("b", "ES256").kid == "b"
    for kid in ("c", "", "A", "a ", "../../etc/passwd", "' OR 1=1 --", "x" * 1_000_000):
        with pytest.raises(KeyNotFoundError, match="kid"):
            keys.find(kid, "ES256")
    assert issubclass(KeyNotFoundError, InvalidTokenError)


@pytest.mark.parametrize("kid", [1, b"a", ["a"], {"a": 1}, True, 1.5])
def test_kid_must_be_a_string(kid: Any) -> None:
    keys = KeySet([key("ES256", "a")])
    with pytest.raises(TypeError):
        keys.find(kid, "ES256")
    with pytest.raises(TypeError):
        keys.get(kid)


def test_get_of_none() -> None:
    with pytest.raises(TypeError):
        KeySet([key("ES256")]).get(None)  # type: ignore[arg-type]


def test_without_a_kid_exactly_one_key_must_be_fit() -> None:
    keys = KeySet([key("ES256", "a"), key("RS256", "b"), key("Ed25519", "c")])
    assert keys.find(None, "ES256").kid == "a"
    assert keys.find(None, "RS256").kid == "b"
    with pytest.raises(KeyNotFoundError, match="fit"):
        keys.find(None, "HS256")
    with pytest.raises(KeyNotFoundError, match="several"):
        KeySet([key("ES256", "a"), key("ES256", "b", 1)]).find(None, "ES256")


def test_algorithm_selects_among_fit_keys_only() -> None:
    keys = KeySet([key("ES256", "a"), key("HS256", "h")])
    # The header's alg never makes a key serve what it is not fit for.
    for kid, name in (("a", "HS256"), ("a", "ES384"), ("h", "ES256"), ("h", "HS512")):
        with pytest.raises(KeyNotFoundError, match="fit"):
            keys.find(kid, name)
    for name in ("none", "hs256", ""):
        with pytest.raises(ValueError, match="is not one of the algorithms"):
            keys.find("a", name)
    with pytest.raises(TypeError):
        keys.find("a", None)  # type: ignore[arg-type]


def test_one_kid_of_several_keys() -> None:
    keys = KeySet([key("ES256", "a"), key("RS256", "a"), any_algorithm("z")])
    # Type and alg single one out.
    assert keys.find("a", "ES256").kty == "EC"
    assert keys.find("a", "RS256").kty == "RSA"
    with pytest.raises(KeyNotFoundError, match="2 keys"):
        keys.get("a")
    ambiguous = KeySet([key("ES256", "a"), key("ES256", "a", 1)])
    with pytest.raises(KeyNotFoundError, match="several"):
        ambiguous.find("a", "ES256")
    assert len(ambiguous.keys_for("a", "ES256")) == 2
    with pytest.raises(KeyNotFoundError, match="fit"):
        ambiguous.find("a", "RS256")


def test_the_same_key_twice_is_one_key() -> None:
    again = pickle.loads(pickle.dumps(key("ES256", "a")))
    keys = KeySet([key("ES256", "a"), again])
    assert keys.find("a", "ES256") == again
    assert keys.find(None, "ES256") == again
    assert keys.get("a") == again
    # Equal material under other metadata is another key: which limits hold could not be told.
    both = KeySet([key("RS256", "a").public(), any_algorithm("a")])
    with pytest.raises(KeyNotFoundError):
        both.find("a", "RS256")
    assert both.find("a", "PS256") == any_algorithm("a")


def test_keys_that_may_not_verify_are_not_found() -> None:
    signing = Key.from_jwk(key("ES256", "a").to_jwk(private=True) | {"key_ops": ["sign"]})
    with pytest.raises(KeyNotFoundError):
        KeySet([signing]).find("a", "ES256")
    # Nor do they stand in the way of the key that may.
    assert KeySet([signing, signing.public()]).find("a", "ES256") == signing.public()


# --- JWK Sets in -----------------------------------------------------------------------------------------


def test_rfc7517_a1() -> None:
    with pytest.warns(KeySetWarning, match=r"key 0 .*\"use\"") as caught:
        keys = KeySet.from_jwks(RFC7517_A1)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    [only] = keys
    assert only == keys.get("2011-04-29")
    assert only.to_jwk() == RFC7517_A1["keys"][1]
    text = json.dumps(RFC7517_A1)
    for document in (text, text.encode(), bytearray(text.encode()), MappingProxyType(RFC7517_A1)):
        assert quietly(document) == keys


def test_a_clean_set_gives_no_warning() -> None:
    published = KeySet([key("ES256", "a"), key("Ed448", "b")]).to_jwks()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(KeySet.from_jwks(published)) == 2


GOOD = key("ES256", "good").to_jwk()
EC = key("ES384", "ec").to_jwk()

BAD_ENTRIES: dict[str, Any] = {
    "null": None,
    "string": "key",
    "number": 1,
    "list": [GOOD],
    "empty": {},
    "unknown-type": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
    "encryption": EC | {"use": "enc"},
    "encryption-ops": EC | {"alg": "ECDH-ES", "key_ops": ["deriveKey"]},
    "encryption-alg": EC | {"alg": "ECDH-ES"},
    "off-curve": EC | {"x": EC["y"], "y": EC["x"]},
    "padded": EC | {"x": EC["x"] + "="},
    "key-agreement": {"kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"},
    "low-order": {"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    "small-rsa": {"kty": "RSA", "n": "-" + "A" * 169 + "Q", "e": "AQAB"},
    "kid-not-a-string": EC | {"kid": 7},
    "private-ec": key("ES384").to_jwk(private=True),
    "private-rsa": key("RS256").to_jwk(private=True),
    "private-okp": key("Ed25519").to_jwk(private=True),
    "private-in-part": EC | {"d": None},
    "rsa-with-a-prime": key("RS256").to_jwk() | {"p": "AQAB"},
    "secret": key("HS256", "s").to_jwk(private=True),
    "secret-without-k": {"kty": "oct"},
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_bad_entry_is_left_out_and_the_others_serve(name: str) -> None:
    entry = BAD_ENTRIES[name]
    with pytest.warns(KeySetWarning, match="key 1 of the JWK Set was left out") as caught:
        keys = KeySet.from_jwks({"keys": [GOOD, entry, EC]})
    assert [one.kid for one in keys] == ["good", "ec"]
    assert len(caught) == 1
    if isinstance(entry, dict):
        for member in ("d", "k", "p", "n", "x"):
            value = entry.get(member)
            assert not isinstance(value, str) or value not in str(caught[0].message)
    with pytest.warns(KeySetWarning), pytest.raises(InvalidKeyError, match="no key that can be used"):
        KeySet.from_jwks({"keys": [entry]})


def test_private_and_secret_keys_of_ones_own() -> None:
    members = [key("ES256", "a"), key("HS256", "b"), key("RS256", "c")]
    document = KeySet(members).to_jwks(private=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keys = KeySet.from_jwks(document, private=True)
    assert list(keys) == members
    with pytest.warns(KeySetWarning, match="private=True"), pytest.raises(InvalidKeyError):
        KeySet.from_jwks(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": None},
        {"keys": {}},
        {"keys": {"a": GOOD}},
        {"keys": "keys"},
        {"Keys": [GOOD]},
        GOOD,
        "",
        "null",
        "[]",
        json.dumps([GOOD]),
        json.dumps(GOOD),
        json.dumps({"keys": [GOOD]})[:-1],
        '{"keys": [], "keys": []}',
        b"\xef\xbb\xbf" + json.dumps({"keys": [GOOD]}).encode(),
        json.dumps({"keys": [GOOD]}).encode("utf-16"),
        {"keys": []},
    ],
)
def test_document_that_is_no_set(document: Any) -> None:
    with pytest.raises(InvalidKeyError):
        KeySet.from_jwks(document)


@pytest.mark.parametrize("document", [None, 1, [], [GOOD], [key("ES256")]])
def test_document_of_the_wrong_type(document: Any) -> None:
    with pytest.raises(TypeError):
        KeySet.from_jwks(document)


def test_duplicate_members_inside_an_entry() -> None:
    text = json.dumps({"keys": [GOOD]})
    assert len(KeySet.from_jwks(text)) == 1
    with pytest.raises(InvalidKeyError):
        KeySet.from_jwks(text.replace('"kid"', '"kty": "EC", "kid"'))


def test_bounds() -> None:
    with pytest.raises(InvalidKeyError, match=f"{MOST_KEYS} is the most"):
        KeySet.from_jwks({"keys": [GOOD] * (MOST_KEYS + 1)})
    text = json.dumps({"keys": [GOOD]})
    assert KeySet.from_jwks(text + " " * (MOST_OCTETS - len(text)))
    with pytest.raises(InvalidKeyError, match=f"{MOST_OCTETS} is the most"):
        KeySet.from_jwks(text + " " * (MOST_OCTETS - len(text) + 1))


def test_unknown_members_are_ignored() -> None:
    assert len(KeySet.from_jwks({"keys": [GOOD | {"x5t": 1, "extra": {}}], "issuer": "x"})) == 1


# --- files and JWK Sets out ------------------------------------------------------------------------------


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [GOOD]}), "utf-8")
    assert KeySet.from_file(path) == KeySet.from_file(str(path)) == KeySet.from_jwks({"keys": [GOOD]})
    path.write_text(json.dumps(KeySet([key("HS256", "b")]).to_jwks(private=True)), "utf-8")
    assert KeySet.from_file(path, private=True).get("b") == key("HS256", "b")
    with pytest.warns(KeySetWarning), pytest.raises(InvalidKeyError):
        KeySet.from_file(path)
    path.write_bytes(b" " * (MOST_OCTETS + 2))
    with pytest.raises(InvalidKeyError, match="most"):
        KeySet.from_file(path)
    with pytest.raises(FileNotFoundError):
        KeySet.from_file(tmp_path / "absent")


def test_to_jwks_publishes_nothing_private() -> None:
    keys = KeySet([key("ES256", "a"), key("HS256", "b"), key("RS256", "c").public(), key("Ed448", "d")])
    published = keys.to_jwks()
    assert [entry["kid"] for entry in published["keys"]] == ["a", "c", "d"]
    for entry in published["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(entry)
    json.dumps(published)
    assert [one.kid for one in KeySet.from_jwks(published)] == ["a", "c", "d"]
    everything = keys.to_jwks(private=True)
    assert [entry["kid"] for entry in everything["keys"]] == ["a", "b", "c", "d"]
    assert "d" in everything["keys"][0]
    assert "k" in everything["keys"][1]
    assert "d" not in everything["keys"][2]
    assert KeySet.from_jwks(everything, private=True) == keys


def test_the_document_may_change_afterwards() -> None:
    document = {"keys": [dict(GOOD)]}
    keys = KeySet.from_jwks(document)
    document["keys"][0]["kid"] = "changed"
    document["keys"].clear()
    assert keys.get("good") is not None
    keys.to_jwks()["keys"].clear()
    assert len(keys.to_jwks()["keys"]) == 1


def test_warning_is_an_ordinary_user_warning() -> None:
    assert issubclass(KeySetWarning, UserWarning)
