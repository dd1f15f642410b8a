/* A keyed 64-bit hash of octets: four lanes of 128-bit products, each folded to 64 bits. */
#ifndef CYJWT_KEYEDHASH_H
#define CYJWT_KEYEDHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

/* The two halves of the product, one folded onto the other. */
static inline uint64_t cyjwt_fold(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#elif defined(_MSC_VER) && defined(_M_X64)
    uint64_t high, low = _umul128(a, b, &high);
    return low ^ high;
#else
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t low = al * bl, left = ah * bl, right = al * bh;
    uint64_t middle = (low >> 32) + (uint32_t)left + (uint32_t)right;
    uint64_t high = ah * bh + (left >> 32) + (right >> 32) + (middle >> 32);
    return ((middle << 32) | (uint32_t)low) ^ high;
#endif
}

static inline uint64_t cyjwt_word(const uint8_t *text) {
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

/* Every octet and the size count. key: eight random words, which nobody may know who chooses texts. */
static inline uint64_t cyjwt_keyed_hash(const uint64_t *key, const uint8_t *text, size_t size) {
    uint64_t lane[4] = {key[0], key[1], key[2], key[3] ^ size};
    uint8_t rest[64];
    size_t left = size;
    for (;;) {
        if (left < 64) {
            /* The last piece, perhaps empty; the size tells its zeros from a text's. */
            memset(rest, 0, sizeof(rest));
            if (left) {
                memcpy(rest, text, left);
            }
            text = rest;
        }
        for (int i = 0; i < 4; i++) {
            lane[i] = cyjwt_fold(cyjwt_word(text + 16 * i) ^ key[4 + i], cyjwt_word(text + 16 * i + 8) ^ lane[i]);
        }
        if (left < 64) {
            break;
        }
        text += 64;
        left -= 64;
    }
    return cyjwt_fold(cyjwt_fold(lane[0] ^ key[4], lane[1] ^ key[5]), cyjwt_fold(lane[2] ^ key[6], lane[3] ^ key[7]));
}

#endif
