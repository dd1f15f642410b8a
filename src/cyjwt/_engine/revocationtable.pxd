"""The table of what is revoked, and what is in it."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef enum:
    TOKEN_KIND = 0
    SUBJECT_KIND = 1
    KEY_KIND = 2
    KINDS = 3
    SHARD_BITS = 8
    SHARD_COUNT = 256       # as many as these bits tell apart

# An entry's text, apart from its slot: it is read only where the hash is the one that is looked for.
cdef struct Name:
    uint32_t scope          # the issuer's number; 0: any issuer
    uint32_t kind
    size_t length
    char text[1]

cdef struct Slot:
    uint64_t hash
    Name* name
    double before           # of a subject: what was issued earlier is revoked
    double expires          # from then on the entry may be forgotten

cdef struct Shard:
    void* memory
    Slot* slots
    uint8_t* tags           # of each slot; 0: it is empty
    size_t room             # how many slots: a power of two, or 0
    size_t used

cdef class RevocationTable:
    cdef object __weakref__
    cdef Shard[SHARD_COUNT] shards
    cdef Py_ssize_t[KINDS] count
    cdef dict scopes
    cdef readonly uint64_t checks
    cdef readonly uint64_t hits
    cdef readonly size_t octets

    # What is_revoked tells, for callers in C.
    cdef bint revokes(self, dict claims, object key) except -1
    cdef bint holds(self, int kind, object value, dict claims, double issued) except -1
    cdef Slot* slot_of(self, int kind, str issuer, str value) except? NULL
    cdef bint put(
        self, uint64_t hashed, int kind, uint32_t scope, const char* text, size_t length, double before,
        double expires, double horizon
    ) except -1
    cdef int rebuild(self, Shard* shard, double horizon) except -1
    cdef void forget(self, Name* name) noexcept
