"""Whole numbers as arrays of 64-bit words, the lowest first, as vector code reads them."""

cdef inline void to_words(const unsigned char* octets, size_t n, unsigned long long* words) noexcept nogil:
    """Write n octets, a big-endian number, as (n + 7) // 8 words."""
    cdef size_t i
    for i in range((n + 7) // 8):
        words[i] = 0
    for i in range(n):
        words[i // 8] |= <unsigned long long> octets[n - 1 - i] << (8 * (i % 8))
