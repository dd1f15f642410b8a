"""Batch and single give the same verdict on every token that there is."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from bench import baseline
from cyjwt._engine import status
from tests.batch.agreement import agree, check, verdict
from tests.conformance import examples
from tests.support import NO_VECTORS, NOW, ROOT, b64, forge, good_claims, pair, vectors_folder

FOLDER = vectors_folder()
needs_vectors = pytest.mark.skipif(FOLDER is None, reason=NO_VECTORS)
HS256 = pair("HS256")


def together(verifier: cyjwt.Verifier, tokens: list[Any], seed: int = 0) -> list[Any]:
    """Each alone and in a batch of its own; then all in one batch, in another order and several times."""
    expected = [verdict(verifier, token) for token in tokens]
    for token, one in zip(tokens, expected, strict=True):
        agree(verifier, [token], expected=[one])
    draw = random.Random(seed)
    places = [*range(len(tokens)), *draw.choices(range(len(tokens)), k=len(tokens) + 20)] if tokens else []
    draw.shuffle(places)
    agree(verifier, [tokens[at] for at in places], threads=2, expected=[expected[at] for at in places])
    return expected


# -- the tokens of the other tests


@pytest.mark.slow
def test_every_token_of_the_other_tests(route: str) -> None:
    """The plugin puts each token that another test verifies through batches too."""
    rooms = ["tests/security", "tests/conformance", "tests/unit/test_verifier_shared.py"]
    # What is nested as deep as the stack is, the comparison cannot follow.
    rest = ["-q", "-p", "no:cacheprovider", "-p", "tests.batch.shadow", "-k", "not near_the_recursion_limit"]
    path = os.pathsep.join([str(Path(cyjwt.__file__).parent.parent), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *rest, *rooms],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "CYJWT_SHADOW_ROUTE": "" if route == "single" else route},
        capture_output=True,
        text=True,
        timeout=600,
    )
    summary = re.search(r"shadow: (\d+) tokens, (\d+) verifiers, (\d+) differ", done.stdout)
    assert summary, done.stdout + done.stderr
    tokens, verifiers, differ = map(int, summary.groups())
    assert (differ, done.returncode) == (0, 0), done.stdout[-10_000:]
    assert tokens > 4000
    assert verifiers > 1000


# -- one token for each status


def of_every_status() -> tuple[cyjwt.Verifier, list[Any]]:
    """A verifier, and tokens of which no two are refused for one reason and every reason has one."""
    keys = [cyjwt.Key.from_secret(HS256.native, kid=kid) for kid in ("a", "twin", "twin")]
    keys = [*keys[:2], cyjwt.Key.from_secret(bytes(range(40)), kid="twin"), pair("RS256").public]
    verifier = cyjwt.Verifier(
        cyjwt.KeySet(keys), algorithms=["HS256", "RS256"], clock=NOW, issuer="i", audience="a", subject="s",
        required=("exp", "iat"), type="JWT", max_age=100, critical=["x"], max_token_size=20_000,
    )  # fmt: skip
    claims = {"exp": NOW + 9, "iat": NOW - 9, "iss": "i", "aud": ["a"], "sub": "s", "jti": "j", "nbf": NOW}
    good = {"alg": "HS256", "kid": "a", "typ": "JWT"}

    def token(change: dict[str, Any] | None = None, **header: Any) -> str:
        made = {name: value for name, value in {**claims, **(change or {})}.items() if value is not ...}
        text = {name: value for name, value in {**good, **header}.items() if value is not ...}
        return forge(json.dumps(text).encode(), json.dumps(made).encode(), HS256.oracle)

    def raw(header: bytes | None, payload: bytes = b"{}") -> str:
        return forge(json.dumps(good).encode() if header is None else header, payload, HS256.oracle)

    broken = [
        b'{"a"',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":1,"a":1}',
        b'{"a":' + b"[" * 200,
        b'{"a":1e999}',
    ]
    head, payload, tail = token().split(".")
    tokens: list[Any] = [
        token(),
        None,
        "a" * 20_001,
        "a.b",
        f"{head}=.{payload}.{tail}",
        f"{head}.{payload}.{tail}=",
    ]
    tokens += [baseline_text(f"{head}.{payload}="), raw(b"[]"), raw(None, b"[]"), "é.b.c"]
    tokens += [raw(one) for one in broken] + [raw(None, one) for one in broken]
    tokens += [
        token(alg=1),
        token(alg="HS257"),
        token(alg="none"),
        token(alg="PS256"),
        token(kid=1),
        token(typ=1),
    ]
    tokens += [token(typ="x"), token(crit=[]), token(crit=["y"], y=1), token(b64=False), token(kid="b")]
    tokens += [token(kid="twin"), f"{head}.{payload}.{b64(bytes(32))}"]
    tokens += [
        token({name: wrong}) for name in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti") for wrong in ([],)
    ]
    tokens += [
        token({"exp": NOW}),
        token({"nbf": NOW + 1}),
        token({"iat": NOW + 1}),
        token({"iat": NOW - 101}),
    ]
    tokens += [token({name: "x"}) for name in ("iss", "aud", "sub")] + [token({"iat": ...})]
    return verifier, tokens


def baseline_text(signing_input: str) -> str:
    signature = baseline.make_signature(HS256.oracle, "HS256", signing_input.encode())
    return f"{signing_input}.{b64(signature)}"


def test_every_status() -> None:
    """Every reason for which a token can fail is met, and stands for the same in a batch."""
    verifier, tokens = of_every_status()
    together(verifier, tokens)
    seen = set(verifier.verify_batch(tokens).statuses)
    assert len(seen) == len(tokens)
    # A verifier without an audience has a reason of its own.
    nobody, addressed = HS256.verifier(), HS256.token(good_claims(aud="a"))
    together(nobody, [addressed])
    seen |= set(nobody.verify_batch([addressed]).statuses)
    missing = {status._TABLE[number][0].code for number in set(status._TABLE) - seen}
    # A lone key is asked only for algorithms that it serves. Stores, key servers and types have their own tests.
    assert missing == {
        "invalid_algorithm",
        "revoked",
        "revocation_unknown",
        "claims_type",
        "keys_unavailable",
    }


# -- vectors


def test_rfc_examples(route: str) -> None:
    """Every JWS of the RFCs, under its own key and under all keys at once."""
    found = [
        example for rfc in (7515, 7519, 7797, 8037) for example in examples.of(rfc) if "token" in example
    ]
    assert len(found) >= 12
    tokens: list[Any] = [example["token"] for example in found]
    tokens += [json.dumps(example["jws"]) for example in examples.of(7515) if "jws" in example]
    tokens += [
        example["output"]["compact"] for example in examples.of(7520, "jws") if "compact" in example["output"]
    ]
    public = []
    for jwk in [example["key"] for example in found if "key" in example]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                key = cyjwt.Key.from_jwk(
                    {k: v for k, v in jwk.items() if k not in PRIVATE or jwk["kty"] == "oct"}
                )
                cyjwt.Verifier(key)
            except (cyjwt.InvalidKeyError, ValueError):
                continue
        public.append(key)
        together(cyjwt.Verifier(key, clock=1300819379, required=()), tokens)
    assert len(public) > 5
    several = cyjwt.KeySet(list(dict.fromkeys(public)))
    together(cyjwt.Verifier(several, clock=1300819379, required=()), tokens)


PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


def wycheproof() -> Iterator[tuple[dict[str, Any], str]]:
    """The JWK or set and the token of each vector of the JOSE files."""
    if FOLDER is None:
        return
    for file in sorted((FOLDER / "wycheproof" / "jose").glob("*.json")):
        for group in json.loads(file.read_text("utf-8"))["testGroups"]:
            for test in group["tests"]:
                if "jws" in test:
                    text = test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])
                    yield group.get("public", group.get("private")), text


def keys_of(document: dict[str, Any]) -> cyjwt.Key | cyjwt.KeySet | None:
    try:
        if "keys" not in document:
            return cyjwt.Key.from_jwk(document)
        secrets = all(jwk["kty"] == "oct" for jwk in document["keys"])
        return cyjwt.KeySet.from_jwks(document, private=secrets)
    except cyjwt.InvalidKeyError:
        return None


@needs_vectors
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_wycheproof_tokens(route: str) -> None:
    """Each under the key that it is about, and all of them under each key."""
    cases = list(wycheproof())
    assert len(cases) > 200
    tokens = list(dict.fromkeys(text for _, text in cases))
    documents = {json.dumps(document): document for document, _ in cases}
    reached = 0
    for seed, document in enumerate(documents.values()):
        keys = keys_of(document)
        if keys is None:
            continue
        try:
            verifier = cyjwt.Verifier(keys, required=(), clock=NOW)
        except (ValueError, cyjwt.InvalidKeyError):
            continue
        own = [text for other, text in cases if other == document]
        expected = together(verifier, own, seed)
        # A payload error is what comes after a signature that holds.
        reached += sum("payload" in one.args[0] for one in expected)
        every = [verdict(verifier, token) for token in tokens]
        check(verifier.verify_batch(tokens, claims=True), every, True)
        check(verifier.verify_batch(tokens, claims=False), every, False)
    assert reached > 25


@needs_vectors
def test_jsontestsuite_as_payloads_and_headers(vectors: Path, route: str) -> None:
    """Each document as a payload, as a member of one and as a header, well signed."""
    documents = [
        path.read_bytes() for path in sorted((vectors / "jsontestsuite" / "test_parsing").glob("*.json"))
    ]
    assert len(documents) > 100
    keys = pair("EdDSA") if route == "lanes" else HS256
    verifier = keys.verifier(required=(), max_token_size=1_000_000)
    head = json.dumps({"alg": keys.algorithm}).encode()
    tokens = []
    for octets in documents:
        for text in (octets, b'{"a":' + octets + b',"b":1}', b'{"b":' + octets + b"}", b" " + octets + b" "):
            tokens.append(keys.forge(head, text))
        tokens.append(keys.forge(octets, b"{}"))
        tokens.append(keys.forge(head[:-1] + b',"x":' + octets + b"}", b"{}"))
    expected = together(verifier, tokens)
    assert sum(isinstance(one, dict) for one in expected) > 50


# -- keys and headers


def test_kids_algorithms_and_sizes_mixed(route: str) -> None:
    """Keys of every kind and size by kid, each kid under each algorithm, right and wrong signatures."""
    names = (
        "HS256",
        "HS384",
        "RS256",
        "RS512",
        "PS256",
        "PS384",
        "ES256",
        "ES384",
        "ES512",
        "ES256K",
        "EdDSA",
    )
    keys = [pair(name) for name in (*names, "Ed448")]
    public = [
        cyjwt.Key.from_jwk({**one.public.to_jwk(private=one.symmetric), "kid": f"k{n}"})
        for n, one in enumerate(keys)
    ]
    verifier = cyjwt.Verifier(cyjwt.KeySet(public), clock=NOW)
    tokens = []
    for n, one in enumerate(keys):
        for algorithm in sorted(one.private.sign_algorithms if not one.symmetric else [one.algorithm]):
            for kid in (f"k{n}", f"k{(n + 1) % len(keys)}", "nobody", None):
                header = {"alg": algorithm, "kid": kid} if kid else {"alg": algorithm}
                made = forge(
                    json.dumps(header).encode(), baseline.dumps(good_claims(n=n)), one.oracle, algorithm
                )
                tokens += [made, made[:-10] + "AAAAAAAAAA", made[:-20], made.rpartition(".")[0] + "."]
    expected = together(verifier, tokens, 3)
    assert sum(isinstance(one, dict) for one in expected) > 20


def test_headers_that_share_slots_and_lengths() -> None:
    """More headers than the memory holds, of all lengths about its bound, good and bad in turns."""
    keys = HS256
    tokens = []
    for n in range(400):
        header = json.dumps({"alg": "HS256", "kid": f"{n % 150}" + "k" * (n % 50 * 8)}).encode()
        made = keys.forge(header, baseline.dumps(good_claims(n=n)))
        tokens += [made, made[:-3] + "AAA"] if n % 3 else [made[:-3] + "AAA", made, made]
    agree(keys.verifier(), tokens)
    agree(keys.verifier(), tokens[::-1], threads=2)
