"""What a header must satisfy, compiled once, and the choice of algorithm and key."""

from libc.stdint cimport uint8_t, uint32_t

from cyjwt._engine.claims cimport Text
from cyjwt._engine.jsonscan cimport Names

cdef struct KeyEntry:
    Text kid                # start is NULL where the key has none
    uint32_t rows           # bit i: it may verify with the algorithm of id i

cdef class HeaderRules:
    cdef Names names        # alg, kid, typ, crit, b64, then the critical names that are understood
    cdef KeyEntry* keys
    cdef int key_count
    cdef bint lone          # one key, given as such: it serves whatever kid the header names
    cdef uint32_t allowed   # bit i: the algorithm of id i may be used
    cdef Text type          # normal form of the typ to insist on; start is NULL where any will do
    cdef list _texts

# A Status for the decoded header, whose text is followed by JSON slack. For VALID, row gets the id of the
# algorithm and key the index of the key.
cdef int read_header(
    HeaderRules rules, const uint8_t* text, size_t size, int* row, int* key
) noexcept nogil
