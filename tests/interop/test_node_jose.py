"""Both ways with Node's ``jose``.

The package is found in the folder that holds ``node_modules`` and is named by ``CYJWT_JOSE_DIR``
(``npm install jose`` in any folder makes one).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cyjwt
from cyjwt.algorithms import ALGORITHMS
from tests.support import AUDIENCE, ISSUER, good_claims, pair

CLAIMS = good_claims(
    iss=ISSUER, aud=[AUDIENCE, "billing"], jti="é\u2028😀", n=[1, 2.5, None, True], exp=4_000_000_000
)
NAMES = list(ALGORITHMS)

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
#: What `jose` may lack, depending on its version and Node's.
OPTIONAL = {"ES256K", "Ed448", "Ed25519"}


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("CYJWT_JOSE_DIR")
    if not named:
        pytest.skip("CYJWT_JOSE_DIR does not name a folder with node_modules/jose")
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    found = Path(named).resolve()
    assert (found / "node_modules" / "jose").is_dir(), "CYJWT_JOSE_DIR has no node_modules/jose"
    return found


def run(folder: Path, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the script answers to each job."""
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("jose.mjs"))],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env={**os.environ, "CYJWT_JOSE_DIR": str(folder)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(jobs)
    return answers


def jwk_of(name: str, private: bool) -> dict[str, Any]:
    keys = pair(name)
    key = keys.private if private or keys.symmetric else keys.public
    return key.to_jwk(private=private or keys.symmetric)


def without_support(name: str, answer: dict[str, Any]) -> bool:
    """Whether the answer says that this `jose` has no such algorithm."""
    return name in OPTIONAL and "error" in answer


def test_what_we_sign_it_verifies(folder: Path) -> None:
    jobs = []
    for name in NAMES:
        token = cyjwt.Signer(pair(name).private, algorithm=name, headers={"kid": "k1"}).sign(CLAIMS)
        wanted = {"alg": name, "issuer": ISSUER, "audience": AUDIENCE}
        jobs.append({"do": "verify", "jwk": jwk_of(name, False), "token": token, **wanted})
        jobs.append({"do": "verify", "jwk": jwk_of(name, False), "token": token[:-8] + "AAAAAAAA", **wanted})
    answers = run(folder, jobs)
    served = 0
    for name, good, bad in zip(NAMES, answers[::2], answers[1::2], strict=True):
        if without_support(name, good):
            continue
        assert good == {"claims": CLAIMS, "header": {"alg": name, "typ": "JWT", "kid": "k1"}}, name
        assert bad == {"error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"}, name
        served += 1
    assert served >= len(NAMES) - len(OPTIONAL)


def test_what_it_signs_we_verify(folder: Path) -> None:
    jobs = [{"do": "sign", "jwk": jwk_of(name, True), "alg": name, "claims": CLAIMS} for name in NAMES]
    served = 0
    for name, answer in zip(NAMES, run(folder, jobs), strict=True):
        if without_support(name, answer):
            continue
        verifier = cyjwt.Verifier(pair(name).public, algorithms=[name], issuer=ISSUER, audience=AUDIENCE)
        token = verifier.verify_complete(answer["token"])
        assert token.claims == CLAIMS, name
        assert token.header == {"alg": name, "kid": "k1", "typ": "JWT"}, name
        served += 1
    assert served >= len(NAMES) - len(OPTIONAL)


def test_thumbprints_agree(folder: Path) -> None:
    names = ["RS256", "ES256", "ES384", "ES512", "EdDSA", "HS256"]
    jobs = [{"do": "thumbprint", "jwk": jwk_of(name, False), "alg": name} for name in names]
    for name, answer in zip(names, run(folder, jobs), strict=True):
        assert answer == {"thumbprint": pair(name).public.thumbprint()}, name
