/* base64url for little-endian AArch64, where NEON is part of the baseline: loads and stores that
 * interleave by four and by three do most of the work (W. Mula, D. Lemire, see base64url_x86_simd.h).
 *
 * The remainder of a text is done by a last block that overlaps the one before it. */
#ifndef CYJWT_BASE64URL_NEON_SIMD_H
#define CYJWT_BASE64URL_NEON_SIMD_H

#if defined(__aarch64__) && defined(__ARM_NEON) && defined(__LITTLE_ENDIAN__) || \
    defined(__aarch64__) && defined(__ARM_NEON) && defined(__BYTE_ORDER__) && \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CYJWT_B64_NEON 1

#include <arm_neon.h>

#include "base64url_scalar.h"

static int cyjwt_b64_has_neon(void) { return 1; }

static inline uint8x16x4_t cyjwt_b64_table(const uint8_t *t) {
    uint8x16x4_t r;
    r.val[0] = vld1q_u8(t);
    r.val[1] = vld1q_u8(t + 16);
    r.val[2] = vld1q_u8(t + 32);
    r.val[3] = vld1q_u8(t + 48);
    return r;
}

/* The values of 16 or 8 characters; an index that a table lacks gives 0 first and changes nothing then,
 * so a character that is not ASCII has the value 0 and shows by its own top bit. */
static inline uint8x16_t cyjwt_b64_value16(uint8x16x4_t lower, uint8x16x4_t upper, uint8x16_t x) {
    return vqtbx4q_u8(vqtbl4q_u8(lower, x), upper, vsubq_u8(x, vdupq_n_u8(64)));
}

static inline uint8x8_t cyjwt_b64_value8(uint8x16x4_t lower, uint8x16x4_t upper, uint8x8_t x) {
    return vqtbx4_u8(vqtbl4_u8(lower, x), upper, vsub_u8(x, vdup_n_u8(64)));
}

static inline uint8x16_t cyjwt_b64_decode64(
    const uint8_t *src, uint8_t *dst, uint8x16x4_t lower, uint8x16x4_t upper, uint8x16_t fault) {
    const uint8x16x4_t x = vld4q_u8(src);
    const uint8x16_t a = cyjwt_b64_value16(lower, upper, x.val[0]);
    const uint8x16_t b = cyjwt_b64_value16(lower, upper, x.val[1]);
    const uint8x16_t c = cyjwt_b64_value16(lower, upper, x.val[2]);
    const uint8x16_t e = cyjwt_b64_value16(lower, upper, x.val[3]);
    uint8x16x3_t out;
    out.val[0] = vorrq_u8(vshlq_n_u8(a, 2), vshrq_n_u8(b, 4));
    out.val[1] = vorrq_u8(vshlq_n_u8(b, 4), vshrq_n_u8(c, 2));
    out.val[2] = vorrq_u8(vshlq_n_u8(c, 6), e);
    vst3q_u8(dst, out);
    fault = vorrq_u8(fault, vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, e)));
    return vorrq_u8(fault, vorrq_u8(vorrq_u8(x.val[0], x.val[1]), vorrq_u8(x.val[2], x.val[3])));
}

static inline uint8x16_t cyjwt_b64_decode32(
    const uint8_t *src, uint8_t *dst, uint8x16x4_t lower, uint8x16x4_t upper, uint8x16_t fault) {
    const uint8x8x4_t x = vld4_u8(src);
    const uint8x8_t a = cyjwt_b64_value8(lower, upper, x.val[0]);
    const uint8x8_t b = cyjwt_b64_value8(lower, upper, x.val[1]);
    const uint8x8_t c = cyjwt_b64_value8(lower, upper, x.val[2]);
    const uint8x8_t e = cyjwt_b64_value8(lower, upper, x.val[3]);
    uint8x8x3_t out;
    out.val[0] = vorr_u8(vshl_n_u8(a, 2), vshr_n_u8(b, 4));
    out.val[1] = vorr_u8(vshl_n_u8(b, 4), vshr_n_u8(c, 2));
    out.val[2] = vorr_u8(vshl_n_u8(c, 6), e);
    vst3_u8(dst, out);
    return vorrq_u8(fault, vcombine_u8(
        vorr_u8(vorr_u8(a, b), vorr_u8(c, e)),
        vorr_u8(vorr_u8(x.val[0], x.val[1]), vorr_u8(x.val[2], x.val[3]))));
}

static Py_ssize_t cyjwt_b64_decode_neon(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n & 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    const uint8x16x4_t lower = cyjwt_b64_table(cyjwt_b64_value);
    const uint8x16x4_t upper = cyjwt_b64_table(cyjwt_b64_value + 64);
    uint8x16_t fault = vdupq_n_u8(0);
    uint8_t *d = dst;
    if (whole < 32) return cyjwt_b64_decode_scalar(src, n, dst);
    for (; end - s >= 64; s += 64, d += 48) fault = cyjwt_b64_decode64(s, d, lower, upper, fault);
    if (end - s > 32) fault = cyjwt_b64_decode32(s, d, lower, upper, fault);
    d = dst + whole / 4 * 3;
    if (end > s) fault = cyjwt_b64_decode32(end - 32, d - 24, lower, upper, fault);
    if (vmaxvq_u8(fault) >= 0x80 || cyjwt_b64_decode_rest(end, rest, d))
        return cyjwt_b64_fault(src, n);
    return d - dst + rest - (rest != 0);
}

static inline void cyjwt_b64_encode48(const uint8_t *src, uint8_t *dst, uint8x16x4_t alphabet) {
    const uint8x16x3_t x = vld3q_u8(src);
    const uint8x16_t six = vdupq_n_u8(63);
    uint8x16x4_t out;
    out.val[0] = vshrq_n_u8(x.val[0], 2);
    out.val[1] = vandq_u8(vorrq_u8(vshlq_n_u8(x.val[0], 4), vshrq_n_u8(x.val[1], 4)), six);
    out.val[2] = vandq_u8(vorrq_u8(vshlq_n_u8(x.val[1], 2), vshrq_n_u8(x.val[2], 6)), six);
    out.val[3] = vandq_u8(x.val[2], six);
    out.val[0] = vqtbl4q_u8(alphabet, out.val[0]);
    out.val[1] = vqtbl4q_u8(alphabet, out.val[1]);
    out.val[2] = vqtbl4q_u8(alphabet, out.val[2]);
    out.val[3] = vqtbl4q_u8(alphabet, out.val[3]);
    vst4q_u8(dst, out);
}

static inline void cyjwt_b64_encode24(const uint8_t *src, uint8_t *dst, uint8x16x4_t alphabet) {
    const uint8x8x3_t x = vld3_u8(src);
    const uint8x8_t six = vdup_n_u8(63);
    uint8x8x4_t out;
    out.val[0] = vshr_n_u8(x.val[0], 2);
    out.val[1] = vand_u8(vorr_u8(vshl_n_u8(x.val[0], 4), vshr_n_u8(x.val[1], 4)), six);
    out.val[2] = vand_u8(vorr_u8(vshl_n_u8(x.val[1], 2), vshr_n_u8(x.val[2], 6)), six);
    out.val[3] = vand_u8(x.val[2], six);
    out.val[0] = vqtbl4_u8(alphabet, out.val[0]);
    out.val[1] = vqtbl4_u8(alphabet, out.val[1]);
    out.val[2] = vqtbl4_u8(alphabet, out.val[2]);
    out.val[3] = vqtbl4_u8(alphabet, out.val[3]);
    vst4_u8(dst, out);
}

static Py_ssize_t cyjwt_b64_encode_neon(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n % 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    const uint8x16x4_t alphabet = cyjwt_b64_table(cyjwt_b64_alphabet);
    uint8_t *d = dst;
    if (whole < 24) return cyjwt_b64_encode_scalar(src, n, dst);
    for (; end - s >= 48; s += 48, d += 64) cyjwt_b64_encode48(s, d, alphabet);
    if (end - s > 24) cyjwt_b64_encode24(s, d, alphabet);
    d = dst + whole / 3 * 4;
    if (end > s) cyjwt_b64_encode24(end - 24, d - 32, alphabet);
    cyjwt_b64_encode_rest(end, rest, d);
    return n + (n + 2) / 3;
}

#endif
#endif
