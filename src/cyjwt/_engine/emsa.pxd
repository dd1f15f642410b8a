"""EMSA-PKCS1-v1_5: the encoded message of an RSA signature, built and compared whole.

Needs no library, so that whoever recovered an encoded message can call it.
"""

from libc.string cimport memcpy, memset

from cyjwt._engine cimport compare

cdef enum:
    LARGEST_MODULUS = 1024   # octets: RSA keys of more than 8192 bits are refused


cdef inline int pkcs1_encode(int hash_bits, const unsigned char* digest, unsigned char* em,
                             size_t size) noexcept nogil:
    """Write 00 01 FF.. 00 DigestInfo (RFC 8017 section 9.2) to em, which is as long as the modulus.

    Returns:
        1, or 0 when the hash is not of SHA-2 or the modulus is too short or too long.
    """
    # DigestInfo is compared as built, its NULL parameters included (RFC 8017 section 9.2, note 1): nothing of
    # what the signature holds is ever parsed, which is where padding forgeries begin.
    cdef const char* prefix
    cdef size_t n = hash_bits // 8
    if hash_bits == 256:
        prefix = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
    elif hash_bits == 384:
        prefix = b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
    elif hash_bits == 512:
        prefix = b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
    else:
        return 0
    if size < n + 19 + 11 or size > LARGEST_MODULUS:
        return 0
    em[0] = 0
    em[1] = 1
    memset(em + 2, 0xFF, size - n - 22)
    em[size - n - 20] = 0
    memcpy(em + size - n - 19, prefix, 19)
    memcpy(em + size - n, digest, n)
    return 1


cdef inline int pkcs1_holds(int hash_bits, const unsigned char* digest, const unsigned char* em,
                            size_t size) noexcept nogil:
    """Tell whether em, an opened signature, is the encoded message of digest (RFC 8017 section 8.2.2)."""
    cdef unsigned char[LARGEST_MODULUS] expected
    if not pkcs1_encode(hash_bits, digest, expected, size):
        return 0
    return compare.equal(expected, em, size)
