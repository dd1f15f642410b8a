"""DER (X.690 section 10): a strict reader and a writer of what the containers of keys need, and no more.

Both libcryptos read these containers, but not equally strictly, and OpenSSL 3 through its providers; one
small reader gives the same verdict on either. It never reads outside its bounds and keeps nothing.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize

from cyjwt._engine cimport compare

cdef enum:
    INTEGER = 0x02
    BIT_STRING = 0x03
    OCTET_STRING = 0x04
    NULL_VALUE = 0x05
    OBJECT_IDENTIFIER = 0x06
    SEQUENCE = 0x30

cdef struct Der:
    const unsigned char* p
    const unsigned char* end


cdef inline Py_ssize_t left(const Der* der) noexcept nogil:
    """Return how many octets are left."""
    return der.end - der.p


cdef inline bint next_is(const Der* der, unsigned char tag) noexcept nogil:
    """Tell whether the next value has this tag."""
    return der.p < der.end and der.p[0] == tag


cdef inline bint take(Der* der, unsigned char tag, Der* content) noexcept nogil:
    """Read one value of this tag: content is what it holds, and der moves behind it. 0 when there is none."""
    cdef Py_ssize_t n = 0
    cdef int count, i
    cdef const unsigned char* p = der.p
    if left(der) < 2 or p[0] != tag:
        return 0
    if p[1] < 0x80:
        n = p[1]
        p += 2
    else:
        # X.690 section 10.1: definite, and in the fewest octets. 65,535 is far above the largest key.
        count = p[1] & 0x7F
        if count < 1 or count > 2 or left(der) < 2 + count:
            return 0
        for i in range(count):
            n = (n << 8) | p[2 + i]
        if n < 0x80 or (count == 2 and n < 0x100):
            return 0
        p += 2 + count
    if n > der.end - p:
        return 0
    content.p = p
    content.end = p + n
    der.p = p + n
    return 1


cdef inline bint take_unsigned(Der* der, Der* content) noexcept nogil:
    """Read one INTEGER that is not negative and in the fewest octets (X.690 section 8.3)."""
    if not take(der, INTEGER, content) or left(content) < 1 or content.p[0] >= 0x80:
        return 0
    if content.p[0] == 0 and left(content) > 1:
        content.p += 1
        return content.p[0] >= 0x80
    return 1


cdef inline bint take_bits(Der* der, unsigned char tag, Der* content) noexcept nogil:
    """Read one BIT STRING of whole octets."""
    if not take(der, tag, content) or left(content) < 1 or content.p[0] != 0:
        return 0
    content.p += 1
    return 1


cdef inline bint matches(const Der* content, const char* octets, Py_ssize_t n) noexcept nogil:
    """Tell whether the content is exactly these octets."""
    return left(content) == n and compare.equal(content.p, <const unsigned char*> octets, n)


cdef inline bytes tlv(int tag, bytes content):
    """Write one value; the length in the fewest octets (X.690 section 10.1)."""
    cdef Py_ssize_t n = len(content)
    if n < 0x80:
        return bytes((tag, n)) + content
    if n < 0x100:
        return bytes((tag, 0x81, n)) + content
    return bytes((tag, 0x82, n >> 8, n & 0xFF)) + content


cdef inline bytes octets(const unsigned char* data, Py_ssize_t n):
    """Copy octets to a Python object."""
    return PyBytes_FromStringAndSize(<const char*> data, n)
