/* What libcrypto's own calls cost, with nothing around them: the floor under every library that uses it.
 *
 * Keys are read beforehand; ECDSA signatures are parsed beforehand as well, and the states of an HMAC key made. What is
 * timed is the hash of the signing input and the one call that signs or verifies. `bench/floors.py` builds this with
 * the libcrypto that cyjwt was built with, and calls it.
 */
#define _POSIX_C_SOURCE 199309L
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#if defined(OPENSSL_IS_AWSLC)
#include <openssl/curve25519.h>
#define VERSION "AWS-LC " AWSLC_VERSION_NUMBER_STRING
#else
#define VERSION OpenSSL_version(OPENSSL_VERSION)
#endif

#define API __attribute__((visibility("default")))
#define MOST 1024 /* octets of a signature, or of an RSA block */

enum family { HMAC_SHA2, RSA_PKCS1, RSA_PSS, ECDSA, ED25519 };

typedef struct {
  enum family family;
  int bits; /* of the hash */
  const EVP_MD *md;
  HMAC_CTX *hmac;
  EVP_PKEY *key;
  RSA *rsa;
  EC_KEY *ec;
  uint8_t raw[64]; /* Ed25519: the public key, or seed and public key */
} Floor;

typedef struct {
  const uint8_t *data;
  size_t size;
  const uint8_t *signature; /* as libcrypto has it: ECDSA in DER */
  size_t signature_size;
  ECDSA_SIG *pair;
} Input;

API const char *floor_version(void) { return VERSION; }

/* A key: a secret, or DER (SubjectPublicKeyInfo, or PKCS#8 where it signs). NULL where libcrypto refuses it. */
API Floor *floor_new(int family, int bits, const uint8_t *key, size_t size, int sign) {
  Floor *made = calloc(1, sizeof(Floor));
  size_t length = 32;
  if (made == NULL) return NULL;
  made->family = family;
  made->bits = bits;
  made->md = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
  if (family == HMAC_SHA2) {
    made->hmac = HMAC_CTX_new();
    if (made->hmac != NULL && HMAC_Init_ex(made->hmac, key, (int)size, made->md, NULL) == 1) return made;
    return NULL;
  }
  made->key = sign ? d2i_AutoPrivateKey(NULL, &key, (long)size) : d2i_PUBKEY(NULL, &key, (long)size);
  if (made->key == NULL) return NULL;
  if (family == ECDSA) {
    made->ec = EVP_PKEY_get1_EC_KEY(made->key);
    return made->ec == NULL ? NULL : made;
  }
  if (family == ED25519) {
    if (EVP_PKEY_get_raw_public_key(made->key, made->raw + (sign ? 32 : 0), &length) != 1) return NULL;
    if (sign && EVP_PKEY_get_raw_private_key(made->key, made->raw, &length) != 1) return NULL;
    return made;
  }
  made->rsa = EVP_PKEY_get1_RSA(made->key);
  return made->rsa == NULL ? NULL : made;
}

static void hash(const Floor *f, const Input *in, uint8_t *out) {
  if (f->bits == 256) SHA256(in->data, in->size, out);
  else if (f->bits == 384) SHA384(in->data, in->size, out);
  else SHA512(in->data, in->size, out);
}

/* A context that was initialised once goes back to the states of its key. */
static unsigned mac(const Floor *f, const Input *in, uint8_t *out) {
  unsigned size = 0;
  int done = HMAC_Init_ex(f->hmac, NULL, 0, NULL, NULL) && HMAC_Update(f->hmac, in->data, in->size) &&
             HMAC_Final(f->hmac, out, &size);
  return done ? size : 0;
}

static int nid(const Floor *f) {
  return f->bits == 256 ? NID_sha256 : f->bits == 384 ? NID_sha384 : NID_sha512;
}

static int verify(const Floor *f, const Input *in) {
  uint8_t digest[64], block[MOST];
  unsigned digest_size = (unsigned)f->bits / 8;
  if (f->family == HMAC_SHA2) {
    return mac(f, in, digest) == in->signature_size && CRYPTO_memcmp(digest, in->signature, in->signature_size) == 0;
  }
  if (f->family == ED25519) {
#if defined(OPENSSL_IS_AWSLC)
    return ED25519_verify(in->data, in->size, in->signature, f->raw) == 1;
#else
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int held = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, f->key) == 1 &&
               EVP_DigestVerify(ctx, in->signature, in->signature_size, in->data, in->size) == 1;
    EVP_MD_CTX_free(ctx);
    return held;
#endif
  }
  hash(f, in, digest);
  if (f->family == ECDSA) return ECDSA_do_verify(digest, (int)digest_size, in->pair, f->ec) == 1;
  if (f->family == RSA_PKCS1) {
    return RSA_verify(nid(f), digest, digest_size, in->signature, (unsigned)in->signature_size, f->rsa) == 1;
  }
  return RSA_public_decrypt((int)in->signature_size, in->signature, block, f->rsa, RSA_NO_PADDING) > 0 &&
         RSA_verify_PKCS1_PSS_mgf1(f->rsa, digest, f->md, f->md, block, (int)digest_size) == 1;
}

static size_t sign(const Floor *f, const Input *in, uint8_t *out) {
  uint8_t digest[64], block[MOST];
  unsigned digest_size = (unsigned)f->bits / 8, size = MOST;
  if (f->family == HMAC_SHA2) return mac(f, in, out);
  if (f->family == ED25519) {
#if defined(OPENSSL_IS_AWSLC)
    return ED25519_sign(out, in->data, in->size, f->raw) == 1 ? 64 : 0;
#else
    size_t length = MOST;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int done = EVP_DigestSignInit(ctx, NULL, NULL, NULL, f->key) == 1 &&
               EVP_DigestSign(ctx, out, &length, in->data, in->size) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? length : 0;
#endif
  }
  hash(f, in, digest);
  if (f->family == ECDSA) return ECDSA_sign(0, digest, (int)digest_size, out, &size, f->ec) == 1 ? size : 0;
  if (f->family == RSA_PKCS1) return RSA_sign(nid(f), digest, digest_size, out, &size, f->rsa) == 1 ? size : 0;
  if (RSA_padding_add_PKCS1_PSS_mgf1(f->rsa, block, digest, f->md, f->md, (int)digest_size) != 1) return 0;
  return (size_t)RSA_private_encrypt(RSA_size(f->rsa), block, out, f->rsa, RSA_NO_PADDING);
}

/* Fill in the parsed signature of an input that is to be verified. */
static int prepare(const Floor *f, Input *in) {
  const uint8_t *at = in->signature;
  if (f->family == ECDSA && in->pair == NULL) in->pair = d2i_ECDSA_SIG(NULL, &at, (long)in->signature_size);
  return f->family != ECDSA || in->pair != NULL;
}

/* Whether the signature holds. */
API int floor_verify(const Floor *f, Input *in) { return prepare(f, in) && verify(f, in); }

/* The size of the signature that is written to `out`, at most MOST octets; 0 where it failed. */
API size_t floor_sign(const Floor *f, const Input *in, uint8_t *out) { return sign(f, in, out); }

/* Seconds for `loops` calls over the inputs in turn; negative where one failed. */
API double floor_time(const Floor *f, Input *inputs, size_t count, size_t loops, int signing) {
  struct timespec begun, ended;
  uint8_t out[MOST];
  int held = 1;
  size_t i, at = 0;
  for (i = 0; i < count && !signing; i++) held &= prepare(f, &inputs[i]);
  clock_gettime(CLOCK_MONOTONIC, &begun);
  for (i = 0; i < loops; i++) {
    held &= signing ? sign(f, &inputs[at], out) > 0 : verify(f, &inputs[at]);
    at = at + 1 == count ? 0 : at + 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  return held ? (double)(ended.tv_sec - begun.tv_sec) + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec) : -1.0;
}
