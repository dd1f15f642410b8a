"""Strict base64url (RFC 4648 section 5 without padding, RFC 7515 section 2) over raw memory.

Both functions read nothing outside ``src[0..n)`` and write nothing outside ``dst[0..size)``, where size is
what ``encoded_size`` or ``decoded_size`` tells. ``src`` and ``dst`` must not overlap. ``n`` may be 0.
"""

cdef inline Py_ssize_t encoded_size(Py_ssize_t n) noexcept nogil:
    return n + (n + 2) // 3


cdef inline Py_ssize_t decoded_size(Py_ssize_t n) noexcept nogil:
    """3n // 4; also defined, if of no use, for the impossible lengths 1 mod 4."""
    return (n >> 2) * 3 + ((n & 3) * 3 >> 2)


# Returns encoded_size(n).
cdef Py_ssize_t encode(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil

# Returns decoded_size(n), or -1 - offset of the character at fault: the first one outside the alphabet;
# where there is none, the last one (n - 1), which stands alone in its quad (a length of 1 mod 4) or has
# trailing bits that are not zero. After a fault, what dst holds is undefined.
cdef Py_ssize_t decode(const unsigned char* src, Py_ssize_t n, unsigned char* dst) noexcept nogil
