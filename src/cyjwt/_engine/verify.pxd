"""The one pass over a token."""

from cyjwt._engine.claims cimport ClaimRules
from cyjwt._engine.compact cimport HeaderMemory
from cyjwt._engine.header cimport HeaderRules

cdef class Engine:
    cdef HeaderRules header_rules
    cdef ClaimRules claim_rules
    cdef HeaderMemory memory
    cdef tuple natives          # by index of key: its NativeKey, or None where it has none
    cdef tuple keys             # by index of key: the Key
    cdef size_t max_size
    cdef bint padding
    cdef object clock
