"""JSON checked and picked from without making objects: what headers are read with."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from cyjwt._engine.jsonlex cimport STRING, cyjwt_first8, scan_string, skip_space

cdef enum:
    MAX_NAMES = 32

# Where one wanted member of the outermost object stands. start and length cover the value's text;
# of a string, what is between its quotes.
cdef struct Member:
    const uint8_t* start
    uint32_t length
    uint8_t kind        # a jsonlex Kind; ABSENT where the object has no such member
    uint8_t flags       # of a string: ESCAPED, NON_ASCII
    double value        # of a number; an INTEGER past 18 digits counts as 1e18

# The wanted names. Their texts must outlive the struct.
cdef struct Names:
    int count
    uint32_t lengths                # bit min(length, 31) is set where a name has that length
    uint32_t length[MAX_NAMES]
    uint64_t first[MAX_NAMES]       # cyjwt_first8 of each
    const uint8_t* text[MAX_NAMES]


cdef inline int find_name(const Names* names, const uint8_t* key, size_t length) noexcept nogil:
    """The index of a wanted name, or -1. The key's text has slack behind it, as all JSON text here."""
    cdef uint64_t first
    cdef int i
    if not names.lengths >> (length if length < 31 else 31) & 1:
        return -1
    first = cyjwt_first8(key, length)
    for i in range(names.count):
        if names.first[i] == first and names.length[i] == length:
            if length <= 8 or memcmp(names.text[i], key, length) == 0:
                return i
    return -1


cdef inline const uint8_t* take_string(const uint8_t* p, Member* member) noexcept nogil:
    """One element of an array that was scanned: to the next element, or to the closing bracket.

    NULL where the element is no string.
    """
    cdef const uint8_t* close
    cdef int flags = 0, error = 0
    if p[0] != 0x22:
        return NULL
    close = scan_string(p + 1, &flags, &error)
    member.start = p + 1
    member.length = <uint32_t>(close - p - 1)
    member.kind = STRING
    member.flags = <uint8_t>flags
    p = skip_space(close + 1)
    return skip_space(p + 1) if p[0] == 0x2C else p


# Adds a name; returns 0, or -1 where there is no room. The text needs JSON slack behind it.
cdef int add_name(Names* names, const uint8_t* text, size_t length) noexcept nogil

# Checks the whole text as one JSON object and fills out[0..names.count). Returns a JSONError, or
# NOT_OBJECT for valid JSON of another kind. names may be NULL.
cdef enum:
    NOT_OBJECT = -1

cdef int scan_object(
    const uint8_t* text, size_t size, const Names* names, Member* out
) noexcept nogil
