"""Declarations of libcrypto (AWS-LC, or OpenSSL >= 3.0), nothing else.

Only ``pkey`` links with libcrypto, so only ``pkey`` and its parts may cimport this file.
"""

cdef extern from "libcrypto_compat.h" nogil:
    # crypto(7), err(3)
    const char* CYJWT_LIBCRYPTO_NAME
    const char* CYJWT_LIBCRYPTO_VERSION
    void OPENSSL_cleanse(void* data, size_t n) noexcept
    void OPENSSL_free(void* data) noexcept
    void ERR_clear_error() noexcept

    # BN
    ctypedef struct BIGNUM:
        pass
    BIGNUM* BN_bin2bn(const unsigned char* data, int n, BIGNUM* into) noexcept
    int BN_bn2binpad(const BIGNUM* a, unsigned char* out, int n) noexcept
    int BN_num_bits(const BIGNUM* a) noexcept
    int BN_is_odd(const BIGNUM* a) noexcept
    void BN_free(BIGNUM* a) noexcept
    void BN_clear_free(BIGNUM* a) noexcept

    # SHA-2
    ctypedef struct SHA256_CTX:
        pass
    ctypedef struct SHA512_CTX:
        pass
    int SHA256_Init(SHA256_CTX* ctx) noexcept
    int SHA256_Update(SHA256_CTX* ctx, const void* data, size_t n) noexcept
    int SHA256_Final(unsigned char* out, SHA256_CTX* ctx) noexcept
    int SHA384_Init(SHA512_CTX* ctx) noexcept
    int SHA384_Update(SHA512_CTX* ctx, const void* data, size_t n) noexcept
    int SHA384_Final(unsigned char* out, SHA512_CTX* ctx) noexcept
    int SHA512_Init(SHA512_CTX* ctx) noexcept
    int SHA512_Update(SHA512_CTX* ctx, const void* data, size_t n) noexcept
    int SHA512_Final(unsigned char* out, SHA512_CTX* ctx) noexcept

    # EVP
    ctypedef struct EVP_MD:
        pass
    ctypedef struct EVP_PKEY:
        pass
    const EVP_MD* cyjwt_sha2(int bits) noexcept
    void EVP_PKEY_free(EVP_PKEY* key) noexcept

    # RSA
    int RSA_NO_PADDING
    ctypedef struct RSA:
        pass
    RSA* RSA_new() noexcept
    void RSA_free(RSA* rsa) noexcept
    int RSA_set0_key(RSA* rsa, BIGNUM* n, BIGNUM* e, BIGNUM* d) noexcept
    int RSA_set0_factors(RSA* rsa, BIGNUM* p, BIGNUM* q) noexcept
    int RSA_set0_crt_params(RSA* rsa, BIGNUM* dmp1, BIGNUM* dmq1, BIGNUM* iqmp) noexcept
    void RSA_get0_key(const RSA* rsa, const BIGNUM** n, const BIGNUM** e, const BIGNUM** d) noexcept
    void RSA_get0_factors(const RSA* rsa, const BIGNUM** p, const BIGNUM** q) noexcept
    void RSA_get0_crt_params(const RSA* rsa, const BIGNUM** dmp1, const BIGNUM** dmq1,
                             const BIGNUM** iqmp) noexcept
    int RSA_check_key(const RSA* rsa) noexcept
    int RSA_public_decrypt(int n, const unsigned char* data, unsigned char* out, RSA* rsa,
                           int padding) noexcept
    int RSA_private_encrypt(int n, const unsigned char* data, unsigned char* out, RSA* rsa,
                            int padding) noexcept
    int RSA_verify_PKCS1_PSS_mgf1(RSA* rsa, const unsigned char* digest, const EVP_MD* md, const EVP_MD* mgf1,
                                  const unsigned char* em, int salt_length) noexcept
    int RSA_padding_add_PKCS1_PSS_mgf1(RSA* rsa, unsigned char* em, const unsigned char* digest,
                                       const EVP_MD* md, const EVP_MD* mgf1, int salt_length) noexcept
    int i2d_RSAPrivateKey(const RSA* rsa, unsigned char** out) noexcept

    # EC
    int NID_X9_62_prime256v1
    int NID_secp384r1
    int NID_secp521r1
    int NID_secp256k1
    ctypedef enum point_conversion_form_t:
        POINT_CONVERSION_UNCOMPRESSED
    ctypedef struct BN_CTX:
        pass
    ctypedef struct EC_GROUP:
        pass
    ctypedef struct EC_POINT:
        pass
    ctypedef struct EC_KEY:
        pass
    const BIGNUM* EC_GROUP_get0_order(const EC_GROUP* group) noexcept
    EC_POINT* EC_POINT_new(const EC_GROUP* group) noexcept
    void EC_POINT_free(EC_POINT* point) noexcept
    int EC_POINT_oct2point(const EC_GROUP* group, EC_POINT* point, const unsigned char* data, size_t n,
                           BN_CTX* ctx) noexcept
    size_t EC_POINT_point2oct(const EC_GROUP* group, const EC_POINT* point, point_conversion_form_t form,
                              unsigned char* out, size_t n, BN_CTX* ctx) noexcept
    int EC_POINT_mul(const EC_GROUP* group, EC_POINT* r, const BIGNUM* n, const EC_POINT* q, const BIGNUM* m,
                     BN_CTX* ctx) noexcept
    EC_KEY* EC_KEY_new_by_curve_name(int nid) noexcept
    void EC_KEY_free(EC_KEY* key) noexcept
    const EC_GROUP* EC_KEY_get0_group(const EC_KEY* key) noexcept
    const EC_POINT* EC_KEY_get0_public_key(const EC_KEY* key) noexcept
    const BIGNUM* EC_KEY_get0_private_key(const EC_KEY* key) noexcept
    int EC_KEY_set_public_key(EC_KEY* key, const EC_POINT* point) noexcept
    int EC_KEY_set_private_key(EC_KEY* key, const BIGNUM* d) noexcept
    int EC_KEY_check_key(const EC_KEY* key) noexcept

    # ECDSA
    ctypedef struct ECDSA_SIG:
        pass
    ECDSA_SIG* ECDSA_SIG_new() noexcept
    void ECDSA_SIG_free(ECDSA_SIG* sig) noexcept
    void ECDSA_SIG_get0(const ECDSA_SIG* sig, const BIGNUM** r, const BIGNUM** s) noexcept
    int ECDSA_SIG_set0(ECDSA_SIG* sig, BIGNUM* r, BIGNUM* s) noexcept
    ECDSA_SIG* ECDSA_do_sign(const unsigned char* digest, int n, EC_KEY* key) noexcept
    int ECDSA_do_verify(const unsigned char* digest, int n, const ECDSA_SIG* sig, EC_KEY* key) noexcept

    # Ed25519
    int cyjwt_ed25519_open(const unsigned char* raw, int is_private, EVP_PKEY** handle,
                           unsigned char* public_key) noexcept
    int cyjwt_ed25519_verify(EVP_PKEY* handle, const unsigned char* public_key, const unsigned char* data,
                             size_t n, const unsigned char* signature) noexcept
    int cyjwt_ed25519_sign(EVP_PKEY* handle, const unsigned char* expanded, const unsigned char* data,
                           size_t n, unsigned char* signature) noexcept
