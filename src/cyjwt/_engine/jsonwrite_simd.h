/* Copying plain strings into JSON text, sixteen octets at a time where there is SSE2 or NEON, and writing numbers. */
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

/* A block is sixteen octets, as they lie in memory. cyjwt_no_escape: JSON lets all of them stand as they are. */
#if defined(CYJWT_JSON_SSE2)
typedef __m128i cyjwt_block;

static inline cyjwt_block cyjwt_block_of(uint64_t a, uint64_t b) {
    return _mm_set_epi64x((long long)b, (long long)a);
}

static inline int cyjwt_no_escape(cyjwt_block x) {
    const __m128i control = _mm_set1_epi8(0x1f);
    __m128i hit = _mm_cmpeq_epi8(_mm_max_epu8(x, control), control);
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    return _mm_movemask_epi8(hit) == 0;
}
#elif defined(CYJWT_JSON_NEON)
typedef uint8x16_t cyjwt_block;

static inline cyjwt_block cyjwt_block_of(uint64_t a, uint64_t b) {
    return vcombine_u8(vcreate_u8(a), vcreate_u8(b));
}

static inline int cyjwt_no_escape(cyjwt_block x) {
    uint8x16_t hit = vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\')));
    hit = vorrq_u8(hit, vcltq_u8(x, vdupq_n_u8(0x20)));
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0) == 0;
}
#else
typedef struct {
    uint64_t a, b;
} cyjwt_block;

static inline cyjwt_block cyjwt_block_of(uint64_t a, uint64_t b) {
    cyjwt_block x = {a, b};
    return x;
}

static inline uint64_t cyjwt_escapes8(uint64_t x) {
    const uint64_t ones = 0x0101010101010101u;
    uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
    return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & (ones << 7);
}

static inline int cyjwt_no_escape(cyjwt_block x) { return !(cyjwt_escapes8(x.a) | cyjwt_escapes8(x.b)); }
#endif

/* Copies n octets of which none must be escaped and returns 1, or returns 0 where one must, with some copied. The
 * ends of what is copied overlap, so that nothing outside the n octets is read or written. */
static inline int cyjwt_copy_plain(uint8_t *dst, const uint8_t *src, size_t n) {
    if (n >= 16) {
        cyjwt_block x;
        size_t i = 0;
        while (n - i > 16) {
            memcpy(&x, src + i, 16);
            memcpy(dst + i, &x, 16);
            if (!cyjwt_no_escape(x)) return 0;
            i += 16;
        }
        memcpy(&x, src + n - 16, 16);
        memcpy(dst + n - 16, &x, 16);
        return cyjwt_no_escape(x);
    }
    if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, src, 8);
        memcpy(&b, src + n - 8, 8);
        memcpy(dst, &a, 8);
        memcpy(dst + n - 8, &b, 8);
        return cyjwt_no_escape(cyjwt_block_of(a, b));
    }
    if (n >= 4) {
        uint32_t a, b;
        uint64_t both;
        memcpy(&a, src, 4);
        memcpy(&b, src + n - 4, 4);
        memcpy(dst, &a, 4);
        memcpy(dst + n - 4, &b, 4);
        both = (uint64_t)b << 32 | a;
        return cyjwt_no_escape(cyjwt_block_of(both, both));
    }
    if (n) {
        const uint8_t a = src[0], b = src[n >> 1], c = src[n - 1];
        dst[0] = a;
        dst[n >> 1] = b;
        dst[n - 1] = c;
        return !(cyjwt_needs_escape(a) | cyjwt_needs_escape(b) | cyjwt_needs_escape(c));
    }
    return 1;
}

/* How many octets come before the first that must be escaped. */
static inline size_t cyjwt_plain_run(const uint8_t *src, size_t n) {
    cyjwt_block x;
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        memcpy(&x, src + i, 16);
        if (!cyjwt_no_escape(x)) break;
    }
    while (i < n && !cyjwt_needs_escape(src[i])) i++;
    return i;
}

#endif
