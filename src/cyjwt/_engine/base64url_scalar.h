/* Strict base64url without padding (RFC 4648 section 5, RFC 7515 section 2), one quad at a time.
 *
 * This is the route that every platform has, the tail of the vector routes, and the one place that
 * says which character is at fault: the first one outside the alphabet; where there is none, the last
 * one, which then stands alone (a length of 1 mod 4) or carries bits that no octet takes up. */
#ifndef CYJWT_BASE64URL_SCALAR_H
#define CYJWT_BASE64URL_SCALAR_H

#include <Python.h>
#include <stdint.h>

/* The alphabet; padded by nothing, so that it also serves as a 64-byte vector. */
static const uint8_t cyjwt_b64_alphabet[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
    'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
    'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_',
};

/* The value of each character. X has the top bit set, which no value has. */
#define X 0x80
#define X16 X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
static const uint8_t cyjwt_b64_value[256] = {
    X16, X16,
    X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
    X16, X16, X16, X16, X16, X16, X16, X16,
};
#undef X16
#undef X

/* -1 - offset of the character at fault, in text that is known to be at fault. */
static Py_ssize_t cyjwt_b64_fault(const uint8_t *src, Py_ssize_t n) {
    Py_ssize_t i = 0;
    while (i < n - 1 && !(cyjwt_b64_value[src[i]] & 0x80)) i++;
    return -1 - i;
}

/* The characters behind the last whole quad, 0 to 3 of them. Returns non-zero where they are at fault. */
static inline unsigned cyjwt_b64_decode_rest(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    unsigned a, b, c;
    if (n == 0) return 0;
    if (n == 1) return 1;
    a = cyjwt_b64_value[src[0]];
    b = cyjwt_b64_value[src[1]];
    dst[0] = (uint8_t)(a << 2 | b >> 4);
    if (n == 2) return ((a | b) & 0x80) | (b & 0x0f);
    c = cyjwt_b64_value[src[2]];
    dst[1] = (uint8_t)(b << 4 | c >> 2);
    return ((a | b | c) & 0x80) | (c & 0x03);
}

static inline void cyjwt_b64_encode_rest(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    if (n == 0) return;
    dst[0] = cyjwt_b64_alphabet[src[0] >> 2];
    if (n == 1) {
        dst[1] = cyjwt_b64_alphabet[(src[0] & 0x03) << 4];
        return;
    }
    dst[1] = cyjwt_b64_alphabet[(src[0] & 0x03) << 4 | src[1] >> 4];
    dst[2] = cyjwt_b64_alphabet[(src[1] & 0x0f) << 2];
}

static Py_ssize_t cyjwt_b64_decode_scalar(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t quads = n / 4;
    const uint8_t *s = src;
    uint8_t *d = dst;
    unsigned bad = 0;
    Py_ssize_t i;
    for (i = 0; i < quads; i++, s += 4, d += 3) {
        const uint32_t a = cyjwt_b64_value[s[0]], b = cyjwt_b64_value[s[1]];
        const uint32_t c = cyjwt_b64_value[s[2]], e = cyjwt_b64_value[s[3]];
        const uint32_t x = a << 18 | b << 12 | c << 6 | e;
        bad |= a | b | c | e;
        d[0] = (uint8_t)(x >> 16);
        d[1] = (uint8_t)(x >> 8);
        d[2] = (uint8_t)x;
    }
    if ((bad & 0x80) | cyjwt_b64_decode_rest(s, n & 3, d)) return cyjwt_b64_fault(src, n);
    return quads * 3 + (n & 3) - ((n & 3) != 0);
}

static Py_ssize_t cyjwt_b64_encode_scalar(const uint8_t *src, Py_ssize_t n, uint8_t *dst) {
    const Py_ssize_t triples = n / 3;
    const uint8_t *s = src;
    uint8_t *d = dst;
    Py_ssize_t i;
    for (i = 0; i < triples; i++, s += 3, d += 4) {
        const uint32_t x = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
        d[0] = cyjwt_b64_alphabet[x >> 18];
        d[1] = cyjwt_b64_alphabet[x >> 12 & 63];
        d[2] = cyjwt_b64_alphabet[x >> 6 & 63];
        d[3] = cyjwt_b64_alphabet[x & 63];
    }
    cyjwt_b64_encode_rest(s, n - triples * 3, d);
    return n + (n + 2) / 3;
}

#endif
