"""Constant-time comparison of octets: the one home of every comparison of secrets, tags and encoded messages.

Needs no library, so that every module may cimport it. Lengths are public; the octets are not.
"""

from libc.string cimport memcpy


cdef inline bint equal(const unsigned char* a, const unsigned char* b, size_t n) noexcept nogil:
    """Tell whether n octets are the same, in a time that depends on n alone."""
    # The sum is volatile, so that the compiler cannot learn from it and leave the loop early.
    cdef volatile unsigned long long difference = 0
    cdef unsigned long long x, y
    cdef size_t i = 0
    while n - i >= 8:
        memcpy(&x, a + i, 8)
        memcpy(&y, b + i, 8)
        difference |= x ^ y
        i += 8
    while i < n:
        difference |= a[i] ^ b[i]
        i += 1
    return difference == 0


cdef inline bint is_zero(const unsigned char* a, size_t n) noexcept nogil:
    """Tell whether all n octets are zero."""
    cdef unsigned char seen = 0
    cdef size_t i
    for i in range(n):
        seen |= a[i]
    return seen == 0


cdef inline bint below(const unsigned char* a, const unsigned char* b, size_t n) noexcept nogil:
    """Tell whether a < b, both big-endian integers of n octets."""
    cdef unsigned int borrow = 0
    cdef size_t i = n
    while i > 0:
        i -= 1
        borrow = ((<unsigned int> a[i] - b[i] - borrow) >> 8) & 1
    return borrow


cdef inline bint below_little(const unsigned char* a, const unsigned char* b, size_t n) noexcept nogil:
    """Tell whether a < b, both little-endian integers of n octets."""
    cdef unsigned int borrow = 0
    cdef size_t i
    for i in range(n):
        borrow = ((<unsigned int> a[i] - b[i] - borrow) >> 8) & 1
    return borrow
