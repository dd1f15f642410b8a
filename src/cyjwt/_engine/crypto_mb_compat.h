/* crypto_mb where it is there, and on every other platform the same names, which say that no lane may be used.
 *
 * Included by `lanes` alone, the one module that is linked with the archive.
 */
#ifndef CYJWT_CRYPTO_MB_COMPAT_H
#define CYJWT_CRYPTO_MB_COMPAT_H

#if defined(CYJWT_CRYPTO_MB)

#include <stdlib.h>

/* Each operation has a second entry point that takes OpenSSL's types. None of them is declared here or called. */
#define BN_OPENSSL_DISABLE
#include <crypto_mb/cpu_features.h>
#include <crypto_mb/ec_nistp256.h>
#include <crypto_mb/ec_nistp384.h>
#include <crypto_mb/ec_nistp521.h>
#include <crypto_mb/ed25519.h>
#include <crypto_mb/rsa.h>
#include <crypto_mb/status.h>
#include <crypto_mb/version.h>

/* Those entry points share objects of the archive with the ones that are called, so that the linker asks for what
 * they need of libcrypto, one function of which AWS-LC does not even have. Nothing reaches them: stand-ins that end the
 * process satisfy the linker, and keep libcrypto in `pkey`, its one home. */
void BN_bin2bn(void) { abort(); }
void BN_bn2lebinpad(void) { abort(); }
void BN_is_word(void) { abort(); }
void BN_num_bits(void) { abort(); }
void ECDSA_SIG_get0(void) { abort(); }

/* What the archive's AVX-512 code needs. Its other code, for AVX-IFMA without AVX-512, is neither measured nor tested
 * here, so that such a CPU has no lanes. */
static inline int cyjwt_mbx_applicable(void) {
  int64u features = mbx_get_cpu_features();
  return mbx_is_crypto_mb_applicable(features) == 1 && (features & MBX_AVX512_GENERAL_ISA) == MBX_AVX512_GENERAL_ISA;
}

/* What is linked; mbx_getversion is code for the very CPU that may be absent. */
#define CYJWT_TEXT_(x) #x
#define CYJWT_TEXT(x) CYJWT_TEXT_(x)
#define CYJWT_MBX_VERSION CYJWT_TEXT(MBX_VER_MAJOR) "." CYJWT_TEXT(MBX_VER_MINOR) "." CYJWT_TEXT(MBX_VER_PATCH)

/* Octets where the library has pointers to arrays of 32 of them. */
static inline mbx_status cyjwt_mbx_ed25519_verify(const int8u *const r[8], const int8u *const s[8],
                                                  const int8u *const message[8], const int32u size[8],
                                                  const int8u *const key[8]) {
  return mbx_ed25519_verify_mb8((const ed25519_sign_component *const *)r, (const ed25519_sign_component *const *)s,
                                message, size, (const ed25519_public_key *const *)key);
}

static inline mbx_status cyjwt_mbx_ed25519_sign(int8u *const r[8], int8u *const s[8], const int8u *const message[8],
                                                const int32u size[8], const int8u *const seed[8],
                                                const int8u *const key[8]) {
  return mbx_ed25519_sign_mb8((ed25519_sign_component **)r, (ed25519_sign_component **)s, message, size,
                              (const ed25519_private_key *const *)seed, (const ed25519_public_key *const *)key);
}

#else

#include <stdint.h>

typedef uint32_t mbx_status;
typedef unsigned char int8u;
typedef unsigned int int32u;
typedef unsigned long long int64u;
typedef struct cyjwt_no_method mbx_RSA_Method;

#define MBX_STATUS_OK 0
#define MBX_GET_STS(status, lane) (((status) >> ((lane)*4)) & 0xF)

/* Every lane of every call answers MBX_STATUS_UNSUPPORTED_ISA_ERR. */
#define CYJWT_NO_LANES 0xAAAAAAAAu

static inline int cyjwt_mbx_applicable(void) { return 0; }
#define CYJWT_MBX_VERSION ""
#define mbx_RSA_pub65537_Method(bits) ((void)(bits), (const mbx_RSA_Method *)0)
#define mbx_RSA_Method_BufSize(method) ((void)(method), 0)
#define mbx_rsa_public_mb8(from, to, n, bits, method, buffer) \
  ((void)(from), (void)(to), (void)(n), (void)(bits), (void)(method), (void)(buffer), CYJWT_NO_LANES)
#define mbx_RSA_private_crt_Method(bits) ((void)(bits), (const mbx_RSA_Method *)0)
#define mbx_rsa_private_crt_mb8(from, to, p, q, dp, dq, qinv, bits, method, buffer) \
  ((void)(from), (void)(to), (void)(p), (void)(q), (void)(dp), (void)(dq), (void)(qinv), (void)(bits), \
   (void)(method), (void)(buffer), CYJWT_NO_LANES)
#define CYJWT_NO_ECDSA(r, s, message, x, y, z, buffer) \
  ((void)(r), (void)(s), (void)(message), (void)(x), (void)(y), (void)(z), (void)(buffer), CYJWT_NO_LANES)
#define mbx_nistp256_ecdsa_verify_mb8 CYJWT_NO_ECDSA
#define mbx_nistp384_ecdsa_verify_mb8 CYJWT_NO_ECDSA
#define mbx_nistp521_ecdsa_verify_mb8 CYJWT_NO_ECDSA
#define cyjwt_mbx_ed25519_verify(r, s, message, size, key) \
  ((void)(r), (void)(s), (void)(message), (void)(size), (void)(key), CYJWT_NO_LANES)
#define cyjwt_mbx_ed25519_sign(r, s, message, size, seed, key) \
  ((void)(r), (void)(s), (void)(message), (void)(size), (void)(seed), (void)(key), CYJWT_NO_LANES)

#endif
#endif
