"""The one pass over a token."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.claims cimport ClaimRules
from cyjwt._engine.compact cimport HeaderMemory, Segments
from cyjwt._engine.header cimport HeaderRules
from cyjwt._engine.pkey cimport Native

cdef class Engine:
    cdef HeaderRules header_rules
    cdef ClaimRules claim_rules
    cdef HeaderMemory memory
    cdef tuple natives          # by index of key: its NativeKey, or None where it has none
    cdef const Native** native  # by index of key: what its NativeKey holds, or NULL
    cdef tuple keys             # by index of key: the Key
    cdef size_t max_size
    cdef bint padding
    cdef object clock

cdef inline size_t unpadded(const uint8_t* segment, size_t size, bint padding) noexcept nogil:
    """The size without its padding, where padding is admitted and makes the size a multiple of four."""
    if padding and size >= 4 and size & 3 == 0 and segment[size - 1] == 0x3D:
        return size - 2 if segment[size - 2] == 0x3D else size - 1
    return size

# The algorithm and key that a header segment stands for; a Status. room takes the decoded header.
cdef int choose_key(Engine engine, const Segments* segments, uint8_t* room, int* row, int* key) noexcept nogil

# Whether a signature by a key that libcrypto does not serve holds; a Status. What it raises is not the
# token's fault.
cdef int check_foreign(Engine engine, int key, const Segments* segments, bytes signature) except -1

# The claims of a signed payload, checked as of now; a new reference. NULL where they do not pass: status has
# the reason, and absent, of CLAIM_MISSING, which one; RAISED stands for a Python error that is set. The text
# has JSON slack behind it. hint is the reader's guess at their shape, and gets a better one.
cdef PyObject* read_claims(
    Engine engine, const uint8_t* text, size_t size, double now, void** hint, int* status, int* absent
) noexcept
