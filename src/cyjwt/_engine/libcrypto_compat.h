/* Where AWS-LC and OpenSSL >= 3.0 differ, and nowhere else: one spelling for both.
 *
 * The low-level RSA, EC and SHA interfaces are used on purpose. OpenSSL 3 marks them deprecated in favour of
 * EVP, which costs a provider fetch on each call; both libraries keep them working.
 */
#ifndef CYJWT_LIBCRYPTO_COMPAT_H
#define CYJWT_LIBCRYPTO_COMPAT_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#if defined(OPENSSL_IS_AWSLC)

#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/nid.h>

#define CYJWT_LIBCRYPTO_NAME "AWS-LC"
#define CYJWT_LIBCRYPTO_VERSION "AWS-LC " AWSLC_VERSION_NUMBER_STRING

/* The EVP_PKEY handle is not needed here and stays NULL. */
static inline int cyjwt_ed25519_open(const uint8_t *raw, int is_private, EVP_PKEY **handle, uint8_t *public_key) {
  uint8_t expanded[ED25519_PRIVATE_KEY_LEN];
  *handle = NULL;
  if (is_private) {
    ED25519_keypair_from_seed(public_key, expanded, raw);
    OPENSSL_cleanse(expanded, sizeof(expanded));
  } else {
    memcpy(public_key, raw, 32);
  }
  return 1;
}

static inline int cyjwt_ed25519_verify(EVP_PKEY *handle, const uint8_t *public_key, const uint8_t *data, size_t n,
                                       const uint8_t *signature) {
  (void)handle;
  return ED25519_verify(data, n, signature, public_key) == 1;
}

/* expanded is seed || public key, the layout that RFC 8032 implementations sign with. */
static inline int cyjwt_ed25519_sign(EVP_PKEY *handle, const uint8_t *expanded, const uint8_t *data, size_t n,
                                     uint8_t *signature) {
  (void)handle;
  return ED25519_sign(signature, data, n, expanded) == 1;
}

static inline const EVP_MD *cyjwt_sha2(int bits) {
  return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

#else

#define CYJWT_LIBCRYPTO_NAME "OpenSSL"
#define CYJWT_LIBCRYPTO_VERSION OpenSSL_version(OPENSSL_VERSION)

static inline int cyjwt_ed25519_open(const uint8_t *raw, int is_private, EVP_PKEY **handle, uint8_t *public_key) {
  size_t length = 32;
  *handle = is_private ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, 32)
                       : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
  return *handle != NULL && EVP_PKEY_get_raw_public_key(*handle, public_key, &length) == 1 && length == 32;
}

/* A context for each call: a shared one would be scratch that threads race on. 1, 0, or -1 when out of memory. */
static inline int cyjwt_ed25519_verify(EVP_PKEY *handle, const uint8_t *public_key, const uint8_t *data, size_t n,
                                       const uint8_t *signature) {
  int verdict = -1;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  (void)public_key;
  if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, handle) == 1) {
    verdict = EVP_DigestVerify(ctx, signature, 64, data, n) == 1;
  }
  EVP_MD_CTX_free(ctx);
  return verdict;
}

static inline int cyjwt_ed25519_sign(EVP_PKEY *handle, const uint8_t *expanded, const uint8_t *data, size_t n,
                                     uint8_t *signature) {
  size_t length = 64;
  int done = 0;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  (void)expanded;
  if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, handle) == 1) {
    done = EVP_DigestSign(ctx, signature, &length, data, n) == 1 && length == 64;
  }
  EVP_MD_CTX_free(ctx);
  return done;
}

/* Fetched once, before there are threads: EVP_sha256() makes every digest context fetch again. */
static EVP_MD *cyjwt_sha2_fetched[3];

static inline const EVP_MD *cyjwt_sha2(int bits) {
  EVP_MD **slot = &cyjwt_sha2_fetched[bits == 256 ? 0 : bits == 384 ? 1 : 2];
  if (*slot == NULL) {
    *slot = EVP_MD_fetch(NULL, bits == 256 ? "SHA256" : bits == 384 ? "SHA384" : "SHA512", NULL);
  }
  return *slot;
}

#endif
#endif
