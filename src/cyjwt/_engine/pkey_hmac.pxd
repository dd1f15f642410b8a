"""HMAC-SHA2 from saved inner and outer hash states (RFC 2104 section 4). A part of ``pkey``."""

from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cyjwt._engine.libcrypto cimport (
    OPENSSL_cleanse, SHA256_CTX, SHA256_Final, SHA256_Init, SHA256_Update, SHA384_Final, SHA384_Init,
    SHA384_Update, SHA512_CTX, SHA512_Final, SHA512_Init, SHA512_Update)

cdef struct HmacKey:
    # Each pair has hashed its padded key block already, which is half of the work for a short message.
    SHA256_CTX inner256
    SHA256_CTX outer256
    SHA512_CTX inner384
    SHA512_CTX outer384
    SHA512_CTX inner512
    SHA512_CTX outer512
    size_t size
    unsigned char* secret   # lies behind the struct, in the same allocation


cdef inline void hash_message(int bits, const unsigned char* data, size_t n,
                              unsigned char* out) noexcept nogil:
    """Hash a message with SHA-256, SHA-384 or SHA-512; out has room for bits // 8 octets."""
    cdef SHA256_CTX small
    cdef SHA512_CTX large
    if bits == 256:
        SHA256_Init(&small)
        SHA256_Update(&small, data, n)
        SHA256_Final(out, &small)
    elif bits == 384:
        SHA384_Init(&large)
        SHA384_Update(&large, data, n)
        SHA384_Final(out, &large)
    else:
        SHA512_Init(&large)
        SHA512_Update(&large, data, n)
        SHA512_Final(out, &large)


cdef inline void _pad(const unsigned char* secret, size_t n, int bits, size_t block, unsigned char* inner,
                      unsigned char* outer) noexcept nogil:
    # RFC 2104 section 2: a key longer than the hash's block is hashed first, a shorter one filled with zeros.
    cdef size_t i
    memset(inner, 0, block)
    if n > block:
        hash_message(bits, secret, n, inner)
    else:
        memcpy(inner, secret, n)
    for i in range(block):
        outer[i] = inner[i] ^ 0x5C
        inner[i] ^= 0x36


cdef inline HmacKey* hmac_new(const unsigned char* secret, size_t n) noexcept nogil:
    """Save the states of all three hashes for one secret. NULL when out of memory."""
    cdef unsigned char[128] inner
    cdef unsigned char[128] outer
    cdef HmacKey* key = <HmacKey*> malloc(sizeof(HmacKey) + n)
    if key == NULL:
        return NULL
    key.size = n
    key.secret = <unsigned char*> (key + 1)
    memcpy(key.secret, secret, n)
    _pad(secret, n, 256, 64, inner, outer)
    SHA256_Init(&key.inner256)
    SHA256_Update(&key.inner256, inner, 64)
    SHA256_Init(&key.outer256)
    SHA256_Update(&key.outer256, outer, 64)
    _pad(secret, n, 384, 128, inner, outer)
    SHA384_Init(&key.inner384)
    SHA384_Update(&key.inner384, inner, 128)
    SHA384_Init(&key.outer384)
    SHA384_Update(&key.outer384, outer, 128)
    _pad(secret, n, 512, 128, inner, outer)
    SHA512_Init(&key.inner512)
    SHA512_Update(&key.inner512, inner, 128)
    SHA512_Init(&key.outer512)
    SHA512_Update(&key.outer512, outer, 128)
    OPENSSL_cleanse(inner, sizeof(inner))
    OPENSSL_cleanse(outer, sizeof(outer))
    return key


cdef inline void hmac_free(HmacKey* key) noexcept nogil:
    """Wipe and release a key; NULL is let through."""
    if key != NULL:
        OPENSSL_cleanse(key, sizeof(HmacKey) + key.size)
        free(key)


cdef inline void hmac_tag(const HmacKey* key, int bits, const unsigned char* data, size_t n,
                          unsigned char* out) noexcept nogil:
    """Write the tag of bits // 8 octets. The SHA-2 functions cannot fail."""
    cdef SHA256_CTX small
    cdef SHA512_CTX large
    cdef unsigned char[64] digest
    if bits == 256:
        small = key.inner256
        SHA256_Update(&small, data, n)
        SHA256_Final(digest, &small)
        small = key.outer256
        SHA256_Update(&small, digest, 32)
        SHA256_Final(out, &small)
        OPENSSL_cleanse(&small, sizeof(small))
        OPENSSL_cleanse(digest, 32)
        return
    if bits == 384:
        large = key.inner384
        SHA384_Update(&large, data, n)
        SHA384_Final(digest, &large)
        large = key.outer384
        SHA384_Update(&large, digest, 48)
        SHA384_Final(out, &large)
    else:
        large = key.inner512
        SHA512_Update(&large, data, n)
        SHA512_Final(digest, &large)
        large = key.outer512
        SHA512_Update(&large, digest, 64)
        SHA512_Final(out, &large)
    OPENSSL_cleanse(&large, sizeof(large))
    OPENSSL_cleanse(digest, sizeof(digest))
