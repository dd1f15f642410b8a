"""Ed25519 signatures (RFC 8032 section 5.1, RFC 8037 section 3.1). A part of ``pkey``."""

from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from cyjwt._engine cimport compare, der
from cyjwt._engine.der cimport Der
from cyjwt._engine.libcrypto cimport (
    ERR_clear_error, EVP_PKEY, EVP_PKEY_free, OPENSSL_cleanse, cyjwt_ed25519_open, cyjwt_ed25519_sign,
    cyjwt_ed25519_verify)
from cyjwt._engine.pkey cimport Numbers, Secrets

cdef struct EdKey:
    EVP_PKEY* handle                # NULL with AWS-LC
    unsigned char[64] expanded      # seed || public key; the seed is zero in a public key


cdef inline const char* ed25519_refuse(const unsigned char* point) noexcept nogil:
    """Say why an encoded public key must not be used, or return NULL."""
    # p = 2^255 - 19 and the y coordinates of the eight points of small order, little-endian. Under such a key
    # anyone can make a signature that holds for any message; RFC 8032 leaves the check to the application.
    cdef const char* prime = (b"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                              b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
    cdef const char* minus_one = (b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                  b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
    cdef const char* order8 = (b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
                               b"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05")
    cdef const char* minus_order8 = (b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
                                     b"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a")
    cdef unsigned char[32] y
    memcpy(y, point, 32)
    y[31] &= 0x7F
    # RFC 8032 section 5.1.3, step 1: y >= p is not an encoding.
    if not compare.below_little(y, <const unsigned char*> prime, 32):
        return b"the Ed25519 public key is not a canonical encoding (RFC 8032 section 5.1.3)"
    if (compare.is_zero(y, 32) or (y[0] == 1 and compare.is_zero(y + 1, 31))
            or compare.equal(y, <const unsigned char*> minus_one, 32)
            or compare.equal(y, <const unsigned char*> order8, 32)
            or compare.equal(y, <const unsigned char*> minus_order8, 32)):
        return b"the Ed25519 public key is a point of small order"
    return NULL


cdef inline EdKey* ed25519_new(const unsigned char* raw, bint is_private) noexcept nogil:
    """Prepare a key from a seed or an encoded public key, 32 octets each. NULL when libcrypto failed."""
    cdef EdKey* key = <EdKey*> calloc(1, sizeof(EdKey))
    if key == NULL:
        return NULL
    if not cyjwt_ed25519_open(raw, is_private, &key.handle, key.expanded + 32):
        ERR_clear_error()
        ed25519_free(key)
        return NULL
    if is_private:
        memcpy(key.expanded, raw, 32)
    return key


cdef inline void ed25519_free(EdKey* key) noexcept nogil:
    """Wipe and release a key; NULL is let through."""
    if key != NULL:
        EVP_PKEY_free(key.handle)
        OPENSSL_cleanse(key, sizeof(EdKey))
        free(key)


cdef inline void ed25519_numbers(EdKey* key, Numbers* numbers) noexcept nogil:
    """Say where the public key lies."""
    numbers.bits = 255
    numbers.size = 32
    numbers.point = key.expanded + 32


cdef inline void ed25519_secrets(EdKey* key, Secrets* secrets) noexcept nogil:
    """Say where the seed of a private key lies."""
    secrets.seed = key.expanded


cdef inline bint ed25519_is_point(bytes point) except -1:
    """Tell whether a canonical encoding has an x coordinate (RFC 8032 section 5.1.3, steps 2 and 3)."""
    # libcrypto offers no such check, and takes any 32 octets. x^2 = u/v has a root exactly when u*v is zero
    # or a square; the key is public, and Python's integers serve for what is done once.
    prime = 2**255 - 19
    y = int.from_bytes(point, "little") & (2**255 - 1)
    d = 37095705934669439343138083508754565189542113879843219016388785533085940283555   # RFC 8032 section 5.1
    root = pow((y * y - 1) * (d * y * y + 1), (prime - 1) // 2, prime)
    return root <= 1


cdef inline EdKey* ed25519_read(Der* parameters, Der* octets, bint is_private) except NULL:
    """Read an encoded point or CurvePrivateKey (RFC 8410). ValueError says why it is refused."""
    cdef const char* reason
    cdef EdKey* key
    cdef Der raw = octets[0]
    # RFC 8410 section 3: the parameters MUST be absent.
    if (der.left(parameters) or (is_private and not (der.take(octets, der.OCTET_STRING, &raw)
                                                     and not der.left(octets))) or der.left(&raw) != 32):
        raise ValueError("not an Ed25519 key (RFC 8410)")
    if not is_private:
        reason = ed25519_refuse(raw.p)
        if reason != NULL:
            raise ValueError(reason.decode())
        if not ed25519_is_point(der.octets(raw.p, 32)):
            raise ValueError("the Ed25519 public key is not a point on its curve")
    key = ed25519_new(raw.p, is_private)
    if key == NULL:
        raise MemoryError
    return key


cdef inline bytes ed25519_write_public(const EdKey* key):
    """Write the encoded point (RFC 8410 section 4)."""
    return der.octets(key.expanded + 32, 32)


cdef inline bytes ed25519_write_private(const EdKey* key):
    """Write CurvePrivateKey (RFC 8410 section 7)."""
    return der.tlv(der.OCTET_STRING, der.octets(key.expanded, 32))


cdef inline bint ed25519_well_formed(const unsigned char* sig, size_t sig_len) noexcept nogil:
    """Tell whether a signature has its length, and its S the range."""
    # The group's order L, little-endian.
    cdef const char* order = (b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14"
                              b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10")
    # RFC 8032 section 5.1.7, step 1: S >= L would give every signature a second form.
    return sig_len == 64 and compare.below_little(sig + 32, <const unsigned char*> order, 32)


cdef inline int ed25519_verify(const EdKey* key, const unsigned char* data, size_t n,
                               const unsigned char* sig, size_t sig_len) noexcept nogil:
    """Verify one signature. 1 holds, 0 does not, -1 libcrypto failed."""
    cdef int verdict
    if not ed25519_well_formed(sig, sig_len):
        return 0
    verdict = cyjwt_ed25519_verify(key.handle, key.expanded + 32, data, n, sig)
    if verdict != 1:
        ERR_clear_error()
    return verdict


cdef inline int ed25519_sign(const EdKey* key, const unsigned char* data, size_t n,
                             unsigned char* out) noexcept nogil:
    """Write a signature of 64 octets. 1, or -1 when libcrypto failed."""
    if cyjwt_ed25519_sign(key.handle, key.expanded, data, n, out):
        return 1
    ERR_clear_error()
    return -1
