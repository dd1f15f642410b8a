/* base64url with AVX-512 VBMI: one permutation looks up 64 characters, and masks serve the remainder.
 * Included by base64url_x86_simd.h, and only there of use. */
#ifndef CYJWT_BASE64URL_VBMI_SIMD_H
#define CYJWT_BASE64URL_VBMI_SIMD_H

#if defined(CYJWT_B64_VBMI)

#define CYJWT_B64_AVX512 CYJWT_B64_TARGET("avx512f,avx512bw,avx512vbmi")

/* For each of sixteen dwords, the octets 2, 1, 0 of its 24-bit group, one group behind the other. */
static const uint8_t cyjwt_b64_pack512[64] = {
    2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 18, 17, 16, 22, 21, 20, 26, 25, 24, 30, 29, 28,
    34, 33, 32, 38, 37, 36, 42, 41, 40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60,
};
static const uint8_t cyjwt_b64_spread512[64] = {
    CYJWT_B64_SPREAD(0), CYJWT_B64_SPREAD(12), CYJWT_B64_SPREAD(24), CYJWT_B64_SPREAD(36),
};

/* 64 characters to 48 octets in the lower end of the result. */
CYJWT_B64_AVX512
static inline __m512i cyjwt_b64_decode64(__m512i x, __m512i *fault) {
    const __m512i lower = _mm512_loadu_si512(cyjwt_b64_value);
    const __m512i upper = _mm512_loadu_si512(cyjwt_b64_value + 64);
    __m512i v = _mm512_permutex2var_epi8(lower, x, upper);
    /* The top bit of a value says that the character is no such, that of a character that it is not ASCII. */
    *fault = _mm512_ternarylogic_epi32(*fault, v, x, 0xfe);
    v = _mm512_maddubs_epi16(v, _mm512_set1_epi32(0x01400140));
    v = _mm512_madd_epi16(v, _mm512_set1_epi32(0x00011000));
    return _mm512_permutexvar_epi8(_mm512_loadu_si512(cyjwt_b64_pack512), v);
}

CYJWT_B64_AVX512
static Py_ssize_t cyjwt_b64_decode_vbmi(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t size = (n >> 2) * 3 + ((n & 3) * 3 >> 2);
    const uint8_t *s = src, *const end = src + n;
    uint8_t *d = dst, *const stop = dst + size;
    __m512i fault = _mm512_setzero_si512();
    unsigned rest = 0;
    if (n == 0) return 0;
    for (; end - s >= 86; s += 64, d += 48) /* room for 64 octets, though 48 count */
        _mm512_storeu_si512(d, cyjwt_b64_decode64(_mm512_loadu_si512(s), &fault));
    if (end - s > 64) {
        const __m512i v = cyjwt_b64_decode64(_mm512_loadu_si512(s), &fault);
        _mm512_mask_storeu_epi8(d, ((__mmask64)1 << 48) - 1, v);
        s += 64;
        d += 48;
    }
    {
        /* 1 to 64 characters; those that are not there count as 'A', which is all zero bits. */
        const __mmask64 in = ~(__mmask64)0 >> (64 - (end - s));
        const __m512i x = _mm512_mask_loadu_epi8(_mm512_set1_epi8('A'), in, s);
        const __m512i v = cyjwt_b64_decode64(x, &fault);
        if (stop > d) _mm512_mask_storeu_epi8(d, ~(__mmask64)0 >> (64 - (stop - d)), v);
    }
    if ((n & 3) == 1) rest = 1;
    if ((n & 3) == 2) rest = cyjwt_b64_value[end[-1]] & 0x0f;
    if ((n & 3) == 3) rest = cyjwt_b64_value[end[-1]] & 0x03;
    if (_mm512_movepi8_mask(fault) || rest) return cyjwt_b64_fault(src, n);
    return size;
}

/* 48 octets in the lower end of x to 64 characters. */
CYJWT_B64_AVX512
static inline __m512i cyjwt_b64_encode48(__m512i x) {
    const __m512i spread = _mm512_permutexvar_epi8(_mm512_loadu_si512(cyjwt_b64_spread512), x);
    /* Of the qword b a c b b a c b, the eight bits from 10, 4, 22, 16, and the same 32 bits higher. */
    const __m512i v = _mm512_multishift_epi64_epi8(_mm512_set1_epi64(0x3036242a1016040a), spread);
    /* The lookup heeds six bits of each. */
    return _mm512_permutexvar_epi8(v, _mm512_loadu_si512(cyjwt_b64_alphabet));
}

CYJWT_B64_AVX512
static Py_ssize_t cyjwt_b64_encode_vbmi(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const uint8_t *s = src, *const end = src + n;
    uint8_t *d = dst, *const stop = dst + (n + (n + 2) / 3);
    for (; end - s >= 64; s += 48, d += 64) /* 64 octets are there to load, though 48 count */
        _mm512_storeu_si512(d, cyjwt_b64_encode48(_mm512_loadu_si512(s)));
    if (end - s >= 48) {
        const __m512i x = _mm512_maskz_loadu_epi8(((__mmask64)1 << 48) - 1, s);
        _mm512_storeu_si512(d, cyjwt_b64_encode48(x));
        s += 48;
        d += 64;
    }
    if (end > s) {
        const __m512i x = _mm512_maskz_loadu_epi8(~(__mmask64)0 >> (64 - (end - s)), s);
        _mm512_mask_storeu_epi8(d, ~(__mmask64)0 >> (64 - (stop - d)), cyjwt_b64_encode48(x));
    }
    return stop - dst;
}

#endif
#endif
