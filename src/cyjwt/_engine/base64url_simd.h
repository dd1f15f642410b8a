/* The routes of the base64url codec, the fastest first; the last one is scalar and always there.
 *
 * Every route accepts exactly the same texts, reports the same offsets, reads nothing outside
 * src[0..n) and writes nothing outside the result. */
#ifndef CYJWT_BASE64URL_SIMD_H
#define CYJWT_BASE64URL_SIMD_H

#include "base64url_neon_simd.h"
#include "base64url_scalar.h"
#include "base64url_x86_simd.h"

typedef struct {
    const char *name;
    int (*available)(void);
    Py_ssize_t (*encode)(const uint8_t *src, Py_ssize_t n, uint8_t *dst);
    Py_ssize_t (*decode)(const uint8_t *src, Py_ssize_t n, uint8_t *dst);
} cyjwt_b64_route;

static int cyjwt_b64_has_scalar(void) { return 1; }

static const cyjwt_b64_route cyjwt_b64_routes[] = {
#if defined(CYJWT_B64_X86)
    {"avx2", cyjwt_b64_has_avx2, cyjwt_b64_encode_avx2, cyjwt_b64_decode_avx2},
    {"ssse3", cyjwt_b64_has_ssse3, cyjwt_b64_encode_ssse3, cyjwt_b64_decode_ssse3},
#endif
#if defined(CYJWT_B64_NEON)
    {"neon", cyjwt_b64_has_neon, cyjwt_b64_encode_neon, cyjwt_b64_decode_neon},
#endif
    {"scalar", cyjwt_b64_has_scalar, cyjwt_b64_encode_scalar, cyjwt_b64_decode_scalar},
};

#define CYJWT_B64_ROUTE_COUNT ((int)(sizeof cyjwt_b64_routes / sizeof cyjwt_b64_routes[0]))

#endif
