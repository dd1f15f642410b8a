"""Use an installed cyjwt once, beside `ssl` and `cryptography`, and insist on its libcrypto.

python -I tools/smoke.py AWS-LC
"""

from __future__ import annotations

import hashlib
import platform
import ssl
import sys
import sysconfig

from cryptography.hazmat.backends.openssl.backend import backend

import cyjwt


def main(libcrypto: str) -> None:
    text = "\n".join(f"{name}: {value}" for name, value in cyjwt.build_info().items())
    print(f"{text}\nssl: {ssl.OPENSSL_VERSION}\ncryptography: {backend.openssl_version_text()}")
    if libcrypto not in text:
        raise SystemExit(f"the libcrypto is not {libcrypto}")
    glibc = sysconfig.get_platform() == "linux-x86_64" and platform.libc_ver()[0] == "glibc"
    if glibc and not cyjwt.build_info()["crypto_mb"]:
        raise SystemExit("crypto_mb is missing: signatures are verified one by one")

    if sysconfig.get_config_var("Py_GIL_DISABLED") and sys._is_gil_enabled():  # type: ignore[attr-defined]
        raise SystemExit("the GIL was turned on")

    claims = {"sub": "42", "exp": 4_102_444_800}
    for algorithm in ("HS256", "RS256", "PS256", "ES256", "Ed25519"):
        key = cyjwt.Key.generate(algorithm)
        token = cyjwt.encode(claims, key, algorithm=algorithm)
        assert cyjwt.decode(token, key, algorithms=[algorithm]) == claims
        altered = token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB")
        try:
            cyjwt.decode(altered, key, algorithms=[algorithm])
        except cyjwt.InvalidTokenError:
            pass
        else:
            raise SystemExit(f"{algorithm}: a forged signature was accepted")
        # The other two libcryptos still work, before and after this one.
        ssl.create_default_context()
        hashlib.sha256(token.encode()).digest()
        batch = cyjwt.Verifier(key, algorithms=[algorithm]).verify_batch([token] * 9 + [altered])
        assert (batch.valid, batch.invalid) == (9, 1)
    print("smoke: signed, verified and refused with every family")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
