/* Copying the plain part of a string into JSON text, sixteen bytes at a time where there is SSE2 or NEON. */
#ifndef CYJWT_JSONWRITE_SIMD_H
#define CYJWT_JSONWRITE_SIMD_H

#include "jsonlex_simd.h"

static inline int cyjwt_needs_escape(uint8_t c) { return c < 0x20 || c == '"' || c == '\\'; }

/* Writes a number in decimal, two digits a step, and returns how many; dst has room for 20. */
static inline size_t cyjwt_write_digits(uint8_t *dst, uint64_t value) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
        "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
        "9899";
    uint8_t digits[40] = {0}; /* twice as long as needed, so that twenty octets can be copied from any digit */
    size_t i = 20;
    while (value >= 100) {
        const unsigned two = (unsigned)(value % 100);
        value /= 100;
        i -= 2;
        memcpy(digits + i, pairs + 2 * two, 2);
    }
    if (value >= 10) {
        i -= 2;
        memcpy(digits + i, pairs + 2 * value, 2);
    } else {
        digits[--i] = (uint8_t)('0' + value);
    }
    memcpy(dst, digits + i, 20);
    return 20 - i;
}

/* Whether any of eight octets is one that JSON must escape. */
static inline int cyjwt_needs_escape8(uint64_t x) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
    return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high ? 1 : 0;
}

/* Copies octets one by one up to the first that JSON must escape, or all n; returns how many. */
static inline size_t cyjwt_copy_octets(uint8_t *dst, const uint8_t *src, size_t n) {
    size_t i;
    for (i = 0; i < n && !cyjwt_needs_escape(src[i]); i++) dst[i] = src[i];
    return i;
}

/* The same for less than sixteen octets; the ends of the text overlap in the middle. */
static inline size_t cyjwt_copy_short(uint8_t *dst, const uint8_t *src, size_t n) {
    uint64_t a, b;
    uint32_t c, d;
    if (n >= 8) {
        memcpy(&a, src, 8);
        memcpy(&b, src + n - 8, 8);
        if (cyjwt_needs_escape8(a) || cyjwt_needs_escape8(b)) return cyjwt_copy_octets(dst, src, n);
        memcpy(dst, &a, 8);
        memcpy(dst + n - 8, &b, 8);
        return n;
    }
    if (n >= 4) {
        memcpy(&c, src, 4);
        memcpy(&d, src + n - 4, 4);
        if (cyjwt_needs_escape8((uint64_t)c << 32 | d)) return cyjwt_copy_octets(dst, src, n);
        memcpy(dst, &c, 4);
        memcpy(dst + n - 4, &d, 4);
        return n;
    }
    return cyjwt_copy_octets(dst, src, n);
}

/* Copies octets up to the first that JSON must escape, or all n; returns how many. dst has room for n + 16. */
static inline size_t cyjwt_copy_plain(uint8_t *dst, const uint8_t *src, size_t n) {
    size_t i = 0;
#if defined(CYJWT_JSON_SSE2)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (; n - i >= 16; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(src + i));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_max_epu8(x, control), control));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(hit);
        _mm_storeu_si128((__m128i *)(dst + i), x);
        if (mask) return i + (size_t)cyjwt_ctz32(mask);
    }
#elif defined(CYJWT_JSON_NEON)
    for (; n - i >= 16; i += 16) {
        uint8x16_t x = vld1q_u8(src + i);
        uint8x16_t hit = vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\')));
        uint64_t mask;
        hit = vorrq_u8(hit, vcltq_u8(x, vdupq_n_u8(0x20)));
        mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
        vst1q_u8(dst + i, x);
        if (mask) return i + (size_t)(__builtin_ctzll(mask) >> 2);
    }
#else
    for (; n - i >= 16; i += 8) {
        uint64_t x;
        memcpy(&x, src + i, 8);
        if (cyjwt_needs_escape8(x)) return i + cyjwt_copy_octets(dst + i, src + i, n - i);
        memcpy(dst + i, &x, 8);
    }
#endif
    return i + cyjwt_copy_short(dst + i, src + i, n - i);
}

#endif
