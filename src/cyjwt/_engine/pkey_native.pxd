"""What is asked of a native key of any family, and answered by the part of its family. A part of ``pkey``."""

from cyjwt._engine.pkey cimport (
    FAMILY_EC, FAMILY_HMAC, FAMILY_NONE, FAMILY_OKP, FAMILY_RSA_PKCS1, Native)
from cyjwt._engine.pkey_container cimport write_algorithm
from cyjwt._engine.pkey_ec cimport (
    EcKey, ec_free, ec_numbers, ec_oid, ec_write_private, ec_write_public)
from cyjwt._engine.pkey_ed25519 cimport (
    EdKey, ed25519_free, ed25519_numbers, ed25519_secrets, ed25519_write_private, ed25519_write_public)
from cyjwt._engine.pkey_hmac cimport HmacKey, hmac_free
from cyjwt._engine.pkey_rsa cimport (
    RsaKey, rsa_free, rsa_numbers, rsa_secrets, rsa_write_private, rsa_write_public)


cdef inline void native_free(Native* key) noexcept nogil:
    """Wipe and release what a key holds."""
    if key.kind == FAMILY_HMAC:
        hmac_free(<HmacKey*> key.handle)
    elif key.kind == FAMILY_RSA_PKCS1:
        rsa_free(<RsaKey*> key.handle)
    elif key.kind == FAMILY_EC:
        ec_free(<EcKey*> key.handle)
    elif key.kind == FAMILY_OKP:
        ed25519_free(<EdKey*> key.handle)
    key.kind = FAMILY_NONE


cdef inline void native_numbers(Native* key) noexcept nogil:
    """Say where a key's numbers lie."""
    if key.kind == FAMILY_RSA_PKCS1:
        rsa_numbers(<RsaKey*> key.handle, &key.numbers)
        rsa_secrets(<RsaKey*> key.handle, &key.secrets)
    elif key.kind == FAMILY_EC:
        ec_numbers(<EcKey*> key.handle, &key.numbers)
    elif key.kind == FAMILY_OKP:
        ed25519_numbers(<EdKey*> key.handle, &key.numbers)
        if key.private:
            ed25519_secrets(<EdKey*> key.handle, &key.secrets)


cdef inline bytes algorithm_octets(const Native* key):
    """Write the AlgorithmIdentifier of an asymmetric key."""
    return write_algorithm(key.kind, ec_oid(key.curve) if key.kind == FAMILY_EC else b"")


cdef inline bytes public_octets(const Native* key):
    """Write what the BIT STRING of a SubjectPublicKeyInfo holds."""
    if key.kind == FAMILY_RSA_PKCS1:
        return rsa_write_public(<RsaKey*> key.handle)
    if key.kind == FAMILY_EC:
        return ec_write_public(<EcKey*> key.handle)
    return ed25519_write_public(<EdKey*> key.handle)


cdef inline bytes private_octets(const Native* key):
    """Write what the OCTET STRING of a PrivateKeyInfo holds."""
    if key.kind == FAMILY_RSA_PKCS1:
        return rsa_write_private(<RsaKey*> key.handle)
    if key.kind == FAMILY_EC:
        return ec_write_private(<EcKey*> key.handle)
    return ed25519_write_private(<EdKey*> key.handle)
