"""What the compiled engine sees of native keys. Nothing here needs the headers of libcrypto."""

cimport cython

cdef enum Family:
    FAMILY_NONE = 0
    FAMILY_HMAC
    FAMILY_RSA_PKCS1
    FAMILY_RSA_PSS
    FAMILY_EC
    FAMILY_OKP

cdef enum Curve:
    CURVE_NONE = 0
    CURVE_P256
    CURVE_P384
    CURVE_P521
    CURVE_SECP256K1
    CURVE_ED25519
    CURVE_UNSERVED        # a curve that no NativeKey has (Ed448)

cdef enum:
    LARGEST_SIGNATURE = 1024    # octets: room for every signature that make_signature writes
    LARGEST_HASH = 64
    ROWS = 32                   # ids of rows are 1 to 31
    SHORT = 16384               # octets that HMAC hashes in less time than releasing the GIL is worth

cdef struct Row:
    # One JWS algorithm, filled when the module is imported from cyjwt.algorithms.ALGORITHMS.
    int id
    int family
    int hash_bits
    int curve
    int signature_size          # octets; 0 where the key decides

cdef const Row* row_by_id(int id) noexcept nogil


# The public numbers of a key, for code that computes with them elsewhere than in libcrypto. They lie in the
# key's handle. NULL and zero where its family has none.
cdef struct Numbers:
    int bits                            # of the modulus or of the curve
    size_t size                         # octets of each number of a signature
    bint common_exponent                # RSA: e is 65537
    const unsigned char* bound          # what they lie below, big-endian; RSA: the modulus, EC: the order
    const unsigned long long* x         # RSA: the modulus, NULL above 4096 bits; EC: x; the lowest word first
    const unsigned long long* y         # EC: y
    const unsigned char* point          # Ed25519: the encoded public key

# The private numbers of a key, likewise; NULL in a public key, and where lanes do not serve it.
cdef struct Secrets:
    const unsigned long long* p         # RSA, each with half the words of the modulus, the lowest first
    const unsigned long long* q
    const unsigned long long* dp
    const unsigned long long* dq
    const unsigned long long* qinv
    const unsigned char* seed           # Ed25519: 32 octets

# What signs and verifies, for code that holds no interpreter lock. It lives as long as its NativeKey.
cdef struct Native:
    int kind                    # the Family that handle is of, FAMILY_RSA_PKCS1 for RSA; 0: no key
    int curve
    bint private
    void* handle                # HmacKey*, RsaKey*, EcKey* or EdKey*
    Numbers numbers
    Secrets secrets


@cython.final
cdef class NativeKey:
    cdef readonly str kind      # "oct", "RSA", "EC" or "OKP"
    cdef readonly str curve     # "" or the JWK crv
    cdef readonly int bits
    cdef Native native

# 1 when the row's family and curve are the key's.
cdef bint fits(const Native* key, const Row* row) noexcept nogil

cdef inline bint is_quick(const Row* row, size_t n) noexcept nogil:
    """Whether to sign or verify n octets takes less time than releasing the GIL is worth."""
    return row.family == FAMILY_HMAC and n <= SHORT

# Whether a signature has the length and its numbers the range that are asked of one, before any arithmetic is
# done with it. One without is refused on every route. The row is one that fits the key.
cdef bint is_well_formed(const Native* key, const Row* row, const unsigned char* sig,
                         size_t sig_len) noexcept nogil

# 1 holds, 0 does not (so also when the row does not fit the key), -1 libcrypto failed. Never touches Python.
cdef int verify_signature(const Native* key, const Row* row, const unsigned char* data, size_t n,
                          const unsigned char* sig, size_t sig_len) noexcept nogil

# Writes the JOSE signature to out, which has room for signature_size(key, row); returns its length or -1.
cdef Py_ssize_t make_signature(const Native* key, const Row* row, const unsigned char* data, size_t n,
                               unsigned char* out) noexcept nogil

# Hashes a message with the row's hash; out has room for LARGEST_HASH. The SHA-2 functions cannot fail.
cdef void hash_data(const Row* row, const unsigned char* data, size_t n, unsigned char* out) noexcept nogil

# Tells whether em, an opened RSA signature as long as the modulus, is a PSS encoding of digest (RFC 7518
# section 3.5).
cdef bint pss_holds(const Native* key, const Row* row, const unsigned char* digest,
                    const unsigned char* em) noexcept nogil

# Writes the encoded message of digest, as long as the modulus, for an RSA key to sign: always the same for
# PKCS #1 v1.5, with a random salt for PSS. False when libcrypto failed.
cdef bint encode_message(const Native* key, const Row* row, const unsigned char* digest,
                         unsigned char* em) noexcept nogil

# Overwrites what was secret.
cdef void wipe(void* data, size_t n) noexcept nogil

# Octets of a signature, or 0 when the row does not fit the key.
cdef Py_ssize_t signature_size(const Native* key, const Row* row) noexcept nogil
