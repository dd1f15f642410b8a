/* base64url for x86-64: SSSE3 and AVX2.
 *
 * The methods are those of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2
 * Instructions" (2018) and "Base64 encoding and decoding at almost the speed of a memory copy" (2020).
 * Each function carries its own target attribute, so the file compiles for the plainest x86-64 and a
 * CPU meets only the instructions that it has.
 *
 * Faults are gathered over the whole text and looked at once, at its end. The remainder of a text is
 * done by a last block that overlaps the one before it: no load or store leaves the buffers.
 *
 * There is no AVX-512 route on purpose. One over 512-bit registers halved the time of this codec, some
 * ten nanoseconds a token, and cost the signature that follows four to seven percent, because the CPU
 * lowers its clock for such instructions (measured on Sapphire Rapids: RS256, ES256, EdDSA, HS256). */
#ifndef CYJWT_BASE64URL_X86_SIMD_H
#define CYJWT_BASE64URL_X86_SIMD_H

#if (defined(__x86_64__) || defined(_M_X64)) && !defined(_M_ARM64EC) && \
    (defined(__GNUC__) || defined(__clang__) || defined(_MSC_VER))
#define CYJWT_B64_X86 1

#include <immintrin.h>
#include <string.h>

#include "base64url_scalar.h"

#if defined(__GNUC__) || defined(__clang__)
#define CYJWT_B64_TARGET(isa) __attribute__((target(isa)))
#else
#define CYJWT_B64_TARGET(isa)
#endif

#if defined(_MSC_VER)
#include <intrin.h>
static int cyjwt_b64_has_ssse3(void) {
    int r[4];
    __cpuid(r, 1);
    return r[2] >> 9 & 1;
}
/* AVX2, and an operating system that saves its registers. */
static int cyjwt_b64_has_avx2(void) {
    int r[4];
    __cpuid(r, 0);
    if (r[0] < 7) return 0;
    __cpuid(r, 1);
    if (!(r[2] >> 27 & 1) || !(r[2] >> 28 & 1) || (_xgetbv(0) & 6) != 6) return 0;
    __cpuidex(r, 7, 0);
    return r[1] >> 5 & 1;
}
#else
/* Some run-time libraries fill in what the CPU supports only when they are asked to. */
static int cyjwt_b64_has_ssse3(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("ssse3") != 0;
}
static int cyjwt_b64_has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}
#endif

/* Tables of a character's upper half. For its value: what to add, '_' being 33 more than told. */
#define CYJWT_B64_OFFSETS 0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0
/* For its check: one bit for each kind of row of the ASCII table, and below the rows that refuse a
 * lower half: 1 is row 2, 2 row 3, 4 rows 4 and 6, 8 row 5, 16 row 7, 32 every other row. */
#define CYJWT_B64_ROWS 32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32
#define CYJWT_B64_REFUSED 37, 33, 33, 33, 33, 33, 33, 33, 33, 33, 35, 59, 59, 58, 59, 51
/* The octets of each 24-bit group, which stand in a dword in reverse order. */
#define CYJWT_B64_PACK 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12
/* The octets a, b, c of each group as b, a, c, b, where its four values are cut from. */
#define CYJWT_B64_SPREAD(k) k + 1, k, k + 2, k + 1, k + 4, k + 3, k + 5, k + 4, \
    k + 7, k + 6, k + 8, k + 7, k + 10, k + 9, k + 11, k + 10
/* What to add to a value: 0..25, 26..51, the ten digits, '-', '_'. */
#define CYJWT_B64_SHIFTS 65, 71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -17, 32, 0, 0

/* 16 characters to 12 octets in the lower end of the result, 0 behind them. */
CYJWT_B64_TARGET("ssse3")
static inline __m128i cyjwt_b64_decode16(const uint8_t *src, __m128i *fault) {
    const __m128i x = _mm_loadu_si128((const __m128i *)src);
    const __m128i nibble = _mm_set1_epi8(0x0f);
    const __m128i upper = _mm_and_si128(_mm_srli_epi32(x, 4), nibble);
    const __m128i row = _mm_shuffle_epi8(_mm_setr_epi8(CYJWT_B64_ROWS), upper);
    const __m128i refused = _mm_shuffle_epi8(_mm_setr_epi8(CYJWT_B64_REFUSED), _mm_and_si128(x, nibble));
    const __m128i low_line = _mm_and_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('_')), _mm_set1_epi8(33));
    const __m128i offset = _mm_shuffle_epi8(_mm_setr_epi8(CYJWT_B64_OFFSETS), upper);
    __m128i v = _mm_add_epi8(_mm_add_epi8(x, low_line), offset);
    *fault = _mm_or_si128(*fault, _mm_and_si128(row, refused));
    v = _mm_maddubs_epi16(v, _mm_set1_epi32(0x01400140));
    v = _mm_madd_epi16(v, _mm_set1_epi32(0x00011000));
    return _mm_shuffle_epi8(v, _mm_setr_epi8(CYJWT_B64_PACK, -1, -1, -1, -1));
}

CYJWT_B64_TARGET("ssse3")
static inline void cyjwt_b64_decode16_exact(const uint8_t *src, uint8_t *dst, __m128i *fault) {
    const __m128i v = cyjwt_b64_decode16(src, fault);
    const int last = _mm_cvtsi128_si32(_mm_srli_si128(v, 8));
    _mm_storel_epi64((__m128i *)dst, v);
    memcpy(dst + 8, &last, 4);
}

CYJWT_B64_TARGET("ssse3")
static Py_ssize_t cyjwt_b64_decode_ssse3(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n & 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    uint8_t *d = dst;
    __m128i fault = _mm_setzero_si128();
    if (whole < 16) return cyjwt_b64_decode_scalar(src, n, dst);
    for (; end - s >= 24; s += 16, d += 12) /* room for 16 octets, though 12 count */
        _mm_storeu_si128((__m128i *)d, cyjwt_b64_decode16(s, &fault));
    if (end - s > 16) cyjwt_b64_decode16_exact(s, d, &fault);
    d = dst + whole / 4 * 3;
    cyjwt_b64_decode16_exact(end - 16, d - 12, &fault);
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(fault, _mm_setzero_si128())) != 0xffff ||
        cyjwt_b64_decode_rest(end, rest, d))
        return cyjwt_b64_fault(src, n);
    return d - dst + rest - (rest != 0);
}

/* 32 characters to 24 octets in the lower end of the result. */
CYJWT_B64_TARGET("avx2")
static inline __m256i cyjwt_b64_decode32(const uint8_t *src, __m256i *fault) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)src);
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(x, 4), nibble);
    const __m256i rows = _mm256_setr_epi8(CYJWT_B64_ROWS, CYJWT_B64_ROWS);
    const __m256i refusals = _mm256_setr_epi8(CYJWT_B64_REFUSED, CYJWT_B64_REFUSED);
    const __m256i offsets = _mm256_setr_epi8(CYJWT_B64_OFFSETS, CYJWT_B64_OFFSETS);
    const __m256i pack = _mm256_setr_epi8(CYJWT_B64_PACK, -1, -1, -1, -1, CYJWT_B64_PACK, -1, -1, -1, -1);
    const __m256i row = _mm256_shuffle_epi8(rows, upper);
    const __m256i refused = _mm256_shuffle_epi8(refusals, _mm256_and_si256(x, nibble));
    const __m256i low_line =
        _mm256_and_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('_')), _mm256_set1_epi8(33));
    __m256i v = _mm256_add_epi8(_mm256_add_epi8(x, low_line), _mm256_shuffle_epi8(offsets, upper));
    *fault = _mm256_or_si256(*fault, _mm256_and_si256(row, refused));
    v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
    v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
    v = _mm256_shuffle_epi8(v, pack);
    return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

CYJWT_B64_TARGET("avx2")
static inline void cyjwt_b64_decode32_exact(const uint8_t *src, uint8_t *dst, __m256i *fault) {
    const __m256i v = cyjwt_b64_decode32(src, fault);
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(v));
    _mm_storel_epi64((__m128i *)(dst + 16), _mm256_extracti128_si256(v, 1));
}

CYJWT_B64_TARGET("avx2")
static Py_ssize_t cyjwt_b64_decode_avx2(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n & 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    uint8_t *d = dst;
    __m256i fault = _mm256_setzero_si256();
    if (whole < 32) return cyjwt_b64_decode_ssse3(src, n, dst);
    for (; end - s >= 44; s += 32, d += 24) /* room for 32 octets, though 24 count */
        _mm256_storeu_si256((__m256i *)d, cyjwt_b64_decode32(s, &fault));
    if (end - s > 32) cyjwt_b64_decode32_exact(s, d, &fault);
    d = dst + whole / 4 * 3;
    cyjwt_b64_decode32_exact(end - 32, d - 24, &fault);
    if (!_mm256_testz_si256(fault, fault) || cyjwt_b64_decode_rest(end, rest, d))
        return cyjwt_b64_fault(src, n);
    return d - dst + rest - (rest != 0);
}

/* 12 octets, spread over x as CYJWT_B64_SPREAD tells, to 16 characters. */
CYJWT_B64_TARGET("ssse3")
static inline __m128i cyjwt_b64_encode12(__m128i x) {
    const __m128i odd = _mm_and_si128(x, _mm_set1_epi32(0x0fc0fc00));
    const __m128i even = _mm_and_si128(x, _mm_set1_epi32(0x003f03f0));
    const __m128i v = _mm_or_si128(_mm_mulhi_epu16(odd, _mm_set1_epi32(0x04000040)),
                                   _mm_mullo_epi16(even, _mm_set1_epi32(0x01000010)));
    const __m128i beyond = _mm_subs_epu8(v, _mm_set1_epi8(51));
    const __m128i kind = _mm_sub_epi8(beyond, _mm_cmpgt_epi8(v, _mm_set1_epi8(25)));
    return _mm_add_epi8(v, _mm_shuffle_epi8(_mm_setr_epi8(CYJWT_B64_SHIFTS), kind));
}

CYJWT_B64_TARGET("ssse3")
static inline void cyjwt_b64_encode12_exact(const uint8_t *src, uint8_t *dst) {
    int last;
    __m128i x = _mm_loadl_epi64((const __m128i *)src);
    memcpy(&last, src + 8, 4);
    x = _mm_unpacklo_epi64(x, _mm_cvtsi32_si128(last));
    x = _mm_shuffle_epi8(x, _mm_setr_epi8(CYJWT_B64_SPREAD(0)));
    _mm_storeu_si128((__m128i *)dst, cyjwt_b64_encode12(x));
}

CYJWT_B64_TARGET("ssse3")
static Py_ssize_t cyjwt_b64_encode_ssse3(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n % 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    uint8_t *d = dst;
    if (whole < 12) return cyjwt_b64_encode_scalar(src, n, dst);
    for (; end - s >= 16; s += 12, d += 16) { /* 16 octets are there to load, though 12 count */
        const __m128i x = _mm_loadu_si128((const __m128i *)s);
        const __m128i spread = _mm_shuffle_epi8(x, _mm_setr_epi8(CYJWT_B64_SPREAD(0)));
        _mm_storeu_si128((__m128i *)d, cyjwt_b64_encode12(spread));
    }
    if (end - s > 12) cyjwt_b64_encode12_exact(s, d);
    d = dst + whole / 3 * 4;
    cyjwt_b64_encode12_exact(end - 12, d - 16);
    cyjwt_b64_encode_rest(end, rest, d);
    return n + (n + 2) / 3;
}

CYJWT_B64_TARGET("avx2")
static inline void cyjwt_b64_encode24(const uint8_t *src, uint8_t *dst) {
    /* The first 16 and the last 16 octets of the 24; the upper lane's group starts at its octet 4. */
    const __m128i first = _mm_loadu_si128((const __m128i *)src);
    const __m128i last = _mm_loadu_si128((const __m128i *)(src + 8));
    const __m256i spread = _mm256_setr_epi8(CYJWT_B64_SPREAD(0), CYJWT_B64_SPREAD(4));
    const __m256i shifts = _mm256_setr_epi8(CYJWT_B64_SHIFTS, CYJWT_B64_SHIFTS);
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(first), last, 1);
    const __m256i x = _mm256_shuffle_epi8(both, spread);
    const __m256i odd = _mm256_and_si256(x, _mm256_set1_epi32(0x0fc0fc00));
    const __m256i even = _mm256_and_si256(x, _mm256_set1_epi32(0x003f03f0));
    const __m256i v = _mm256_or_si256(_mm256_mulhi_epu16(odd, _mm256_set1_epi32(0x04000040)),
                                      _mm256_mullo_epi16(even, _mm256_set1_epi32(0x01000010)));
    const __m256i beyond = _mm256_subs_epu8(v, _mm256_set1_epi8(51));
    const __m256i kind = _mm256_sub_epi8(beyond, _mm256_cmpgt_epi8(v, _mm256_set1_epi8(25)));
    _mm256_storeu_si256((__m256i *)dst, _mm256_add_epi8(v, _mm256_shuffle_epi8(shifts, kind)));
}

CYJWT_B64_TARGET("avx2")
static Py_ssize_t cyjwt_b64_encode_avx2(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t rest = n % 3, whole = n - rest;
    const uint8_t *s = src, *const end = src + whole;
    uint8_t *d = dst;
    if (whole < 24) return cyjwt_b64_encode_ssse3(src, n, dst);
    for (; end - s > 24; s += 24, d += 32) cyjwt_b64_encode24(s, d);
    d = dst + whole / 3 * 4;
    cyjwt_b64_encode24(end - 24, d - 32);
    cyjwt_b64_encode_rest(end, rest, d);
    return n + (n + 2) / 3;
}

#endif
#endif
