"""The options ``revoked`` and ``revocation_failure``: what they take, and how a verifier shows and carries them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import cyjwt
from tests.support import pair

HS256 = pair("HS256")


class Store:
    """A store that knows jtis by name, and can be pickled."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[tuple[dict[str, Any], cyjwt.Key]] = []

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        self.asked.append((claims, key))
        return claims.get("jti") in self.names


class AsyncStore:
    async def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        return True


@pytest.mark.parametrize(
    "wrong", [0, True, object(), "a", b"a", Store, AsyncStore(), set, lambda claims, key: True]
)
def test_what_is_no_store(wrong: Any) -> None:
    with pytest.raises(TypeError, match="revoked"):
        HS256.verifier(revoked=wrong)


@pytest.mark.parametrize("store", [None, Store(), set(), frozenset("a"), ["a"], ("a",), {"a": 1}, {}.keys()])
def test_what_is_a_store(store: Any) -> None:
    token = HS256.token({"exp": 4_000_000_000, "jti": "b"})
    assert HS256.verifier(revoked=store).verify(token)["jti"] == "b"


@pytest.mark.parametrize(
    ("wrong", "kind"), [(None, TypeError), (True, TypeError), ("", ValueError), ("Refuse", ValueError)]
)
def test_what_is_no_choice(wrong: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="revocation_failure"):
        HS256.verifier(revoked=Store(), revocation_failure=wrong)


def test_a_verifier_shows_no_store() -> None:
    names = {f"secret-{n}" for n in range(3)}
    said = repr(HS256.verifier(revoked=names))
    assert "secret-" not in said
    assert "revoked=<class 'set'>" in said
    assert "revocation_failure='refuse'" in said
    assert "revo" not in repr(HS256.verifier())


def test_a_pickle_carries_the_store_and_the_choice() -> None:
    token = HS256.token({"exp": 4_000_000_000, "jti": "a"})
    again = pickle.loads(pickle.dumps(HS256.verifier(revoked=Store("a"))))
    with pytest.raises(cyjwt.RevokedTokenError):
        again.verify(token)
    again = pickle.loads(pickle.dumps(HS256.verifier(revoked=Faulty(), revocation_failure="accept")))
    assert again.verify(token)["jti"] == "a"


class Faulty:
    """A store that fails."""

    def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
        raise OSError("gone")
