/* Finding the end of a plain run inside a JSON string, sixteen bytes at a time where the target has
 * SSE2 or NEON (both are part of their baseline, so nothing is chosen at run time).
 *
 * Every buffer handed to these functions is followed by CYJWT_JSON_SLACK readable bytes, the first of
 * which is NUL: a NUL is never legal in JSON text, so it stops each loop without a bounds check. */
#ifndef CYJWT_JSONLEX_SIMD_H
#define CYJWT_JSONLEX_SIMD_H

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__APPLE__)
#include <xlocale.h>
#endif

#define CYJWT_JSON_SLACK 64

#if defined(__SSE2__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#include <emmintrin.h>
#define CYJWT_JSON_SSE2 1
#elif defined(__aarch64__) && defined(__ARM_NEON) && defined(__GNUC__)
#include <arm_neon.h>
#define CYJWT_JSON_NEON 1
#endif

#if defined(_MSC_VER)
#include <intrin.h>
static inline int cyjwt_ctz32(uint32_t x) {
    unsigned long i;
    _BitScanForward(&i, x);
    return (int)i;
}
#define CYJWT_UNLIKELY(x) (x)
#else
static inline int cyjwt_ctz32(uint32_t x) { return __builtin_ctz(x); }
#define CYJWT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#endif

static inline uint64_t cyjwt_load64(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

/* The first n bytes (n >= 1) at p as a word with the rest zero; equal texts give equal words. */
static inline uint64_t cyjwt_first8(const uint8_t *p, size_t n) {
    uint64_t x = 0;
    if (n >= 8) return cyjwt_load64(p);
    x = cyjwt_load64(p); /* the slack makes the over-read legal */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return x & ~((uint64_t)-1 >> (8 * n));
#else
    return x & (((uint64_t)1 << (8 * n)) - 1);
#endif
}

/* memcpy for the lengths of names and claims, without a call: the ends of the text overlap in the middle.
 * Reads and writes nothing outside the n bytes. */
static inline void cyjwt_copy(uint8_t *dst, const uint8_t *src, size_t n) {
    if (n > 64) {
        memcpy(dst, src, n);
    } else if (n >= 16) {
        if (n > 32) {
            memcpy(dst + 16, src + 16, 16);
            memcpy(dst + n - 32, src + n - 32, 16);
        }
        memcpy(dst, src, 16);
        memcpy(dst + n - 16, src + n - 16, 16);
    } else if (n >= 8) {
        memcpy(dst, src, 8);
        memcpy(dst + n - 8, src + n - 8, 8);
    } else if (n >= 4) {
        memcpy(dst, src, 4);
        memcpy(dst + n - 4, src + n - 4, 4);
    } else if (n) {
        dst[0] = src[0];
        dst[n >> 1] = src[n >> 1];
        dst[n - 1] = src[n - 1];
    }
}

/* The first byte at or after p that is a quote, a backslash, a control character or not ASCII. */
static inline const uint8_t *cyjwt_string_stop(const uint8_t *p) {
#if defined(CYJWT_JSON_SSE2)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (;;) {
        __m128i x = _mm_loadu_si128((const __m128i *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_max_epu8(x, control), control));
        /* movemask reads the top bit, which in x itself marks what is not ASCII */
        uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_or_si128(hit, x));
        if (mask) return p + cyjwt_ctz32(mask);
        p += 16;
    }
#elif defined(CYJWT_JSON_NEON)
    for (;;) {
        uint8x16_t x = vld1q_u8(p);
        uint8x16_t hit = vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\')));
        hit = vorrq_u8(hit, vorrq_u8(vcltq_u8(x, vdupq_n_u8(0x20)), vcgeq_u8(x, vdupq_n_u8(0x80))));
        uint64_t mask =
            vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hit), 4)), 0);
        if (mask) return p + (__builtin_ctzll(mask) >> 2);
        p += 16;
    }
#else
    while (*p != '"' && *p != '\\' && *p >= 0x20 && *p < 0x80) p++;
    return p;
#endif
}

/* cyjwt_string_stop where the stop is likely to be n bytes on. Where it is, the answer is made of the guess and not
 * of what was found, so that a processor which reads ahead need not wait for the search to end. */
static inline const uint8_t *cyjwt_string_stop_near(const uint8_t *p, size_t n) {
    const uint8_t *stop = cyjwt_string_stop(p);
#if defined(__GNUC__)
    const uint8_t *guess = p + n;
    __asm__("" : "+r"(guess)); /* or the compiler would see that it is the same as stop */
    if (stop == p + n) {
        __asm__ volatile("" : "+r"(guess)); /* or it would choose without a branch, and so wait again */
        return guess;
    }
#else
    (void)n;
#endif
    return stop;
}

/* Whether eight digits stand at p; if so, value is their number. Never where the target is not little-endian. */
static inline int cyjwt_eight_digits(const uint8_t *p, uint64_t *value) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    (void)p;
    (void)value;
    return 0;
#else
    uint64_t x = cyjwt_load64(p);
    /* The upper half of each octet is 3, and stays 3 when 6 is added, which it would not past '9'. */
    if (((x & 0xf0f0f0f0f0f0f0f0) | ((x + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4) !=
        0x3333333333333333)
        return 0;
    x = (x & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8; /* pairs: 10 a + b */
    x = (x & 0x00ff00ff00ff00ff) * 6553601 >> 16;
    *value = (x & 0x0000ffff0000ffff) * 42949672960001 >> 32;
    return 1;
#endif
}

/* The powers of ten that a double holds exactly. */
static const double CYJWT_POWERS_OF_TEN[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* strtod in the C locale, whatever the process has set: the value is correctly rounded, and the
 * function needs no interpreter lock. */
#if defined(_WIN32)
static _locale_t cyjwt_c_locale;
static inline int cyjwt_locale_ready(void) {
    if (!cyjwt_c_locale) cyjwt_c_locale = _create_locale(LC_ALL, "C");
    return cyjwt_c_locale != NULL;
}
static inline double cyjwt_strtod(const char *text) { return _strtod_l(text, NULL, cyjwt_c_locale); }
#else
static locale_t cyjwt_c_locale;
static inline int cyjwt_locale_ready(void) {
    if (!cyjwt_c_locale) cyjwt_c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return cyjwt_c_locale != (locale_t)0;
}
static inline double cyjwt_strtod(const char *text) { return strtod_l(text, NULL, cyjwt_c_locale); }
#endif

#endif
