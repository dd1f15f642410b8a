"""Keys that change under a verifier: alone, in batches, in streams and in threads."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyjwt
from cyjwt._engine.keysource import KeySource
from tests.batch.agreement import agree, verdict
from tests.batch.live_keys import NAMELESS, OF, SECRET, UNKNOWN, A, B, C, code, verifier
from tests.live_support import Source, token
from tests.support import NOW, good_claims

# -- one token


def test_keys_that_are_there_are_asked_for_nowhere() -> None:
    source = Source(A.public(), B.public())
    made = verifier(source)
    for _ in range(3):
        assert made.verify(OF["a"]) == made.verify(OF["b"]) == good_claims()
    assert made.verify_complete(OF["a"]).header["kid"] == "a"
    assert (source.asked, source.told) == ([], 0)


def test_a_key_that_is_missing_is_asked_for_once() -> None:
    source = Source(A.public(), store=(B.public(),))
    made = verifier(source)
    assert made.verify(OF["b"]) == good_claims()
    assert source.asked == ["b"]
    for unknown, kid in ((UNKNOWN, "x"), (NAMELESS, None)):
        source.asked.clear()
        source.publish(B.public())
        assert code(made, unknown) == "key_not_found"
        assert source.asked == [kid]


def test_a_swap_is_seen_at_once() -> None:
    source = Source(A.public())
    made = verifier(source)
    assert code(made, OF["a"]) is None
    source.publish(B.public())
    assert (code(made, OF["a"]), code(made, OF["b"])) == ("key_not_found", None)
    # Nothing remembered of one set of keys is taken for another's.
    source.publish(cyjwt.Key.from_jwk({**B.public().to_jwk(), "kid": "a"}))
    assert code(made, OF["a"]) == "key_not_found"
    other = cyjwt.Key.generate("ES256", kid="a")
    source.publish(other.public())
    assert (code(made, OF["a"]), code(made, token(other))) == ("invalid_signature", None)


def test_what_is_wrong_with_a_token_besides_asks_for_no_key() -> None:
    source = Source(A.public(), B.public())
    made = verifier(source)
    bad = ["x", None, OF["a"][:-5] + "AAAAA", OF["s"], token(A, exp=NOW), "é.b.c", UNKNOWN.replace(".", "=.")]
    assert None not in [code(made, one) for one in bad]
    assert code(made, OF["s"]) == "invalid_algorithm"
    assert source.asked == []


def test_which_algorithms() -> None:
    source = Source(A.public())
    made = verifier(source)
    assert {"ES256", "RS256", "EdDSA"} <= made.algorithms
    assert not {"HS256", "none"} & made.algorithms
    # The next key may be of another family: what is not there now is not found, rather than not allowed.
    assert code(made, OF["c"]) == "key_not_found"
    assert source.asked == ["c"]
    only = verifier(source, algorithms=["ES256"])
    assert only.algorithms == {"ES256"}
    source.publish(A.public(), C.public())
    assert (code(only, OF["a"]), code(only, OF["c"])) == (None, "invalid_algorithm")
    assert (code(made, OF["c"]), code(verifier(Source(SECRET)), OF["s"])) == (None, None)
    # That no key fits is the tokens' failure, not the verifier's.
    nothing = verifier(Source(A.public()), algorithms=["RS256"])
    assert (code(nothing, OF["c"]), code(nothing, OF["a"])) == ("key_not_found", "invalid_algorithm")


def test_the_first_keys_are_waited_for() -> None:
    source = Source(store=(A.public(),))
    made = verifier(source)
    assert code(made, OF["a"]) is None
    assert (source.told, source.asked) == (1, [])


def test_no_keys_at_all() -> None:
    source = Source()
    made = verifier(source)
    for _ in range(2):
        with pytest.raises(cyjwt.JWKSUnavailableError):
            made.verify(OF["a"])
    source.due, source.fails = -math.inf, True
    with pytest.raises(cyjwt.JWKSUnavailableError, match="down"):
        made.verify(OF["a"])
    # A token that is none is told before keys are looked for.
    assert code(made, None) == "token_type"
    source.fails = False
    source.publish(A.public())
    assert code(made, OF["a"]) is None
    source.snapshot = None
    assert code(made, OF["a"]) == "keys_unavailable"


def test_a_source_is_told_when_it_is_due() -> None:
    source = Source(A.public())
    made = verifier(source)
    for due in (-math.inf, 0.0):
        source.due = due
        made.verify(OF["a"])
        made.verify(OF["a"])
    assert source.told == 2
    source.due = math.inf
    made.verify(OF["a"])
    assert source.told == 2


def test_a_source_that_fails_to_find_a_key_says_nothing_else() -> None:
    source = Source(A.public())
    source.fails = True
    assert code(verifier(source), UNKNOWN) == "key_not_found"


def test_snapshots_that_are_none() -> None:
    for wrong in (A.public(), [A.public()], "keys", 5):
        source = Source(A.public())
        source.snapshot = wrong  # type: ignore[assignment]
        with pytest.raises(TypeError, match="KeySet"):
            verifier(source).verify(OF["a"])


def test_the_base_class_never_finds_anything() -> None:
    source = KeySource()
    assert (source.snapshot, source.due, source._ready()) == (None, math.inf, False)
    assert source._due() is None  # type: ignore[func-returns-value]
    assert source._missing("a") is False
    made = verifier(source)
    assert code(made, OF["a"]) == "keys_unavailable"
    source.snapshot = cyjwt.KeySet([A.public()])
    assert (source._ready(), code(made, OF["a"]), code(made, OF["b"])) == (True, None, "key_not_found")


def test_what_it_is_made_of() -> None:
    source = Source(A.public(), store=(B.public(),))
    made = verifier(source, audience="me", revoked={"j"})
    assert made.keys is source
    again = pickle.loads(pickle.dumps(made))
    assert type(again.keys) is Source
    assert code(again, token(B, aud="me")) is None
    assert code(again, token(A, aud="me", jti="j")) == "revoked"
    assert code(again, token(A)) == "missing_claim"
    assert again.keys.asked == ["b"]
    assert source.asked == []


# -- batches


MIXED: list[Any] = [OF["a"], OF["b"], "x", None, UNKNOWN, OF["a"][:-5] + "AAAAA", OF["s"], OF["c"], NAMELESS]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_asks_once_for_each_kid(threads: int) -> None:
    tokens = MIXED * 300
    for claims in (True, False, ["sub", "exp"]):
        source = Source(A.public(), store=(B.public(), C.public()))
        made = verifier(source)
        batch = made.verify_batch(tokens, threads=threads, claims=claims)
        assert batch.counts() == {
            "valid": 900, "segments": 300, "token_type": 300, "key_not_found": 300,
            "invalid_signature": 600, "invalid_algorithm": 300,
        }  # fmt: skip
        assert sorted(source.asked, key=str) == ["b", "c", "x"]


@given(st.lists(st.sampled_from(MIXED), max_size=30), st.sets(st.sampled_from([A, B, C])))
def test_one_verdict(tokens: list[Any], published: set[cyjwt.Key]) -> None:
    source = Source(*(key.public() for key in (published or {A})))
    assert agree(verifier(source), tokens) == [verdict(verifier(source), one) for one in tokens]
    # The same as of a verifier whose keys are fixed, but for algorithms that no key is there for.
    fixed = cyjwt.Verifier(source.snapshot, algorithms=None, clock=NOW)  # type: ignore[arg-type]
    for one in tokens:
        live, still = verdict(verifier(source), one), verdict(fixed, one)
        assert live == still or {live.code, still.code} == {"key_not_found", "invalid_algorithm"}  # type: ignore[union-attr]


def test_revocation_gets_the_key_of_the_keys_of_now() -> None:
    seen: list[tuple[str | None, str | None]] = []

    class Store:
        def is_revoked(self, claims: dict[str, Any], key: cyjwt.Key, /) -> bool:
            seen.append((claims["jti"], key.kid))
            return bool(claims["jti"] == "b")

    source = Source(A.public(), store=(B.public(),))
    made = verifier(source, revoked=Store())
    tokens = [token(A, jti="a"), token(B, jti="b"), token(A, jti="a")]
    batch = made.verify_batch(tokens, claims=False)
    assert [batch.reason(i) for i in range(3)] == [None, "revoked", None]
    assert seen == [("a", "a"), ("b", "b"), ("a", "a")]


@pytest.mark.parametrize("claims", [True, False])
def test_headers_of_one_set_of_keys_mean_nothing_to_another(claims: bool) -> None:
    """A worker remembers which key a header stands for, by a place that is another key's in the next set."""

    class Turning(Source):
        def _missing(self, kid: str | None, /) -> bool:
            super()._missing(kid)
            self.publish(*reversed(tuple(self.snapshot or ())))
            return True

    other = cyjwt.Key.generate("ES256", kid="other")
    source = Turning(A.public(), C.public(), store=(other.public(),))
    tokens = [OF["a"], OF["c"]] * 600 + [token(other), OF["a"], OF["c"]] * 200
    batch = verifier(source).verify_batch(tokens, threads=1, claims=claims)
    assert batch.counts() == {"valid": 1800}
    assert source.asked == ["other"]


def test_a_flood_of_kids_is_no_flood_of_calls() -> None:
    key = cyjwt.Key.generate("ES256")
    flood = [
        cyjwt.encode(good_claims(), key, algorithm="ES256", headers={"kid": f"k{n}"}) for n in range(40)
    ] * 50
    source = Source(A.public())
    batch = verifier(source).verify_batch([*flood, OF["a"]])
    assert batch.counts() == {"valid": 1, "key_not_found": 2000}
    assert len(source.asked) == len(set(source.asked)) == 16


def test_a_stream_sees_every_swap() -> None:
    source = Source(A.public())

    def tokens() -> Any:
        for n in range(6):
            if n == 3:
                source.publish(B.public())
            yield OF["a"]

    batches = list(verifier(source).verify_stream(tokens(), size=1, claims=False))
    assert [batch.reason(0) for batch in batches] == [None] * 3 + ["key_not_found"] * 3


def test_a_batch_without_keys() -> None:
    source = Source()
    made = verifier(source, max_token_size=1000)
    tokens = [OF["a"], "x", None, "y" * 1001, bytearray(2000)]
    expected = ["keys_unavailable"] * 2 + ["token_type"] + ["too_large"] * 2
    assert [code(made, one) for one in tokens] == expected
    for claims in (True, False, ["sub"]):
        batch = made.verify_batch(tokens, claims=claims)
        assert [batch.reason(i) for i in range(5)] == expected
        assert type(batch[0]) is cyjwt.JWKSUnavailableError
        with pytest.raises(cyjwt.JWKSUnavailableError):
            batch.raise_first()
    source.fails, source.due = True, -math.inf
    assert made.verify_batch([OF["a"]]).counts() == {"valid": 0, "keys_unavailable": 1}


def test_keys_that_go_while_a_batch_asks() -> None:
    class Vanishing(Source):
        def _missing(self, kid: str | None, /) -> bool:
            self.snapshot = None
            return True

    made = verifier(Vanishing(A.public()))
    assert made.verify_batch([OF["a"], UNKNOWN]).counts() == {"valid": 0, "keys_unavailable": 2}
    made = verifier(Vanishing(A.public()))
    assert (code(made, OF["a"]), code(made, UNKNOWN)) == (None, "keys_unavailable")


@pytest.mark.parametrize("claims", [True, False])
def test_what_ends_a_program_passes_through(claims: bool) -> None:
    class Ending(Source):
        def _missing(self, kid: str | None, /) -> bool:
            raise KeyboardInterrupt

    made = verifier(Ending(A.public()))
    with pytest.raises(KeyboardInterrupt):
        made.verify(UNKNOWN)
    with pytest.raises(KeyboardInterrupt):
        made.verify_batch([OF["a"], UNKNOWN], claims=claims)
