"""The table of algorithms in C, copied once from ``cyjwt.algorithms``. A part of ``pkey``."""

from cyjwt._engine.libcrypto cimport cyjwt_sha2
from cyjwt._engine.pkey cimport (
    CURVE_ED25519, CURVE_NONE, CURVE_P256, CURVE_P384, CURVE_P521, CURVE_SECP256K1, CURVE_UNSERVED, FAMILY_EC,
    FAMILY_HMAC, FAMILY_OKP, FAMILY_RSA_PKCS1, FAMILY_RSA_PSS, ROWS, Row)

cdef inline dict curve_numbers():
    """Return the curves that native keys serve: JWK crv to Curve."""
    return {
        "P-256": CURVE_P256,
        "P-384": CURVE_P384,
        "P-521": CURVE_P521,
        "secp256k1": CURVE_SECP256K1,
        "Ed25519": CURVE_ED25519,
    }


cdef inline int fill_rows(Row* rows, algorithms) except -1:
    """Fill rows, indexed by id, from ``cyjwt.algorithms``. ImportError says what cannot be served."""
    cdef Row* row
    families = {
        algorithms.HMAC: FAMILY_HMAC,
        algorithms.RSA_PKCS1: FAMILY_RSA_PKCS1,
        algorithms.RSA_PSS: FAMILY_RSA_PSS,
        algorithms.EC: FAMILY_EC,
        algorithms.OKP: FAMILY_OKP,
    }
    curves = curve_numbers()
    for algorithm in algorithms.ALGORITHMS.values():
        if not 0 < algorithm.id < ROWS:
            raise ImportError(f"the row id of {algorithm.name} is out of range")
        row = &rows[<int> algorithm.id]
        row.id = algorithm.id
        row.family = families[algorithm.family]
        row.hash_bits = algorithm.hash_bits
        # EdDSA names two curves (RFC 8037 section 3.1), of which Ed25519 alone is native.
        served = [curves[name] for name in algorithm.curves if name in curves]
        row.curve = served[0] if served else CURVE_UNSERVED if algorithm.curves else CURVE_NONE
        row.signature_size = 64 if row.curve == CURVE_ED25519 else algorithm.signature_size
        # This also fetches each hash while there is one thread.
        if row.hash_bits and cyjwt_sha2(row.hash_bits) == NULL:
            raise ImportError(f"libcrypto lacks the hash of {algorithm.name}")
    return 0
