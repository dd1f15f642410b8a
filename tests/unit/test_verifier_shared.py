"""Verifier as an object: options together, pickling, immutability, subclasses, keys, references."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import subprocess
import sys
import weakref
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt._engine.verify import Engine
from tests.support import AUDIENCE, ISSUER, NOW, ROOT, good_claims, pair
from tests.unit.test_verifier import HS256, TOKEN, Text

# -- one object, shared


def everything() -> cyjwt.Verifier:
    """A verifier with every option set."""
    return cyjwt.Verifier(
        cyjwt.KeySet([cyjwt.Key.from_secret(HS256.native, kid="a"), pair("ES256").public]),
        algorithms=["HS256", "ES256"],
        issuer=[ISSUER, "other"],
        audience=AUDIENCE,
        subject="s",
        leeway=timedelta(seconds=5),
        required=("exp", "sub", "x"),
        type="at+jwt",
        max_age=60,
        max_token_size=1000,
        clock=NOW,
        allow_padding=True,
        critical=["ext"],
    )


CLAIMS = {"exp": NOW + 1, "iat": NOW - 60, "iss": ISSUER, "aud": [AUDIENCE], "sub": "s", "x": 0}
HEADER = {"typ": "at+jwt", "kid": "a", "crit": ["ext"], "ext": 1}


def faults() -> list[tuple[str, type[cyjwt.InvalidTokenError]]]:
    """A good token, and for each option one that it alone refuses."""
    made: list[tuple[dict[str, Any], dict[str, Any], type[cyjwt.InvalidTokenError]]] = [
        (CLAIMS | {"exp": NOW - 5}, HEADER, cyjwt.ExpiredSignatureError),
        (CLAIMS | {"iat": NOW - 66}, HEADER, cyjwt.ExpiredSignatureError),
        (CLAIMS | {"iat": NOW + 6}, HEADER, cyjwt.ImmatureSignatureError),
        (CLAIMS | {"iss": "x"}, HEADER, cyjwt.InvalidIssuerError),
        (CLAIMS | {"aud": "x"}, HEADER, cyjwt.InvalidAudienceError),
        (CLAIMS | {"sub": "x"}, HEADER, cyjwt.InvalidSubjectError),
        (CLAIMS | {"x": None}, HEADER, cyjwt.MissingRequiredClaimError),
        (CLAIMS, HEADER | {"typ": "JWT"}, cyjwt.InvalidTokenError),
        (CLAIMS, HEADER | {"crit": ["y"], "y": 1}, cyjwt.InvalidTokenError),
        (CLAIMS, HEADER | {"kid": "b"}, cyjwt.KeyNotFoundError),
        (CLAIMS | {"y": "z" * 1000}, HEADER, cyjwt.DecodeError),
    ]
    return [(HS256.token(claims, header), error) for claims, header, error in made]


def behaves(verifier: cyjwt.Verifier) -> None:
    good = HS256.token(CLAIMS, HEADER)
    assert verifier.verify(good) == CLAIMS
    assert verifier.verify(good + "=") == CLAIMS
    for token, error in faults():
        with pytest.raises(error) as caught:
            verifier.verify(token)
        assert caught.type is error


def test_every_option_at_once() -> None:
    behaves(everything())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_every_option(protocol: int) -> None:
    verifier = everything()
    again = pickle.loads(pickle.dumps(verifier, protocol))
    assert type(again) is cyjwt.Verifier
    behaves(again)
    assert again.keys == verifier.keys
    assert again.algorithms == verifier.algorithms
    behaves(pickle.loads(pickle.dumps(again, protocol)))


def test_copies() -> None:
    for copied in (copy.copy(everything()), copy.deepcopy(everything())):
        behaves(copied)


def test_pickling_into_a_fresh_process() -> None:
    """Native handles are made anew where the pickle is read, also for a key that has none."""
    jobs = [(everything(), HS256.token(CLAIMS, HEADER))]
    jobs += [
        (cyjwt.Verifier(pair(a).public, clock=NOW), pair(a).token()) for a in ("RS256", "EdDSA", "Ed448")
    ]
    signer = cyjwt.Signer(HS256.private, algorithm="HS256", issuer="i", lifetime=5, clock=NOW)
    code = """
import pickle, sys
jobs, signer = pickle.load(sys.stdin.buffer)
for verifier, token in jobs:
    verifier.verify(token)
    try:
        verifier.verify(token[:-8] + "AAAAAAAA")
    except Exception as error:
        assert type(error).__name__ == "InvalidSignatureError", error
    else:
        raise AssertionError
sys.stdout.write(signer.sign({"a": 1}))
"""
    path = os.pathsep.join([str(Path(cyjwt.__file__).parent.parent), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((jobs, signer)),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == signer.sign({"a": 1})


def test_a_clock_that_cannot_be_pickled() -> None:
    verifier = HS256.verifier(clock=lambda: NOW)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(verifier)


def test_it_cannot_be_changed() -> None:
    verifier = everything()
    for name in (
        "keys",
        "algorithms",
        "_keys",
        "_policy",
        "verify",
        "verify_complete",
        "more",
        "clock",
        "memory",
    ):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(verifier, name, None)
        with pytest.raises(AttributeError, match="immutable"):
            delattr(verifier, name)
    assert not hasattr(verifier, "__dict__")
    with pytest.raises(AttributeError):
        verifier.issuer  # type: ignore[attr-defined]  # noqa: B018
    # What it was made of may change without its knowing.
    required, issuers, keys = ["exp"], [ISSUER], [HS256.public]
    verifier = cyjwt.Verifier(keys, required=required, issuer=issuers, clock=NOW)
    required.append("x")
    issuers[0] = "changed"
    keys.clear()
    assert verifier.verify(HS256.token(good_claims(iss=ISSUER)))
    behaves(everything())


def test_calling_init_again_changes_nothing() -> None:
    verifier = everything()
    init: Any = cyjwt.Verifier.__init__
    with contextlib.suppress(TypeError):
        init(verifier, HS256.public, issuer="x")
    behaves(verifier)


def test_weak_references() -> None:
    verifier = HS256.verifier()
    ref = weakref.ref(verifier)
    assert ref() is verifier
    del verifier
    gc.collect()
    assert ref() is None


def test_cycles_through_a_clock_are_collected() -> None:
    class Clock:
        verifier: cyjwt.Verifier

        def __call__(self) -> float:
            return NOW

    ticking = Clock()
    ticking.verifier = HS256.verifier(clock=ticking)
    ref = weakref.ref(ticking)
    assert ticking.verifier.verify(TOKEN)
    del ticking
    gc.collect()
    assert ref() is None


# -- subclasses


class Named(cyjwt.Verifier):
    """At module level, so that it can be pickled."""

    def greet(self, token: str) -> str:
        return f"hello {self.verify(token)['sub']}"


def test_subclasses() -> None:
    made = Named(HS256.public, clock=NOW)
    assert type(made) is Named
    assert made.greet(TOKEN) == "hello user-8f14e45f"
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is Named
    assert again.greet(TOKEN) == "hello user-8f14e45f"
    with pytest.raises(AttributeError, match="immutable"):
        made.name = "x"  # type: ignore[attr-defined]
    with pytest.raises(cyjwt.InvalidSignatureError):
        made.greet(TOKEN[:-4] + "AAAA")


def test_a_subclass_with_its_own_arguments() -> None:
    class Ours(cyjwt.Verifier):
        __slots__ = ()

        def __new__(cls, secret: bytes) -> Ours:
            return super().__new__(cls, cyjwt.Key.from_secret(secret), clock=NOW)

    made = Ours(HS256.native)
    assert made.verify(TOKEN) == good_claims()
    assert copy.copy(made).verify(TOKEN) == good_claims()


def test_the_engine_cannot_be_made_half() -> None:
    make: Any = Engine
    for arguments in ([], [None] * 7, [1] * 7, [None] * 8):
        with pytest.raises(TypeError):
            make(*arguments)
    with pytest.raises(TypeError):
        Engine.__new__(cyjwt.Verifier)  # type: ignore[call-arg]


# -- keys


def test_kinds_of_keys() -> None:
    key = HS256.public
    for keys in (
        key,
        [key],
        (key,),
        {key},
        iter([key]),
        cyjwt.KeySet([key]),
        (k for k in [key]),
        {key: 1}.keys(),
    ):
        assert cyjwt.Verifier(keys, clock=NOW).verify(TOKEN) == good_claims()
    for wrong in (None, HS256.native, "secret", 1, object(), [HS256.native], [None], {"kty": "oct"}):
        with pytest.raises(TypeError):
            cyjwt.Verifier(wrong)  # type: ignore[arg-type]
    with pytest.raises(cyjwt.InvalidKeyError):
        cyjwt.Verifier([])
    assert cyjwt.Verifier(key).keys is key
    held = cyjwt.KeySet([key])
    assert cyjwt.Verifier(held).keys is held
    assert isinstance(cyjwt.Verifier([key]).keys, cyjwt.KeySet)


def test_algorithms_that_a_verifier_says() -> None:
    key = pair("RS256").public
    assert cyjwt.Verifier(key).algorithms == key.verify_algorithms
    assert cyjwt.Verifier(key, algorithms=["RS256"]).algorithms == {"RS256"}
    assert cyjwt.Verifier([key, HS256.public], algorithms=["RS256", "HS256"]).algorithms == {"RS256", "HS256"}
    with pytest.raises(ValueError, match="fit for ES256"):
        cyjwt.Verifier(key, algorithms=["ES256"])


def test_repr_says_the_options_and_no_secret() -> None:
    said = repr(everything())
    for part in ("Verifier", "HS256", ISSUER, AUDIENCE, "leeway=5.0", "at+jwt", "max_age=60.0", "'ext'"):
        assert part in said
    assert repr(HS256.native)[2:-1] not in said


# -- references


def test_reference_counts_stay_where_they_were() -> None:
    """Over good tokens and every way to fail: of the token, of constants, of values that are kept."""
    verifier = HS256.verifier(audience=AUDIENCE, issuer=ISSUER)
    claims = good_claims(aud=[AUDIENCE], iss=ISSUER, roles=["role"], n=None, t=True, f=False, m1=1, m2=2)
    good = HS256.token(claims)
    kinds: list[Any] = [good, good.encode(), bytearray(good.encode()), Text(good)]
    bad: list[Any] = [
        good[:-4] + "AAAA",
        "".join(["a", ".b.c"]),
        "".join(["", "."]),
        HS256.token(claims | {"exp": 1}),
        HS256.token(claims | {"iss": None}),
        HS256.token({n: v for n, v in claims.items() if n != "aud"}),
        HS256.forge(b'{"alg":"none"}', b"{}"),
        HS256.forge(b'{"alg":"HS256"}', b'{"a":1,"b":[null,true,{"c":"d"}],"a":2}'),
        HS256.forge(b'{"alg":"HS256"}', b"[null,true,false"),
        HS256.forge(b'{"alg":"HS256"}', b"null"),
        bytes(70_000),
        "é" * 5,
    ]
    first = verifier.verify(good)
    watched: list[Any] = [*kinds, *bad, None, True, False, first["iss"], first["aud"][0], first["roles"][0]]
    watched += list(first)
    watched += [verifier, HS256.public, cyjwt.DecodeError, cyjwt.InvalidSignatureError, 1]

    def rounds(count: int) -> None:
        for _ in range(count):
            for token in kinds:
                verifier.verify(token)
            for token in bad:
                with contextlib.suppress(cyjwt.InvalidTokenError):
                    verifier.verify(token)
            verifier.verify_complete(good)

    rounds(40)  # until the memories have settled
    before = [sys.getrefcount(x) for x in watched]
    rounds(600)
    after = [sys.getrefcount(x) for x in watched]
    # Small integers and the like are shared with whatever else the process does.
    grown = [x for x, b, a in zip(watched, before, after, strict=True) if abs(a - b) > 50]
    assert not grown


def test_allocations_stay_where_they_were() -> None:
    verifier = HS256.verifier()
    tokens = [
        TOKEN,
        HS256.token(good_claims(x=[{"a": [1.5, 10**30, "é", "\n"]}])),
        TOKEN[:-4] + "AAAA",
        "a.b.c",
        None,
    ]

    def rounds(count: int) -> None:
        for _ in range(count):
            for token in tokens:
                with contextlib.suppress(cyjwt.InvalidTokenError):
                    verifier.verify(token)  # type: ignore[arg-type]

    rounds(20)
    gc.collect()
    before = sys.getallocatedblocks()
    rounds(1000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100
