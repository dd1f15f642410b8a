"""RSA signatures: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017). A part of ``pkey``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdlib cimport calloc, free

from cyjwt._engine cimport compare, der
from cyjwt._engine.der cimport Der
from cyjwt._engine.emsa cimport LARGEST_MODULUS, pkcs1_encode, pkcs1_holds
from cyjwt._engine.libcrypto cimport (
    BIGNUM, BN_bin2bn, BN_bn2binpad, BN_clear_free, BN_is_odd, BN_num_bits, ERR_clear_error, EVP_MD,
    OPENSSL_cleanse, OPENSSL_free, RSA, RSA_check_key, RSA_free, RSA_get0_crt_params,
    RSA_get0_factors, RSA_get0_key, RSA_new, RSA_NO_PADDING, RSA_padding_add_PKCS1_PSS_mgf1,
    RSA_private_encrypt, RSA_public_decrypt, RSA_set0_crt_params, RSA_set0_factors, RSA_set0_key,
    RSA_verify_PKCS1_PSS_mgf1, cyjwt_sha2, i2d_RSAPrivateKey)
from cyjwt._engine.pkey cimport Numbers, Secrets
from cyjwt._engine.words cimport to_words

cdef enum:
    LANE_WORDS = 64      # of 64 bits: larger keys have no lanes
    FACTOR_WORDS = 32

cdef struct RsaKey:
    RSA* rsa
    int bits
    size_t size                                # octets of the modulus and of every signature
    unsigned char[LARGEST_MODULUS] modulus     # big-endian, size octets
    unsigned long long[LANE_WORDS] words       # the modulus again, the lowest word first
    bint common_exponent                       # e is 65537
    bint has_parts                             # parts is filled: the primes have half the bits each
    unsigned long long parts[5][FACTOR_WORDS]  # p, q, dp, dq and qinv, the lowest word first


cdef inline const char* rsa_refuse(RSA* rsa, bint is_private, bint allow_small_exponent) noexcept nogil:
    """Say why a key must not be used, or return NULL."""
    cdef const BIGNUM* n
    cdef const BIGNUM* e
    RSA_get0_key(rsa, &n, &e, NULL)
    # RFC 7518 sections 3.3 and 3.5: 2048 bits or more is a MUST. The upper bound caps what a key can cost.
    if BN_num_bits(n) < 2048:
        return b"the RSA modulus has fewer than 2048 bits (RFC 7518 section 3.3)"
    if BN_num_bits(n) > 8 * LARGEST_MODULUS:
        return b"the RSA modulus has more than 8192 bits"
    if not BN_is_odd(n):
        return b"the RSA modulus is even"
    if not BN_is_odd(e):
        return b"the RSA public exponent is even"
    if BN_num_bits(e) > 33:
        return b"the RSA public exponent has more than 33 bits"
    # An odd e has two bits or more from 3 on, and 17 or more from 65537 on.
    if BN_num_bits(e) < 2:
        return b"the RSA public exponent is 1"
    if BN_num_bits(e) < 17 and not allow_small_exponent:
        return b"the RSA public exponent is less than 65537"
    if is_private and RSA_check_key(rsa) != 1:
        ERR_clear_error()
        return b"the parts of the RSA private key do not belong together"
    return NULL


cdef inline RsaKey* rsa_new(RSA* rsa) noexcept nogil:
    """Take over a key that ``rsa_refuse`` let through. NULL when that failed; rsa is then the caller's."""
    cdef const BIGNUM* n
    cdef const BIGNUM* e
    cdef unsigned char[LARGEST_MODULUS] scratch
    cdef unsigned char[5] exponent             # rsa_refuse lets no longer one through
    cdef RsaKey* key = <RsaKey*> calloc(1, sizeof(RsaKey))
    if key == NULL:
        return NULL
    RSA_get0_key(rsa, &n, &e, NULL)
    key.bits = BN_num_bits(n)
    key.size = (key.bits + 7) // 8
    # One operation now makes the Montgomery context that all later ones share: no thread will wait for it.
    scratch[0] = 0
    if (BN_bn2binpad(n, key.modulus, <int> key.size) < 0
            or BN_bn2binpad(n, scratch, <int> key.size) < 0
            or BN_bn2binpad(e, exponent, sizeof(exponent)) < 0):
        free(key)
        return NULL
    scratch[key.size - 1] ^= 1
    if RSA_public_decrypt(<int> key.size, scratch, scratch, rsa, RSA_NO_PADDING) < 0:
        ERR_clear_error()
        free(key)
        return NULL
    key.common_exponent = compare.equal(exponent, <const unsigned char*> b"\x00\x00\x01\x00\x01", 5)
    if key.bits <= 64 * LANE_WORDS:
        to_words(key.modulus, key.size, key.words)
    key.rsa = rsa
    return key


cdef inline bint rsa_keep_parts(RsaKey* key) noexcept nogil:
    """Note the parts of a private key for the Chinese remainder theorem, where lanes can use them."""
    cdef const BIGNUM* parts[5]
    cdef unsigned char[8 * FACTOR_WORDS] scratch
    cdef int i
    RSA_get0_factors(key.rsa, &parts[0], &parts[1])
    RSA_get0_crt_params(key.rsa, &parts[2], &parts[3], &parts[4])
    if key.bits > 64 * LANE_WORDS or key.bits % 128:
        return False
    for i in range(5):
        if parts[i] == NULL:
            return False
    if <int> BN_num_bits(parts[0]) != key.bits // 2 or <int> BN_num_bits(parts[1]) != key.bits // 2:
        return False
    for i in range(5):
        if BN_bn2binpad(parts[i], scratch, key.bits // 16) < 0:
            break
        to_words(scratch, key.bits // 16, key.parts[i])
    else:
        key.has_parts = True
    OPENSSL_cleanse(scratch, sizeof(scratch))
    return key.has_parts


cdef inline void rsa_secrets(RsaKey* key, Secrets* secrets) noexcept nogil:
    """Say where the private numbers lie."""
    if key.has_parts:
        secrets.p = key.parts[0]
        secrets.q = key.parts[1]
        secrets.dp = key.parts[2]
        secrets.dq = key.parts[3]
        secrets.qinv = key.parts[4]


cdef inline void rsa_numbers(RsaKey* key, Numbers* numbers) noexcept nogil:
    """Say where the public numbers lie."""
    numbers.bits = key.bits
    numbers.size = key.size
    numbers.common_exponent = key.common_exponent
    numbers.bound = key.modulus
    numbers.x = key.words if key.bits <= 64 * LANE_WORDS else NULL


cdef inline void rsa_free(RsaKey* key) noexcept nogil:
    """Wipe and release a key; NULL is let through."""
    if key != NULL:
        RSA_free(key.rsa)
        OPENSSL_cleanse(key, sizeof(RsaKey))
        free(key)


cdef inline RsaKey* rsa_read(Der* parameters, Der* octets, bint is_private,
                             bint allow_small_exponent) except NULL:
    """Read RSAPublicKey or RSAPrivateKey (RFC 8017 appendix A.1). ValueError says why a key is refused."""
    cdef Der body, number, nothing
    cdef BIGNUM* parts[8]       # n, e, d, p, q, dmp1, dmq1, iqmp
    cdef int wanted = 8 if is_private else 2
    cdef int i
    cdef Py_ssize_t longest = 2 * LARGEST_MODULUS
    cdef bint whole = True
    cdef const char* reason = b"not an RSA key in DER (RFC 8017 appendix A.1)"
    cdef RsaKey* key = NULL
    cdef RSA* rsa
    # RFC 3279 section 2.3.1: the parameters MUST be NULL.
    if (not der.take(parameters, der.NULL_VALUE, &nothing) or der.left(&nothing) or der.left(parameters)
            or not der.take(octets, der.SEQUENCE, &body) or der.left(octets)):
        raise ValueError(reason.decode())
    # RFC 8017 appendix A.1.2: version 0 stands for two primes.
    if is_private and not (der.take_unsigned(&body, &number) and der.matches(&number, b"\x00", 1)):
        raise ValueError("not an RSA private key of two primes (RFC 8017 appendix A.1.2)")
    for i in range(8):
        parts[i] = NULL
    for i in range(wanted):
        # No part is longer than the modulus, so that what the check of a private key costs is bounded by it.
        whole = der.take_unsigned(&body, &number) and der.left(&number) <= longest
        if not whole:
            break
        longest = der.left(&number) if i == 0 else longest
        parts[i] = BN_bin2bn(number.p, <int> der.left(&number), NULL)
    rsa = RSA_new()
    # Each RSA_set0 function takes its numbers over, and only when it succeeds.
    if whole and not der.left(&body) and rsa != NULL and RSA_set0_key(rsa, parts[0], parts[1], parts[2]):
        parts[0] = parts[1] = parts[2] = NULL
        if is_private and RSA_set0_factors(rsa, parts[3], parts[4]):
            parts[3] = parts[4] = NULL
            if RSA_set0_crt_params(rsa, parts[5], parts[6], parts[7]):
                parts[5] = parts[6] = parts[7] = NULL
        with nogil:
            reason = rsa_refuse(rsa, is_private, allow_small_exponent)
            if reason == NULL:
                key = rsa_new(rsa)
            if key != NULL and is_private:
                rsa_keep_parts(key)
    for i in range(8):
        BN_clear_free(parts[i])
    if key == NULL:
        RSA_free(rsa)
        ERR_clear_error()
        if reason == NULL:
            raise MemoryError
        raise ValueError(reason.decode())
    return key


cdef inline bytes _integer(const BIGNUM* a):
    # A leading zero octet keeps the number from being read as negative (X.690 section 8.3).
    cdef int n = BN_num_bits(a) // 8 + 1
    cdef bytes content = PyBytes_FromStringAndSize(NULL, n)
    BN_bn2binpad(a, <unsigned char*> PyBytes_AS_STRING(content), n)
    return der.tlv(der.INTEGER, content)


cdef inline bytes rsa_write_public(const RsaKey* key):
    """Write RSAPublicKey (RFC 8017 appendix A.1.1)."""
    cdef const BIGNUM* n
    cdef const BIGNUM* e
    RSA_get0_key(key.rsa, &n, &e, NULL)
    return der.tlv(der.SEQUENCE, _integer(n) + _integer(e))


cdef inline bytes rsa_write_private(const RsaKey* key):
    """Write RSAPrivateKey (RFC 8017 appendix A.1.2)."""
    cdef unsigned char* buffer = NULL
    cdef int n = i2d_RSAPrivateKey(key.rsa, &buffer)
    if n < 0:
        ERR_clear_error()
        raise MemoryError
    try:
        return der.octets(buffer, n)
    finally:
        OPENSSL_cleanse(buffer, n)
        OPENSSL_free(buffer)


cdef inline bint rsa_well_formed(const RsaKey* key, const unsigned char* sig,
                                 size_t sig_len) noexcept nogil:
    """Tell whether a signature is exactly as long as the modulus, and below it."""
    # RFC 8017 sections 8.1.2 and 8.2.2, steps 1 and 2.
    return sig_len == key.size and compare.below(sig, key.modulus, sig_len)


cdef inline bint rsa_pss_holds(const RsaKey* key, int hash_bits, const unsigned char* digest,
                               const unsigned char* em) noexcept nogil:
    """Tell whether em, an opened signature of key.size octets, is a PSS encoding of digest."""
    # RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash.
    cdef const EVP_MD* md = cyjwt_sha2(hash_bits)
    if RSA_verify_PKCS1_PSS_mgf1(key.rsa, digest, md, md, em, hash_bits // 8) == 1:
        return True
    ERR_clear_error()
    return False


cdef inline int rsa_verify(const RsaKey* key, bint pss, int hash_bits, const unsigned char* digest,
                           const unsigned char* sig, size_t sig_len) noexcept nogil:
    """Verify one signature. 1 holds, 0 does not, -1 libcrypto failed."""
    cdef unsigned char[LARGEST_MODULUS] em
    if not rsa_well_formed(key, sig, sig_len):
        return 0
    if RSA_public_decrypt(<int> sig_len, sig, em, key.rsa, RSA_NO_PADDING) != <int> sig_len:
        ERR_clear_error()
        return -1
    if not pss:
        return pkcs1_holds(hash_bits, digest, em, sig_len)
    return rsa_pss_holds(key, hash_bits, digest, em)


cdef inline bint rsa_encode(const RsaKey* key, bint pss, int hash_bits, const unsigned char* digest,
                            unsigned char* em) noexcept nogil:
    """Write the encoded message that a signature is made of, key.size octets."""
    cdef const EVP_MD* md
    if not pss:
        return pkcs1_encode(hash_bits, digest, em, key.size)
    md = cyjwt_sha2(hash_bits)
    return RSA_padding_add_PKCS1_PSS_mgf1(key.rsa, em, digest, md, md, hash_bits // 8) == 1


cdef inline int rsa_sign(const RsaKey* key, bint pss, int hash_bits, const unsigned char* digest,
                         unsigned char* out) noexcept nogil:
    """Write a signature of key.size octets; libcrypto blinds the operation. 1, or -1 when it failed."""
    cdef unsigned char[LARGEST_MODULUS] em
    if (rsa_encode(key, pss, hash_bits, digest, em)
            and RSA_private_encrypt(<int> key.size, em, out, key.rsa, RSA_NO_PADDING) == <int> key.size):
        return 1
    ERR_clear_error()
    return -1
