"""The option claims_type of a verifier: instances from every way to verify, and one verdict."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pickle
from typing import Any, TypedDict

import pytest

import cyjwt
from tests.support import AUDIENCE, ISSUER, NOW, forge, good_claims, pair, verdict_of

HS256 = pair("HS256")
SECRET = "top-secret-value"

pytest.importorskip("msgspec")


@dataclasses.dataclass
class Account:
    sub: str
    exp: int
    tags: list[str] = dataclasses.field(default_factory=list)


class Listed(TypedDict):
    sub: str
    exp: int


def user() -> Any:
    return importlib.import_module("tests.unit.typed_structs").User


def model() -> Any:
    pytest.importorskip("pydantic")
    return importlib.import_module("tests.unit.typed_models").User


KINDS = pytest.mark.parametrize(
    "kind", [user, lambda: Account, lambda: Listed, model], ids=["s", "d", "t", "m"]
)


def subject(made: Any) -> str:
    return str(made["sub"] if isinstance(made, dict) else made.sub)


@KINDS
@pytest.mark.parametrize(
    "options", [{}, {"cache": 4}, {"revoked": {"gone"}}, {"cache": 4, "revoked": {"gone"}}]
)
def test_instances_in_place_of_dicts(kind: Any, options: dict[str, Any]) -> None:
    kind = kind()
    verifier = HS256.verifier(claims_type=kind, **options)
    token = HS256.token(good_claims(tags=["a"], more={"x": [1]}))
    for _ in range(3):
        made = verifier.verify(token)
        assert subject(made) == "user-8f14e45f"
        assert kind is Listed or isinstance(made, kind)
        complete = verifier.verify_complete(token)
        assert complete.header["alg"] == "HS256"
        assert complete.claims == made
        assert complete.claims is not made
    with pytest.raises(cyjwt.InvalidClaimsError) as caught:
        verifier.verify(HS256.token({"exp": NOW + 1}))
    assert caught.value.claim == "sub"
    assert caught.value.code == "claims_type"
    assert caught.value.__traceback__ is not None
    assert caught.value.__traceback__.tb_next is None


@KINDS
def test_what_a_verifier_checks_comes_first(kind: Any) -> None:
    """Each refusal is that of a verifier without a type, and the type is not even asked."""
    options: dict[str, Any] = {"audience": AUDIENCE, "issuer": ISSUER, "required": ("exp", "sub")}
    plain, typed = HS256.verifier(**options), HS256.verifier(claims_type=kind(), **options)
    good = good_claims(aud=AUDIENCE, iss=ISSUER)
    head = b'{"alg":"HS256"}'
    tokens = [
        HS256.token(good)[:-4] + "AAAA",
        HS256.token({**good, "exp": NOW - 1}),
        HS256.token({**good, "nbf": NOW + 10}),
        HS256.token({**good, "aud": "x"}),
        HS256.token({**good, "iss": "x"}),
        HS256.token({**good, "exp": "soon"}),
        HS256.token({"aud": AUDIENCE, "iss": ISSUER, "exp": NOW + 1}),
        forge(head, b'{"sub":"a","sub":"b","exp":1999999999}', HS256.oracle),
        forge(head, b'{"sub":"a","x":{"y":1,"\\u0079":2},"exp":1999999999}', HS256.oracle),
        forge(head, b'{"sub":"a","exp":1999999999,"x":NaN}', HS256.oracle),
        forge(head, b'{"sub":"a","exp":1999999999,"x":"\\ud800"}', HS256.oracle),
        forge(head, b'{"sub":"a","exp":1999999999,"x":' + b"[" * 200 + b"]" * 200 + b"}", HS256.oracle),
        forge(head, b'\xef\xbb\xbf{"sub":"a","exp":1999999999}', HS256.oracle),
        forge(head, b'["sub"]', HS256.oracle),
        forge(head, b'{"sub":"a","exp":1999999999}x', HS256.oracle),
        forge(head, b"", HS256.oracle),
    ]
    for token in tokens:
        expected = verdict_of(plain.verify, token)
        assert expected[0] not in (None, "InvalidClaimsError")
        assert verdict_of(typed.verify, token) == expected


def test_each_hit_gives_a_new_instance() -> None:
    verifier = HS256.verifier(claims_type=Account, cache=4)
    token = HS256.token(good_claims(tags=["a"]))
    first = verifier.verify(token)
    first.tags.append("spoilt")
    first.sub = "spoilt"
    second = verifier.verify(token)
    assert second == Account("user-8f14e45f", NOW + 600, ["a"])
    assert verifier.cache_info() == (1, 1, 1, 4, 0)


def test_a_mismatch_is_not_kept() -> None:
    verifier = HS256.verifier(claims_type=Account, cache=4)
    token = HS256.token(good_claims(tags=[SECRET, 1]))
    for _ in range(2):
        with pytest.raises(cyjwt.InvalidClaimsError) as caught:
            verifier.verify(token)
        assert caught.value.claim == "tags[1]"
    assert verifier.cache_info() == (0, 2, 0, 4, 0)


def test_a_store_gets_the_dict_and_changes_nothing() -> None:
    asked: list[Any] = []

    class Store:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            asked.append(dict(claims))
            revoked = claims.get("sub") == "gone"
            claims.clear()
            return revoked

    verifier = HS256.verifier(claims_type=Account, cache=4, revoked=Store())
    token = HS256.token()
    for _ in range(3):
        assert verifier.verify(token) == Account("user-8f14e45f", NOW + 600)
    assert asked == [good_claims()] * 3
    assert verdict_of(verifier.verify, HS256.token(good_claims(sub="gone")))[0] == "RevokedTokenError"
    # It is revoked before it is looked at as a type.
    assert verdict_of(verifier.verify, HS256.token(good_claims(sub="gone", tags=1)))[0] == "RevokedTokenError"


def test_no_value_is_told() -> None:
    verifier = HS256.verifier(claims_type=user())
    for claims in ({"sub": "a", "role": SECRET}, {"sub": "a", "strict": {"level": 1, "text": SECRET}}):
        with pytest.raises(cyjwt.InvalidClaimsError) as caught:
            verifier.verify(HS256.token({**good_claims(), **claims}))
        error: BaseException | None = caught.value
        while error is not None:
            assert SECRET not in repr(error)
            error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("level", "error"),
    [(2, cyjwt.InvalidClaimsError), (3, cyjwt.InvalidClaimsError), (4, KeyboardInterrupt), (5, MemoryError)],
)
def test_what_the_types_own_code_raises(level: int, error: type[BaseException]) -> None:
    verifier = HS256.verifier(claims_type=user(), cache=4)
    token = HS256.token(good_claims(strict={"level": level}))
    for _ in range(2):
        with pytest.raises(error):
            verifier.verify(token)
    assert verifier.cache_info().size == 0


def test_a_type_whose_code_changes_its_mind_on_a_hit() -> None:
    @dataclasses.dataclass
    class Moody:
        sub: str

        def __post_init__(self) -> None:
            if moods.pop():
                raise ValueError(SECRET)

    moods = [True, False, True, False]
    verifier = HS256.verifier(claims_type=Moody, cache=4)
    token = HS256.token()
    for _ in range(2):
        assert verifier.verify(token).sub == "user-8f14e45f"
        with pytest.raises(cyjwt.InvalidClaimsError):
            verifier.verify(token)
    assert verifier.cache_info().hits == 3


def test_bad_types_are_refused_at_once() -> None:
    for bad in (int, "Account", 5, object()):
        with pytest.raises(TypeError, match="claims_type"):
            HS256.verifier(claims_type=bad)


def test_a_pickle_takes_the_type_along() -> None:
    verifier = pickle.loads(pickle.dumps(HS256.verifier(claims_type=Account, cache=4)))
    assert verifier.verify(HS256.token()) == Account("user-8f14e45f", NOW + 600)


def test_the_type_is_shown() -> None:
    assert "Account" in repr(HS256.verifier(claims_type=Account))


def test_numbers_of_any_size() -> None:
    """What the reader admits, the types see unchanged."""
    verifier = HS256.verifier(claims_type=user(), clock=NOW)
    token = forge(b'{"alg":"HS256"}', json.dumps({**good_claims(), "ratio": 0.1}).encode(), HS256.oracle)
    assert verifier.verify(token).ratio == 0.1


def test_subscripts_are_for_checkers_of_types() -> None:
    assert cyjwt.Verifier[Account] is cyjwt.Verifier
    assert cyjwt.Token[Account] is cyjwt.Token
